"""What every margin rule of a simulation is given, and what the file's factors mean."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol, TypeAlias

from protocol.fixed_point import WAD
from protocol.ledger import quote_of
from protocol.liquidation.view import Balances, Judgement
from protocol.market_state import MarketState
from scenarios.files.protocol_rules import ListingFile, PerpetualFile

SCALE = 18
OpenInterest: TypeAlias = Callable[[str], int]
"""From a perpetual's name to its long side, raw base units."""


class MarginRule(Protocol):
    """A rule over signed balances; values have ``SCALE`` decimals of the file's money."""

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return what is left over the requirement for borrowing, withdrawing or trading."""
        ...

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity and the excess below which the account is liquidated."""
        ...


def nobody(_: str) -> int:
    """Return no open interest."""
    return 0


def threshold_of(listing: ListingFile) -> Fraction:
    """Return the liquidation threshold, the collateral factor where none is given."""
    given = listing.liquidation_threshold
    return Fraction(listing.collateral_factor if given is None else given)


def maintenance_of(market: PerpetualFile) -> Fraction:
    """Return the maintenance leverage, twice the maximum where none is given."""
    given = market.maintenance_leverage
    return 2 * Fraction(market.maximum_leverage) if given is None else Fraction(given)


def floor_of(value: Fraction) -> int:
    """Return the greatest integer not above ``value``."""
    return value.numerator // value.denominator


def wad_of(units: int, decimals: int) -> int:
    """Return raw units with 18 decimals, rounded toward zero."""
    size = abs(units) * WAD // int(10**decimals)
    return size if units >= 0 else -size


def price_of(market: MarketState, asset: str) -> int:
    """Return the price of a whole token with 18 decimals."""
    return market.value_down(asset, 10 ** market.decimals[asset])


def gain_of(balances: Balances, market: MarketState, name: str) -> int:
    """Return the unrealised result of a perpetual, 18 decimals of money."""
    worth = market.value_down(name, balances.get(name, 0))
    return worth + market.value_down(quote_of(name), balances.get(quote_of(name), 0))
