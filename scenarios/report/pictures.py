"""Prices and health as pictures: one pair of axes per panel."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.report.measure import fit
from scenarios.report.numbers import COMMA, human
from scenarios.report.panels import Panel, place_text
from scenarios.report.svg import INK, LINES, MUTED, drawing, inline
from scenarios.report.text import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.ticker import Formatter

WIDTH, HEIGHT = 390, 270
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
        places = panel.places
        where = {
            place: _float(place) if isinstance(place, Decimal) else float(n) for n, place in enumerate(places)
        }
        columns = 1 + (len(panel.series) > 3)
        room = WIDTH / columns - 50  # less the key and the gaps
        values: list[float] = []
        for number, series in enumerate(panel.series):
            points = panel.points(series)
            drawn = [place for place in places if place in points]
            y = [_float(points[place].value) for place in drawn]
            values += y
            axes.plot(
                [where[place] for place in drawn],
                y,
                color=LINES[number % len(LINES)],
                linestyle=_DASHES[number % len(_DASHES)],
                marker=_MARKERS[number % len(_MARKERS)] if len(y) <= _MOST_MARKED else "",
                label=fit(series.name, room, 10) or "unnamed",
                clip_on=False,
            )
        if panel.x_name:
            _abscissa(axes, panel.x_name, list(where.values()))
        else:
            _steps(axes, [place_text(place, COMMA) for place in places])
        _ordinate(axes, panel, values)
        if len(panel.series) > 1 or panel.series[0].name != panel.title:
            figure.legend(loc="outside upper left", ncols=columns, labelcolor=INK)
        return inline(figure, salt, f"Chart: {shorten(panel.title, 120)}")


def _float(value: Decimal) -> float:
    """Return a coordinate; what has no place on paper becomes a gap."""
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return float("nan")
    return number if abs(number) < 1e300 else float("nan")


def _steps(axes: Axes, labels: list[str]) -> None:
    shown = range(0, len(labels), -(-len(labels) // _MOST_TICKS) or 1)
    texts = [fit(labels[n], 100, 9.5) for n in shown]
    axes.set_xticks(list(shown), texts, rotation=32, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.4, max(len(labels) - 0.6, 0.4))


def _abscissa(axes: Axes, name: str, places: list[float]) -> None:
    from matplotlib.ticker import NullFormatter  # noqa: PLC0415

    axes.set_xlabel(fit(name, WIDTH * 0.7, 9.5))
    if places and 0 < _DECADES * min(places) <= max(places):
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(_formatter(axes.xaxis))


def _ordinate(axes: Axes, panel: Panel, values: list[float]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter  # noqa: PLC0415

    finite = [value for value in values if not math.isnan(value)]
    if any(series.log for series in panel.series) and finite and min(finite) > 0:
        axes.set_yscale("log")
        if max(finite) < _DECADES * min(finite):
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif finite and min(finite) < 0 < max(finite):
        axes.axhline(0, color=MUTED, linewidth=1)
    axes.yaxis.set_major_formatter(_formatter(axes.yaxis))
    axes.grid(axis="y")
    axes.set_title(fit(", ".join(panel.units), WIDTH * 0.6, 9.5), loc="left")


def _formatter(axis: Axis) -> Formatter:
    """Return a formatter that counts the whole axis in units, millions or billions."""
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415

    def label(value: float, _position: float | None) -> str:
        largest = max(abs(end) for end in axis.get_view_interval())
        number = Decimal(f"{value:.6g}")
        for size, name in ((9, "bn"), (6, "M")):
            if axis.get_scale() != "log" and 10**size <= largest < 10 ** (size + 6):
                scaled = human(number.scaleb(-size))
                return scaled if number == 0 else f"{scaled}\N{NO-BREAK SPACE}{name}"
        return human(number)

    return FuncFormatter(label)
