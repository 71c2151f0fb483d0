"""Add-ons that several engines share: each turns an uncertainty into an amount of money."""

from __future__ import annotations

from protocol.fixed_point.context import Context, N
from protocol.margin.holdings import ExpiryHolding, OptionHolding


def confidence_rate(context: Context[N], confidence: N, threshold: N, factor: N) -> N:
    """Return (1 - confidence) * factor where the oracle's confidence is below the threshold, else zero."""
    doubt = context.maximum(context.unit - confidence, context.zero)
    return context.where(confidence < threshold, context.mul_down(doubt, factor), context.zero)


def peg_rate(context: Context[N], stable_price: N, threshold: N, factor: N) -> N:
    """Return factor times what the settlement asset's price lacks to the threshold."""
    return context.mul_down(context.maximum(threshold - stable_price, context.zero), factor)


def naked_shorts(context: Context[N], options: tuple[OptionHolding[N], ...]) -> N:
    """Return the sold options left after netting the call against the put of the same strike.

    Derive's rule: a bought option on one side covers a sold one on the other. A strike has at most one call
    and one put. The contract multiplies the two amounts, so a product beyond int256 is refused.
    """
    naked = context.zero
    for index, option in enumerate(options):
        net, first = option.amount, context.unit
        for other_index, other in enumerate(options):
            if other_index == index:
                continue
            same = other.strike == option.strike
            context.signed(context.where(same, option.amount * other.amount, context.zero), "amounts")
            if other_index < index:
                first = context.where(same, context.zero, first)
            net = net + context.where(same, other.amount, context.zero)
        naked = naked + context.mul_down(context.maximum(-net, context.zero), first)
    return naked


def gross_options(context: Context[N], expiry: ExpiryHolding[N]) -> N:
    """Return the number of options held or sold, whatever their sign."""
    total = context.zero
    for option in expiry.options:
        total = total + context.absolute(option.amount)
    return total


def least(context: Context[N], *values: N) -> N:
    """Return the smallest of several numbers."""
    result = values[0]
    for value in values[1:]:
        result = context.minimum(result, value)
    return result
