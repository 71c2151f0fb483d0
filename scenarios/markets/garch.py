"""GARCH(1,1) with a leverage term: variance that remembers the last moves.

Source of the model: Bollerslev, "Generalized autoregressive conditional heteroskedasticity", Journal of
Econometrics 31, 1986; the leverage term is that of Glosten, Jagannathan and Runkle, Journal of Finance 48,
1993.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.errors import ParameterError
from scenarios.markets.checks import require_length, require_market, require_within
from scenarios.markets.correlation import correlate, lower_triangle, uniform_correlation
from scenarios.markets.market import YEAR_SECONDS, Block, State, begin, open_state, require_finite_prices
from scenarios.seeds import Purpose, Seed


@dataclass(frozen=True, slots=True)
class Garch:
    """Log returns r = drift - h/2 + sqrt(h) z with h' = omega + (alpha + gamma [z < 0]) h z^2 + beta h.

    Parameters
    ----------
    assets, spot
        Names and starting prices.
    drift
        Expected growth of each price a year, continuously compounded.
    volatility
        Annualised, in the long run: omega follows from it.
    alpha, beta, gamma
        Per step; alpha + beta + gamma / 2 < 1. None for gamma: no leverage.
    step_seconds
        Length of a step, which is also the step of the variance.
    correlation
        Of the innovations z; None: independent.
    start
        Annualised volatility of the first step; None: the long-run one.
    """

    assets: tuple[str, ...]
    spot: tuple[float, ...]
    drift: Sequence[float]
    volatility: Sequence[float]
    alpha: Sequence[float]
    beta: Sequence[float]
    step_seconds: float
    gamma: Sequence[float] | None = None
    correlation: Sequence[Sequence[float]] | None = None
    start: Sequence[float] | None = None

    def __post_init__(self) -> None:
        size = len(self.assets)
        require_market(self.assets, self.spot, self.step_seconds)
        for what, values, high in (
            ("volatility", self.volatility, 1e4),
            ("alpha", self.alpha, 1.0),
            ("beta", self.beta, 1.0),
            ("gamma", self.gamma or [0.0] * size, 1.0),
            ("start", self.start or [0.0] * size, 1e4),
        ):
            require_length(what, values, size)
            require_within(what, values, 0.0, high)
        require_length("drift", self.drift, size)
        require_within("drift", self.drift, -1e6, 1e6)
        lower_triangle(self.correlation or uniform_correlation(size, 0.0), size)
        for i in range(size):
            if not self.persistence(i) < 1.0:
                raise ParameterError("alpha + beta + gamma / 2", self.persistence(i), "below 1")

    def persistence(self, asset: int) -> float:
        """Return how much of a step's excess variance is left a step later."""
        gamma = self.gamma[asset] if self.gamma else 0.0
        return float(self.alpha[asset]) + float(self.beta[asset]) + 0.5 * float(gamma)

    def open(self, seed: Seed, runs: range) -> State:
        """Return the state of ``runs`` before the first step."""
        state = open_state(seed, runs, len(self.assets))
        year = self.step_seconds / YEAR_SECONDS
        start = np.array([float(value) for value in self.start or self.volatility])
        state.memory["variance"] = np.repeat((start * start * year)[:, None], len(runs), axis=1)
        return state

    def advance(self, state: State, steps: int, fast: bool | None = None) -> Block:
        """Take ``state`` forward in place by ``steps``."""
        numbers = begin(state, steps, fast)
        size, first, year = len(self.assets), state.step, self.step_seconds / YEAR_SECONDS
        lower = lower_triangle(self.correlation or uniform_correlation(size, 0.0), size)

        def column(values: Sequence[float]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
            return np.array([float(value) for value in values]).reshape(-1, 1)

        drift, alpha, beta = column(self.drift) * year, column(self.alpha), column(self.beta)
        gamma = column(self.gamma or [0.0] * size)
        long_run = column(self.volatility)
        omega = long_run * long_run * year * column([1.0 - self.persistence(i) for i in range(size)])
        spot = column(self.spot)
        prices = np.empty((steps, size, len(state.runs)))
        volatility = np.empty_like(prices)
        for t in range(steps):
            variance = state.memory["variance"]
            z = correlate(lower, numbers.normals(state.key, state.runs, first + t, Purpose.PRICE, size))
            volatility[t] = np.sqrt(variance) * (1.0 / math.sqrt(year))
            shock = np.sqrt(variance) * z
            state.logs += (drift - 0.5 * variance) + shock
            weight = alpha + np.where(z < 0.0, gamma, 0.0)
            state.memory["variance"] = omega + weight * shock * shock + beta * variance
            prices[t] = spot * numbers.exponential(state.logs)
        state.step += steps
        require_finite_prices(state)
        return Block(first, state.runs, prices, volatility)
