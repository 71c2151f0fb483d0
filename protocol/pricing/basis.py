"""Forward against spot, and what a position fetches if it must be sold."""

from __future__ import annotations

from protocol.fixed_point.context import Context, N


def fair_forward(context: Context[N], spot: N, carry: N, years: N) -> N:
    """Return spot * exp(carry * years): the forward that a yearly carry implies."""
    return context.mul_down(spot, context.exp(context.mul_to_zero(carry, years)))


def annualised_basis(context: Context[N], future: N, spot: N, years: N) -> N:
    """Return ln(future / spot) per year: the carry that a dated future implies."""
    return context.div_to_zero(context.ln(context.div_down(future, spot)), years)


def sale_value(context: Context[N], size: N, price: N, half_spread: N, depth: N) -> N:
    """Return what selling ``size`` (buying back, if negative) brings after spread and impact.

    Parameters
    ----------
    context
        The number context.
    size
        Signed units.
    price
        Mark price.
    half_spread
        Share of the price lost to the spread.
    depth
        Units that move the price by its own size: impact is size / (2 * depth) of the value.
    """
    amount = context.absolute(size)
    impact = context.div_to_zero(amount, depth + depth)
    cost = context.mul_down(context.mul_down(amount, price), half_spread + impact)
    return context.mul_to_zero(size, price) - cost
