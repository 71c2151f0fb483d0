"""What readers of a V3 pool compute: mean ticks, quotes at a tick, chained ticks.

Source of the rules: ``OracleLibrary.sol`` of Uniswap V3 periphery (solc 0.7.6). Mean ticks are rounded
toward negative infinity, except where the contract itself forgets to (``block_starting_tick_and_liquidity``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from protocol.errors import DivisionByZeroError, NotEnoughObservationsError, UnsafeValueError
from protocol.fixed_point import div_to_zero, mul_div_down, to_uint, wrap_int, wrap_uint
from protocol.venues.uniswap_v3.observations import ObservationRing
from protocol.venues.uniswap_v3.tick_math import sqrt_ratio_at_tick

_UINT160_MAX = (1 << 160) - 1


class ObservedPool(Protocol):
    """What the library reads of a pool."""

    @property
    def tick(self) -> int:
        """The current tick."""
        ...

    @property
    def liquidity(self) -> int:
        """Liquidity in range."""
        ...

    @property
    def observations(self) -> ObservationRing:
        """The in-pool oracle."""
        ...


def mean_tick_down(tick_cumulative_before: int, tick_cumulative_now: int, seconds: int) -> int:
    """Return the arithmetic mean tick over ``seconds``, toward negative infinity, as int24.

    The time-weighted *geometric* mean price is 1.0001 to this power.

    Raises
    ------
    UnsafeValueError
        For a window of no seconds.
    """
    if seconds == 0:
        raise UnsafeValueError("seconds ago", 0, 1, (1 << 32) - 1)
    return wrap_int(wrap_int(tick_cumulative_now - tick_cumulative_before, 56) // seconds, 24)


def harmonic_mean_liquidity_down(seconds_per_liquidity: int, seconds: int) -> int:
    """Return the harmonic mean liquidity over ``seconds``, as uint128.

    Parameters
    ----------
    seconds_per_liquidity
        Difference of two X128 cumulatives; wrapped to uint160 here.
    seconds
        Length of the window.

    Raises
    ------
    DivisionByZeroError
        The cumulatives are equal.
    """
    divisor = wrap_uint(seconds_per_liquidity, 160) << 32
    return wrap_uint(mul_div_down(seconds, _UINT160_MAX, divisor), 128)


def consult_cumulatives(seconds_ago: int, before: tuple[int, int], now: tuple[int, int]) -> tuple[int, int]:
    """Return (arithmetic mean tick, harmonic mean liquidity) from two readings of ``observe``.

    Each reading is (tick cumulative, seconds per liquidity X128).
    """
    mean = mean_tick_down(before[0], now[0], seconds_ago)
    return mean, harmonic_mean_liquidity_down(now[1] - before[1], seconds_ago)


def consult(pool: ObservedPool, seconds_ago: int, *, time: int) -> tuple[int, int]:
    """Return (arithmetic mean tick, harmonic mean liquidity) of the last ``seconds_ago`` seconds.

    Parameters
    ----------
    pool
        A pool or anything that shows tick, liquidity and observations.
    seconds_ago
        Length of the window; 0 reverts (``BP``).
    time
        Block timestamp, Unix seconds.

    Raises
    ------
    UnsafeValueError
        For a window of no seconds.
    """
    if seconds_ago == 0:
        raise UnsafeValueError("seconds ago", 0, 1, (1 << 32) - 1)
    before = pool.observations.observe(time, seconds_ago, pool.tick, pool.liquidity)
    return consult_cumulatives(
        seconds_ago, before, pool.observations.observe(time, 0, pool.tick, pool.liquidity)
    )


def quote_at_tick_down(tick: int, base_amount: int, base_is_token0: bool) -> int:
    """Return the quote units that ``base_amount`` (uint128) is worth at ``tick``.

    The square of the price is kept in Q192 where it fits 256 bits, else in Q128.
    """
    to_uint(base_amount, 128, "base amount")
    price = sqrt_ratio_at_tick(tick)
    if price < 1 << 128:
        ratio, scale = price * price, 1 << 192
    else:
        ratio, scale = price * price >> 64, 1 << 128
    up, down = (ratio, scale) if base_is_token0 else (scale, ratio)
    return to_uint(mul_div_down(up, base_amount, down), 256, "quote amount")


def oldest_observation_seconds_ago(pool: ObservedPool, *, time: int) -> int:
    """Return the age of the oldest observation held: the longest window that ``consult`` accepts."""
    return wrap_uint(time - pool.observations.oldest.time, 32)


def block_starting_tick_and_liquidity(pool: ObservedPool, *, time: int) -> tuple[int, int]:
    """Return the tick and the liquidity in range as they were when the block at ``time`` began.

    Raises
    ------
    NotEnoughObservationsError
        ``NEO`` or ``ONI``: a second observation is needed and is not there.
    DivisionByZeroError
        No seconds per liquidity were added between the two newest observations.
    """
    ring = pool.observations
    if ring.cardinality <= 1:
        raise NotEnoughObservationsError(ring.cardinality, 2)
    newest = ring.newest
    if newest.time != wrap_uint(time, 32):
        return pool.tick, pool.liquidity
    previous = ring.at((ring.index - 1) % ring.cardinality)
    if not previous.initialised:
        raise NotEnoughObservationsError(len(ring), 2)
    elapsed = wrap_uint(newest.time - previous.time, 32)
    ticks = wrap_int(newest.tick_cumulative - previous.tick_cumulative, 56)
    liquidity = harmonic_mean_liquidity_down(
        newest.seconds_per_liquidity_x128 - previous.seconds_per_liquidity_x128, elapsed
    )
    # Exact when the tick held all the time, which one observation a second guarantees.
    return wrap_int(div_to_zero(ticks, elapsed), 24), liquidity


def weighted_mean_tick_down(ticks_and_weights: Sequence[tuple[int, int]]) -> int:
    """Return floor(sum(tick * weight) / sum(weight)) over (tick, weight) pairs, as int24.

    Raises
    ------
    DivisionByZeroError
        If all weights are zero.
    """
    total = sum(weight for _, weight in ticks_and_weights)
    if total == 0:
        raise DivisionByZeroError("weighted mean tick")
    return wrap_int(sum(tick * weight for tick, weight in ticks_and_weights) // total, 24)


def chained_tick(tokens: Sequence[int], ticks: Sequence[int]) -> int:
    """Return the tick of a path through several pools.

    Parameters
    ----------
    tokens
        Addresses along the path, as integers: their order says which side of its pool each token is.
    ticks
        One tick for each hop.

    Raises
    ------
    UnsafeValueError
        ``DL``: there must be one tick fewer than tokens.
    """
    if len(tokens) - 1 != len(ticks):
        raise UnsafeValueError("ticks along the path", len(ticks), len(tokens) - 1, len(tokens) - 1)
    return sum(
        tick if token < following else -tick
        for token, following, tick in zip(tokens, tokens[1:], ticks, strict=False)
    )
