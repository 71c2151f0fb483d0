"""Every figure that the papers on oracle manipulation print and whose inputs they give.

The first column of each table is the published value, the tolerance is the deviation that rounding in print
explains.
"""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import pytest

from oracles.corruption.lookback import one_leg_advantage, round_trip_advantage
from oracles.corruption.pools.concentrated import Concentrated, LiquidityRange
from oracles.corruption.pools.constant_product import ConstantProduct, loss_shape, push_exactly
from oracles.corruption.pools.curve import (
    capital,
    fees_at_execution_price,
    loss_if_arbitraged,
    loss_if_unwound,
)
from oracles.corruption.profit import Overborrow, uncollateralised_gain
from oracles.corruption.proposers import (
    mean_days_until_streak,
    streaks_within_epochs,
    two_blocks_by_selfish_mining,
)
from oracles.corruption.several_pools import PoolGroup, small_move_mean_loss
from oracles.corruption.twap import (
    attack_by_proposer,
    attack_with_arbitrage,
    bentley_spot,
    cheapest_with_arbitrage,
    clipped_blocks,
    spot_factor_needed,
    ticks_needed,
    ticks_to_factor,
)
from protocol.venues.uniswap_v2 import UniswapV2Pair

MILLION = ConstantProduct(1_000_000)


# Mackinga, Nadahalli, Wattenhofer 2022 ("TWAP Oracle Attacks: Easier Done than Said?", ePrint 2022/445)


@pytest.mark.parametrize(
    ("move", "printed", "recomputed"), [(0.5, 6_400_000, 6_397_297), (1.0, 9_750_000, 9_747_653)]
)
def test_mackinga_2022_table_1(move: float, printed: int, recomputed: int) -> None:
    attack = attack_with_arbitrage(MILLION, "arithmetic", 135, 1, 1 + move)
    assert attack is not None
    assert attack.loss == pytest.approx(recomputed, abs=0.5)
    assert attack.loss == pytest.approx(printed, rel=5e-4)


def test_mackinga_2022_table_1_caveat_capital_is_not_the_loss() -> None:
    attack = attack_with_arbitrage(MILLION, "arithmetic", 135, 1, 2)
    assert attack is not None
    assert attack.capital == pytest.approx(10_661_904, abs=0.5)


@pytest.mark.parametrize(
    ("share", "hours", "cost", "uncles", "total"),
    [
        (0.0025, 335, 1_499_000, 598_000, 901_000),
        (0.005, 84, 754_000, 298_000, 456_000),
        (0.01, 21, 382_000, 148_000, 234_000),
        (0.015, 9, 258_000, 98_000, 160_000),
    ],
)
def test_mackinga_2022_table_2(share: float, hours: int, cost: int, uncles: int, total: int) -> None:
    got = two_blocks_by_selfish_mining(
        share,
        blocks_per_hour=240,
        network_terahash=715,
        usd_per_terahash_day=60_000,
        uncle_reward_usd=1.46 * 2057,
    )
    assert int(got.hours) == hours
    assert got.hash_cost == pytest.approx(cost, rel=2e-3)
    assert got.uncle_income == pytest.approx(uncles, rel=2e-3)
    assert got.loss == pytest.approx(total, rel=4e-3)


def test_mackinga_2022_results_section() -> None:
    single = attack_with_arbitrage(MILLION, "arithmetic", 135, 1, 2)
    every = attack_with_arbitrage(MILLION, "arithmetic", 135, 135, 2)
    assert single is not None
    assert every is not None
    assert single.loss == pytest.approx(9_750_000, rel=5e-4)
    assert every.loss == pytest.approx(16_378_246, abs=0.5)
    assert every.loss == pytest.approx(16_200_000, rel=0.012)  # the text rounds the exact figure down


def test_mackinga_2022_uncollateralised_profit() -> None:
    # With 1 + e = (1 + d) / LTV on collateral c the borrower keeps d * c.
    for ltv, d, c in ((0.75, 0.2, 1e6), (0.5, 1.0, 3e5), (0.9, 0.01, 7.0)):
        borrow = Overborrow(ltv, lendable=1e18, collateral=c)
        assert borrow((1 + d) / ltv) == pytest.approx(uncollateralised_gain(d, c), rel=1e-12)
        assert borrow(borrow.break_even * 0.999) == 0


@pytest.mark.parametrize(("move", "best"), [(0.573, 135), (0.574, 1)])
def test_formula_sheet_3_best_number_of_blocks_is_at_an_end(move: float, best: int) -> None:
    attack = cheapest_with_arbitrage(MILLION, "arithmetic", 135, 1 + move)
    assert attack is not None
    assert attack.attacked_blocks == best


# Bentley 2021 (Euler, uni-v3-twap-manipulation, cost-of-attack)


