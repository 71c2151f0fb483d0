"""Nodes that make one reading of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse

EvenRule = Literal["lower", "upper", "mean-down"]


def median_down(values: list[int], even: EvenRule) -> int:
    """Return the median of integers; ``even`` says what two middle values give.

    ``lower`` and ``upper`` take one of them, ``mean-down`` their mean rounded toward negative infinity.
    """
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2 or even == "upper":
        return ordered[middle]
    if even == "lower":
        return ordered[middle - 1]
    return (ordered[middle - 1] + ordered[middle]) // 2


@dataclass(frozen=True)
class Median(Node):
    """The median of the parents that answer, at the largest number of decimals among them.

    Parameters
    ----------
    even
        The even-count rule: production code disagrees, and it decides what half of the sources can do.
    minimum_sources
        Fewer answers than this refuse.
    """

    kind: ClassVar[str] = "median"
    even: EvenRule = "lower"
    minimum_sources: int = 1

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the median; its time is the oldest among the answers."""
        del view
        answers = [reading for reading in readings if reading.ok]
        if len(answers) < max(self.minimum_sources, 1):
            return _too_few(self, readings, len(answers))
        decimals = max(reading.decimals for reading in answers)
        value = median_down([reading.at_decimals_down(decimals) for reading in answers], self.even)
        return Reading(self.id, value, decimals, _oldest(answers), children=readings)

    @property
    def label(self) -> str:
        """The rule in words."""
        return f"median ({self.even})"


@dataclass(frozen=True)
class Latest(Node):
    """The answer with the greatest publish time; the first of equals."""

    kind: ClassVar[str] = "latest"

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the newest answer that has a time."""
        del view
        answers = [reading for reading in readings if reading.ok and reading.publish_time is not None]
        if not answers:
            return _too_few(self, readings, 0)
        newest = max(answers, key=lambda reading: reading.publish_time or 0)
        return newest.under(self.id, *readings)


@dataclass(frozen=True)
class FirstOf(Node):
    """The first parent that answers: a fallback order."""

    kind: ClassVar[str] = "first-of"

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the first answer; if none answers, the last refusal explains."""
        del view
        for reading in readings:
            if reading.ok:
                return reading.under(self.id, *readings)
        return _too_few(self, readings, 0)


def _oldest(answers: list[Reading]) -> int | None:
    times = [reading.publish_time for reading in answers]
    known = [time for time in times if time is not None]
    return min(known) if len(known) == len(times) else None


def _too_few(node: Node, readings: tuple[Reading, ...], answered: int) -> Reading:
    needed = node.minimum_sources if isinstance(node, Median) else 1
    return refuse(
        node.id,
        Reason.TOO_FEW_SOURCES,
        f"{answered} of {len(readings)} sources answered, {needed} needed",
        *readings,
        answered=answered,
        needed=needed,
    )
