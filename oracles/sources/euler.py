"""Euler price oracle: scale utilities, Chainlink, Pyth and cross adapters, the router with ERC-4626 vaults.

Source: euler-xyz/euler-price-oracle src/lib/ScaleUtils.sol, src/adapter, src/EulerRouter.sol (measured).
Adapters are immutable and quote amounts, not prices: in one direction the floor of a product, in the other
of a quotient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

from oracles.node import Node, View
from oracles.reading import Reading, refuse_error
from oracles.sources.pyth import PythPrice
from protocol.errors import (
    OracleError,
    OracleFutureError,
    OracleNotSupportedError,
    OracleRangeError,
    OracleStaleError,
    RuleError,
)
from protocol.fixed_point import UINT256_MAX, to_uint

MAXIMUM_EXPONENT = 38
BASIS_POINTS = 10_000
PYTH_MAXIMUM_AHEAD = 60
PYTH_EXPONENTS = (-20, 12)
INVALID_ANSWER = "PriceOracle_InvalidAnswer"


@dataclass(frozen=True, slots=True)
class Scale:
    """Two powers of ten: of the price and of the feed; each at most 38.

    Raises
    ------
    OracleRangeError
        ``PriceOracle_Overflow``.
    """

    price_exponent: int
    feed_exponent: int

    def __post_init__(self) -> None:
        for exponent in (self.price_exponent, self.feed_exponent):
            if not 0 <= exponent <= MAXIMUM_EXPONENT:
                raise OracleRangeError("PriceOracle_Overflow", exponent=exponent)

    @classmethod
    def of(cls, base_decimals: int, quote_decimals: int, feed_decimals: int) -> Scale:
        """Return the scale of a feed between two tokens (``calcScale``)."""
        return cls(quote_decimals, to_uint(feed_decimals + base_decimals, 8, "exponent"))

    def out_amount_down(self, amount: int, unit_price: int, inverse: bool) -> int:
        """Return amount x price, or amount / price where ``inverse``, rounded down (``calcOutAmount``).

        Raises
        ------
        OverflowedError
            Where price scale x price exceeds 256 bits.
        OracleError
            ``FullMulDivFailed``: a price of zero, or a result above 256 bits.
        """
        price = to_uint(10**self.price_exponent * unit_price, 256, "scaled price")
        feed = 10**self.feed_exponent
        if inverse:
            return _full_mul_div_down(amount, feed, price)
        return _full_mul_div_down(amount, price, feed)


def _full_mul_div_down(a: int, b: int, denominator: int) -> int:
    if denominator == 0:
        raise OracleError("FullMulDivFailed", "division by zero")
    result = a * b // denominator
    if result > UINT256_MAX:
        raise OracleError("FullMulDivFailed", "the result exceeds 256 bits")
    return result


def _is_inverse(base: str, quote: str, given_base: str, given_quote: str) -> bool:
    if (given_base, given_quote) == (base, quote):
        return False
    if (given_base, given_quote) == (quote, base):
        return True
    raise OracleNotSupportedError("PriceOracle_NotSupported", base=given_base, quote=given_quote)


class Adapter(Protocol):
    """Whatever quotes an amount of one asset in another."""

    def quote_down(self, view: View, amount: int, base: str, quote: str) -> int:
        """Return the amount of ``quote`` for ``amount`` of ``base``, in their own units, rounded down."""


@dataclass(frozen=True, slots=True)
class ChainlinkAdapter:
    """Quotes by the newest sample of a feed.

    Parameters
    ----------
    feed
        Name of the feed in the view.
    base, quote, base_decimals, quote_decimals, feed_decimals
        The pair and its decimals.
    maximum_staleness
        Seconds, 60 to 72 hours; an age of exactly this passes.
    """

    feed: str
    base: str
    quote: str
    base_decimals: int
    quote_decimals: int
    feed_decimals: int
    maximum_staleness: int

    def __post_init__(self) -> None:
        if not 60 <= self.maximum_staleness <= 72 * 3600:
            raise OracleRangeError("PriceOracle_InvalidConfiguration", staleness=self.maximum_staleness)

    def quote_down(self, view: View, amount: int, base: str, quote: str) -> int:
        """Return the quote.

        Raises
        ------
        OracleRangeError
            ``PriceOracle_InvalidAnswer``: not positive.
        OracleStaleError
            ``PriceOracle_TooStale``.
        """
        inverse = _is_inverse(self.base, self.quote, base, quote)
        samples = [sample for sample in view.feeds.get(self.feed, ()) if sample.time <= view.time]
        if not samples or samples[-1].value <= 0:
            raise OracleRangeError(INVALID_ANSWER, answer=samples[-1].value if samples else 0)
        staleness = view.time - samples[-1].time
        if staleness > self.maximum_staleness:
            raise OracleStaleError("PriceOracle_TooStale", age=staleness, max_age=self.maximum_staleness)
        scale = Scale.of(self.base_decimals, self.quote_decimals, self.feed_decimals)
        return scale.out_amount_down(amount, samples[-1].value, inverse)


@dataclass(frozen=True, slots=True)
class PythAdapter:
    """Quotes by a stored Pyth price; one error name for every refusal.

    Parameters
    ----------
    feed
        Name of the stored :class:`PythPrice`.
    base, quote, base_decimals, quote_decimals
        The pair and its decimals.
    maximum_staleness
        Seconds, at most 15 minutes; a price up to 60 s ahead of the block passes.
    maximum_confidence
        Basis points of the price, 10 to 500.
    """

    feed: str
    base: str
    quote: str
    base_decimals: int
    quote_decimals: int
    maximum_staleness: int
    maximum_confidence: int

    def __post_init__(self) -> None:
        if self.maximum_staleness > 900 or not 10 <= self.maximum_confidence <= 500:
            raise OracleRangeError("PriceOracle_InvalidConfiguration")

    def quote_down(self, view: View, amount: int, base: str, quote: str) -> int:
        """Return the quote.

        Raises
        ------
        OracleStaleError, OracleFutureError, OracleRangeError
            ``PriceOracle_InvalidAnswer``.
        """
        inverse = _is_inverse(self.base, self.quote, base, quote)
        price = self._price(view)
        shift = self.base_decimals - price.exponent
        scale = Scale(self.quote_decimals + max(-shift, 0), max(shift, 0))
        return scale.out_amount_down(amount, price.price, inverse)

    def _price(self, view: View) -> PythPrice:
        price = view.stored(self.feed, PythPrice)
        if price is None:
            raise OracleRangeError(INVALID_ANSWER, f"no Pyth price {self.feed!r}")
        age = view.time - price.publish_time
        if age > self.maximum_staleness:
            raise OracleStaleError(INVALID_ANSWER, age=age, max_age=self.maximum_staleness)
        if -age > PYTH_MAXIMUM_AHEAD:
            raise OracleFutureError(INVALID_ANSWER, ahead=-age)
        if price.price <= 0 or price.confidence > price.price * self.maximum_confidence // BASIS_POINTS:
            raise OracleRangeError(INVALID_ANSWER, price=price.price, confidence=price.confidence)
        if not PYTH_EXPONENTS[0] <= price.exponent <= PYTH_EXPONENTS[1]:
            raise OracleRangeError(INVALID_ANSWER, exponent=price.exponent)
        return price


@dataclass(frozen=True, slots=True)
class CrossAdapter:
    """Quotes through a common asset: two floors in sequence."""

    base: str
    cross: str
    quote: str
    base_cross: Adapter
    cross_quote: Adapter

    def quote_down(self, view: View, amount: int, base: str, quote: str) -> int:
        """Return the quote; refusals of either leg pass through."""
        if _is_inverse(self.base, self.quote, base, quote):
            middle = self.cross_quote.quote_down(view, amount, quote=self.cross, base=self.quote)
            return self.base_cross.quote_down(view, middle, base=self.cross, quote=self.base)
        middle = self.base_cross.quote_down(view, amount, base=self.base, quote=self.cross)
        return self.cross_quote.quote_down(view, middle, base=self.cross, quote=self.quote)


@dataclass(frozen=True, slots=True)
class ResolvedVault:
    """An ERC-4626 vault that the router prices by ``convertToAssets``: whoever donates moves it.

    ``vault`` names the share, and the vault in the view's ``vaults``.
    """

    vault: str
    asset: str


@dataclass(frozen=True, slots=True)
class EulerRouter:
    """Resolves a pair: the same asset, a configured adapter, a resolved vault, the fallback, or an error.

    Quoting INTO a vault share is not supported: only ``base`` is resolved.

    Parameters
    ----------
    configured
        (asset, asset, adapter); either order of a pair finds it.
    vaults
        Vaults resolved by ``convertToAssets``.
    fallback
        Asked last.
    """

    configured: tuple[tuple[str, str, Adapter], ...] = ()
    vaults: tuple[ResolvedVault, ...] = ()
    fallback: Adapter | None = None

    def quote_down(self, view: View, amount: int, base: str, quote: str) -> int:
        """Return the quote.

        Raises
        ------
        OracleNotSupportedError
            ``PriceOracle_NotSupported`` where nothing resolves the pair.
        """
        seen: set[str] = set()
        while base != quote:
            for asset0, asset1, adapter in self.configured:
                if {asset0, asset1} == {base, quote}:
                    return adapter.quote_down(view, amount, base, quote)
            vault = next((vault for vault in self.vaults if vault.vault == base), None)
            if vault is None or base in seen:
                if self.fallback is not None:
                    return self.fallback.quote_down(view, amount, base, quote)
                raise OracleNotSupportedError("PriceOracle_NotSupported", base=base, quote=quote)
            seen.add(base)
            amount = view.vault(vault.vault).to_assets_down(amount)
            base = vault.asset
        return amount


AnyAdapter: TypeAlias = ChainlinkAdapter | PythAdapter | CrossAdapter | EulerRouter


@dataclass(frozen=True)
class EulerQuote(Node):
    """One whole ``base`` quoted by an adapter or router; Euler's interface carries no time.

    Parameters
    ----------
    adapter
        Adapter or router.
    base, quote, base_decimals, quote_decimals
        The pair and its decimals.
    """

    kind: ClassVar[str] = "euler-quote"
    adapter: AnyAdapter
    base: str
    quote: str
    base_decimals: int
    quote_decimals: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the quote as of now; every revert refuses."""
        del readings
        try:
            amount = self.adapter.quote_down(view, 10**self.base_decimals, self.base, self.quote)
        except RuleError as error:
            return refuse_error(self.id, error)
        return Reading(self.id, amount, self.quote_decimals, view.time, synthetic_time=True)
