"""Perpetuals and dated futures: linear, inverse (coin-settled) and quanto."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point.context import Context, N
from protocol.instruments.instrument import Position, PriceOf, price


@dataclass(frozen=True, slots=True)
class LinearPerpetual:
    """Pays size * (price - entry) in the quote asset; ``expiry`` makes it a dated future."""

    name: str
    underlying: str
    settlement: str
    expiry: int | None = None

    def value(self, context: Context[N], position: Position[N], prices: PriceOf[N]) -> N:
        """Return the gain in the quote asset."""
        return context.mul_to_zero(position.size, self.mark(prices) - position.entry)

    def mark(self, prices: PriceOf[N]) -> N:
        """Return the instrument's own mark, or the underlying's price."""
        return price(prices, self.name, self.underlying)


@dataclass(frozen=True, slots=True)
class InversePerpetual:
    """Pays contracts * (1 / entry - 1 / price) in the coin itself; a contract is one unit of quote.

    What it pays falls in value as the loss grows, so a long is bankrupt after a fall of 1 / (L + 1) at
    leverage L and a short after a rise of 1 / (L - 1), where a linear one has 1 / L both ways.
    """

    name: str
    underlying: str
    expiry: int | None = None

    @property
    def settlement(self) -> str:
        """The coin."""
        return self.underlying

    def value(self, context: Context[N], position: Position[N], prices: PriceOf[N]) -> N:
        """Return the gain in coin."""
        mark = price(prices, self.name, self.underlying)
        inverse = context.div_to_zero(context.unit, position.entry) - context.div_to_zero(context.unit, mark)
        return context.mul_to_zero(position.size, inverse)


@dataclass(frozen=True, slots=True)
class Quanto(Generic[N]):
    """Pays size * (price - entry) * ``rate`` in a third asset, whatever that asset is worth by then."""

    name: str
    underlying: str
    settlement: str
    rate: N
    expiry: int | None = None

    def value(self, context: Context[N], position: Position[N], prices: PriceOf[N]) -> N:
        """Return the gain in the third asset."""
        move = price(prices, self.name, self.underlying) - position.entry
        return context.mul_to_zero(context.mul_to_zero(position.size, move), self.rate)


def linear_bankruptcy(context: Context[N], entry: N, leverage: N, *, long: bool) -> N:
    """Return the price at which a linear position of ``leverage`` has lost its margin."""
    share = context.div_to_zero(context.unit, leverage)
    return context.mul_to_zero(entry, context.unit - share if long else context.unit + share)


def inverse_bankruptcy(context: Context[N], entry: N, leverage: N, *, long: bool) -> N:
    """Return the price at which an inverse position has lost its margin; a short needs leverage above one."""
    other = leverage + context.unit if long else leverage - context.unit
    return context.div_to_zero(context.mul_to_zero(entry, leverage), other)


def inverse_liquidation(context: Context[N], entry: N, leverage: N, rate: N, *, long: bool) -> N:
    """Return the price at which an inverse position's margin falls to ``rate`` of its value, both in coin."""
    bankrupt = inverse_bankruptcy(context, entry, leverage, long=long)
    return context.mul_to_zero(bankrupt, context.unit + rate if long else context.unit - rate)
