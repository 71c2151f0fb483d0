"""Axes and labels that the pictures of runs share."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.report.heat_map import short

if TYPE_CHECKING:
    from matplotlib.axis import Axis

WIDTH, HEIGHT = 560.0, 290.0
"""Size of a wide picture in user units of its SVG."""


def money_ticks(axis: Axis) -> None:
    """Label an axis in thousands, millions and billions."""
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415 - heavy, and only a report needs it

    def label(value: float, _position: float | None) -> str:
        return short(Decimal(f"{value:.6g}")).replace("-", "\N{MINUS SIGN}")

    axis.set_major_formatter(FuncFormatter(label))


def plain_ticks(axis: Axis) -> None:
    """Label an axis with plain numbers of few digits."""
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415

    axis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:.6g}"))
