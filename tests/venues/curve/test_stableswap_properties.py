"""What must hold of every stableswap pool, whatever its numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st

from curve_bounds import most_fall, most_gain
from curve_pools import COINS, START, TRADE, ng_pools, stableswap_pools
from protocol.errors import NotConvergedError, RuleError
from protocol.fixed_point import WAD
from protocol.venues.curve import StableSwapNG, StableSwapPool
from protocol.venues.curve import stableswap_liquidity as first
from protocol.venues.curve import stableswap_ng_liquidity as ng
from protocol.venues.curve.stableswap_ng import dynamic_fee_down
from protocol.venues.venue import Venue

# D is found by iteration to within one unit, at either end of a comparison.
D_UNITS = 2
MILLION = 1_000_000


def rounding_units(pool: StableSwapPool | StableSwapNG, coin: str) -> int:
    """Raw units that a unit of D is worth: a pool without fee may give these back too many."""
    xp, d = pool.values()
    return D_UNITS * (WAD // pool.rates[pool.coins.index(coin)] + 1) * (d // min(xp) + 1)


def sold(pool: StableSwapPool | StableSwapNG, coin: str, parts: int) -> int:
    return max(pool.reserves()[coin] * parts // MILLION, 1)


trades = st.tuples(st.integers(0, 1), st.integers(*TRADE))


def try_swap(pool: StableSwapPool | StableSwapNG, direction: int, parts: int):
    """Swap coin 0 for coin 1 or back; the contract may refuse a tiny trade, and then nothing is to check."""
    sell, buy = (COINS[0], COINS[1]) if direction == 0 else (COINS[1], COINS[0])
    try:
        return pool.swap(sell, buy, sold(pool, sell, parts), time=START + 60)
    except RuleError:
        assert parts < 100 or min(pool.values()[0]) * MILLION < sum(pool.values()[0])
        return None


def check_fall(pool: StableSwapPool | StableSwapNG, trade: tuple[int, int]) -> None:
    """D after a swap is D before it, less at most what the contract's own roundings can take.

    ``get_y`` floors its product at every coin, so the balance it leaves may be short by e/(2y + b) + 1 with
    e = sum of D/(n*x) of the coins that come later (large where one is scarce); a unit is given back in the
    payment. The y pool also rounds both balances down. Each missing unit costs dD/dx after the swap, and
    ``get_D`` itself lies less than 1.2 below the root. ``curve_bounds`` derives and computes it.
    """
    result = try_swap(pool, *trade)
    if result is None:
        return
    made, after = result
    try:
        fall = pool.values()[1] - after.values()[1]
    except NotConvergedError:  # the contract is stuck in this state: every later call reverts
        return
    i, j = COINS.index(made.sell), COINS.index(made.buy)
    most = most_fall(pool, after, i, j, made.amount_in)
    target(min(fall - most, 100), label="fall of D beyond the bound")
    assert fall <= most


def check_gain(pool: StableSwapPool | StableSwapNG, trade: tuple[int, int]) -> None:
    """A round trip gains at most what the losses of D by rounding are worth in the coin that came first.

    The other balances end as they began, so by concavity of D the gain times dD/dx_i before the trip is at
    most the losses of both swaps (see ``check_fall``) and 1.2 for each reading of D.
    """
    result = try_swap(pool, *trade)
    if result is None or result[0].amount_out == 0:
        return
    made, after = result
    try:
        back, end = after.swap(made.buy, made.sell, made.amount_out, time=START + 60)
        end.values()
    except RuleError:
        return
    i, j = COINS.index(made.sell), COINS.index(made.buy)
    most = most_gain(pool, after, end, i, j, (made.amount_in, made.amount_out))
    gain = back.amount_out - made.amount_in
    target(max(gain - most, -100), label="gain of a round trip beyond the bound")
    assert gain <= most


@given(stableswap_pools(), trades)
def test_first_generation_swap_never_lowers_d(pool: StableSwapPool, trade: tuple[int, int]) -> None:
    check_fall(pool, trade)


@given(ng_pools(), trades)
def test_ng_swap_never_lowers_d(pool: StableSwapNG, trade: tuple[int, int]) -> None:
    check_fall(pool, trade)


def without_fee(pool: StableSwapPool | StableSwapNG) -> StableSwapPool | StableSwapNG:
    return replace(pool, fee=0)


@pytest.mark.long
@settings(max_examples=25_000, deadline=None)
@given((stableswap_pools() | ng_pools()).map(without_fee), trades)
def test_fall_of_d_searched_for_without_fee(
    pool: StableSwapPool | StableSwapNG, trade: tuple[int, int]
) -> None:
    check_fall(pool, trade)


@pytest.mark.long
@settings(max_examples=25_000, deadline=None)
@given((stableswap_pools("3pool") | stableswap_pools("template") | ng_pools()).map(without_fee), trades)
def test_gain_of_round_trips_searched_for_without_fee(
    pool: StableSwapPool | StableSwapNG, trade: tuple[int, int]
) -> None:
    check_gain(pool, trade)


@given(stableswap_pools(), trades)
def test_first_generation_quote_is_what_a_swap_pays(pool: StableSwapPool, trade: tuple[int, int]) -> None:
    result = try_swap(pool, *trade)
    if result is not None:
        made, after = result
        assert pool.quote(made.sell, made.buy, made.amount_in) == made.amount_out
        paid = pool.reserves()[made.buy] - after.reserves()[made.buy]
        spare = 0 if pool.generation != "y" else 2
        assert made.amount_out <= paid + spare


@given(ng_pools(), trades)
def test_ng_quote_is_what_a_swap_pays_and_nothing_is_lost(pool: StableSwapNG, trade: tuple[int, int]) -> None:
    result = try_swap(pool, *trade)
    if result is not None:
        made, after = result
        assert pool.quote(made.sell, made.buy, made.amount_in) == made.amount_out
        k = COINS.index(made.buy)
        owed = after.admin_balances[k] - pool.admin_balances[k]
        assert pool.balances[k] == after.balances[k] + made.amount_out + owed


@given(stableswap_pools("3pool") | stableswap_pools("template"), trades)
def test_first_generation_round_trip_never_profits(pool: StableSwapPool, trade: tuple[int, int]) -> None:
    check_gain(pool, trade)


@given(ng_pools(), trades)
def test_ng_round_trip_never_profits(pool: StableSwapNG, trade: tuple[int, int]) -> None:
    check_gain(pool, trade)


@given(stableswap_pools("3pool"), st.integers(1_000, 1_000_000))
def test_swapping_the_coins_names_changes_nothing_but_rounding(pool: StableSwapPool, parts: int) -> None:
    mirrored = replace(
        pool,
        balances=(pool.balances[1], pool.balances[0], *pool.balances[2:]),
        precisions=(pool.precisions[1], pool.precisions[0], *pool.precisions[2:]),
    )
    amount = sold(pool, COINS[0], parts)
    straight = pool.quote(COINS[0], COINS[1], amount) * pool.precisions[1]
    crossed = mirrored.quote(COINS[1], COINS[0], amount) * pool.precisions[1]
    # A unit of D moves y by at most D over the smaller side.
    slack = pool.precisions[1] + 8 * (pool.values()[1] // min(pool.values()[0]) + 1)
    assert abs(straight - crossed) <= slack


@given(stableswap_pools(), st.integers(100, 500_000), st.integers(1, 500_000))
def test_more_in_never_pays_less(pool: StableSwapPool, parts: int, extra: int) -> None:
    amount = sold(pool, COINS[0], parts)
    more = sold(pool, COINS[0], parts + extra)
    assert pool.quote(COINS[0], COINS[1], amount) <= pool.quote(COINS[0], COINS[1], more) + 1


@given(stableswap_pools(), st.integers(1, 300_000))
def test_one_sided_deposit_and_withdrawal_never_profit(pool: StableSwapPool, parts: int) -> None:
    amounts = [pool.balances[0] * parts // MILLION + 100] + [0] * (len(pool.coins) - 1)
    minted, after = first.add_liquidity(pool, amounts)
    value_in = amounts[0] * pool.rates[0]
    assert first.calc_token_amount(pool, amounts, deposit=True) >= minted
    assert after.virtual_price_down() >= pool.virtual_price_down() - 1
    if pool.generation != "y":
        back, _ = first.remove_liquidity_one_coin(after, minted, COINS[0])
        assert back * pool.rates[0] <= value_in


@given(ng_pools(), st.integers(1, 300_000))
def test_ng_one_sided_deposit_and_withdrawal_never_profit(pool: StableSwapNG, parts: int) -> None:
    amounts = [pool.balances[0] * parts // MILLION + 100] + [0] * (len(pool.coins) - 1)
    minted, after = ng.add_liquidity(pool, amounts, time=START + 12)
    back, final = ng.remove_liquidity_one_coin(after, minted, COINS[0], time=START + 24)
    assert back <= amounts[0] + rounding_units(pool, COINS[0])
    assert final.total_supply == pool.total_supply
    assert ng.calc_withdraw_one_coin(after, minted, COINS[0]) == back


@given(ng_pools(), trades, st.integers(1, 10**6))
def test_ng_average_lies_between_its_past_and_the_spot(
    pool: StableSwapNG, trade: tuple[int, int], seconds: int
) -> None:
    result = try_swap(pool, *trade)
    if result is None:
        return
    after = result[1]
    for k in range(len(pool.coins) - 1):
        stored, spot = after.oracle.average_prices[k], after.oracle.last_prices[k]
        later = after.price_oracle(k, START + 60 + seconds)
        assert min(stored, spot) - 1 <= later <= max(stored, spot)
        assert after.price_oracle(k, START + 60) == stored
        assert spot <= 2 * WAD


@given(
    st.integers(10**15, 10**30), st.integers(10**15, 10**30), st.integers(0, 10**9), st.integers(0, 10**12)
)
def test_dynamic_fee_stays_between_base_and_its_multiple(x: int, y: int, fee: int, multiplier: int) -> None:
    charged = dynamic_fee_down(x, y, fee, multiplier)
    assert dynamic_fee_down(y, x, fee, multiplier) == charged
    if multiplier <= 10**10:
        assert charged == fee
    else:
        assert fee - 1 <= charged <= multiplier * fee // 10**10


@settings(max_examples=30)
@given(stableswap_pools())
def test_first_generation_state_survives_json(pool: StableSwapPool) -> None:
    assert isinstance(pool, Venue)
    assert StableSwapPool.from_state(json.loads(json.dumps(pool.to_state()))) == pool


@settings(max_examples=30)
@given(ng_pools())
def test_ng_state_survives_json(pool: StableSwapNG) -> None:
    assert isinstance(pool, Venue)
    assert StableSwapNG.from_state(json.loads(json.dumps(pool.to_state()))) == pool


@pytest.mark.parametrize("n", [2, 3, 8])
def test_balanced_pool_is_at_par(n: int) -> None:
    pool = StableSwapPool(
        COINS[:2] if n == 2 else tuple(f"c{k}" for k in range(n)), (10**24,) * n, (1,) * n, 100, 0, 0
    )
    assert pool.values()[1] == n * 10**24
    out = pool.quote("c0", "c1", 10**18)
    assert 10**18 - 10**14 < out < 10**18
