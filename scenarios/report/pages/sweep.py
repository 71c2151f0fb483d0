"""The page of a sweep: heat maps, the frontier, and every setting."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.report.drawings.frontier import Frontier, FrontierPoint, frontier
from scenarios.report.drawings.sweep_map import Better, sweep_maps
from scenarios.report.pages.page import Page, Section, number
from scenarios.result import Point, Series

if TYPE_CHECKING:
    from scenarios.files.protocol import ProtocolFile
    from scenarios.simulation.sweep import SweepResult

RISK, EFFICIENCY = "bad debt", "utilisation at the end"
MAPPED: tuple[tuple[str, Better], ...] = (
    ("VaR 95 %: insolvent debt", "low"),
    ("LaR 95 %: value liquidated", "low"),
    (RISK, "low"),
    (EFFICIENCY, "high"),
    ("profit", "low"),
    ("capital", "high"),
)
"""Measures that are drawn, and what the designer wants of them."""


def sweep_page(file: ProtocolFile, result: SweepResult) -> Page:
    """Return the page of a sweep."""
    sections = [*_maps(result), *_lines(result), *_frontier(file, result), _settings(result)]
    lead = f"{len(result.points)} settings, {result.what}."
    return Page("Sweep", result.title, lead, tuple(sections), file.about)


def _settings(result: SweepResult) -> Section:
    """Return a row a setting, with the measures that differ; the others are the same everywhere."""
    differ = [
        place
        for place in range(len(result.measures))
        if len({point.answers[place] for point in result.points}) > 1
    ]
    shown = differ or list(range(len(result.measures)))
    header = (*result.names, *(result.measures[place] for place in shown))
    rows = tuple(
        (*(str(value) for value in point.values), *(number(point.answers[place]) for place in shown))
        for point in result.points
    )
    same = [
        f"{name} {number(result.points[0].answers[place])}"
        for place, name in enumerate(result.measures)
        if place not in shown
    ]
    return Section(
        "Every setting", header, rows, note=f"The same everywhere: {'; '.join(same)}." if same else ""
    )


def _drawn(result: SweepResult) -> list[tuple[str, Better]]:
    """Return the mapped measures that this sweep has and that differ between its settings."""
    found = []
    for measure, better in MAPPED:
        if measure in result.measures:
            place = result.measures.index(measure)
            if len({point.answers[place] for point in result.points}) > 1:
                found.append((measure, better))
    return found


def _maps(result: SweepResult) -> Iterator[Section]:
    if maps := sweep_maps(result, _drawn(result)):
        note = "Blue is what a designer wants, red the opposite, between the least and the greatest value."
        yield Section("Heat maps", drawings=tuple(maps), note=note)


def _lines(result: SweepResult) -> Iterator[Section]:
    """Yield curves where one number was swept."""
    numbers = [point.values[0] for point in result.points]
    plain = all(isinstance(value, int | Decimal) and not isinstance(value, bool) for value in numbers)
    if len(result.names) != 1 or not plain:
        return
    series = []
    for measure, _ in _drawn(result):
        place = result.measures.index(measure)
        points = tuple(
            Point(str(value), Decimal(f"{point.answers[place]:.10g}"), x=Decimal(str(value)))
            for value, point in zip(numbers, result.points, strict=True)
        )
        series.append(Series(measure, "", measure, points, x_name=result.names[0]))
    if series:
        yield Section("Curves", series=tuple(series))


def _frontier(file: ProtocolFile, result: SweepResult) -> Iterator[Section]:
    """Yield capital efficiency against bad debt, where a stress test measured both."""
    if RISK not in result.measures or EFFICIENCY not in result.measures:
        return
    risk, efficiency = result.measures.index(RISK), result.measures.index(EFFICIENCY)
    points = [
        FrontierPoint(
            ", ".join(f"{name} {value}" for name, value in zip(result.names, point.values, strict=True)),
            point.answers[risk],
            point.answers[efficiency],
        )
        for point in result.points
    ]
    if not any(point.cost > 0 for point in points) or len({point.gain for point in points}) < 2:
        return
    yield Section(
        "Capital efficiency against bad debt",
        ("Setting on the frontier", f"mean bad debt, {file.money}", "debt over debt and cash"),
        tuple((point.name, number(point.cost), number(point.gain)) for point in frontier(points)),
        drawings=(
            Frontier(points, f"mean bad debt, {file.money}", "capital efficiency: debt over debt and cash"),
        ),
        note="No other setting has both less bad debt and more efficiency than these.",
    )
