"""Aave's capped adapters: a rate that may grow only so fast, and a stable price with a ceiling.

Source: bgd-labs/aave-capo src/contracts/PriceCapAdapterBase.sol, PriceCapAdapterStable.sol (measured). The
guard can only lower a collateral price: with a snapshot below the truth it is a liquidation trigger (10
March 2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse, refuse_error
from protocol.errors import OracleRangeError, OracleStaleError, RuleError
from protocol.fixed_point import wrap_uint

SCALING = 10**6
PERCENTAGE = 10**4
YEAR = 365 * 86400
MAXIMUM_SNAPSHOT_AGE = 180 * 86400


@dataclass(frozen=True, slots=True)
class RatioCap:
    """The cap's stored parameters.

    Parameters
    ----------
    snapshot_ratio, snapshot_time
        Where the allowed growth starts.
    yearly_growth
        Basis points a year.
    """

    snapshot_ratio: int
    snapshot_time: int
    yearly_growth: int

    @property
    def growth_per_second_scaled(self) -> int:
        """Allowed growth of the ratio per second, times 1e6, rounded down twice."""
        yearly = self.snapshot_ratio * self.yearly_growth * SCALING // PERCENTAGE
        return wrap_uint(yearly // YEAR, 104)

    def maximum_ratio(self, now: int) -> int:
        """Return the cap at block time ``now``."""
        growth = self.growth_per_second_scaled * (now - self.snapshot_time) // SCALING
        return self.snapshot_ratio + growth

    def is_capped(self, now: int, ratio: int) -> bool:
        """Whether ``ratio`` lies above the cap."""
        return ratio > self.maximum_ratio(now)

    def answer_to_zero(self, now: int, base_price: int, ratio: int, ratio_decimals: int) -> int:
        """Return base price x min(ratio, cap); zero where either is not positive. No staleness check."""
        if base_price <= 0 or ratio <= 0:
            return 0
        answer: int = base_price * min(ratio, self.maximum_ratio(now)) // 10**ratio_decimals
        return answer


def new_snapshot(old: RatioCap | None, new: RatioCap, now: int, minimum_delay: int) -> RatioCap:
    """Return the new parameters if the contract takes them.

    Parameters
    ----------
    old
        Stored ones; None at construction.
    new
        Proposed ones.
    now
        Block time.
    minimum_delay
        ``MINIMUM_SNAPSHOT_DELAY`` in seconds; production values are 4, 7 and 14 days.

    Raises
    ------
    OracleRangeError
        ``SnapshotRatioIsZero``.
    OracleStaleError
        ``InvalidRatioTimestamp``: not newer, younger than the delay or older than 180 days.
    """
    if new.snapshot_ratio == 0:
        raise OracleRangeError("SnapshotRatioIsZero")
    stored_time = old.snapshot_time if old else 0
    if (
        stored_time >= new.snapshot_time
        or new.snapshot_time > now - minimum_delay
        or new.snapshot_time < now - MAXIMUM_SNAPSHOT_AGE
    ):
        raise OracleStaleError("InvalidRatioTimestamp", timestamp=new.snapshot_time, stored=stored_time)
    return new


def stable_answer(price: int, cap: int) -> int:
    """Return the stable adapter's answer: min(price, cap), zero where the price is not positive."""
    return 0 if price <= 0 else min(price, cap)


@dataclass(frozen=True)
class CappedRatio(Node):
    """Base price (first parent) times capped exchange rate (second parent).

    Parameters
    ----------
    cap
        The stored parameters.
    """

    kind: ClassVar[str] = "capped-ratio"
    cap: RatioCap

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the capped price at the base price's decimals and time; refused parents refuse."""
        base, ratio = readings
        if not base.ok or not ratio.ok or base.value is None or ratio.value is None:
            return (ratio if base.ok else base).under(self.id, *readings)
        if view.time < self.cap.snapshot_time:
            # block.timestamp - snapshotTimestamp underflows.
            return refuse(self.id, Reason.REVERTED, "the snapshot lies in the future", *readings)
        try:
            answer = self.cap.answer_to_zero(view.time, base.value, ratio.value, ratio.decimals)
        except RuleError as error:
            return refuse_error(self.id, error, *readings)
        return Reading(self.id, answer, base.decimals, base.publish_time, children=readings)

    @property
    def label(self) -> str:
        """The growth limit."""
        return f"rate capped at {self.cap.yearly_growth / 100:g} % a year"


@dataclass(frozen=True)
class CappedStable(Node):
    """The parent's price, at most ``cap`` (in the parent's units)."""

    kind: ClassVar[str] = "capped-stable"
    cap: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the capped price."""
        del view
        (reading,) = readings
        if not reading.ok or reading.value is None:
            return reading.under(self.id, reading)
        answer = stable_answer(reading.value, self.cap)
        return Reading(self.id, answer, reading.decimals, reading.publish_time, children=readings)
