"""Deribit standard margin: options one by one, futures by a rate that grows with size.

Source: Deribit documentation (margins; as read). Sold call: initial max(15 % - out of the money, 10 %) +
mark, maintenance 7.5 % + mark; sold put: maintenance max(7.5 %, 7.5 % of the mark) + mark, initial at least
that. Bought options ask for nothing and give nothing. Futures: initial 2 % + 0.005 % per BTC (0.0004 % per
ETH), maintenance 1 % + the same slope. In a coin account the same shares apply to coin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic

from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N
from protocol.margin.holdings import MarketHolding, Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.presets.derive_srm import StandardMarket, isolated_margin
from protocol.pricing.black76 import prices


@dataclass(frozen=True, slots=True)
class DeribitMarket(Generic[N]):
    """Parameters of one underlying: option shares, futures rates and their slope per unit."""

    options: StandardMarket[N]
    future_initial: N
    future_maintenance: N
    future_slope: N


OPTIONS: StandardMarket[int] = StandardMarket(
    perp_maintenance=0,
    perp_initial=0,
    maximum_spot=WAD * 15 // 100,
    minimum_spot=WAD // 10,
    maintenance_call=WAD * 75 // 1000,
    maintenance_put=WAD * 75 // 1000,
    maintenance_put_mark=WAD * 75 // 1000,
    unpaired_initial=WAD,
    unpaired_maintenance=WAD,
    maintenance_offset=WAD,
    perp_threshold=0,
    option_threshold=0,
    base_threshold=0,
    confidence_factor=0,
    base_factor=0,
    base_initial_scale=0,
)

BTC: DeribitMarket[int] = DeribitMarket(OPTIONS, WAD * 2 // 100, WAD // 100, WAD * 5 // 10**5)
ETH: DeribitMarket[int] = replace(BTC, future_slope=WAD * 4 // 10**6)


@dataclass(frozen=True, slots=True)
class DeribitStandard(Generic[N]):
    """The rule, by underlying."""

    markets: tuple[tuple[str, DeribitMarket[N]], ...]

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return excess over the sum of requirements, in the account's unit."""
        excess = equity = portfolio.cash
        charges: dict[str, N] = {}
        for holding in portfolio.markets:
            margin, value = self._market(context, holding, initial=check.level is Level.INITIAL)
            excess = excess + margin
            equity = equity + value
            charges[holding.underlying] = value - margin
        return Judgement(check, excess, equity, charges=charges)

    def _market(self, context: Context[N], holding: MarketHolding[N], *, initial: bool) -> tuple[N, N]:
        terms = dict(self.markets)[holding.underlying]
        margin = value = context.mul_down(holding.base, holding.spot)
        if holding.perp is not None:
            size = context.absolute(holding.perp.size)
            rate = terms.future_initial if initial else terms.future_maintenance
            rate = rate + context.mul_down(terms.future_slope, size)
            value = value + holding.perp.unsettled
            notional = context.mul_down(size, holding.perp.price)
            margin = margin + holding.perp.unsettled - context.mul_down(notional, rate)
        for expiry in holding.expiries:
            for option in expiry.options:
                call, put = prices(
                    context,
                    expiry.seconds,
                    context.unit,
                    option.volatility,
                    expiry.forward,
                    option.strike,
                )
                mark = context.mul_to_zero(call if option.call else put, option.amount)
                sold = isolated_margin(context, option, mark, holding.spot, terms.options, initial=initial)
                value = value + mark
                margin = margin + context.where(option.amount > 0, context.zero, sold)
        return margin, value


DERIBIT_STANDARD: DeribitStandard[int] = DeribitStandard((("BTC", BTC), ("ETH", ETH)))
