"""Words of an order book: sides, kinds of order, and what happens between an owner's own orders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Which asset the order wants: a buy locks quote, a sell locks base."""

    BUY = "buy"
    SELL = "sell"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Kind(StrEnum):
    """What may happen to the part of an order that does not fill at once."""

    LIMIT = "limit"
    """It rests in the book."""
    POST_ONLY = "post-only"
    """The order must rest whole; one that would trade at once is refused."""
    IMMEDIATE_OR_CANCEL = "ioc"
    """It is dropped."""
    FILL_OR_KILL = "fok"
    """There must be none; otherwise the order is refused."""


class SelfTrade(StrEnum):
    """What happens where an order meets a resting one of the same owner."""

    REJECT = "reject"
    """The new order is refused."""
    CANCEL_RESTING = "cancel-resting"
    """The resting order is cancelled and matching goes on."""
    CANCEL_TAKING = "cancel-taking"
    """Matching stops and the rest of the new order is dropped."""
    ALLOW = "allow"
    """They trade."""


@dataclass(frozen=True, slots=True)
class Order:
    """A resting order.

    Parameters
    ----------
    number
        Place in the sequence of orders: the lower, the earlier.
    owner
        A name; the book knows nothing else of it.
    price
        Quote units per ``price_unit`` base units of the book.
    quantity
        Base units left.
    """

    number: int
    owner: str
    side: Side
    price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Fill:
    """A match at the resting order's price; ``quote`` is what its taker pays or gets."""

    maker_order: int
    maker: str
    price: int
    quantity: int
    quote: int


@dataclass(frozen=True, slots=True)
class Placement:
    """What became of an order.

    Parameters
    ----------
    number
        Number of the resting part; None where nothing rests.
    fills
        Matches in order.
    dropped
        Base units neither filled nor resting.
    cancelled
        Numbers of own resting orders that the self-trade policy removed.
    """

    number: int | None
    fills: tuple[Fill, ...]
    dropped: int
    cancelled: tuple[int, ...]

    @property
    def filled(self) -> int:
        """Base units matched."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def quote(self) -> int:
        """Quote units paid or received."""
        return sum(fill.quote for fill in self.fills)
