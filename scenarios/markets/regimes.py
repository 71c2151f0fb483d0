"""Volatility and correlation that switch between regimes, all assets together.

Source of the model: Hamilton, "A new approach to the economic analysis of nonstationary time series and the
business cycle", Econometrica 57, 1989, in continuous time: a Markov chain with rates a year.
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
class Regime:
    """How the market moves while a regime lasts.

    Parameters
    ----------
    drift, volatility
        A year, for each asset.
    correlation
        Of the log returns; None: independent.
    leave
        Rate a year of going to each regime; the entry of the regime itself is ignored.
    """

    drift: Sequence[float]
    volatility: Sequence[float]
    leave: Sequence[float]
    correlation: Sequence[Sequence[float]] | None = None


@dataclass(frozen=True, slots=True)
class RegimeSwitching:
    """Prices that are lognormal within a regime; the chain moves at the end of each step.

    Parameters
    ----------
    assets, spot
        Names and starting prices.
    regimes
        In the order of their ``leave`` rates.
    start
        Regime of the first step.
    step_seconds
        Length of a step.
    """

    assets: tuple[str, ...]
    spot: tuple[float, ...]
    regimes: tuple[Regime, ...]
    step_seconds: float
    start: int = 0

    def __post_init__(self) -> None:
        size = len(self.assets)
        require_market(self.assets, self.spot, self.step_seconds)
        if not 0 <= self.start < len(self.regimes):
            raise ParameterError("start", self.start, f"one of the {len(self.regimes)} regimes")
        for regime in self.regimes:
            require_length("drift", regime.drift, size)
            require_within("drift", regime.drift, -1e6, 1e6)
            require_length("volatility", regime.volatility, size)
            require_within("volatility", regime.volatility, 0.0, 1e4)
            require_length("leave", regime.leave, len(self.regimes))
            require_within("leave", regime.leave, 0.0, 1e9)
            lower_triangle(regime.correlation or uniform_correlation(size, 0.0), size)

    def open(self, seed: Seed, runs: range) -> State:
        """Return the state of ``runs`` before the first step."""
        state = open_state(seed, runs, len(self.assets))
        state.memory["regime"] = np.full((1, len(runs)), float(self.start))
        return state

    def advance(self, state: State, steps: int, fast: bool | None = None) -> Block:
        """Take ``state`` forward in place by ``steps``."""
        numbers = begin(state, steps, fast)
        size, first, year = len(self.assets), state.step, self.step_seconds / YEAR_SECONDS
        volatilities = np.array([[float(v) for v in regime.volatility] for regime in self.regimes])
        drifts = np.array([[float(m) for m in regime.drift] for regime in self.regimes])
        drifts = (drifts - 0.5 * volatilities * volatilities) * year
        loadings = [
            lower_triangle(regime.correlation or uniform_correlation(size, 0.0), size)
            * (volatilities[k] * math.sqrt(year))[:, None]
            for k, regime in enumerate(self.regimes)
        ]
        cumulative = np.cumsum(np.array(self.transition()), axis=1)
        spot = np.array(self.spot)[:, None]
        prices = np.empty((steps, size, len(state.runs)))
        volatility = np.empty_like(prices)
        for t in range(steps):
            regime = state.memory["regime"][0].astype(np.intp)
            normals = numbers.normals(state.key, state.runs, first + t, Purpose.PRICE, size)
            change = np.zeros_like(state.logs)
            for k, loading in enumerate(loadings):
                if (here := regime == k).any():
                    change[:, here] = drifts[k][:, None] + correlate(loading, normals[:, here])
            volatility[t] = volatilities[regime].T
            state.logs += change
            prices[t] = spot * numbers.exponential(state.logs)
            uniform = numbers.uniforms(state.key, state.runs, first + t, Purpose.REGIME, 1)[0]
            after = np.zeros(len(state.runs))
            for k in range(len(self.regimes) - 1):
                after += uniform >= cumulative[regime, k]
            state.memory["regime"][0] = after
        state.step += steps
        require_finite_prices(state)
        return Block(first, state.runs, prices, volatility)

    def transition(self) -> list[list[float]]:
        """Return the probabilities of going from each regime to each in one step: exp of the rates.

        By Taylor series of the rates over 2**s steps, squared s times, in a fixed order.
        """
        size, year = len(self.regimes), self.step_seconds / YEAR_SECONDS
        rates = [[float(rate) * year for rate in regime.leave] for regime in self.regimes]
        for i in range(size):
            rates[i][i] = -math.fsum(rate for j, rate in enumerate(rates[i]) if j != i)
        halvings = max(0, math.frexp(max(-rates[i][i] for i in range(size)))[1] + 4)
        scaled = [[math.ldexp(value, -halvings) for value in row] for row in rates]
        unit = [[1.0 if i == j else 0.0 for j in range(size)] for i in range(size)]
        result, term = unit, unit
        for n in range(1, 16):
            term = [[value / n for value in row] for row in _product(term, scaled)]
            result = [[a + b for a, b in zip(r, q, strict=True)] for r, q in zip(result, term, strict=True)]
        for _ in range(halvings):
            result = _product(result, result)
        return result

    def stationary(self) -> list[float]:
        """Return the long-run share of time of each regime."""
        row = [1.0 / len(self.regimes)] * len(self.regimes)
        matrix = self.transition()
        for _ in range(60):
            matrix = [_normalised(squared) for squared in _product(matrix, matrix)]
        return _product([row], matrix)[0]


def _normalised(row: list[float]) -> list[float]:
    total = math.fsum(row)
    return [value / total for value in row]


def _product(a: list[list[float]], b: list[list[float]]) -> list[list[float]]:
    return [[math.fsum(x * b[k][j] for k, x in enumerate(row)) for j in range(len(b[0]))] for row in a]
