"""At which price an account fails, and an index over all accounts for one moving price.

Along a line of prices, base + t * slope, the excess is a + b * t, so every account fails beyond one t: below
it where b > 0, above it where b < 0. Sorting these once turns each later move into a bisection.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import BookError
from protocol.margin.book.book import Book
from protocol.margin.book.columns import Rows, Table, excess_columns
from protocol.margin.book.decision import ROUNDING, Marker
from protocol.margin.book.linear import Coefficients, Weights

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]
ILL_CONDITIONED = 1e-6


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


def excess_along(
    book: Book, weights: Weights, line: Line, *, fast: bool | None = None
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return a, b and their sums of absolute terms A and B: the excess at t is a + b * t."""
    rows = Rows.of(book)
    rates, assets = weights.rates, book.assets
    slopes = np.sign(line.slope)
    if (slopes > 0).any() and (slopes < 0).any():
        raise BookError("line", "all prices that move must move the same way: go along each by itself")
    sign = -1.0 if (slopes < 0).any() else 1.0
    ends = np.stack((line.base, np.abs(line.slope)))
    table = Table.of_prices(Coefficients.of(weights, ends[:, :assets], ends[:, assets:]))
    assert len(rates) == book.instruments
    bare = replace(rows, constants=np.zeros_like(rows.constants))
    values = excess_columns(bare, table, fast=fast)
    gross = excess_columns(replace(bare, values=np.abs(bare.values)), table, fast=fast)
    paid = np.empty(book.accounts)
    paid[rows.order] = rows.constants
    return values[:, 0] + paid, sign * values[:, 1], gross[:, 0] + np.abs(paid), gross[:, 1]


def liquidation_points(
    book: Book, weights: Weights, line: Line, *, fast: bool | None = None
) -> tuple[Floats, NDArray[np.int8]]:
    """Return per account the t at which its excess is zero, and on which side of it the account fails.

    The side is -1 (fails below), 1 (fails above) or 0: the excess does not depend on t, which is then nan.
    """
    a, b, _, exposure = excess_along(book, weights, line, fast=fast)
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
        a, b, gross, exposure = excess_along(book, self.weights, self.line, fast=self.marker.fast)
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
        parts = []
        doubtful = [self._unclear]
        for side, old, new in ((self._below, -before, -after), (self._above, before, after)):
            if new > old:
                first, last = side.counts(old)[0], side.counts(new)[0]
                parts.append(side.accounts[first:last])
                doubtful += [side.split(old)[1], side.split(new)[1]]
        some = np.concatenate(doubtful)
        if not len(some):
            return np.concatenate(parts) if len(parts) > 1 else parts[0] if parts else some
        found = np.unique(np.concatenate([*parts, self._evaluated(some, after)]))
        return np.setdiff1d(found, self._evaluated(some, before), assume_unique=True)

    def _evaluated(self, accounts: Wholes, t: float) -> Wholes:
        if not len(accounts):
            return accounts
        prices, assets = self.line.at(t), self.marker.book.assets
        part = Marker(self.marker.book.select(accounts), self.marker.fast)
        return accounts[part.below_zero(Coefficients.of(self.weights, prices[:assets], prices[assets:]))]


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """Accounts that fail once u has passed their points; sorted by the first of the two."""

    accounts: Wholes
    maybe: Floats
    sure: Floats

    @classmethod
    def of(cls, accounts: Wholes, maybe: Floats, sure: Floats) -> _Side:
        order = accounts[np.argsort(maybe[accounts], kind="stable")]
        return cls(order, maybe[order], np.maximum.accumulate(sure[order]))

    def counts(self, u: float) -> tuple[int, int]:
        """Return how many surely fail at u, and how many may."""
        return int(self.sure.searchsorted(u)), int(self.maybe.searchsorted(u))

    def split(self, u: float) -> tuple[Wholes, Wholes]:
        sure, maybe = self.counts(u)
        return self.accounts[:sure], self.accounts[sure:maybe]
