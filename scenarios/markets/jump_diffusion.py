"""Correlated geometric Brownian motion, with any number of sources of jumps.

A source of jumps is one Poisson clock for the whole market: an asset that takes no part has mean and
deviation zero, so idiosyncratic and common jumps are the same thing, and sizes at a common jump may be
correlated. Source of the model: Merton, "Option pricing when underlying stock returns are discontinuous",
Journal of Financial Economics 3, 1976; a step is sampled exactly (number of jumps, then their sum).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from scenarios.errors import ParameterError
from scenarios.markets.arithmetic import Arithmetic
from scenarios.markets.checks import require_length, require_market, require_within
from scenarios.markets.correlation import lower_triangle, uniform_correlation
from scenarios.markets.elementary import Floats
from scenarios.markets.market import (
    YEAR_SECONDS,
    Block,
    State,
    begin,
    constant_volatility,
    open_state,
    require_finite_prices,
)
from scenarios.markets.portable import exp
from scenarios.seeds import JUMP_STRIDE, Purpose, Seed

MAXIMUM_JUMPS_A_STEP = 30.0


@dataclass(frozen=True, slots=True)
class Jumps:
    """One source of jumps.

    Parameters
    ----------
    intensity
        Expected jumps a year.
    mean, deviation
        Of the log size, for each asset.
    correlation
        Of the log sizes at one jump; None: 1 everywhere, all assets move by one normal.
    """

    intensity: float
    mean: Sequence[float]
    deviation: Sequence[float]
    correlation: Sequence[Sequence[float]] | None = None


@dataclass(frozen=True, slots=True)
class _Tables:
    """Parameters of one step."""

    drift: Floats
    loading: Floats
    cumulative: Floats
    factors: np.ndarray[tuple[int], np.dtype[np.int64]]
    jump_mean: Floats
    jump_loading: Floats


@dataclass(frozen=True, slots=True)
class JumpDiffusion:
    """Prices whose logs are Brownian with jumps; without jumps, geometric Brownian motion.

    Parameters
    ----------
    assets, spot
        Names and starting prices.
    drift
        Expected growth of each price a year (continuously compounded), jumps included where ``compensated``.
    volatility
        Annualised standard deviation of the log price, jumps aside.
    correlation
        Of the Brownian parts; None: independent.
    step_seconds
        Length of a step.
    jumps
        Sources of jumps.
    compensated
        Whether the drift is lowered by the jumps' expected growth, so that E[S_t] = S_0 exp(drift t).
    """

    assets: tuple[str, ...]
    spot: tuple[float, ...]
    drift: Sequence[float]
    volatility: Sequence[float]
    step_seconds: float
    correlation: Sequence[Sequence[float]] | None = None
    jumps: tuple[Jumps, ...] = ()
    compensated: bool = True
    _tables: _Tables = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        size = len(self.assets)
        require_market(self.assets, self.spot, self.step_seconds)
        require_length("drift", self.drift, size)
        require_within("drift", self.drift, -1e6, 1e6)
        require_length("volatility", self.volatility, size)
        require_within("volatility", self.volatility, 0.0, 1e4)
        for jumps in self.jumps:
            require_length("mean of jumps", jumps.mean, size)
            require_length("deviation of jumps", jumps.deviation, size)
            require_within("mean of jumps", jumps.mean, -50.0, 50.0)
            require_within("deviation of jumps", jumps.deviation, 0.0, 10.0)
            expected = jumps.intensity * self.step_seconds / YEAR_SECONDS
            if not 0.0 <= expected <= MAXIMUM_JUMPS_A_STEP:
                raise ParameterError(
                    "jumps expected a step", expected, f"between 0 and {MAXIMUM_JUMPS_A_STEP}"
                )
        object.__setattr__(self, "_tables", _tables(self))

    def open(self, seed: Seed, runs: range) -> State:
        """Return the state of ``runs`` before the first step."""
        return open_state(seed, runs, len(self.assets))

    def advance(self, state: State, steps: int, fast: bool | None = None) -> Block:
        """Take ``state`` forward in place by ``steps``; return the prices."""
        lowest = np.full(state.logs.shape, math.inf)
        prices = np.empty((steps, len(self.assets), len(state.runs)))
        first = state.step
        self._run(state, lowest, prices, steps, fast)
        volatility = np.array([float(value) for value in self.volatility])
        return Block(first, state.runs, prices, constant_volatility(self, volatility, steps, len(state.runs)))

    def extremes(self, state: State, steps: int, fast: bool | None = None) -> tuple[Floats, Floats]:
        """Take ``state`` forward storing no path; return last and lowest prices, ``[assets, runs]``."""
        lowest = np.full(state.logs.shape, math.inf)
        last = self._run(state, lowest, np.empty((0, *state.logs.shape)), steps, fast)
        return last, lowest

    def _run(self, state: State, lowest: Floats, prices: Floats, steps: int, fast: bool | None) -> Floats:
        numbers = begin(state, steps, fast)
        tables = self._tables
        if numbers.name == "numba":
            _run_kernel(self, tables, state, lowest, prices, steps)
        else:
            _run_reference(self, tables, numbers, state, lowest, prices, steps)
        state.step += steps
        require_finite_prices(state)
        return np.array(self.spot)[:, None] * numbers.exponential(state.logs)


def _tables(market: JumpDiffusion) -> _Tables:
    size = len(market.assets)
    year = market.step_seconds / YEAR_SECONDS
    lower = lower_triangle(market.correlation or uniform_correlation(size, 0.0), size)
    volatility = [float(value) for value in market.volatility]
    drift = np.array([(m - 0.5 * v * v) * year for m, v in zip(market.drift, volatility, strict=True)])
    loading = lower * np.array([v * math.sqrt(year) for v in volatility])[:, None]
    sources = len(market.jumps)
    counts = [poisson_cumulative(jumps.intensity * year) for jumps in market.jumps]
    cumulative = np.ones((sources, max((len(row) for row in counts), default=1)))
    mean = np.zeros((sources, size))
    jump_loading = np.zeros((sources, size, size))
    factors = np.zeros(sources, np.int64)
    for s, jumps in enumerate(market.jumps):
        cumulative[s, : len(counts[s])] = counts[s]
        mean[s] = [float(value) for value in jumps.mean]
        triangle = lower_triangle(jumps.correlation or uniform_correlation(size, 1.0), size)
        jump_loading[s] = triangle * np.array([float(value) for value in jumps.deviation])[:, None]
        used = np.flatnonzero(jump_loading[s].any(axis=0))
        factors[s] = int(used[-1]) + 1 if used.size else 0
        if market.compensated:
            for i in range(size):
                deviation = float(jumps.deviation[i])
                growth = exp(float(jumps.mean[i]) + 0.5 * deviation * deviation) - 1.0
                drift[i] -= jumps.intensity * growth * year
    return _Tables(drift, np.ascontiguousarray(loading), cumulative, factors, mean, jump_loading)


def poisson_cumulative(expected: float) -> list[float]:
    """Return the probabilities of at most 0, 1, 2, ... events, up to where a 52-bit uniform can tell."""
    term = exp(-expected)
    total = term
    out = [total]
    while total < 1.0 - 2.0**-52 and len(out) < 200:
        term = term * expected / len(out)
        total += term
        out.append(min(total, 1.0))
    return out


def _run_kernel(
    market: JumpDiffusion, tables: _Tables, state: State, lowest: Floats, prices: Floats, steps: int
) -> None:
    from scenarios.markets.diffusion_kernel import TABLE, jump_diffusion  # noqa: PLC0415 - only with numba

    jump_diffusion(
        TABLE,
        np.uint64(state.key[0]),
        np.uint64(state.key[1]),
        np.uint64(state.runs.start),
        state.step,
        steps,
        tables.drift,
        tables.loading,
        tables.cumulative,
        tables.factors,
        tables.jump_mean,
        tables.jump_loading,
        np.array(market.spot, np.float64),
        state.logs,
        lowest,
        prices,
    )


def _run_reference(
    market: JumpDiffusion,
    tables: _Tables,
    numbers: Arithmetic,
    state: State,
    lowest: Floats,
    prices: Floats,
    steps: int,
) -> None:
    size = len(market.assets)
    spot = np.array(market.spot)[:, None]
    for t in range(steps):
        step = state.step + t
        normals = numbers.normals(state.key, state.runs, step, Purpose.PRICE, size)
        change = np.repeat(tables.drift[:, None], len(state.runs), axis=1)
        for i in range(size):
            for j in range(i + 1):
                change[i] += tables.loading[i, j] * normals[j]
        for source in range(len(market.jumps)):
            drawn = numbers.uniforms(state.key, state.runs, step, Purpose.JUMP_COUNT, 1, source)[0]
            count = np.zeros(len(state.runs))
            for k in range(tables.cumulative.shape[1]):
                count += drawn >= tables.cumulative[source, k]
            factors = int(tables.factors[source])
            sizes = numbers.normals(
                state.key, state.runs, step, Purpose.JUMP_SIZE, max(factors, 1), source * JUMP_STRIDE
            )
            jump = np.zeros((size, len(state.runs)))
            if factors:
                for i in range(size):
                    for j in range(factors):
                        jump[i] += tables.jump_loading[source, i, j] * sizes[j]
            change += count * tables.jump_mean[source][:, None] + np.sqrt(count) * jump
        state.logs += change
        price = spot * numbers.exponential(state.logs)
        np.minimum(lowest, price, out=lowest)
        if prices.shape[0]:
            prices[t] = price
