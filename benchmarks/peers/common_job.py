"""The job every simulator is given: 10,000 accounts, 100 ticks, mark and liquidate everything. numpy only.

One tick: equity = sum(balance * spot * (1 - haircut)) + sum(size * (mark - entry)), maintenance margin =
sum(|size| * mark * rate); an account below it is closed at the mark and pays 1 % of the notional. The answer
line is fixed; an engine that prints another one has done another job.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

ANSWER = "liquidations=1296 bad_debt_accounts=196 value=121677094.43"
HAIRCUTS, RATES, PENALTY = np.array([0.0, 0.10, 0.15, 0.25]), np.array([0.03, 0.03, 0.05, 0.08]), 0.01
SPOTS, MARKS = np.array([1.0, 2000.0, 30000.0, 20.0]), np.array([2000.0, 30000.0, 20.0, 1.2])
STEP, GAP = 0.006, 0.12
"""Deviation of the common and of each market's own log step, and the fall of all half way."""


@dataclass
class Job:
    """Inputs: [accounts, 4] balances, sizes and entry prices, [ticks, 4] spot and mark prices."""

    balances: Any
    sizes: Any
    entries: Any
    spots: Any
    marks: Any


def make_job(accounts: int = 10_000, ticks: int = 100, seed: int = 7) -> Job:
    """Return the job's inputs; the draws and their order define it."""
    rng = np.random.default_rng(seed)
    worth = rng.lognormal(9.0, 1.0, accounts)
    balances = worth[:, None] * rng.dirichlet(np.ones(4), accounts) / SPOTS
    leverage = rng.uniform(1.0, 8.0, accounts)
    split = rng.dirichlet(np.ones(4), accounts) * rng.choice([-1.0, 1.0], size=(accounts, 4))
    sizes = (worth * leverage)[:, None] * split / MARKS
    common = rng.normal(0.0, STEP, (ticks, 1))
    steps = common + rng.normal(0.0, STEP, (ticks, 4))
    steps[ticks // 2] -= GAP
    marks = MARKS * np.exp(np.cumsum(steps, axis=0))
    spots = np.column_stack((np.ones(ticks), marks[:, :3]))
    return Job(balances, sizes, np.tile(MARKS, (accounts, 1)), spots, marks)


def answer(job: Job, balances: Any, sizes: Any, liquidations: int) -> str:
    """Return the answer line of a final state."""
    total = balances @ job.spots[-1] + (sizes * (job.marks[-1] - job.entries)).sum(axis=1)
    return f"liquidations={liquidations} bad_debt_accounts={(total < 0).sum()} value={total.sum():.2f}"


class Clock:
    """Times a ``with`` block and writes one line of JSON for the comparison."""

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu

    def report(self, text: str, account_ticks: int = 1_000_000) -> None:
        """Write what was measured to standard output."""
        line = {"cpu": self.cpu, "wall": self.wall, "account_ticks": account_ticks, "answer": text}
        sys.stdout.write(json.dumps(line) + "\n")
