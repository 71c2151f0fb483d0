"""Many price vectors, scenarios or levels in one pass over the accounts.

Excess is linear in prices, so each set of prices is one column of coefficients and an account's excess in all
columns is the sum of (units * row of the table). Accounts are read once for all columns, so the limit is
arithmetic and no longer memory. Columns stand in panels of 32 with a remainder in panels of 8; padding
repeats the last column, which changes neither a minimum nor the first column below zero.

**Skipping panels.** In a table of prices a row's units have one sign: owned and long are positive, owed and
short negative. The least coefficient of a panel in the former rows and the greatest in the latter make one
more column, and since rounding is monotone and terms are added in one order, its float64 sum is at most that
of every column of the panel. A panel whose bound is not below zero has no column below zero and is skipped;
the answer is the same to the last bit of every sum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import BookError
from protocol.margin.book.book import Book
from protocol.margin.book.engine import aligned, in_ranges, kernels
from protocol.margin.book.linear import Coefficients

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]
WIDE, NARROW = 32, 8
WINDOW = 16384
"""Accounts sorted by number of terms among themselves."""
CHUNK = 4096
"""Accounts per step of the numpy form: its temporaries stay in the caches."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A matrix [rows, columns] cut into panels.

    Parameters
    ----------
    columns
        Number of columns without padding.
    wide, narrow
        [panels, rows, 32] and [panels, rows, 8].
    bounds
        [panels / 8, rows, 8]: one bounding column per panel, wide ones first; none where units of any sign
        may meet a row.
    single
        [rows] the last column, if it is one more than the wide panels hold: so narrow a table stays in the
        first cache.
    with_zeros
        Whether a column of zeros was left out: its sum is what an account starts from.
    """

    columns: int
    wide: Floats
    narrow: Floats
    bounds: Floats
    single: Floats
    with_zeros: bool = False

    @classmethod
    def of_losses(cls, matrix: ArrayLike) -> Table:
        """Cut a matrix of which only the least column will be asked: scenarios without a move are free.

        A grid of 33 scenarios, 11 prices by 3 volatilities, has one; the other 32 are one panel.
        """
        values = np.asarray(matrix, dtype=np.float64)
        moving = values[0] != 0 if values.ndim == 2 and len(values) else np.ones(1, dtype=np.bool_)
        if not moving.all():
            moving[~moving] = values[:, ~moving].any(axis=0)
        if moving.all() or not moving.any():
            return cls.of(values)
        return replace(cls.of(values[:, moving]), with_zeros=True)

    @classmethod
    def of(cls, matrix: ArrayLike, owed: NDArray[np.bool_] | None = None) -> Table:
        """Cut a matrix [rows, columns] with at least one column.

        Parameters
        ----------
        matrix
            Coefficients.
        owed
            Flags of the rows that only negative units meet, where only positive units meet the others; None
            where units of any sign meet any row.
        """
        values = np.asarray(matrix, dtype=np.float64)
        if values.ndim != 2 or not values.shape[1]:
            raise BookError("table", f"rows and at least one column are needed, got shape {values.shape}")
        wide, rest = divmod(values.shape[1], WIDE)
        narrow = -(-rest // NARROW)
        padding = wide * WIDE + narrow * NARROW - values.shape[1]
        if padding:
            values = np.concatenate((values, np.repeat(values[:, -1:], padding, axis=1)), axis=1)
        edge = wide * WIDE

        def panels(part: Floats, width: int) -> Floats:
            return aligned(part.reshape(len(part), -1, width).transpose(1, 0, 2))

        parts = panels(values[:, :edge], WIDE), panels(values[:, edge:], NARROW)
        bounds = np.empty((0, len(values), NARROW))
        if owed is not None:
            some = [np.where(owed, part.max(axis=2), part.min(axis=2)) for part in parts if len(part)]
            columns = np.concatenate(some).T
            missing = -columns.shape[1] % NARROW
            bounds = panels(np.concatenate((columns, np.zeros((len(values), missing))), axis=1), NARROW)
        single = aligned(values[:, edge]) if rest == 1 else np.empty(0)
        return cls(values.shape[1] - padding, *parts, bounds, single)

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.wide.shape[1])

    @property
    def padded(self) -> int:
        """Number of columns with padding."""
        return len(self.wide) * WIDE + len(self.narrow) * NARROW

    def matrix(self, *, zeros: bool = False) -> Floats:
        """Return [rows, padded columns], perhaps with the column of zeros that was left out."""
        parts = [panel.transpose(1, 0, 2).reshape(self.height, -1) for panel in (self.wide, self.narrow)]
        if zeros:
            parts.append(np.zeros((self.height, 1)))
        return np.concatenate(parts, axis=1)

    @classmethod
    def of_prices(cls, coefficients: Coefficients) -> Table:
        """Return the table of coefficients [columns, ...], rows as in ``Rows.of``."""
        parts = [
            np.atleast_2d(part) for part in (coefficients.owned, coefficients.owed, coefficients.positions)
        ]
        assets, sides = parts[0].shape[1], parts[2].shape[1]
        owed = np.repeat([False, True, False, True], [assets, assets, sides // 2, sides // 2])
        return cls.of(np.concatenate(parts, axis=1).T, owed)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Accounts as sparse rows of a product, sorted by number of terms in windows of accounts.

    Parameters
    ----------
    order
        [accounts] account number in each place.
    starts, rows, values
        Terms of the account in place i: ``starts[i]`` to ``starts[i + 1]``, row of the table and units.
    constants
        [accounts] what every column starts from.
    height
        One more than the greatest row met.
    """

    order: Wholes
    starts: Wholes
    rows: NDArray[Any]
    values: Floats
    constants: Floats
    height: int

    @classmethod
    def sparse(cls, starts: ArrayLike, rows: ArrayLike, values: ArrayLike, constants: ArrayLike) -> Rows:
        """Return rows from account pointers, table rows and units."""
        pointers, numbers = np.asarray(starts, dtype=np.int64), np.asarray(rows)
        units = np.asarray(values, dtype=np.float64)
        begin = np.asarray(constants, dtype=np.float64)
        if pointers.shape != (len(begin) + 1,) or numbers.shape != units.shape or pointers[-1] != len(units):
            raise BookError("rows", f"{len(begin)} accounts, {pointers.shape} pointers, {len(units)} terms")
        counts = np.diff(pointers)
        most = int(numbers.max()) if len(numbers) else -1
        if (counts < 0).any() or int(numbers.min(initial=0)) < 0 or most >= 1 << 31:
            raise BookError("rows", "pointers must rise and rows lie within 0..2**31")
        numbers = numbers.astype(_row_kind(max(most, 0)))
        order = _sorted_in_windows(counts)
        if np.array_equal(order, np.arange(len(order))):
            return cls(order, pointers, numbers, units, begin, most + 1)
        sorted_starts = np.concatenate(([0], np.cumsum(counts[order])))
        at = np.arange(len(units)) + np.repeat(pointers[order] - sorted_starts[:-1], counts[order])
        return cls(order, sorted_starts, numbers[at], units[at], begin[order], most + 1)

    @classmethod
    def of(cls, book: Book) -> Rows:
        """Return a book's rows: assets owned, assets owed, long and short instruments; zeros left out."""
        held = np.diff(book.starts)
        counts = np.count_nonzero(book.balances, axis=1) + held
        order = _sorted_in_windows(counts)
        starts = np.concatenate(([0], np.cumsum(counts[order])))
        begin = np.empty_like(counts)
        begin[order] = starts[:-1]
        rows = np.empty(starts[-1], dtype=_row_kind(2 * (book.assets + book.instruments) - 1))
        values = np.empty(starts[-1])
        account, asset = np.nonzero(book.balances)
        ends = np.cumsum(counts - held)
        at = np.arange(len(account)) + np.repeat(begin - ends + (counts - held), counts - held)
        units = book.balances[account, asset]
        values[at] = units
        rows[at] = asset + book.assets * (units < 0)
        at = np.arange(len(book.sizes)) + np.repeat(begin + counts - held - book.starts[:-1], held)
        values[at] = book.sizes
        rows[at] = 2 * book.assets + book.held.astype(np.int64) + book.instruments * (book.sizes < 0)
        return cls(order, starts, rows, values, 0.0 - book.costs[order], 2 * (book.assets + book.instruments))


