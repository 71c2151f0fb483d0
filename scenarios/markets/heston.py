"""Heston stochastic volatility by the quadratic-exponential scheme, martingale-corrected.

Source of the model: Heston, "A closed-form solution for options with stochastic volatility", Review of
Financial Studies 6, 1993. Of the scheme: Andersen, "Simple and efficient simulation of the Heston stochastic
volatility model", Journal of Computational Finance 11, 2008 (equations 23 to 33, and proposition 7 for the
correction), with psi_c = 1.5 and both gammas one half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.markets.arithmetic import Arithmetic
from scenarios.markets.checks import require_length, require_market, require_within
from scenarios.markets.correlation import correlate, lower_triangle, uniform_correlation
from scenarios.markets.elementary import Floats
from scenarios.markets.market import (
    YEAR_SECONDS,
    Block,
    State,
    begin,
    open_state,
    require_finite_prices,
)
from scenarios.markets.portable import exp
from scenarios.seeds import Purpose, Seed

_PSI_CRITICAL = 1.5


@dataclass(frozen=True, slots=True)
class Heston:
    """Prices whose variance reverts to a mean and moves against them.

    Parameters
    ----------
    assets, spot
        Names and starting prices.
    drift
        Expected growth of each price a year, continuously compounded.
    variance, mean_variance
        Annualised, at the start and in the long run.
    reversion
        Speed kappa a year.
    volatility_of_variance
        xi, positive.
    leverage
        rho between a price and its own variance.
    step_seconds
        Length of a step.
    correlation
        Between the parts of the assets' returns that their variances do not explain; None: independent.
    """

    assets: tuple[str, ...]
    spot: tuple[float, ...]
    drift: Sequence[float]
    variance: Sequence[float]
    mean_variance: Sequence[float]
    reversion: Sequence[float]
    volatility_of_variance: Sequence[float]
    leverage: Sequence[float]
    step_seconds: float
    correlation: Sequence[Sequence[float]] | None = None

    def __post_init__(self) -> None:
        require_market(self.assets, self.spot, self.step_seconds)
        for what, values, low, high in (
            ("drift", self.drift, -1e6, 1e6),
            ("variance", self.variance, 0.0, 1e6),
            ("mean_variance", self.mean_variance, 1e-12, 1e6),
            ("reversion", self.reversion, 1e-9, 1e6),
            ("volatility_of_variance", self.volatility_of_variance, 1e-6, 1e6),
            ("leverage", self.leverage, -1.0, 1.0),
        ):
            require_length(what, values, len(self.assets))
            require_within(what, values, low, high)
        lower_triangle(self.correlation or uniform_correlation(len(self.assets), 0.0), len(self.assets))

    def open(self, seed: Seed, runs: range) -> State:
        """Return the state of ``runs`` before the first step."""
        state = open_state(seed, runs, len(self.assets))
        start = np.array([float(value) for value in self.variance])
        state.memory["variance"] = np.repeat(start[:, None], len(runs), axis=1)
        return state

    def advance(self, state: State, steps: int, fast: bool | None = None) -> Block:
        """Take ``state`` forward in place by ``steps``; volatility is that at the start of each step."""
        numbers = begin(state, steps, fast)
        size, first = len(self.assets), state.step
        lower = lower_triangle(self.correlation or uniform_correlation(size, 0.0), size)
        spot = np.array(self.spot)[:, None]
        prices = np.empty((steps, size, len(state.runs)))
        volatility = np.empty_like(prices)
        for t in range(steps):
            variance = state.memory["variance"]
            volatility[t] = np.sqrt(variance)
            normals = correlate(lower, numbers.normals(state.key, state.runs, first + t, Purpose.PRICE, size))
            own = numbers.normals(state.key, state.runs, first + t, Purpose.VARIANCE, size)
            uniform = numbers.uniforms(state.key, state.runs, first + t, Purpose.VARIANCE_UNIFORM, size)
            for i in range(size):
                change, variance[i] = self._step(numbers, i, variance[i], normals[i], own[i], uniform[i])
                state.logs[i] += change
            prices[t] = spot * numbers.exponential(state.logs)
        state.step += steps
        require_finite_prices(state)
        return Block(first, state.runs, prices, volatility)

    def _step(
        self, numbers: Arithmetic, i: int, v: Floats, z: Floats, own: Floats, u: Floats
    ) -> tuple[Floats, Floats]:
        """Return the change of the log price and the variance after one step."""
        dt = self.step_seconds / YEAR_SECONDS
        kappa, theta = float(self.reversion[i]), float(self.mean_variance[i])
        xi, rho = float(self.volatility_of_variance[i]), float(self.leverage[i])
        decay = exp(-kappa * dt)
        # Mean and squared relative deviation of the next variance (Andersen, proposition 1)
        mean = theta + (v - theta) * decay
        spread = v * (xi * xi * decay * (1.0 - decay) / kappa) + theta * xi * xi * (1.0 - decay) * (
            1.0 - decay
        ) / (2.0 * kappa)
        psi = spread / (mean * mean)
        quadratic = psi <= _PSI_CRITICAL
        inverse = 2.0 / np.minimum(psi, _PSI_CRITICAL)
        b2 = (inverse - 1.0) + np.sqrt(inverse) * np.sqrt(inverse - 1.0)
        a = mean / (1.0 + b2)
        root = np.sqrt(b2) + own
        above = np.maximum(psi, _PSI_CRITICAL)
        p = (above - 1.0) / (above + 1.0)
        beta = (1.0 - p) / mean
        tail = numbers.logarithm((1.0 - p) / (1.0 - u)) / beta
        after = np.where(quadratic, a * root * root, np.where(u <= p, 0.0, tail))
        # Log price given both variances (equation 33), its constant chosen so that E[S] is exact
        slope = 0.5 * dt * (kappa * rho / xi - 0.5)
        k1, k2 = slope - rho / xi, slope + rho / xi
        k3 = 0.5 * dt * (1.0 - rho * rho)
        moment = k2 + 0.5 * k3
        room = 1.0 - 2.0 * moment * a
        safe = np.where(room > 0.0, room, 1.0)
        exact = -(moment * b2 * a) / safe + 0.5 * numbers.logarithm(safe)
        gap = beta - moment
        kept = np.where(gap > 0.0, gap, 1.0)
        exponential = -numbers.logarithm(np.maximum(p + beta * (1.0 - p) / kept, 1e-300))
        plain = np.full_like(v, -rho * kappa * theta * dt / xi) + (k1 + 0.5 * k3) * v
        constant = np.where(
            quadratic, np.where(room > 0.0, exact, plain), np.where(gap > 0.0, exponential, plain)
        )
        constant = constant - (k1 + 0.5 * k3) * v
        noise = np.sqrt(k3 * (v + after)) * z
        return float(self.drift[i]) * dt + constant + k1 * v + k2 * after + noise, after


def feller_ratio(market: Heston, asset: str) -> float:
    """Return 2 kappa theta / xi^2: below 1 the variance reaches zero."""
    i = market.assets.index(asset)
    xi = float(market.volatility_of_variance[i])
    return 2.0 * float(market.reversion[i]) * float(market.mean_variance[i]) / (xi * xi)
