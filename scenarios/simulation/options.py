"""Options of a protocol file as instruments on the ledger: their marks, and the holdings that rules judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from protocol.fixed_point import WAD
from protocol.liquidation.view import Balances
from protocol.margin.holdings import ExpiryHolding, OptionHolding
from protocol.market_state import MarketState
from protocol.pricing.black76 import exact_prices
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_options import volatility_of
from scenarios.simulation.margin_inputs import floor_of, price_of, wad_of

Clock = Callable[[], int]
"""Seconds since the start."""


@dataclass(frozen=True, slots=True)
class Contract:
    """An option: strike and volatility with 18 decimals, expiry in seconds from the start."""

    underlying: str
    call: bool
    strike: int
    expiry: int
    volatility: int

    def price(self, spot: Fraction, elapsed: int) -> Fraction:
        """Return the value of one unit at ``spot``, ``elapsed`` seconds after the start."""
        left = max(0, self.expiry - elapsed)
        forward = floor_of(spot * WAD)
        call, put = exact_prices(left, WAD, self.volatility, forward, self.strike)
        return Fraction(call if self.call else put, WAD)


def contracts(file: ProtocolFile) -> dict[str, Contract]:
    """Return the options of a file by name; the checks have shown that each has a volatility."""
    found = {}
    for name, option in file.options.items():
        volatility = volatility_of(option, file.market)
        assert volatility is not None
        found[name] = Contract(
            option.underlying,
            option.type == "call",
            int(option.strike * WAD),
            option.expiry,
            int(volatility * WAD),
        )
    return found


def expiries(
    options: Mapping[str, Contract], underlying: str, balances: Balances, market: MarketState, elapsed: int
) -> tuple[ExpiryHolding[int], ...]:
    """Return what an account holds in options of one underlying, by expiry; claims have full confidence."""
    rows: dict[int, list[OptionHolding[int]]] = {}
    for name, option in options.items():
        units = balances.get(name, 0)
        if option.underlying == underlying and units:
            amount = wad_of(units, market.decimals[name])
            holding = OptionHolding(option.strike, option.volatility, amount, option.call)
            rows.setdefault(option.expiry, []).append(holding)
    spot = price_of(market, underlying) if rows else 0
    return tuple(
        ExpiryHolding(max(0, at - elapsed), 0, spot, 0, WAD, WAD, WAD, tuple(held))
        for at, held in sorted(rows.items())
    )
