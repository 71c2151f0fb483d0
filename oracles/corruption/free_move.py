"""How far a minority moves an answer without buying a majority: order statistics of honest readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from oracles.corruption.committees import MedianRule, reports_needed
from oracles.node import Node, View, evaluate, walk
from oracles.reading import Reading
from oracles.reducers import Median


@dataclass(frozen=True, slots=True)
class FreeMove:
    """What ``corrupt`` of the sources of one median can do.

    Parameters
    ----------
    node
        Id of the median.
    answering
        Sources that answer.
    corrupt
        How many of them lie; fewer than are needed to move the answer at will.
    low, high
        Between which values they can put it, whoever they are.
    needed_up, needed_down
        From how many on the answer goes anywhere.
    """

    node: str
    answering: int
    corrupt: int
    low: Fraction
    high: Fraction
    needed_up: int
    needed_down: int


def free_moves(output: Node, view: View) -> tuple[FreeMove, ...]:
    """Return the free moves of every median below ``output``, for every minority."""
    readings = evaluate(output, view)
    found: list[FreeMove] = []
    for node in walk(output):
        if isinstance(node, Median):
            found += _of_median(node, readings)
    return tuple(found)


def _of_median(node: Median, readings: Mapping[str, Reading]) -> list[FreeMove]:
    prices = sorted(readings[p.id].price for p in node.parents if readings[p.id].ok)
    count = len(prices)
    if count < max(node.minimum_sources, 1):
        return []
    rule: MedianRule = node.even if node.even in {"lower", "upper"} else "mean"
    up, down = (reports_needed(count, rule, upward=upward) for upward in (True, False))
    moves = []
    for corrupt in range(min(up, down)):
        low, high = order_statistics(prices, corrupt, rule)
        moves.append(FreeMove(node.id, count, corrupt, low, high, up, down))
    return moves


def order_statistics(ordered: list[Fraction], corrupt: int, rule: MedianRule) -> tuple[Fraction, Fraction]:
    """Return the ends of what ``corrupt`` reporters can make of the median of sorted honest reports.

    Raising the lowest reports shifts every index up by as many places, lowering the highest shifts it down.
    """
    count = len(ordered)
    if rule == "mean" and count % 2 == 0:
        upper, lower = count // 2, count // 2 - 1
        high = (ordered[lower + corrupt] + ordered[upper + corrupt]) / 2
        return (ordered[lower - corrupt] + ordered[upper - corrupt]) / 2, high
    index = count // 2 if rule == "upper" else (count - 1) // 2
    return ordered[index - corrupt], ordered[index + corrupt]
