"""Pool shapes: each against what a pool of that shape must do, not against its own formula."""

from __future__ import annotations

from fractions import Fraction
from math import inf, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.corruption.formula import FREE, AtLeast, Buy, Formula, holds, inside
from oracles.corruption.pool_models import (
    ExchangeIndexCost,
    IndexVenue,
    PoolGroupCost,
    SpotPoolCost,
    TwapPoolCost,
)
from oracles.corruption.pools.concentrated import Concentrated, LiquidityRange
from oracles.corruption.pools.constant_product import ConstantProduct, push_exactly
from oracles.corruption.pools.curve import PoolCurve, capital, loss_if_arbitraged, loss_if_unwound
from oracles.corruption.pools.order_book import LinearBook
from oracles.corruption.pools.stableswap import Stableswap
from oracles.corruption.pools.weighted import Weighted
from oracles.corruption.several_pools import PoolGroup
from oracles.corruption.solve import Objective, solve
from protocol.venues.uniswap_v2 import UniswapV2Pair

FACTORS = st.floats(0.2, 20)
RESERVES = st.floats(1e3, 1e9)

FULL_RANGE = Concentrated(1.0, (LiquidityRange(1e6, 1e-12, 1e12),))
SHAPES: list[PoolCurve] = [
    ConstantProduct(1e6, 0.003),
    Weighted(1e6, 0.2, 0.8, 0.002),
    FULL_RANGE,
    Concentrated(2.0, (LiquidityRange(5e6, 1.0, 4.0), LiquidityRange(1e5, 1e-6, 1e6)), 0.0005),
    Stableswap(1e6, 1e6, 100.0, (), 0.0004),
    Stableswap(3e6, 1e6, 2000.0, (2e6,), 0.0001),
    LinearBook(1e6, 0.0005),
]


@pytest.mark.parametrize("curve", SHAPES, ids=lambda c: type(c).__name__)
@given(factor=FACTORS)
def test_every_shape_loses_value_and_needs_capital(curve: PoolCurve, factor: float) -> None:
    reach = curve.reach(factor)
    assert reach.paid >= reach.received - 1e-6 >= -2e-6
    assert capital(curve, factor) >= reach.paid
    both_fees = 2 * capital(curve, factor) * curve.fee
    assert loss_if_unwound(curve, factor) <= loss_if_arbitraged(curve, factor) + both_fees + 1e-6


@pytest.mark.parametrize("curve", SHAPES, ids=lambda c: type(c).__name__)
@given(one=st.floats(1.001, 10), two=st.floats(1.001, 10))
def test_going_further_costs_more(curve: PoolCurve, one: float, two: float) -> None:
    near, far = sorted((one, two))
    assert capital(curve, near) <= capital(curve, far) * (1 + 1e-9)
    assert loss_if_arbitraged(curve, near) <= loss_if_arbitraged(curve, far) * (1 + 1e-6) + 1e-6


@given(RESERVES, FACTORS)
def test_a_full_range_and_an_even_weighted_pool_are_constant_products(reserve: float, factor: float) -> None:
    flat = ConstantProduct(reserve).reach(factor)
    even = Weighted(reserve, 0.5, 0.5).reach(factor)
    wide = Concentrated(1.0, (LiquidityRange(reserve, 1e-15, 1e15),)).reach(factor)
    for other in (even, wide):
        assert other.paid == pytest.approx(flat.paid, rel=1e-9, abs=1e-6)
        assert other.received == pytest.approx(flat.received, rel=1e-9, abs=1e-6)


@given(st.floats(1.01, 15))
def test_a_stableswap_of_no_amplification_is_a_constant_product(factor: float) -> None:
    got = Stableswap(1e6, 1e6, 1e-9).reach(factor)
    flat = ConstantProduct(1e6).reach(factor)
    assert got.paid == pytest.approx(flat.paid, rel=1e-5)
    assert got.received == pytest.approx(flat.received, rel=1e-5)


