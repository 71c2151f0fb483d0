"""The oracle graph over many ticks at once: float64 arrays in chunks of bounded memory.

For screening: values agree with the exact graph within ``RELATIVE_BOUND`` of the value plus one unit of the
exact reading's last decimal for every node on the way (the exact nodes round down, the arrays do not). A
guard decides alike unless a reading lies that close to its limit. Provenance is kept: from which leaf a
selected value came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from oracles.array_rules import RULES, ArrayReading, Floats, Times, supported_kinds
from oracles.node import Node, walk
from protocol.errors import UnknownNameError

RELATIVE_BOUND = 1e-14
DEFAULT_MEMORY = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Panel:
    """What the leaves of a graph say at every tick.

    Parameters
    ----------
    leaves
        The nodes that are given; the graph below them is not evaluated.
    prices
        [ticks, leaves] whole units; NaN is a refusal.
    times
        [ticks, leaves] publish times in seconds.
    clock
        [ticks] the reader's time in seconds.
    """

    leaves: tuple[Node, ...]
    prices: Floats
    times: Times
    clock: Times

    def __post_init__(self) -> None:
        shape = (len(self.clock), len(self.leaves))
        if self.prices.shape != shape or self.times.shape != shape:
            raise ValueError(f"prices and times must be {shape}, not {self.prices.shape}, {self.times.shape}")


def evaluate_arrays(output: Node, panel: Panel, memory: int = DEFAULT_MEMORY) -> ArrayReading:
    """Return ``output``'s readings at every tick.

    Parameters
    ----------
    output
        The graph.
    panel
        Leaves and their readings; constants need not be listed.
    memory
        Bytes for intermediate arrays; ticks are taken in chunks that fit.

    Raises
    ------
    UnknownNameError
        Where a node is neither a leaf nor of a kind with an array form.
    """
    given = {leaf.id: index for index, leaf in enumerate(panel.leaves)}
    order = _needed(output, given)
    for node in order:
        if node.id not in given and type(node) not in RULES:
            raise UnknownNameError("array form", node.kind, supported_kinds())
    widest = max([len(node.parents) for node in order] + [1])
    # A reading is 18 bytes a tick; the widest node stacks its parents a few times over.
    chunk = max(1, memory // (18 * len(order) + 64 * widest))
    ticks = len(panel.clock)
    result = ArrayReading(np.empty(ticks), np.empty(ticks, np.int64), np.empty(ticks, np.int16))
    for start in range(0, ticks, chunk):
        part = slice(start, min(start + chunk, ticks))
        reading = _evaluate_part(output, order, given, panel, part)
        result.value[part], result.time[part], result.leaf[part] = reading.value, reading.time, reading.leaf
    return result


def _needed(output: Node, given: Mapping[str, int]) -> list[Node]:
    """Return the nodes to evaluate, parents first, without what lies below a leaf."""
    needed: set[str] = set()
    stack = [output]
    while stack:
        node = stack.pop()
        if node.id not in needed:
            needed.add(node.id)
            if node.id not in given:
                stack.extend(node.parents)
    return [node for node in walk(output) if node.id in needed]


def _evaluate_part(
    output: Node, order: Sequence[Node], given: Mapping[str, int], panel: Panel, part: slice
) -> ArrayReading:
    clock = panel.clock[part]
    readings: dict[str, ArrayReading] = {}
    for node in order:
        index = given.get(node.id)
        if index is None:
            parents = [readings[parent.id] for parent in node.parents]
            readings[node.id] = RULES[type(node)](node, clock, parents)
        else:
            leaf = np.full(len(clock), index, np.int16)
            readings[node.id] = ArrayReading(panel.prices[part, index], panel.times[part, index], leaf)
    return readings[output.id]
