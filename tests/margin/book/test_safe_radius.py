"""The lazy list finds, tick by tick, exactly the accounts that a full mark finds."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from protocol.errors import BookError, CascadeError
from protocol.margin.book.cascade import Finder, FullMark, cascade, positions_sold
from protocol.margin.book.decision import Marker
from protocol.margin.book.judges import REMEMBERED
from protocol.margin.book.safe_radius import OF_ALL, OF_LIST, OF_NEAR, LinearSubject, SafeRadiusList
from random_books import ArrayCase, array_case, price_path

ACCOUNTS = 4000


def subject(case: ArrayCase, fast: bool) -> LinearSubject:
    return LinearSubject(Marker(case.book, fast), case.weights, case.still)


def lists(case: ArrayCase, fast: bool, **skin: float) -> tuple[SafeRadiusList, FullMark]:
    return SafeRadiusList(subject(case, fast), case.still, **skin), FullMark(subject(case, fast))


@pytest.mark.parametrize("crash", [0.0, 0.05, 0.4])
@pytest.mark.parametrize("volatility", [1e-4, 2e-3, 2e-2])
def test_every_tick_equals_a_full_mark(crash: float, volatility: float, fast: bool) -> None:
    case = array_case(1, ACCOUNTS)
    lazy, full = lists(case, fast)
    path = price_path(case, 120, volatility, seed=5, crash=crash)
    found = 0
    for prices in path:
        failing = full.failing(prices)
        assert np.array_equal(lazy.failing(prices), failing)
        lazy.close(failing)
        full.close(failing)
        found += len(failing)
    assert found > 0 or volatility < 1e-3
    if volatility < 1e-3 and not crash:
        assert lazy.rebuilds < 10  # lazy indeed: full marks would be 120
        assert lazy.looked_at < 120 * ACCOUNTS / 20


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.floats(0.002, 0.5), st.floats(1e-5, 0.3), st.booleans())
def test_any_walk_equals_a_full_mark(seed: int, skin: float, step: float, fast: bool) -> None:
    """Single prices move alone, jump back, or fall to almost nothing; accounts stay open."""
    case = array_case(seed, 500)
    lazy, full = lists(case, fast, skin=skin, least_skin=skin / 2, most_skin=skin)
    rng = np.random.default_rng(seed)
    prices = case.prices.copy()
    for turn in range(25):
        moved = rng.random(len(prices)) < rng.choice([0.05, 1.0])
        prices = np.where(moved & ~case.still, prices * np.exp(rng.normal(0, step, len(prices))), prices)
        if turn % 9 == 8:
            prices = case.prices.copy()
        assert np.array_equal(lazy.failing(prices), full.failing(prices))


def test_accounts_at_the_very_edge_of_their_radius(fast: bool) -> None:
    """Move every price by almost exactly each account's radius, in the worst direction for it."""
    case = array_case(2, 600)
    one = subject(case, fast)
    accounts, radii = one.radii(case.prices)
    lazy, full = lists(case, fast, skin=0.5, most_skin=0.5)
    assert np.array_equal(lazy.failing(case.prices), full.failing(case.prices))
    chosen = [place for place in np.argsort(radii) if 0 < radii[place] < 0.4 and accounts[place] >= 0][:60]
    assert len(chosen) == 60
    hit = 0
    for place in chosen:
        account = int(accounts[place])
        long = np.zeros(len(case.prices))
        long[: case.book.assets] = np.sign(case.book.balances[account])
        for q in range(case.book.starts[account], case.book.starts[account + 1]):
            long[case.book.assets + case.book.held[q]] = np.sign(case.book.sizes[q])
        for scale in (1 - 1e-10, 1.0, 1 + 1e-10, 1 + 1e-8):
            prices = case.prices * (1 - long * radii[place] * scale)
            prices[case.still] = case.prices[case.still]
            expected = full.failing(prices)
            assert np.array_equal(lazy.failing(prices), expected)
            hit += account in expected
    assert hit >= 60  # the radius is no wider than it must be: just beyond it the account does fail


