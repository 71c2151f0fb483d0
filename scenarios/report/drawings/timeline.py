"""Liquidations over time: one row an account, one disc a step, a cross where somebody paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.report.drawings.axes import WIDTH, plain_ticks
from scenarios.report.heat_map import short
from scenarios.report.measure import fit
from scenarios.report.svg import FAINT, INK, LINES, REFUSED, drawing, inline

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Event

MOST_ROWS = 16
_ROW = 21.0
_NAME = 110.0
_LARGEST = 190.0


@dataclass(frozen=True, slots=True)
class Liquidations:
    """Every liquidation step of a path.

    Parameters
    ----------
    events
        The whole log.
    hours_a_step, steps
        The time axis.
    """

    events: Sequence[Event]
    hours_a_step: float
    steps: int

    def svg(self, salt: str) -> str:
        """Return the picture as inline SVG."""
        from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only a report needs it

        taken = [event for event in self.events if event.kind == "liquidation"]
        paid = [event for event in self.events if event.kind == "loss paid"]
        volume: dict[str, Decimal] = {}
        for event in taken:
            name, amount = str(event.details["account"]), _decimal(event.details["volume"])
            volume[name] = volume.get(name, Decimal(0)) + amount
        kept = set(sorted(volume, key=lambda name: (-volume[name], name))[:MOST_ROWS])
        rows = [name for name in volume if name in kept]
        largest = max((float(_decimal(event.details["volume"])) for event in taken), default=1.0) or 1.0
        with drawing(salt):
            figure = Figure(figsize=(WIDTH / 72, (70 + _ROW * len(rows)) / 72), layout="constrained")
            axes = figure.add_subplot()
            for events, colour, marker in ((taken, LINES[0], "o"), (paid, REFUSED, "x")):
                shown = [event for event in events if event.details["account"] in kept]
                if not shown:
                    continue
                axes.scatter(
                    [(event.step + 1) * self.hours_a_step for event in shown],
                    [rows.index(str(event.details["account"])) for event in shown],
                    s=[max(9.0, _LARGEST * _size(event) / largest) for event in shown]
                    if marker == "o"
                    else 40,
                    color=colour,
                    marker=marker,
                    alpha=0.7 if marker == "o" else 1,
                    linewidths=0 if marker == "o" else 1.6,
                    clip_on=False,
                    label="liquidated, area by value" if marker == "o" else "loss paid by others",
                )
            labels = [f"{fit(name, _NAME, 9.5)}  {short(volume[name])}" for name in rows]
            axes.set_yticks(range(len(rows)), labels)
            axes.set_ylim(len(rows) - 0.4, -0.6)
            axes.set_xlim(0, max(self.steps, 1) * self.hours_a_step)
            axes.grid(axis="both", color=FAINT)
            axes.set_xlabel("hours")
            plain_ticks(axes.xaxis)
            figure.legend(loc="outside upper left", ncols=2, labelcolor=INK, markerscale=0.7)
            return inline(
                figure, salt, f"Timeline of {len(taken)} liquidation steps of {len(volume)} accounts"
            )


def _size(event: Event) -> float:
    return float(_decimal(event.details.get("volume", Decimal(0))))


def _decimal(value: object) -> Decimal:
    assert isinstance(value, Decimal)
    return value
