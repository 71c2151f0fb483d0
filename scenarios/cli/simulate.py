"""What the commands over protocol files have in common: showing and writing a page."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from scenarios.cli.main import UsageError
from scenarios.files.protocol_checks import load_protocol, open_protocol
from scenarios.files.protocol_market_checks import recordings
from scenarios.report.manifest import build_manifest
from scenarios.report.pages.page import Page, render_page
from scenarios.report.table import Color, terminal
from scenarios.report.tables import Table, require_polars, write_tables
from scenarios.report.write import write_atomically

PIPED_WIDTH = 140
MOST_TERMINAL_ROWS = 25


@dataclass(frozen=True, slots=True)
class Made:
    """What a command made: the page, the tables, and what made it.

    Parameters
    ----------
    page, tables
        To show and to write.
    inputs
        Names of the protocol files, the first one's first.
    seed, runs
        Master seed and number of paths; 0 runs where there are none.
    digest
        Of the results, where there is one.
    """

    page: Page
    tables: Iterable[Table]
    inputs: Sequence[str]
    seed: int
    runs: int = 0
    digest: str = ""


def check_target(arguments: Namespace) -> None:
    """Refuse a report of an unknown kind, or tables that cannot be written, before anything runs."""
    if arguments.report and Path(arguments.report).suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"--report {arguments.report}: the name must end in .html")
    if arguments.tables and arguments.table_format == "parquet":
        require_polars()


def show_and_write(arguments: Namespace, made: Made) -> Callable[[], None]:
    """Write the page and the tables if asked; return what prints the page."""
    written: list[str] = []
    if arguments.report or arguments.tables:
        first, *others = made.inputs
        data = [(file_name(name), sha256(content_of(name)).hexdigest()) for name in others]
        data += [each for name in made.inputs for each in recordings(load_protocol(name))]
        manifest = build_manifest(
            sys.argv,
            file_name(first),
            content_of(first),
            seed=str(made.seed),
            runs=made.runs,
            data=[*data, *([("results", made.digest)] if made.digest else [])],
        )
        if arguments.report:
            write_atomically(Path(arguments.report), render_page(made.page, manifest))
            written.append(f"report: {arguments.report}")
        if arguments.tables:
            files = write_tables(Path(arguments.tables), made.tables, arguments.table_format, manifest)
            written.append(f"tables: {arguments.tables} ({', '.join(file.name for file in files)})")

    def show() -> None:
        print_page(made.page, arguments.color)
        for line in written:
            sys.stderr.write(f"{line}\n")

    return show


def file_name(name: str) -> str:
    """Return the file's name with its ending; a shipped one is YAML."""
    return open_protocol(name).file


def content_of(name: str) -> bytes:
    """Return the bytes of a file, or of a shipped one."""
    from scenarios.files.protocol_checks import SHIPPED

    return SHIPPED.read(name) if name in SHIPPED.names() else Path(name).read_bytes()


def print_page(page: Page, color: Color) -> None:
    """Print every table; long ones are cut, the page and the JSON answer have all."""
    from rich.table import Table
    from rich.text import Text

    width = None if sys.stdout.isatty() else PIPED_WIDTH
    console = terminal(color, width=width)
    console.print(Text(page.title), style="bold")
    console.print(Text(page.lead), soft_wrap=True)
    for section in page.sections:
        if not section.rows:
            continue
        console.print()
        console.print(Text(section.title), style="bold")
        table = Table(box=None, pad_edge=False)
        for place, head in enumerate(section.header):
            numeric = place > 0 and section.header[-1] != "Details"
            table.add_column(Text(head), justify="right" if numeric else "left")
        for row in section.rows[:MOST_TERMINAL_ROWS]:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
        if len(section.rows) > MOST_TERMINAL_ROWS:
            console.print(f"... and {len(section.rows) - MOST_TERMINAL_ROWS} more", style="dim")
        if section.note:
            console.print(Text(section.note), soft_wrap=True, style="dim")


def progress_to_terminal(what: str) -> Callable[[int, int], None] | None:
    """Return a progress line with the time left for a terminal; None where the output is piped."""
    if not sys.stderr.isatty():
        return None
    from time import monotonic

    began = monotonic()

    def tell(done: int, of: int) -> None:
        left = (monotonic() - began) * (of - done) / max(done, 1)
        end = "\n" if done == of else ""
        sys.stderr.write(f"\r{done}/{of} {what}, {left:.0f} s left   {end}")
        sys.stderr.flush()

    return tell
