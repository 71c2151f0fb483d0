"""Tellor: anyone with a stake reports, anyone may dispute; readers wait.

Source: tellor-io/tellorFlex contracts/TellorFlex.sol (getDataBefore measured). One report per timestamp and
no median: one reporter sets the value at once, so the reader's delay is the whole defence.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.errors import OracleOrderError

SAFE_DELAY = 20 * 60
DECIMALS = 18


@dataclass(frozen=True, slots=True)
class TellorReports:
    """The reports of one query, and which of them a dispute removed.

    Parameters
    ----------
    reports
        (timestamp, value), timestamps strictly rising.
    disputed
        Timestamps of removed values.
    """

    reports: tuple[tuple[int, int], ...] = ()
    disputed: frozenset[int] = frozenset()

    def submit(self, now: int, value: int) -> Self:
        """Add a report at block time ``now``.

        Raises
        ------
        OracleOrderError
            A second report in the same second.
        """
        if self.reports and now <= self.reports[-1][0]:
            raise OracleOrderError("timestamp already reported for", timestamp=now)
        return replace(self, reports=(*self.reports, (now, value)))

    def dispute(self, timestamp: int) -> Self:
        """Remove the report at ``timestamp``."""
        return replace(self, disputed=self.disputed | {timestamp})

    def data_before(self, timestamp: int) -> tuple[int, int] | None:
        """Return the newest undisputed (value, timestamp) strictly before ``timestamp``, or None."""
        index = bisect_left(self.reports, (timestamp,))
        for time, value in reversed(self.reports[:index]):
            if time not in self.disputed:
                return value, time
        return None


def minimum_stake(minimum: int, stake_in_dollars: int, token_price: int) -> int:
    """Return the stake a reporter needs: max(minimum, dollar target / price), 18 decimals (read)."""
    return max(minimum, stake_in_dollars * 10**18 // token_price)


def reports_of(samples: Sequence[tuple[int, int]]) -> TellorReports:
    """Return the reports of (timestamp, value) pairs in any order."""
    return TellorReports(tuple(sorted(samples)))


@dataclass(frozen=True)
class TellorFeed(Node):
    """The newest undisputed report that is at least ``delay`` seconds old.

    Parameters
    ----------
    feed
        Name of the stored :class:`TellorReports`.
    delay
        Long enough to dispute: 15 to 20 minutes or more. Zero is BonqDAO's reader.
    decimals
        Of the reported values.
    """

    kind: ClassVar[str] = "tellor"
    feed: str
    delay: int = SAFE_DELAY
    decimals: int = DECIMALS

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return value and report time; nothing found refuses."""
        del readings
        stored = view.stored(self.feed, TellorReports)
        found = stored.data_before(view.time - self.delay) if stored else None
        if found is None:
            return refuse(self.id, Reason.NO_DATA, f"no undisputed report older than {self.delay} s")
        return Reading(self.id, found[0], self.decimals, found[1])
