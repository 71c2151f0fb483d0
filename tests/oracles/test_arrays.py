"""Array forms against the exact graph, and the fast weighted median against the straight one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.array_rules import MIXED, NO_TIME, supported_kinds
from oracles.arrays import RELATIVE_BOUND, Panel, evaluate_arrays
from oracles.guards import Bounds, DeviationLimit, MinimumSources, Positive, RateOfChange, Staleness
from oracles.medians import weighted_median_source
from oracles.node import Node, Sample, View, read, walk
from oracles.reducers import Cross, Estimator, FirstOf, Latest, Median, Product, Quotient, WeightedMedian
from oracles.sources.connect import ConnectMedian
from oracles.sources.constant import Constant
from oracles.sources.feed import FeedSample
from oracles.weighted_median import NO_SOURCE, weighted_median, weighted_median_straight
from protocol.errors import UnknownNameError

NOW = 1_800_000_000
LEAVES = tuple(FeedSample(name) for name in "abcde")
few = settings(max_examples=40, deadline=None)

GRAPHS: dict[str, Node] = {
    "lower": Median("lower", 2, parents=LEAVES),
    "upper": Median("upper", 1, parents=LEAVES),
    "mean-down": Median("mean-down", 1, parents=LEAVES),
    "weighted": WeightedMedian((3, 2, 2, 1, 1), 3, parents=LEAVES),
    "weighted by fractions of a stake": WeightedMedian((10**9, 7, 20, 3, 10**9 + 1), parents=LEAVES),
    "mean": Estimator("mean", parents=LEAVES),
    "trimmed": Estimator("trimmed-mean", minimum_sources=2, parents=LEAVES),
    "winsorised": Estimator("winsorised-mean", parents=LEAVES),
    "minimum": Estimator("minimum", parents=LEAVES),
    "maximum": Estimator("maximum", parents=LEAVES),
    "latest": Latest(parents=LEAVES),
    "first": FirstOf(parents=LEAVES),
    "product": Product(parents=LEAVES[:3]),
    "quotient": Quotient(parents=LEAVES[:2]),
    "cross": Cross(parents=(LEAVES[2], LEAVES[3])),
    "constant": Product(parents=(Constant("two", 2 * 10**18), LEAVES[0])),
    "staleness": Staleness(50, parents=(LEAVES[0],)),
    "positive": Positive(parents=(LEAVES[0],)),
    "bounds": Bounds(Fraction(50), Fraction(150), parents=(LEAVES[0],)),
    "clamp": Bounds(Fraction(50), Fraction(150), "clamp", parents=(LEAVES[0],)),
    "deviation": DeviationLimit(Fraction(1, 3), parents=LEAVES[:2]),
    "deviation to the second": DeviationLimit(Fraction(1, 3), "second", parents=LEAVES[:3]),
    "rate": RateOfChange(Fraction(1, 997), Fraction(1, 7), parents=LEAVES[:2]),
    "sources": MinimumSources(2, ("x", "x", "y", "z"), parents=LEAVES),
    "fallback": FirstOf(
        parents=(
            DeviationLimit(
                Fraction(1, 3),
                parents=(
                    Median("lower", 3, parents=tuple(Staleness(60, parents=(leaf,)) for leaf in LEAVES)),
                    Staleness(30, parents=(LEAVES[0],)),
                ),
            ),
            Estimator("minimum", parents=LEAVES),
        )
    ),
}

# Whole cents: exact as integers with 8 decimals, inexact as doubles.
CENTS = st.integers(1, 30_000)
QUOTE = st.one_of(st.none(), st.tuples(CENTS, st.integers(0, 100)))
TICKS = st.lists(st.lists(QUOTE, min_size=5, max_size=5), min_size=1, max_size=6)


def panel_of(ticks: list[list[tuple[int, int] | None]]) -> Panel:
    prices = np.array([[np.nan if q is None else q[0] / 100 for q in row] for row in ticks])
    times = np.array([[NO_TIME if q is None else NOW - q[1] for q in row] for row in ticks])
    return Panel(LEAVES, prices, times, np.full(len(ticks), NOW))


def view_of(row: list[tuple[int, int] | None]) -> View:
    feeds = {
        name: (Sample(NOW - quote[1], quote[0] * 10**6, 8),)
        for name, quote in zip("abcde", row, strict=True)
        if quote is not None
    }
    return View(NOW, feeds=feeds)


@pytest.mark.parametrize("name", sorted(GRAPHS))
@few
@given(ticks=TICKS)
def test_arrays_say_what_the_exact_graph_says(name: str, ticks: list[list[tuple[int, int] | None]]) -> None:
    node = GRAPHS[name]
    got = evaluate_arrays(node, panel_of(ticks))
    steps = len(list(walk(node)))
    for tick, row in enumerate(ticks):
        want = read(node, view_of(row))
        assert want.ok == (not np.isnan(got.value[tick])), (want, row)
        if not want.ok:
            continue
        allowed = Fraction(RELATIVE_BOUND) * abs(want.price) + Fraction(steps, 10**want.decimals)
        assert abs(Fraction(float(got.value[tick])) - want.price) <= allowed
        assert got.time[tick] == (NO_TIME if want.publish_time is None else want.publish_time)
        leaf = got.leaf[tick]
        if leaf != MIXED and name != "clamp":
            quote = row[leaf]
            assert quote is not None
            assert quote[0] / 100 == got.value[tick]


SELECTING = ("lower", "upper", "weighted", "latest", "first", "staleness", "deviation", "fallback")


@pytest.mark.parametrize("name", SELECTING)
def test_selections_keep_where_they_came_from(name: str) -> None:
    ticks: list[list[tuple[int, int] | None]] = [[(100 + k, k) for k in range(5)]]
    assert evaluate_arrays(GRAPHS[name], panel_of(ticks)).leaf[0] != MIXED


@pytest.mark.parametrize("memory", [1, 2_000, 10**9])
def test_chunks_change_nothing(memory: int) -> None:
    draw = np.random.default_rng(7)
    prices = draw.uniform(50, 150, (1000, 5))
    prices[draw.random((1000, 5)) < 0.2] = np.nan
    panel = Panel(LEAVES, prices, NOW - draw.integers(0, 99, (1000, 5)), np.full(1000, NOW))
    whole, parts = (
        evaluate_arrays(GRAPHS["fallback"], panel),
        evaluate_arrays(GRAPHS["fallback"], panel, memory),
    )
    for one, other in (
        (whole.value, parts.value),
        (whole.time, parts.time),
        (whole.leaf, parts.leaf),
    ):
        np.testing.assert_array_equal(one, other)


def test_nodes_without_an_array_form_are_named() -> None:
    with pytest.raises(UnknownNameError, match="connect-median"):
        evaluate_arrays(ConnectMedian(parents=LEAVES), panel_of([[None] * 5]))
    assert "median" in supported_kinds()
    with pytest.raises(UnknownNameError, match="huber"):
        evaluate_arrays(Estimator("huber", parents=LEAVES), panel_of([[None] * 5]))


def test_a_given_node_hides_its_parents() -> None:
    median = ConnectMedian(parents=LEAVES)
    panel = Panel((median,), np.array([[7.0]]), np.array([[NOW]]), np.array([NOW]))
    assert evaluate_arrays(Positive(parents=(median,)), panel).value[0] == 7


def test_a_panel_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        Panel(LEAVES, np.ones((2, 4)), np.ones((2, 5), np.int64), np.ones(2, np.int64))


# The fast weighted median


def same(prices: np.ndarray, weights: np.ndarray) -> None:
    want = weighted_median_straight(prices, weights)
    rows = np.arange(len(prices))
    for compiled in (False, True):
        values, sources = weighted_median(prices, weights, compiled=compiled)
        np.testing.assert_array_equal(sources, want)
        np.testing.assert_array_equal(values[want >= 0], prices[rows, want][want >= 0])
        assert np.isnan(values[want < 0]).all()


@st.composite
def hard_rows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Rows that pack badly: ties, neighbours one bit apart, outliers, missing and negative quotes."""
    count = draw(st.integers(1, 33))
    seed = draw(st.integers(0, 2**32))
    random = np.random.default_rng(seed)
    spread = draw(st.sampled_from([0.0, 2.0**-52, 1e-9, 1e-3, 1.0, 1e6]))
    rows = 10 ** random.uniform(-9, 9, (40, 1)) * (1 + spread * random.standard_normal((40, count)))
    for share, value in ((0.1, np.nan), (0.05, 0.0), (0.05, -1.0), (0.05, 1e300), (0.03, np.inf)):
        if draw(st.booleans()):
            rows[random.random(rows.shape) < share] = value
    weights = random.integers(0, draw(st.sampled_from([2, 8, 16, 1000])), count).astype(float)
    return rows, weights


