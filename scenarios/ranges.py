"""Ranges of a Uniswap V3 pool: ticks that the spacing allows, and the liquidity that amounts make there.

Source of the rule: ``LiquidityAmounts.sol`` of V3 periphery; the result is lowered until the pool asks for no
more than what is given, since the contract rounds what it takes up.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.positions import range_amounts
from protocol.venues.uniswap_v3.state import PoolState
from protocol.venues.uniswap_v3.tick_math import (
    MAX_SQRT_RATIO,
    MIN_SQRT_RATIO,
    sqrt_ratio_at_tick,
    usable_tick_bounds,
)

Q96 = 1 << 96


def sqrt_price_of(raw: Fraction) -> int:
    """Return the square root of raw token 1 per raw token 0, Q64.96, within what the contract takes."""
    root = isqrt((raw.numerator << 192) // raw.denominator)
    return min(max(root, MIN_SQRT_RATIO), MAX_SQRT_RATIO - 1)


def tick_range(lower: int, upper: int, spacing: int) -> tuple[int, int]:
    """Return the smallest usable range around two ticks, at least one spacing wide."""
    lowest, highest = usable_tick_bounds(spacing)
    low = max(lower // spacing * spacing, lowest)
    high = min(-(-upper // spacing) * spacing, highest)
    return (low, high) if low < high else (min(low, highest - spacing), min(low, highest - spacing) + spacing)


def liquidity_for(pool: PoolState, lower: int, upper: int, units0: int, units1: int) -> int:
    """Return the most liquidity that the range takes for at most ``units0`` and ``units1``; 0 if none."""
    low, high = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
    price = min(max(pool.sqrt_price_x96, low), high)
    found = []
    if price < high:
        found.append(units0 * (price * high // Q96) // (high - price))
    if price > low:
        found.append(units1 * Q96 // (price - low))
    liquidity = min(*found, pool.max_liquidity_per_tick)
    while liquidity > 0:
        need0, need1 = range_amounts(pool, lower, upper, liquidity)
        if need0 <= units0 and need1 <= units1:
            return liquidity
        # The excess is rounding: a few units, or a few parts in the amount's own precision.
        liquidity -= max(1, liquidity >> 80, liquidity // max(units0, units1, 1))
    return 0


def ranges_of(pool: UniswapV3Pool, owner: str) -> tuple[tuple[int, int, int], ...]:
    """Return (lower, upper, liquidity) of an owner's positions that hold liquidity."""
    return tuple(
        (key.lower, key.upper, position.liquidity)
        for key, position in pool.positions.items()
        if key.owner == owner and position.liquidity
    )
