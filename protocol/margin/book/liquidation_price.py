"""At which price an account fails, and an index over all accounts for one moving price.

Along a line of prices, base + t * slope, the excess is a + b * t, so every account fails beyond one t: below
it where b > 0, above it where b < 0. Sorting these once turns each later move into a bisection.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import BookError
from protocol.margin.book.decision import ROUNDING, Marker, totals
from protocol.margin.book.linear import Coefficients, Weights

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]
ILL_CONDITIONED = 1e-6
NEAR = 64
"""Accounts that a small move is expected to pass at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Prices along a line: assets, then marks of instruments; t is a price or a share of a shock.

    Parameters
    ----------
    base, slope
        Prices at t = 0 and change per unit of t.
    """

    base: Floats
    slope: Floats

    @classmethod
    def of_price(cls, prices: ArrayLike, moving: ArrayLike) -> Line:
        """Return the line on which t is the price of everything flagged in ``moving``, the rest standing."""
        now, flags = np.asarray(prices, dtype=np.float64), np.asarray(moving, dtype=np.bool_)
        return cls(np.where(flags, 0.0, now), flags.astype(np.float64))

    @classmethod
    def of_shock(cls, prices: ArrayLike, shares: ArrayLike) -> Line:
        """Return the line from the prices on which t = 1 has moved each by its share."""
        now = np.asarray(prices, dtype=np.float64)
        return cls(now, now * np.asarray(shares, dtype=np.float64))

    def at(self, t: float) -> Floats:
        """Return the prices at t."""
        return np.asarray(self.base + t * self.slope)


def excess_along(marker: Marker, weights: Weights, line: Line) -> tuple[Floats, Floats, Floats, Floats]:
    """Return a, b and their sums of absolute terms A and B: the excess at t is a + b * t."""
    assets, accounts = marker.book.assets, marker.book.accounts
    if (line.slope > 0).any() and (line.slope < 0).any():
        raise BookError("line", "all prices that move must move the same way: go along each by itself")
    sign = -1.0 if (line.slope < 0).any() else 1.0
    blocks = marker.blocks
    free = replace(blocks, costs=np.zeros_like(blocks.costs))
    parts = []
    for of_blocks, prices in ((blocks, line.base), (free, np.abs(line.slope))):
        coefficients = Coefficients.of(weights, prices[:assets], prices[assets:])
        for values in totals(of_blocks, coefficients, fast=marker.fast, workers=marker.workers):
            by_account = np.empty(accounts)
            by_account[blocks.order[:accounts]] = values.reshape(-1)[:accounts]
            parts.append(by_account)
    a, gross, b, exposure = parts
    return a, sign * b, gross + np.abs(marker.book.costs), exposure


def liquidation_points(marker: Marker, weights: Weights, line: Line) -> tuple[Floats, NDArray[np.int8]]:
    """Return per account the t at which its excess is zero, and on which side of it the account fails.

    The side is -1 (fails below), 1 (fails above) or 0: the excess does not depend on t, which is then nan.
    """
    book = marker.book
    a, b, _, exposure = excess_along(marker, weights, line)
    rounding = ROUNDING * 4 * (book.assets + book.instruments + 16)
    depends = np.abs(b) > rounding * exposure
    points = np.full(book.accounts, np.nan)
    np.divide(-a, b, out=points, where=depends)
    return points, np.where(depends, np.where(b > 0, -1, 1), 0).astype(np.int8)


@dataclass(slots=True, eq=False)
class ThresholdIndex:
    """Failing accounts while t moves along one line, by bisection.

    Each account has a point before which it surely does not fail and one beyond which it surely does; they
    differ by rounding (the bound of ``decision``, applied to a + b * t). Between them, and where b is too
    small to say, the account is evaluated like any other. So the answer is that of a full mark.

    Parameters
    ----------
    marker
        The accounts.
    weights
        The level that liquidates.
    line
        Of prices; only t >= 0 is asked.
    """

    marker: Marker
    weights: Weights
    line: Line
    _below: _Side = field(init=False)
    _above: _Side = field(init=False)
    _unclear: Wholes = field(init=False)
    _always: Wholes = field(init=False)

    def __post_init__(self) -> None:
        book = self.marker.book
        a, b, gross, exposure = excess_along(self.marker, self.weights, self.line)
        terms = 1 + book.assets + np.diff(book.starts)
        share = 4 * ROUNDING * (terms + 16)
        low_a, high_a = a - share * gross, a + share * gross
        low_b, high_b = b - share * exposure, b + share * exposure
        with np.errstate(divide="ignore", invalid="ignore"):
            maybe, sure = -low_a / low_b, -high_a / high_b
            wide = np.abs(maybe - sure) > ILL_CONDITIONED * (np.abs(maybe) + np.abs(sure))
        fails_below, fails_above = (low_b > 0) & ~wide, (high_b < 0) & ~wide
        always = (high_a < 0) & (high_b <= 0)
        never = (low_a > 0) & (low_b >= 0)
        fails_below, fails_above = fails_below & ~always & ~never, fails_above & ~always & ~never
        self._always = np.flatnonzero(always)
        self._unclear = np.flatnonzero(~(fails_below | fails_above | always | never))
        self._below = _Side.of(np.flatnonzero(fails_below), -maybe, -sure)
        self._above = _Side.of(np.flatnonzero(fails_above), maybe, sure)

    def failing(self, t: float) -> Wholes:
        """Return the accounts that fail at t >= 0, in no particular order."""
        if not t >= 0:
            raise BookError("t", f"{t} is below zero")
        surely, maybe = self._below.split(-t)
        also, perhaps = self._above.split(t)
        unclear = self._evaluated(np.concatenate((maybe, perhaps, self._unclear)), t)
        return np.concatenate((self._always, surely, also, unclear))

    def newly(self, before: float, after: float) -> Wholes:
        """Return the accounts that fail at ``after`` and did not at ``before``, in no particular order."""
        # The side that the move does not approach can only lose failing accounts.
        side, old, new = (self._below, -before, -after) if after < before else (self._above, before, after)
        first, first_maybe = side.counts(old)
        last, last_maybe = side.counts(new, first)
        surely = side.accounts[first:last]
        if first == first_maybe and last == last_maybe and not len(self._unclear):
            return surely
        some = np.concatenate(
            (side.accounts[first:first_maybe], side.accounts[last:last_maybe], self._unclear)
        )
        found = np.unique(np.concatenate((surely, self._evaluated(some, after))))
        return np.setdiff1d(found, self._evaluated(some, before), assume_unique=True)

    def _evaluated(self, accounts: Wholes, t: float) -> Wholes:
        if not len(accounts):
            return accounts
        prices, assets = self.line.at(t), self.marker.book.assets
        part = Marker(self.marker.book.select(accounts), self.marker.fast)
        return accounts[part.below_zero(Coefficients.of(self.weights, prices[:assets], prices[assets:]))]


@dataclass(slots=True, eq=False)
class _Side:
    """Accounts that fail once u has passed their points; sorted by the first of the two."""

    accounts: Wholes
    maybe: Sequence[float]
    sure: Sequence[float]
    _last: tuple[float, int, int] = (-np.inf, 0, 0)

    @classmethod
    def of(cls, accounts: Wholes, maybe: Floats, sure: Floats) -> _Side:
        order = accounts[np.argsort(maybe[accounts], kind="stable")]
        # Views of memory give plain floats, which bisection compares several times faster than numpy's.
        return cls(order, maybe[order].data, np.maximum.accumulate(sure[order]).data)

    def counts(self, u: float, least: int = 0) -> tuple[int, int]:
        """Return how many surely fail at u, at least ``least``, and how many may."""
        known, surely, maybe = self._last
        if u == known:
            return surely, maybe
        sure, size = self.sure, len(self.sure)
        near = least + NEAR
        end = near if near < size and sure[near] >= u else size
        surely = maybe = bisect_left(sure, u, least, end)
        if maybe < size and self.maybe[maybe] < u:
            maybe = bisect_left(self.maybe, u, maybe)
        self._last = (u, surely, maybe)
        return surely, maybe

    def split(self, u: float) -> tuple[Wholes, Wholes]:
        sure, maybe = self.counts(u)
        return self.accounts[:sure], self.accounts[sure:maybe]
