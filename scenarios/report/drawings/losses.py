"""The loss waterfall: what was lost in all, and who paid which part of it, one under the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from scenarios.report.drawings.axes import WIDTH, money_ticks
from scenarios.report.heat_map import short
from scenarios.report.measure import fit
from scenarios.report.svg import FAINT, INK, LINES, REFUSED, drawing, inline

_ROW = 27.0
_NAME = 150.0


@dataclass(frozen=True, slots=True)
class LossWaterfall:
    """Losses of failed accounts by who paid.

    Parameters
    ----------
    paid
        Money by payer, in the order of paying; not negative.
    unit
        Of the money.
    """

    paid: Mapping[str, Decimal]
    unit: str

    def svg(self, salt: str) -> str:
        """Return the picture as inline SVG."""
        from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only a report needs it

        total = sum(self.paid.values(), Decimal(0))
        names = ["all losses", *self.paid]
        with drawing(salt):
            figure = Figure(figsize=(WIDTH / 72, (52 + _ROW * len(names)) / 72), layout="constrained")
            axes = figure.add_subplot()
            left = Decimal(0)
            for row, name in enumerate(names):
                amount = self.paid.get(name, total) if row else total
                start = float(left) if row else 0.0
                colour = LINES[(row - 1) % len(LINES)] if row else REFUSED
                axes.barh(row, float(amount), left=start, height=0.62, color=colour, linewidth=0)
                if row:
                    axes.plot([start, start], [row - 1, row], color=FAINT, linewidth=1)
                    left += amount
                end = start + float(amount)
                share = f"  {100 * amount / total:.3g} %" if row and total else ""
                axes.annotate(
                    f"{short(amount)}{share}",
                    (end, row),
                    xytext=(5, 0),
                    textcoords="offset points",
                    va="center",
                    color=INK,
                    size=9.5,
                )
            axes.set_yticks(range(len(names)), [fit(name, _NAME, 9.5) for name in names])
            axes.set_ylim(len(names) - 0.5, -0.6)
            axes.set_xlim(0, float(total) * 1.25 or 1)
            axes.set_title(fit(self.unit, WIDTH * 0.6, 9.5), loc="left")
            money_ticks(axes.xaxis)
            axes.grid(axis="x")
            axes.set_axisbelow(True)
            return inline(figure, salt, f"Who paid {short(total)} {self.unit} of losses")
