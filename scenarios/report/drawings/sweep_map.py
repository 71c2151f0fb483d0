"""A measure over two swept values as a heat map: the first axis down, the second across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Literal, TypeAlias

from scenarios.report.heat_map import short
from scenarios.report.measure import fit
from scenarios.report.svg import FAINT, INK, LINES, MUTED, REFUSED, SURFACE, drawing, inline

if TYPE_CHECKING:
    from scenarios.simulation.sweep import SweepResult

Better: TypeAlias = Literal["low", "high"]

_CELL_WIDTH, _CELL_HEIGHT, _LEFT, _TOP = 58.0, 34.0, 84.0, 62.0
_STRONGEST = 0.6
MOST_CELLS = 400
MOST_MAPS = 8


@dataclass(frozen=True, slots=True)
class SweepMap:
    """One measure over a grid of two axes.

    Parameters
    ----------
    title
        The measure, and the values at which other axes stand.
    names
        Of the axis down and the axis across.
    down, across
        Values as text.
    cells
        ``[down][across]``; None where nothing was measured.
    better
        Whether low or high values are what one wants; the better are blue, the worse red.
    """

    title: str
    names: tuple[str, str]
    down: Sequence[str]
    across: Sequence[str]
    cells: Sequence[Sequence[float | None]]
    better: Better = "low"

    def svg(self, salt: str) -> str:
        """Return the picture as inline SVG."""
        from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only a report needs it
        from matplotlib.patches import Rectangle  # noqa: PLC0415

        width = _LEFT + len(self.across) * _CELL_WIDTH + 6
        width = max(width, 240.0)
        height = _TOP + len(self.down) * _CELL_HEIGHT + 6
        known = [value for row in self.cells for value in row if value is not None]
        low, high = min(known, default=0.0), max(known, default=0.0)
        with drawing(salt):
            figure = Figure(figsize=(width / 72, height / 72))
            axes = figure.add_axes((0, 0, 1, 1))
            axes.set_xlim(0, width)
            axes.set_ylim(height, 0)
            axes.set_axis_off()
            axes.text(8, 14, fit(self.title, width - 16, 9.5), size=9.5, color=INK, va="center")
            across = fit(self.names[1] + " \N{RIGHTWARDS ARROW}", width - _LEFT - 8, 8.5)
            axes.text(_LEFT + 4, 32, across, size=8.5, color=MUTED, va="center")
            down = fit(self.names[0] + " \N{DOWNWARDS ARROW}", _LEFT - 12, 8.5)
            axes.text(8, 50, down, size=8.5, color=MUTED, va="center")
            for column, text in enumerate(self.across):
                x = _LEFT + (column + 0.5) * _CELL_WIDTH
                shown = fit(text, _CELL_WIDTH - 4, 8.5)
                axes.text(x, 50, shown, size=8.5, color=MUTED, ha="center", va="center")
            for row, text in enumerate(self.down):
                y = _TOP + (row + 0.5) * _CELL_HEIGHT
                shown = fit(text, _LEFT - 14, 8.5)
                axes.text(_LEFT - 8, y, shown, size=8.5, color=MUTED, ha="right", va="center")
            for row, column in product(range(len(self.down)), range(len(self.across))):
                value = self.cells[row][column]
                place = _LEFT + column * _CELL_WIDTH + 1, _TOP + row * _CELL_HEIGHT + 1
                size = _CELL_WIDTH - 2, _CELL_HEIGHT - 2
                axes.add_patch(Rectangle(place, *size, facecolor=SURFACE, edgecolor=FAINT, linewidth=0.8))
                if value is None:
                    continue
                tint = 0.0 if high == low else 2 * (value - low) / (high - low) - 1
                bad = tint if self.better == "low" else -tint
                colour = REFUSED if bad > 0 else LINES[0]
                strength = _STRONGEST * abs(tint)
                axes.add_patch(Rectangle(place, *size, facecolor=colour, alpha=strength, linewidth=0))
                middle = place[0] + size[0] / 2, place[1] + size[1] / 2
                axes.text(*middle, compact(value), size=8.5, color=INK, ha="center", va="center")
            named = f"Heat map of {fit(self.title, 400, 9.5)} over {self.names[0]} and {self.names[1]}"
            return inline(figure, salt, named, enlarge=1.6)


def compact(value: float) -> str:
    """Return a number in at most six characters: money in thousands, shares with three digits."""
    return f"{value:.3g}" if abs(value) < 10 else short(Decimal(f"{value:.6g}"))


def sweep_maps(result: SweepResult, measures: Sequence[tuple[str, Better]]) -> list[SweepMap]:
    """Return the maps of some measures over the first two axes, one for every setting of the others.

    A hypercube and a sweep of one axis have none.
    """
    if len(result.names) < 2 or not result.grid:
        return []
    values = [
        list(dict.fromkeys(point.values[n] for point in result.points)) for n in range(len(result.names))
    ]
    if len(values[0]) * len(values[1]) > MOST_CELLS:
        return []
    found = {point.values: point.answers for point in result.points}
    maps = []
    for measure, better in measures:
        place = result.measures.index(measure)
        for rest in product(*values[2:]):
            fixed = ", ".join(f"{n} {v}" for n, v in zip(result.names[2:], rest, strict=True))
            cells = [
                [
                    found[first, second, *rest][place] if (first, second, *rest) in found else None
                    for second in values[1]
                ]
                for first in values[0]
            ]
            maps.append(
                SweepMap(
                    measure + (f" at {fixed}" if fixed else ""),
                    (result.names[0], result.names[1]),
                    [str(value) for value in values[0]],
                    [str(value) for value in values[1]],
                    cells,
                    better,
                )
            )
    return maps[:MOST_MAPS]
