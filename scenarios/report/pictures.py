"""Prices and health as pictures: one pair of axes per panel."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.report.numbers import human
from scenarios.report.rows import Panel
from scenarios.report.svg import INK, LINES, MUTED, drawing, inline
from scenarios.report.text import shorten
from scenarios.result import Point, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 520, 310
"""Size of a panel in user units of its SVG."""

_MARKERS = ("o", "s", "D", "^", "v", "P")
_DASHES = ("-", (0, (6, 2)), (0, (2, 1.6)), (0, (6, 2, 1.5, 2)), (0, (9, 3)), (0, (1, 1)))
_MOST_MARKED = 40
_MOST_TICKS = 12
_DECADES = 100


def panel_svg(panel: Panel, salt: str) -> str:
    """Return a panel as inline SVG."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only a report needs it

    with drawing(salt):
        figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), layout="constrained")
        axes = figure.add_subplot()
        labels = _step_labels(panel)
        values: list[float] = []
        for number, series in enumerate(panel.series):
            x, y = _coordinates(series, panel, labels)
            values += y
            axes.plot(
                x,
                y,
                color=LINES[number % len(LINES)],
                linestyle=_DASHES[number % len(_DASHES)],
                marker=_MARKERS[number % len(_MARKERS)] if len(x) <= _MOST_MARKED else "",
                label=shorten(series.name, 44) or "unnamed",
                clip_on=False,
            )
        _abscissa(axes, panel, labels)
        _ordinate(axes, panel, values)
        if len(panel.series) > 1 or panel.series[0].name != panel.title:
            figure.legend(loc="outside upper left", ncols=1 + (len(panel.series) > 3), labelcolor=INK)
        return inline(figure, salt, f"Chart: {shorten(panel.title, 120)}")


def _float(value: Decimal) -> float:
    """Return a coordinate; what has no place on paper becomes a gap."""
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return float("nan")
    return number if abs(number) < 1e300 else float("nan")


def _step_labels(panel: Panel) -> list[str]:
    """Return the steps along the abscissa: those of the longest series."""
    if panel.kind == "abscissa":
        return []
    return [point.label for point in max((series.points for series in panel.series), key=len)]


def _coordinates(series: Series, panel: Panel, labels: list[str]) -> tuple[list[float], list[float]]:
    points: Sequence[Point] = series.points
    if panel.kind == "abscissa":
        placed = sorted((p for p in points if p.x is not None), key=lambda p: p.x or Decimal(0))
        return [_float(p.x or Decimal(0)) for p in placed], [_float(p.value) for p in placed]
    own = [point.label for point in points]
    # A series that starts late stands at its own steps; where labels repeat, order is all there is.
    if len(set(labels)) == len(labels) and set(own) <= set(labels) and len(set(own)) == len(own):
        place = {label: number for number, label in enumerate(labels)}
        return [float(place[label]) for label in own], [_float(p.value) for p in points]
    return [float(n) for n in range(len(points))], [_float(p.value) for p in points]


def _abscissa(axes: Axes, panel: Panel, labels: list[str]) -> None:
    from matplotlib.ticker import NullFormatter  # noqa: PLC0415

    if panel.kind == "steps":
        every = -(-len(labels) // _MOST_TICKS) or 1
        shown = range(0, len(labels), every)
        axes.set_xticks(
            list(shown),
            [shorten(labels[n], 22) for n in shown],
            rotation=32,
            ha="right",
            rotation_mode="anchor",
        )
        axes.set_xlim(-0.4, max(len(labels) - 0.6, 0.4))
        return
    axes.set_xlabel(shorten(panel.series[0].x_name, 60))
    placed = [_float(p.x) for s in panel.series for p in s.points if p.x is not None]
    positive = placed and min(placed) > 0
    if positive and max(placed) >= _DECADES * min(placed):
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(_label)


def _ordinate(axes: Axes, panel: Panel, values: list[float]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter  # noqa: PLC0415

    finite = [value for value in values if value == value]
    if any(series.log for series in panel.series) and finite and min(finite) > 0:
        axes.set_yscale("log")
        if max(finite) < _DECADES * min(finite):
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif finite and min(finite) < 0 < max(finite):
        axes.axhline(0, color=MUTED, linewidth=1)
    axes.yaxis.set_major_formatter(_label)
    axes.grid(axis="y")
    axes.set_title(shorten(", ".join(panel.units), 60), loc="left")


def _label(value: float, _position: int | None) -> str:
    """Return a tick's number, millions and billions shortened."""
    number = Decimal(f"{value:.6g}")
    for size, letter in ((9, "\N{NO-BREAK SPACE}bn"), (6, "\N{NO-BREAK SPACE}M")):
        if Decimal(10) ** size <= abs(number) < Decimal(10) ** (size + 6):
            return human(number.scaleb(-size)) + letter
    return human(number)