def test_bentley_2021() -> None:
    pool = ConstantProduct(50_000)
    q = bentley_spot(1.35, 1.0, 144, 10)
    assert q == pytest.approx(75.30, abs=0.005)
    assert spot_factor_needed("geometric", 144, 10, 1.35) == pytest.approx(q, rel=1e-12)
    attack = attack_with_arbitrage(pool, "geometric", 144, 10, 1.35)
    assert attack is not None
    assert capital(pool, q) == pytest.approx(383_884, abs=0.5)
    assert loss_if_arbitraged(pool, q) == pytest.approx(339_645, abs=0.6)
    assert attack.loss == pytest.approx(3_396_454, rel=3e-7)


def test_bentley_2021_caveat_break_even() -> None:
    assert Overborrow(0.75, 1.0).break_even - 1 == pytest.approx(1 / 3)


# Adams, Wan, Zinsmeister 2022 ("Uniswap v3 TWAP Oracles in Proof of Stake")


@pytest.mark.parametrize(("blocks", "ticks"), [(1, 273_497), (10, 27_350), (30, 9_116)])
def test_adams_2022_expected_ticks(blocks: int, ticks: int) -> None:
    assert ticks_needed(150, blocks, 1.2) == pytest.approx(ticks, abs=1)


def wide_position() -> Concentrated:
    # USDC has 6 decimals and WETH 18, and the pool's own price is WETH per USDC: tick t means
    # 10**12 / 1.0001**t USDC per WETH, so rising ticks are a falling price.
    lower, upper = 10**12 / ticks_to_factor(500_000), 10**12 / ticks_to_factor(-100_000)
    return Concentrated(1558.65, (LiquidityRange.from_amounts(621_000, 400, lower, upper, 1558.65),))


@pytest.mark.parametrize(
    ("blocks", "printed", "recomputed"), [(1, 539_458, 539_119), (2, 579, 578.0)], ids=["k=1", "k=2"]
)
def test_adams_2022_wide_position(blocks: int, printed: float, recomputed: float) -> None:
    factor = spot_factor_needed("geometric", 150, blocks, 1.2)
    paid = wide_position().reach(factor).paid / 1e6
    assert paid == pytest.approx(recomputed, rel=2e-4)
    assert paid == pytest.approx(printed, rel=2e-3)


def test_adams_2022_limit_order() -> None:
    high, low = 10**12 / ticks_to_factor(150_000), 10**12 / ticks_to_factor(150_010)
    order = LiquidityRange.from_amounts(0, 65, low, high, 1558.65)
    pool = wide_position()
    factor = spot_factor_needed("geometric", 150, 1, 1.2)
    extra = Concentrated(pool.price, (*pool.ranges, order)).reach(factor).paid - pool.reach(factor).paid
    assert extra == pytest.approx(19_888_622, rel=1e-5)
    assert extra == pytest.approx(19.9e6, rel=1e-3)


def test_adams_2022_fees_estimate_is_an_upper_bound() -> None:
    # 540 million USD of fees on 539 billion at 5 bp values both fees at the execution price.
    pool = wide_position()
    pool = Concentrated(pool.price, pool.ranges, fee=0.0005)
    factor = spot_factor_needed("geometric", 150, 1, 1.2)
    assert fees_at_execution_price(pool, factor) == pytest.approx(540e6, rel=2e-3)
    assert 0.5 < loss_if_unwound(pool, factor) / fees_at_execution_price(pool, factor) < 0.51


def test_adams_2022_truncation() -> None:
    assert ticks_to_factor(9_116) == pytest.approx(2.488, abs=5e-4)
    assert clipped_blocks(150, 1.2, 9_116) == pytest.approx(30, rel=1e-4)
    # The clip is rounded down to whole ticks, so 30 blocks miss 20 % by a hair and 31 are needed.
    for clip, blocks in ((9_116, 31), (9_117, 30)):
        attack = cheapest_with_arbitrage(MILLION, "geometric", 150, 1.2, clip_ticks=clip, most=blocks)
        assert attack is not None
        assert attack.attacked_blocks == blocks
        fewer = cheapest_with_arbitrage(MILLION, "geometric", 150, 1.2, clip_ticks=clip, most=blocks - 1)
        assert fewer is None


@pytest.mark.parametrize(("share", "printed", "tolerance"), [(0.01, 0.19, 0.06), (0.1, 181, 0.015)])
def test_adams_2022_proposers(share: float, printed: float, tolerance: float) -> None:
    # 30 days of 12-second slots; the paper takes its figures from a note and states no deviation.
    assert streaks_within_epochs(share, 3, 216_000) == pytest.approx(printed, rel=tolerance)


@pytest.mark.parametrize(("share", "length", "days"), [(0.01, 2, 1.4), (0.01, 3, 140), (0.1, 3, 0.15)])
def test_formula_sheet_5_mean_wait(share: float, length: int, days: float) -> None:
    assert mean_days_until_streak(share, length) == pytest.approx(days, rel=0.03)


# Angeris et al. 2019 ("An analysis of Uniswap markets", appendix E)


