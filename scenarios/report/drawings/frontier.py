"""The frontier: every setting by what it risks and what it achieves, the ones nothing beats joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.report.drawings.axes import HEIGHT, WIDTH, money_ticks, plain_ticks
from scenarios.report.measure import fit
from scenarios.report.svg import INK, LINES, MUTED, drawing, inline

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """A setting: its name, what it costs (less is better) and what it gives (more is better)."""

    name: str
    cost: float
    gain: float


def frontier(points: Sequence[FrontierPoint]) -> list[FrontierPoint]:
    """Return the points that no other beats in both, by rising cost."""
    kept: list[FrontierPoint] = []
    for point in sorted(points, key=lambda p: (p.cost, -p.gain, p.name)):
        if not kept or point.gain > kept[-1].gain:
            kept.append(point)
    return kept


@dataclass(frozen=True, slots=True)
class Frontier:
    """Settings between cost and gain.

    Parameters
    ----------
    cost, gain
        What the axes say.
    """

    points: Sequence[FrontierPoint]
    cost: str
    gain: str

    def svg(self, salt: str) -> str:
        """Return the picture as inline SVG."""
        from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only a report needs it

        best = frontier(self.points)
        with drawing(salt):
            figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), layout="constrained")
            axes = figure.add_subplot()
            rest = [point for point in self.points if point not in best]
            axes.scatter([p.cost for p in rest], [p.gain for p in rest], s=26, color=MUTED, label="beaten")
            axes.step(
                [p.cost for p in best],
                [p.gain for p in best],
                where="post",
                color=LINES[0],
                marker="o",
                label="frontier",
            )
            for point in best[:_MOST_NAMED]:
                axes.annotate(
                    fit(point.name, 190, 8.5),
                    (point.cost, point.gain),
                    xytext=(6, -11),
                    textcoords="offset points",
                    size=8.5,
                    color=INK,
                )
            axes.margins(x=0.14, y=0.16)
            dearest = max(point.cost for point in self.points)
            axes.set_xlim(-0.03 * dearest, 1.3 * dearest or 1)
            axes.set_xlabel(fit(self.cost, WIDTH * 0.7, 9.5))
            axes.set_title(fit(self.gain, WIDTH * 0.7, 9.5), loc="left")
            money_ticks(axes.xaxis)
            plain_ticks(axes.yaxis)
            axes.grid()
            axes.set_axisbelow(True)
            figure.legend(loc="outside upper left", ncols=2, labelcolor=INK)
            return inline(figure, salt, f"Frontier of {len(best)} of {len(self.points)} settings")
