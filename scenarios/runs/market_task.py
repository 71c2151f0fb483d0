"""The first question about a market: where does it end, how low does it go, how far from its top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from scenarios.markets.describe import describe
from scenarios.markets.market import Market, blocks
from scenarios.runs.task import Record
from scenarios.seeds import Seed


@dataclass(frozen=True)
class MarketTask:
    """Paths of a market, each reduced to a few figures an asset; no path is kept.

    Parameters
    ----------
    market
        What is drawn.
    seed
        Master seed and scenario hash (``market_seed``).
    steps
        Of each path.
    block_steps
        Steps in memory at a time; changes nothing in the records.
    """

    market: Market
    seed: Seed
    steps: int
    block_steps: int = 64

    def describe(self) -> Mapping[str, object]:
        """Return the market and the number of steps."""
        return {"market": describe(self.market), "steps": self.steps}

    def __call__(self, runs: range) -> Iterator[Record]:
        """Yield last and lowest price and the deepest fall from a top, for each asset."""
        top = np.repeat(np.array(self.market.spot)[:, None], len(runs), axis=1)
        low, drawdown, last = top.copy(), np.zeros_like(top), top
        for block in blocks(self.market, self.seed, runs, self.steps, self.block_steps):
            for prices in block.prices:
                top = np.maximum(top, prices)
                low = np.minimum(low, prices)
                drawdown = np.maximum(drawdown, 1.0 - prices / top)
            last = block.prices[-1]
        names = [f"{what} {asset}" for what in ("last", "lowest", "drawdown") for asset in self.market.assets]
        for values in np.concatenate((last, low, drawdown)).T.tolist():
            yield dict(zip(names, values, strict=True))
