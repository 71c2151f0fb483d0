"""Liquidation by market order: a position is sold into a resting book, at what the book pays and no more.

The book is an ``OrderBook`` among the state's values, in raw units of position and of cash. Its makers stand
on the ledger as one account, the rule's taker. The size is cut to what the book holds; the rest waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, runtime_checkable

from protocol.errors import UnknownNameError
from protocol.liquidation.exchange import Offer
from protocol.liquidation.view import Part, View, convert
from protocol.transaction import State
from protocol.venues.order import Placement, Side
from protocol.venues.order_book import TAKER, OrderBook


@runtime_checkable
class FittedPricer(Protocol):
    """A pricer whose concession depends on the size, and that may cut the size."""

    def concession(self, view: View, part: Part) -> Fraction:
        """Return the concession on the whole part."""
        ...

    def fit(self, view: View, part: Part, size: int) -> tuple[int, Fraction]:
        """Return the size that can be done, and its concession."""
        ...


@dataclass(frozen=True, slots=True)
class MarketOrders:
    """A market's book and how liquidations trade with it.

    Parameters
    ----------
    state
        Where the book is kept.
    book
        Its name among the values.
    """

    state: State
    book: str

    def resting(self) -> OrderBook:
        """Return the book as it is now.

        Raises
        ------
        UnknownNameError
            If there is none of this name.
        """
        value = self.state.values.get(self.book)
        if not isinstance(value, OrderBook):
            raise UnknownNameError("order book", self.book, ())
        return value

    def _match(self, position: int, size: int) -> tuple[Placement, OrderBook]:
        book = self.resting()
        whole_lots = size - size % book.lot
        side = Side.SELL if position > 0 else Side.BUY
        return book.market(TAKER, side, whole_lots) if whole_lots else (Placement(None, (), 0, ()), book)

    def concession(self, view: View, part: Part) -> Fraction:
        """Return what the whole position would lose against the mark; 0 for an empty book."""
        return self.fit(view, part, abs(view.balances.get(part.gives, 0)))[1]

    def fit(self, view: View, part: Part, size: int) -> tuple[int, Fraction]:
        """Return the filled part of ``size`` and its concession against the mark."""
        position = view.balances.get(part.gives, 0)
        placement, _ = self._match(position, size)
        if not placement.filled:
            return 0, Fraction(0)
        paid = Fraction(placement.quote, placement.filled)
        ratio = paid / convert(view.market, part.gives, view.cash, 1)
        return placement.filled, 1 - ratio if position > 0 else ratio - 1

    def record(self, view: View, part: Part, size: int, moved: Offer, taker: str) -> None:
        """Take the fills off the book; to be given to the machine as ``on_trade``."""
        if part.gives != self.resting().base or size == 0:
            return
        _, after = self._match(view.balances.get(part.gives, 0), size)
        self.state.values[self.book] = after
