"""Between the 18 decimals of a rule and the decimals of a contract, in both number contexts.

The exact context multiplies or divides by powers of ten; in the array plane numbers are in whole units and
stay as they are.
"""

from __future__ import annotations

from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N


def to_scale_down(context: Context[N], value: N, decimals: int) -> N:
    """Return an unsigned 18-decimal number with ``decimals`` (at most 18), rounded down."""
    return context.scaled_down(value, context.count(1), 10 ** (18 - decimals))


def to_scale_up(context: Context[N], value: N, decimals: int) -> N:
    """Return an unsigned 18-decimal number with ``decimals`` (at most 18), rounded up."""
    return context.scaled_up(value, context.count(1), 10 ** (18 - decimals))


def from_scale(context: Context[N], value: N, decimals: int) -> N:
    """Return a number of ``decimals`` (at most 18) with 18, exactly."""
    return context.scaled_down(value, context.unit, 10**decimals)


def constant(context: Context[N], wad: int, decimals: int) -> N:
    """Return a constant given with 18 decimals as a number of ``decimals``."""
    return to_scale_down(context, context.of(wad), decimals)


def one(context: Context[N], decimals: int) -> N:
    """Return the number one with ``decimals``."""
    return constant(context, WAD, decimals)
