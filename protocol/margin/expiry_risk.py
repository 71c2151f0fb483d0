"""What the options of one expiry are worth under a move, and the charges that follow from it.

Shared by both generations of Derive's portfolio margin and by every grid engine that prices options.
Source of the exact rules: derivexyz/v2-core 7736900d ``PMRMLib.sol``, ``PMRMLib_2.sol``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point.context import Context, N
from protocol.margin.charges import least
from protocol.margin.holdings import ExpiryHolding, OptionHolding
from protocol.margin.scenarios import TermStructure
from protocol.pricing.black76 import annualise, prices


@dataclass(frozen=True, slots=True)
class Basis(Generic[N]):
    """The basis contingency: forwards of different expiries may part.

    Parameters
    ----------
    up, down
        Spot multipliers of the two moves.
    addition, slope
        The loss counts ``addition`` plus ``slope`` times years to expiry.
    """

    up: N
    down: N
    addition: N
    slope: N

    def contingency(self, context: Context[N], expiry: ExpiryHolding[N], value: N, up: N, down: N) -> N:
        """Return the charge of one expiry (zero or negative), given its value now and after both moves."""
        loss = least(context, up - value, down - value, context.zero)
        factor = self.addition + context.mul_down(self.slope, annualise(context, expiry.seconds))
        return context.mul_to_zero(loss, factor)


def shocked_forward(context: Context[N], expiry: ExpiryHolding[N], spot: N) -> N:
    """Return the forward after a move: only its variable part moves."""
    return context.unsigned(
        context.mul_down(expiry.forward_variable, spot) + expiry.forward_fixed, 128, "forward price"
    )


def shocked_value(
    context: Context[N],
    expiry: ExpiryHolding[N],
    discount: N,
    spot: N,
    volatility_multiplier: N,
    least_volatility: N,
) -> N:
    """Return the value of all options of an expiry after a move of spot and volatility."""
    forward = shocked_forward(context, expiry, spot)
    total = context.zero
    for option in expiry.options:
        volatility = context.maximum(
            least_volatility, context.mul_down(option.volatility, volatility_multiplier)
        )
        total = total + _value(context, expiry, discount, forward, volatility, option)
    return total


def _value(
    context: Context[N],
    expiry: ExpiryHolding[N],
    discount: N,
    forward: N,
    volatility: N,
    option: OptionHolding[N],
) -> N:
    volatility = context.unsigned(volatility, 128, "volatility")
    call, put = prices(context, expiry.seconds, discount, volatility, forward, option.strike)
    return context.mul_to_zero(call if option.call else put, option.amount)


@dataclass(frozen=True, slots=True)
class SkewMove(Generic[N]):
    """How far the wings of a volatility surface are raised or lowered.

    Parameters
    ----------
    linear_cap, absolute_cap
        Greatest relative change at expiry.
    linear_slope, absolute_slope
        What the cap gains per square root of a year.
    least_width
        Least log-moneyness at which the change reaches its cap.
    width_scale, width_volatility, width_volatility_slope
        That log-moneyness is scale * sqrt(t) * (volatility + slope * sqrt(t)).
    """

    linear_cap: N
    absolute_cap: N
    linear_slope: N
    absolute_slope: N
    least_width: N
    width_scale: N
    width_volatility: N
    width_volatility_slope: N

    def value(self, context: Context[N], expiry: ExpiryHolding[N], discount: N, *, absolute: bool) -> N:
        """Return the value of an expiry after its skew moved; both wings alike if ``absolute``."""
        root = context.sqrt(annualise(context, expiry.seconds))
        slope, base = (
            (self.absolute_slope, self.absolute_cap) if absolute else (self.linear_slope, self.linear_cap)
        )
        cap = context.mul_to_zero(slope, root) + base
        level = self.width_volatility + context.mul_to_zero(root, self.width_volatility_slope)
        width = context.maximum(
            self.least_width, context.mul_to_zero(context.mul_to_zero(root, self.width_scale), level)
        )
        forward = context.unsigned(expiry.forward, 128, "forward price")
        total = context.zero
        for option in expiry.options:
            moneyness = context.ln(context.div_down(option.strike, forward))
            if absolute:
                moneyness = context.absolute(moneyness)
            change = context.quotient_to_zero(moneyness * cap, width)
            change = context.where(
                moneyness >= 0, context.minimum(cap, change), context.maximum(-cap, change)
            )
            multiplier = context.maximum(context.unit + change, context.zero)
            volatility = context.mul_down(option.volatility, multiplier)
            total = total + _value(context, expiry, discount, forward, volatility, option)
        return total


def static_exponent(context: Context[N], expiry: ExpiryHolding[N], multiple: N, addition: N) -> N:
    """Return exp(-t * (rate * multiple + addition)) with a negative rate counted as zero."""
    rate = context.mul_down(context.maximum(expiry.rate, context.zero), multiple) + addition
    return context.exp(-context.mul_down(annualise(context, expiry.seconds), rate))


def volatility_multipliers(
    context: Context[N], term: TermStructure[N], expiry: ExpiryHolding[N]
) -> dict[str, N]:
    """Return the multiplier of volatility by the name of the move."""
    up, down = term.multipliers(context, expiry.seconds)
    return {"NONE": context.unit, "UP": up, "DOWN": down}
