"""Funding of perpetuals: skew velocity, clamped premium, mark against index.

Rates are per day unless said otherwise; a positive rate is paid by those who are long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class VelocityFunding(Generic[N]):
    """A funding rate that moves with the market's skew (Synthetix Perps V2 and V3).

    Source: Synthetixio/synthetix-v3 23585f73 ``markets/perps-market/contracts/storage/PerpsMarket.sol``.

    Parameters
    ----------
    skew
        Signed sum of all positions.
    skew_scale
        Skew at which velocity reaches its maximum; zero switches it off.
    greatest_velocity
        Change of the rate per day at full skew.
    rate, value
        Last stored rate and accumulated funding per unit.
    seconds
        Since both were stored.
    """

    DECIMALS: ClassVar = {"seconds": 0}

    skew: N
    skew_scale: N
    greatest_velocity: N
    rate: N
    value: N
    seconds: N

    def velocity(self, context: Context[N]) -> N:
        """Return the change of the rate per day."""
        share = context.div_or(self.skew, self.skew_scale, context.zero)
        share = context.minimum(context.maximum(share, -context.unit), context.unit)
        return context.mul_to_zero(share, self.greatest_velocity)

    def days(self, context: Context[N]) -> N:
        """Return the days since the last update."""
        return context.quotient_down(self.seconds * context.unit, context.count(SECONDS_PER_DAY))

    def current_rate(self, context: Context[N]) -> N:
        """Return the rate now."""
        return self.rate + context.mul_to_zero(self.velocity(context), self.days(context))

    def current_value(self, context: Context[N], price: N) -> N:
        """Return accumulated funding per unit now: it pays against the skew, at the mean of both rates."""
        mean = context.div_to_zero(-(self.rate + self.current_rate(context)), context.of(2 * WAD))
        return self.value + context.mul_to_zero(context.mul_to_zero(mean, self.days(context)), price)


def clamped_premium_rate(context: Context[N], premium: N, interest: N, clamp: N, cap: N) -> N:
    """Return premium + clamp(interest - premium), held within the cap.

    The form of centralised venues and of Hyperliquid (interest 0.01 % and clamp 0.05 % per eight hours, cap
    4 % an hour; documentation).
    """
    pull = context.minimum(context.maximum(interest - premium, -clamp), clamp)
    return context.minimum(context.maximum(premium + pull, -cap), cap)


def premium(context: Context[N], mark: N, index: N) -> N:
    """Return how far the mark stands above the index, as a share of it."""
    return context.div_to_zero(mark - index, index)
