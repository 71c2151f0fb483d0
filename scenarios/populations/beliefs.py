"""What the protocol believes on many paths: publishers write when a price has moved or time has passed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.agents.publishers import Publisher
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_parts import ConstantFile, FeedFile
from scenarios.markets.elementary import Floats

LEAST_MOVE = 1e-12
"""Relative move below which even the most eager publisher has nothing new to say."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How one asset is priced.

    Parameters
    ----------
    constant
        The price of a constant node; None where a feed is read.
    deviation, heartbeat
        Of the feed's publisher: relative move, and seconds, after which it writes.
    """

    constant: float | None = None
    deviation: float = 0.0
    heartbeat: float = 0.0

    def fresh(self, step_seconds: float) -> bool:
        """Return whether the feed is written at every step."""
        return self.constant is None and (self.heartbeat <= step_seconds or self.deviation <= LEAST_MOVE)


def reader_of(file: ProtocolFile, asset: str) -> Reader:
    """Return how the oracle prices an asset of a checked file with a population."""
    node = file.oracle.nodes[file.oracle.prices[asset]]
    while node.parents and not isinstance(node, ConstantFile | FeedFile):
        node = file.oracle.nodes[node.parents[0]]
    if isinstance(node, ConstantFile):
        return Reader(constant=float(node.price))
    assert isinstance(node, FeedFile)
    for agent in file.agents.values():
        if isinstance(agent, Publisher) and agent.feed == node.feed:
            return Reader(None, float(agent.deviation), float(agent.heartbeat))
    raise AssertionError(f"no publisher of {node.feed}: the file's checks let it pass")


def believed(outside: Floats, spot: float, reader: Reader, step_seconds: float) -> Floats:
    """Return what is believed after each step.

    Parameters
    ----------
    outside
        ``[steps, runs]`` of one asset.
    spot
        Its price at the start, where the feed's first sample stands.
    """
    if reader.constant is not None:
        return np.full_like(outside, reader.constant)
    if reader.fresh(step_seconds):
        return outside
    out = np.empty_like(outside)
    last, age = np.full(outside.shape[1], spot), np.zeros(outside.shape[1])
    least = max(reader.deviation, LEAST_MOVE)
    for step, prices in enumerate(outside):
        age = age + step_seconds
        due = (age >= reader.heartbeat) | (np.abs(prices / last - 1.0) >= least)
        last = np.where(due, prices, last)
        age = np.where(due, 0.0, age)
        out[step] = last
    return out
