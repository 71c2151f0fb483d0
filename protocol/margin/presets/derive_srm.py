"""Derive standard margin: several underlyings in one account, nothing netted between them.

Source of the rule: derivexyz/v2-core 7736900d ``src/risk-managers/StandardManager.sol``. Per underlying a
perpetual pays a share of its notional; of options only the sold ones are charged, one by one or by the worst
pay-off of their expiry, whichever is better for the account; the base asset counts with a haircut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point.context import Context, Exact, N
from protocol.margin.charges import confidence_rate, least, peg_rate
from protocol.margin.holdings import ExpiryHolding, MarketHolding, OptionHolding, Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.pricing.black76 import prices


@dataclass(frozen=True, slots=True)
class StandardMarket(Generic[N]):
    """Parameters of one underlying, all as shares of spot or notional.

    Parameters
    ----------
    perp_maintenance, perp_initial
        Requirement of a perpetual.
    maximum_spot, minimum_spot
        Initial requirement of a sold option before and after the out-of-the-money relief.
    maintenance_call, maintenance_put, maintenance_put_mark
        Maintenance requirement; the last is a share of the option's mark.
    unpaired_initial, unpaired_maintenance
        Share of the forward charged per net sold call, whose loss has no bound.
    maintenance_offset
        A sold put's initial requirement is at least this multiple of its maintenance requirement.
    perp_threshold, option_threshold, base_threshold
        Confidence below which the oracle charge starts.
    confidence_factor
        Size of that charge.
    base_factor, base_initial_scale
        Weight of the base asset, and what multiplies it at initial margin.
    """

    perp_maintenance: N
    perp_initial: N
    maximum_spot: N
    minimum_spot: N
    maintenance_call: N
    maintenance_put: N
    maintenance_put_mark: N
    unpaired_initial: N
    unpaired_maintenance: N
    maintenance_offset: N
    perp_threshold: N
    option_threshold: N
    base_threshold: N
    confidence_factor: N
    base_factor: N
    base_initial_scale: N


@dataclass(frozen=True, slots=True)
class MarketMargin(Generic[N]):
    """The pieces of one underlying; requirements are negative numbers."""

    perp: N
    options: N
    options_value: N
    base: N
    base_value: N
    pegged: N
    total: N
    value: N


@dataclass(frozen=True, slots=True)
class StandardMargin(Generic[N]):
    """The rule with its parameters, by name of the underlying."""

    markets: tuple[tuple[str, StandardMarket[N]], ...]
    peg_threshold: N
    peg_factor: N

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return excess and equity of the account."""
        excess = equity = portfolio.cash
        charges: dict[str, N] = {}
        for holding in portfolio.markets:
            market = self.market(context, holding, portfolio.stable_price, check)
            excess = excess + market.total
            equity = equity + market.value
            charges[holding.underlying] = market.value - market.total
        return Judgement(check, excess, equity, charges=charges)

    def market(
        self, context: Context[N], holding: MarketHolding[N], stable_price: N, check: Check
    ) -> MarketMargin[N]:
        """Return the margin of one underlying."""
        parameters = dict(self.markets)[holding.underlying]
        initial = check.level is Level.INITIAL
        perp, unsettled = self._perp(context, holding, parameters, initial=initial)
        options = options_value = context.zero
        for expiry in holding.expiries:
            margin, value = self._expiry(context, holding, expiry, parameters, initial=initial)
            options = options + margin
            options_value = options_value + value
        base, base_value = self._base(context, holding, parameters, stable_price, initial=initial)
        pegged = exposed_to_peg(context, holding)
        total = perp + options + base + unsettled
        if initial:
            rate = peg_rate(context, stable_price, self.peg_threshold, self.peg_factor)
            total = total - context.mul_down(context.mul_down(pegged, rate), holding.spot)
        value = options_value + unsettled + base_value
        return MarketMargin(perp, options, options_value, base, base_value, pegged, total, value)

    @staticmethod
    def _perp(
        context: Context[N], holding: MarketHolding[N], parameters: StandardMarket[N], *, initial: bool
    ) -> tuple[N, N]:
        perp = holding.perp
        if perp is None:
            return context.zero, context.zero
        size = context.absolute(perp.size)
        rate = parameters.perp_initial if initial else parameters.perp_maintenance
        margin = -context.mul_down(context.mul_down(size, perp.price), rate)
        if initial:
            confidence = context.minimum(perp.confidence, holding.confidence)
            doubt = confidence_rate(
                context, confidence, parameters.perp_threshold, parameters.confidence_factor
            )
            margin = margin - context.mul_down(context.mul_down(doubt, holding.spot), size)
        return margin, perp.unsettled

    @staticmethod
    def _base(
        context: Context[N],
        holding: MarketHolding[N],
        parameters: StandardMarket[N],
        stable_price: N,
        *,
        initial: bool,
    ) -> tuple[N, N]:
        notional = context.mul_down(holding.base, holding.spot)
        if isinstance(context, Exact) and holding.base == 0:
            return context.zero, context.zero
        margin = context.mul_down(notional, parameters.base_factor)
        if initial:
            margin = context.mul_down(margin, parameters.base_initial_scale)
            doubt = confidence_rate(
                context, holding.confidence, parameters.base_threshold, parameters.confidence_factor
            )
            margin = margin - context.mul_down(doubt, notional)
        return margin, context.div_down(notional, stable_price)

    def _expiry(
        self,
        context: Context[N],
        holding: MarketHolding[N],
        expiry: ExpiryHolding[N],
        parameters: StandardMarket[N],
        *,
        initial: bool,
    ) -> tuple[N, N]:
        """Return the margin of one expiry (the better of isolated and bounded) and its mark."""
        isolated = total_value = net_calls = sold = context.zero
        bound = worst_pay_off(context, expiry, context.zero)
        for option in expiry.options:
            call, put = prices(
                context, expiry.seconds, context.unit, option.volatility, expiry.forward, option.strike
            )
            value = context.mul_to_zero(call if option.call else put, option.amount)
            total_value = total_value + value
            isolated = isolated + context.where(
                option.amount > 0,
                context.zero,
                isolated_margin(context, option, value, holding.spot, parameters, initial=initial),
            )
            bound = context.minimum(bound, worst_pay_off(context, expiry, option.strike))
            sold = sold + context.maximum(-option.amount, context.zero)
            if option.call:
                net_calls = net_calls + option.amount
        scale = parameters.unpaired_initial if initial else parameters.unpaired_maintenance
        bound = bound + context.mul_to_zero(
            context.mul_down(scale, expiry.forward), context.minimum(net_calls, context.zero)
        )
        margin = context.maximum(isolated, bound)
        if initial:
            confidence = least(
                context, holding.confidence, expiry.forward_confidence, expiry.volatility_confidence
            )
            doubt = confidence_rate(
                context, confidence, parameters.option_threshold, parameters.confidence_factor
            )
            margin = margin - context.mul_down(context.mul_down(doubt, holding.spot), sold)
        return margin, total_value


