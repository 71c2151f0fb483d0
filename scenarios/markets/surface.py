"""An implied-volatility surface that moves with spot and is free of static arbitrage at every step.

The shape is SSVI with the power-law function of exponent one half: total variance
w(k) = theta / 2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)), theta = level^2 T,
phi = eta / sqrt(theta (1 + theta)). With eta (1 + |rho|) <= 2 no butterfly and no calendar spread is free
(Gatheral and Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14, 2014, section 4).
The level moves against spot, reverts to its mean and has noise of its own; all of it in logs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.errors import ParameterError
from scenarios.markets.arithmetic import arithmetic
from scenarios.markets.checks import require_length, require_within
from scenarios.markets.elementary import Floats
from scenarios.markets.market import YEAR_SECONDS, Block, Market
from scenarios.markets.portable import log
from scenarios.seeds import Purpose, Seed


@dataclass(frozen=True, slots=True)
class Surface:
    """Implied volatilities of one market.

    Parameters
    ----------
    level
        At-the-money volatility in the long run and at the start, for each asset.
    spot_beta
        Change of the log level for each unit of log spot, with the opposite sign: 2 raises 60 % volatility to
        73 % when spot falls by 10 %.
    reversion
        Speed a year at which the log level returns.
    noise
        Annualised standard deviation of the log level's own noise.
    skew, curvature
        rho and eta of SSVI.
    lowest, highest
        Bounds of the level.
    """

    level: Sequence[float]
    spot_beta: Sequence[float]
    reversion: float = 10.0
    noise: float = 0.0
    skew: float = -0.3
    curvature: float = 1.0
    lowest: float = 0.05
    highest: float = 5.0

    def __post_init__(self) -> None:
        if not 0.0 < self.lowest <= self.highest:
            raise ParameterError("lowest level", self.lowest, "positive and at most the highest")
        require_within("level", self.level, self.lowest, self.highest)
        require_length("spot_beta", self.spot_beta, len(self.level))
        require_within("spot_beta", self.spot_beta, -100.0, 100.0)
        require_within("reversion", [self.reversion], 0.0, 1e6)
        require_within("noise", [self.noise], 0.0, 100.0)
        require_within("skew", [self.skew], -0.999, 0.999)
        limit = 2.0 / (1.0 + abs(self.skew))
        if not 0.0 < self.curvature <= limit:
            raise ParameterError("curvature", self.curvature, f"in (0, {limit}]: more allows arbitrage")

    def open(self, market: Market, seed: Seed, runs: range) -> SurfaceState:
        """Return the state before the first step."""
        require_length("level", self.level, len(market.assets))
        start = np.array([[log(float(value))] for value in self.level])
        price = np.array(market.spot)[:, None]
        shape = (len(market.assets), len(runs))
        return SurfaceState(
            seed.key(), np.broadcast_to(price, shape).copy(), np.broadcast_to(start, shape).copy()
        )

    def advance(
        self, state: SurfaceState, block: Block, step_seconds: float, fast: bool | None = None
    ) -> Floats:
        """Return the level after each step, ``[steps, assets, runs]``."""
        numbers = arithmetic(fast)
        year = step_seconds / YEAR_SECONDS
        pull = min(1.0, self.reversion * year)
        beta = np.array([[float(value)] for value in self.spot_beta])
        mean = np.array([[log(float(value))] for value in self.level])
        out = np.empty_like(block.prices)
        low, high = log(self.lowest), log(self.highest)
        for t in range(len(out)):
            move = numbers.logarithm(block.prices[t] / state.price)
            state.price = block.prices[t]
            change = pull * (mean - state.log_level) - beta * move
            if self.noise > 0.0:
                step, size = block.first_step + t, len(self.level)
                own = numbers.normals(state.key, block.runs, step, Purpose.SURFACE, size)
                change = change + self.noise * math.sqrt(year) * own
            state.log_level = np.minimum(np.maximum(state.log_level + change, low), high)
            out[t] = numbers.exponential(state.log_level)
        return out

    def volatility(self, level: Floats, log_moneyness: Floats, years: Floats) -> Floats:
        """Return implied volatility; the three arrays broadcast.

        Parameters
        ----------
        level
            At-the-money volatility, as ``advance`` returns it.
        log_moneyness
            ln(strike / forward).
        years
            To expiry, positive.
        """
        theta = level * level * years
        phi = self.curvature / np.sqrt(theta * (1.0 + theta))
        x = phi * log_moneyness + self.skew
        total = (
            0.5
            * theta
            * (1.0 + self.skew * phi * log_moneyness + np.sqrt(x * x + (1.0 - self.skew * self.skew)))
        )
        return np.sqrt(total / years)


@dataclass(slots=True)
class SurfaceState:
    """What a surface remembers: the key of its noise, the last price and the log of the level."""

    key: tuple[int, int]
    price: Floats
    log_level: Floats
