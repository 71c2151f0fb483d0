"""Signers, publishers and the free move of a minority."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oracles.corruption.committees import (
    MedianRule,
    Member,
    PublisherVotes,
    SignedMedian,
    reports_needed,
)
from oracles.corruption.formula import Cost, Formula
from oracles.corruption.free_move import free_moves, order_statistics
from oracles.corruption.publishers import reachable
from oracles.corruption.solve import solve
from oracles.node import Sample, View
from oracles.reducers import EvenRule, Median, median_down
from oracles.sources.feed import FeedSample
from oracles.sources.pyth_aggregate import TRADING, PublisherQuote

ONE = 10**18


def members(count: int, reports: tuple[float, ...] | None = None) -> tuple[Member, ...]:
    return tuple(
        Member(f"key {n}", Cost(n + 1, 0), Cost(1, 0), reports[n] if reports else 1.0) for n in range(count)
    )


def bought(formula: Formula) -> int:
    answer = solve(formula)
    assert answer is not None
    return len(answer.bought)


@pytest.mark.parametrize("count", range(1, 14))
def test_formula_sheet_7_upper_median_of_signed_reports(count: int) -> None:
    feed = SignedMedian(members(count))
    assert bought(feed.move(1.5)) == count - count // 2
    assert bought(feed.move(0.5)) == count // 2 + 1


@pytest.mark.parametrize("bar", [3, 5, 13, 21])
def test_formula_sheet_8_quorum_median(bar: int) -> None:
    feed = SignedMedian(members(bar + 8), quorum=bar, sender_chooses=True)
    assert bought(feed.move(1.5)) == (bar + 1) // 2
    assert bought(feed.move(0.5)) == (bar + 1) // 2
    assert bought(feed.quiet(3600)) == 9


# Publishers to corrupt for the price and for the confidence, measured on the compiled pyth-client.
PYTH = {
    2: (1, 1), 3: (2, 1), 4: (2, 2), 5: (3, 2), 6: (3, 2), 7: (4, 2), 8: (4, 3), 9: (5, 3), 10: (5, 3),
    11: (6, 3), 12: (6, 4), 13: (7, 4), 16: (8, 5), 21: (11, 6), 32: (16, 9),
}  # fmt: skip


@pytest.mark.parametrize("count", sorted(PYTH))
def test_formula_sheet_9_pyth_needs_half_for_the_price_and_a_quarter_for_the_confidence(count: int) -> None:
    feed = PublisherVotes(members(count), confidence_refuses=True)
    price, confidence = PYTH[count]
    assert bought(feed.move(2)) == price
    assert bought(feed.refuse()) == confidence
    assert solve(PublisherVotes(members(count)).refuse()) is None


@pytest.mark.parametrize("count", [n for n in sorted(PYTH) if n <= 9])
def test_the_aggregate_itself_breaks_at_these_counts(count: int) -> None:
    quotes = [PublisherQuote(1_000_000 + 10 * n, 100, TRADING, 7) for n in range(count)]
    far = 10**12
    price, confidence = PYTH[count]
    assert reachable(quotes, price, far).price[1] > far // 4
    assert reachable(quotes, price - 1, far).price[1] <= 1_000_000 + 10 * count + 100
    assert reachable(quotes, confidence, far).confidence > far // 4
    assert reachable(quotes, confidence - 1, far).confidence < 1_000


RULES: dict[MedianRule, EvenRule] = {"lower": "lower", "upper": "upper", "mean": "mean-down"}


@given(
    st.lists(st.integers(50, 150).map(lambda v: 2 * v), min_size=1, max_size=6),
    st.sampled_from(["lower", "upper", "mean"]),
    st.data(),
)
def test_a_minority_moves_exactly_between_order_statistics(
    reports: list[int], rule: MedianRule, data: st.DataObject
) -> None:
    count = len(reports)
    needed = min(reports_needed(count, rule, upward=up) for up in (True, False))
    corrupt = data.draw(st.integers(0, needed - 1))
    reached = [
        median_down([*(r for n, r in enumerate(reports) if n not in chosen), *lies], RULES[rule])
        for chosen in combinations(range(count), corrupt)
        for lies in product((0, 10**6), repeat=corrupt)
    ]
    low, high = order_statistics([Fraction(r) for r in sorted(reports)], corrupt, rule)
    assert (min(reached), max(reached)) == (low, high)
    assert min(reports) <= low <= high <= max(reports)


@given(
    st.lists(st.integers(90, 110), min_size=1, max_size=6),
    st.sampled_from(["lower", "upper", "mean"]),
    st.integers(80, 120),
)
@example(reports=[94, 104, 104, 104], rule="mean", value=99)  # meets the value exactly, but for rounding
def test_the_committee_is_bought_as_small_as_trying_all_says(
    reports: list[int], rule: MedianRule, value: int
) -> None:
    count = len(reports)
    honest = Fraction(median_down([2 * r for r in reports], RULES[rule]), 2)
    if honest == value:
        return
    up = value > honest
    parts = members(count, tuple(float(r / honest) for r in reports))
    answer = solve(SignedMedian(parts, rule).move(float(value / honest)))
    assert answer is not None
    far = 10**6 if up else -(10**6)
    least = min(
        sum(n + 1 for n in chosen)
        for size in range(count + 1)
        for chosen in combinations(range(count), size)
        if (
            median_down([far if n in chosen else 2 * r for n, r in enumerate(reports)], RULES[rule])
            >= 2 * value
        )
        == up
        or median_down([far if n in chosen else 2 * r for n, r in enumerate(reports)], RULES[rule])
        == 2 * value
    )
    assert answer.loss == least


def test_free_moves_of_a_graph() -> None:
    names = ("a", "b", "c", "d", "e")
    view = View(1000, feeds={n: (Sample(1000, (100 + k) * ONE),) for k, n in enumerate(names)})
    moves = free_moves(Median(parents=tuple(FeedSample(n) for n in names)), view)
    assert [(m.corrupt, m.low, m.high) for m in moves] == [(0, 102, 102), (1, 101, 103), (2, 100, 104)]
    assert {(m.needed_up, m.needed_down) for m in moves} == {(3, 3)}
    assert free_moves(Median(minimum_sources=6, parents=(FeedSample("a"),)), view) == ()
