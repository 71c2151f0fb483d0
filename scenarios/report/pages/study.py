"""The page of figures recomputed by simulation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scenarios.report.pages.page import Page, Section
from scenarios.studies.registry import STUDIES
from scenarios.studies.row import Row

HEADER = ("Figure", "Unit", "Published", "Simulated", "95 % interval", "Runs", "Deviation", "Note")


def study_page(found: Mapping[str, Sequence[Row]]) -> Page:
    """Return the page of some studies."""
    rows = [row for each in found.values() for row in each if row.published is not None]
    good = sum(row.agrees for row in rows)
    lead = f"{good} of {len(rows)} figures within what is claimed (the interval added)."
    sections = tuple(
        Section(STUDIES[name].title, HEADER, tuple(_cells(each)), note=f"Published: {STUDIES[name].source}.")
        for name, each in found.items()
    )
    return Page("Papers by simulation", "Published and simulated", lead, sections)


def study_markdown(found: Mapping[str, Sequence[Row]]) -> str:
    """Return the tables of some studies as Markdown."""
    lines: list[str] = []
    for name, rows in found.items():
        study = STUDIES[name]
        lines += [f"## {study.title}", "", f"`backstop study {name}`. {study.source}.", ""]
        lines += [f"| {' | '.join(HEADER)} |", "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"]
        lines += [f"| {' | '.join(cells)} |" for cells in _cells(rows)] + [""]
    return "\n".join(lines)


def _cells(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        interval = "" if row.low is None or row.high is None else f"{_number(row.low)} to {_number(row.high)}"
        deviation = "" if row.deviation is None else f"{row.deviation:+.2%}"
        if not row.agrees:
            deviation += " (too far)"
        published = "" if row.published is None else _number(row.published)
        yield (
            row.quantity, row.unit, published, _number(row.simulated), interval, str(row.runs), deviation,
            row.note,
        )  # fmt: skip


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.5g}"
