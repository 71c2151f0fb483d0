"""All accounts of one book as plain arrays: a collateral matrix and sparse positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import BookError
from protocol.fixed_point import WAD
from protocol.margin.book.linear import LinearAccount

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]

MOST_INSTRUMENTS = 1 << 15


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Accounts as arrays; build one with ``of`` or ``from_accounts``, which check them.

    Parameters
    ----------
    instruments
        Number of instruments.
    balances
        [accounts, assets] units, negative where owed.
    starts
        [accounts + 1]: positions ``starts[i]`` to ``starts[i + 1]`` are those of account i.
    held
        [positions] instrument number, an unsigned integer.
    sizes
        [positions] signed units.
    costs
        [accounts] dollars paid for the positions plus funding owed.
    """

    instruments: int
    balances: Floats
    starts: Wholes
    held: NDArray[Any]
    sizes: Floats
    costs: Floats

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return len(self.costs)

    @property
    def assets(self) -> int:
        """Number of collateral assets."""
        return int(self.balances.shape[1])

    @classmethod
    def of(
        cls,
        instruments: int,
        balances: ArrayLike,
        starts: ArrayLike,
        held: ArrayLike,
        sizes: ArrayLike,
        costs: ArrayLike,
    ) -> Book:
        """Return a checked book.

        Raises
        ------
        BookError
            If shapes disagree, a number is not finite, an instrument does not exist or an account holds one
            twice (net such positions first: requirements are charged per position).
        """
        if not 0 <= instruments <= MOST_INSTRUMENTS:
            raise BookError("instruments", f"{instruments} lies outside 0..{MOST_INSTRUMENTS}")
        matrix = np.ascontiguousarray(balances, dtype=np.float64)
        pointers = np.ascontiguousarray(starts, dtype=np.int64)
        units = np.ascontiguousarray(sizes, dtype=np.float64)
        paid = np.ascontiguousarray(costs, dtype=np.float64)
        numbers = np.asarray(held)
        if matrix.ndim != 2 or paid.shape != matrix.shape[:1] or pointers.shape != (len(paid) + 1,):
            raise BookError("shapes", f"balances {matrix.shape}, costs {paid.shape}, starts {pointers.shape}")
        if numbers.shape != units.shape or units.ndim != 1:
            raise BookError("shapes", f"held {numbers.shape}, sizes {units.shape}")
        if pointers[0] != 0 or pointers[-1] != len(units) or (np.diff(pointers) < 0).any():
            raise BookError("starts", f"they must rise from 0 to the {len(units)} positions")
        for name, array in (("balances", matrix), ("sizes", units), ("costs", paid)):
            if not np.isfinite(array).all():
                raise BookError(name, "a value is not finite")
        if len(units) and (int(numbers.min()) < 0 or int(numbers.max()) >= instruments):
            raise BookError("held", f"an instrument lies outside 0..{instruments - 1}")
        kind = np.uint8 if instruments <= 128 else np.uint16
        book = cls(instruments, matrix, pointers, np.ascontiguousarray(numbers, dtype=kind), units, paid)
        book._refuse_duplicates()
        return book

    def _refuse_duplicates(self) -> None:
        chunk = max(1, 10**8 // max(self.instruments, 1))
        for first in range(0, self.accounts, chunk):
            last = min(first + chunk, self.accounts)
            rows = slice(self.starts[first], self.starts[last])
            owner = np.repeat(np.arange(last - first), np.diff(self.starts[first : last + 1]))
            seen = np.zeros((last - first) * self.instruments, dtype=np.bool_)
            seen[owner * self.instruments + self.held[rows]] = True
            if np.count_nonzero(seen) != len(owner):
                raise BookError("held", "an account holds an instrument twice")

    @classmethod
    def from_accounts(cls, accounts: Sequence[LinearAccount], assets: int, instruments: int) -> Book:
        """Return the float64 form of exact accounts; every number is the nearest double."""
        positions = [position for account in accounts for position in account.positions]
        counts = [len(account.positions) for account in accounts]
        balances = [[units / WAD for units in account.balances] for account in accounts]
        return cls.of(
            instruments,
            np.array(balances, dtype=np.float64).reshape(len(accounts), assets),
            np.concatenate(([0], np.cumsum(counts, dtype=np.int64))),
            np.array([instrument for instrument, _ in positions], dtype=np.int64),
            [size / WAD for _, size in positions],
            [account.cost / WAD for account in accounts],
        )

    def select(self, accounts: ArrayLike) -> Book:
        """Return the book of these accounts, in this order."""
        chosen = np.asarray(accounts, dtype=np.int64)
        counts = self.starts[chosen + 1] - self.starts[chosen]
        starts = np.concatenate(([0], np.cumsum(counts)))
        at = positions_of(self.starts, chosen, counts, starts)
        return Book(
            self.instruments,
            self.balances[chosen],
            starts,
            self.held[at],
            self.sizes[at],
            self.costs[chosen],
        )

    @classmethod
    def join(cls, books: Sequence[Book]) -> Book:
        """Return the accounts of several books, one book after the other."""
        counts = np.concatenate([np.diff(book.starts) for book in books])
        return cls(
            books[0].instruments,
            np.concatenate([book.balances for book in books]),
            np.concatenate(([0], np.cumsum(counts))),
            np.concatenate([book.held for book in books]),
            np.concatenate([book.sizes for book in books]),
            np.concatenate([book.costs for book in books]),
        )

    def replace(self, accounts: ArrayLike, changed: Book) -> Book:
        """Return the book in which these accounts are those of ``changed``, in its order."""
        where = np.arange(self.accounts)
        where[np.asarray(accounts, dtype=np.int64)] = self.accounts + np.arange(changed.accounts)
        return Book.join((self, changed)).select(where)


def positions_of(pointers: Wholes, chosen: Wholes, counts: Wholes, starts: Wholes) -> Wholes:
    """Return the position numbers of the chosen accounts, one account after the other."""
    shift = pointers[chosen] - starts[:-1]
    return np.asarray(np.arange(starts[-1]) + np.repeat(shift, counts))
