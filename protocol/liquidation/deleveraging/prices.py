"""At which price positions are closed against winners: quote units per raw unit of position, at least 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TypeAlias

from protocol.liquidation.pricers import Bankruptcy
from protocol.liquidation.view import Kind, Part, View, convert

ClosingPrice: TypeAlias = Callable[[View, str], Fraction]
"""Quote units per unit of the instrument at which the viewed account's position is closed."""


def bankruptcy_price(view: View, instrument: str) -> Fraction:
    """Return the price at which the account is left with nothing once all its positions are closed.

    Each position bears a part of the equity in proportion to its notional (Chitra, arXiv 2512.01112, for one
    position; the same fraction of notional for several).
    """
    concession = Bankruptcy().concession(view, Part(Kind.POSITION, instrument))
    long = view.balances.get(instrument, 0) > 0
    mark = mark_price(view, instrument)
    return max(Fraction(0), mark * (1 - concession if long else 1 + concession))


def bankruptcy_price_by_requirement(rates: Mapping[str, Fraction]) -> ClosingPrice:
    """Return the same with each position bearing equity by its maintenance requirement (dYdX v4).

    Parameters
    ----------
    rates
        Maintenance requirement over notional, by instrument.
    """

    def price(view: View, instrument: str) -> Fraction:
        asked = sum(
            (abs(view.value(name, units)) * rates[name] for name, units in view.positions().items()),
            Fraction(0),
        )
        borne = Fraction(view.judgement.equity) * rates[instrument] / asked if asked else Fraction(0)
        long = view.balances.get(instrument, 0) > 0
        return max(Fraction(0), mark_price(view, instrument) * (1 - borne if long else 1 + borne))

    return price


def mark_price(view: View, instrument: str) -> Fraction:
    """Return the mark: winners give up nothing and the loser keeps his deficit."""
    return convert(view.market, instrument, view.cash, 1)


def fixed_price(prices: dict[str, Fraction]) -> ClosingPrice:
    """Return a rule that closes each instrument at the price given, in quote units per raw unit of position.

    A venue's decree (JELLY at 0.0095), or the mark before the last move (Hyperliquid's rule).
    """

    def price(_: View, instrument: str) -> Fraction:
        return prices[instrument]

    return price
