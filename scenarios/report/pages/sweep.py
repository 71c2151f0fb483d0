"""The page of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.report.pages.page import Page, Section, number

if TYPE_CHECKING:
    from scenarios.files.protocol import ProtocolFile
    from scenarios.simulation.sweep import SweepResult


def sweep_page(file: ProtocolFile, result: SweepResult) -> Page:
    """Return the page of a sweep."""
    header = (*result.names, *result.measures)
    rows = tuple(
        (*(str(value) for value in point.values), *(number(value) for value in point.answers))
        for point in result.points
    )
    lead = f"{len(result.points)} settings, {result.what}."
    return Page("Sweep", result.title, lead, (Section("Every setting", header, rows),), file.about)
