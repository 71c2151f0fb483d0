"""Depth that dries up with volatility and comes back slowly.

The law is a model, not a measurement: market makers quote inversely to risk, so depth falls as a power of
volatility at once, and returns with a half-life. Calibrate ``elasticity`` and ``floor`` to the venue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.errors import ParameterError
from scenarios.markets import elementary
from scenarios.markets.checks import require_length, require_within
from scenarios.markets.elementary import Floats
from scenarios.markets.market import YEAR_SECONDS, Block
from scenarios.markets.portable import power


@dataclass(frozen=True, slots=True)
class Depth:
    """How much can be sold within ``band`` of the price.

    Parameters
    ----------
    calm
        Notional within the band while volatility is at or below ``reference``, for each asset.
    reference
        Annualised volatility of calm times, for each asset.
    band
        Relative price move that ``calm`` refers to (0.02: two per cent).
    elasticity
        Depth falls as (volatility / reference) ** -elasticity.
    floor
        Least share of the calm depth.
    half_life
        Seconds in which half of the missing depth comes back.
    memory
        Half-life in seconds of the realised volatility that counts beside the market's own.
    """

    calm: Sequence[float]
    reference: Sequence[float]
    band: float = 0.02
    elasticity: float = 1.0
    floor: float = 0.02
    half_life: float = 3_600.0
    memory: float = 600.0

    def __post_init__(self) -> None:
        require_within("calm depth", self.calm, 0.0, 1e18)
        require_length("reference", self.reference, len(self.calm))
        require_within("reference volatility", self.reference, 1e-9, 1e4)
        require_within("elasticity", [self.elasticity], 0.0, 20.0)
        require_within("floor", [self.floor], 0.0, 1.0)
        if not (0.0 < self.band < 1.0 and self.half_life > 0.0 and self.memory > 0.0):
            raise ParameterError(
                "band, half_life, memory", (self.band, self.half_life, self.memory), "positive"
            )

    def open(self, spot: Sequence[float], runs: int) -> DepthState:
        """Return the state before the first step: calm, at the starting prices."""
        require_length("spot", spot, len(self.calm))
        shape = (len(self.calm), runs)
        price = np.repeat(np.array([float(value) for value in spot])[:, None], runs, axis=1)
        return DepthState(price, np.zeros(shape), np.ones(shape))

    def advance(self, state: DepthState, block: Block, step_seconds: float) -> Floats:
        """Return the notional within the band after each step, ``[steps, assets, runs]``."""
        keep = power(0.5, step_seconds / self.memory)
        back = 1.0 - power(0.5, step_seconds / self.half_life)
        reference = np.array([float(value) for value in self.reference])[:, None]
        calm = np.array([float(value) for value in self.calm])[:, None]
        out = np.empty_like(block.prices)
        for t in range(len(out)):
            move = elementary.logarithm(block.prices[t] / state.price)
            state.price = block.prices[t]
            state.variance = keep * state.variance + (1.0 - keep) * (
                move * move * (YEAR_SECONDS / step_seconds)
            )
            variance = np.maximum(block.volatility[t] * block.volatility[t], state.variance)
            excess = np.maximum(variance / (reference * reference), 1.0)
            share = elementary.exponential(-0.5 * self.elasticity * elementary.logarithm(excess))
            target = np.maximum(share, self.floor)
            refilled = state.share + (target - state.share) * back
            state.share = np.where(target < state.share, target, refilled)
            out[t] = calm * state.share
        return out

    def impact(self, notional: float, depth: float) -> float:
        """Return the relative price move of a sale, linear in its share of the depth; at most 1."""
        if depth <= 0.0:
            return 1.0 if notional > 0.0 else 0.0
        return min(1.0, self.band * notional / depth)


@dataclass(slots=True)
class DepthState:
    """What depth remembers: the last price, the realised variance a year, the share of calm depth."""

    price: Floats
    variance: Floats
    share: Floats