@given(st.floats(1.02, 5), st.floats(10, 1000))
def test_the_price_of_a_stableswap_is_its_slope(factor: float, amplification: float) -> None:
    pool = Stableswap(1.3e6, 1e6, amplification, (0.9e6,))
    d = pool.invariant(pool.quote_balance, pool.base_balance)
    assert pool.quote_at(pool.base_balance, d) == pytest.approx(pool.quote_balance, rel=1e-9)
    fair = pool.price(pool.quote_balance, pool.base_balance, d)
    # The pool after the push, found again as a pool of its own.
    reach = pool.reach(factor)
    quote, base = pool.quote_balance + reach.paid, pool.base_balance - reach.received / fair
    assert pool.invariant(quote, base) == pytest.approx(d, rel=1e-9)
    step = base * 1e-6
    slope = (pool.quote_at(base - step, d) - pool.quote_at(base + step, d)) / (2 * step)
    assert slope == pytest.approx(factor * fair, rel=1e-4)


def test_amplification_makes_a_small_move_dear() -> None:
    flat = capital(ConstantProduct(1e6), 1.01)
    assert capital(Stableswap(1e6, 1e6, 100.0), 1.01) > 50 * flat


@given(st.integers(10**20, 10**27), st.integers(10**20, 10**27), st.integers(11, 80))
def test_the_exact_push_is_the_smallest_and_near_the_closed_form(base: int, quote: int, tenths: int) -> None:
    pair = UniswapV2Pair("B", "Q", base, quote)
    factor = Fraction(tenths, 10)
    attack = push_exactly(pair, "B", factor)
    assert attack.reached >= factor
    _, less = pair.swap("Q", "B", attack.amount_in - 1)
    assert Fraction(less.reserve1, less.reserve0) / Fraction(quote, base) < factor
    curve = ConstantProduct(quote, 0.003)
    assert attack.amount_in == pytest.approx(capital(curve, float(factor)), rel=4e-3)
    assert attack.loss == pytest.approx(loss_if_unwound(curve, float(factor)), rel=5e-3)
    assert 0 < attack.loss < attack.amount_in


def test_no_liquidity_no_cost() -> None:
    pool = Concentrated(1.0, (LiquidityRange(1e6, 0.9, 1.1),))
    assert capital(pool, 1000.0) == pytest.approx(capital(pool, 1.1))
    assert capital(pool, 1.1) == pytest.approx(1e6 * (sqrt(1.1) - 1))


def bought(formula: object) -> Buy:
    assert isinstance(formula, Buy)
    return formula


def least(formula: Formula, by: Objective = "loss") -> Buy:
    answer = solve(formula, by)
    assert answer is not None
    (only,) = answer.bought
    return only


def test_an_average_is_held_at_least_loss_or_at_least_capital() -> None:
    model = TwapPoolCost("pool", ConstantProduct(1e6, 0.003), "geometric", 150, streak=4)
    by_loss, by_capital = least(model.move(1.2)).cost, least(model.move(1.2), "capital").cost
    # Three blocks in a row at x9,100 lose fees only; held against arbitrage, x1.2 in every block is enough.
    assert by_loss.loss < by_capital.loss / 100
    assert by_loss.capital > 50 * by_capital.capital
    assert (by_loss.blocks, by_capital.blocks) == (3, 150)


def test_a_thin_average_falls_in_one_block() -> None:
    # Moving the price to the end of the ticks for one 12 s block shifts a 30-minute mean by 80.7 %.
    window = 150
    factor = 1.0001 ** (887_272 / window)
    assert factor == pytest.approx(1.807, abs=5e-4)
    thin = Concentrated(1.0, (LiquidityRange(1e4, 0.5, 2.0),))
    cost = least(TwapPoolCost("pool", thin, "geometric", window).move(factor)).cost
    assert cost.blocks == 1
    assert cost.capital == pytest.approx(1e4 * (sqrt(2) - 1))


def test_a_streak_of_blocks_is_cheaper_than_arbitrage() -> None:
    pool = ConstantProduct(1e6, 0.003)
    alone = TwapPoolCost("pool", pool, "geometric", 150, streak=4)
    against = TwapPoolCost("pool", pool, "geometric", 150)
    answer = solve(alone.move(1.2))
    assert answer is not None
    assert answer.loss < least(against.move(1.2)).cost.loss
    assert "4 blocks in a row" in answer.bought[0].cost.needs[0]


def test_an_unreachable_fall_of_an_arithmetic_mean_takes_more_blocks() -> None:
    cost = least(TwapPoolCost("pool", ConstantProduct(1e6), "arithmetic", 10).move(0.45)).cost
    assert cost.blocks >= 6  # five blocks at a price of zero move the mean by a half


