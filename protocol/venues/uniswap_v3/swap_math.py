"""One step of a swap: within one price range of constant liquidity.

Source of the rules: ``SwapMath.sol``.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol.fixed_point import mul_div_up
from protocol.venues.uniswap_v3.sqrt_price_math import (
    amount0_delta_down,
    amount0_delta_up,
    amount1_delta_down,
    amount1_delta_up,
    price_after_input,
    price_after_output,
)

FEE_SCALE = 1_000_000


class SwapStep(NamedTuple):
    """What one step did: the price it ended at, units in (fee apart), units out, and the fee in units in."""

    sqrt_price_x96: int
    amount_in: int
    amount_out: int
    fee: int


def compute_swap_step(price: int, target: int, liquidity: int, remaining: int, fee: int) -> SwapStep:
    """Swap from ``price`` toward ``target`` until the target or the end of ``remaining``.

    Parameters
    ----------
    price, target
        Square-root prices, X96; their order gives the direction.
    liquidity
        Liquidity in the range (uint128).
    remaining
        Units still to be sold (>= 0) or, negative, still to be bought.
    fee
        Millionths of the input.
    """
    if remaining >= 0:
        return _sell_step(price, target, liquidity, remaining, fee)
    return _buy_step(price, target, liquidity, -remaining, fee)


def _sell_step(price: int, target: int, liquidity: int, remaining: int, fee: int) -> SwapStep:
    zero_for_one = price >= target
    after_fee = remaining * (FEE_SCALE - fee) // FEE_SCALE
    needed = _amount_in_up(price, target, liquidity, zero_for_one)
    reached = target
    if after_fee < needed:
        reached = price_after_input(price, liquidity, after_fee, zero_for_one)
    out = _amount_out_down(price, reached, liquidity, zero_for_one)
    if reached == target:
        return SwapStep(reached, needed, out, mul_div_up(needed, fee, FEE_SCALE - fee))
    # Short of the target, all that is left goes in: what the price does not need is fee.
    amount_in = _amount_in_up(price, reached, liquidity, zero_for_one)
    return SwapStep(reached, amount_in, out, remaining - amount_in)


def _buy_step(price: int, target: int, liquidity: int, remaining: int, fee: int) -> SwapStep:
    zero_for_one = price >= target
    out = _amount_out_down(price, target, liquidity, zero_for_one)
    reached = target
    if remaining < out:
        reached = price_after_output(price, liquidity, remaining, zero_for_one)
        if reached != target:
            out = _amount_out_down(price, reached, liquidity, zero_for_one)
    amount_in = _amount_in_up(price, reached, liquidity, zero_for_one)
    return SwapStep(reached, amount_in, min(out, remaining), mul_div_up(amount_in, fee, FEE_SCALE - fee))


def _amount_in_up(price: int, target: int, liquidity: int, zero_for_one: bool) -> int:
    if zero_for_one:
        return amount0_delta_up(target, price, liquidity)
    return amount1_delta_up(price, target, liquidity)


def _amount_out_down(price: int, target: int, liquidity: int, zero_for_one: bool) -> int:
    if zero_for_one:
        return amount1_delta_down(target, price, liquidity)
    return amount0_delta_down(price, target, liquidity)
