"""The cost of corruption as pictures, a page, and rows for a terminal."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.report.html import template_environment
from scenarios.report.numbers import human
from scenarios.report.panels import panels

if TYPE_CHECKING:
    from scenarios.oracle_cost import CostRow, OracleCost

_LIGHT = re.compile(r":root \{(.*?)\}", re.DOTALL)


def cost_rows(result: OracleCost) -> list[tuple[str, ...]]:
    """Return the table: target, measure, loss, capital, blocks, what is bought, what the graph then says.

    Where the plan of least loss is also that of least capital one row stands for both.
    """
    rows: list[tuple[str, ...]] = []
    for by_loss, by_capital in zip(result.rows[::2], result.rows[1::2], strict=True):
        if (by_loss.loss, by_loss.capital) == (by_capital.loss, by_capital.capital):
            rows.append(_cells(by_loss, "loss and capital"))
        else:
            rows += [_cells(by_loss, "loss"), _cells(by_capital, "capital")]
    return rows


HEADER = ("Target", "Least", "Loss", "Capital", "Blocks", "Bought", "Answer")


def lead(result: OracleCost) -> str:
    """Return the answer in one sentence."""
    pays = [row for row in result.suprema if not row.safe]
    if not result.suprema:
        return "No profit is stated, so no attack is called worth while."
    if not pays:
        return "No stated profit exceeds the cost of corruption anywhere in the sweep."
    worst = max(pays, key=lambda row: row.gain or Decimal(0))
    gain = "without limit" if worst.gain is None else f"{_number(worst.gain)} {result.money}"
    where = f"x{_number(worst.factor)}" + (", the end of the sweep" if worst.at_edge else "")
    return f"Corruption pays: {worst.profit_name} gains {gain} at {where}."


def graph_picture(result: OracleCost) -> str:
    """Return the oracle graph with its weakest cut marked, as inline SVG."""
    from scenarios.report.drawing import graph_svg  # noqa: PLC0415 - heavy

    return graph_svg(result.nodes, "cut")


def standalone_svg(result: OracleCost) -> str:
    """Return the same picture as a file of its own, in the light colours."""
    found = _LIGHT.search(template_environment().get_template("style.css").render())
    assert found is not None
    style = f"<style>:root {{{found.group(1)}}}</style>"
    head, _, rest = graph_picture(result).partition(">")
    head = head.replace("<svg", "<svg xmlns='http://www.w3.org/2000/svg'", 1)
    return f"{head}>{style}{rest}\n"


def render_page(result: OracleCost) -> str:
    """Return one offline HTML page; the same result gives the same bytes."""
    from markupsafe import Markup  # noqa: PLC0415 - jinja2's, heavy at start-up

    from scenarios.report.pictures import panel_svg  # noqa: PLC0415

    engine = template_environment()
    pictures = [panel_svg(panel, f"c{n}") for n, panel in enumerate(panels(result.series))]
    return engine.get_template("oracle_cost.html.j2").render(
        result=result,
        style=Markup(engine.get_template("style.css").render()),  # noqa: S704 - our own file
        graph=Markup(graph_picture(result)),  # noqa: S704 - escaped by its writer
        pictures=[Markup(picture) for picture in pictures],  # noqa: S704
        header=HEADER,
        rows=cost_rows(result),
        number=_number,
        lead=lead(result),
    )


def _cells(row: CostRow, least: str) -> tuple[str, ...]:
    if not row.possible:
        return (row.target, least, "not possible", "", "", "", "")
    actions: dict[str, list[str]] = {}
    for purchase in row.purchases:
        actions.setdefault(purchase.action, []).append(purchase.upstream)
    bought = "; ".join(f"{action}: {', '.join(names)}" for action, names in actions.items())
    answer = "none" if row.answer is None else human(row.answer)
    answer += "" if row.proven else " (not reached)"
    return (
        row.target,
        least,
        _number(row.loss),
        _number(row.capital),
        str(row.blocks) if row.blocks else "",
        bought or "nothing",
        answer,
    )


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else human(value)
