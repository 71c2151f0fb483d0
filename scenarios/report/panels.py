"""Series gathered into panels, and a panel as the table behind its picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from scenarios.report.numbers import human
from scenarios.result import Point, Series

Place: TypeAlias = tuple[str, int] | Decimal
"""Where a point stands: the n-th step of that label, or its abscissa."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The series drawn on one pair of axes.

    Parameters
    ----------
    title
        What the panel shows.
    x_name
        Empty where the abscissa is the steps in order.
    """

    title: str
    x_name: str
    series: tuple[Series, ...]

    @property
    def units(self) -> tuple[str, ...]:
        """The distinct units of its series."""
        return tuple(dict.fromkeys(series.unit for series in self.series))

    def points(self, series: Series) -> dict[Place, Point]:
        """Return a series by place; under an abscissa, points that have none are left out."""
        if self.x_name:
            return {point.x: point for point in series.points if point.x is not None and point.x.is_finite()}
        seen: dict[str, int] = {}
        placed: dict[Place, Point] = {}
        for point in series.points:
            seen[point.label] = seen.get(point.label, 0) + 1
            placed[point.label, seen[point.label]] = point
        return placed

    @property
    def places(self) -> list[Place]:
        """The places of all series: by size, or the longest series' steps and then those it lacks."""
        if self.x_name:
            return sorted({x for one in self.series for x in self.points(one) if isinstance(x, Decimal)})
        ordered = sorted(self.series, key=lambda series: -len(series.points))
        return list(dict.fromkeys(place for series in ordered for place in self.points(series)))


def panels(series: Iterable[Series]) -> list[Panel]:
    """Group series by panel and abscissa, in the order of first appearance."""
    groups: dict[tuple[str, str], list[Series]] = {}
    for one in series:
        groups.setdefault((one.panel, one.x_name), []).append(one)
    return [Panel(title, x_name, tuple(members)) for (title, x_name), members in groups.items()]


def place_text(place: Place, group: str) -> str:
    """Return a place for reading."""
    return human(place, group) if isinstance(place, Decimal) else place[0]


def panel_rows(panel: Panel) -> list[tuple[Place, list[Decimal | None]]]:
    """Return a panel's table: one row a place, one column a series, None where a series has no point."""
    columns: list[Mapping[Place, Point]] = [panel.points(series) for series in panel.series]
    return [
        (place, [column[place].value if place in column else None for column in columns])
        for place in panel.places
    ]
