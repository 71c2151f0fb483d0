"""Nodes that let a reading pass or refuse it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse


@dataclass(frozen=True)
class Staleness(Node):
    """Refuse a reading older than ``max_age`` seconds, without a time, or from the future.

    Parameters
    ----------
    max_age
        Seconds; an age of exactly ``max_age`` passes.
    """

    kind: ClassVar[str] = "staleness"
    max_age: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the parent's reading or the refusal with both numbers."""
        (reading,) = readings
        if not reading.ok:
            return reading.under(self.id, reading)
        if reading.publish_time is None:
            return refuse(self.id, Reason.STALE, "the reading has no publish time", reading)
        age = view.time - reading.publish_time
        if age < 0:
            return refuse(
                self.id, Reason.FROM_FUTURE, f"published {-age} s after the reader's clock", reading, age=age
            )
        if age > self.max_age:
            return refuse(
                self.id,
                Reason.STALE,
                f"{age} s old, at most {self.max_age} s allowed",
                reading,
                age=age,
                max_age=self.max_age,
            )
        return reading.under(self.id, reading)

    @property
    def label(self) -> str:
        """The limit in words."""
        return f"not older than {self.max_age} s"