def test_revised_and_closed_accounts(fast: bool) -> None:
    case = array_case(3, 1000)
    lazy, _ = lists(case, fast)
    lazy.failing(case.prices)
    rng = np.random.default_rng(1)
    book = case.book
    closed = np.zeros(1000, dtype=np.bool_)
    prices = case.prices
    for _ in range(12):
        prices = np.where(case.still, prices, prices * np.exp(rng.normal(-0.005, 0.01, len(prices))))
        expected = FullMark(LinearSubject(Marker(book, fast), case.weights, case.still)).failing(prices)
        assert np.array_equal(lazy.failing(prices), expected[~closed[expected]])
        changed = rng.choice(np.flatnonzero(~closed), 20, replace=False)
        half = book.select(changed)
        half = type(half).of(
            half.instruments, half.balances, half.starts, half.held, half.sizes / 2, half.costs / 2
        )
        book = book.replace(changed, half)
        lazy.revise(changed, LinearSubject(Marker(half, fast), case.weights, case.still))
        gone = changed[:3]
        closed[gone] = True
        lazy.close(gone)
    with pytest.raises(BookError):
        lazy.revise(
            np.flatnonzero(closed)[:1],
            LinearSubject(Marker(book.select([0]), fast), case.weights, case.still),
        )


def test_both_forms_look_at_the_same_blocks() -> None:
    """What a list remembers of its blocks has the same bits in both, for longer than its memory."""
    case = array_case(9, ACCOUNTS)
    one, other = (lists(case, fast, skin=0.1)[0] for fast in (False, True))
    path = price_path(case, 3 * REMEMBERED, 1e-3, seed=8, crash=0.02)
    for tick, prices in enumerate(path):
        found = one.failing(prices)
        assert np.array_equal(other.failing(prices), found)
        if tick % 2:
            for finder in (one, other):
                finder.close(found[tick % 3 :])
        assert other.looked_at == one.looked_at
    assert one.rebuilds == other.rebuilds == 1
    assert 0 < one.looked_at < len(path) * ACCOUNTS / 10


def test_a_price_that_few_accounts_near_failing_hold_moves_few(fast: bool) -> None:
    """Blocks that do not hold what moves, and those looked at a moment ago, are passed over."""
    case = array_case(10, 50_000, instruments=16)
    lazy, full = lists(case, fast, skin=0.1)
    for finder in (lazy, full):
        finder.close(finder.failing(case.prices))
    assets, start = case.book.assets, case.prices.copy()
    start[[3, assets + 3]] *= 0.97
    near = int(np.searchsorted(np.sort(lazy._radii), 0.03))
    looked = []
    for further in (0.0, 1e-6, 2e-6, 1e-4):
        before = lazy.looked_at
        prices = np.where(case.still, start, start * (1 - further))
        failing = full.failing(prices)
        assert np.array_equal(lazy.failing(prices), failing)
        for finder in (lazy, full):
            finder.close(failing)
        looked.append(lazy.looked_at - before)
    assert looked[1] < near / 4
    assert looked[2] < near / 4


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.booleans())
def test_accounts_closed_in_any_way(seed: int, fast: bool) -> None:
    """Found ones, some of them, others, before any list, after full marks, twice."""
    case = array_case(seed, 600)
    lazy, full = lists(case, fast, skin=0.05)
    rng = np.random.default_rng(seed)
    prices, closed = case.prices, np.zeros(600, dtype=np.bool_)
    first = rng.choice(600, 5, replace=False)
    for finder in (lazy, full):
        finder.close(first)
    closed[first] = True
    everybody = subject(case, fast)
    for _ in range(60):
        step = rng.choice([1e-4, 3e-3, 0.08])
        prices = np.where(case.still, prices, prices * np.exp(rng.normal(0, step, len(prices))))
        expected = np.sort(everybody.failing(prices))
        expected = expected[~closed[expected]]
        found = lazy.failing(prices)
        assert np.array_equal(found, expected)
        assert np.array_equal(full.failing(prices), expected)
        gone = found if rng.random() < 0.4 else found[rng.random(len(found)) < 0.5]
        if rng.random() < 0.3:
            gone = np.append(gone, rng.integers(0, 600, 2))
        for finder in (lazy, full):
            finder.close(gone)
        closed[gone] = True


