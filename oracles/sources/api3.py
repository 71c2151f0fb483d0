"""API3: first-party beacons signed by one Airnode, sets of beacons, and the reader proxy.

Source: api3dao/contracts contracts/api3-server-v1 (median measured; the rest read, not executed). Anyone may
submit a signed beacon, so beacons may be updated selectively. A set's timestamp is the median of the members'
timestamps: a stale member is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from oracles.medians import median_api3
from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.errors import OracleError, OracleFutureError, OracleStaleError, OracleTooFewError

MAXIMUM_AHEAD = 3600
DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Beacon:
    """A stored data feed: int224 value (18 decimals) and u32 timestamp."""

    value: int = 0
    timestamp: int = 0

    def update(self, now: int, value: int, timestamp: int) -> Beacon:
        """Take a signed update.

        Raises
        ------
        OracleFutureError
            One hour or more ahead of the block.
        OracleStaleError
            Not strictly newer.
        """
        if timestamp >= now + MAXIMUM_AHEAD:
            raise OracleFutureError("Timestamp not valid", timestamp=timestamp, now=now)
        if timestamp <= self.timestamp:
            raise OracleStaleError("Does not update timestamp", timestamp=timestamp, stored=self.timestamp)
        return Beacon(value, timestamp)


def update_set(stored: Beacon, members: Sequence[Beacon]) -> Beacon:
    """Return the set's new value and timestamp: the medians of the members'.

    Raises
    ------
    OracleTooFewError
        Of fewer than two members.
    OracleError
        Where neither value nor timestamp changes; the timestamp may go backwards.
    """
    if len(members) < 2:
        raise OracleTooFewError("Specified less than two Beacons", members=len(members))
    new = Beacon(
        median_api3([member.value for member in members]),
        median_api3([member.timestamp for member in members]),
    )
    if new == stored:
        raise OracleError("Does not update Beacon set")
    return new


def newer_of(base: Beacon, oev: Beacon) -> Beacon:
    """Return what the reader proxy reads: the newer of the base feed and its OEV feed.

    Raises
    ------
    OracleError
        ``Data feed not initialized`` for timestamp zero.
    """
    chosen = oev if oev.timestamp > base.timestamp else base
    if chosen.timestamp == 0:
        raise OracleError("Data feed not initialized")
    return chosen


@dataclass(frozen=True)
class Api3Feed(Node):
    """A beacon or beacon set in the view's memory; no staleness check, as in the proxy."""

    kind: ClassVar[str] = "api3"
    feed: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return value and timestamp; an uninitialised feed refuses."""
        del readings
        stored = view.stored(self.feed, Beacon)
        if stored is None or stored.timestamp == 0:
            return refuse(self.id, Reason.NO_DATA, f"data feed {self.feed!r} is not initialised")
        return Reading(self.id, stored.value, DECIMALS, stored.timestamp)
