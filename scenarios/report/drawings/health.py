"""The distribution of health over time: its median, its middle half and its middle nine tenths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios.report.drawings.axes import HEIGHT, WIDTH, plain_ticks
from scenarios.report.svg import INK, LINES, REFUSED, drawing, inline

if TYPE_CHECKING:
    from scenarios.simulation.observe import HealthSample

_TOP = 5.0
"""Health above is drawn here: who is that far from liquidation is not what one looks for."""


@dataclass(frozen=True, slots=True)
class HealthOverTime:
    """Bands between percentiles of health, and how many accounts are short.

    Parameters
    ----------
    samples
        One a step.
    hours_a_step
        Length of a step.
    """

    samples: Sequence[HealthSample]
    hours_a_step: float

    def svg(self, salt: str) -> str:
        """Return the picture as inline SVG."""
        from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only a report needs it

        hours = [(sample.step + 1) * self.hours_a_step for sample in self.samples]
        lines = [
            [min(float(sample.percentiles[place]), _TOP) for sample in self.samples] for place in range(5)
        ]
        lowest = [min(float(sample.lowest), _TOP) for sample in self.samples]
        short = [sample.short for sample in self.samples]
        with drawing(salt):
            figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), layout="constrained")
            above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
            above.fill_between(
                hours, lines[0], lines[4], color=LINES[0], alpha=0.16, linewidth=0, label="5 to 95 %"
            )
            above.fill_between(
                hours, lines[1], lines[3], color=LINES[0], alpha=0.3, linewidth=0, label="25 to 75 %"
            )
            above.plot(hours, lines[2], color=LINES[0], label="median")
            above.plot(hours, lowest, color=LINES[1], linestyle=(0, (4, 2)), linewidth=1.3, label="lowest")
            above.axhline(1, color=REFUSED, linewidth=1)
            above.set_ylim(0, min(_TOP, max(*lines[4], 1.2) * 1.05))
            above.set_title("health: equity over requirement, liquidated below 1", loc="left")
            below.fill_between(hours, short, step="mid", color=REFUSED, alpha=0.6, linewidth=0)
            below.set_ylim(0, max(*short, 1) * 1.1)
            below.set_title("accounts below 1", loc="left")
            below.set_xlabel("hours")
            for axes in (above, below):
                axes.grid(axis="y")
                plain_ticks(axes.yaxis)
            plain_ticks(below.xaxis)
            figure.legend(loc="outside upper left", ncols=4, labelcolor=INK)
            return inline(figure, salt, f"Health of the accounts over {len(hours)} steps")