@pytest.mark.parametrize("move", [1e-6, 0.01, 0.1, 0.5, 1.0, 3.0, 10.0, 1e4])
def test_angeris_2019_loss_and_lower_bound(move: float) -> None:
    loss = loss_if_arbitraged(MILLION, 1 + move)
    assert loss == pytest.approx(1e6 * loss_shape(1 + move), rel=1e-3)
    assert loss_shape(1 + move) == pytest.approx(sqrt(1 + move) + 1 / sqrt(1 + move) - 2, rel=1e-3, abs=1e-15)
    assert 0.12 * min(move**2, sqrt(move)) <= loss_shape(1 + move) <= min(move**2 / 4 + 1e-15, sqrt(1 + move))


# Formula sheet, item 1, against the exact pair


@pytest.mark.parametrize(("factor", "derived"), [("1.2", 523), ("2", 1760), ("10", 4115)])
def test_formula_sheet_1_on_the_exact_pair(factor: str, derived: int) -> None:
    pair = UniswapV2Pair("BASE", "QUOTE", 10**24, 10**24)
    attack = push_exactly(pair, "BASE", Fraction(factor))
    assert attack.loss / 1e18 == pytest.approx(derived, abs=0.5)
    curve = ConstantProduct(1e6, 0.003)
    assert loss_if_unwound(curve, float(factor)) == pytest.approx(attack.loss / 1e18, rel=4e-3)
    assert capital(curve, float(factor)) == pytest.approx(attack.amount_in / 1e18, rel=4e-3)


# Müller, Moumeni, Messaoudi 2026 ("Cost of Manipulation in AMM-Based Oracles", arXiv 2606.03548)

DEPTHS = (10e6, 5e6, 1e6)


@pytest.mark.parametrize(
    ("factor", "value"), [(1.1, 0.002271), (4 / 3, 0.020726), (2, 0.121320), (10, 1.478505)]
)
def test_amm_oracle_cost_f_values(factor: float, value: float) -> None:
    assert loss_shape(factor) == pytest.approx(value, abs=6e-7)
    assert loss_shape(1 / factor) == pytest.approx(value, abs=6e-7)


@pytest.mark.parametrize(
    ("factor", "mean", "median", "arbitrage"),
    [
        (1.1, 36_343, 22_714, 36_343),
        (1.3333, 331_557, 207_223, 331_557),
        (10, 10_096_627, 14_785_054, 23_656_087),
    ],
)
def test_amm_oracle_cost_three_pools(factor: float, mean: int, median: int, arbitrage: int) -> None:
    assert PoolGroup(DEPTHS, aggregation="mean").loss(factor) == pytest.approx(mean, abs=0.6)
    assert PoolGroup(DEPTHS, aggregation="median").loss(factor) == pytest.approx(median, abs=0.6)
    forced = PoolGroup(DEPTHS, aggregation="mean", arbitrage_between=True)
    assert forced.loss(factor) == pytest.approx(arbitrage, abs=0.6)


def test_amm_oracle_cost_attacked_multiples() -> None:
    multiples = PoolGroup(DEPTHS, aggregation="mean").multiples(10)
    assert multiples == pytest.approx((1.095, 1.095, 143.6), rel=5e-4)


def test_amm_oracle_cost_weighted_mean_small() -> None:
    for weights in (DEPTHS, (1.0, 1.0, 1.0), (0.2, 0.2, 0.6)):
        group = PoolGroup(DEPTHS, weights, "mean")
        small = small_move_mean_loss(DEPTHS, group.shares(), 1e-3)
        assert group.loss(1 + 1e-3) == pytest.approx(small, rel=5e-3)
        assert group.loss(1 + 1e-3) <= PoolGroup(DEPTHS, None, "mean").loss(1 + 1e-3) * (1 + 1e-9)


# Formula sheet, item 12


@pytest.mark.parametrize(("seconds", "one", "both"), [(60, 8.8, 17.6), (3, 2.0, 3.9)])
def test_formula_sheet_12_lookback(seconds: int, one: float, both: float) -> None:
    assert one_leg_advantage(0.8, seconds) * 1e4 == pytest.approx(one, abs=0.05)
    assert round_trip_advantage(0.8, seconds) * 1e4 == pytest.approx(both, abs=0.05)


def test_formula_sheet_4_geometric_mean_is_cheapest_spread_over_all_blocks() -> None:
    for factor in (1.05, 1.35, 2.0, 0.5):
        attack = cheapest_with_arbitrage(MILLION, "geometric", 30, factor)
        assert attack is not None
        assert attack.attacked_blocks == 30
        assert attack.loss == pytest.approx(30 * 1e6 * loss_shape(factor), rel=1e-9)


def test_formula_sheet_5_proposer_pays_fees_only() -> None:
    fee = ConstantProduct(1e6, 0.003)
    alone = attack_by_proposer(fee, "geometric", 150, 3, 1.2)
    against = attack_with_arbitrage(fee, "geometric", 150, 3, 1.2)
    assert alone is not None
    assert against is not None
    assert alone.loss == pytest.approx(2 * 0.003 * fee.reach(1.2**50).received)
    assert alone.loss < against.loss / 1000
