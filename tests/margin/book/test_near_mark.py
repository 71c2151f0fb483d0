"""A mark after a small step finds who a full mark finds, and looks at few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.margin.book.cascade import FullMark, positions_sold
from protocol.margin.book.decision import Marker
from protocol.margin.book.near_mark import FURTHEST, NearJudge
from protocol.margin.book.price_moves import moved
from protocol.margin.book.safe_radius import LinearSubject, SafeRadiusList
from random_books import ArrayCase, array_case

ACCOUNTS = 3000


def judges(case: ArrayCase, fast: bool) -> tuple[NearJudge, FullMark]:
    subject = LinearSubject(Marker(case.book, fast), case.weights, case.still)
    near = subject.everybody(remember=True)
    assert isinstance(near, NearJudge)
    return near, FullMark(subject)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([1e-6, 1e-4, 3e-3, 0.03, 0.3]), st.booleans())
def test_any_walk_equals_a_full_mark(seed: int, step: float, fast: bool) -> None:
    """Steps of one or all prices, with jumps between; found accounts stay open or are closed."""
    case = array_case(seed, 500)
    near, full = judges(case, fast)
    rng = np.random.default_rng(seed)
    prices = case.prices.copy()
    for turn in range(30):
        scale = 0.4 if turn % 7 == 3 else step
        some = ~case.still & (rng.random(len(prices)) < rng.choice([0.1, 1.0]))
        prices = np.where(some, prices * np.exp(rng.normal(0, scale, len(prices))), prices)
        found = near.failing(prices, 500)
        assert np.array_equal(found, full.failing(prices))
        if rng.random() < 0.4:
            near.drop_found()
            full.close(found)
        elif rng.random() < 0.3:
            gone = rng.choice(500, 4, replace=False)
            near.drop(gone)
            full.close(gone)


def test_a_step_by_exactly_what_each_account_can_bear(fast: bool) -> None:
    """The proof is tight to a millionth: prices move by each account's own radius, against it."""
    case = array_case(2, 600)
    subject = LinearSubject(Marker(case.book, fast), case.weights, case.still)
    accounts, radii = subject.radii(case.prices)
    inside = (radii > 0) & (radii < 0.9 * FURTHEST) & (accounts >= 0)
    assert inside.sum() > 20
    hit = 0
    for place in np.flatnonzero(inside)[:60]:
        near, full = judges(case, fast)
        near.failing(case.prices, 600)
        account = int(accounts[place])
        held = slice(*case.book.starts[account : account + 2])
        side = np.zeros(len(case.prices))
        side[: case.book.assets] = np.sign(case.book.balances[account])
        side[case.book.assets + case.book.held[held]] = np.sign(case.book.sizes[held])
        for reach in (1 - 1e-7, 1.0, 1 + 1e-7):
            prices = np.where(case.still, case.prices, case.prices * (1 - side * radii[place] * reach))
            found = near.failing(prices, 600)
            assert np.array_equal(found, full.failing(prices))
            hit += account in found
    assert hit > 10


def test_small_steps_look_at_few_and_both_forms_at_the_same() -> None:
    case = array_case(5, ACCOUNTS)
    one, other = (judges(case, fast)[0] for fast in (False, True))
    prices = case.prices.copy()
    for turn in range(12):
        found = one.failing(prices, ACCOUNTS)
        assert np.array_equal(other.failing(prices, ACCOUNTS), found)
        assert one.looked_at == other.looked_at
        for judge in (one, other):
            judge.drop_found()
        prices = np.where(case.still, prices, prices * (1 - 1e-3 * (turn % 3)))
    assert ACCOUNTS < one.looked_at < 2 * ACCOUNTS


def test_moves_are_lengthened_and_from_zero_infinite() -> None:
    base = np.array([1.0, 2.0, 0.0])
    assert moved(base, base) == 0.0
    assert 0.5 < moved(base, np.array([1.0, 3.0, 0.0])) < 0.5 + 1e-8
    assert moved(base, np.array([1.0, 2.0, 1e-300])) == np.inf


@pytest.mark.parametrize("shock", [0.01, 0.05])
def test_what_a_list_has_at_hand_is_what_the_book_has(shock: float) -> None:
    """The same sums to the last bit, only for the last answer, only of its own book."""
    case = array_case(7, ACCOUNTS)
    lazy = SafeRadiusList(
        LinearSubject(Marker(case.book, True), case.weights, case.still), case.still, skin=0.1
    )
    lazy.close(lazy.failing(case.prices))
    found = lazy.failing(np.where(case.still, case.prices, case.prices * (1 - shock)))
    assert len(found)
    lazy.close(found)
    assert lazy.at_hand(case.book, found) is not None
    assert np.array_equal(positions_sold(case.book, found, finder=lazy), positions_sold(case.book, found))
    assert lazy.at_hand(case.book, found[1:]) is None
    assert lazy.at_hand(array_case(8, 10).book, found) is None
    assert np.array_equal(
        positions_sold(case.book, found[1:], finder=lazy), positions_sold(case.book, found[1:])
    )


def test_prices_may_be_written_into_the_same_array() -> None:
    """A caller who moves his own array must not move what the list remembers."""
    case = array_case(7, ACCOUNTS)
    lazy, full = (
        SafeRadiusList(LinearSubject(Marker(case.book), case.weights, case.still), case.still),
        judges(case, True)[1],
    )
    prices = case.prices.copy()
    for step in (0.0, 0.004, 0.004, 0.03, 0.001, 0.2, 0.001):
        prices *= np.where(case.still, 1.0, 1 - step)
        assert np.array_equal(lazy.failing(prices), full.failing(prices))
