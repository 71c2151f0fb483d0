"""Liquidations per second beside the simulators that people use today, on their common job, in one run.

The job is that of ``peers/common_job.py``: 10,000 accounts, 100 ticks with a fall of 12 % half way, 1,296
liquidations. An engine that does not print the job's answer line has done another job, and the run ends.
Ours runs it three ways: tick by tick with the safe-radius list, tick by tick with full marks (after each
tick accounts are closed, their results and penalties booked, and prices could have reacted), and all ticks
at once, which is for prices that do not react. A book is built before the clock starts, as the accounts of
all peers are; lists are made within it.

Run: ``uv run --extra fast python -m benchmarks.liquidations`` from the project's root. Peers are installed
by uv into environments of their own; one that cannot be had is named and left out. Every engine takes its
turn in every round; the least CPU time of each counts. On two busy cores: all at once 4 times numpy's
matrix product, 6.6 times a fused numba loop, 4,000 times Mesa, 12,700 times radCAD's default and 24,000
times verbs; tick by tick 1.1, 690, 2,160 and 4,100 times the latter. Lists do not pay on so few accounts.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "benchmarks" / "peers")]

import numpy as np  # noqa: E402 - after the thread limits
import plain_accounts  # noqa: E402

from benchmarks.common_job_peers import PLANS, Peers  # noqa: E402
from benchmarks.margin_common import Goals, best_of  # noqa: E402
from benchmarks.margin_shared_job import WEIGHTS, build, by_product, on_book  # noqa: E402
from benchmarks.peers.common_job import (  # noqa: E402
    ANSWER,
    HAIRCUTS,
    PENALTY,
    RATES,
    Job,
    answer,
    make_job,
)
from protocol.margin.book.book import Book  # noqa: E402
from protocol.margin.book.cascade import Finder, FullMark  # noqa: E402
from protocol.margin.book.decision import Marker  # noqa: E402
from protocol.margin.book.safe_radius import LinearSubject, SafeRadiusList  # noqa: E402

Done: TypeAlias = tuple[Any, Any, int]
STILL = np.array([True] + [False] * 7)
RUNS = 40
"""Of the fast engines in each round, for one of a slow one."""


def subject_of(job: Job) -> LinearSubject:
    """Return the job's accounts as the engine holds them."""
    accounts = len(job.balances)
    starts, held = np.arange(0, 4 * accounts + 1, 4), np.tile(np.arange(4), accounts)
    costs = (job.sizes * job.entries).sum(axis=1)
    return LinearSubject(
        Marker(Book.of(4, job.balances, starts, held, job.sizes.ravel(), costs)), WEIGHTS, STILL
    )


def tick_by_tick(job: Job, finder: Finder) -> Done:
    """Find, close and book at every tick before the next is looked at."""
    balances, sizes, count = job.balances.copy(), job.sizes.copy(), 0
    prices = np.concatenate((job.spots, job.marks), axis=1)
    for mark, now in zip(job.marks, prices, strict=True):
        hit = finder.failing(now)
        if len(hit):
            finder.close(hit)
            close(job, balances, sizes, hit, mark)
            count += len(hit)
    return balances, sizes, count


def close(job: Job, balances: Any, sizes: Any, hit: Any, mark: Any) -> None:
    """Close all positions of accounts at a mark: results and penalties go into cash."""
    closing = sizes[hit]
    balances[hit, 0] += (closing * (mark - job.entries[hit])).sum(axis=1) - PENALTY * (np.abs(closing) @ mark)
    sizes[hit] = 0.0


def by_numpy(job: Job) -> Done:
    """Run the job as one vectorised step a tick."""
    balances, sizes, count = job.balances.copy(), job.sizes.copy(), 0
    for spot, mark in zip(job.spots, job.marks, strict=True):
        equity = balances @ (spot * (1.0 - HAIRCUTS)) + (sizes * (mark - job.entries)).sum(axis=1)
        needed = np.abs(sizes) @ (mark * RATES)
        hit = np.flatnonzero((equity < needed) & (needed > 0.0))
        close(job, balances, sizes, hit, mark)
        count += len(hit)
    return balances, sizes, count


def by_objects(job: Job) -> Done:
    """Run the job on accounts as Python objects."""
    accounts, count = plain_accounts.accounts_of(job), 0
    for spot, mark in zip(job.spots.tolist(), job.marks.tolist(), strict=True):
        for i, account in enumerate(accounts):
            if plain_accounts.fails(account, spot, mark):
                accounts[i] = plain_accounts.closed(account, mark)
                count += 1
    return np.array([a[0] for a in accounts]), np.array([a[1] for a in accounts]), count


def in_process(job: Job) -> dict[str, Callable[[], Done]]:
    """Return the runs that need no environment of their own."""
    subject, rows = subject_of(job), build(job)
    return {
        "ours, safe-radius list": lambda: tick_by_tick(job, SafeRadiusList(subject, STILL)),
        "ours, full marks": lambda: tick_by_tick(job, FullMark(subject)),
        "ours, all ticks at once": lambda: on_book(job, rows),
        "numpy, all ticks at once": lambda: by_product(job),
        "numpy, step by step": lambda: by_numpy(job),
    }


def measure(job: Job, rounds: int, goals: Goals) -> dict[str, float]:
    """Return the least CPU seconds of every engine that can be had, answers checked."""
    runs = in_process(job)
    for name, run in [*runs.items(), ("Python objects", lambda: by_objects(job))]:
        goals.check(name, answer(job, *run()) == ANSWER)
    best: dict[str, float] = {}

    def keep(name: str, seconds: float) -> None:
        best[name] = min(best.get(name, np.inf), seconds)

    with tempfile.TemporaryDirectory() as folder:
        peers = Peers(Path(folder), goals)
        for _ in range(rounds):
            for name in PLANS:
                for fast, seconds in best_of(runs, RUNS // len(PLANS)).items():
                    keep(fast, seconds)
                found = peers.run(name)
                if found is not None:
                    # A peer may run a part of the job only; its rate counts.
                    keep(name, found["cpu"] * job.marks.shape[0] * len(job.balances) / found["account_ticks"])
            start = time.process_time()
            by_objects(job)
            keep("Python objects", time.process_time() - start)
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    job, goals = make_job(), Goals()
    best = measure(job, options.rounds, goals)
    count = int(ANSWER.split()[0].split("=")[1])
    ticks = job.marks.shape[0] * len(job.balances)
    print(f"\n{'':26s} liquidations per CPU second, million account-ticks, ours tick by tick, ours at once")
    steps = min(best["ours, safe-radius list"], best["ours, full marks"])
    for name, seconds in sorted(best.items(), key=lambda item: item[1]):
        at_once = seconds / best["ours, all ticks at once"]
        print(
            f"  {name:26s} {count / seconds:14,.0f} {ticks / seconds / 1e6:12,.2f}"
            f" {seconds / steps:12,.2f} x {at_once:12,.2f} x"
        )
    for name, goal in (("numpy, step by step", 5.0), ("fused numba loop", 1.0), ("Mesa", 500.0)):
        if name in best:
            goals.at_least(f"ours tick by tick over {name}", best[name] / steps, goal)
    for name, goal in (
        ("numpy, all ticks at once", 3.0),
        ("fused numba loop", 5.0),
        ("radCAD, its default", 500.0),
        ("Mesa", 2_000.0),
        ("verbs", 15_000.0),
    ):
        if name in best:
            goals.at_least(f"ours at once over {name}", best[name] / best["ours, all ticks at once"], goal)
    return goals.finish()


if __name__ == "__main__":
    raise SystemExit(main())
