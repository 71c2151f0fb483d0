"""Orders of an order book on the ledger: what an order locks moves to the book, what it earns is claimed."""

from __future__ import annotations

from protocol.venues.order import Kind, Placement, SelfTrade, Side
from protocol.venues.order_book import OrderBook
from scenarios.world import World


def order_book(world: World, venue: str) -> OrderBook:
    """Return a venue that has orders.

    Raises
    ------
    UnknownNameError
        It is of another kind.
    """
    return world.venue_of(OrderBook, "order book", venue)


def place(
    world: World, actor: str, venue: str, side: Side, price: int, quantity: int, kind: Kind = Kind.POST_ONLY
) -> Placement:
    """Place an order; what it locks and what it takes is paid, what it buys at once is received."""
    book = order_book(world, venue)
    placement, after = book.place(
        actor, side, price, quantity, kind=kind, self_trade=SelfTrade.CANCEL_RESTING
    )
    left = quantity - placement.filled - placement.dropped
    if side is Side.BUY:
        world.move(actor, venue, book.quote_asset, placement.quote + book.cost(price, left), "order")
        world.move(venue, actor, book.base, placement.filled, "filled")
    else:
        world.move(actor, venue, book.base, placement.filled + left, "order")
        world.move(venue, actor, book.quote_asset, placement.quote, "filled")
    world.state.values[venue] = after
    return placement


def withdraw(world: World, actor: str, venue: str) -> tuple[int, int]:
    """Cancel all orders of an owner and claim what they earned; return the quote and base units paid out."""
    book = order_book(world, venue)
    after = book
    quote = base = 0
    for order in (*book.bids, *book.asks):
        if order.owner == actor:
            back, after = after.cancel(actor, order.number)
            quote, base = (quote + back, base) if order.side is Side.BUY else (quote, base + back)
    earned_quote, earned_base, after = after.claim(actor)
    quote, base = quote + earned_quote, base + earned_base
    world.move(venue, actor, book.quote_asset, quote, "orders withdrawn")
    world.move(venue, actor, book.base, base, "orders withdrawn")
    world.state.values[venue] = after
    return quote, base
