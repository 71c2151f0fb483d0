from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import sqrt_ratio_at_tick
from protocol.venues.venue import Venue
from uniswap_v3_pools import AMOUNT, SECONDS, START, pools, trade

DIVISORS = st.sampled_from([0, 4, 7, 10])
TRADES = st.lists(st.tuples(st.booleans(), AMOUNT, SECONDS), max_size=12)


def test_is_a_venue() -> None:
    assert isinstance(UniswapV3Pool.create("A", "B", 3000), Venue)


@given(pools(), AMOUNT, st.booleans())
def test_a_trade_moves_what_it_says(pool: UniswapV3Pool, amount: int, down: bool) -> None:
    sell, buy = ("A", "B") if down else ("B", "A")
    made, after = pool.swap(sell, buy, amount, time=START + 5)
    assert made.amount_in <= amount
    assert made.amount_out == pool.quote(sell, buy, amount)
    held, now = {"A": pool.balance0, "B": pool.balance1}, {"A": after.balance0, "B": after.balance1}
    assert now[sell] - held[sell] == made.amount_in
    assert held[buy] - now[buy] == made.amount_out
    assert 0 <= made.fee <= made.amount_in


@given(pools(), AMOUNT, st.booleans())
def test_selling_and_buying_back_never_gains(pool: UniswapV3Pool, amount: int, down: bool) -> None:
    sell, buy = ("A", "B") if down else ("B", "A")
    made, after = pool.swap(sell, buy, amount)
    if made.amount_out:
        back, _ = after.swap(buy, sell, made.amount_out)
        assert back.amount_out <= made.amount_in


@given(pools(), AMOUNT, st.booleans())
def test_the_cost_of_an_exact_output_buys_it(pool: UniswapV3Pool, amount: int, down: bool) -> None:
    sell, buy = ("A", "B") if down else ("B", "A")
    out = pool.quote(sell, buy, amount)
    if out:
        cost = pool.quote_exact_out(sell, buy, out)
        assert pool.quote(sell, buy, cost) >= out
        made, _ = pool.swap_exact_out(sell, buy, out, max_in=cost)
        assert (made.amount_in, made.amount_out) == (cost, out)


@given(pools(), TRADES, DIVISORS, DIVISORS)
def test_everybody_can_leave(
    pool: UniswapV3Pool, trades: list[tuple[bool, int, int]], divisor0: int, divisor1: int
) -> None:
    pool = pool.set_fee_protocol(divisor0, divisor1)
    time = START
    for down, amount, seconds in trades:
        time += seconds
        pool = trade(pool, down, amount, time)
    assert pool.liquidity == sum(t.liquidity_net for i, t in pool.ticks.items() if i <= pool.tick)
    for key, position in pool.positions.items():
        pool = pool.burn(*key, position.liquidity, time=time)[2]
        pool = pool.collect(*key)[2]
    # Rounding favours the pool, so what everybody takes is covered and the protocol's part remains.
    assert pool.balance0 >= pool.protocol_fees0
    assert pool.balance1 >= pool.protocol_fees1
    assert pool.liquidity == 0
    assert not pool.ticks


@given(pools(trades=3), AMOUNT, st.booleans())
def test_the_old_pool_is_untouched(pool: UniswapV3Pool, amount: int, down: bool) -> None:
    before = pool.to_state()
    after = trade(pool, down, amount, START + 10**6)
    after.mint("owner0", -pool.tick_spacing, pool.tick_spacing, 10**9, time=START + 10**6)
    assert pool.to_state() == before


def test_fees_go_to_the_liquidity_in_range() -> None:
    pool = UniswapV3Pool.create("A", "B", 3000).initialise(sqrt_ratio_at_tick(0), time=START)
    pool = pool.mint("near", -60, 60, 3 * 10**20, time=START)[2]
    pool = pool.mint("also", -60, 60, 10**20, time=START)[2]
    pool = pool.mint("far", 600, 660, 10**22, time=START)[2]
    made, pool = pool.swap("A", "B", 10**17, time=START)
    owed = {}
    for owner, lower, upper in (("near", -60, 60), ("also", -60, 60), ("far", 600, 660)):
        pool = pool.burn(owner, lower, upper, 0, time=START)[2]
        owed[owner], _, pool = pool.collect(owner, lower, upper)
    assert owed["far"] == 0
    assert abs(owed["near"] - 3 * owed["also"]) <= 3
    assert made.fee - 2 <= owed["near"] + owed["also"] <= made.fee


def test_a_donation_changes_no_price() -> None:
    pool = UniswapV3Pool.create("A", "B", 500).initialise(sqrt_ratio_at_tick(7), time=START)
    pool = pool.mint("owner", -100, 100, 10**18, time=START)[2]
    richer = pool.donate({"A": 5})
    assert richer.balance0 == pool.balance0 + 5
    assert richer.quote("A", "B", 10**15) == pool.quote("A", "B", 10**15)
    assert richer.reserves()["A"] == pool.reserves()["A"] + 5
