"""Random Uniswap V3 pools for property tests; every range has a name."""

from __future__ import annotations

from hypothesis import strategies as st

from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    usable_tick_bounds,
)

START = 1_700_000_000
FEES = st.sampled_from([100, 500, 3000, 10_000])
ANY_TICK = st.integers(MIN_TICK, MAX_TICK)
START_TICK = st.one_of(st.integers(-3000, 3000), st.integers(-800_000, 800_000))
# From dust to far above any real pool; eight positions stay below the maximum per tick at spacing 1.
LIQUIDITY = st.integers(0, 30).flatmap(lambda e: st.integers(10**e, 10 ** (e + 1)))
AMOUNT = st.integers(0, 29).flatmap(lambda e: st.integers(10**e, 10 ** (e + 1)))
HUGE_AMOUNT = st.one_of(AMOUNT, st.integers(1, (1 << 255) - 1))
HALF_WIDTH = st.sampled_from([1, 2, 5, 40, 400])
SECONDS = st.sampled_from([0, 1, 12, 600, 86_400])
SQRT_PRICE = st.one_of(
    st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1),
    st.integers(32, 159).flatmap(lambda b: st.integers(1 << b, (2 << b) - 1)),
    st.tuples(st.integers(MIN_TICK + 1, MAX_TICK - 1), st.integers(-1, 1)).map(
        lambda t: sqrt_ratio_at_tick(t[0]) + t[1]
    ),
).filter(lambda price: MIN_SQRT_RATIO <= price < MAX_SQRT_RATIO)


@st.composite
def pools(draw: st.DrawFn, most_positions: int = 8, trades: int = 0) -> UniswapV3Pool:
    """Draw a pool with some positions around its price, after some trades."""
    fee = draw(FEES)
    start = draw(START_TICK)
    price = sqrt_ratio_at_tick(start) + draw(st.sampled_from([0, 1, 987_654]))
    pool = UniswapV3Pool.create("A", "B", fee).initialise(price, time=START)
    spacing = pool.tick_spacing
    lowest, highest = usable_tick_bounds(spacing)
    for number in range(draw(st.integers(1, most_positions))):
        middle = start // spacing + draw(st.integers(-50, 50)) if number else start // spacing
        half = draw(HALF_WIDTH)
        lower = max((middle - half) * spacing, lowest)
        upper = min((middle + half) * spacing, highest)
        pool = pool.mint(f"owner{number % 3}", lower, upper, draw(LIQUIDITY), time=START)[2]
    time = START
    for _ in range(draw(st.integers(0, trades))):
        time += draw(SECONDS)
        pool = trade(pool, draw(st.booleans()), draw(AMOUNT), time)
    return pool


def trade(pool: UniswapV3Pool, zero_for_one: bool, amount: int, time: int) -> UniswapV3Pool:
    """Sell if the price can still move that way."""
    at_end = MIN_SQRT_RATIO + 1 if zero_for_one else MAX_SQRT_RATIO - 1
    if pool.sqrt_price_x96 == at_end:
        return pool
    return pool.swap_to_limit(zero_for_one, amount, time=time)[2]
