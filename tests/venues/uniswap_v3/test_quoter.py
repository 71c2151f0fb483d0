from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import InsufficientLiquidityError, RuleError
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import sqrt_ratio_at_tick
from uniswap_v3_pools import HUGE_AMOUNT, START, pools


def loop(pool: UniswapV3Pool, zero_for_one: bool, amount: int) -> tuple[int, int, int] | type[RuleError]:
    try:
        amount0, amount1, after = pool.swap_to_limit(zero_for_one, amount, time=START)
    except RuleError as error:
        return type(error)
    paid, received = (amount0, -amount1) if zero_for_one else (amount1, -amount0)
    if amount < 0 and received != -amount:
        return InsufficientLiquidityError
    return paid, received, after.sqrt_price_x96


def quoted(pool: UniswapV3Pool, zero_for_one: bool, amount: int) -> tuple[int, int, int] | type[RuleError]:
    quoter = pool.quoter()
    try:
        if amount > 0:
            return quoter.exact_in(zero_for_one, amount)
        return quoter.exact_out(zero_for_one, -amount)
    except RuleError as error:
        return type(error)


@given(
    pools(trades=3), st.lists(st.tuples(st.booleans(), HUGE_AMOUNT, st.booleans()), min_size=1, max_size=8)
)
def test_quotes_equal_the_swap_loop(pool: UniswapV3Pool, asked: list[tuple[bool, int, bool]]) -> None:
    for zero_for_one, size, sell in asked:
        amount = size if sell else -size
        assert quoted(pool, zero_for_one, amount) == loop(pool, zero_for_one, amount)


@given(pools(most_positions=4), st.booleans(), st.integers(-2, 2))
def test_quotes_at_the_very_end_of_a_range(pool: UniswapV3Pool, zero_for_one: bool, off: int) -> None:
    ranges = pool.quoter().ranges(zero_for_one, 10**40)
    for total in ranges.ins:
        if total + off > 0:
            assert quoted(pool, zero_for_one, total + off) == loop(pool, zero_for_one, total + off)
    for total in ranges.outs:
        if total + off > 0:
            assert quoted(pool, zero_for_one, -total - off) == loop(pool, zero_for_one, -total - off)


def test_a_quote_crosses_many_ticks() -> None:
    pool = UniswapV3Pool.create("A", "B", 3000).initialise(sqrt_ratio_at_tick(0), time=START)
    for step in range(30):
        pool = pool.mint("owner", -60 * (step + 1), 60 * (step + 1), 10**18 + step, time=START)[2]
    amount = pool.quoter().ranges(True, 10**40).ins[25]
    _, _, after = pool.swap_to_limit(True, amount + 1, time=START)
    assert sum(tick < 0 and tick > after.tick for tick in pool.ticks) >= 20
    assert quoted(pool, True, amount + 1) == loop(pool, True, amount + 1)