def test_spot_in_one_transaction_costs_fees_only() -> None:
    pool = ConstantProduct(1e6, 0.003)
    once = bought(SpotPoolCost("pool", pool).move(2)).cost
    standing = bought(SpotPoolCost("pool", pool, same_transaction=False).move(2)).cost
    assert once.loss < standing.loss / 50
    assert once.capital == standing.capital
    assert "flash loan" in once.needs[0]
    assert SpotPoolCost("pool", pool).move(1) == FREE


def test_a_group_buys_each_pool_at_its_own_multiple() -> None:
    group = PoolGroup((10e6, 5e6, 1e6), aggregation="mean")
    answer = solve(PoolGroupCost(("a", "b", "c"), group).move(10))
    assert answer is not None
    assert answer.loss == pytest.approx(group.loss(10))
    assert answer.capital == pytest.approx(group.capital(10))
    assert len(answer.bought) == 3


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(1, 100), st.integers(1, 9)), min_size=1, max_size=5), st.floats(1.05, 40))
def test_the_mean_of_pools_is_moved_no_dearer_than_by_any_simple_way(
    pools: list[tuple[float, int]], factor: float
) -> None:
    depths = tuple(depth for depth, _ in pools)
    group = PoolGroup(depths, tuple(float(weight) for _, weight in pools), "mean")
    multiples = group.multiples(factor)
    assert sum(w * t for w, t in zip(group.shares(), multiples, strict=True)) == pytest.approx(
        factor, rel=1e-6
    )
    together = PoolGroup(depths, arbitrage_between=True).loss(factor)
    alone = [
        PoolGroup((depth,)).loss(1 + (factor - 1) / share)
        for depth, share in zip(depths, group.shares(), strict=True)
    ]
    assert group.loss(factor) <= min(together, *alone) * (1 + 1e-7)


INDEX = tuple(
    IndexVenue(name, weight, 1e6) for name, weight in zip("ABCDEFG", (3, 2, 2, 1, 1, 1, 1), strict=True)
)


@pytest.mark.parametrize(("removed", "needed"), [((), 3), (("A",), 2), (("G",), 2), (("B", "C", "G"), 1)])
def test_weights_of_an_index_decide_how_many_venues_fall(removed: tuple[str, ...], needed: int) -> None:
    # Weights 3, 2, 2, 1, 1, 1, 1: three of seven hold half, two once any one is gone.
    index = ExchangeIndexCost(tuple(v for v in INDEX if v.upstream not in removed))
    answer = solve(index.move(1.1))
    assert answer is not None
    assert len(answer.bought) == needed


@given(st.floats(1.001, 1.3))
def test_a_mean_index_is_moved_where_weight_is_cheap(factor: float) -> None:
    venues = (IndexVenue("deep", 1, 9e6), IndexVenue("thin", 1, 1e6))
    moves = {
        b.upstream: b.cost.loss
        for b in inside(ExchangeIndexCost(venues, "mean").move(factor))
        if isinstance(b, Buy)
    }
    # Least of depth * e**2 / 2 with the weighted mean of e fixed: e is as 1 / depth.
    assert moves["thin"] == pytest.approx(9 * moves["deep"])
    e = factor - 1
    assert sum(moves.values()) == pytest.approx(e**2 / 2 / (0.25 / 9e6 + 0.25 / 1e6))


def test_a_clamp_takes_more_venues_or_all() -> None:
    venues = tuple(IndexVenue(str(n), 1, 1e6 * (n + 1)) for n in range(4))
    free = solve(ExchangeIndexCost(venues, "mean").move(1.05))
    clamped = solve(ExchangeIndexCost(venues, "mean", clamp=0.06).move(1.05))
    assert free is not None
    assert clamped is not None
    assert clamped.loss > free.loss
    assert solve(ExchangeIndexCost(venues, "mean", clamp=0.04).move(1.05)) is None
    assert ExchangeIndexCost(venues, "mean", clamp=inf).move(1.0) == FREE


def test_holds_counts_weights() -> None:
    a, b = (bought(SpotPoolCost(n, ConstantProduct(1.0)).move(2)) for n in "ab")
    formula = AtLeast(3, ((2, a), (1, b)))
    assert holds(formula, frozenset({a, b}))
    assert not holds(formula, frozenset({a}))
