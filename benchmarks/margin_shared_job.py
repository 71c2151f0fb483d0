"""One small job that many simulators were given: 10,000 accounts, 100 ticks, mark and liquidate everything.

One tick: equity = sum(balance * spot * (1 - haircut)) + sum(size * (mark - entry)), maintenance margin =
sum(|size| * mark * rate); an account below it is closed at the mark and pays 1 % of the notional. The answer
line is fixed; an engine that prints another one has done another job. Measured against one matrix product
over accounts and ticks (the strongest numpy form, for prices given from outside) and a fused loop in numba.

Run: ``OPENBLAS_NUM_THREADS=1 python -m benchmarks.margin_shared_job`` from the project's root. ``--peers``
names a folder with other people's ``job.py``, ``bench_numpy_gemm.py`` and ``bench_numba.py`` to run as well.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numba import njit

from benchmarks.margin_common import Goals, best_of
from benchmarks.peers.common_job import ANSWER, HAIRCUTS, PENALTY, RATES, Job, answer, make_job
from protocol.margin.book.book import Book
from protocol.margin.book.columns import Rows, Table, first_below_zero
from protocol.margin.book.linear import Coefficients, Weights


def settle(job: Job, first: Any) -> tuple[Any, Any, int]:
    """Return balances, sizes and liquidations, given every account's first failing tick or -1."""
    balances, sizes = job.balances.copy(), job.sizes.copy()
    hit = np.flatnonzero(first >= 0)
    marks = job.marks[first[hit]]
    result = (sizes[hit] * (marks - job.entries[hit])).sum(axis=1)
    balances[hit, 0] += result - PENALTY * (np.abs(sizes[hit]) * marks).sum(axis=1)
    sizes[hit] = 0.0
    return balances, sizes, len(hit)


WEIGHTS = Weights.from_haircuts(HAIRCUTS.tolist(), RATES.tolist())


def build(job: Job) -> Rows:
    """Return the engine's rows of the job's arrays."""
    accounts = len(job.balances)
    starts = np.arange(0, 4 * accounts + 1, 4)
    held = np.tile(np.arange(4, dtype=np.uint8), accounts)
    costs = (job.sizes * job.entries).sum(axis=1)
    return Rows.of(Book.of(4, job.balances, starts, held, job.sizes.ravel(), costs))


def on_book(job: Job, rows: Rows) -> tuple[Any, Any, int]:
    """Run the job on a book that the engine holds."""
    table = Table.of_prices(Coefficients.of(WEIGHTS, job.spots, job.marks))
    return settle(job, first_below_zero(rows, table))


def by_product(job: Job, block: int = 512) -> tuple[Any, Any, int]:
    """Run the job as one matrix product per block of accounts."""
    sizes = job.sizes
    left = np.hstack((job.balances, sizes, np.abs(sizes), (sizes * job.entries).sum(axis=1, keepdims=True)))
    right = np.vstack(
        ((job.spots * (1 - HAIRCUTS)).T, job.marks.T, -(job.marks * RATES).T, -np.ones((1, len(job.marks))))
    )
    first = np.full(len(left), -1)
    for begin in range(0, len(left), block):
        excess = left[begin : begin + block] @ right
        hit = np.flatnonzero(excess.min(axis=1) < 0)
        first[begin + hit] = (excess[hit] < 0).argmax(axis=1)
    return settle(job, first)


@njit  # type: ignore[untyped-decorator]
def fused(
    balances: Any, sizes: Any, entries: Any, spots: Any, marks: Any, keep: Any, rates: Any, penalty: float
) -> int:
    """Run the job tick by tick in one compiled loop."""
    count = 0
    for tick in range(spots.shape[0]):
        for i in range(balances.shape[0]):
            excess, needed, notional = 0.0, 0.0, 0.0
            for k in range(4):
                excess += balances[i, k] * spots[tick, k] * keep[k]
            result = 0.0
            for k in range(4):
                mark, size = marks[tick, k], sizes[i, k]
                value = abs(size) * mark
                result += size * (mark - entries[i, k])
                notional += value
                needed += value * rates[k]
            if needed > 0.0 and excess + result < needed:
                balances[i, 0] += result - penalty * notional
                sizes[i, :] = 0.0
                count += 1
    return count


def by_loop(job: Job) -> tuple[Any, Any, int]:
    """Run the fused loop on copies."""
    balances, sizes = job.balances.copy(), job.sizes.copy()
    count = fused(balances, sizes, job.entries, job.spots, job.marks, 1 - HAIRCUTS, RATES, PENALTY)
    return balances, sizes, count


def peers(folder: str, accounts: int, ticks: int) -> dict[str, Callable[[], tuple[Any, Any, int]]]:
    """Return other people's runs; they change their inputs, so each run takes a copy."""
    sys.path.insert(0, folder)
    import bench_numba
    import bench_numpy_gemm
    import job as theirs

    base = theirs.make_job(accounts, ticks)

    def fresh() -> Any:
        return theirs.Job(base.balances.copy(), base.sizes.copy(), base.entries, base.spots, base.marks)

    def gemm() -> tuple[Any, Any, int]:
        job = fresh()
        count = bench_numpy_gemm.run(job)
        return job.balances, job.sizes, count

    def loop() -> tuple[Any, Any, int]:
        job = fresh()
        arrays = (job.balances, job.sizes, job.entries, job.spots, job.marks)
        count = bench_numba.run(*arrays, 1 - theirs.HAIRCUT, theirs.MMR, theirs.PENALTY)
        return job.balances, job.sizes, count

    return {"their matrix product": gemm, "their fused loop": loop}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--ticks", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--peers", help="folder with job.py, bench_numpy_gemm.py and bench_numba.py")
    options = parser.parse_args()
    job, goals = make_job(options.accounts, options.ticks), Goals()
    rows = build(job)
    runs: dict[str, Callable[[], tuple[Any, Any, int]]] = {
        "matrix product": lambda: by_product(job),
        "fused loop": lambda: by_loop(job),
        "engine, book built in the timing": lambda: on_book(job, build(job)),
        "engine": lambda: on_book(job, rows),
    }
    if options.peers:
        runs |= peers(options.peers, options.accounts, options.ticks)
    lines = {name: answer(job, *run()) for name, run in runs.items()}
    print(f"engine: {lines['engine']}")
    goals.check("all engines", len(set(lines.values())) == 1)
    if (options.accounts, options.ticks) == (10_000, 100):
        goals.check("the job's published line", lines["engine"] == ANSWER)
    best = best_of(runs, options.rounds)
    done = options.accounts * options.ticks
    for name, seconds in best.items():
        print(f"  {name:36s} {done / seconds / 1e6:10.0f} million account-ticks per CPU second")
    for form in ("matrix product", "fused loop"):
        goal = 3.0 if form == "matrix product" else 5.0
        for name in (form, f"their {form}"):
            if name in best:
                goals.at_least(f"engine over {name}", best[name] / best["engine"], goal)
    built = best["engine, book built in the timing"]
    print(f"  the book built anew each time: {best['matrix product'] / built:.2f} x the matrix product")
    return goals.finish()


if __name__ == "__main__":
    raise SystemExit(main())
