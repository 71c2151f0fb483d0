"""Large books: the list and the index find exactly who a full mark finds, cascades end at one fixed point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import UnsafeValueError
from protocol.liquidation.cascade.array import ArrayCascade, ConstantProductDepth
from protocol.liquidation.cascade.book import Book, Floats, Indices
from protocol.liquidation.cascade.safe_radius import SafeRadiusList
from protocol.liquidation.cascade.threshold import ThresholdIndex

ASSETS = 6
PRICES = np.array([50_000.0, 2_000.0, 100.0, 1.0, 0.02, 7.0])
seeds = st.integers(0, 2**32 - 1)


@dataclass(frozen=True)
class TieredMargin:
    """A charge on gross notional in two tiers: not affine, slope at most the upper rate."""

    lower: float = 0.01
    upper: float = 0.05
    above: float = 50_000.0

    def charge(self, notional: Floats) -> Floats:
        charged: Floats = self.lower * notional + (self.upper - self.lower) * np.maximum(
            0.0, notional - self.above
        )
        return charged

    def notional(self, book: Book, rows: Indices, prices: Floats) -> Floats:
        total: Floats = np.sum(np.abs(book.size[rows]) * prices[book.asset[rows]], axis=1)
        return total

    def health(self, book: Book, rows: Indices, prices: Floats) -> Floats:
        return -self.charge(self.notional(book, rows, prices))

    def slope(self, book: Book, rows: Indices, prices: Floats) -> Floats:
        return self.upper * self.notional(book, rows, prices)


def random_book(seed: int, accounts: int = 400, width: int = 4, *, tiered: bool = False) -> Book:
    draw = np.random.default_rng(seed)
    asset = draw.integers(0, ASSETS, (accounts, width))
    side = draw.choice([-1.0, 0.0, 1.0], (accounts, width), p=[0.4, 0.2, 0.4])
    notional = draw.lognormal(9, 1.5, (accounts, width))
    size = side * notional / PRICES[asset]
    gross = np.sum(np.abs(size) * PRICES[asset], axis=1)
    equity = gross / draw.lognormal(1.0, 0.9, accounts)
    cash = equity - np.sum(size * PRICES[asset], axis=1)
    weights = np.full(ASSETS, 0.95), np.full(ASSETS, 1.05)
    return Book(cash, asset, size, *weights, TieredMargin() if tiered else None)


def test_health_by_hand() -> None:
    book = Book(
        np.array([-100.0, 10.0]),
        np.array([[0, 1], [1, 0]]),
        np.array([[2.0, -1.0], [0.0, 0.0]]),
        np.array([0.8, 0.5]),
        np.array([1.2, 1.5]),
    )
    prices = np.array([100.0, 10.0])
    assert book.health(prices).tolist() == [-100 + 160 - 15, 10]
    assert book.equity(prices).tolist() == [-100 + 200 - 10, 10]
    assert book.exposure(prices).tolist() == [160 + 15, 0]


@given(seeds, st.booleans(), st.floats(0.005, 0.2), st.integers(1, 25))
@settings(max_examples=60, deadline=None)
def test_list_finds_who_a_full_mark_finds(seed: int, tiered: bool, skin: float, ticks: int) -> None:
    book, draw = random_book(seed, tiered=tiered), np.random.default_rng(seed + 1)
    listed = SafeRadiusList(book, skin)
    prices = PRICES.copy()
    for _ in range(ticks):
        prices = prices * np.exp(draw.normal(0, draw.choice([1e-4, 5e-3, 5e-2]), ASSETS))
        expected = np.flatnonzero(book.health(prices) < 0)
        assert np.array_equal(listed.liquidatable(prices), expected)
        # Some accounts trade: their sizes and cash change behind the list's back, and it is told.
        moved = np.unique(draw.integers(0, book.accounts, 5))
        book.size[moved] *= draw.uniform(-1, 2)
        book.cash[moved] += draw.normal(0, 1000, len(moved))
        listed.changed(moved)


@given(seeds, st.integers(0, ASSETS - 1), st.floats(0.05, 3.0))
@settings(max_examples=60, deadline=None)
def test_index_finds_who_a_full_mark_finds(seed: int, asset: int, factor: float) -> None:
    book = random_book(seed)
    index = ThresholdIndex.build(book, PRICES, asset)
    prices = PRICES.copy()
    # An arbitrary price, and the exact liquidation prices of some accounts with their neighbours.
    candidates = [PRICES[asset] * factor]
    for at in (*-index.falling_keys[:40:9], *index.rising_at[:40:9]):
        if at > 0:
            candidates += [at, np.nextafter(at, 0), np.nextafter(at, np.inf)]
    for price in candidates:
        prices[asset] = price
        expected = np.flatnonzero(book.health(prices) < 0)
        assert np.array_equal(index.liquidatable(float(price)), expected)


def test_index_refuses_health_that_is_not_affine() -> None:
    with pytest.raises(UnsafeValueError):
        ThresholdIndex.build(random_book(1, tiered=True), PRICES, 0)


def cascade(book: Book, *, incremental: bool, share: float, depth: float, skin: float = 0.03) -> ArrayCascade:
    return ArrayCascade(
        book.copy(),
        ConstantProductDepth(depth / PRICES),
        share=share,
        penalty=0.01,
        incremental=incremental,
        skin=skin,
    )


@given(
    seeds,
    st.booleans(),
    st.sampled_from([1.0, 0.5, 0.2]),
    st.sampled_from([1e8, 1e7, 2e6]),
    st.floats(0.0005, 0.03),
)
@settings(max_examples=50, deadline=None)
def test_incremental_cascade_equals_full_recomputation(
    seed: int, tiered: bool, share: float, depth: float, volatility: float
) -> None:
    book = random_book(seed, tiered=tiered)
    full = cascade(book, incremental=False, share=share, depth=depth)
    fast = cascade(book, incremental=True, share=share, depth=depth)
    draw, outside = np.random.default_rng(seed + 2), PRICES.copy()
    for _ in range(6):
        outside = outside * np.exp(draw.normal(0, volatility, ASSETS))
        one, other = full.tick(outside), fast.tick(outside)
        assert np.array_equal(one.accounts, other.accounts)
        assert (one.rounds, one.deficit) == (other.rounds, other.deficit)
        assert np.array_equal(one.prices, other.prices)
        # At the fixed point nobody is short, by a mark of everybody.
        assert not np.any(fast.book.health(one.prices) < 0)
    assert np.array_equal(full.book.cash, fast.book.cash)
    assert np.array_equal(full.book.size, fast.book.size)


def test_a_cascade_goes_further_than_its_shock() -> None:
    """With shallow markets a fall liquidates more accounts than the same fall with deep ones."""
    started = ArrayCascade(random_book(5, 2000), ConstantProductDepth(np.full(ASSETS, 1e30)))
    started.tick(PRICES)  # who is short from the start is gone
    book = started.book
    counts, deficits = [], []
    for depth in (1e12, 1e8, 1e7):
        done = cascade(book, incremental=True, share=1.0, depth=depth)
        result = done.tick(PRICES * 0.9)
        counts.append(len(result.accounts))
        deficits.append(result.deficit)
    assert counts == sorted(counts)
    assert deficits == sorted(deficits)
    assert counts[-1] > counts[0]


def test_value_is_conserved_but_for_penalties_and_impact() -> None:
    """With no impact and no penalty a liquidation changes nobody's equity."""
    book = random_book(9)
    engine = ArrayCascade(book.copy(), ConstantProductDepth(np.full(ASSETS, 1e30)))
    prices = PRICES * 0.95
    before = book.equity(prices)
    result = engine.tick(prices)
    after = engine.book.equity(prices)
    rows = np.unique(result.accounts)
    expected = np.maximum(before[rows], 0)
    assert np.allclose(after[rows], expected, rtol=1e-9, atol=1e-3)
    assert result.deficit == pytest.approx(float(np.sum(np.maximum(-before[rows], 0))), rel=1e-9)
    assert len(rows)


def test_few_accounts_are_looked_at_in_a_calm_market() -> None:
    book = random_book(3, 20_000)
    cascade_engine = cascade(book, incremental=True, share=1.0, depth=1e9)
    cascade_engine.tick(PRICES)
    listed = SafeRadiusList(cascade_engine.book)
    listed.rebuild(PRICES)
    start = listed.evaluated
    draw, prices = np.random.default_rng(4), PRICES.copy()
    for _ in range(50):
        prices = prices * np.exp(draw.normal(0, 1e-4, ASSETS))
        listed.liquidatable(prices)
    assert listed.rebuilds == 1
    assert listed.evaluated - start < 50 * 0.01 * book.accounts
