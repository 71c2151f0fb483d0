"""A whole book in exact units: every account's excess as the contract computes it, and exact decisions.

Amounts are kept as two halves of 64 bits. Every term is value = floor(|amount| * price / 10**18) and
part = floor(value * weight / 10**18) with the signs of its row, in 128-bit integers; before the pass the
greatest amount of every row is multiplied out in Python integers, and where a sum might leave 127 bits the
pass is refused. The Python form is ``linear.exact_excess``, account by account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from protocol.errors import BookError, OverflowedError
from protocol.fixed_point import WAD
from protocol.margin.book.book import Book
from protocol.margin.book.decision import Marker
from protocol.margin.book.engine import in_ranges, kernels
from protocol.margin.book.linear import Coefficients, LinearAccount, Weights, exact_excess

Halves: TypeAlias = NDArray[np.uint64]
Wholes: TypeAlias = NDArray[np.int64]

MOST_BITS = 110
"""Of one term; with at most 2**16 terms sums stay below 2**127."""
ALL = (1 << 64) - 1


@dataclass(slots=True, eq=False)
class ExactBook:
    """Accounts in exact units and, beside them, their float64 form to screen with.

    Parameters
    ----------
    accounts
        The accounts; all have the same assets.
    instruments
        Number of instruments.
    fast, workers
        See ``decision.Marker``.
    """

    accounts: Sequence[LinearAccount]
    instruments: int
    fast: bool | None = None
    workers: int = 1
    assets: int = field(init=False)
    marker: Marker = field(init=False)
    _starts: Wholes = field(init=False)
    _rows: NDArray[Any] = field(init=False)
    _amounts: tuple[Halves, Halves] = field(init=False)
    _costs: tuple[Halves, Halves] = field(init=False)
    _greatest: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        if not self.accounts:
            raise BookError("accounts", "an exact book needs at least one")
        self.assets = len(self.accounts[0].balances)
        book = Book.from_accounts(self.accounts, self.assets, self.instruments)
        self.marker = Marker(book, self.fast, self.workers)
        rows: list[int] = []
        amounts: list[int] = []
        ends = [0]
        for account in self.accounts:
            for asset, units in enumerate(account.balances):
                if units:
                    rows.append(asset if units > 0 else self.assets + asset)
                    amounts.append(abs(units))
            for instrument, size in account.positions:
                rows.append(2 * self.assets + instrument + (self.instruments if size < 0 else 0))
                amounts.append(abs(size))
            ends.append(len(rows))
        self._greatest = {}
        for row, amount in zip(rows, amounts, strict=True):
            self._greatest[row] = max(amount, self._greatest.get(row, 0))
        costs = [account.cost for account in self.accounts]
        for what, most, bits in (
            ("amount", max(amounts, default=0), 128),
            ("cost", max(abs(cost) for cost in costs), MOST_BITS),
        ):
            if most >> bits:
                raise OverflowedError(what, most, bits)
        self._starts = np.array(ends, dtype=np.int64)
        self._rows = np.array(rows, dtype=np.uint32)
        self._amounts = _halves(amounts)
        self._costs = _halves(costs)

    def excess(self, weights: Weights, prices: Sequence[int], marks: Sequence[int]) -> list[int]:
        """Return every account's excess with 18 decimals, equal to ``exact_excess`` to the last unit.

        Raises
        ------
        OverflowedError
            If a term could need more than 110 bits.
        """
        compiled = kernels(self.fast)
        if not compiled:
            return [exact_excess(account, weights, prices, marks) for account in self.accounts]
        upper, lower = self.excess_halves(weights, prices, marks)
        return [
            (high << 64) | low
            for high, low in zip(upper.view(np.int64).tolist(), lower.tolist(), strict=True)
        ]

    def excess_halves(
        self, weights: Weights, prices: Sequence[int], marks: Sequence[int]
    ) -> tuple[Halves, Halves]:
        """Return every account's excess as upper and lower half of two's-complement 128-bit integers."""
        of_rows = [*prices, *prices, *marks, *marks]
        rates = [*weights.owned, *weights.owed, *weights.rates, *weights.rates]
        if len(prices) != self.assets or len(marks) != self.instruments or len(rates) != len(of_rows):
            raise BookError("prices", f"{self.assets} prices and {self.instruments} marks are needed")
        for row, amount in self._greatest.items():
            most = amount * of_rows[row] // WAD * max(rates[row], WAD) // WAD
            if of_rows[row] < 0 or most >> MOST_BITS:
                raise OverflowedError("value of a term", most, MOST_BITS)
        upper_price, lower_price = _halves(of_rows)
        of_assets, of_marks = self.assets, self.instruments
        # The part counts for what is owned; it is charged on debt, on longs and on shorts.
        part_sign = np.array([0] * of_assets + [ALL] * (of_assets + 2 * of_marks), dtype=np.uint64)
        # The value itself counts for instruments: added when long, subtracted when short.
        value_sign = np.zeros((len(of_rows), 2), dtype=np.uint64)
        value_sign[2 * of_assets :, 1] = ALL
        value_sign[2 * of_assets + of_marks :, 0] = ALL
        upper, lower = np.empty((2, len(self.accounts)), dtype=np.uint64)
        compiled = kernels(fast=True)

        def run(first: int, last: int) -> None:
            compiled.exact_excess(
                self._starts, self._rows, *self._amounts, *self._costs, upper_price, lower_price,
                np.array(rates, dtype=np.uint64), value_sign, part_sign, upper, lower, first, last,
            )  # fmt: skip

        in_ranges(run, len(self.accounts), self.workers)
        return upper, lower

    def failing(self, weights: Weights, prices: Sequence[int], marks: Sequence[int]) -> Wholes:
        """Return the accounts whose exact excess is below zero, by rising number.

        Float64 decides wherever its proven bound allows (``decision``), integers the rest: the answer is that
        of ``exact_excess`` for every account.
        """
        coefficients = Coefficients.of(
            weights, [price / WAD for price in prices], [mark / WAD for mark in marks]
        )
        below, unknown = self.marker.certainly(coefficients)
        more = [
            number
            for number in unknown.tolist()
            if exact_excess(self.accounts[number], weights, prices, marks) < 0
        ]
        return np.sort(np.concatenate((below, np.array(more, dtype=np.int64))))


def _halves(values: Sequence[int]) -> tuple[Halves, Halves]:
    """Return upper and lower 64 bits of two's-complement 128-bit integers."""
    upper = np.array([(value >> 64) & ALL for value in values], dtype=np.uint64)
    return upper, np.array([value & ALL for value in values], dtype=np.uint64)
