"""Cascades over large books: liquidate what is short, let the sales move prices, mark again.

Two ways to find who is short, the same result: looking at all accounts at every mark, or at a list by safe
radius. Which one runs is a choice of speed; when a cascade takes most of the book, all are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from protocol.errors import UnsafeValueError
from protocol.liquidation.cascade.book import Book, Floats, Indices
from protocol.liquidation.cascade.safe_radius import SafeRadiusList


class Impact(Protocol):
    """How sales move prices."""

    def factors(self) -> Floats:
        """Return price over outside price, by asset."""
        ...

    def trade(self, sold: Floats, prices: Floats) -> Floats:
        """Sell (buy where negative) so many units of each asset; return the mean prices obtained."""
        ...


@dataclass(slots=True)
class ConstantProductDepth:
    """Each asset trades in a constant-product pool that outside prices shift as a whole.

    Parameters
    ----------
    reserve
        Units of each asset in its pool at the outside price.
    """

    reserve: Floats
    _sold: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        self._sold = np.zeros_like(self.reserve)

    def factors(self) -> Floats:
        """Return (reserve / (reserve + sold))^2."""
        return (self.reserve / (self.reserve + self._sold)) ** 2

    def trade(self, sold: Floats, prices: Floats) -> Floats:
        """Return proceeds over units: price x x/(x + dx) along the curve."""
        before = self.reserve + self._sold
        # A pool cannot be emptied: buying stops at a thousandth of the reserve.
        bounded = np.maximum(sold, 1e-3 * self.reserve - before)
        self._sold = self._sold + bounded
        return prices * before / (before + bounded)


@dataclass(frozen=True, slots=True)
class Liquidated:
    """Result of a tick.

    Parameters
    ----------
    accounts
        Every account liquidated, in order; one that was liquidated twice stands twice.
    rounds
        Marks until the fixed point, the last of which found nobody.
    deficit
        Sum of equities below zero of accounts closed whole, above zero; the basis is equity.
    prices
        At the fixed point.
    """

    accounts: Indices
    rounds: int
    deficit: float
    prices: Floats


@dataclass(slots=True)
class ArrayCascade:
    """The engine over one book.

    Parameters
    ----------
    book
        The accounts; they are changed.
    impact
        Depth of the markets; it is changed.
    share
        Part of every position closed in one liquidation.
    dust
        Gross notional up to which all of an account is closed.
    penalty
        Part of the notional closed that the account loses besides.
    incremental
        Whether to use the list.
    skin
        Of the list.
    crowded
        Part of the book found at one mark from which all are looked at instead of keeping the list.
    """

    book: Book
    impact: Impact
    share: float = 1.0
    dust: float = 1.0
    penalty: float = 0.0
    incremental: bool = True
    skin: float = 0.03
    crowded: float = 0.02
    _list: SafeRadiusList = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise UnsafeValueError("share closed in parts of a million", int(self.share * 1e6), 1, 10**6)
        self._list = SafeRadiusList(self.book, self.skin, self.crowded)

    @property
    def rebuilds(self) -> int:
        """Times that the whole book was looked at for the list."""
        return self._list.rebuilds

    def find(self, prices: Floats) -> Indices:
        """Return who is liquidatable at ``prices``, in rising order."""
        if self.incremental:
            return self._list.liquidatable(prices)
        return np.flatnonzero(self.book.health(prices) < 0)

    def tick(self, outside: Floats, *, most_rounds: int = 1000) -> Liquidated:
        """Move outside prices, then liquidate until nobody is short.

        Raises
        ------
        UnsafeValueError
            If there is no fixed point within ``most_rounds``.
        """
        done: list[Indices] = []
        deficit = 0.0
        for number in range(1, most_rounds + 1):
            prices = outside * self.impact.factors()
            rows = self.find(prices)
            if not len(rows):
                accounts = np.concatenate(done) if done else rows
                return Liquidated(accounts, number, deficit, prices)
            deficit += self._close(rows, prices)
            done.append(rows)
        raise UnsafeValueError("marks to the fixed point", most_rounds + 1, 1, most_rounds)

    def _part(self, rows: Indices, prices: Floats) -> Floats:
        """Return the units to close: the share, or all of what is smaller than dust."""
        size = self.book.size[rows]
        if self.share == 1:
            return size
        gross = np.zeros(len(rows))
        for k in range(size.shape[1]):
            gross += np.abs(size[:, k]) * prices[self.book.asset[rows, k]]
        part: Floats = size * np.where(gross > self.dust, self.share, 1.0)[:, None]
        return part

    def _close(self, rows: Indices, prices: Floats) -> float:
        """Close the share of every position of ``rows``, all at the mean prices of the common sale."""
        book = self.book
        asset, size = book.asset[rows], self._part(rows, prices)
        sold: Floats = np.bincount(asset.ravel(), weights=size.ravel(), minlength=len(prices)).astype(
            np.float64
        )
        obtained = self.impact.trade(sold, prices)
        notional = np.zeros(len(rows))
        proceeds = np.zeros(len(rows))
        for k in range(asset.shape[1]):
            value = size[:, k] * obtained[asset[:, k]]
            proceeds += value
            notional += np.abs(value)
        book.cash[rows] += proceeds - self.penalty * notional
        book.size[rows] -= size
        lost = 0.0
        # Who has nothing left to sell and is below zero is closed: the loss is booked, not carried.
        closed = rows[~np.any(np.abs(book.size[rows]) > 0, axis=1)]
        negative = closed[book.cash[closed] < 0]
        lost -= float(np.sum(book.cash[negative]))
        book.cash[negative] = 0.0
        if self.incremental:
            self._list.changed(rows)
        return lost
