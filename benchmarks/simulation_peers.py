"""A whole stress run beside the simulators that people use today, on their common job, in one run.

Ours is the product's own path: random market paths drawn, every account judged at every step, liquidations,
records encoded, journalled with fsync, merged, and the risk figures with their intervals at the end. Nothing
is written for the benchmark but the job. Every peer does the job of ``peers/common_job.py`` and must print
its answer line; so must ours, on the job's own recorded path through the same task.

Run: ``uv run --extra fast python -m benchmarks.simulation_peers`` from the project's root. Peers are
installed by uv into environments of their own; one that cannot be had is named and left out. Unit:
account-ticks per second of processor time, the least of the rounds, all taking turns.

Not run: dex-sim, a market simulator in numba, is a repository without package, and its one-market model
cannot express the job. A fused numba loop stands for it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import numpy as np  # noqa: E402 - after the thread limits

from benchmarks.common_job_peers import PLANS, Peers  # noqa: E402
from benchmarks.margin_common import Goals  # noqa: E402
from benchmarks.peers.common_job import (  # noqa: E402
    ANSWER,
    GAP,
    HAIRCUTS,
    MARKS,
    PENALTY,
    RATES,
    STEP,
    make_job,
)
from protocol.margin.book.book import Book  # noqa: E402
from protocol.margin.book.linear import Weights  # noqa: E402
from scenarios.markets.correlation import uniform_correlation  # noqa: E402
from scenarios.markets.describe import market_seed  # noqa: E402
from scenarios.markets.historical import Historical  # noqa: E402
from scenarios.markets.jump_diffusion import JumpDiffusion, Jumps  # noqa: E402
from scenarios.markets.market import YEAR_SECONDS, Market  # noqa: E402
from scenarios.markets.price_files import PriceTable  # noqa: E402
from scenarios.populations.outcome import Terms  # noqa: E402
from scenarios.populations.task import BookTask  # noqa: E402
from scenarios.runs import Study, run_study  # noqa: E402
from scenarios.runs.results import column  # noqa: E402
from scenarios.runs.statistics import (  # noqa: E402
    expected_shortfall,
    liquidations_at_risk,
    mean,
    value_at_risk,
)

NAMES = ("first", "second", "third", "fourth")
COLUMNS = (None, "first", "second", "third", *NAMES)
SECONDS = 3_600.0
ACCOUNTS, TICKS = 10_000, 100


def random_market() -> Market:
    """Return the job's law: 0.6 % common and 0.6 % own a step, one fall of 12 % a path on average."""
    together = uniform_correlation(4, 0.5)
    volatility = float(np.sqrt(2.0)) * STEP * (YEAR_SECONDS / SECONDS) ** 0.5
    fall = Jumps(YEAR_SECONDS / SECONDS / TICKS, [-GAP] * 4, [0.0] * 4)
    return JumpDiffusion(
        NAMES, tuple(MARKS.tolist()), [0.0] * 4, [volatility] * 4, SECONDS, together, (fall,)
    )  # fmt: skip


def recorded_market() -> Market:
    """Return the job's own path."""
    rows = np.vstack((MARKS, make_job().marks))
    times = np.arange(len(rows)) * int(SECONDS)
    return Historical(PriceTable(NAMES, times, rows, "the job", ""))


def task_on(market: Market) -> BookTask:
    """Return the job's accounts on a market."""
    job = make_job()
    starts, held = np.arange(0, 4 * ACCOUNTS + 1, 4), np.tile(np.arange(4), ACCOUNTS)
    book = Book.of(4, job.balances, starts, held, job.sizes.ravel(), (job.sizes * job.entries).sum(axis=1))
    weights = Weights.from_haircuts(HAIRCUTS.tolist(), RATES.tolist())
    return BookTask(book, weights, Terms(0, PENALTY, False), market, COLUMNS, market_seed(7, market), TICKS)


def stress(task: BookTask, runs: int) -> tuple[float, dict[str, list[float]]]:
    """Run a study with all that belongs to it; return its processor seconds and the columns."""
    used = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        done = run_study(Study(task, runs, Path(folder), "serial"), argv=["benchmarks.simulation_peers"])
        names = ("accounts_liquidated", "liquidated", "bad_debt", "insolvent", "value")
        columns = {name: [float(value) for value in column(done.results, name)] for name in names}
    for figure in (value_at_risk, liquidations_at_risk):
        figure(columns["bad_debt"])
    expected_shortfall("", columns["bad_debt"])
    mean("", columns["liquidated"])
    return time.process_time() - used, columns


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=500, help="paths of our stress run")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    goals = Goals()

    used = time.process_time()
    _, exact = stress(task_on(recorded_market()), 3)
    first = time.process_time() - used
    lines = {
        f"liquidations={exact['accounts_liquidated'][i]:.0f} bad_debt_accounts={exact['insolvent'][i]:.0f} "
        f"value={exact['value'][i]:.2f}"
        for i in range(3)
    }
    print(f"ours, on the job's path: {', '.join(lines)}; first use with compilation {first:.1f} s")
    goals.check("ours has the job's answer", lines == {ANSWER})

    task, best = task_on(random_market()), {"ours": 0.0}
    with tempfile.TemporaryDirectory() as folder:
        peers = Peers(Path(folder), goals)
        for _ in range(options.rounds):
            seconds, columns = stress(task, options.runs)
            best["ours"] = max(best["ours"], ACCOUNTS * TICKS * options.runs / seconds)
            for name in PLANS:
                found = peers.run(name)
                if found is not None:
                    rate = found["account_ticks"] / found["cpu"]
                    best[name] = max(best.get(name, 0.0), rate)
    hit = np.array(columns["accounts_liquidated"])
    print(
        f"\nours: {options.runs} random paths, on average {hit.mean():.0f} of {ACCOUNTS} liquidated, "
        f"VaR 95 % {value_at_risk(columns['bad_debt']).value:,.0f}"
    )
    for name, rate in best.items():
        print(f"  {name:26s} {rate / 1e6:10.3f} million account-ticks per CPU second")
    for name, goal in (("radCAD, its default", 500.0), ("Mesa", 2_000.0)):
        if name in best:
            goals.at_least(f"ours over {name}", best["ours"] / best[name], goal)
    for name in ("radCAD, no deep copies", "cadCAD, its default", "verbs", "fused numba loop"):
        if name in best:
            print(f"  ours over {name}: {best['ours'] / best[name]:,.1f} x")
    return goals.finish()


if __name__ == "__main__":
    raise SystemExit(main())
