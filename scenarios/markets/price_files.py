"""Recorded prices from files: CSV (``.csv``, ``.csv.gz``) and JSON Lines in the core, Parquet with ``data``.

Nothing is fetched. A table keeps the SHA-256 of the bytes it was read from, for the manifest of a run.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import MissingExtraError, ParameterError, PriceFileError
from scenarios.markets.elementary import Floats


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices over time.

    Parameters
    ----------
    assets
        Names of the columns.
    times
        Unix seconds, increasing, ``[rows]``.
    prices
        Positive, ``[rows, assets]``.
    name, sha256
        The file's name without folder, and the hash of its bytes.
    """

    assets: tuple[str, ...]
    times: NDArray[np.int64]
    prices: Floats
    name: str
    sha256: str

    def resample(self, step_seconds: int) -> PriceTable:
        """Return the last price known at each multiple of ``step_seconds`` after the first row.

        Raises
        ------
        ParameterError
            For a step below one second.
        """
        if step_seconds < 1:
            raise ParameterError("step_seconds", step_seconds, "at least 1")
        grid = np.arange(self.times[0], self.times[-1] + 1, step_seconds, dtype=np.int64)
        rows = np.searchsorted(self.times, grid, side="right") - 1
        return PriceTable(self.assets, grid, self.prices[rows], self.name, self.sha256)

    def beginning_at(self, assets: Sequence[str], prices: Sequence[float]) -> PriceTable:
        """Return the table with columns called ``assets``, each scaled so that it begins at its price."""
        factors = [
            1.0 if price == first else price / first
            for price, first in zip(prices, self.prices[0].tolist(), strict=True)
        ]
        scaled = self.prices * np.array(factors)
        return PriceTable(tuple(assets), self.times, scaled, self.name, self.sha256)

    def step_seconds(self) -> int:
        """Return the one distance between rows.

        Raises
        ------
        PriceFileError
            Rows lie at different distances: ``resample`` first.
        """
        steps = np.diff(self.times)
        if not steps.size:
            raise PriceFileError(self.name, 2, "at least two rows are needed")
        odd = np.flatnonzero(steps != steps[0])
        if odd.size:
            row = int(odd[0]) + 3
            raise PriceFileError(
                self.name, row, f"{steps[odd[0]]} s after the row before, others {steps[0]} s"
            )
        return int(steps[0])


def read_prices(
    path: Path,
    columns: Sequence[str] | None = None,
    time_column: str | None = None,
    scale: float = 1.0,
    skip_invalid: bool = False,
) -> PriceTable:
    """Read a file of prices.

    Parameters
    ----------
    path
        ``.csv``, ``.csv.gz``, ``.jsonl`` or ``.parquet``.
    columns
        Price columns; None: every column but the time.
    time_column
        Unix seconds or ISO 8601 (UTC where no zone is given); None: the first column.
    scale
        What the file's numbers are divided by (1e8 for answers of a feed with 8 decimals).
    skip_invalid
        Leave out rows whose price is empty or not positive, instead of refusing the file. Rows of one time
        keep the last.

    Raises
    ------
    PriceFileError
        With the row.
    MissingExtraError
        Parquet without polars.
    """
    content = path.read_bytes()
    header, rows = read_rows(path, content)
    when = time_column or (header[0] if header else "")
    names = tuple(columns or (name for name in header if name != when))
    for name in (when, *names):
        if name not in header:
            raise PriceFileError(path.name, 1, f"no column {name!r}; there are {', '.join(header)}")
    places = [header.index(name) for name in names]
    times: list[int] = []
    prices: list[list[float]] = []
    first = 1 if path.suffix in JSON_LINES else 2
    for number, row in enumerate(rows, start=first):
        if len(row) != len(header) and not skip_invalid:
            reason = f"{len(row)} fields, the first line has {len(header)}"
            raise PriceFileError(path.name, number, reason)
        values = [_price(row[place] if place < len(row) else "", scale) for place in places]
        bad = [name for name, value in zip(names, values, strict=True) if value is None]
        if bad:
            if skip_invalid:
                continue
            raise PriceFileError(path.name, number, f"{bad[0]} is not a positive number")
        time = _time(row[header.index(when)], path.name, number)
        if times and time <= times[-1]:
            if time < times[-1] or not skip_invalid:
                raise PriceFileError(path.name, number, f"time {time} is not after {times[-1]}")
            times.pop()
            prices.pop()
        times.append(time)
        prices.append([value for value in values if value is not None])
    if not times:
        raise PriceFileError(path.name, first, "no rows")
    digest = hashlib.sha256(content).hexdigest()
    return PriceTable(names, np.array(times, np.int64), np.array(prices), path.name, digest)


JSON_LINES = frozenset({".jsonl", ".ndjson"})


def read_rows(path: Path, content: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the names of the columns and the rows as text, by the ending of ``path``."""
    if path.suffix == ".parquet":
        return _read_parquet(path, content)
    if path.suffix in JSON_LINES:
        return _read_json_lines(path, content)
    return _read_csv(path, content)


def _read_json_lines(path: Path, content: bytes) -> tuple[list[str], list[list[str]]]:
    header: list[str] = []
    rows: list[list[str]] = []
    for number, line in enumerate(content.decode("utf-8-sig").splitlines(), start=1):
        try:
            found = json.loads(line)
        except ValueError as error:
            raise PriceFileError(path.name, number, f"no JSON: {error}") from error
        if not isinstance(found, dict):
            raise PriceFileError(path.name, number, "not an object")
        header = header or list(found)
        if set(found) != set(header):
            raise PriceFileError(
                path.name, number, f"fields {', '.join(found)}, the first line has {', '.join(header)}"
            )
        rows.append(["" if found[name] is None else str(found[name]) for name in header])
    return header, rows


def _read_csv(path: Path, content: bytes) -> tuple[list[str], list[list[str]]]:
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise PriceFileError(path.name, 1, "not a whole gzip file") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PriceFileError(path.name, content[: error.start].count(b"\n") + 1, "not UTF-8") from error
    rows = list(csv.reader(io.StringIO(text, newline="")))
    return (rows[0], rows[1:]) if rows else ([], [])


def _read_parquet(path: Path, content: bytes) -> tuple[list[str], list[list[str]]]:
    if find_spec("polars") is None:
        raise MissingExtraError("reading Parquet", "data")
    import polars  # noqa: PLC0415 - an extra

    try:
        frame = polars.read_parquet(io.BytesIO(content))
    except polars.exceptions.PolarsError as error:
        raise PriceFileError(path.name, 1, f"no Parquet: {error}") from error
    return frame.columns, [["" if v is None else str(v) for v in row] for row in frame.iter_rows()]


def _price(text: str, scale: float) -> float | None:
    try:
        value = float(text) / scale
    except ValueError:
        return None
    return value if 0.0 < value < math.inf else None


def _time(text: str, name: str, row: int) -> int:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise PriceFileError(name, row, f"time {text!r} is neither Unix seconds nor ISO 8601") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
