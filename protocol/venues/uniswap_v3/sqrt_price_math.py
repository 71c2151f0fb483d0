"""Amounts between two square-root prices, and the price that an amount leads to.

Source of the rules: ``SqrtPriceMath.sol``. Prices are Q64.96, liquidity is uint128, amounts are raw units.
Every rounding favours the pool.
"""

from __future__ import annotations

from protocol.errors import DivisionByZeroError, InsufficientLiquidityError
from protocol.fixed_point import UINT256_MAX, div_up, mul_div_up, to_uint


def amount0_delta_down(price_a: int, price_b: int, liquidity: int) -> int:
    """Return token 0 between the prices: floor(floor(L * 2**96 * (b - a) / b) / a) with a <= b."""
    if price_a > price_b:
        price_a, price_b = price_b, price_a
    if price_a <= 0:
        raise DivisionByZeroError("amount0 between prices")
    return (liquidity << 96) * (price_b - price_a) // price_b // price_a


def amount0_delta_up(price_a: int, price_b: int, liquidity: int) -> int:
    """Return token 0 between the prices, rounded up."""
    if price_a > price_b:
        price_a, price_b = price_b, price_a
    if price_a <= 0:
        raise DivisionByZeroError("amount0 between prices")
    return -((-(liquidity << 96) * (price_b - price_a) // price_b) // price_a)


def amount1_delta_down(price_a: int, price_b: int, liquidity: int) -> int:
    """Return token 1 between the prices: floor(L * (b - a) / 2**96)."""
    return liquidity * abs(price_b - price_a) >> 96


def amount1_delta_up(price_a: int, price_b: int, liquidity: int) -> int:
    """Return token 1 between the prices, rounded up."""
    return -(-liquidity * abs(price_b - price_a) >> 96)


def price_after_amount0_in_up(price: int, liquidity: int, amount: int) -> int:
    """Return the price after ``amount`` of token 0 came in.

    ceil(L * price / (L + amount * price)); where that overflows 256 bits the contract takes the coarser
    ceil(L / (floor(L / price) + amount)).
    """
    if amount == 0:
        return price
    scaled = liquidity << 96
    denominator = scaled + amount * price
    if denominator <= UINT256_MAX:
        return mul_div_up(scaled, price, denominator)
    return div_up(scaled, to_uint(scaled // price + amount, 256, "liquidity / price + amount"))


def price_after_amount0_out_up(price: int, liquidity: int, amount: int) -> int:
    """Return the price after ``amount`` of token 0 went out.

    Raises
    ------
    InsufficientLiquidityError
        The liquidity does not hold that much at any price.
    """
    if amount == 0:
        return price
    scaled = liquidity << 96
    product = amount * price
    if product > UINT256_MAX or scaled <= product:
        raise InsufficientLiquidityError("token 0 in range", product, scaled)
    return to_uint(mul_div_up(scaled, price, scaled - product), 160, "sqrt price")


def price_after_amount1_in_down(price: int, liquidity: int, amount: int) -> int:
    """Return the price after ``amount`` of token 1 came in: price + floor(amount * 2**96 / L)."""
    return to_uint(price + (amount << 96) // liquidity, 160, "sqrt price")


def price_after_amount1_out_down(price: int, liquidity: int, amount: int) -> int:
    """Return the price after ``amount`` of token 1 went out: price - ceil(amount * 2**96 / L).

    Raises
    ------
    InsufficientLiquidityError
        The price would not stay above zero.
    """
    quotient = div_up(amount << 96, liquidity)
    if price <= quotient:
        raise InsufficientLiquidityError("token 1 in range", quotient, price)
    return price - quotient


def price_after_input(price: int, liquidity: int, amount: int, zero_for_one: bool) -> int:
    """Return the price after ``amount`` of the sold token came in, never beyond the true one."""
    if price <= 0 or liquidity <= 0:
        raise DivisionByZeroError("price after input")
    if zero_for_one:
        return price_after_amount0_in_up(price, liquidity, amount)
    return price_after_amount1_in_down(price, liquidity, amount)


def price_after_output(price: int, liquidity: int, amount: int, zero_for_one: bool) -> int:
    """Return the price after ``amount`` of the bought token went out, never short of the true one."""
    if price <= 0 or liquidity <= 0:
        raise DivisionByZeroError("price after output")
    if zero_for_one:
        return price_after_amount1_out_down(price, liquidity, amount)
    return price_after_amount0_out_up(price, liquidity, amount)
