"""Recorded paths, and paths put together from blocks of recorded returns.

Source of the stationary bootstrap: Politis and Romano, Journal of the American Statistical Association 89,
1994. Blocks keep the order of returns inside them and the rows keep the assets together, so short memory and
cross-correlation survive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scenarios.errors import ParameterError
from scenarios.markets import elementary
from scenarios.markets.checks import require_market
from scenarios.markets.elementary import Floats
from scenarios.markets.market import YEAR_SECONDS, Block, State, begin, open_state, require_finite_prices
from scenarios.markets.portable import power
from scenarios.markets.price_files import PriceTable
from scenarios.seeds import Purpose, Seed


@dataclass(frozen=True, slots=True)
class Historical:
    """Recorded prices as they were, or windows of them.

    Parameters
    ----------
    table
        Evenly spaced rows.
    horizon
        None: every run replays the file from its first row, prices unchanged. Otherwise each run begins at a
        row drawn so that ``horizon`` steps follow, and its prices are scaled to begin at the file's first.
    half_life
        Of the realised volatility that is reported, in steps.
    """

    table: PriceTable
    horizon: int | None = None
    half_life: float = 60.0

    def __post_init__(self) -> None:
        require_market(self.assets, self.spot, self.step_seconds)
        rows = len(self.table.times) - 1
        if self.horizon is not None and not 1 <= self.horizon <= rows:
            raise ParameterError("horizon", self.horizon, f"between 1 and the {rows} steps of the file")
        _require_half_life(self.half_life)

    @property
    def assets(self) -> tuple[str, ...]:
        """Columns of the file."""
        return self.table.assets

    @property
    def spot(self) -> tuple[float, ...]:
        """Prices of the first row."""
        return tuple(float(price) for price in self.table.prices[0])

    @property
    def step_seconds(self) -> float:
        """Distance of the rows."""
        return float(self.table.step_seconds())

    def open(self, seed: Seed, runs: range) -> State:
        """Return the state of ``runs`` before the first step."""
        state = open_state(seed, runs, len(self.assets))
        starts = np.zeros((1, len(runs)))
        if self.horizon is not None:
            places = len(self.table.times) - self.horizon
            drawn = begin(state, 0, False).uniforms(state.key, runs, 0, Purpose.START, 1)
            starts = np.floor(drawn * places)
        state.memory["start"] = starts
        state.memory["returns"], state.memory["realised"] = _returns(self.table, self.half_life)
        return state

    def advance(self, state: State, steps: int, fast: bool | None = None) -> Block:
        """Take ``state`` forward in place by ``steps``.

        Raises
        ------
        ParameterError
            The file ends before.
        """
        begin(state, steps, fast)
        first = state.step
        limit = self.horizon or len(self.table.times) - 1
        if first + steps > limit:
            raise ParameterError("steps", first + steps, f"at most {limit}: the recorded prices end there")
        start = state.memory["start"][0].astype(np.intp)
        rows = np.arange(first + 1, first + steps + 1)[:, None] + start[None, :]
        prices = np.moveaxis(self.table.prices[rows], 2, 1)
        if self.horizon is not None:
            scale = np.array(self.spot)[:, None] / self.table.prices[start].T
            prices = prices * scale
        volatility = state.memory["realised"][rows - 1]
        state.step += steps
        return Block(
            first,
            state.runs,
            np.ascontiguousarray(prices),
            np.ascontiguousarray(np.moveaxis(volatility, 2, 1)),
        )


@dataclass(frozen=True, slots=True)
class BlockBootstrap:
    """Paths of recorded log returns in blocks of random length, the file taken as a ring.

    Parameters
    ----------
    table
        Evenly spaced rows.
    mean_block
        Mean length of a block in steps; 1 draws every return alone.
    spot
        Starting prices; empty: those of the last row.
    half_life
        Of the realised volatility that is reported, in steps.
    """

    table: PriceTable
    mean_block: float
    start: tuple[float, ...] = ()
    half_life: float = 60.0

    def __post_init__(self) -> None:
        require_market(self.assets, self.spot, self.step_seconds)
        if not 1.0 <= self.mean_block < math.inf:
            raise ParameterError("mean_block", self.mean_block, "at least 1")
        _require_half_life(self.half_life)

    @property
    def assets(self) -> tuple[str, ...]:
        """Columns of the file."""
        return self.table.assets

    @property
    def spot(self) -> tuple[float, ...]:
        """Starting prices."""
        return self.start or tuple(float(price) for price in self.table.prices[-1])

    @property
    def step_seconds(self) -> float:
        """Distance of the rows."""
        return float(self.table.step_seconds())

    def open(self, seed: Seed, runs: range) -> State:
        """Return the state of ``runs`` before the first step."""
        state = open_state(seed, runs, len(self.assets))
        drawn = begin(state, 0, False).uniforms(state.key, runs, 0, Purpose.START, 1)
        state.memory["row"] = np.floor(drawn * (len(self.table.times) - 1))
        state.memory["returns"], state.memory["realised"] = _returns(self.table, self.half_life)
        return state

    def advance(self, state: State, steps: int, fast: bool | None = None) -> Block:
        """Take ``state`` forward in place by ``steps``."""
        numbers = begin(state, steps, fast)
        returns, realised = state.memory["returns"], state.memory["realised"]
        first, count, leave = state.step, len(returns), 1.0 / self.mean_block
        spot = np.array(self.spot)[:, None]
        prices = np.empty((steps, len(self.assets), len(state.runs)))
        volatility = np.empty_like(prices)
        for t in range(steps):
            row = state.memory["row"][0]
            rows = row.astype(np.intp)
            state.logs += returns[rows].T
            prices[t] = spot * numbers.exponential(state.logs)
            volatility[t] = realised[rows].T
            drawn = numbers.uniforms(state.key, state.runs, first + t, Purpose.RESAMPLE, 2)
            onward = np.where(row + 1.0 >= count, 0.0, row + 1.0)
            state.memory["row"][0] = np.where(drawn[0] < leave, np.floor(drawn[1] * count), onward)
        state.step += steps
        require_finite_prices(state)
        return Block(first, state.runs, prices, volatility)


def realised_volatility(returns: Floats, step_seconds: float, half_life: float) -> Floats:
    """Return annualised volatility known after each return: squares weighted by half after ``half_life``.

    Parameters
    ----------
    returns
        Log returns ``[steps, ...]``.
    """
    keep = power(0.5, 1.0 / half_life)
    scale = math.sqrt(YEAR_SECONDS / step_seconds)
    out = np.empty_like(returns)
    variance = np.zeros_like(returns[0])
    weight = 0.0
    for t in range(len(returns)):
        variance = keep * variance + (1.0 - keep) * (returns[t] * returns[t])
        weight = keep * weight + (1.0 - keep)
        out[t] = np.sqrt(variance / weight) * scale
    return out


def _returns(table: PriceTable, half_life: float) -> tuple[Floats, Floats]:
    """Return log returns and the realised volatility after each, ``[rows - 1, assets]``."""
    returns = elementary.logarithm(table.prices[1:] / table.prices[:-1])
    return returns, realised_volatility(returns, float(table.step_seconds()), half_life)


def _require_half_life(half_life: float) -> None:
    if not 0.0 < half_life < math.inf:
        raise ParameterError("half_life", half_life, "positive and finite")
