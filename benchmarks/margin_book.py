"""One mark of a whole book against merely reading its bytes, and exact books against Python integers.

Goals: a decision for every account within 1.15 times reading the same bytes, linear to ten million accounts;
a provably exact decision within 1.5 times; exact excess of every account 30 times as fast as Python integers.
The reading it is held to is the faster of two: with and without prefetching.

Run: ``python -m benchmarks.margin_book`` from the project's root; ``--large`` adds ten million accounts.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from benchmarks.margin_common import Goals, best_of, show
from protocol.fixed_point import WAD
from protocol.margin.book.columns import Rows, Table, excess_columns
from protocol.margin.book.decision import Marker, signs
from protocol.margin.book.exact_book import ExactBook
from protocol.margin.book.linear import Coefficients, LinearAccount, Weights, exact_excess

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from random_books import ArrayCase, array_case


def _reader(ahead: int) -> Any:
    """Return an intrinsic that adds up a float64 array with eight accumulators, reading ``ahead``."""
    vector = ir.VectorType(ir.DoubleType(), 8)
    whole = ir.IntType(64)

    @intrinsic  # type: ignore[misc]
    def read(typing: Any, array: Any, size: Any) -> Any:  # noqa: ARG001 - the signature is numba's
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            data = arrayobj.make_array(signature.args[0])(context, builder, arguments[0]).data
            places = [cgutils.alloca_once(builder, vector) for _ in range(8)]
            for place in places:
                builder.store(ir.Constant(vector, [0.0] * 8), place)
            small, byte = ir.IntType(32), ir.IntType(8)
            kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), small, small, small])
            prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
            with cgutils.for_range_slice(builder, whole(0), arguments[1], whole(64), inc=True) as (at, _):
                for part, place in enumerate(places):
                    here = builder.gep(data, [builder.add(at, whole(8 * part))])
                    if ahead:
                        there = builder.bitcast(builder.gep(here, [whole(ahead)]), byte.as_pointer())
                        builder.call(prefetch, [there, small(0), small(3), small(1)])
                    values = builder.load(builder.bitcast(here, vector.as_pointer()))
                    values.align = 8
                    builder.store(builder.fadd(builder.load(place), values), place)
            total = builder.load(places[0])
            for place in places[1:]:
                total = builder.fadd(total, builder.load(place))
            return builder.extract_element(total, small(0))

        return types.float64(array, types.int64), generate

    return read


_plain, _ahead = _reader(0), _reader(1024)


@njit  # type: ignore[untyped-decorator]
def read_plain(a: Any, b: Any, c: Any, d: Any) -> float:
    return (
        _plain(a, a.size // 64 * 64)
        + _plain(b, b.size // 64 * 64)
        + _plain(c, c.size // 64 * 64)
        + _plain(d, d.size // 64 * 64)
    )


@njit  # type: ignore[untyped-decorator]
def read_ahead(a: Any, b: Any, c: Any, d: Any) -> float:
    return (
        _ahead(a, a.size // 64 * 64)
        + _ahead(b, b.size // 64 * 64)
        + _ahead(c, c.size // 64 * 64)
        + _ahead(d, d.size // 64 * 64)
    )


def streams(marker: Marker) -> list[Any]:
    """Return the arrays that a mark reads, as float64."""
    blocks = marker.blocks
    rows = blocks.rows.reshape(-1)
    rows = rows[: rows.nbytes // 8 * 8 // rows.itemsize].view(np.float64).copy()
    return [
        blocks.balances.reshape(-1),
        blocks.sizes.reshape(-1),
        np.nan_to_num(rows),
        blocks.costs.reshape(-1),
    ]


def sparse_product(case: ArrayCase) -> Any:
    """Return the same decision by scipy's sparse product."""
    rows = Rows.of(case.book)
    table = Table.of_prices(case.coefficients()).matrix()[:, 0].copy()
    matrix = scipy.sparse.csr_matrix(
        (rows.values, rows.rows.astype(np.int32), rows.starts), shape=(len(rows.order), len(table))
    )
    natural = matrix[np.argsort(rows.order)]
    costs = case.book.costs
    return lambda: np.flatnonzero(natural @ table < costs)