@pytest.mark.parametrize(("volatility", "again"), [(1e-4, 0), (2e-3, 2), (6e-3, 1), (0.1, 0)])
def test_lists_never_cost_more_than_they_save(volatility: float, again: int) -> None:
    """Counted in accounts looked at, a list costing what the module says, beyond the first one."""
    case = array_case(11, 10 * ACCOUNTS)
    lazy, _ = lists(case, bool(find_spec("numba")))
    cost, first, made, accounts = 0.0, 0.0, 0, case.book.accounts
    for tick, prices in enumerate(price_path(case, 200, volatility, seed=3, crash=0.3)):
        before = OF_LIST + OF_ALL * accounts + OF_NEAR * len(lazy._listed)
        lazy.failing(prices)
        if lazy.rebuilds > made:
            made = lazy.rebuilds
            cost += before
            first = first or cost
        assert cost - first + lazy.looked_at + lazy.full_marks * accounts <= 1.1 * accounts * (tick + 1)
    assert made > again


def test_what_makes_no_sense_is_refused() -> None:
    case = array_case(4, 100)
    with pytest.raises(BookError, match="skin"):
        lists(case, False, skin=0.9, most_skin=0.9)
    lazy, _ = lists(case, False)
    lazy.failing(case.prices)
    moved = case.prices.copy()
    moved[0] = 0.9
    with pytest.raises(BookError, match="still"):
        lazy.failing(moved)
    for wrong in (-1.0, np.nan, np.inf):
        moved = case.prices.copy()
        moved[5] = wrong
        for finder in lists(case, False):
            with pytest.raises(BookError, match="at least zero"):
                finder.failing(moved)


def sell_into_depth(
    case: ArrayCase, depth: float, start: NDArray[np.float64]
) -> Callable[[NDArray[np.int64], NDArray[np.float64]], NDArray[np.float64]]:
    """Return a reaction: all liquidated positions are sold into constant products of this many units."""
    assets, sold = case.book.assets, np.zeros(case.book.instruments)
    scale = depth / start[assets:]

    def react(accounts: NDArray[np.int64], prices: NDArray[np.float64]) -> NDArray[np.float64]:
        sold[:] += positions_sold(case.book, accounts)
        marks = start[assets:] * (scale / (scale + np.maximum(sold, -0.5 * scale))) ** 2
        return np.concatenate(([1.0], marks[1:assets], marks))

    return react


@pytest.mark.parametrize("shock", [0.002, 0.02, 0.3])
def test_cascades_are_the_same_and_end_with_nobody_failing(shock: float, fast: bool) -> None:
    case = array_case(7, ACCOUNTS)
    results = []
    for finder in lists(case, fast):
        finder.close(finder.failing(case.prices))
        start = np.where(case.still, case.prices, case.prices * (1 - shock))
        results.append(cascade(finder, start, sell_into_depth(case, 5e7, start)))
        assert not len(finder.failing(results[-1].prices))
    lazy, full = results
    assert len(lazy.rounds) == len(full.rounds)
    assert all(np.array_equal(a, b) for a, b in zip(lazy.rounds, full.rounds, strict=True))
    assert np.array_equal(lazy.prices, full.prices)
    assert full.liquidated > 0
    everybody = np.concatenate(full.rounds)
    assert len(np.unique(everybody)) == full.liquidated
    if shock == 0.3:
        assert len(full.rounds) > 1


def test_what_is_sold_is_what_was_held() -> None:
    case = array_case(8, 200)
    chosen = np.array([5, 17, 3])
    expected = np.zeros(case.book.instruments)
    for account in chosen:
        for q in range(case.book.starts[account], case.book.starts[account + 1]):
            expected[case.book.held[q]] += case.book.sizes[q]
    assert np.allclose(positions_sold(case.book, chosen), expected, rtol=1e-15)


def test_a_cascade_without_end_is_refused() -> None:
    class Endless:
        def failing(self, prices: object) -> NDArray[np.int64]:
            return np.array([0])

        def close(self, accounts: object) -> None:
            pass

    finder: Finder = Endless()
    with pytest.raises(CascadeError):
        cascade(finder, np.array([1.0]), lambda accounts, prices: prices, most_rounds=5)
