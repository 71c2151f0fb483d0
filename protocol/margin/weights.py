"""From size to rate: the shapes in which engines make a bigger position cost more.

Constant rates need no function. The rest are slices (tiered haircuts, tiered maintenance margin), a linear
rate within bounds (Synthetix), a share that shrinks beyond a threshold (Mango, Drift: deposits; dYdX: open
interest) and the square root of size (Drift).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point.context import Context, N


@dataclass(frozen=True, slots=True)
class Slice(Generic[N]):
    """The part of an amount from ``lower`` to the next slice counts at ``rate``."""

    lower: N
    rate: N


def sliced(context: Context[N], amount: N, slices: tuple[Slice[N], ...]) -> N:
    """Return the sum over slices of (part of ``amount`` in it) * rate; the last slice has no end.

    With haircut rates this is a tiered collateral value, with margin rates a tiered requirement: for rates
    that rise, notional * rate_n - deduction_n is the same number.
    """
    total = context.zero
    for index, part in enumerate(slices):
        inside = context.maximum(amount - part.lower, context.zero)
        if index + 1 < len(slices):
            inside = context.minimum(inside, slices[index + 1].lower - part.lower)
        total = total + context.mul_down(inside, part.rate)
    return total


def slice_rate(context: Context[N], amount: N, slices: tuple[Slice[N], ...]) -> N:
    """Return the rate of the slice in which ``amount`` ends."""
    rate = slices[0].rate
    for part in slices[1:]:
        rate = context.where(amount >= part.lower, part.rate, rate)
    return rate


def linear_within(context: Context[N], size: N, scale: N, scalar: N, lower: N, upper: N) -> N:
    """Return clamp(size / scale * scalar, lower, upper), zero where the scale is zero."""
    grown = context.mul_down(context.div_or(size, scale, context.zero), scalar)
    bounded = context.minimum(context.maximum(grown, lower), upper)
    return context.where(scale == 0, context.zero, bounded)


def shrunk_beyond(context: Context[N], rate: N, amount: N, start: N) -> N:
    """Return rate * start / amount where the amount exceeds a positive ``start``, else the rate."""
    crowded = context.mul_to_zero(rate, context.div_or(start, amount, context.unit))
    return context.where((start > 0) & (amount > start), crowded, rate)


def grown_beyond(context: Context[N], rate: N, amount: N, start: N) -> N:
    """Return rate * amount / start where the amount exceeds a positive ``start``, else the rate."""
    crowded = context.mul_to_zero(rate, context.div_or(amount, start, context.unit))
    return context.where((start > 0) & (amount > start), crowded, rate)


def root_of_size(context: Context[N], size: N, factor: N, least: N) -> N:
    """Return max(least, factor * sqrt(size)): a requirement that grows with the square root of size."""
    return context.maximum(least, context.mul_down(factor, context.sqrt(size)))
