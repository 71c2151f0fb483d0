"""The page of two protocol files on the same paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.report.pages.page import Page, Section, number

if TYPE_CHECKING:
    from scenarios.simulation.compare import Comparison


def comparison_page(result: Comparison) -> Page:
    """Return the page of a comparison."""
    rows = tuple(
        (
            line.name,
            number(line.first),
            number(line.second),
            number(line.difference),
            _interval(line.interval),
        )
        for line in result.lines
    )
    header = ("Mean over the runs", result.titles[0], result.titles[1], "Difference", "95 % interval")
    lead = f"{result.runs} runs on the same paths."
    note = "The interval is of the paired difference, so what both share cancels."
    return Page(
        "Comparison", " against ".join(result.titles), lead, (Section("Pairs", header, rows, note=note),)
    )


def _interval(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"{number(ends[0])} to {number(ends[1])}"
