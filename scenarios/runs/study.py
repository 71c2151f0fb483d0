"""Run a task many times, resumably, with one digest whatever runs it.

Memory is bounded: beside the workers' own, the study holds at most ``IN_FLIGHT`` chunks of records a worker
(a chunk is at most 65,536 runs), and merging holds one line. The peak that was measured is in the result.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from scenarios.errors import ParameterError
from scenarios.report.manifest import Manifest, build_manifest
from scenarios.report.write import write_atomically
from scenarios.runs.chunks import ChunkSizer, gaps_between
from scenarios.runs.executors import Kind, compute_all, default_workers, open_executor, peak_memory
from scenarios.runs.journal import DESCRIPTION, MANIFEST, RESULTS, Journal
from scenarios.runs.progress import Progress, SilentProgress
from scenarios.runs.results import write_parquet
from scenarios.runs.task import Task
from scenarios.seeds import scenario_hash

IN_FLIGHT = 3
CHUNK_SECONDS = {"serial": 0.1, "threads": 0.1, "processes": 0.1, "dask": 0.5}


@dataclass(frozen=True, slots=True)
class Study:
    """How to run a task.

    Parameters
    ----------
    task
        What.
    runs
        How many times: run indices 0 to ``runs - 1``.
    folder
        Where its journal and results lie; an unfinished study there goes on, a finished one with fewer runs
        is extended.
    executor, workers, address
        Where; None for workers: as many as there are processors.
    chunk_seconds
        Wanted duration of a chunk; None: what suits the executor.
    first_chunk
        Runs of the first chunks.
    parquet
        Whether to write ``results.parquet`` too (extra ``data``).
    scenario
        Name of the scenario's file, for the manifest.
    data
        Files the task read: (name, SHA-256).
    """

    task: Task
    runs: int
    folder: Path
    executor: Kind = "processes"
    workers: int | None = None
    address: str = ""
    chunk_seconds: float | None = None
    first_chunk: int = 16
    parquet: bool = False
    scenario: str = "scenario"
    data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StudyResult:
    """What a study did.

    Parameters
    ----------
    digest
        SHA-256 of ``results``: equal for any executor, number of workers, chunking and history of kills.
    results
        JSON Lines, one record a run, in order.
    computed, resumed
        Runs computed now, and found finished.
    chunks
        Computed now.
    seconds
        Wall time.
    worker_seconds
        Wall time inside workers.
    peak_bytes, worker_peak_bytes
        Largest resident memory of this process and of a worker; 0 where the system does not say.
    """

    runs: int
    digest: str
    results: Path
    computed: int
    resumed: int
    chunks: int
    seconds: float
    worker_seconds: float
    peak_bytes: int
    worker_peak_bytes: int


def identity(task: Task) -> str:
    """Return the hash of what decides a task's records: description, seed, program version; not the runs."""
    return scenario_hash(
        {
            "task": f"{type(task).__module__}.{type(task).__qualname__}",
            "description": dict(task.describe()),
            "master": str(task.seed.master),
            "scenario": task.seed.scenario,
            "version": version("backstop"),
        }
    )


def run_study(
    study: Study, progress: Progress | None = None, argv: Sequence[str] | None = None
) -> StudyResult:
    """Compute what is missing, keep every chunk, merge, write the manifest.

    Raises
    ------
    JournalError
        The folder belongs to another study or is in use.
    ParameterError
        No runs.
    """
    if study.runs < 1:
        raise ParameterError("runs", study.runs, "at least 1")
    began = time.perf_counter()
    progress = progress or SilentProgress()
    workers = 1 if study.executor == "serial" else study.workers or default_workers()
    journal = Journal(study.folder, identity(study.task))
    try:
        gaps = gaps_between([chunk.runs for chunk in journal.chunks], study.runs)
        missing = sum(len(gap) for gap in gaps)
        resumed = done = study.runs - missing
        seconds = study.chunk_seconds or CHUNK_SECONDS[study.executor]
        sizer = ChunkSizer(gaps, seconds, study.first_chunk, workers)
        chunks, worker_seconds, worker_peak = 0, 0.0, 0
        progress.update(done, study.runs)
        if missing:
            with open_executor(study.executor, workers, study.address) as executor:
                for chunk in compute_all(executor, study.task, iter(sizer), IN_FLIGHT * workers):
                    journal.add(chunk.runs, chunk.lines)
                    sizer.record(len(chunk.runs), chunk.seconds)
                    chunks += 1
                    done += len(chunk.runs)
                    worker_seconds += chunk.seconds
                    worker_peak = max(worker_peak, chunk.peak_bytes)
                    progress.update(done, study.runs)
        digest = journal.merge(study.runs)
        _write_manifest(study, digest, argv)
        if study.parquet:
            write_parquet(study.folder / RESULTS, study.folder / "results.parquet")
    finally:
        progress.close()
        journal.close()
    return StudyResult(
        runs=study.runs,
        digest=digest,
        results=study.folder / RESULTS,
        computed=missing,
        resumed=resumed,
        chunks=chunks,
        seconds=time.perf_counter() - began,
        worker_seconds=worker_seconds,
        peak_bytes=peak_memory(),
        worker_peak_bytes=worker_peak,
    )


def _write_manifest(study: Study, digest: str, argv: Sequence[str] | None) -> Manifest:
    description = json.dumps(dict(study.task.describe()), sort_keys=True, indent=1, allow_nan=False)
    manifest = build_manifest(
        sys.argv if argv is None else argv,
        study.scenario,
        description.encode(),
        seed=str(study.task.seed.master),
        runs=study.runs,
        data=(("scenario", study.task.seed.scenario), (RESULTS, digest), *study.data),
    )
    write_atomically(study.folder / DESCRIPTION, description)
    write_atomically(study.folder / MANIFEST, manifest.to_json())
    return manifest


def digest_of(path: Path) -> str:
    """Return SHA-256 of a results file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
