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

from protocol.errors import CascadeError
from protocol.margin.book.blocks import Blocks
from protocol.margin.book.book import Book
from protocol.margin.book.engine import kernels
from protocol.margin.book.price_moves import checked
from protocol.margin.book.safe_radius import Judge, Subject

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

    def at_hand(self, book: Book, accounts: Wholes) -> tuple[Blocks, Wholes] | None:
        """Return blocks and places of the positions of the last answer, if known and these accounts."""
        ...


@dataclass(slots=True, eq=False)
class FullMark:
    """The finder that looks at everybody."""

    subject: Subject
    _judge: Judge = field(init=False)
    _found: Wholes | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._judge = self.subject.everybody()

    def close(self, accounts: ArrayLike) -> None:
        """Take accounts out for good."""
        gone = np.asarray(accounts, dtype=np.int64)
        if self._found is not None and np.array_equal(gone, self._found):
            self._judge.drop_found()
        else:
            self._judge.drop(gone)

    def failing(self, prices: ArrayLike) -> Wholes:
        """Return failing accounts that are not closed, by rising number."""
        now = checked(prices, np.shape(prices))
        self._found = self._judge.failing(now, self.subject.accounts)
        return self._found.copy()

    def at_hand(self, book: Book, accounts: Wholes) -> tuple[Blocks, Wholes] | None:
        """Return nothing: the positions of those found lie no nearer than in the book."""
        return None


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


def positions_sold(
    book: Book, accounts: Wholes, *, finder: Finder | None = None, fast: bool | None = None
) -> Floats:
    """Return per instrument the signed units that these accounts hold together.

    Parameters
    ----------
    book, accounts
        Who is sold.
    finder
        Who found them: their positions are then read where it has just read them, to the same sums.
    """
    compiled = kernels(fast)
    if compiled:
        near = finder.at_hand(book, accounts) if finder else None
        total = np.zeros(book.instruments)
        if near:
            blocks, places = near
            compiled.sum_by_place(blocks.starts, blocks.rows, blocks.sizes, places, total)
        else:
            compiled.sum_by_instrument(book.starts, book.held, book.sizes, accounts, total)
        return total
    begin = book.starts[accounts]
    counts = book.starts[accounts + 1] - begin
    ends = np.cumsum(counts)
    at = np.arange(int(counts.sum())) + np.repeat(begin - ends + counts, counts)
    summed = np.bincount(book.held[at], weights=book.sizes[at], minlength=book.instruments)
    return np.asarray(summed, dtype=np.float64)
