"""The headline table on a terminal, and its plain form where the terminal is narrow."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Literal, TypeAlias

from scenarios.report.numbers import COMMA
from scenarios.report.rows import OutcomeRow, headline, outcome_rows
from scenarios.report.text import plain
from scenarios.result import Replay, Verdict

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Color: TypeAlias = Literal["auto", "always", "never"]

NARROW = 84
"""Below this many columns rows are printed as blocks; a number is never wrapped or cut."""

_STYLES: dict[Verdict, str] = {
    "within": "green",
    "outside": "bold red",
    "predicted": "cyan",
    "not-replayed": "yellow",
}


def terminal(color: Color = "auto", *, stream: IO[str] | None = None, width: int | None = None) -> Console:
    """Return a console that prints what it is given, markup in names included, as it stands.

    Parameters
    ----------
    color
        ``auto``: only on a terminal and without a non-empty ``NO_COLOR``. The other two overrule both.
    stream
        By default standard output.
    width
        Columns; by default the terminal's.
    """
    from rich.console import Console  # noqa: PLC0415 - heavy, and only output needs it

    plainly = color == "never" or (color == "auto" and bool(os.environ.get("NO_COLOR")))
    return Console(
        file=stream,
        width=width,
        force_terminal=True if color == "always" else False if plainly else None,
        no_color=plainly,
        color_system=None if plainly else "standard" if color == "always" else "auto",
        markup=False,
        highlight=False,
        emoji=False,
    )


def print_outcomes(replay: Replay, console: Console) -> None:
    """Print outcome, published, replayed, deviation and verdict, then why a row has no or a wrong value."""
    rows = outcome_rows(replay, COMMA)
    console.print(_text(replay.title, console, "bold"))
    if rows:
        if console.width < NARROW or _needed(rows) > console.width:
            _print_blocks(rows, console)
        else:
            _print_table(rows, console)
    for row in rows:
        if row.reason:
            line = _text(f"{row.reason_kind} ", console, _STYLES[row.verdict])
            console.print(line.append_text(_text(f"({row.name}): {row.reason}", console)), soft_wrap=True)
    console.print(_text(headline(replay), console), soft_wrap=True)


def _text(text: str, console: Console, style: str = "") -> Text:
    """Return text safe for this console: no control character, and none its encoding lacks."""
    from rich.text import Text  # noqa: PLC0415

    encoding = console.encoding
    shown = plain(text.replace("\N{EN DASH}", "-"))
    return Text(shown.encode(encoding, "backslashreplace").decode(encoding), style=style)


def _label(row: OutcomeRow) -> str:
    return f"{row.name} [{row.unit}]" if row.unit else row.name


def _needed(rows: list[OutcomeRow]) -> int:
    """Return the least width at which every number stands whole beside a readable name."""
    numbers = sum(
        max(len(text) for text in column)
        for column in (
            ["Published", *(row.published[0] for row in rows)],
            ["Replayed", *(row.replayed[0] for row in rows)],
            ["Deviation", *(row.deviation[0] for row in rows)],
            ["Verdict", *(row.word for row in rows)],
        )
    )
    return numbers + 20 + 2 * 5


def _print_table(rows: list[OutcomeRow], console: Console) -> None:
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("Outcome", overflow="fold", min_width=12)
    for name in ("Published", "Replayed", "Deviation"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    for row in rows:
        table.add_row(
            _text(_label(row), console),
            *(_text(number[0], console) for number in (row.published, row.replayed, row.deviation)),
            _text(row.word, console, _STYLES[row.verdict]),
        )
    console.print(table)


def _print_blocks(rows: list[OutcomeRow], console: Console) -> None:
    for row in rows:
        console.print()
        console.print(_text(_label(row), console, "bold"), overflow="fold")
        for name, number in (
            ("published", row.published),
            ("replayed", row.replayed),
            ("deviation", row.deviation),
        ):
            console.print(_text(f"  {name:<10} {number[0]}", console), soft_wrap=True)
        line = _text("  verdict    ", console)
        console.print(line.append_text(_text(row.word, console, _STYLES[row.verdict])), soft_wrap=True)
    console.print()
