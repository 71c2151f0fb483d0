"""Results as tables on disk: CSV with exact figures, or Parquet, with the manifest beside them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal, localcontext
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from protocol.errors import MissingExtraError
from scenarios.report.write import write_atomically

if TYPE_CHECKING:
    from scenarios.report.manifest import Manifest
    from scenarios.simulation.attack import Optimum
    from scenarios.simulation.compare import Comparison
    from scenarios.simulation.run import RunResult
    from scenarios.simulation.stress import StressResult
    from scenarios.simulation.sweep import SweepResult

Cell: TypeAlias = str | int | float | Decimal | None
Format: TypeAlias = Literal["csv", "parquet"]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind.

    Parameters
    ----------
    name
        Of its file, without the ending.
    header
        Names of the columns.
    rows
        As wide as the header; None where there is nothing.
    """

    name: str
    header: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]


def run_tables(result: RunResult) -> Iterator[Table]:
    """Yield the tables of one path: measures, gains, series, health, links of contagion and the event log."""
    yield _fields("metrics", [result.metrics])
    yield Table("gains", ("party", result.money), list(result.gains.items()))
    series: list[tuple[Cell, ...]] = [
        (line.panel, line.name, line.unit, step - 1, value)
        for line in result.series
        for step, value in enumerate(line.values)
    ]
    yield Table("series", ("panel", "name", "unit", "step", "value"), series)
    health: list[tuple[Cell, ...]] = [
        (sample.step, sample.accounts, sample.short, sample.lowest, *sample.percentiles)
        for sample in result.health
    ]
    shares = ("p5", "p25", "p50", "p75", "p95")
    yield Table("health", ("step", "accounts", "short", "lowest", *shares), health)
    links = [
        (link.source.kind, link.source.name, link.relation, link.target.kind, link.target.name, link.amount)
        for link in result.links
    ]
    header = ("source_kind", "source", "relation", "target_kind", "target", "amount")
    yield Table("contagion", header, links)
    events = [
        (event.step, event.time, event.actor, event.kind, _json(event.details)) for event in result.events
    ]
    yield Table("events", ("step", "time", "actor", "kind", "details"), events)


def stress_tables(result: StressResult) -> Iterator[Table]:
    """Yield the tables of a stress test: estimates, and the measures of every run."""
    yield _fields("estimates", result.estimates)
    runs = _fields("runs", result.rows)
    yield Table("runs", ("run", *runs.header), [(n, *row) for n, row in enumerate(runs.rows)])


def attack_tables(result: Optimum) -> Iterator[Table]:
    """Yield the tables of an attack: its parameters, who paid, and its steps."""
    best, given = result.best, result.given
    answers = [
        (name, _cell(getattr(best, name)), _cell(getattr(given, name)))
        for name in ("profit", "loss", "capital", "flash_loan", "bad_debt")
    ]
    yield Table("answer", ("measure", "optimum", "given"), answers)
    parameters = [
        (name, _cell(value), _cell(given.parameters[name])) for name, value in best.parameters.items()
    ]
    yield Table("parameters", ("parameter", "optimum", "given"), parameters)
    yield Table("paid", ("party", "gain"), [(name, _cell(value)) for name, value in best.paid_by.items()])
    events = [(event.kind, event.actor, _json(event.details)) for event in best.events]
    yield Table("events", ("kind", "actor", "details"), events)


def sweep_tables(result: SweepResult) -> Iterator[Table]:
    """Yield the table of a sweep: a row a setting."""
    rows = [(*(_cell(value) for value in point.values), *point.answers) for point in result.points]
    yield Table("settings", (*result.names, *result.measures), rows)


def comparison_tables(result: Comparison) -> Iterator[Table]:
    """Yield the table of a comparison: means over the runs and their paired difference."""
    rows: list[tuple[Cell, ...]] = [
        (line.name, line.first, line.second, line.difference, *(line.interval or (None, None)))
        for line in result.lines
    ]
    yield Table("comparison", ("measure", *result.titles, "difference", "low", "high"), rows)


def write_tables(folder: Path, tables: Iterable[Table], kind: Format, manifest: Manifest) -> list[Path]:
    """Write each table whole, then ``manifest.json``; return the files.

    Raises
    ------
    CannotWriteError
        If a file cannot be written; those already there are whole.
    MissingExtraError
        If Parquet is asked for and polars is not installed.
    """
    write = _parquet if kind == "parquet" else _csv
    made = []
    for table in tables:
        made.append(folder / f"{table.name}.{kind}")
        write_atomically(made[-1], write(table))
    made.append(folder / "manifest.json")
    write_atomically(made[-1], manifest.to_json())
    return made


def require_polars() -> None:
    """Raise unless Parquet can be written.

    Raises
    ------
    MissingExtraError
        If polars is not installed.
    """
    if find_spec("polars") is None:
        raise MissingExtraError("--table-format parquet", "data", "polars")


def _csv(table: Table) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows(["" if cell is None else str(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode()


def _parquet(table: Table) -> bytes:
    """Return Parquet with 64-bit floats for figures; the exact ones are in the CSV and JSON answers."""
    require_polars()
    import polars  # noqa: PLC0415 - an extra

    columns = list(zip(*table.rows, strict=True)) if table.rows else [()] * len(table.header)
    data = {}
    for name, column in zip(table.header, columns, strict=True):
        known = [cell for cell in column if cell is not None]
        if known and all(isinstance(cell, int) and abs(cell) < 2**63 for cell in known):
            data[name] = polars.Series(name, column, dtype=polars.Int64)
        elif known and not any(isinstance(cell, str) for cell in known):
            floats = [None if cell is None else float(cell) for cell in column]
            data[name] = polars.Series(name, floats, dtype=polars.Float64)
        else:
            texts = [None if cell is None else str(cell) for cell in column]
            data[name] = polars.Series(name, texts, dtype=polars.String)
    buffer = io.BytesIO()
    polars.DataFrame(data).write_parquet(buffer)
    return buffer.getvalue()


def _fields(name: str, rows: Sequence[Any]) -> Table:
    header = tuple(field.name for field in fields(rows[0])) if rows else ()
    return Table(name, header, [tuple(_cell(getattr(row, column)) for column in header) for row in rows])


def _cell(value: object) -> Cell:
    """Return a plain value; a fraction as a decimal number, exact up to 40 digits."""
    if isinstance(value, Fraction):
        with localcontext(prec=40):
            return Decimal(value.numerator) / value.denominator
    return value if isinstance(value, str | int | float | Decimal) or value is None else str(value)


def _json(details: object) -> str:
    return json.dumps(details, default=str, ensure_ascii=False)
