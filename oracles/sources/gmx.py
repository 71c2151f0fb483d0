"""GMX v2: signed reports with bid and ask, checked and alive only inside one transaction.

Source: gmx-io/gmx-synthetics contracts/oracle/Oracle.sol, ChainlinkDataStreamProvider.sol, config/oracle.ts
(read, not executed). Prices have 30 decimals less the token's. Whoever executes the order picks the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Confidence, Reading, Reason, refuse, refuse_error
from protocol.errors import (
    OracleDeviationError,
    OracleOrderError,
    OracleRangeError,
    OracleStaleError,
    RuleError,
)

FACTOR = 10**30


@dataclass(frozen=True, slots=True)
class GmxReport:
    """A signed report: bid and ask as integers of the token's scale, and its time in seconds."""

    bid: int
    ask: int
    time: int

    def reduced(self, spread_reduction: int) -> GmxReport:
        """Return the report with both sides moved inward by half spread x factor / 1e30, rounded down."""
        if spread_reduction == 0:
            return self
        move = (self.ask - self.bid) // 2 * spread_reduction // FACTOR
        return GmxReport(self.bid + move, self.ask - move, self.time)


@dataclass(frozen=True, slots=True)
class GmxRule:
    """What an execution accepts.

    Parameters
    ----------
    maximum_age
        Seconds; 300, or 30 for atomic actions.
    maximum_range
        Seconds between the oldest and the newest report of one transaction.
    maximum_deviation
        Of bid and of ask from the reference (push) price, relative to the reference, times 1e30.
    """

    maximum_age: int = 300
    maximum_range: int = 60
    maximum_deviation: int = FACTOR // 2

    def check(self, now: int, report: GmxReport, reference: int | None) -> GmxReport:
        """Return the report if one token's checks pass.

        Raises
        ------
        OracleRangeError, OracleStaleError, OracleDeviationError
            With the contract's error names.
        """
        if report.bid <= 0 or report.ask <= 0:
            raise OracleRangeError("InvalidDataStreamBidAsk", bid=report.bid, ask=report.ask)
        if report.bid > report.ask:
            raise OracleRangeError("InvalidDataStreamBidAsk", bid=report.bid, ask=report.ask)
        if report.time + self.maximum_age < now:
            raise OracleStaleError("MaxPriceAgeExceeded", time=report.time, now=now)
        if reference is not None:
            for price in (report.bid, report.ask):
                if abs(price - reference) * FACTOR // reference > self.maximum_deviation:
                    raise OracleDeviationError(
                        "MaxRefPriceDeviationExceeded", price=price, reference=reference
                    )
        return report

    def check_all(
        self, now: int, reports: Mapping[str, GmxReport], references: Mapping[str, int]
    ) -> dict[str, GmxReport]:
        """Return all reports of a transaction if every check passes, the common time range included."""
        checked = {token: self.check(now, report, references.get(token)) for token, report in reports.items()}
        times = [report.time for report in checked.values()]
        if times and max(times) - min(times) > self.maximum_range:
            raise OracleOrderError("MaxOracleTimestampRangeExceeded", oldest=min(times), newest=max(times))
        return checked


@dataclass(frozen=True, slots=True)
class GmxTransaction:
    """The reports that came with one execution, and the reference prices of that block."""

    rule: GmxRule
    reports: Mapping[str, GmxReport]
    references: Mapping[str, int]


@dataclass(frozen=True)
class GmxFeed(Node):
    """One token's validated price in the current transaction (in the view's memory).

    Parameters
    ----------
    transaction, token
        Name of the stored :class:`GmxTransaction`, and which of its tokens.
    decimals
        30 less the token's decimals.
    """

    kind: ClassVar[str] = "gmx"
    transaction: str
    token: str
    decimals: int = 12

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the middle (rounded down) with bid and ask; every revert refuses."""
        del readings
        stored = view.stored(self.transaction, GmxTransaction)
        if stored is None or self.token not in stored.reports:
            return refuse(self.id, Reason.NO_DATA, f"no report of {self.token!r} in this transaction")
        try:
            report = stored.rule.check_all(view.time, stored.reports, stored.references)[self.token]
        except RuleError as error:
            return refuse_error(self.id, error)
        middle = (report.bid + report.ask) // 2
        return Reading(
            self.id,
            middle,
            self.decimals,
            report.time,
            bid=report.bid,
            ask=report.ask,
            confidence=Confidence((report.ask - report.bid) // 2, "half-spread"),
        )
