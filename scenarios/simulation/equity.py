"""What an account is worth at a market's prices, whatever rule judges it."""

from __future__ import annotations

from protocol.liquidation.view import Balances
from protocol.market_state import MarketState


def equity_of(balances: Balances, market: MarketState) -> int:
    """Return the value of everything: each holding rounded down, each debt up."""
    return sum(
        market.value_down(asset, units) if units > 0 else -market.value_up(asset, -units)
        for asset, units in balances.items()
        if units
    )
