"""What parts a future from its spot: deltas by expiry, the basis, and spreads between expiries.

A grid moves an underlying and all its forwards together, so a future against the perpetual, or one month
against another, loses nothing in it. Two charges see what such a spread risks:

- a basis move revalues every expiry as if the yearly carry rose or fell: forwards move by carry times years;
- SPAN's inter-month charge: deltas of opposite sign in different expiries form spreads, each dollar of which
  costs a share. Source: published descriptions of SPAN.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N
from protocol.margin.expiry_risk import shocked_forward, shocked_value
from protocol.margin.holdings import ExpiryHolding, MarketHolding
from protocol.pricing.black76 import annualise

_BUMP = WAD // 1000
"""Half-width of the central difference that gives a delta: 0.1 % of the price."""


def expiry_value(
    context: Context[N], expiry: ExpiryHolding[N], spot: N, volatility: N, least_volatility: N
) -> N:
    """Return options and the gain of the future after a move of spot and volatility."""
    value = shocked_value(context, expiry, context.unit, spot, volatility, least_volatility)
    if expiry.future is None:
        return value
    moved = shocked_forward(context, expiry, spot) - expiry.forward
    return value + expiry.future.unsettled + context.mul_to_zero(expiry.future.size, moved)


def expiry_delta(context: Context[N], expiry: ExpiryHolding[N]) -> N:
    """Return dollars per move of one: options by central difference."""
    up, down = (
        expiry_value(context, expiry, context.of(WAD + bump), context.unit, context.zero)
        for bump in (_BUMP, -_BUMP)
    )
    return context.div_to_zero(up - down, context.of(2 * _BUMP))


def deltas(context: Context[N], market: MarketHolding[N]) -> tuple[N, ...]:
    """Return dollars per move of one: what has no expiry first, then every expiry."""
    spot = context.mul_to_zero(market.base, market.spot)
    if market.perp is not None:
        spot = spot + context.mul_to_zero(market.perp.size, market.perp.price)
    rows = [spot]
    rows += [expiry_delta(context, expiry) for expiry in market.expiries]
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Calendar(Generic[N]):
    """The charges on spreads between expiries.

    Parameters
    ----------
    carry
        Rise and fall of the yearly carry under which every expiry is revalued.
    spread_share
        Charge on each dollar of delta that stands against one of another expiry.
    """

    carry: N
    spread_share: N

    def charge(self, context: Context[N], market: MarketHolding[N]) -> N:
        """Return both charges of one underlying."""
        return self.basis_loss(context, market.expiries) + self.spreads(context, deltas(context, market))

    def basis_loss(self, context: Context[N], expiries: Iterable[ExpiryHolding[N]]) -> N:
        """Return the loss of all expiries together under the worse move of the carry."""
        up = down = context.zero
        for expiry in expiries:
            now = expiry_value(context, expiry, context.unit, context.unit, context.zero)
            move = context.mul_down(self.carry, annualise(context, expiry.seconds))
            risen = context.unit + move
            fallen = context.maximum(context.unit - move, context.zero)
            up = up + expiry_value(context, expiry, risen, context.unit, context.zero) - now
            down = down + expiry_value(context, expiry, fallen, context.unit, context.zero) - now
        return context.maximum(-context.minimum(up, down), context.zero)

    def spreads(self, context: Context[N], by_expiry: Iterable[N]) -> N:
        """Return the charge on the smaller of all positive and all negative deltas."""
        long = short = context.zero
        for delta in by_expiry:
            long = long + context.maximum(delta, context.zero)
            short = short + context.maximum(-delta, context.zero)
        return context.mul_down(context.minimum(long, short), self.spread_share)
