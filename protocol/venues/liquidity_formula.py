"""Kyber's exponential and logarithm in 40-bit fixed point, series and truncations included.

Source of the rules: ``LiquidityFormula.sol`` (``UtilMath`` and ``LiquidityFormula``) of KyberNetwork. All
values are integers over 2**40, so a term below 2**-40 is lost: see the tests for the distance to the
closed form.
"""

from __future__ import annotations

from protocol.errors import DivisionByZeroError, OverflowedError, UnsafeValueError
from protocol.fixed_point import UINT256_MAX, to_uint

BITS = 40
ONE = 1 << BITS
SQUARE = ONE * ONE
LN2_NUMERATOR = 6931471805599453094172
LN2_DENOMINATOR = 10**22


def exp_down(p: int) -> int:
    """Return exp(p / 2**80) over 2**40 by the series, each term truncated.

    The contract keeps numerator and denominator apart, shifts both right by 40 bits while the denominator
    exceeds 80, and stops where a term is nothing or where a product would leave 256 bits.
    """
    total = previous = 0
    n, factorial = 0, 1
    numerator = denominator = 1
    while True:
        if numerator * ONE > UINT256_MAX or denominator * factorial > UINT256_MAX:
            return total
        total += numerator * ONE // (denominator * factorial)
        if total == previous:
            return total
        previous = total
        n += 1
        if max(numerator * p, denominator * SQUARE, factorial * n) > UINT256_MAX:
            return total
        numerator, denominator, factorial = numerator * p, denominator * SQUARE, factorial * n
        while denominator >= SQUARE:
            numerator, denominator = numerator >> BITS, denominator >> BITS


def ln_down(p: int, q: int) -> int:
    """Return ln(p / q) over 2**40, for p >= q, one bit of the binary logarithm at a time."""
    n = (p // q).bit_length() - 1 if p > q else 0
    to_uint(p * ONE, 256, "logarithm's numerator")
    y = p * ONE // (q << n)
    if not ONE <= y <= 2 * ONE:
        raise UnsafeValueError("logarithm's mantissa", y, ONE, 2 * ONE)
    small, bit = 0, ONE
    for _ in range(BITS):
        y = y * y // ONE
        bit //= 2
        if y >= 2 * ONE:
            y //= 2
            small += bit
    return LN2_NUMERATOR * (n * ONE + small) // LN2_DENOMINATOR


def price_down(rate: int, minimum_price: int, ether: int) -> int:
    """Return p_min * exp(r * E)."""
    return to_uint(minimum_price * exp_down(rate * ether), 256, "price") // ONE


def bought_down(rate: int, minimum_price: int, ether: int, delta_ether: int) -> int:
    """Return the tokens for ``delta_ether`` more ETH: (1 - exp(-r dE)) / (r P(E)).

    Raises
    ------
    OverflowedError
        Where an intermediate value leaves 256 bits.
    """
    rate_price = rate * price_down(rate, minimum_price, ether)
    growth = exp_down(rate * delta_ether)
    if growth < ONE:
        raise UnsafeValueError("growth", growth, ONE, UINT256_MAX)
    numerator = to_uint((growth - ONE) * ONE * ONE * ONE, 256, "tokens' numerator")
    divisor = to_uint(rate_price * growth, 256, "tokens' denominator")
    if divisor == 0:
        raise DivisionByZeroError("tokens bought")
    return numerator // divisor


def sold_down(rate: int, minimum_price: int, ether: int, delta_tokens: int) -> int:
    """Return the ETH for ``delta_tokens`` tokens handed in: ln(1 + r P(E) dT) / r."""
    rate_price = rate * price_down(rate, minimum_price, ether)
    product = rate_price * delta_tokens
    if product > UINT256_MAX:
        raise OverflowedError("tokens times price", product, 256)
    return ln_down(SQUARE + product // ONE, SQUARE) * ONE // rate