@settings(max_examples=150, deadline=None)
@given(hard_rows())
def test_fast_median_gives_the_straight_source(case: tuple[np.ndarray, np.ndarray]) -> None:
    same(*case)


def test_straight_median_is_the_exact_rule() -> None:
    random = np.random.default_rng(3)
    prices = random.integers(1, 50, (300, 7)).astype(float)
    weights = random.integers(0, 4, 7)
    straight = weighted_median_straight(prices, weights.astype(float))
    for row, source in zip(prices, straight, strict=True):
        pairs = [(int(price), int(weight)) for price, weight in zip(row, weights, strict=True)]
        assert weighted_median_source(pairs) == source


def test_blocks_of_any_length() -> None:
    random = np.random.default_rng(4)
    weights = random.integers(1, 9, 31).astype(float)
    for rows in (1, 1023, 1024, 1025, 3000):
        same(random.uniform(90, 110, (rows, 31)), weights)
    values, sources = weighted_median(random.uniform(1, 2, (3, 4, 31)), weights)
    assert values.shape == sources.shape == (3, 4)


@pytest.mark.parametrize(("ticks", "feeds"), [(40, 64), (17, 1500), (1, 200), (3, 63)])
def test_ticks_of_feeds_that_jump_and_vanish(ticks: int, feeds: int) -> None:
    random = np.random.default_rng(feeds)
    weights = random.integers(0, 9, 31).astype(float)
    # Levels wander by a per cent a tick, so that the shared nearby price is often left behind.
    level = 10 ** random.uniform(-3, 4, (1, feeds, 1)) * np.exp(
        np.cumsum(random.normal(0, 0.01, (ticks, feeds, 1)), axis=0)
    )
    prices = level * np.exp(random.normal(0, 0.001, (ticks, feeds, 31)))
    prices[random.random(prices.shape) < 0.01] = np.nan
    prices[random.random(prices.shape) < 0.01] = -5.0
    want = weighted_median_straight(prices.reshape(-1, 31), weights)
    np.testing.assert_array_equal(weighted_median(prices, weights, compiled=True)[1].reshape(-1), want)
    values, sources = weighted_median(prices, weights, compiled=False)
    np.testing.assert_array_equal(sources.reshape(-1), want)
    np.testing.assert_array_equal(values.reshape(-1), prices.reshape(-1, 31)[np.arange(len(want)), want])


def test_no_quote_has_no_median() -> None:
    values, sources = weighted_median(np.full((2, 31), np.nan), np.ones(31))
    assert (sources == NO_SOURCE).all()
    assert np.isnan(values).all()


@pytest.mark.parametrize("count", range(1, 33))
def test_the_network_sorts(count: int) -> None:
    """A network that sorts every row of zeros and ones sorts everything; beyond 12 inputs a sample."""
    from oracles.kernels import network

    if count <= 12:
        rows = (np.arange(1 << count)[:, None] >> np.arange(count)) & 1
    else:
        rows = np.random.default_rng(count).integers(0, 2, (20_000, count))
    for low, high in network(count):
        one, other = rows[:, low].copy(), rows[:, high].copy()
        rows[:, low], rows[:, high] = np.minimum(one, other), np.maximum(one, other)
    assert (np.diff(rows, axis=1) >= 0).all()
