"""``backstop oracle cost``: the cheapest way to make an oracle lie or fall silent."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from scenarios.cli.answer import Answer, Message
from scenarios.cli.main import UsageError
from scenarios.oracle_cost import OracleCost
from scenarios.oracle_cost import run as analyse
from scenarios.report.oracle_cost import HEADER, cost_rows, lead, render_page, standalone_svg
from scenarios.report.table import Color, terminal
from scenarios.report.write import write_atomically

RENDERERS = {".html": render_page, ".htm": render_page, ".svg": standalone_svg}
PIPED_WIDTH = 140


def run(arguments: Namespace) -> Answer:
    """Compute the table, write the page or the drawing if asked; profit above cost is a finding."""
    target = arguments.report
    if target and Path(target).suffix.lower() not in RENDERERS:
        raise UsageError(f"--report {target}: the name must end in .html or .svg")
    result = analyse(arguments.file)
    if target:
        write_atomically(Path(target), RENDERERS[Path(target).suffix.lower()](result))

    def show() -> None:
        print_cost(result, arguments.color)
        if target:
            sys.stderr.write(f"report: {target}\n")

    found = (Message("error", "corruption-pays", lead(result), {}),) if result.has_finding else ()
    return Answer(result, show, 1 if found else 0, found)


def print_cost(result: OracleCost, color: Color) -> None:
    """Print the answer, the table, free moves and common upstreams."""
    from rich.table import Table
    from rich.text import Text

    width = None if sys.stdout.isatty() else PIPED_WIDTH
    console = terminal(
        "always" if color == "always" else "never" if color == "never" else "auto", width=width
    )
    console.print(result.title, style="bold")
    table = Table(box=None, pad_edge=False)
    for name in HEADER:
        table.add_column(name, justify="right" if name in {"Loss", "Capital", "Blocks"} else "left")
    for row in cost_rows(result):
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
    for move in (move for move in result.free_moves if move.corrupt):
        console.print(
            f"{move.node}: {move.corrupt} of {move.answering} may move the answer between {move.low} and "
            f"{move.high} without being told from honest ones",
            soft_wrap=True,
        )
    for upstream, sources in result.shared:
        console.print(f"one upstream, {upstream}, stands behind {', '.join(sources)}", soft_wrap=True)
    console.print(lead(result), soft_wrap=True)
