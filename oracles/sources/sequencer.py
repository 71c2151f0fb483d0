"""The uptime feed of an L2 sequencer, and the guard that reads it with a grace period.

Source: @chainlink/contracts src/v0.8/l2ep/dev/arbitrum/ArbitrumSequencerUptimeFeed.sol (read, not executed).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse

UP, DOWN = 0, 1


@dataclass(frozen=True, slots=True)
class SequencerUptime:
    """What the uptime feed stores.

    Parameters
    ----------
    status
        0 = up, 1 = down.
    started_at
        Time of the last change of status.
    initialised
        An uninitialised feed reverts; an invalid round reads as zeros, "up since 1970".
    """

    status: int = UP
    started_at: int = 0
    initialised: bool = True

    def update(self, status: int, time: int) -> Self:
        """Take a message from L1: the same status or an older time changes nothing."""
        if status == self.status or time < self.started_at:
            return self
        return replace(self, status=status, started_at=time)


@dataclass(frozen=True)
class SequencerUp(Node):
    """Refuse the parent's reading while the sequencer is down or was so until a moment ago.

    Parameters
    ----------
    uptime
        Name of the stored :class:`SequencerUptime`.
    grace
        Seconds that must be exceeded after the restart (GMX: 300).
    """

    kind: ClassVar[str] = "sequencer-up"
    uptime: str
    grace: int = 300

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the parent's reading, or the refusal."""
        (reading,) = readings
        if not reading.ok:
            return reading.under(self.id, reading)
        stored = view.stored(self.uptime, SequencerUptime)
        if stored is None or not stored.initialised or stored.started_at == 0:
            return refuse(self.id, Reason.NO_DATA, f"uptime feed {self.uptime!r} has no round", reading)
        if stored.status != UP:
            return refuse(self.id, Reason.SEQUENCER_DOWN, "the sequencer is down", reading)
        since = view.time - stored.started_at
        if since <= self.grace:
            return refuse(
                self.id,
                Reason.SEQUENCER_DOWN,
                f"up for {since} s, more than {self.grace} s needed",
                reading,
                since=since,
                grace=self.grace,
            )
        return reading.under(self.id, reading)

    @property
    def label(self) -> str:
        """The grace period."""
        return f"sequencer up for more than {self.grace} s"
