"""Health that is not affine in prices: the list stays exact by a bound on the slope, and the rule judges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from protocol.margin.book.blocks import Blocks
from protocol.margin.book.book import Book
from protocol.margin.book.cascade import FullMark
from protocol.margin.book.safe_radius import SafeRadiusList

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]
Counted: TypeAlias = Callable[[Floats, Floats], Floats]
ACCOUNTS, TICKS, WINDOW = 5000, 400, 20


def tiers(units: Floats, prices: Floats) -> Floats:
    """Of collateral 90 % counts up to 1,000 dollars and 50 % beyond: a haircut by size."""
    value = units * prices[0]
    return np.asarray(0.9 * np.minimum(value, 1000.0) + 0.5 * np.maximum(value - 1000.0, 0.0))


def cap(units: Floats, prices: Floats) -> Floats:
    """Of collateral 90 % counts, and no more than of 800 dollars."""
    return np.asarray(0.9 * np.minimum(units * prices[0], 800.0))


def lower_of_spot_and_average(units: Floats, prices: Floats) -> Floats:
    """Of collateral 90 % counts at the lower of the price and its time-weighted average."""
    return np.asarray(0.9 * units * prices.min())


@dataclass
class Bending:
    """Collateral in one asset that counts by some rule of slope at most 0.9 a unit, against a fixed debt."""

    counted: Counted
    units: Floats
    debt: Floats
    evaluated: int = 0

    @property
    def accounts(self) -> int:
        return len(self.units)

    def health(self, prices: Floats, some: Wholes) -> Floats:
        return self.counted(self.units[some], prices) - self.debt[some]

    def failing(self, prices: Floats) -> Wholes:
        return np.flatnonzero(self.health(prices, np.arange(self.accounts)) < 0)

    def radii(self, prices: Floats) -> tuple[Wholes, Floats]:
        everybody = np.arange(self.accounts)
        slope = 0.9 * self.units * prices.max()
        return everybody, self.health(prices, everybody) / slope * (1 - 1e-9) - 1e-12

    def judge(self, accounts: Wholes, prices: Floats) -> BendingJudge:
        return BendingJudge(self, accounts, np.ones(len(accounts), dtype=np.bool_))

    def everybody(self, *, remember: bool = False) -> BendingJudge:
        return self.judge(np.arange(self.accounts), np.empty(0))


@dataclass
class BendingJudge:
    rule: Bending
    accounts: Wholes
    open: NDArray[np.bool_]
    looked_at: int = 0
    found: Wholes = field(init=False)

    def failing(self, prices: Floats, count: int) -> Wholes:
        self.rule.evaluated += count
        self.looked_at += count
        some = self.accounts[:count]
        self.found = np.flatnonzero((self.rule.health(prices, some) < 0) & self.open[:count])
        return np.sort(some[self.found])

    def at_hand(self, book: Book) -> tuple[Blocks, Wholes] | None:
        return None

    def drop_found(self) -> None:
        self.drop(self.found)

    def drop(self, places: Wholes) -> None:
        self.open[places] = False


@pytest.mark.parametrize("counted", [tiers, cap, lower_of_spot_and_average])
def test_the_list_stays_exact(counted: Counted) -> None:
    rng = np.random.default_rng(6)
    units = rng.lognormal(3, 1.5, ACCOUNTS)
    debt = counted(units, np.array([20.0, 20.0])) * rng.uniform(0.2, 0.999, ACCOUNTS)
    rule = Bending(counted, units, debt)
    lazy, full = SafeRadiusList(rule, np.zeros(2, dtype=np.bool_)), FullMark(Bending(counted, units, debt))
    path = 20.0 * np.exp(np.cumsum(rng.normal(-5e-4, 3e-3, TICKS)))
    found = 0
    for tick, price in enumerate(path):
        average = np.mean(np.concatenate((np.full(WINDOW, 20.0), path[: tick + 1]))[-WINDOW:])
        prices = np.array([price, average])
        failing = full.failing(prices)
        assert np.array_equal(lazy.failing(prices), failing)
        lazy.close(failing)
        full.close(failing)
        found += len(failing)
    assert found > 100
    assert rule.evaluated < TICKS * ACCOUNTS / 4


def test_a_bound_below_the_slope_would_be_found_out() -> None:
    """The bound is needed: one that is half the slope leaves out accounts that fail."""

    class TooNarrow(Bending):
        def radii(self, prices: Floats) -> tuple[Wholes, Floats]:
            accounts, radii = super().radii(prices)
            return accounts, 2.0 * radii

    rng = np.random.default_rng(6)
    units = rng.lognormal(3, 1.5, ACCOUNTS)
    debt = cap(units, np.array([20.0, 20.0])) * rng.uniform(0.9, 0.999, ACCOUNTS)
    narrow, full = (
        SafeRadiusList(TooNarrow(cap, units, debt), np.zeros(2, dtype=np.bool_)),
        FullMark(Bending(cap, units, debt)),
    )
    start, lower = np.array([20.0, 20.0]), np.array([19.7, 19.7])
    assert np.array_equal(narrow.failing(start), full.failing(start))
    assert len(narrow.failing(lower)) < len(full.failing(lower))
