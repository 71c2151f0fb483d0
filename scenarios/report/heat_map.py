"""Scenario profits and losses as a heat map: moves of spot across, moves of volatility down."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.report.svg import FAINT, INK, LINES, MUTED, REFUSED, SURFACE, drawing, inline
from scenarios.report.text import shorten

if TYPE_CHECKING:
    from scenarios.margin import ScenarioResult

_CELL_WIDTH, _CELL_HEIGHT = 46.0, 34.0
_LEFT, _TOP = 96.0, 34.0
_ROWS = {"UP": "volatility up", "NONE": "same", "DOWN": "volatility down"}
_STRONGEST = 0.62


def heat_map_svg(scenarios: Sequence[ScenarioResult], worst: int | None, name: str, salt: str) -> str:
    """Return the scenarios of one rule as inline SVG.

    Gains are blue, losses red, stronger the larger they are; the worst scenario has a frame, and a scenario
    that counts in part an asterisk. The figures in the cells are what counts.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only a report needs it
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    spots = sorted({scenario.spot for scenario in scenarios})
    moves = [move for move in _ROWS if any(s.volatility == move for s in scenarios)]
    moves += list(dict.fromkeys(s.volatility for s in scenarios if s.volatility not in _ROWS))
    width, height = _LEFT + len(spots) * _CELL_WIDTH + 6, _TOP + len(moves) * _CELL_HEIGHT + 6
    largest = max((abs(s.profit) for s in scenarios), default=Decimal(0)) or Decimal(1)
    with drawing(salt):
        figure = Figure(figsize=(width / 72, height / 72))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        axes.set_axis_off()
        for column, spot in enumerate(spots):
            x = _LEFT + (column + 0.5) * _CELL_WIDTH
            axes.text(
                x,
                _TOP - 10,
                f"{float(spot * 100):+.4g} %" if spot else "0 %",
                size=8,
                color=MUTED,
                ha="center",
            )
        for row, move in enumerate(moves):
            y = _TOP + (row + 0.5) * _CELL_HEIGHT
            words = _ROWS.get(move, move.lower().replace("_", " "))
            axes.text(_LEFT - 8, y, words, size=8, color=MUTED, ha="right", va="center")
        axes.text(_LEFT - 8, _TOP - 10, "spot", size=8, color=MUTED, ha="right")
        for index, scenario in enumerate(scenarios):
            left = _LEFT + spots.index(scenario.spot) * _CELL_WIDTH
            top = _TOP + moves.index(scenario.volatility) * _CELL_HEIGHT
            share = float(abs(scenario.profit) / largest) * _STRONGEST
            colour = LINES[0] if scenario.profit >= 0 else REFUSED
            place, size = (left + 1, top + 1), (_CELL_WIDTH - 2, _CELL_HEIGHT - 2)
            axes.add_patch(Rectangle(place, *size, facecolor=SURFACE, edgecolor=FAINT, linewidth=0.8))
            axes.add_patch(Rectangle(place, *size, facecolor=colour, alpha=share, linewidth=0))
            if index == worst:
                axes.add_patch(Rectangle(place, *size, facecolor="none", edgecolor=INK, linewidth=1.8))
            text = short(scenario.profit) + ("" if scenario.weight == 1 else "*")
            middle = (left + _CELL_WIDTH / 2, top + _CELL_HEIGHT / 2)
            axes.text(*middle, text, size=8, color=INK, ha="center", va="center")
        described = f"Heat map of {len(scenarios)} scenarios under {shorten(name, 80)}"
        return inline(figure, salt, described, enlarge=1.5)


def short(value: Decimal) -> str:
    """Return money in at most five characters and a sign: 950, 12.4k, 3.1M."""
    size = abs(value)
    for scale, letter in ((Decimal(10**9), "bn"), (Decimal(10**6), "M"), (Decimal(10**3), "k")):
        if size >= scale:
            scaled = value / scale
            return f"{scaled:,.0f}{letter}" if abs(scaled) >= 100 else f"{scaled:.1f}{letter}"
    return f"{value:.0f}" if size >= 10 or size == 0 else f"{value:.2f}"
