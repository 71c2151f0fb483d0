"""What borrowing costs: rates that rise with utilisation, and their accrual into an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point.context import Context, N

SECONDS_PER_YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class KinkedRate(Generic[N]):
    """A yearly rate with one kink: base + slope * utilisation, steeper beyond the kink.

    The form of Compound III, Aave and Hyperliquid's portfolio margin (base 5 %, flat to a utilisation of
    0.8, then 4.75 per unit; documentation).
    """

    base: N
    slope: N
    kink: N
    steep: N

    def rate(self, context: Context[N], utilisation: N) -> N:
        """Return the yearly rate."""
        below = context.minimum(utilisation, self.kink)
        above = context.maximum(utilisation - self.kink, context.zero)
        return self.base + context.mul_down(self.slope, below) + context.mul_down(self.steep, above)


def accrue_linear(context: Context[N], index: N, rate: N, seconds: N) -> N:
    """Return the index after simple interest."""
    years = context.quotient_down(seconds * context.unit, context.count(SECONDS_PER_YEAR))
    return index + context.mul_down(index, context.mul_down(rate, years))


def accrue_continuous(context: Context[N], index: N, rate: N, seconds: N) -> N:
    """Return the index after continuously compounded interest."""
    years = context.quotient_down(seconds * context.unit, context.count(SECONDS_PER_YEAR))
    return context.mul_down(index, context.exp(context.mul_down(rate, years)))


def utilisation(context: Context[N], borrowed: N, supplied: N) -> N:
    """Return the share of supply that is borrowed; zero without supply."""
    return context.div_or(borrowed, supplied, context.zero)
