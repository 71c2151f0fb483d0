"""Results of a study: read line by line, by column, or as Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from scenarios.errors import MissingExtraError, ParameterError
from scenarios.runs.task import Record, Value


def read_records(path: Path) -> Iterator[dict[str, Value]]:
    """Yield the records of a results file in the order of runs; one is in memory at a time."""
    with path.open(encoding="ascii") as lines:
        for line in lines:
            yield json.loads(line)


def column(path: Path, name: str) -> list[float]:
    """Return one numeric column; long integers, kept as decimal strings, become floats.

    Raises
    ------
    ParameterError
        A record has no such number.
    """
    return [number(record, name) for record in read_records(path)]


def number(record: Record, name: str) -> float:
    """Return a number of a record.

    Raises
    ------
    ParameterError
        The record has no such number.
    """
    value = record.get(name)
    if value is None:
        raise ParameterError("column", name, f"one of {', '.join(record)}")
    try:
        return float(value)
    except ValueError as error:
        raise ParameterError(f"{name} of run {record.get('run')}", value, "a number") from error


def write_parquet(results: Path, target: Path) -> None:
    """Write a results file as Parquet, streaming.

    Raises
    ------
    MissingExtraError
        polars is not installed.
    """
    if find_spec("polars") is None:
        raise MissingExtraError("writing Parquet", "data")
    import polars  # noqa: PLC0415 - an extra

    fresh = target.with_name(target.name + ".new")
    polars.scan_ndjson(results, infer_schema_length=None).sink_parquet(fresh)
    fresh.replace(target)
