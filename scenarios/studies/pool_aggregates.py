"""Moving a mean or median of several pools: each pool pushed exactly for a block, then traded back.

Published: Müller, Moumeni, Messaoudi, "Cost of Manipulation in AMM-Based Oracles" (arXiv 2606.03548): pools
of 10, 5 and 1 million with liquidity weights. How far each pool is pushed is the attacker's optimum by the
formula; what that costs, and what is then read, comes out of exact pairs on random paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oracles.corruption.several_pools import PoolGroup
from protocol.venues.uniswap_v2 import UniswapV2Pair
from scenarios.studies.average_prices import BLOCK, START, UNIT, VOLATILITY, outside_paths, push_pair
from scenarios.studies.row import Row, row_of

DEPTHS = (10e6, 5e6, 1e6)
PUBLISHED = (
    (1.1, 36_343, 22_714, 36_343),
    (1.3333, 331_557, 207_223, 331_557),
    (10.0, 10_096_627, 14_785_054, 23_656_087),
)
BEFORE = 20
"""Blocks of arbitrage before the attack."""


def attack_pools(outside: Sequence[float], multiples: Sequence[float]) -> tuple[float, list[float]]:
    """Return the loss of pushing each pool for the last block of a path, and the prices over the outside."""
    loss, reached = 0.0, []
    for depth, multiple in zip(DEPTHS, multiples, strict=True):
        held = int(depth) * UNIT
        pair = UniswapV2Pair("BASE", "QUOTE", held, held, keep=1000, time_last=START)
        for block, price in enumerate(outside):
            pair, _, _ = push_pair(pair, price, START + block * BLOCK)
        if multiple != 1:
            pair, base, quote = push_pair(pair, outside[-1] * multiple, START + len(outside) * BLOCK)
            loss -= (quote + base * outside[-1]) / UNIT
        reached.append(pair.reserve1 / pair.reserve0 / outside[-1])
    return loss, reached


def pool_aggregates(runs: int) -> Iterator[Row]:
    """Yield the table: mean, median, and a mean whose pools are traded against each other."""
    drawn = outside_paths(runs, BEFORE, VOLATILITY, master=3)
    total = sum(DEPTHS)
    for factor, mean_loss, median_loss, forced_loss in PUBLISHED:
        cases = (
            ("mean", mean_loss, PoolGroup(DEPTHS, aggregation="mean").multiples(factor)),
            ("median", median_loss, (factor, 1.0, 1.0)),  # the deepest pool alone holds half of the weight
            ("mean with arbitrage between", forced_loss, (factor,) * 3),
        )
        for name, published, multiples in cases:
            found = [attack_pools(outside, multiples) for outside in drawn]
            title = f"{factor:g} times by the {name}"
            yield row_of(f"{title}: loss", "USD", published, [loss for loss, _ in found], within=0.005)
            read = [_read(name, reached, total) for _, reached in found]
            yield row_of(f"{title}: what is read", "times", factor, read, within=1e-3)


def _read(name: str, reached: Sequence[float], total: float) -> float:
    if name != "median":
        return sum(depth / total * price for depth, price in zip(DEPTHS, reached, strict=True))
    below = 0.0
    for price, depth in sorted(zip(reached, DEPTHS, strict=True)):
        below += depth
        if below >= total / 2:
            return price
    raise AssertionError("weights add up to the total")
