"""The page of a stress test."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.report.pages.page import Page, Section, number
from scenarios.result import Point, Series

if TYPE_CHECKING:
    from scenarios.files.protocol import ProtocolFile
    from scenarios.simulation.stress import StressResult


def stress_page(file: ProtocolFile, result: StressResult) -> Page:
    """Return the page of a stress test."""
    first = result.estimates[0]
    lead = (
        f"VaR 95 % of {number(first.value)} {result.money} over {result.runs} runs of {result.steps} steps."
    )
    rows = tuple(
        (each.name, number(each.value), number(each.low), number(each.high), each.unit, each.method)
        for each in result.estimates
    )
    header = ("Measure", "Value", "Low", "High", "Unit", "Interval")
    note = f"95 % confidence, {result.runs} runs, seed {result.seed}, digest {result.digest[:16]}."
    return Page(
        "Stress test",
        result.title,
        lead,
        (
            Section("The answer", header, rows, note=note),
            Section(
                "Distribution over the runs",
                series=(
                    _distribution("bad debt", result.money, [row.bad_debt for row in result.rows]),
                    _distribution("value liquidated", result.money, [row.liquidated for row in result.rows]),
                ),
            ),
        ),
        file.about,
    )


def _distribution(name: str, unit: str, values: list[Decimal]) -> Series:
    """Return the values in order over the share of runs at or below: the empirical distribution."""
    ordered, count = sorted(values), len(values)
    points = tuple(
        Point(str(place), value, x=Decimal(f"{100 * place / count:.4g}"))
        for place, value in enumerate(ordered, 1)
    )
    return Series(name, unit, f"{name.capitalize()} by share of runs", points, x_name="% of runs at or below")
