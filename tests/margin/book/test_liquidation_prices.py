"""Liquidation prices, and the index of one moving price: equal to marking everybody at every step."""

from __future__ import annotations

import numpy as np
import pytest

from protocol.errors import BookError
from protocol.margin.book.book import Book
from protocol.margin.book.decision import Marker
from protocol.margin.book.linear import Weights
from protocol.margin.book.liquidation_price import Line, ThresholdIndex, liquidation_points
from random_books import ArrayCase, array_case

ACCOUNTS = 3000


def one_price(case: ArrayCase, number: int) -> Line:
    """Return the line on which the price of asset and instrument ``number`` moves."""
    moving = np.zeros(len(case.prices), dtype=np.bool_)
    moving[[number, case.book.assets + number]] = True
    return Line.of_price(case.prices, moving)


def test_prices_worked_by_hand(fast: bool) -> None:
    # Long 10 at 100 with 200 of cash, 10 % maintenance: 200 + 10 p - 1000 = p  ->  p = 800 / 9.
    # Short 10: 200 - 10 p + 1000 = p  ->  p = 1200 / 11. No position: never.
    book = Book.of(
        1, [[200.0], [200.0], [200.0]], [0, 1, 2, 2], [0, 0], [10.0, -10.0], [1000.0, -1000.0, 0.0]
    )
    weights, marker = Weights.from_haircuts([0.0], [0.1]), Marker(book, fast)
    points, side = liquidation_points(marker, weights, Line.of_price([1.0, 100.0], [False, True]))
    assert points[:2] == pytest.approx([800 / 9, 1200 / 11], rel=1e-15)
    assert np.isnan(points[2])
    assert side.tolist() == [-1, 1, 0]
    along, _ = liquidation_points(marker, weights, Line.of_shock([1.0, 100.0], [0.0, -1.0]))
    assert along[:2] == pytest.approx([1 - 8 / 9, 1 - 12 / 11], rel=1e-14)


@pytest.mark.parametrize("direction", ["price", "together"])
def test_every_account_fails_on_its_side_of_its_point_only(direction: str, fast: bool) -> None:
    case = array_case(1, ACCOUNTS)
    shares = np.where(case.still, 0.0, 1.0)
    line = one_price(case, 3) if direction == "price" else Line.of_shock(case.prices, shares)
    points, side = liquidation_points(Marker(case.book, fast), case.weights, line)
    marker = Marker(case.book, fast)
    reached = 0
    for share in (0.5, 0.9, 1.1, 2.0):
        t = share * case.prices[3] if direction == "price" else share - 1
        failing = np.zeros(ACCOUNTS, dtype=np.bool_)
        failing[marker.below_zero(case.coefficients(line.at(t)))] = True
        expected = np.where(side < 0, t < points, (side > 0) & (t > points))
        known = side != 0
        assert np.array_equal(failing[known], expected[known])
        reached += int(failing.sum())
    assert reached > 50


@pytest.mark.parametrize("number", [1, 3, 12])
def test_the_index_equals_a_full_mark_at_every_step(number: int, fast: bool) -> None:
    case = array_case(2, ACCOUNTS)
    moving = np.zeros(len(case.prices), dtype=np.bool_)
    moving[case.book.assets + number] = True
    if number < case.book.assets:
        moving[number] = True
    line = Line.of_price(case.prices, moving)
    marker = Marker(case.book, fast)
    index = ThresholdIndex(marker, case.weights, line)
    price = case.prices[case.book.assets + number]
    before = price
    failing = set(marker.below_zero(case.coefficients(line.at(before))).tolist())
    for factor in (0.99, 0.9, 0.95, 0.6, 0.0, 0.3, 1.0, 1.2, 3.0, 2.0, 20.0):
        after = price * factor
        now = set(marker.below_zero(case.coefficients(line.at(after))).tolist())
        assert set(index.failing(after).tolist()) == now
        newly = index.newly(before, after).tolist()
        assert len(newly) == len(set(newly))
        assert set(newly) == now - failing
        before, failing = after, now
    assert failing


def test_prices_exactly_at_a_threshold_are_judged_as_a_mark_judges_them(fast: bool) -> None:
    case = array_case(3, ACCOUNTS)
    line = one_price(case, 3)
    points, side = liquidation_points(Marker(case.book, fast), case.weights, line)
    marker = Marker(case.book, fast)
    index = ThresholdIndex(marker, case.weights, line)
    chosen = np.flatnonzero((side != 0) & (points > 0))[:60]
    assert len(chosen) == 60
    for t in points[chosen].tolist():
        for near in (np.nextafter(t, 0), t, np.nextafter(t, np.inf)):
            expected = marker.below_zero(case.coefficients(line.at(float(near))))
            assert np.array_equal(np.sort(index.failing(float(near))), expected)


def test_lines_that_make_no_sense_are_refused() -> None:
    case = array_case(4, 50)
    shares = np.zeros(len(case.prices))
    shares[[1, 2]] = 0.1, -0.1
    with pytest.raises(BookError, match="same way"):
        liquidation_points(Marker(case.book), case.weights, Line.of_shock(case.prices, shares))
    index = ThresholdIndex(Marker(case.book), case.weights, one_price(case, 3))
    with pytest.raises(BookError, match="below zero"):
        index.failing(-1.0)
