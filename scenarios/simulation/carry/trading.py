"""Trading a perpetual on its own market, against the protocol."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from scenarios.simulation.names import PERPETUAL_VENUE

if TYPE_CHECKING:
    from scenarios.simulation.protocol import Protocol


def trade_on_venue(protocol: Protocol, owner: str, name: str, units: int) -> int:
    """Let an owner buy raw base at the market's price, or sell it (below zero).

    Returns
    -------
    int
        Raw settlement units: the cost rounded up, the proceeds down.

    Raises
    ------
    RuleError
        By the margin rule, a limit, or a market that is too thin.
    """
    protocol.perpetual(name)
    account = protocol.account(owner)
    amount = protocol.marks.fill(name, units, index_of(protocol, name))
    long, short = (account, PERPETUAL_VENUE) if units > 0 else (PERPETUAL_VENUE, account)
    protocol.exchange(long, short, name, abs(units), amount, taker=account, judged=(owner,))
    return amount


def index_of(protocol: Protocol, name: str) -> Fraction | None:
    """Return the oracle's price in whole settlement per whole base; None where it refuses."""
    prices = protocol.market().prices
    index = prices.get(protocol.perpetual(name).underlying)
    settlement = prices.get(protocol.file.margin.settlement)
    if index is None or settlement is None or not settlement.value:
        return None
    return index.exact / settlement.exact


def mark_of(protocol: Protocol, name: str) -> Fraction | None:
    """Return the mark in whole settlement per whole base; the index where there is no market."""
    return protocol.marks.mark(name, index_of(protocol, name))
