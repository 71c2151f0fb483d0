"""What a call costs: gas, paid on the ledger by whoever calls to whoever makes the block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from protocol.ledger import Posting
from protocol.liquidation.view import ceiling, value
from protocol.market_state import MarketState


@dataclass(frozen=True, slots=True)
class Toll:
    """The gas of one call: raw units of an asset, and who gets them."""

    asset: str
    units: int
    payee: str

    def posting(self, payer: str) -> Posting:
        """Return the movement."""
        return Posting(payer, self.payee, self.asset, self.units, "gas")


def normal_price(_: int) -> Fraction:
    """Return 1: gas costs what it always costs."""
    return Fraction(1)


@dataclass(frozen=True, slots=True)
class GasMarket:
    """Where gas is bought.

    Parameters
    ----------
    asset
        In which it is paid.
    payee
        Account of the block's maker, or of nobody where gas is burnt.
    price
        Multiple of the normal gas price at a second.
    """

    asset: str
    payee: str
    price: Callable[[int], Fraction] = normal_price

    def toll(self, market: MarketState, cost: Fraction) -> Toll:
        """Return the toll of a cost in value at the market's scale, rounded up to whole units."""
        return Toll(self.asset, ceiling(cost / value(market, self.asset, 1)), self.payee)
