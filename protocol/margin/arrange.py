"""From an account of the ledger and a state of the market to the holdings that every margin rule judges.

The ledger knows raw units by asset; a listing says what each asset is; the state says what the market reads
at one moment. Nothing else enters a judgement, so a run can be replayed from these three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from protocol.errors import MissingPriceError
from protocol.fixed_point import WAD, div_to_zero
from protocol.fixed_point.context import EXACT
from protocol.ledger import quote_of
from protocol.margin.holdings import (
    ExpiryHolding,
    MarketHolding,
    OptionHolding,
    PerpHolding,
    Portfolio,
    TokenHolding,
)
from protocol.pricing.settlement import split_forward
from protocol.pricing.volatility_surface import SviSlice


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A token: the account's cash, the base asset of ``underlying``, or collateral on its own."""

    decimals: int
    cash: bool = False
    underlying: str = ""


@dataclass(frozen=True, slots=True)
class ListedPerpetual:
    """A perpetual; the ledger keeps its cost in cash units under ``quote_of``."""

    underlying: str
    decimals: int
    cash_decimals: int


@dataclass(frozen=True, slots=True)
class ListedOption:
    """A European option; ``strike`` has 18 decimals, ``expiry`` is a Unix second."""

    underlying: str
    strike: int
    call: bool
    expiry: int
    decimals: int


@dataclass(frozen=True, slots=True)
class ExpiryState:
    """What is read for one expiry: forward, settlement average so far, rate, confidences, surface."""

    forward: int
    surface: SviSlice[int]
    average: int = 0
    rate: int = 0
    forward_confidence: int = WAD
    rate_confidence: int = WAD
    volatility_confidence: int = WAD


@dataclass(frozen=True, slots=True)
class UnderlyingState:
    """What is read for one underlying."""

    spot: int
    confidence: int = WAD
    perp_price: int = 0
    perp_confidence: int = WAD
    expiries: Mapping[int, ExpiryState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MarginState:
    """All that a margin rule may read: prices with 18 decimals and confidences at one second."""

    time: int
    stable_price: int
    underlyings: Mapping[str, UnderlyingState]
    tokens: Mapping[str, tuple[int, int]] = field(default_factory=dict)


Listing: TypeAlias = ListedToken | ListedPerpetual | ListedOption

Key = TypeVar("Key")
Value = TypeVar("Value")


def arrange(
    balances: Mapping[str, int], listings: Mapping[str, Listing], state: MarginState
) -> Portfolio[int]:
    """Return the holdings of an account.

    Parameters
    ----------
    balances
        Raw units by asset, as the ledger returns them.
    listings
        What each asset is; an asset without a listing is no part of the margin account.
    state
        The market.

    Raises
    ------
    MissingPriceError
        If something held has no price.
    """
    cash = 0
    tokens: list[TokenHolding[int]] = []
    base: dict[str, int] = {}
    perps: dict[str, PerpHolding[int]] = {}
    options: dict[str, dict[int, list[OptionHolding[int]]]] = {}
    for asset, units in balances.items():
        listing = listings.get(asset)
        if isinstance(listing, ListedToken):
            amount = _wad(units, listing.decimals)
            if listing.cash:
                cash += amount
            elif listing.underlying:
                base[listing.underlying] = base.get(listing.underlying, 0) + amount
            else:
                price, confidence = _read(state.tokens, asset)
                tokens.append(TokenHolding(asset, amount, price, confidence))
        elif isinstance(listing, ListedPerpetual):
            read = _read(state.underlyings, listing.underlying)
            size = _wad(units, listing.decimals)
            cost = _wad(balances.get(quote_of(asset), 0), listing.cash_decimals)
            gain = EXACT.mul_to_zero(size, read.perp_price) + cost
            perps[listing.underlying] = PerpHolding(size, read.perp_price, read.perp_confidence, gain)
        elif isinstance(listing, ListedOption):
            surface = _read(_read(state.underlyings, listing.underlying).expiries, listing.expiry).surface
            held = OptionHolding(
                listing.strike,
                surface.volatility(EXACT, listing.strike),
                _wad(units, listing.decimals),
                listing.call,
            )
            by_expiry = options.setdefault(listing.underlying, {})
            by_expiry.setdefault(listing.expiry, []).append(held)
    names = sorted(base.keys() | perps.keys() | options.keys())
    markets = tuple(
        _market(name, _read(state.underlyings, name), state.time, base, perps, options) for name in names
    )
    return Portfolio(cash, state.stable_price, markets, tuple(tokens))


def _market(
    name: str,
    read: UnderlyingState,
    time: int,
    base: Mapping[str, int],
    perps: Mapping[str, PerpHolding[int]],
    options: Mapping[str, Mapping[int, list[OptionHolding[int]]]],
) -> MarketHolding[int]:
    expiries = tuple(
        _expiry(expiry - time, read.expiries[expiry], tuple(rows))
        for expiry, rows in sorted(options.get(name, {}).items())
    )
    return MarketHolding(name, read.spot, read.confidence, perps.get(name), base.get(name, 0), expiries)


def _expiry(seconds: int, read: ExpiryState, rows: tuple[OptionHolding[int], ...]) -> ExpiryHolding[int]:
    left = max(seconds, 0)
    fixed, variable = split_forward(EXACT, read.forward, read.average, left)
    return ExpiryHolding(
        left,
        fixed,
        variable,
        read.rate,
        read.forward_confidence,
        read.rate_confidence,
        read.volatility_confidence,
        rows,
    )


def _wad(units: int, decimals: int) -> int:
    """Return raw units with 18 decimals, toward zero where the token has more."""
    return div_to_zero(units * WAD, int(10**decimals))


def _read(table: Mapping[Key, Value], key: Key) -> Value:
    if key not in table:
        raise MissingPriceError(str(key), tuple(map(str, table)))
    return table[key]
