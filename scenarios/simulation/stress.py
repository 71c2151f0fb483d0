"""Many paths: bad debt, liquidations and their tails, each with its confidence interval.

VaR and LaR by Gauntlet's definitions: the 95th percentile over the runs of net insolvent debt, and of the
value liquidated. Intervals have 95 % confidence: Student's t for means, order statistics (binomial) for
percentiles, Wilson for shares.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from decimal import Decimal
from math import ceil, sqrt

from scenarios.files.protocol import ProtocolFile
from scenarios.seeds import Seed
from scenarios.simulation.market import draw_paths, seed_of
from scenarios.simulation.run import Metrics, run_path

CONFIDENCE = 0.95
TAIL = 0.95
CHUNK = 16


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its confidence interval.

    Parameters
    ----------
    name, unit
        What it is.
    value, low, high
        The figure and its 95 % interval; the upper end of a percentile is None where there are too few runs.
    method
        How the interval was made.
    """

    name: str
    unit: str
    value: float
    low: float
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
        SHA-256 over all rows: the same for every number of workers.
    """

    title: str
    money: str
    seed: int
    runs: int
    steps: int
    step_seconds: int
    estimates: tuple[Estimate, ...]
    rows: tuple[Metrics, ...]
    digest: str


def stress(
    file: ProtocolFile,
    *,
    runs: int | None = None,
    master: int | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> StressResult:
    """Run ``runs`` paths; the result does not depend on ``workers``.

    Parameters
    ----------
    runs, master
        Number of paths and master seed; the file's if None.
    workers
        Processes.
    progress
        Called with the runs done and asked for.
    """
    count = file.run.runs if runs is None else runs
    seed = seed_of(file, master)
    chunks = [range(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    rows: list[Metrics] = []
    for part in _evaluated(file, seed, chunks, workers):
        rows += part
        if progress is not None:
            progress(len(rows), count)
    return StressResult(
        file.title,
        file.money,
        seed.master,
        count,
        file.run.steps,
        file.run.step_seconds,
        tuple(_estimates(rows, file.money)),
        tuple(rows),
        digest_of(rows),
    )


def _evaluated(
    file: ProtocolFile, seed: Seed, chunks: Sequence[range], workers: int
) -> Iterator[list[Metrics]]:
    if workers <= 1:
        for chunk in chunks:
            yield run_chunk(file, seed, chunk)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(run_chunk, [file] * len(chunks), [seed] * len(chunks), chunks)


def run_chunk(file: ProtocolFile, seed: Seed, runs: range) -> list[Metrics]:
    """Return the metrics of some runs."""
    paths = draw_paths(file, seed, runs)
    found = []
    for place, run in enumerate(runs):
        path = None if paths is None else paths[:, :, place]
        found.append(run_path(file, seed, run, path=path, keep_series=False).metrics)
    return found


def digest_of(rows: Iterable[Metrics]) -> str:
    """Return SHA-256 over the rows, written canonically."""
    text = json.dumps([{k: str(v) for k, v in asdict(row).items()} for row in rows], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _estimates(rows: Sequence[Metrics], money: str) -> Iterator[Estimate]:
    bad = [float(row.bad_debt) for row in rows]
    volume = [float(row.liquidated) for row in rows]
    yield percentile("VaR 95 %: insolvent debt", money, bad)
    yield percentile("LaR 95 %: value liquidated", money, volume)
    yield mean("bad debt", money, bad)
    yield share("runs with bad debt", [row.bad_debt > 0 for row in rows])
    yield mean("value liquidated", money, volume)
    yield mean("accounts liquidated", "", [float(row.accounts_liquidated) for row in rows])
    yield mean("paid by the insurance fund", money, [float(row.insurance_paid) for row in rows])
    yield share("runs in which lenders lose", [row.socialised > 0 for row in rows])
    yield mean("accounts left short of margin", "", [float(row.unserved) for row in rows])
    yield mean("greatest oracle error", "relative", [float(row.oracle_error) for row in rows])
    yield mean("utilisation at the end", "relative", [float(row.utilisation) for row in rows])


def mean(name: str, unit: str, values: Sequence[float]) -> Estimate:
    """Return the mean with Student's t interval."""
    from scipy.stats import t  # noqa: PLC0415 - heavy

    count = len(values)
    centre = sum(values) / count
    if count == 1:
        return Estimate(name, unit, centre, centre, None, "one run: no interval")
    deviation = sqrt(sum((value - centre) ** 2 for value in values) / (count - 1))
    half = float(t.ppf((1 + CONFIDENCE) / 2, count - 1)) * deviation / sqrt(count)
    return Estimate(name, unit, centre, centre - half, centre + half, "Student's t")


def share(name: str, flags: Sequence[bool]) -> Estimate:
    """Return a share of the runs with Wilson's interval."""
    from scipy.stats import norm  # noqa: PLC0415 - heavy

    count, z = len(flags), float(norm.ppf((1 + CONFIDENCE) / 2))
    found = sum(flags) / count
    centre = (found + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * sqrt(found * (1 - found) / count + z * z / (4 * count * count))
    # At 0 and 1 the formula meets the end exactly; rounding must not step over it.
    low = 0.0 if found == 0 else max(0.0, centre - half)
    high = 1.0 if found == 1 else min(1.0, centre + half)
    return Estimate(name, "of runs", found, low, high, "Wilson")


def percentile(name: str, unit: str, values: Sequence[float], level: float = TAIL) -> Estimate:
    """Return an order statistic with the distribution-free interval of order statistics.

    The k-th smallest of n is used with k = ceil(level n). The upper end is None where even the largest value
    lies below the percentile with a chance above 2.5 %.
    """
    from scipy.stats import binom  # noqa: PLC0415 - heavy

    ordered, count = sorted(values), len(values)
    place = max(1, ceil(level * count))
    tail = (1 - CONFIDENCE) / 2
    low = max(1, int(binom.ppf(tail, count, level)))
    high = int(binom.ppf(1 - tail, count, level)) + 1
    upper = ordered[high - 1] if high <= count else None
    return Estimate(name, unit, ordered[place - 1], ordered[low - 1], upper, "order statistics")


def as_decimal(value: float) -> Decimal:
    """Return a figure to the cent, for tables."""
    return Decimal(f"{value:.2f}")
