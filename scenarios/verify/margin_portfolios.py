"""Read the portfolios of Derive's vector files into holdings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from protocol.margin.holdings import (
    ExpiryHolding,
    MarketHolding,
    OptionHolding,
    PerpHolding,
    Portfolio,
    TokenHolding,
)

Row: TypeAlias = Sequence[Any]
Case: TypeAlias = Mapping[str, Any]


def options(rows: Iterable[Row]) -> tuple[OptionHolding[int], ...]:
    """Read rows of strike, volatility, amount, call."""
    return tuple(OptionHolding(row[0], row[1], row[2], bool(row[3])) for row in rows)


def perp(row: Row) -> PerpHolding[int] | None:
    """Read size, price, confidence, unsettled; a size of zero is no position."""
    return PerpHolding(*row) if row[0] else None


def standard_expiry(row: Row) -> ExpiryHolding[int]:
    """Read an expiry of standard margin, which knows no rate."""
    seconds, forward, forward_confidence, volatility_confidence, rows = row
    return ExpiryHolding(
        seconds, 0, forward, 0, forward_confidence, 10**18, volatility_confidence, options(rows)
    )


def portfolio_expiry(row: Row) -> ExpiryHolding[int]:
    """Read an expiry of portfolio margin."""
    seconds, fixed, variable, forward_confidence, rate, rate_confidence, volatility_confidence, rows = row
    return ExpiryHolding(
        seconds,
        fixed,
        variable,
        rate,
        forward_confidence,
        rate_confidence,
        volatility_confidence,
        options(rows),
    )


def standard_portfolio(case: Case) -> Portfolio[int]:
    """Read a case of standard margin."""
    markets = tuple(
        MarketHolding(
            str(index), spot, confidence, perp(position), base, tuple(map(standard_expiry, expiries))
        )
        for index, spot, confidence, position, base, expiries in case["m"]
    )
    return Portfolio(case["c"], case["st"], markets)


def single_market_portfolio(case: Case) -> Portfolio[int]:
    """Read a case of portfolio margin: one underlying, and tokens in the second generation."""
    spot, confidence, stable = case["s"]
    market = MarketHolding(
        "0", spot, confidence, perp(case["p"]), case.get("b", 0), tuple(map(portfolio_expiry, case["e"]))
    )
    tokens = tuple(
        TokenHolding(str(index), amount, price, token_confidence)
        for index, amount, price, token_confidence in case.get("k", ())
    )
    return Portfolio(case["c"], stable, (market,), tokens)
