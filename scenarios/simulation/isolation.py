"""Isolated collateral: a ceiling on all debt against it, and no other collateral beside it (Aave's mode)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from protocol.errors import CapExceededError
from protocol.liquidation.view import value

if TYPE_CHECKING:
    from protocol.market_state import MarketState
    from scenarios.simulation.protocol import Protocol


def room_down(protocol: Protocol, held: Mapping[str, int], asset: str, market: MarketState) -> int | None:
    """Return how many units of ``asset`` may still be borrowed by an account; None if nothing isolates it."""
    listings, room = protocol.listings(), None
    for name, units in held.items():
        ceiling = listings[name].debt_ceiling if units > 0 and name in listings else None
        if ceiling is None:
            continue
        others = any(u > 0 and n != name and _counts(listings, n) for n, u in held.items())
        left = (
            Fraction(0) if others else Fraction(ceiling) * 10**protocol.scale - _owed(protocol, name, market)
        )
        units_left = max(0, int(left / value(market, asset, 1)))
        room = units_left if room is None else min(room, units_left)
    return room


def _counts(listings: Mapping[str, object], name: str) -> bool:
    return name in listings and bool(getattr(listings[name], "collateral_factor", 0))


def _owed(protocol: Protocol, name: str, market: MarketState) -> Fraction:
    """Return the debt of all accounts that hold ``name`` as collateral, at the market's scale."""
    book, total = protocol.world.state.ledger, Fraction(0)
    for account in protocol.accounts():
        held = book.balances(account)
        if held.get(name, 0) > 0:
            total += sum((value(market, a, -u) for a, u in held.items() if u < 0), Fraction(0))
    return total


def require_room(protocol: Protocol, held: Mapping[str, int], market: MarketState) -> None:
    """Raise if an account with isolated collateral owes more than its ceiling, or has other collateral.

    Raises
    ------
    CapExceededError
        With the debt and the ceiling in whole money.
    """
    if not any(units < 0 for units in held.values()):
        return
    listings = protocol.listings()
    for name, units in held.items():
        ceiling = listings[name].debt_ceiling if units > 0 and name in listings else None
        if ceiling is None:
            continue
        owed = _owed(protocol, name, market) / 10**protocol.scale
        if owed > ceiling:
            raise CapExceededError(f"debt against {name}", int(owed), int(ceiling))
        others = [n for n, u in held.items() if u > 0 and n != name and _counts(listings, n)]
        if others:
            raise CapExceededError(f"collateral beside {name}", len(others), 0)
