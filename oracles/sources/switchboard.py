"""Switchboard pull feeds: submissions by slot, and a median that is the upper one.

Source: switchboard-xyz/solana-sdk src/on_demand/accounts/pull_feed.rs (read, not executed). Values are i128
with 18 decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oracles.medians import median_switchboard
from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse, refuse_error
from protocol.errors import OracleRangeError, OracleTooFewError, RuleError
from protocol.fixed_point import wrap_uint

DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Submissions:
    """Oracle submissions of one feed.

    Parameters
    ----------
    values
        (slot, value) in stored order; the scan stops at the first empty one, which has slot 0.
    times
        Block time by slot is not stored; ``time`` is that of the newest submission.
    """

    values: tuple[tuple[int, int], ...]
    time: int

    def value(self, slot: int, maximum_staleness: int, minimum_samples: int, positive: bool) -> int:
        """Return the median of submissions not older than ``maximum_staleness`` slots.

        The lower bound ``slot - maximum_staleness`` is unsigned and wraps for tiny slots, as in release
        builds.

        Raises
        ------
        OracleTooFewError
            ``NotEnoughSamples``.
        OracleRangeError
            ``IllegalFeedValue``: not positive where that is demanded.
        """
        oldest = wrap_uint(slot - maximum_staleness, 64)
        fresh: list[int] = []
        for submitted, value in self.values:
            if submitted == 0:
                break
            if submitted >= oldest:
                fresh.append(value)
        if not fresh or len(fresh) < minimum_samples:
            raise OracleTooFewError("NotEnoughSamples", samples=len(fresh), needed=minimum_samples)
        result = median_switchboard(fresh)
        if positive and result <= 0:
            raise OracleRangeError("IllegalFeedValue", value=result)
        return result


@dataclass(frozen=True)
class SwitchboardFeed(Node):
    """The median of a feed's fresh submissions in the view's memory; the view's block is the slot."""

    kind: ClassVar[str] = "switchboard"
    feed: str
    maximum_staleness: int = 100
    minimum_samples: int = 1
    positive: bool = True

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the median; errors refuse."""
        del readings
        stored = view.stored(self.feed, Submissions)
        if stored is None:
            return refuse(self.id, Reason.NO_DATA, f"no submissions of {self.feed!r}")
        try:
            value = stored.value(view.block, self.maximum_staleness, self.minimum_samples, self.positive)
        except RuleError as error:
            return refuse_error(self.id, error)
        return Reading(self.id, value, DECIMALS, stored.time)
