"""Breakdown points, found by search on the estimators, against theory and against published measurements."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import combinations

import pytest

from oracles.breakdown import breakdown_count, controlling_sets, corrupting_set
from oracles.medians import EvenRule, median, weighted_median_band, weighted_median_lower
from oracles.node import Node, Sample, View, read
from oracles.reducers import Estimator, FirstOf, Median
from oracles.robust import (
    hodges_lehmann_down,
    huber_down,
    mean_down,
    trimmed_mean_down,
    winsorised_mean_down,
)
from oracles.sources.connect import ConnectMedian
from oracles.sources.exchange_index import ExchangeIndex
from oracles.sources.feed import FeedSample
from oracles.sources.hyperliquid import VENUE_WEIGHTS
from oracles.sources.pyth_aggregate import PublisherQuote, aggregate
from oracles.sources.synthetix import SynthetixReducer

HONEST = [1_000_000 + step for step in range(40)]


def honest(count: int) -> list[int]:
    return HONEST[:count]


@pytest.mark.parametrize("count", range(1, 32))
def test_mean_minimum_and_maximum_fall_to_one_source(count: int) -> None:
    assert breakdown_count(mean_down, honest(count)) == 1
    assert breakdown_count(min, honest(count), "down") == 1
    assert breakdown_count(max, honest(count), "up") == 1
    # Worst-of in the other direction needs everybody.
    assert breakdown_count(min, honest(count), "up") == count


@pytest.mark.parametrize("count", range(1, 32))
def test_median_directions_by_even_rule(count: int) -> None:
    half = count // 2
    up, down = {}, {}
    rules: tuple[EvenRule, ...] = ("lower", "upper", "mean-down", "mean-to-zero", "mean-from-zero")
    for rule in rules:
        estimate = partial(median, even=rule)
        up[rule] = breakdown_count(estimate, honest(count), "up")
        down[rule] = breakdown_count(estimate, honest(count), "down")
    odd = half + 1
    if count % 2:
        assert set(up.values()) == set(down.values()) == {odd}
    else:
        assert up == {"lower": half + 1, **{rule: half for rule in rules if rule != "lower"}}
        assert down == {"upper": half + 1, **{rule: half for rule in rules if rule != "upper"}}


@pytest.mark.parametrize("count", range(4, 32))
@pytest.mark.parametrize("share", [Fraction(1, 10), Fraction(1, 4), Fraction(2, 5)])
def test_trimmed_and_winsorised_means_break_one_past_their_cut(count: int, share: Fraction) -> None:
    cut = int(share * count)
    for estimate in (trimmed_mean_down, winsorised_mean_down):
        assert breakdown_count(partial(estimate, fraction=share), honest(count)) == cut + 1


@pytest.mark.parametrize("count", range(3, 32))
def test_huber_with_a_mad_scale_holds_to_one_half(count: int) -> None:
    assert breakdown_count(huber_down, honest(count)) == (count + 1) // 2


@pytest.mark.parametrize("count", range(3, 32))
def test_hodges_lehmann_holds_to_29_per_cent(count: int) -> None:
    # Untouched pairs must be the majority of all pairs: (n-m)(n-m+1)/2 of n(n+1)/2.
    pairs = count * (count + 1) // 2
    needed = next(m for m in range(1, count + 1) if (count - m) * (count - m + 1) // 2 <= pairs // 2)
    found = breakdown_count(hodges_lehmann_down, honest(count))
    assert found is not None
    assert abs(found - needed) <= 1
    assert abs(found / count - 0.293) < 1.2 / count


# Publishers to corrupt to move (price, confidence) without bound: measured on the compiled program.
PYTH_MEASURED = {
    1: (1, None),
    2: (1, 1),
    3: (2, 1),
    4: (2, 2),
    5: (3, 2),
    6: (3, 2),
    7: (4, 2),
    8: (4, 3),
    9: (5, 3),
    10: (5, 3),
    11: (6, 3),
    12: (6, 4),
    13: (7, 4),
    16: (8, 5),
    21: (11, 6),
    32: (16, 9),
}


def pyth(part: str) -> Callable[[list[int]], int]:
    def estimate(values: list[int]) -> int:
        quotes = [PublisherQuote(value // 10**6, 1, 1, 1) for value in values]
        result = aggregate(1, 0, 0, quotes)
        figure = result.price if part == "price" else result.confidence
        assert figure is not None
        return figure * 10**6

    return estimate


@pytest.mark.parametrize("count", sorted(PYTH_MEASURED))
def test_pyth_confidence_breaks_at_a_quarter_price_at_half(count: int) -> None:
    quotes = [10**12 + step * 10**6 for step in range(count)]
    price, confidence = PYTH_MEASURED[count]
    assert breakdown_count(pyth("price"), quotes, "up") == price
    if confidence is not None:
        assert breakdown_count(pyth("confidence"), quotes, "up") == confidence


def weighted(weights: tuple[int, ...]) -> Callable[[list[int]], int]:
    return lambda values: weighted_median_lower(list(zip(values, weights, strict=True)))


# Corrupted venues needed to own half of the weight, over all subsets of the seven external venues:
# {venues listed: {needed: how many subsets}}.
HYPERLIQUID_COUNTED = {
    7: {3: 1},
    6: {2: 7},
    5: {2: 21},
    4: {2: 31, 1: 4},
    3: {2: 9, 1: 26},
    2: {1: 21},
}


@pytest.mark.parametrize("listed", sorted(HYPERLIQUID_COUNTED))
def test_hyperliquid_venue_weights_are_weaker_than_they_look(listed: int) -> None:
    venues = [weight for venue, weight in VENUE_WEIGHTS.items() if venue != "Hyperliquid"]
    counted: dict[int, int] = {}
    for weights in combinations(venues, listed):
        needed = len(controlling_sets(weights)[0])
        counted[needed] = counted.get(needed, 0) + 1
        # Owning half suffices to lower the lower weighted median, and is needed.
        assert breakdown_count(weighted(weights), honest(listed), "down", symmetric=False) == needed
    assert counted == HYPERLIQUID_COUNTED[listed]


def through(node_of: Callable[[tuple[Node, ...]], Node], count: int) -> Callable[[list[int]], int]:
    """Return the node as a function of what its parents say."""
    names = [f"source {index}" for index in range(count)]
    node = node_of(tuple(FeedSample(name) for name in names))

    def estimate(values: list[int]) -> int:
        view = View(100, feeds={name: (Sample(99, v, 0),) for name, v in zip(names, values, strict=True)})
        reading = read(node, view)
        assert reading.ok, reading.refusal
        return int(reading.price)

    return estimate


NODES: dict[str, tuple[Callable[[tuple[Node, ...]], Node], Callable[[int], int], Callable[[int], int]]] = {
    "median lower": (lambda p: Median("lower", parents=p), lambda n: n // 2 + 1, lambda n: (n + 1) // 2),
    "median upper": (lambda p: Median("upper", parents=p), lambda n: (n + 1) // 2, lambda n: n // 2 + 1),
    "median mean": (lambda p: Median("mean-down", parents=p), lambda n: (n + 1) // 2, lambda n: (n + 1) // 2),
    "mean": (lambda p: Estimator("mean", parents=p), lambda n: 1, lambda n: 1),
    "trimmed mean": (
        lambda p: Estimator("trimmed-mean", parents=p),
        lambda n: n // 4 + 1,
        lambda n: n // 4 + 1,
    ),
    "winsorised mean": (
        lambda p: Estimator("winsorised-mean", parents=p),
        lambda n: n // 4 + 1,
        lambda n: n // 4 + 1,
    ),
    "huber": (lambda p: Estimator("huber", parents=p), lambda n: (n + 1) // 2, lambda n: (n + 1) // 2),
    "minimum": (lambda p: Estimator("minimum", parents=p), lambda n: n, lambda n: 1),
    "maximum": (lambda p: Estimator("maximum", parents=p), lambda n: 1, lambda n: n),
    "first of": (lambda p: FirstOf(parents=p), lambda n: 1, lambda n: 1),
    "connect": (lambda p: ConnectMedian(1, 0, parents=p), lambda n: (n + 1) // 2, lambda n: (n + 1) // 2),
    "synthetix median": (
        lambda p: SynthetixReducer("MEDIAN", parents=p),
        lambda n: (n + 1) // 2,
        lambda n: (n + 1) // 2,
    ),
    "synthetix mean": (lambda p: SynthetixReducer("MEAN", parents=p), lambda n: 1, lambda n: 1),
    "clamped index": (
        lambda p: ExchangeIndex((1,) * len(p), parents=p),
        lambda n: (n + 1) // 2,
        lambda n: (n + 1) // 2,
    ),
}


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("name", sorted(NODES))
def test_breakdown_of_every_reducing_node(name: str, count: int) -> None:
    build, up, down = NODES[name]
    estimate = through(build, count)
    # No symmetry is assumed: the first-of rule and Synthetix' sort look at the order.
    assert breakdown_count(estimate, honest(count), "up", symmetric=False) == up(count)
    assert breakdown_count(estimate, honest(count), "down", symmetric=False) == down(count)


def test_the_search_names_the_set() -> None:
    assert corrupting_set(weighted((1, 1, 5, 1)), honest(4), "down") == (2,)
    assert corrupting_set(lambda values: 7, honest(4)) is None


def test_a_fresh_band_minority_outweighs_the_majority() -> None:
    """One fresh validator of 5,000 in 17,000 (published case 3): under a third of the power breaks it."""
    powers, times = (5000, 4000, 4000, 4000), (1, 0, 0, 0)

    def estimate(values: list[int]) -> int:
        return weighted_median_band(list(zip(powers, values, times, strict=True)))

    assert corrupting_set(estimate, honest(4), "down") == (0,)
