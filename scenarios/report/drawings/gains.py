"""Who gained and who lost: one bar a party, losses to the left, gains to the right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from scenarios.report.drawings.axes import WIDTH, money_ticks
from scenarios.report.heat_map import short
from scenarios.report.measure import fit
from scenarios.report.svg import INK, LINES, MUTED, REFUSED, drawing, inline

MOST_BARS = 12
_ROW = 23.0
_NAME = 150.0


@dataclass(frozen=True, slots=True)
class Gains:
    """Gains by party.

    Parameters
    ----------
    gains
        Money; all together zero. Parties beyond the largest are drawn as one.
    unit
        Of the money.
    """

    gains: Mapping[str, Decimal | Fraction]
    unit: str

    def svg(self, salt: str) -> str:
        """Return the picture as inline SVG."""
        from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only a report needs it

        bars = largest(self.gains)
        values = [float(value) for _, value in bars]
        widest = max((abs(value) for value in values), default=1.0) or 1.0
        with drawing(salt):
            figure = Figure(figsize=(WIDTH / 72, (52 + _ROW * len(bars)) / 72), layout="constrained")
            axes = figure.add_subplot()
            for row, value in enumerate(values):
                colour = LINES[0] if value >= 0 else REFUSED
                axes.barh(row, value, height=0.62, color=colour, linewidth=0)
                axes.annotate(
                    short(Decimal(f"{value:.6g}")),
                    (value, row),
                    xytext=(5 if value >= 0 else -5, 0),
                    textcoords="offset points",
                    ha="left" if value >= 0 else "right",
                    va="center",
                    color=INK,
                    size=9.5,
                )
            axes.axvline(0, color=MUTED, linewidth=1)
            axes.set_yticks(range(len(bars)), [fit(name, _NAME, 9.5) for name, _ in bars])
            axes.set_ylim(len(bars) - 0.5, -0.6)
            low, high = min((*values, 0.0)), max((*values, 0.0))
            axes.set_xlim(low - 0.24 * widest * (low < 0), high + 0.2 * widest * (high > 0))
            axes.set_title(fit(self.unit, WIDTH * 0.6, 9.5), loc="left")
            money_ticks(axes.xaxis)
            axes.grid(axis="x")
            axes.set_axisbelow(True)
            return inline(figure, salt, f"Gains and losses of {len(self.gains)} parties")


def largest(gains: Mapping[str, Decimal | Fraction]) -> list[tuple[str, Fraction]]:
    """Return the bars from the greatest loss to the greatest gain, small parties as one last bar."""
    exact = {name: Fraction(value) for name, value in gains.items()}
    ranked = sorted(exact, key=lambda name: (-abs(exact[name]), name))
    kept = ranked[:MOST_BARS] if len(ranked) > MOST_BARS + 1 else ranked
    bars = sorted(((name, exact[name]) for name in kept), key=lambda bar: (bar[1], bar[0]))
    if rest := ranked[len(kept) :]:
        bars.append((f"{len(rest)} other parties", sum((exact[name] for name in rest), Fraction(0))))
    return bars
