"""A portfolio as a margin rule sees it: what is held, joined with what the market state says of it.

The same holdings are judged by every rule. Amounts, prices, rates and confidences carry 18 decimals in the
exact plane; seconds carry none. In the array plane each number may be an array over accounts or paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.fixed_point.context import N


@dataclass(frozen=True, slots=True)
class OptionHolding(Generic[N]):
    """Options of one strike: positive amounts are bought, negative ones sold."""

    strike: N
    volatility: N
    amount: N
    call: bool


@dataclass(frozen=True, slots=True)
class FutureHolding(Generic[N]):
    """A dated linear future: signed size, and profit not yet paid in cash."""

    size: N
    unsettled: N


@dataclass(frozen=True, slots=True)
class ExpiryHolding(Generic[N]):
    """The options and the future of one expiry.

    Parameters
    ----------
    seconds
        To expiry; zero once expired.
    forward_fixed, forward_variable
        The forward price is their sum. Near expiry the settlement average is partly known: that part no
        longer moves with a shock.
    rate
        Interest rate per year, signed.
    forward_confidence, rate_confidence, volatility_confidence
        What the oracles claim, 0 to 1.
    options
        Rows of this expiry.
    future
        The dated future, if any.
    """

    DECIMALS: ClassVar = {"seconds": 0}

    seconds: N
    forward_fixed: N
    forward_variable: N
    rate: N
    forward_confidence: N
    rate_confidence: N
    volatility_confidence: N
    options: tuple[OptionHolding[N], ...]
    future: FutureHolding[N] | None = None

    @property
    def forward(self) -> N:
        """The unshocked forward price."""
        return self.forward_fixed + self.forward_variable


@dataclass(frozen=True, slots=True)
class PerpHolding(Generic[N]):
    """A linear perpetual: signed size, its mark price, and profit and funding not yet paid in cash."""

    size: N
    price: N
    confidence: N
    unsettled: N


@dataclass(frozen=True, slots=True)
class MarketTotals(Generic[N]):
    """What all accounts together hold of one underlying, in units: rules that grow with crowding read it.

    Parameters
    ----------
    long, short
        Open interest of the perpetual.
    deposits, borrows
        Of the underlying as a token.
    """

    long: N
    short: N
    deposits: N
    borrows: N


@dataclass(frozen=True, slots=True)
class MarketHolding(Generic[N]):
    """All that is held of one underlying.

    Parameters
    ----------
    underlying
        Its name.
    spot, confidence
        Index price and what the oracle claims for it.
    perp
        The perpetual, if any.
    base
        Units of the underlying held as collateral.
    expiries
        Options by expiry.
    totals
        What everybody holds, where it is known.
    """

    underlying: str
    spot: N
    confidence: N
    perp: PerpHolding[N] | None
    base: N
    expiries: tuple[ExpiryHolding[N], ...]
    totals: MarketTotals[N] | None = None


@dataclass(frozen=True, slots=True)
class TokenHolding(Generic[N]):
    """A collateral token with its own price feed."""

    asset: str
    amount: N
    price: N
    confidence: N


@dataclass(frozen=True, slots=True)
class Portfolio(Generic[N]):
    """One account: cash in the settlement asset, the price of that asset, markets and collateral."""

    cash: N
    stable_price: N
    markets: tuple[MarketHolding[N], ...]
    tokens: tuple[TokenHolding[N], ...] = ()
