"""Scripted shocks: a known shape of prices laid over any market.

A script multiplies prices by a factor that runs log-linearly between knots. Over a market without volatility
it is the script itself; over a random one it is the same crash in many weathers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scenarios.errors import ParameterError
from scenarios.markets import elementary
from scenarios.markets.elementary import Floats
from scenarios.markets.market import YEAR_SECONDS, Block, Market, State
from scenarios.markets.portable import log
from scenarios.seeds import Seed


@dataclass(frozen=True, slots=True)
class Script:
    """A shape and where its figures come from.

    Parameters
    ----------
    name
        Id of the event.
    knots
        For each of the script's assets: (seconds after the start, price over price at the start), increasing
        in time, the first at 0 with factor 1.
    sources
        Where the figures were read.
    """

    name: str
    knots: Mapping[str, tuple[tuple[float, float], ...]]
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for asset, points in self.knots.items():
            if not points or points[0] != (0.0, 1.0):
                raise ParameterError(f"first knot of {asset}", points[:1], "(0, 1)")
            for (before, _), (after, factor) in itertools.pairwise(points):
                if not before < after < math.inf or not 0.0 < factor < math.inf:
                    raise ParameterError(
                        f"knot of {asset}", (after, factor), f"later than {before} s with a positive factor"
                    )

    @property
    def seconds(self) -> float:
        """Length of the shape."""
        return max(points[-1][0] for points in self.knots.values())

    def log_factors(self, asset: str, seconds: Floats) -> Floats:
        """Return the log of the factor at ``seconds`` after the start (0 before it, the last one after)."""
        points = self.knots[asset]
        out = np.zeros_like(seconds)
        for (t0, f0), (t1, f1) in itertools.pairwise(points):
            l0, l1 = log(f0), log(f1)
            inside = (seconds > t0) & (seconds <= t1)
            out = np.where(inside, l0 + (l1 - l0) * ((seconds - t0) / (t1 - t0)), out)
        return np.where(seconds > points[-1][0], log(points[-1][1]), out)


@dataclass(frozen=True, slots=True)
class Shocked:
    """A market with a script laid over it.

    Parameters
    ----------
    market
        What moves without the shock.
    script
        The shape.
    at
        Seconds after the start of the run at which it begins.
    assets_of
        Asset of the market to asset of the script; others are untouched.
    severity
        Power of the factor: 0 nothing, 1 as scripted, 2 twice the log move.
    """

    market: Market
    script: Script
    at: float
    assets_of: Mapping[str, str]
    severity: float = 1.0

    def __post_init__(self) -> None:
        for asset, scripted in self.assets_of.items():
            if asset not in self.market.assets:
                raise ParameterError("shocked asset", asset, f"one of {', '.join(self.market.assets)}")
            if scripted not in self.script.knots:
                raise ParameterError("scripted asset", scripted, f"one of {', '.join(self.script.knots)}")

    @property
    def assets(self) -> tuple[str, ...]:
        """Those of the market."""
        return self.market.assets

    @property
    def spot(self) -> tuple[float, ...]:
        """Those of the market."""
        return self.market.spot

    @property
    def step_seconds(self) -> float:
        """That of the market."""
        return self.market.step_seconds

    def open(self, seed: Seed, runs: range) -> State:
        """Return the state of ``runs`` before the first step."""
        return self.market.open(seed, runs)

    def advance(self, state: State, steps: int, fast: bool | None = None) -> Block:
        """Take ``state`` forward in place; the volatility includes the scripted move of each step."""
        block = self.market.advance(state, steps, fast)
        places = np.arange(block.first_step, block.first_step + steps + 1, dtype=np.float64)
        seconds = places * self.step_seconds - self.at
        prices, volatility = block.prices.copy(), block.volatility.copy()
        for asset, scripted in self.assets_of.items():
            i = self.assets.index(asset)
            logs = self.severity * self.script.log_factors(scripted, seconds)
            prices[:, i] *= elementary.exponential(logs[1:])[:, None]
            move = np.diff(logs)
            scripted_variance = move * move * (YEAR_SECONDS / self.step_seconds)
            volatility[:, i] = np.sqrt(volatility[:, i] * volatility[:, i] + scripted_variance[:, None])
        return Block(block.first_step, block.runs, prices, volatility)
