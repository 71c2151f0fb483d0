"""The balances of a portfolio as a lending market sees them: one row an asset, signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point.context import Context, N
from protocol.margin.holdings import Portfolio

CASH = "cash"
"""The settlement asset's row; engines know it as their dollar."""
WRAPPED = {"WETH": "ETH", "WBTC": "BTC", "WSOL": "SOL"}
"""Tokens that an engine lists under the name of what they wrap."""


@dataclass(frozen=True, slots=True)
class Asset(Generic[N]):
    """An asset, its signed amount and its price, 18 decimals in the exact plane."""

    name: str
    amount: N
    price: N

    def owned(self, context: Context[N]) -> N:
        """Return the amount held, zero for a debt."""
        return context.maximum(self.amount, context.zero)

    def owed(self, context: Context[N]) -> N:
        """Return the amount owed, zero for a balance."""
        return context.maximum(-self.amount, context.zero)

    def value(self, context: Context[N]) -> N:
        """Return amount times price, signed."""
        return context.mul_to_zero(self.amount, self.price)


def listed_as(name: str) -> str:
    """Return the name under which engines list an asset: that of what it wraps."""
    return WRAPPED.get(name, name)


def assets(portfolio: Portfolio[N]) -> tuple[Asset[N], ...]:
    """Return the cash, the underlyings held or owed, and the collateral tokens."""
    rows = [Asset(CASH, portfolio.cash, portfolio.stable_price)]
    rows += [Asset(listed_as(m.underlying), m.base, m.spot) for m in portfolio.markets]
    rows += [Asset(listed_as(t.asset), t.amount, t.price) for t in portfolio.tokens]
    return tuple(rows)
