"""Assets that keep their price beside a market, so that a scripted shock can move them too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.markets.checks import require_length, require_market
from scenarios.markets.market import Block, Market, State
from scenarios.seeds import Seed


@dataclass(frozen=True, slots=True)
class WithStill:
    """A market with more assets, whose prices stay.

    Parameters
    ----------
    market
        What moves.
    still, prices
        Names and prices of the others; they come after those of the market.
    """

    market: Market
    still: tuple[str, ...]
    prices: tuple[float, ...]

    def __post_init__(self) -> None:
        require_length("prices", self.prices, len(self.still))
        require_market(self.assets, self.spot, self.step_seconds)

    @property
    def assets(self) -> tuple[str, ...]:
        """Those of the market, then the still ones."""
        return (*self.market.assets, *self.still)

    @property
    def spot(self) -> tuple[float, ...]:
        """Prices before the first step."""
        return (*self.market.spot, *self.prices)

    @property
    def step_seconds(self) -> float:
        """That of the market."""
        return self.market.step_seconds

    def open(self, seed: Seed, runs: range) -> State:
        """Return the state of ``runs`` before the first step."""
        return self.market.open(seed, runs)

    def advance(self, state: State, steps: int, fast: bool | None = None) -> Block:
        """Take ``state`` forward in place by ``steps``."""
        block = self.market.advance(state, steps, fast)
        column = np.array(self.prices)[None, :, None]
        shape = (steps, len(self.still), len(block.runs))
        prices = np.concatenate([block.prices, np.broadcast_to(column, shape)], axis=1)
        volatility = np.concatenate([block.volatility, np.zeros(shape)], axis=1)
        return Block(block.first_step, block.runs, prices, volatility)
