"""One path over a whole book in one pass: who fails first when, what a liquidation does, what is left.

Prices come from outside and liquidations do not move them here, so every account's first failing step is one
product of the book with all prices of the path; only accounts that fail are then looked at one by one, as
arrays. Liquidations that move prices are in ``moving``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from protocol.margin.book.book import Book
from protocol.margin.book.columns import Rows, Table, first_below_zero
from protocol.margin.book.linear import Coefficients, Weights
from scenarios.markets.elementary import Floats

Wholes: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a liquidation does to an account.

    Parameters
    ----------
    settlement
        Asset in which positions settle; -1 where there are none.
    bonus
        Part of the notional closed, and of the debt repaid, that the account loses besides.
    sell_collateral
        Whether collateral pays the debts.
    """

    settlement: int
    bonus: float
    sell_collateral: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """One path; money at outside prices.

    Parameters
    ----------
    accounts
        How many were liquidated.
    traded
        Notional closed and collateral taken.
    bad_debt
        What accounts lack at the end; the basis is equity.
    insolvent
        How many accounts that are.
    value
        Equity of all accounts at the end, the negative ones included.
    owed, owned
        ``[assets]`` units of all accounts at the end.
    unserved
        Accounts short of margin at the end at outside prices that nobody liquidated.
    """

    accounts: int
    traded: float
    bad_debt: float
    insolvent: int
    value: float
    owed: Floats
    owned: Floats
    unserved: int


@dataclass(slots=True, eq=False)
class OpenBook:
    """A book made ready for many paths.

    Parameters
    ----------
    book, weights, terms
        The accounts, the level that liquidates, and how.
    fast
        Whether compiled kernels are used; None where they are installed.
    workers
        Threads.
    """

    book: Book
    weights: Weights
    terms: Terms
    fast: bool | None = None
    workers: int = 1
    rows: Rows = field(init=False)
    _owned: Floats = field(init=False)
    _owed: Floats = field(init=False)
    _sizes: Floats = field(init=False)
    _cost: float = field(init=False)

    def __post_init__(self) -> None:
        book = self.book
        self.rows = Rows.of(book)
        self._owned = np.maximum(book.balances, 0.0).sum(axis=0)
        self._owed = np.maximum(-book.balances, 0.0).sum(axis=0)
        self._sizes = _sums(book.held, book.sizes, book.instruments)
        self._cost = float(book.costs.sum())

    def first_failures(self, prices: Floats) -> Wholes:
        """Return each account's first failing step, -1 where it never fails.

        Parameters
        ----------
        prices
            ``[steps, assets + instruments]``: of assets, then marks.
        """
        return self._first(self.weights, prices)

    def _first(self, weights: Weights, prices: Floats) -> Wholes:
        assets = self.book.assets
        folded = Coefficients.folded(weights, prices[:, :assets], prices[:, assets:])
        return first_below_zero(self.rows, Table.of_prices(folded), fast=self.fast, workers=self.workers)

    def run(self, outside: Floats, seen: Floats | None = None) -> Outcome:
        """Run one path.

        Parameters
        ----------
        outside
            ``[steps, assets + instruments]``.
        seen
            What the protocol believes, of the same shape; None: the outside prices.
        """
        first = self.first_failures(outside if seen is None else seen)
        hit = np.flatnonzero(first >= 0)
        part = self.book.select(hit)
        after, traded = liquidate(part, first[hit], outside, outside if seen is None else seen, self.terms)
        last = outside[-1]
        equity = worth_of(after, last)
        lacking, insolvent, unserved = float(-equity[equity < 0].sum()), int((equity < 0).sum()), 0
        if seen is not None:
            more, count, unserved = self._overlooked(first < 0, last)
            lacking, insolvent = lacking + more, insolvent + count
        gone = _sums(part.held, part.sizes, self.book.instruments)
        owned = self._owned - np.maximum(part.balances, 0.0).sum(axis=0) + np.maximum(after, 0.0).sum(axis=0)
        owed = self._owed - np.maximum(-part.balances, 0.0).sum(axis=0) + np.maximum(-after, 0.0).sum(axis=0)
        value = float(worth_of((owned - owed)[None], last)[0])
        value += float(((self._sizes - gone) * last[self.book.assets :]).sum())
        value -= self._cost - float(part.costs.sum())
        return Outcome(len(hit), traded, lacking, insolvent, value, owed, owned, unserved)

    def _overlooked(self, untouched: NDArray[np.bool_], prices: Floats) -> tuple[float, int, int]:
        """Return what untouched accounts lack, how many do, and how many are short, at the outside prices."""
        short = np.flatnonzero(untouched & (self._first(self.weights, prices[None]) >= 0))
        part = self.book.select(short)
        equity = equity_of(part, prices)
        return float(-equity[equity < 0].sum()), int((equity < 0).sum()), len(short)


def equity_of(book: Book, prices: Floats) -> Floats:
    """Return every account's equity."""
    owner = np.repeat(np.arange(book.accounts), np.diff(book.starts))
    worth = book.sizes * prices[book.assets :][book.held]
    return worth_of(book.balances, prices) + _sums(owner, worth, book.accounts) - book.costs


def worth_of(balances: Floats, prices: Floats) -> Floats:
    """Return the worth of balances ``[accounts, assets]``, added asset by asset: always in one order."""
    worth = np.zeros(len(balances))
    for asset in range(balances.shape[1]):
        worth = worth + balances[:, asset] * prices[asset]
    return worth


def liquidate(part: Book, when: Wholes, outside: Floats, seen: Floats, terms: Terms) -> tuple[Floats, float]:
    """Return the balances after accounts were liquidated, each at its step, and the value that was traded.

    The protocol closes positions and takes collateral at the prices it believes; value is at outside prices.
    """
    assets = part.assets
    at = seen[when]
    balances = part.balances.copy()
    owner = np.repeat(np.arange(part.accounts), np.diff(part.starts))
    traded = 0.0
    if len(owner):
        marks = assets + part.held.astype(np.int64)
        worth = part.sizes * seen[when[owner], marks]
        gained = _sums(owner, worth, part.accounts) - part.costs
        notional = _sums(owner, np.abs(worth), part.accounts)
        traded += float((np.abs(part.sizes) * outside[when[owner], marks]).sum())
        change = gained - terms.bonus * notional
        balances[:, terms.settlement] += change / at[:, terms.settlement]
    if terms.sell_collateral and len(when):
        prices = at[:, :assets]
        owned = (np.maximum(balances, 0.0) * prices).sum(axis=1)
        owed = (np.maximum(-balances, 0.0) * prices).sum(axis=1)
        taken = np.minimum(owned, owed * (1.0 + terms.bonus))
        repaid = taken / (1.0 + terms.bonus)
        keep = 1.0 - np.divide(taken, owned, out=np.zeros_like(taken), where=owned > 0)
        left = 1.0 - np.divide(repaid, owed, out=np.zeros_like(taken), where=owed > 0)
        after = balances * np.where(balances > 0, keep[:, None], left[:, None])
        moved = np.maximum(balances - after, 0.0)
        traded += float((moved * outside[when, :assets]).sum())
        balances = after
    return balances, traded


def _sums(numbers: NDArray[Any], values: Floats, count: int) -> Floats:
    return np.asarray(np.bincount(numbers, values, minlength=count), dtype=np.float64)
