"""Raw SVI: one expiry's implied volatility from five parameters (Gatheral's form).

Total variance at log-moneyness k is w(k) = a + b * (rho * (k - m) + sqrt((k - m)**2 + sigma**2)). Source of
the exact rule, its bounds and refusals: derivexyz/lyra-utils 759e9625 ``src/math/SVI.sol``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.errors import SurfaceError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, Exact, N

GREATEST_TOTAL_VARIANCE = 144 * WAD
BOUND_OF_MONEYNESS = 4 * WAD
"""|k| is held below this many total volatilities at the money."""


@dataclass(frozen=True, slots=True)
class SviSlice(Generic[N]):
    """The surface at one expiry.

    Parameters
    ----------
    a, b, rho, m, sigma
        Level, slope, skew (-1 to 1), shift and curvature.
    forward
        Forward price of this expiry.
    years
        The time to which total variance refers.
    """

    a: N
    b: N
    rho: N
    m: N
    sigma: N
    forward: N
    years: N

    def log_moneyness(self, context: Context[N], strike: N) -> N:
        """Return ln(strike / forward), bounded by four total volatilities."""
        level = self.a + context.mul_down(self.b, self.sigma)
        if isinstance(context, Exact) and level < 0:
            raise SurfaceError("a + b * sigma", level)
        bound = context.mul_to_zero(context.sqrt(level), context.of(BOUND_OF_MONEYNESS))
        ratio = context.div_down(strike, self.forward)
        if isinstance(context, Exact) and ratio == 0:
            return -bound
        return context.maximum(-bound, context.minimum(bound, context.ln(ratio)))

    def volatility(self, context: Context[N], strike: N) -> N:
        """Return the implied volatility at ``strike``; zero at a strike of zero.

        Raises
        ------
        SurfaceError
            If the parameters give a negative variance (exact plane).
        """
        if isinstance(context, Exact) and strike == 0:
            return context.zero
        distance = self.log_moneyness(context, strike) - self.m
        square = context.mul_to_zero(distance, distance) + context.mul_down(self.sigma, self.sigma)
        slope = context.sqrt(square) + context.mul_to_zero(self.rho, distance)
        variance = self.a + context.mul_to_zero(self.b, slope)
        if isinstance(context, Exact) and variance < 0:
            raise SurfaceError("total variance", variance)
        variance = context.minimum(variance, context.of(GREATEST_TOTAL_VARIANCE))
        return context.sqrt(context.div_down(variance, self.years))
