"""European options, cash-settled in any asset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.fixed_point.context import Context, N
from protocol.instruments.instrument import Position, PriceOf, price
from protocol.pricing.black76 import prices as black76


@dataclass(frozen=True, slots=True)
class EuropeanOption(Generic[N]):
    """A call or put on the forward.

    Parameters
    ----------
    name, underlying, settlement
        The forward is the price called ``forward``, or the underlying's.
    strike
        In quote units.
    call
        Call or put.
    seconds
        To expiry.
    volatility
        Implied, per square root of a year.
    discount
        Discount factor to expiry.
    forward
        Name of the forward's price.
    """

    DECIMALS: ClassVar = {"seconds": 0}

    name: str
    underlying: str
    settlement: str
    strike: N
    call: bool
    seconds: N
    volatility: N
    discount: N
    forward: str = ""

    def value(self, context: Context[N], position: Position[N], prices: PriceOf[N]) -> N:
        """Return the mark in the settlement asset."""
        forward = price(prices, self.forward or self.name, self.underlying)
        call, put = black76(context, self.seconds, self.discount, self.volatility, forward, self.strike)
        worth = context.mul_to_zero(call if self.call else put, position.size)
        return context.div_to_zero(worth, price(prices, self.settlement))

    def pay_off(self, context: Context[N], position: Position[N], settled: N) -> N:
        """Return what the position pays, in quote units, if the underlying settles at ``settled``."""
        distance = settled - self.strike if self.call else self.strike - settled
        return context.mul_to_zero(context.maximum(distance, context.zero), position.size)
