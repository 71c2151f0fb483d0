"""Who holds the other side: candidates for deleveraging, read from the ledger."""

from __future__ import annotations

from collections.abc import Callable

from protocol.ledger import Kind, Ledger, quote_of
from protocol.liquidation.deleveraging.policy import Candidate
from protocol.liquidation.view import View, floor


def other_side(
    book: Ledger, group: str, spared: frozenset[str] = frozenset()
) -> Callable[[View, str], tuple[Candidate, ...]]:
    """Return a reader of all holders of the position opposite to a viewed account's.

    Parameters
    ----------
    book
        The ledger, read at each call.
    group
        The protocol whose margin accounts are candidates.
    spared
        Accounts that are never hit (a house account, a market maker with an exemption).

    Returns
    -------
    From (view, instrument) the candidates in the order of opening: capacity in units of position; profit,
    equity and notional at the market's scale. Entry notional is the cost that stands beside the position, so
    gains realised by earlier partial closings lower a long's and raise a short's.
    """

    def candidates(view: View, instrument: str) -> tuple[Candidate, ...]:
        position = view.balances.get(instrument, 0)
        found = []
        for account in book.accounts():
            held = book.balance(account.name, instrument)
            if account.kind is not Kind.MARGIN or account.group != group or account.name in spared:
                continue
            if held * position >= 0:
                continue
            worth = view.value(instrument, held)
            cost = view.value(view.cash, book.balance(account.name, quote_of(instrument)))
            equity = view.judge(book.balances(account.name), view.market).equity
            found.append(
                Candidate(
                    account.name,
                    abs(held),
                    floor(worth + cost),
                    equity,
                    floor(abs(worth)),
                    floor(abs(cost)),
                )
            )
        return tuple(found)

    return candidates