def _sorted_in_windows(counts: Wholes) -> Wholes:
    """Return accounts by rising number of terms within each window: results stay near their places."""
    window = np.arange(len(counts)) // WINDOW
    return np.asarray(np.argsort(window * (int(counts.max(initial=0)) + 1) + counts, kind="stable"))


def _row_kind(most: int) -> type[np.unsignedinteger[Any]]:
    return np.uint8 if most < 256 else np.uint16 if most < 65536 else np.uint32


def excess_columns(rows: Rows, table: Table, *, fast: bool | None = None, workers: int = 1) -> Floats:
    """Return [accounts, columns] sums."""
    out = np.empty((len(rows.order), table.padded))
    _run("columns", rows, table, out, lambda sums: sums, fast, workers)
    return out[:, : table.columns]


def first_below_zero(rows: Rows, table: Table, *, fast: bool | None = None, workers: int = 1) -> Wholes:
    """Return per account the first column whose sum is below zero, -1 where none is."""
    out = np.empty(len(rows.order), dtype=np.int64)

    def first(sums: Floats) -> Wholes:
        below = sums < 0
        return np.where(below.any(axis=1), below.argmax(axis=1), -1)

    _run("first_negative", rows, table, out, first, fast, workers)
    return out


def least_of_columns(
    rows: Rows, table: Table, *, most: float = np.inf, fast: bool | None = None, workers: int = 1
) -> Floats:
    """Return per account the least sum over all columns, or ``most`` if that is less."""
    out = np.empty(len(rows.order))
    kernel = "least_of_panel" if len(table.wide) == 1 and table.columns <= WIDE + 1 else "least"
    _run(kernel, rows, table, out, lambda sums: np.minimum(sums.min(axis=1), most), fast, workers, most)
    return out


