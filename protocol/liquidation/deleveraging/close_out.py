"""The last resort: every position of an account below zero is closed against winners, on the ledger."""

from __future__ import annotations

from protocol.ledger import Ledger
from protocol.liquidation.deleveraging.positions import Fill, deleverage
from protocol.liquidation.deleveraging.prices import mark_price
from protocol.liquidation.policy import Deleveraging
from protocol.liquidation.settlement import settle_closed
from protocol.liquidation.view import View


def close_out(book: Ledger, view: View, resort: Deleveraging, house: str) -> tuple[Fill, ...]:
    """Close all positions of the viewed account and settle what is closed on both sides.

    Parameters
    ----------
    book
        Positions before and after.
    view
        The account below zero; prices are fixed before the first position moves.
    resort
        Who is hit and at which price.
    house
        Account through which costs turn into cash.

    Returns
    -------
    One fill a counterparty and instrument, instruments by name. What the price leaves below zero is for the
    waterfall.

    Raises
    ------
    DeleveragingError
        If the other side is too small.
    """
    positions = sorted(view.positions())
    prices = {name: resort.price(view, name) for name in positions}
    fills: list[Fill] = []
    for name in positions:
        done = deleverage(
            book,
            view.account,
            name,
            prices[name],
            mark_price(view, name),
            resort.winners(view, name),
            resort.ranking,
        )
        for account in (view.account, *(fill.account for fill in done)):
            settle_closed(book, account, house, view.cash, (name,))
        fills += done
    return tuple(fills)
