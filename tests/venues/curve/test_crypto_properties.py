"""What must hold of both generations of crypto pools, whatever their numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curve_pools import COINS, START, crypto_pools
from protocol.errors import RuleError, VirtualPriceLossError
from protocol.fixed_point import WAD
from protocol.venues.curve import Tricrypto2, TricryptoNG
from protocol.venues.curve.crypto_math import geometric_mean, newton_d, newton_y, sqrt_down
from protocol.venues.curve.exponential import exp_down, halfpow_down
from protocol.venues.curve.tricrypto_math import cbrt, solve_balance
from protocol.venues.venue import Venue

Pool = Tricrypto2 | TricryptoNG
MILLION = 1_000_000
# Parts per million of a balance that is sold, and LP tokens that are burned.
TRADE = (100, 300_000)
BURN = (100, 100_000)
# Virtual prices come out of two roots, each exact to about one part in 1e14 (Newton's stop).
PRICE_SLACK = 10**5

both = st.one_of(crypto_pools(Tricrypto2), crypto_pools(TricryptoNG))
pairs = st.permutations(COINS[:3]).map(lambda coins: coins[:2])


def swapped(pool: Pool, pair: list[str], parts: int, time: int = START + 60):
    sell, buy = pair
    return pool.swap(sell, buy, pool.reserves()[sell] * parts // MILLION, time=time)


@given(both, pairs, st.integers(*TRADE))
def test_swap_raises_profit_and_never_pays_more_than_the_pool_has(
    pool: Pool, pair: list[str], parts: int
) -> None:
    made, after = swapped(pool, pair, parts)
    assert 0 < made.amount_out < pool.reserves()[made.buy]
    assert pool.quote(made.sell, made.buy, made.amount_in) == made.amount_out
    assert after.xcp_profit >= pool.xcp_profit
    assert after.virtual_price >= WAD
    assert after.reserves()[made.buy] == pool.reserves()[made.buy] - made.amount_out


@given(both, pairs, st.integers(*TRADE))
def test_round_trip_never_profits(pool: Pool, pair: list[str], parts: int) -> None:
    made, after = swapped(pool, pair, parts)
    back, _ = after.swap(made.buy, made.sell, made.amount_out, time=START + 60)
    assert back.amount_out <= made.amount_in


@given(both, pairs, st.integers(*TRADE), st.integers(1, 10**6))
def test_average_lies_between_its_past_and_the_last_price(
    pool: Pool, pair: list[str], parts: int, seconds: int
) -> None:
    _, after = swapped(pool, pair, parts)
    again, final = swapped(after, pair[::-1], 50, time=START + 60 + seconds)
    for k in (0, 1):
        spot = after.last_prices[k]
        if isinstance(pool, TricryptoNG):
            spot = min(spot, 2 * after.price_scale[k])
        low, high = sorted((after.price_oracle_stored[k], spot))
        assert low - 1 <= final.price_oracle_stored[k] <= high
    assert again.amount_out > 0


@given(both, st.integers(*BURN), st.sampled_from(COINS[:3]))
def test_deposit_then_withdrawal_of_one_coin_never_profits(pool: Pool, parts: int, coin: str) -> None:
    k = COINS.index(coin)
    amounts = [0, 0, 0]
    amounts[k] = pool.balances[k] * parts // MILLION
    minted, after = pool.add_liquidity(amounts, time=START + 12)
    try:
        back, final = after.remove_liquidity_one_coin(minted, coin, time=START + 24)
    except VirtualPriceLossError:
        return
    assert back <= amounts[k]
    assert final.total_supply >= pool.total_supply


@given(both, st.integers(*BURN))
def test_balanced_withdrawal_leaves_the_virtual_price(pool: Pool, parts: int) -> None:
    out, after = pool.remove_liquidity(pool.total_supply * parts // MILLION)
    for k, amount in enumerate(out):
        assert amount <= pool.balances[k] * parts // MILLION
        assert after.balances[k] == pool.balances[k] - amount
    assert after.virtual_price_down() >= pool.virtual_price_down() - PRICE_SLACK


@given(both, st.integers(1, 1_000))
def test_a_gift_counts_only_after_a_claim(pool: Pool, parts: int) -> None:
    traded = swapped(pool, ["c0", "c1"], 100_000)[1]
    gift = traded.donate({"c0": traded.balances[0] * parts // MILLION})
    assert gift.virtual_price_down() == traded.virtual_price_down()
    assert gift.quote("c0", "c2", 10**18) == traded.quote("c0", "c2", 10**18)
    claimed = gift.claim_admin_fees(time=START + 61)
    plain = traded.claim_admin_fees(time=START + 61)
    assert claimed.balances[0] - plain.balances[0] == gift.donated[0]
    assert claimed.virtual_price_down() >= plain.virtual_price_down()
    assert claimed.total_supply == plain.total_supply


@settings(max_examples=30)
@given(both)
def test_state_survives_json(pool: Pool) -> None:
    assert isinstance(pool, Venue)
    assert type(pool).from_state(json.loads(json.dumps(pool.to_state()))) == pool


@given(crypto_pools(TricryptoNG), st.integers(10_000, 300_000))
def test_analytic_root_agrees_with_newton(pool: TricryptoNG, parts: int) -> None:
    parameters = pool.parameters
    moved = (pool.balances[0] * (MILLION + parts) // MILLION, *pool.balances[1:])
    xp = pool.scaled_balances(moved)
    analytic, _ = solve_balance(parameters.amplification, parameters.gamma, xp, pool.d, 1)
    newton = newton_y(parameters.amplification, parameters.gamma, xp, pool.d, 1)
    assert abs(analytic - newton) <= max(newton // 10**9, 10**5)


@given(st.lists(st.integers(10**18, 10**30), min_size=3, max_size=3))
def test_means_and_roots_are_what_they_say(values: list[int]) -> None:
    product = values[0] * values[1] * values[2]
    mean = geometric_mean(values)
    assert (mean * 999_999 // MILLION) ** 3 <= product <= (mean * 1_000_001 // MILLION + 1) ** 3
    root = cbrt(values[0])
    assert abs(root**3 - values[0] * WAD**2) <= 3 * root**2 + values[0] * WAD**2 // 10**15
    assert abs(sqrt_down(values[1]) ** 2 - values[1] * WAD) <= 2 * sqrt_down(values[1]) + 1


@given(st.integers(0, 59 * WAD))
def test_half_life_and_exponential_agree(power: int) -> None:
    natural = exp_down(-(power * 693147180559945309 // WAD))
    assert abs(halfpow_down(power) - natural) <= 10**11


@pytest.mark.parametrize("kind", [Tricrypto2, TricryptoNG])
def test_ramp_moves_a_between_its_ends(kind: type[Tricrypto2 | TricryptoNG]) -> None:
    from protocol.venues.curve import CryptoParameters
    from protocol.venues.curve.common import Ramp

    parameters = CryptoParameters(
        1707629, 11809167828997, 3 * 10**6, 30 * 10**6, 5 * 10**14, 2 * 10**12, 490 * 10**12, 600
    )
    pool = kind.empty(COINS[:3], (1, 1, 1), parameters, (40_000 * WAD, 2_500 * WAD), START)
    _, pool = pool.add_liquidity([10**24, 25 * 10**18, 400 * 10**18], time=START)
    a = parameters.amplification
    ramped = replace(
        pool,
        ramp_amplification=Ramp(a, 2 * a, START, START + 1000),
        ramp_gamma=Ramp(parameters.gamma, parameters.gamma, START, START + 1000),
        ramp_end=START + 1000,
    )
    assert ramped.at(START).parameters.amplification == a
    assert ramped.at(START + 500).parameters.amplification == a + a // 2
    assert ramped.at(START + 5000).parameters.amplification == 2 * a
    halfway = ramped.swap("c0", "c1", 10**21, time=START + 500)[0].amount_out
    assert halfway != pool.swap("c0", "c1", 10**21, time=START + 500)[0].amount_out


@pytest.mark.parametrize("kind", [Tricrypto2, TricryptoNG])
def test_d_of_a_balanced_pool_is_its_value(kind: type[Tricrypto2 | TricryptoNG]) -> None:
    d = newton_d(1707629, 11809167828997, (10**24, 10**24, 10**24))
    assert abs(d - 3 * 10**24) <= 10**11
    with pytest.raises(RuleError):
        kind.empty(COINS[:3], (1, 1, 1), parameters_of(kind), (WAD, WAD), START).quote("c0", "c1", 1)


def parameters_of(kind: type[Tricrypto2 | TricryptoNG]):
    from protocol.venues.curve import CryptoParameters

    return CryptoParameters(1707629, 11809167828997, 3 * 10**6, 30 * 10**6, 5 * 10**14, 0, 10**14, 600)
