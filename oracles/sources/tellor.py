"""Tellor: anyone with a stake reports, anyone may dispute; readers wait.

Source: tellor-io/tellorFlex contracts/TellorFlex.sol (getDataBefore measured). One report per timestamp and
no median: one reporter sets the value at once, so the reader's delay is the whole defence.
"""

from __future__ import annotations

from bisect import bisect_left
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


@dataclass(frozen=True)
class TellorFeed(Node):
    """The newest undisputed report that is at least ``delay`` seconds old.

    Parameters
    ----------
    feed
        Name of the stored :class:`TellorReports`.
    delay
        Long enough to dispute: 15 to 20 minutes or more. Even zero leaves out the block's own report.
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

    @property
    def label(self) -> str:
        """The feed and its delay."""
        return f"{self.feed}, at least {self.delay} s old"


@dataclass(frozen=True)
class TellorCurrentValue(Node):
    """The newest undisputed report, one of this very block included: BonqDAO's reader.

    Source of the rule: tellor-io/usingtellor contracts/UsingTellor.sol (``getCurrentValue``), which walks the
    reports from the last one and knows no age.

    Parameters
    ----------
    feed
        Name of the stored :class:`TellorReports`.
    decimals
        Of the reported values.
    """

    kind: ClassVar[str] = "tellor-current-value"
    feed: str
    decimals: int = DECIMALS

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return value and report time; nothing reported refuses."""
        del readings
        stored = view.stored(self.feed, TellorReports)
        found = stored.data_before(view.time + 1) if stored else None
        if found is None:
            return refuse(self.id, Reason.NO_DATA, f"no undisputed report of {self.feed!r}")
        return Reading(self.id, found[0], self.decimals, found[1])

    @property
    def label(self) -> str:
        """The feed."""
        return f"{self.feed}, current value"
