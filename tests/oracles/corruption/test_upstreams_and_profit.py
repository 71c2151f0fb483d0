"""Common causes, and the supremum over the distortion."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles.corruption.formula import Cost
from oracles.corruption.models import Fixed, Incorruptible, Through
from oracles.corruption.pools.constant_product import ConstantProduct
from oracles.corruption.pools.curve import loss_if_arbitraged
from oracles.corruption.profit import ForcedLiquidations, OpenInterest, Overborrow, supremum
from oracles.corruption.upstreams import independence, influence, upstream_key
from oracles.guards import Staleness
from oracles.reducers import FirstOf, Median
from oracles.sources.constant import Constant
from oracles.sources.feed import FeedSample

A, B, C = (FeedSample(name) for name in "abc")


def fixed(name: str) -> Fixed:
    return Fixed(name, Cost(10, 10))


def test_two_sources_of_one_vendor_are_one() -> None:
    models = {
        A.id: Through(fixed("a"), (fixed("vendor"),)),
        B.id: Through(fixed("b"), (fixed("vendor"),)),
        C.id: fixed("c"),
    }
    found = independence(Median(parents=(A, B, C)), models)
    assert found.sources == (A.id, B.id, C.id)
    assert found.groups == ((A.id, B.id), (C.id,))
    assert [(s.upstream, s.sources) for s in found.shared] == [("vendor", (A.id, B.id))]
    assert found.bottlenecks == ()


def test_a_chain_of_common_upstreams_ties_all() -> None:
    models = {
        A.id: Through(fixed("a"), (fixed("x"),)),
        B.id: Through(fixed("x"), (fixed("y"),)),
        C.id: fixed("y"),
    }
    assert len(independence(Median(parents=(A, B, C)), models).groups) == 1


def test_a_node_that_all_pass_is_a_bottleneck() -> None:
    guard = Staleness(60, parents=(Median(parents=(A, B)),))
    found = independence(FirstOf(parents=(guard,)), {A.id: fixed("a"), B.id: fixed("b")})
    assert found.bottlenecks == (guard.parents[0].id, guard.id)
    single = independence(FirstOf(parents=(A,)), {A.id: fixed("a")})
    assert single.bottlenecks == (upstream_key("a"), A.id)


def test_a_constant_is_no_source_to_corrupt() -> None:
    peg = Constant("peg", 1)
    found = independence(Median(parents=(A, peg)), {A.id: fixed("a"), peg.id: Incorruptible()})
    assert found.sources == (A.id,)
    graph = influence(Median(parents=(A, peg)), {A.id: fixed("a"), peg.id: Incorruptible()})
    assert graph.nodes[upstream_key("a")]["role"] == "upstream"
    assert sorted(role for _, role in graph.nodes(data="role")) == ["output", "source", "source", "upstream"]


def grid(low: float, high: float, points: int = 60) -> list[float]:
    return [low * (high / low) ** (k / points) for k in range(points + 1)]


@given(st.floats(1e5, 1e8), st.floats(1e5, 1e8))
def test_the_supremum_beats_every_point_of_a_fine_grid(depth: float, notional: float) -> None:
    pool = ConstantProduct(depth)
    profit = OpenInterest(notional, withdrawable=3 * notional)

    def cost(r: float) -> float:
        return loss_if_arbitraged(pool, r)

    best = supremum(profit, cost, grid(1.001, 50))
    finest = max(profit(r) - cost(r) for r in grid(1.001, 50, 3_000))
    assert best.gain >= finest - 2e-3 * abs(finest) - 1e-6


def test_one_point_would_have_called_it_safe() -> None:
    # Lending at 75 %: below x1.33 no profit at all, at x1.4 still a loss, at x3 a gain.
    pool, profit = ConstantProduct(1e6), Overborrow(0.75, lendable=5e6, collateral=4e5)
    costs = {r: loss_if_arbitraged(pool, r) for r in (1.2, 1.4, 3.0)}
    assert profit(1.2) == 0
    assert profit(1.4) < costs[1.4]
    assert supremum(profit, lambda r: loss_if_arbitraged(pool, r), grid(1.01, 30)).gain > 0


def test_a_distortion_that_cannot_be_reached_is_not_the_supremum() -> None:
    best = supremum(OpenInterest(100), lambda r: 1.0 if r < 2 else inf, grid(1.1, 10))
    assert best.factor < 2
    assert best.gain == pytest.approx(99, rel=1e-2)
    nothing = supremum(OpenInterest(100), lambda _: inf, grid(1.1, 10))
    assert nothing.gain == -inf


@given(st.floats(1.0, 20), st.floats(1e3, 1e7), st.floats(0.3, 0.95))
def test_overborrowing_is_the_best_over_the_collateral(factor: float, lendable: float, ltv: float) -> None:
    got = Overborrow(ltv, lendable)(factor)
    tried = max(min(lendable, ltv * factor * c) - c for c in grid(lendable / 1e4, lendable * 10, 400))
    assert got >= tried - 1e-6 * lendable
    assert got == pytest.approx(max(tried, 0.0), abs=0.02 * lendable)


def test_forced_liquidations_add_up() -> None:
    profit = ForcedLiquidations(((0.9, 1_000), (0.8, 2_000), (1.2, 500)), 0.1)
    assert [profit(r) for r in (1.0, 0.9, 0.75, 1.3)] == [0, 100, 300, 50]
