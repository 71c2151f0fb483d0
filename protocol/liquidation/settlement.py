"""Turning the cost of closed positions into cash, against the house account of the same protocol."""

from __future__ import annotations

from collections.abc import Iterable

from protocol.ledger import Ledger, quote_of


def settle_closed(book: Ledger, account: str, house: str, cash: str, instruments: Iterable[str]) -> None:
    """Pay out, one for one, the quote balance of every instrument in which ``account`` has no position left.

    The house takes the claim for the cash, so its two balances add up to nothing.
    """
    for instrument in sorted(instruments):
        quote = quote_of(instrument)
        cost = book.balance(account, quote)
        if account == house or not cost or book.balance(account, instrument):
            continue
        first, second = (account, house) if cost > 0 else (house, account)
        book.post(first, second, quote, abs(cost), "settled")
        book.post(second, first, cash, abs(cost), "settled")
