"""The one interface of every market: (parameters, seed, run index) to paths.

A market is an immutable description. ``open`` gives the state of a range of runs at step 0 and ``advance``
takes it forward by some steps; splitting runs or steps differently changes no byte. Arrays are
``[steps, assets, runs]``: the last axis is contiguous over paths, which is what the hot loops want.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from scenarios.errors import ParameterError, SeedRangeError
from scenarios.markets.arithmetic import Arithmetic, arithmetic
from scenarios.markets.elementary import Floats
from scenarios.seeds import RUN_BITS, STEP_BITS, Seed

YEAR_SECONDS = 365 * 86_400
MAXIMUM_LOG_PRICE = 690.0


@dataclass(frozen=True, slots=True)
class Block:
    """Some steps of some runs.

    Parameters
    ----------
    first_step
        Step of the first row; step 0 is the first change after the start.
    runs
        Run indices of the last axis.
    prices
        ``[steps, assets, runs]``, after each step.
    volatility
        ``[steps, assets, runs]``: annualised standard deviation in force during each step, jumps aside; where
        it does not change this is a view that costs no memory.
    """

    first_step: int
    runs: range
    prices: Floats
    volatility: Floats

    def digest(self) -> str:
        """Return SHA-256 of the prices, little-endian, path by path."""
        ordered = np.ascontiguousarray(np.moveaxis(self.prices, 2, 0)).astype("<f8", copy=False)
        return hashlib.sha256(ordered.tobytes()).hexdigest()


@dataclass(slots=True)
class State:
    """Where a range of runs stands.

    Parameters
    ----------
    key
        Philox key of the study.
    runs
        Run indices, contiguous.
    step
        Steps done.
    logs
        ``[assets, runs]``: log of price over starting price.
    memory
        What else a model carries (variance, regime, row of the file), by name.
    """

    key: tuple[int, int]
    runs: range
    step: int
    logs: Floats
    memory: dict[str, Floats] = field(default_factory=dict)


@runtime_checkable
class Market(Protocol):
    """A source of price paths."""

    @property
    def assets(self) -> tuple[str, ...]:
        """Names of the assets, in the order of the arrays."""
        ...

    @property
    def spot(self) -> tuple[float, ...]:
        """Prices before the first step."""
        ...

    @property
    def step_seconds(self) -> float:
        """Length of a step."""
        ...

    def open(self, seed: Seed, runs: range) -> State:
        """Return the state of ``runs`` before the first step."""
        ...

    def advance(self, state: State, steps: int, fast: bool | None = None) -> Block:
        """Take ``state`` forward in place by ``steps``; return what happened."""
        ...


def open_state(seed: Seed, runs: range, assets: int) -> State:
    """Return a state at step 0.

    Raises
    ------
    SeedRangeError
        Runs are not an increasing contiguous range below 2**64.
    """
    if runs.step != 1 or runs.start < 0 or runs.stop > 1 << RUN_BITS or not len(runs):
        raise SeedRangeError("run indices", runs.stop, RUN_BITS)
    return State(seed.key(), runs, 0, np.zeros((assets, len(runs))))


def begin(state: State, steps: int, fast: bool | None) -> Arithmetic:
    """Check that ``steps`` fit the counter; return the arithmetic to use."""
    if steps < 0 or state.step + steps > 1 << STEP_BITS:
        raise SeedRangeError("step", state.step + steps, STEP_BITS)
    return arithmetic(fast)


def require_finite_prices(state: State) -> None:
    """Refuse log prices beyond what a double can hold: the parameters make no market."""
    if state.logs.size:
        worst = float(np.max(np.abs(state.logs)))
        if not worst <= MAXIMUM_LOG_PRICE:
            raise ParameterError("largest change of a log price", worst, f"at most {MAXIMUM_LOG_PRICE}")


def blocks(
    market: Market, seed: Seed, runs: range, steps: int, block_steps: int = 256, fast: bool | None = None
) -> Iterator[Block]:
    """Yield the paths of ``runs`` in blocks of at most ``block_steps``; memory stays bounded by one block."""
    if block_steps < 1:
        raise ParameterError("block_steps", block_steps, "at least 1")
    state = market.open(seed, runs)
    while state.step < steps:
        yield market.advance(state, min(block_steps, steps - state.step), fast)


def paths(market: Market, seed: Seed, runs: range, steps: int, fast: bool | None = None) -> Block:
    """Return whole paths of ``runs`` as one block."""
    return market.advance(market.open(seed, runs), steps, fast)


def constant_volatility(market: Market, values: Floats, steps: int, runs: int) -> Floats:
    """Return a view ``[steps, assets, runs]`` of annualised volatilities that do not change."""
    return np.broadcast_to(values[None, :, None], (steps, len(market.assets), runs))
