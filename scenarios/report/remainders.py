"""The counterfactual table as rows of text, shared by the page, the Markdown and the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios.report.numbers import COMMA
from scenarios.report.rows import NOTHING, Cell, cell
from scenarios.report.text import plain
from scenarios.result import Counterfactual, Remainder, Replay

if TYPE_CHECKING:
    from rich.console import Console

TITLE = "Other readers"
LEAD = (
    "The same attack, step for step, against other readers and limits: what is left of it, or the step that "
    "did not go through. The multiple is the answer that the protocol got over the one before the attack."
)
STYLES: dict[Remainder, str] = {
    "pays": "bold red",
    "no-profit": "green",
    "refused": "green",
    "not-known": "yellow",
}


@dataclass(frozen=True, slots=True)
class RemainderRow:
    """One row of the table as text; absent values are an en dash."""

    name: str
    kind: str
    multiple: Cell
    profit: Cell
    loss: Cell
    unit: str
    remainder: Remainder
    word: str
    reason: str
    note: str


def _word(row: Counterfactual) -> str:
    match row.verdict:
        case "pays":
            return "pays"
        case "no-profit":
            return "no profit"
        case "refused":
            return f"refused at step {row.refused_at}"
        case "not-known":
            return "not known"


def remainder_rows(replay: Replay, group: str) -> list[RemainderRow]:
    """Return the table, the reader that was used first."""
    return [
        RemainderRow(
            row.name,
            row.kind,
            cell(row.multiple, group),
            cell(row.profit, group),
            cell(row.loss, group),
            row.unit,
            row.verdict,
            _word(row),
            row.reason,
            row.note,
        )
        for row in replay.counterfactuals
    ]


def bases(replay: Replay) -> tuple[str, ...]:
    """Return what the figures of the table count, each once."""
    return tuple(dict.fromkeys(row.basis for row in replay.counterfactuals if row.basis))


def print_remainders(replay: Replay, console: Console) -> None:
    """Print one block a reader: a number is never cut, whatever the width."""
    from rich.text import Text  # noqa: PLC0415 - heavy, and only output needs it

    def line(text: str, style: str = "") -> Text:
        shown = plain(text.replace(NOTHING, "-"))
        return Text(shown.encode(console.encoding, "backslashreplace").decode(console.encoding), style)

    console.print()
    console.print(line(TITLE, "bold"))
    for row in remainder_rows(replay, COMMA):
        head = line(f"{row.word:<18}", STYLES[row.remainder])
        console.print(head.append_text(line(f"{row.name} ({row.kind})")), soft_wrap=True)
        figures = [("multiple", row.multiple[0], "x"), ("profit", row.profit[0], row.unit)]
        figures.append(("loss", row.loss[0], row.unit))
        shown = ", ".join(f"{name} {value} {unit}" for name, value, unit in figures if value != NOTHING)
        for text in (shown, row.reason, row.note):
            if text:
                console.print(line(f"{'':<18}{text}"), soft_wrap=True)
    for basis in bases(replay):
        console.print(line(basis), soft_wrap=True)
