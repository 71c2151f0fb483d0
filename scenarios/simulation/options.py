"""Options of a protocol file as instruments on the ledger: their marks, and the holdings that rules judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from protocol.fixed_point import WAD
from protocol.liquidation.view import Balances
from protocol.margin.holdings import ExpiryHolding, OptionHolding
from protocol.market_state import MarketState
from protocol.pricing.black76 import exact_prices
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_options import volatility_of
from scenarios.simulation.margin_inputs import floor_of, price_of, wad_of
from scenarios.simulation.market_models import build_surface

if TYPE_CHECKING:
    from scenarios.markets.surface import Surface

YEAR = 31_536_000
Clock = Callable[[], int]
"""Seconds since the start."""


@dataclass(slots=True)
class Implied:
    """The file's surface of implied volatilities, and where its level stands now.

    Parameters
    ----------
    surface
        None where the file has none.
    levels
        At-the-money volatility by asset, set anew in every step; the file's where absent.
    """

    surface: Surface | None
    levels: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contract:
    """An option: strike and volatility with 18 decimals, expiry in seconds from the start.

    Parameters
    ----------
    volatility
        Its own, or the level that it begins with.
    implied
        The surface that it follows; None where its volatility stands.
    """

    underlying: str
    call: bool
    strike: int
    expiry: int
    volatility: int
    implied: Implied | None = None

    def volatility_at(self, forward: int, elapsed: int) -> int:
        """Return the implied volatility at a forward, both with 18 decimals."""
        if self.implied is None or self.implied.surface is None or forward <= 0:
            return self.volatility
        import numpy as np  # noqa: PLC0415 - only where options follow a surface

        from scenarios.markets.portable import log  # noqa: PLC0415

        level = self.implied.levels.get(self.underlying, self.volatility / WAD)
        years = max(1, self.expiry - elapsed) / YEAR
        found = self.implied.surface.volatility(
            np.array(level), np.array(log(self.strike / forward)), np.array(years)
        )
        return int(float(found) * WAD)

    def price(self, spot: Fraction, elapsed: int) -> Fraction:
        """Return the value of one unit at ``spot``, ``elapsed`` seconds after the start."""
        left = max(0, self.expiry - elapsed)
        forward = floor_of(spot * WAD)
        volatility = self.volatility_at(forward, elapsed)
        call, put = exact_prices(left, WAD, volatility, forward, self.strike)
        return Fraction(call if self.call else put, WAD)


def implied_of(file: ProtocolFile) -> Implied:
    """Return the file's surface at its opening."""
    return Implied(build_surface(file) if file.options else None)


def contracts(file: ProtocolFile, implied: Implied | None = None) -> dict[str, Contract]:
    """Return the options of a file by name; the checks have shown that each has a volatility.

    An option without a volatility of its own follows the surface where that has its underlying.
    """
    found, implied = {}, implied or implied_of(file)
    section = file.market.surface
    for name, option in file.options.items():
        volatility = volatility_of(option, file.market)
        assert volatility is not None
        found[name] = Contract(
            option.underlying,
            option.type == "call",
            int(option.strike * WAD),
            option.expiry,
            int(volatility * WAD),
            implied
            if option.volatility is None and section is not None and option.underlying in section.level
            else None,
        )
    return found


def expiries(
    options: Mapping[str, Contract], underlying: str, balances: Balances, market: MarketState, elapsed: int
) -> tuple[ExpiryHolding[int], ...]:
    """Return what an account holds in options of one underlying, by expiry; claims have full confidence."""
    rows: dict[int, list[OptionHolding[int]]] = {}
    spot = 0
    for name, option in options.items():
        units = balances.get(name, 0)
        if option.underlying == underlying and units:
            amount, spot = wad_of(units, market.decimals[name]), price_of(market, underlying)
            volatility = option.volatility_at(spot, elapsed)
            holding = OptionHolding(option.strike, volatility, amount, option.call)
            rows.setdefault(option.expiry, []).append(holding)
    return tuple(
        ExpiryHolding(max(0, at - elapsed), 0, spot, 0, WAD, WAD, WAD, tuple(held))
        for at, held in sorted(rows.items())
    )
