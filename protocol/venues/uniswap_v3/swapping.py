"""The swap loop: steps from stop to stop until the amount or the price limit is reached.

Source of the rules: ``swap`` of ``UniswapV3Pool.sol``.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol.errors import PriceLimitError, ZeroAmountError
from protocol.fixed_point import to_uint, wrap_uint
from protocol.venues.uniswap_v3.state import PoolState
from protocol.venues.uniswap_v3.swap_math import compute_swap_step
from protocol.venues.uniswap_v3.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from protocol.venues.uniswap_v3.ticks import Accumulators, Tick, add_liquidity, crossed

LOWEST_LIMIT = MIN_SQRT_RATIO + 1
HIGHEST_LIMIT = MAX_SQRT_RATIO - 1


class SwapOutcome(NamedTuple):
    """What a swap does to a pool.

    Parameters
    ----------
    amount0, amount1
        Signed from the pool's view: positive comes in, negative goes out.
    sqrt_price_x96, tick, liquidity
        Afterwards.
    fee_growth_global_x128
        Of the token sold, afterwards.
    fee, protocol_fee
        Units of the token sold: the whole fee, and the protocol's part of it.
    crossed
        The ticks crossed, as they are afterwards.
    """

    amount0: int
    amount1: int
    sqrt_price_x96: int
    tick: int
    liquidity: int
    fee_growth_global_x128: int
    fee: int
    protocol_fee: int
    crossed: dict[int, Tick]


def default_limit(zero_for_one: bool) -> int:
    """Return the price limit that routers pass when the caller names none."""
    return LOWEST_LIMIT if zero_for_one else HIGHEST_LIMIT


def check_swap(state: PoolState, zero_for_one: bool, amount: int, limit: int) -> None:
    """Raise where ``swap`` refuses its arguments: ``AS``, ``LOK``, ``SPL``, or an amount beyond int256."""
    to_uint(abs(amount) - (amount < 0), 255, "amount specified")
    if amount == 0:
        raise ZeroAmountError("amount specified")
    state.require_initialised()
    price = state.sqrt_price_x96
    below = MIN_SQRT_RATIO < limit < price
    above = price < limit < MAX_SQRT_RATIO
    if not (below if zero_for_one else above):
        raise PriceLimitError(limit, price, LOWEST_LIMIT, HIGHEST_LIMIT)


def next_target(
    state: PoolState, tick: int, liquidity: int, zero_for_one: bool, limit: int
) -> tuple[int, int, bool]:
    """Return (tick, square-root price, initialised) of the stop after ``tick`` on the way to ``limit``.

    The ends of bitmap words are stops too, because the amounts are rounded there. Where no liquidity is in
    range nothing is rounded, so the way to the next initialised tick is taken at once; the contract goes
    word by word to the same place.
    """
    ticks = state.ticks
    if liquidity == 0:
        following = ticks.next_initialised(tick, zero_for_one)
        if following is not None:
            price = sqrt_ratio_at_tick(following)
            if price >= limit if zero_for_one else price <= limit:
                return following, price, True
        elif limit == default_limit(zero_for_one):
            end = MIN_TICK if zero_for_one else MAX_TICK
            return end, sqrt_ratio_at_tick(end), False
    following, initialised = ticks.next_stop(tick, state.tick_spacing, zero_for_one)
    following = min(max(following, MIN_TICK), MAX_TICK)
    return following, sqrt_ratio_at_tick(following), initialised


def run_swap(state: PoolState, zero_for_one: bool, amount: int, limit: int, time: int) -> SwapOutcome:
    """Swap ``amount`` (positive: sold, negative: bought) at Unix second ``time``; change nothing.

    Raises
    ------
    ZeroAmountError, UninitialisedPoolError, PriceLimitError, OverflowedError
        The contract would revert.
    """
    check_swap(state, zero_for_one, amount, limit)
    fee_divisor = state.fee_protocol % 16 if zero_for_one else state.fee_protocol >> 4
    growth = state.fee_growth_global0_x128 if zero_for_one else state.fee_growth_global1_x128
    price, tick, liquidity = state.sqrt_price_x96, state.tick, state.liquidity
    ticks, pool_fee = state.ticks, state.fee
    remaining, calculated, fees, protocol_fee = amount, 0, 0, 0
    start: Accumulators | None = None
    changed: dict[int, Tick] = {}
    while remaining != 0 and price != limit:
        following, stop, initialised = next_target(state, tick, liquidity, zero_for_one, limit)
        before = price
        target = max(stop, limit) if zero_for_one else min(stop, limit)
        price, amount_in, amount_out, fee = compute_swap_step(before, target, liquidity, remaining, pool_fee)
        if amount > 0:
            remaining -= amount_in + fee
            calculated -= amount_out
        else:
            remaining += amount_out
            calculated += amount_in + fee
        fees += fee
        if fee_divisor:
            protocol_fee += fee // fee_divisor
            fee -= fee // fee_divisor
        if liquidity:
            growth = wrap_uint(growth + to_uint((fee << 128) // liquidity, 256, "fee growth"), 256)
        if price == stop:
            if initialised:
                if start is None:
                    start = state.accumulators(time)
                now = (
                    start._replace(fee_growth_global0_x128=growth)
                    if zero_for_one
                    else start._replace(fee_growth_global1_x128=growth)
                )
                changed[following] = crossed(ticks[following], now)
                net = ticks[following].liquidity_net
                liquidity = add_liquidity(liquidity, -net if zero_for_one else net)
            tick = following - 1 if zero_for_one else following
        elif price != before:
            tick = tick_at_sqrt_ratio(price)
    specified = amount - remaining
    amount0, amount1 = (specified, calculated) if zero_for_one == (amount > 0) else (calculated, specified)
    return SwapOutcome(
        amount0,
        amount1,
        price,
        tick,
        liquidity,
        growth,
        fees,
        wrap_uint(protocol_fee, 128),
        changed,
    )