def one_mark(accounts: int, rounds: int, goals: Goals, *, full: bool) -> float:
    """Measure one size and return nanoseconds per account of a decision."""
    case = array_case(1, accounts)
    prices = case.prices * np.where(case.still, 1.0, 0.97)
    case = ArrayCase(case.book, case.weights, prices, case.still)
    now = case.coefficients()
    marker, arrays = Marker(case.book, fast=True), None
    arrays = streams(marker)
    certain = np.zeros(marker.blocks.count)
    doubt = marker.doubt(now)

    def decision() -> Any:
        return signs(marker.blocks, now, certain, fast=True)

    runs: dict[str, Any] = {
        "read the same bytes": lambda: read_plain(*arrays),
        "read the same bytes with prefetching": lambda: read_ahead(*arrays),
        "decision (a bit per account)": decision,
        "decision, exact where it says so (a bit per account)": lambda: signs(
            marker.blocks, now, doubt, fast=True
        ),
        "decision with list of accounts": lambda: marker.below_zero(now),
        "exact decision with bound and list": lambda: marker.certainly(now),
    }
    failing = marker.below_zero(now)
    exact, unknown = marker.certainly(now)
    print(f"\n{accounts} accounts, {len(failing)} failing, {len(unknown)} undecided by float64")
    goals.check(
        "decision and exact decision",
        np.array_equal(failing, np.union1d(exact, unknown)) or bool(len(unknown)),
    )
    if full:
        product = sparse_product(case)
        rows = Rows.of(case.book)
        levels = [Weights.equity(8, 16), case.weights, case.weights]
        parts = [Coefficients.of(level, prices[:8], prices[8:]) for level in levels]
        table = Table.of_prices(
            Coefficients(
                *(
                    np.stack(column)
                    for column in zip(*((p.owned, p.owed, p.positions) for p in parts), strict=True)
                )
            )
        )
        goals.check("decision and sparse product", np.array_equal(np.sort(product()), failing))
        readable = signs(marker.blocks, now, doubt, fast=False)
        compiled = signs(marker.blocks, now, doubt, fast=True)
        goals.check("compiled and numpy bits", all(map(np.array_equal, readable, compiled)))
        runs |= {
            "scipy sparse product": product,
            "numpy, same layout": lambda: signs(marker.blocks, now, certain, fast=False),
            "equity, initial and maintenance margin written": lambda: excess_columns(rows, table, fast=True),
            "decision, two threads (CPU of both)": lambda: signs(
                marker.blocks, now, certain, fast=True, workers=2
            ),
        }
    best = best_of(runs, rounds)
    show(f"one mark, {accounts} accounts, {marker.blocks.nbytes / accounts:.0f} bytes each", best, accounts)
    floor = min(best["read the same bytes"], best["read the same bytes with prefetching"])
    goals.at_most("decision over reading", best["decision (a bit per account)"] / floor, 1.15)
    listed = best["decision with list of accounts"]
    print(f"  with the sorted list of accounts: {listed / floor:.2f}")
    goals.at_most(
        "exact decision with list over reading", best["exact decision with bound and list"] / floor, 1.5
    )
    if full:
        for peer in ("scipy sparse product", "numpy, same layout"):
            print(f"  {best[peer] / listed:.1f} x {peer}")
    return best["decision (a bit per account)"] / accounts * 1e9


def exact_accounts(count: int) -> tuple[list[LinearAccount], Weights, list[int], list[int]]:
    """Return an array book's accounts in exact units."""
    case = array_case(3, count)
    book = case.book

    def exact(values: Any) -> list[int]:
        return [int(value * 2**40) * WAD >> 40 for value in values.tolist()]

    accounts = []
    for i in range(count):
        own = slice(int(book.starts[i]), int(book.starts[i + 1]))
        positions = tuple(zip(book.held[own].tolist(), exact(book.sizes[own]), strict=True))
        accounts.append(
            LinearAccount(tuple(exact(book.balances[i])), positions, exact(book.costs[i : i + 1])[0])
        )
    prices = exact(case.prices * np.where(case.still, 1.0, 0.97))
    return accounts, case.weights, prices[:8], prices[8:]


def exact_books(count: int, rounds: int, goals: Goals) -> None:
    """Measure exact excess and exact decisions of a whole book."""
    accounts, weights, prices, marks = exact_accounts(count)
    book = ExactBook(accounts, 16, fast=True)
    arguments = (weights, prices, marks)
    expected = [exact_excess(account, *arguments) for account in accounts]
    print(f"\n{count} exact accounts")
    goals.check("every integer", book.excess(*arguments) == expected)
    failing = [number for number, value in enumerate(expected) if value < 0]
    goals.check("exact decisions", book.failing(*arguments).tolist() == failing)
    runs = {
        "Python integers": lambda: [exact_excess(account, *arguments) for account in accounts],
        "compiled, 128-bit halves": lambda: book.excess_halves(*arguments),
        "compiled, as Python integers": lambda: book.excess(*arguments),
        "exact decision": lambda: book.failing(*arguments),
    }
    best = best_of(runs, rounds)
    show("exact book", best, count)
    ratio = best["Python integers"] / best["compiled, 128-bit halves"]
    goals.at_least("exact book over Python integers", ratio, 30)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--large", action="store_true", help="ten million accounts as well")
    options = parser.parse_args()
    goals = Goals()
    exact_books(20_000, max(3, options.rounds // 4), goals)
    small = one_mark(options.accounts, options.rounds, goals, full=True)
    if options.large:
        large = one_mark(10 * options.accounts, max(3, options.rounds // 3), goals, full=False)
        goals.at_most("ten times the accounts, time per account", large / small, 1.15)
    return goals.finish()


if __name__ == "__main__":
    raise SystemExit(main())