def isolated_margin(
    context: Context[N],
    option: OptionHolding[N],
    value: N,
    spot: N,
    parameters: StandardMarket[N],
    *,
    initial: bool,
) -> N:
    """Return the margin of a sold option on its own, its negative mark included."""
    share = parameters.maintenance_call if option.call else parameters.maintenance_put
    maintenance = context.mul_to_zero(context.mul_down(share, spot), option.amount)
    if not option.call:
        maintenance = context.minimum(
            maintenance, context.mul_to_zero(parameters.maintenance_put_mark, value)
        )
    maintenance = maintenance + value
    if not initial:
        return maintenance
    distance = option.strike - spot if option.call else spot - option.strike
    outside = context.div_down(context.maximum(distance, context.zero), spot)
    rate = context.maximum(parameters.maximum_spot - outside, parameters.minimum_spot)
    margin = context.mul_to_zero(context.mul_down(rate, spot), option.amount) + value
    if option.call:
        return margin
    return context.minimum(margin, context.mul_to_zero(maintenance, parameters.maintenance_offset))


def worst_pay_off(context: Context[N], expiry: ExpiryHolding[N], price: N) -> N:
    """Return what the expiry pays if it settles at ``price``, never above zero."""
    total = context.zero
    for option in expiry.options:
        distance = price - option.strike if option.call else option.strike - price
        total = total + context.mul_to_zero(context.maximum(distance, context.zero), option.amount)
    return context.minimum(total, context.zero)


def exposed_to_peg(context: Context[N], holding: MarketHolding[N]) -> N:
    """Return sold options plus the perpetual's size: what a de-pegging settlement asset would cost."""
    total = context.zero if holding.perp is None else context.absolute(holding.perp.size)
    for expiry in holding.expiries:
        for option in expiry.options:
            total = total + context.maximum(-option.amount, context.zero)
    return total
