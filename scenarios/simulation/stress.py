"""Many paths of a protocol file: bad debt, liquidations and their tails, each with its confidence interval.

The runs are a task of ``scenarios.runs``: any executor, any number of workers, resumable in a folder, one
digest. VaR and LaR are Gauntlet's: the 95th percentile over the runs of net insolvent debt and of the value
liquidated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scenarios.files.protocol import ProtocolFile
from scenarios.runs.executors import Kind
from scenarios.runs.progress import Progress
from scenarios.runs.statistics import (
    Estimate,
    expected_shortfall,
    liquidations_at_risk,
    mean,
    probability,
    value_at_risk,
)
from scenarios.runs.study import Study, run_study
from scenarios.runs.task import Record, Task
from scenarios.seeds import Seed
from scenarios.simulation.market import draw, seed_of
from scenarios.simulation.on_chain.figures import CHAIN, chain_estimates, read_chain_rows
from scenarios.simulation.on_chain.metrics import ChainMetrics
from scenarios.simulation.run import ChainRunResult, Metrics, run_path


@dataclass(frozen=True)
class StressTask:
    """Runs of a protocol file, each reduced to its metrics.

    Parameters
    ----------
    file
        The checked file.
    seed
        Master seed and hash of the market.
    """

    file: ProtocolFile
    seed: Seed

    def describe(self) -> Mapping[str, object]:
        """Return the whole file; numbers as text, so that none loses a digit."""
        return {"protocol": self.file.model_dump(mode="json")}

    def __call__(self, runs: range) -> Iterator[Record]:
        """Yield the metrics of each run; money as text."""
        paths = draw(self.file, self.seed, runs)
        for place, run in enumerate(runs):
            path = None if paths is None else paths.of(place)
            result = run_path(self.file, self.seed, run, path=path, keep_series=False)
            record = asdict(result.metrics)
            if isinstance(result, ChainRunResult):
                record |= {CHAIN + name: value for name, value in asdict(result.chain).items()}
            yield {
                name: str(value) if isinstance(value, Decimal) else value for name, value in record.items()
            }


@dataclass(frozen=True, slots=True)
class Figure:
    """An estimate with its unit, and a name in words."""

    name: str
    unit: str
    value: float
    low: float | None
    high: float | None
    method: str


@dataclass(frozen=True, slots=True)
class StressResult:
    """A stress test.

    Parameters
    ----------
    title, money, seed, runs, steps, step_seconds
        What was run.
    estimates
        The answer.
    rows
        Metrics by run.
    digest
        SHA-256 over the records: the same for every executor and number of workers.
    """

    title: str
    money: str
    seed: int
    runs: int
    steps: int
    step_seconds: int
    estimates: tuple[Figure, ...]
    rows: tuple[Metrics, ...]
    digest: str


def stress(
    file: ProtocolFile,
    *,
    runs: int | None = None,
    master: int | None = None,
    workers: int = 1,
    cluster: str = "",
    folder: Path | None = None,
    progress: Progress | None = None,
) -> StressResult:
    """Run many paths; the result does not depend on where they run.

    Parameters
    ----------
    runs, master
        Number of paths and master seed; the file's if None.
    workers
        Processes; 1 stays in this one.
    cluster
        Address of a Dask scheduler instead.
    folder
        Where the journal lies, so that a killed study goes on; None: nothing is kept.
    progress
        Told how many runs are done.
    """
    count, seed = file.run.runs if runs is None else runs, seed_of(file, master)
    kind: Kind = "dask" if cluster else "serial" if workers == 1 else "processes"
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(TemporaryDirectory()))
        study = Study(_task(file, seed), count, place, kind, workers, cluster, scenario=file.title)
        done = run_study(study, progress)
        rows = tuple(read_rows(done.results))
        on_chain = tuple(read_chain_rows(done.results))
    return StressResult(
        file.title,
        file.money,
        seed.master,
        count,
        file.run.steps,
        file.run.step_seconds,
        tuple(_figures(rows, on_chain, file.money)),
        rows,
        done.digest,
    )


def _task(file: ProtocolFile, seed: Seed) -> Task:
    if file.population is None:
        return StressTask(file, seed)
    from scenarios.populations.task import PopulationTask  # noqa: PLC0415 - numpy

    return PopulationTask(file, seed)


def read_rows(results: Path) -> Iterator[Metrics]:
    """Yield the metrics of a study's results, in the order of the runs."""
    decimals = {field.name for field in fields(Metrics) if field.type == "Decimal"}
    with results.open(encoding="utf-8") as lines:
        for line in lines:
            record: dict[str, Any] = json.loads(line)
            record = {n: v for n, v in record.items() if n != "run" and not n.startswith(CHAIN)}
            record |= {name: Decimal(record[name]) for name in decimals}
            yield Metrics(**record)


def _figures(rows: Sequence[Metrics], on_chain: Sequence[ChainMetrics], money: str) -> Iterator[Figure]:
    bad = [float(row.bad_debt) for row in rows]
    volume = [float(row.liquidated) for row in rows]
    hits = sum(row.bad_debt > 0 for row in rows)
    losing = sum(row.socialised > 0 for row in rows)
    found: list[tuple[Estimate, str, str]] = [
        (value_at_risk(bad), "VaR 95 %: insolvent debt", money),
        (expected_shortfall("", bad), "mean of the worst 5 %: insolvent debt", money),
        (liquidations_at_risk(volume), "LaR 95 %: value liquidated", money),
        (_mean(bad), "bad debt", money),
        (probability("", hits, len(rows)), "runs with bad debt", "of runs"),
        (_mean(volume), "value liquidated", money),
        (_mean([float(row.accounts_liquidated) for row in rows]), "accounts liquidated", ""),
        (_mean([float(row.insurance_paid) for row in rows]), "paid by the insurance fund", money),
        (probability("", losing, len(rows)), "runs in which lenders and others lose", "of runs"),
        (_mean([float(row.unserved) for row in rows]), "accounts left short of margin", ""),
        (_mean([float(row.oracle_error) for row in rows]), "greatest oracle error", "relative"),
        (_mean([float(row.utilisation) for row in rows]), "utilisation at the end", "relative"),
        (_mean([float(row.deleveraged) for row in rows]), "given up by winners in deleveraging", money),
        *chain_estimates(on_chain, money),
    ]
    for estimate, name, unit in found:
        yield Figure(name, unit, estimate.value, estimate.low, estimate.high, estimate.method)


def _mean(values: Sequence[float]) -> Estimate:
    """Return the mean of a measure that is never below zero."""
    return mean("", values, least=0.0)
