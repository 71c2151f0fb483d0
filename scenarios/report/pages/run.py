"""The page of one path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.report.pages.page import Page, Section, number, shown
from scenarios.result import Point, Series

if TYPE_CHECKING:
    from scenarios.files.protocol import ProtocolFile
    from scenarios.simulation.run import Metrics, RunResult

MOST_EVENTS = 400
"""Events listed on a page; the whole log is in the JSON answer."""
METRIC_NAMES: Mapping[str, str] = {
    "bad_debt": "bad debt",
    "liquidated": "value liquidated",
    "liquidations": "liquidation steps",
    "accounts_liquidated": "accounts liquidated",
    "insurance_paid": "paid by the insurance fund",
    "socialised": "paid by lenders and others",
    "unserved": "accounts left short of margin",
    "refusals": "actions refused",
    "oracle_error": "greatest oracle error, relative",
    "utilisation": "debt over debt and cash",
}


def run_page(file: ProtocolFile, result: RunResult) -> Page:
    """Return the page of one path."""
    hours = Decimal(result.step_seconds) / 3600
    series = tuple(
        Series(
            line.name,
            line.unit,
            line.panel,
            tuple(
                Point(str(step), value, x=step * hours)
                for step, value in enumerate(line.values)
                if value is not None
            ),
            x_name="hours",
        )
        for line in result.series
    )
    lost = result.metrics.bad_debt
    lead = (
        f"Bad debt of {number(lost)} {result.money}."
        if lost
        else f"No bad debt; {result.metrics.liquidations} liquidation steps."
    )
    listed = result.events[:MOST_EVENTS]
    events = tuple(
        (
            str(event.step),
            event.actor,
            event.kind,
            "; ".join(f"{k} {shown(v)}" for k, v in event.details.items()),
        )
        for event in listed
    )
    note = (
        f"The first {MOST_EVENTS} of {len(result.events)} events." if len(result.events) > MOST_EVENTS else ""
    )
    return Page(
        "One path",
        result.title,
        lead,
        (
            Section("What it came to", ("Measure", "Value"), tuple(_metric_rows(result.metrics))),
            Section(
                "Who gained and who lost",
                ("Party", result.money),
                tuple((name, number(value)) for name, value in result.gains.items()),
                note="Against the opening's holdings, both at the final outside prices.",
            ),
            Section("Prices and accounts", series=moving(series)),
            Section("Events", ("Step", "Actor", "Event", "Details"), events, note=note),
        ),
        file.about,
    )


def moving(series: tuple[Series, ...]) -> tuple[Series, ...]:
    """Return the series of those panels in which something moves."""
    values: dict[str, set[Decimal]] = {}
    for line in series:
        values.setdefault(line.panel, set()).update(point.value for point in line.points)
    return tuple(line for line in series if len(values[line.panel]) > 1)


def _metric_rows(metrics: Metrics) -> Iterable[tuple[str, str]]:
    for field, name in METRIC_NAMES.items():
        yield name, number(getattr(metrics, field))
