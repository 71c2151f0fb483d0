"""Adding liquidity to a range of ticks, taking it out, and the fees it earned.

Source of the rules: ``_modifyPosition`` and ``_updatePosition`` of ``UniswapV3Pool.sol``, ``Position.sol``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from protocol.errors import NoPositionError, TickRangeError
from protocol.fixed_point import to_uint, wrap_uint
from protocol.venues.uniswap_v3.sqrt_price_math import (
    amount0_delta_down,
    amount0_delta_up,
    amount1_delta_down,
    amount1_delta_up,
)
from protocol.venues.uniswap_v3.state import PoolState, Position, PositionKey
from protocol.venues.uniswap_v3.tick_math import MAX_TICK, MIN_TICK, sqrt_ratio_at_tick
from protocol.venues.uniswap_v3.ticks import add_liquidity, fee_growth_inside, updated

PoolT = TypeVar("PoolT", bound=PoolState)


def check_range(state: PoolState, lower: int, upper: int) -> None:
    """Raise unless the ticks rise, are in range (``TLU``, ``TLM``, ``TUM``) and sit on the spacing.

    Raises
    ------
    TickRangeError
        With the ticks, their limits and the spacing.
    """
    spacing = state.tick_spacing
    if not MIN_TICK <= lower < upper <= MAX_TICK or lower % spacing or upper % spacing:
        raise TickRangeError(lower, upper, MIN_TICK, MAX_TICK, spacing)


def settled(position: Position, key: PositionKey, delta: int, growth0: int, growth1: int) -> Position:
    """Return ``position`` with ``delta`` liquidity more and the fees since its last update owed to it.

    ``growth0`` and ``growth1`` are the fee growths inside its range, X128.

    Raises
    ------
    NoPositionError
        ``NP``: nothing to update.
    """
    if delta == 0 and position.liquidity == 0:
        raise NoPositionError(*key)
    held = position.liquidity
    earned0 = wrap_uint(growth0 - position.fee_growth_inside0_last_x128, 256) * held >> 128
    earned1 = wrap_uint(growth1 - position.fee_growth_inside1_last_x128, 256) * held >> 128
    return Position(
        add_liquidity(held, delta),
        growth0,
        growth1,
        wrap_uint(position.tokens_owed0 + earned0, 128),
        wrap_uint(position.tokens_owed1 + earned1, 128),
    )


def modify_position(pool: PoolT, key: PositionKey, delta: int, time: int) -> tuple[int, int, PoolT]:
    """Change a position's liquidity by ``delta`` (int128).

    Parameters
    ----------
    pool
        The pool before.
    key
        Owner and range.
    delta
        Liquidity added; 0 only brings the owed fees up to date.
    time
        Unix seconds.

    Returns
    -------
    (amount0, amount1, pool)
        Units that the pool must receive (positive, rounded up) or owes (negative, rounded down).
    """
    check_range(pool, key.lower, key.upper)
    to_uint(abs(delta), 127, "liquidity delta")
    ticks, tick = pool.ticks, pool.tick
    below, above = ticks.at(key.lower), ticks.at(key.upper)
    if delta:
        now, limit = pool.accumulators(time), pool.max_liquidity_per_tick
        below = updated(below, key.lower, tick, delta, now, upper=False, maximum=limit)
        above = updated(above, key.upper, tick, delta, now, upper=True, maximum=limit)
    growth0, growth1 = fee_growth_inside(
        below,
        above,
        pool.fee_growth_global0_x128,
        pool.fee_growth_global1_x128,
        lower=key.lower,
        upper=key.upper,
        current=tick,
    )
    position = settled(pool.positions.get(key, Position()), key, delta, growth0, growth1)
    positions = {**pool.positions, key: position}
    if delta == 0:
        return 0, 0, replace(pool, positions=positions)
    amount0, amount1 = range_amounts(pool, key.lower, key.upper, delta)
    liquidity, observations = pool.liquidity, pool.observations
    if key.lower <= tick < key.upper:
        observations = observations.write(time, tick, liquidity)
        liquidity = add_liquidity(liquidity, delta)
    return (
        amount0,
        amount1,
        replace(
            pool,
            ticks=ticks.changed({key.lower: below, key.upper: above}),
            positions=positions,
            liquidity=liquidity,
            observations=observations,
        ),
    )


def range_amounts(state: PoolState, lower: int, upper: int, delta: int) -> tuple[int, int]:
    """Return the units of both tokens that ``delta`` liquidity in the range is made of at this price.

    Rounded up for liquidity added; negative and rounded down for liquidity removed.
    """
    low, high = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
    # The tick decides, not the price: at a tick just crossed downward they differ.
    if state.tick < lower:
        middle = low
    elif state.tick < upper:
        middle = state.sqrt_price_x96
    else:
        middle = high
    if delta < 0:
        return -amount0_delta_down(middle, high, -delta), -amount1_delta_down(low, middle, -delta)
    return amount0_delta_up(middle, high, delta), amount1_delta_up(low, middle, delta)
