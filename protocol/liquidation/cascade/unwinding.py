"""Cascades over large books: close a share of what fails, let the sales move prices, mark again.

Who fails is found by the margin book's own finders: a full mark of everybody, or a safe-radius list that
evaluates touched accounts only and answers the same to the last bit. Positions go first; an account that has
none left and still fails sells all its collateral and is closed; what it then owes is a deficit on equity.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from protocol.errors import CascadeError, UnsafeValueError
from protocol.liquidation.cascade.depth import Depth
from protocol.margin.book.book import Book, positions_of
from protocol.margin.book.decision import Marker
from protocol.margin.book.linear import Weights
from protocol.margin.book.safe_radius import LinearSubject, SafeRadiusList

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Terms:
    """How an account is liquidated.

    Parameters
    ----------
    share
        Part of every position closed at a time.
    dust
        Gross notional up to which all is closed at once.
    penalty
        Part of the value traded that the account loses besides.
    """

    share: float = 1.0
    dust: float = 1.0
    penalty: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise UnsafeValueError("share closed in parts of a million", int(self.share * 1e6), 1, 10**6)


@dataclass(frozen=True, slots=True)
class Unwound:
    """Result of a tick.

    Parameters
    ----------
    rounds
        The accounts liquidated at each mark.
    deficit
        What accounts closed in this tick owe beyond all they had, in dollars; the basis is equity.
    prices
        At the fixed point: nobody fails at them.
    traded
        Dollars of everything sold or bought, at the prices obtained.
    insolvent
        How many accounts the deficit is of.
    """

    rounds: tuple[Wholes, ...]
    deficit: float
    prices: Floats
    traded: float = 0.0
    insolvent: int = 0

    @property
    def accounts(self) -> Wholes:
        """All accounts liquidated, in order; one that was liquidated twice stands twice."""
        return np.concatenate(self.rounds) if self.rounds else np.empty(0, dtype=np.int64)


@dataclass(slots=True, eq=False)
class Unwinding:
    """A book whose failing accounts are unwound tick after tick.

    Parameters
    ----------
    book
        The accounts at the start; the present ones are ``book`` again after each tick.
    weights
        The level that liquidates.
    still
        Flags of the prices that never move: assets, then instruments.
    depth
        The markets; they keep what was sold.
    terms
        How accounts are liquidated.
    incremental
        Whether to look at touched accounts only.
    crowded
        Part of the book revised from which a new list is made.
    fast
        Whether compiled kernels are used; None where they are installed.
    """

    book: Book
    weights: Weights
    still: Flags
    depth: Depth
    terms: Terms = field(default_factory=Terms)
    incremental: bool = True
    crowded: float = 0.02
    fast: bool | None = None
    _closed: Flags = field(init=False)
    _list: SafeRadiusList | None = field(init=False, default=None)
    _revised: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._closed = np.zeros(self.book.accounts, dtype=np.bool_)
        book = self.book  # written in place below: a copy per round of a large book costs more than its marks
        self.book = replace(
            book, balances=book.balances.copy(), sizes=book.sizes.copy(), costs=book.costs.copy()
        )

    @property
    def closed(self) -> Flags:
        """Flags of the accounts that have sold everything."""
        return self._closed

    def failing(self, prices: Floats) -> Wholes:
        """Return the failing accounts that are still open, by rising number."""
        if not self.incremental:
            found = self._subject(self.book).failing(prices)
            return np.sort(found[~self._closed[found]])
        if self._list is None or self._revised > self.crowded * self.book.accounts:
            self._list = SafeRadiusList(self._subject(self.book), self.still)
            self._list.close(np.flatnonzero(self._closed))
            self._revised = 0
        return self._list.failing(prices)

    def _subject(self, book: Book) -> LinearSubject:
        return LinearSubject(Marker(book, self.fast), self.weights, self.still)

    def tick(self, outside: Floats, *, most_rounds: int = 1000) -> Unwound:
        """Move outside prices, then unwind until nobody fails.

        Raises
        ------
        CascadeError
            If accounts still fail after ``most_rounds`` marks.
        """
        rounds: list[Wholes] = []
        deficit, traded, insolvent = 0.0, 0.0, 0
        for _ in range(most_rounds):
            prices = outside * self.depth.factors()
            accounts = self.failing(prices)
            if not len(accounts):
                return Unwound(tuple(rounds), deficit, prices, traded, insolvent)
            owed, moved = self._unwind(accounts, prices)
            deficit, traded = deficit + float(owed.sum()), traded + moved
            insolvent += int((owed > 0).sum())
            rounds.append(accounts)
        raise CascadeError(most_rounds, sum(len(accounts) for accounts in rounds))

    def _unwind(self, accounts: Wholes, prices: Floats) -> tuple[Floats, float]:
        """Trade for all of them at once, each at the mean price of the common sale.

        Return what each owes beyond all it had, and the dollars traded.
        """
        part = self.book.select(accounts)
        counts = np.diff(part.starts)
        owner = np.repeat(np.arange(len(accounts)), counts)
        marks = prices[part.assets :]
        gross = _sums(owner, np.abs(part.sizes) * marks[part.held], len(accounts))
        share = np.where(gross > self.terms.dust, self.terms.share, 1.0)
        closing = part.sizes * share[owner]
        bare = gross == 0
        selling = np.where(bare[:, None] & ~self.still[: part.assets], part.balances, 0.0)
        sold = np.concatenate((selling.sum(axis=0), _sums(part.held, closing, part.instruments)))
        obtained = self.depth.trade(sold, prices)
        values = closing * obtained[part.assets :][part.held]
        proceeds = _sums(owner, values, len(accounts))
        traded = _sums(owner, np.abs(values), len(accounts))
        of_collateral = selling * obtained[: part.assets]
        proceeds += of_collateral.sum(axis=1)
        traded += np.abs(of_collateral).sum(axis=1)
        after = replace(
            part,
            balances=part.balances - selling,
            sizes=part.sizes - closing,
            costs=part.costs - proceeds + self.terms.penalty * traded,
        )
        return self._keep(accounts, after, bare, prices), float(traded.sum())

    def _keep(self, accounts: Wholes, after: Book, bare: Flags, prices: Floats) -> Floats:
        """Put the changed accounts back; close those that have sold everything and book what they owe."""
        held = after.balances @ prices[: after.assets]
        owed = np.where(bare, np.maximum(after.costs - held, 0.0), 0.0)
        settled = replace(after, costs=after.costs - owed)
        counts = np.diff(settled.starts)
        self.book.balances[accounts] = settled.balances
        self.book.sizes[positions_of(self.book.starts, accounts, counts, settled.starts)] = settled.sizes
        self.book.costs[accounts] = settled.costs
        self._closed[accounts[bare]] = True
        if self._list is not None:
            self._list.close(accounts[bare])
            open_ones = np.flatnonzero(~bare)
            if len(open_ones):
                self._list.revise(accounts[open_ones], self._subject(settled.select(open_ones)))
            self._revised += len(accounts)
        return np.asarray(owed)


def _sums(numbers: NDArray[np.integer[Any]], values: Floats, count: int) -> Floats:
    """Return the sum of values by number, in the order in which they stand."""
    return np.asarray(np.bincount(numbers, values, minlength=count), dtype=np.float64)