def _run(
    name: str,
    rows: Rows,
    table: Table,
    out: NDArray[Any],
    finish: Callable[[Floats], NDArray[Any]],
    fast: bool | None,
    workers: int,
    most: float = np.inf,
) -> None:
    if rows.height > table.height:
        raise BookError("table", f"it has {table.height} rows, the accounts need {rows.height}")
    compiled = kernels(fast)
    matrix = None if compiled else table.matrix(zeros=table.with_zeros)
    if table.with_zeros and not name.startswith("least"):
        raise BookError("table", "it was made for the least of its columns only")
    more: dict[str, list[Any]] = {
        "columns": [table.narrow],
        "first_negative": [table.narrow, table.bounds],
        "least": [table.narrow, table.with_zeros, most],
        "least_of_panel": [table.single, table.with_zeros, most],
    }
    tables = [table.wide, *more[name]]

    def run(first: int, last: int) -> None:
        if compiled:
            kernel = getattr(compiled, name)
            kernel(
                rows.starts, rows.rows, rows.values, rows.constants, rows.order,
                *tables, out, first, last,
            )  # fmt: skip
            return
        assert matrix is not None
        for begin in range(first, last, CHUNK):
            end = min(begin + CHUNK, last)
            out[rows.order[begin:end]] = finish(row_sums(rows, matrix, begin, end))

    in_ranges(run, len(rows.order), workers)


def row_sums(rows: Rows, matrix: Floats, first: int, last: int) -> Floats:
    """Return [accounts, columns] sums, terms added in their order: the readable form."""
    starts = rows.starts[first : last + 1]
    counts = np.diff(starts)
    sums = np.repeat(rows.constants[first:last, None], matrix.shape[1], axis=1)
    for term in range(int(counts.max(initial=0))):
        some = np.flatnonzero(counts > term)
        at = starts[some] + term
        sums[some] += rows.values[at, None] * matrix[rows.rows[at]]
    return sums
