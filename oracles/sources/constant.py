"""A fixed value: a hard-coded peg, or a price the file states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Reading


@dataclass(frozen=True)
class Constant(Node):
    """Always the same value, with a synthetic time.

    Parameters
    ----------
    name
        What it is, for drawings.
    value, decimals
        The native integer and its point.
    """

    kind: ClassVar[str] = "constant"
    name: str
    value: int
    decimals: int = 18

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the value as of now."""
        del readings
        return Reading(self.id, self.value, self.decimals, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """The name."""
        return self.name
