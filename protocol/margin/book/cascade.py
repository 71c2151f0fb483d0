"""Liquidations that move the prices that cause them: mark, liquidate, sell, mark, until nobody fails.

The loop knows neither venues nor liquidation rules: ``react`` is told who fails, liquidates them and returns
the prices after their trades. Who fails is found by a full mark or, identically, by a safe-radius list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import BookError, CascadeError
from protocol.margin.book.book import Book
from protocol.margin.book.safe_radius import Subject

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]
React: TypeAlias = Callable[[Wholes, Floats], Floats]


class Finder(Protocol):
    """Finds failing accounts that are still open."""

    def failing(self, prices: ArrayLike) -> Wholes:
        """Return failing accounts that are not closed, by rising number."""
        ...

    def close(self, accounts: ArrayLike) -> None:
        """Take accounts out for good."""
        ...


@dataclass(slots=True, eq=False)
class FullMark:
    """The finder that looks at everybody."""

    subject: Subject
    _closed: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self._closed = np.zeros(self.subject.accounts, dtype=np.bool_)

    def close(self, accounts: ArrayLike) -> None:
        """Take accounts out for good."""
        self._closed[np.asarray(accounts, dtype=np.int64)] = True

    def failing(self, prices: ArrayLike) -> Wholes:
        """Return failing accounts that are not closed, by rising number."""
        now = np.asarray(prices, dtype=np.float64)
        if not (now >= 0).all() or not np.isfinite(now).all():
            raise BookError("prices", "numbers of at least zero are needed")
        found = self.subject.failing(now)
        return np.sort(found[~self._closed[found]])


@dataclass(frozen=True, slots=True, eq=False)
class Cascade:
    """What happened.

    Parameters
    ----------
    rounds
        The accounts of each round, in order.
    prices
        At the end: nobody open fails at them.
    """

    rounds: tuple[Wholes, ...]
    prices: Floats

    @property
    def liquidated(self) -> int:
        """Number of accounts liquidated."""
        return sum(len(accounts) for accounts in self.rounds)


def cascade(finder: Finder, prices: ArrayLike, react: React, most_rounds: int = 1000) -> Cascade:
    """Run to the fixed point and return it; every failing account is closed in its round.

    Parameters
    ----------
    finder
        Its closed accounts stay out; those of the cascade are closed in it.
    prices
        After the shock: of assets, then marks of instruments.
    react
        Liquidates accounts; returns the prices after it.

    Raises
    ------
    CascadeError
        If accounts still fail after ``most_rounds``.
    """
    now = np.asarray(prices, dtype=np.float64)
    rounds: list[Wholes] = []
    for _ in range(most_rounds):
        accounts = finder.failing(now)
        if not len(accounts):
            return Cascade(tuple(rounds), now)
        finder.close(accounts)
        rounds.append(accounts)
        now = np.asarray(react(accounts, now), dtype=np.float64)
    raise CascadeError(most_rounds, sum(len(accounts) for accounts in rounds))


def positions_sold(book: Book, accounts: Wholes) -> Floats:
    """Return per instrument the signed units that these accounts hold together."""
    begin = book.starts[accounts]
    counts = book.starts[accounts + 1] - begin
    ends = np.cumsum(counts)
    at = np.arange(int(counts.sum())) + np.repeat(begin - ends + counts, counts)
    total = np.bincount(book.held[at], weights=book.sizes[at], minlength=book.instruments)
    return np.asarray(total, dtype=np.float64)
