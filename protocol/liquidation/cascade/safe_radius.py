"""Finding liquidatable accounts without looking at safe ones: a list sorted by safe radius.

The safe radius of an account is the smallest relative move, common to all prices, that could bring its health
to zero: r = H / sum |b| p. While no price has moved by more than r from where r was computed, the account is
safe, whatever mix of moves it was. So only accounts with r below the largest move so far are evaluated, and
only when that exceeds the list's skin is the whole book looked at again. (The Verlet list of molecular
dynamics.) A slack of a few rounding errors keeps it exact in float arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from protocol.errors import UnsafeValueError
from protocol.liquidation.cascade.book import Book, Floats, Indices

SLACK = 1e-9
"""Relative allowance for rounding in health and exposure; rows have far fewer than a million entries."""


@dataclass(slots=True)
class SafeRadiusList:
    """The list over one book; tell it of every account that was changed.

    Parameters
    ----------
    book
        The accounts.
    skin
        Move up to which one list serves; accounts with a larger radius are not kept.
    crowded
        Part of the book that is found or changed at once from which no list is kept for the time being.
    """

    book: Book
    skin: float = 0.03
    crowded: float = 0.02
    rebuilds: int = 0
    evaluated: int = 0
    _reference: Floats = field(default_factory=lambda: np.empty(0))
    _rows: Indices = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    _radius: Floats = field(default_factory=lambda: np.empty(0))
    _changed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        if not 0 < self.skin < 1:
            raise UnsafeValueError("skin in parts of a million", int(self.skin * 1e6), 1, 999_999)

    def rebuild(self, prices: Floats) -> None:
        """Look at every account and list those that a move up to the skin could hurt."""
        self._list(prices, self.book.health(prices))

    def _list(self, prices: Floats, health: Floats) -> None:
        radius = self._radii(prices, health)
        near = np.flatnonzero(radius <= self.skin)
        order = np.argsort(radius[near], kind="stable")
        self._rows, self._radius = near[order], radius[near][order]
        self._reference = prices.copy()
        self._changed.clear()
        self.rebuilds += 1
        self.evaluated += self.book.accounts

    def _radii(self, prices: Floats, health: Floats) -> Floats:
        exposure = self.book.exposure(prices)
        # Rounding is relative to the largest summand: cash as well as positions.
        doubt = SLACK * (np.abs(self.book.cash) + exposure)
        with np.errstate(divide="ignore", invalid="ignore"):
            radius = (health - doubt) / exposure
        # Without exposure health stands still: safe for ever, or liquidatable now.
        return np.where(exposure > 0, radius, np.where(health < 0, -1.0, np.inf))

    def liquidatable(self, prices: Floats) -> Indices:
        """Return the accounts with health below zero, in rising order; equal to looking at all of them."""
        if self._reference.shape != prices.shape:
            return self._all(prices)
        move = self._move(prices)
        if move > self.skin:
            return self._all(prices)
        end = int(np.searchsorted(self._radius, move, side="right"))
        rows = self._rows[:end]
        if self._changed:
            rows = _union(rows, np.fromiter(self._changed, dtype=np.intp))
        self.evaluated += len(rows)
        if not len(rows):
            return rows
        return np.sort(rows[self.book.health(prices, rows) < 0])

    def _all(self, prices: Floats) -> Indices:
        """Look at all; make a new list unless so many are short that it would be out of date at once."""
        health = self.book.health(prices)
        found = np.flatnonzero(health < 0)
        if len(found) <= self.crowded * self.book.accounts:
            self._list(prices, health)
        else:
            self.forget()
        return found

    def _move(self, prices: Floats) -> float:
        with np.errstate(divide="ignore", invalid="ignore"):
            moves = np.abs(prices / self._reference - 1)
        moves[(self._reference == 0) & (prices == 0)] = 0
        return float(np.max(moves, initial=0.0)) * (1 + SLACK) + SLACK

    def changed(self, rows: Indices) -> None:
        """Note accounts whose positions or cash changed: they are evaluated every time until the rebuild."""
        if len(rows) > self.crowded * self.book.accounts:
            self.forget()
        else:
            self._changed.update(rows.tolist())

    def forget(self) -> None:
        """Drop the list: the next question looks at every account."""
        self._reference = np.empty(0)
        self._changed.clear()


def _union(rows: Indices, others: Indices) -> Indices:
    """Return every index once, in rising order."""
    every = np.sort(np.concatenate((rows, others)))
    first = np.ones(len(every), dtype=bool)
    first[1:] = every[1:] != every[:-1]
    return every[first]
