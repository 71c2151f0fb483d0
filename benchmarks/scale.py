"""Studies from one worker to two, on every executor, with the answers compared; and what keeping them costs.

Run: ``uv run --extra fast --extra cluster python -m benchmarks.scale`` from the project's root.
Goal: at least 1.9 times on two workers at chunks of a quarter second, the same bytes everywhere.

What two cores give at this moment is measured beside it: the same chunks in two bare processes against one.
On a machine that does other work that ceiling is below 2, and an executor is held to 95 % of it. By
processor time the gain is twice the serial run's over that of both workers and of the process that hands out
chunks: the clock's figure where two cores are idle.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.paths import market
from scenarios.markets.describe import describe, market_seed
from scenarios.markets.jump_diffusion import JumpDiffusion
from scenarios.runs import Record, Study, run_study
from scenarios.runs.executors import Kind, compute_all, open_executor
from scenarios.seeds import Seed

GOAL, GOAL_OF_CEILING = 1.9, 0.95


@dataclass(frozen=True)
class Lowest:
    """Lowest prices of long paths: heavy in arithmetic, a few bytes a run back."""

    market: JumpDiffusion
    seed: Seed
    steps: int

    def describe(self) -> Mapping[str, object]:
        """Return what decides the records."""
        return {"market": describe(self.market), "steps": self.steps}

    def __call__(self, runs: range) -> Iterator[Record]:
        """Yield the lowest price of the first asset and the mean of all."""
        state = self.market.open(self.seed, runs)
        lowest = self.market.extremes(state, self.steps)[1]
        for low, mean in zip(lowest[0].tolist(), lowest.mean(axis=0).tolist(), strict=True):
            yield {"lowest": low, "mean": mean}


def digest(executor: Executor, task: Lowest, chunks: list[range], in_flight: int) -> tuple[str, float]:
    """Return the digest of all chunks, and the processor seconds of their workers."""
    done = sorted(compute_all(executor, task, iter(chunks), in_flight), key=lambda c: c.runs.start)
    cpu = sum(c.cpu_seconds for c in done)
    return hashlib.sha256(b"".join(c.lines for c in done)).hexdigest(), cpu


def measure(name: str, executor: Executor, task: Lowest, chunks: list[range]) -> tuple[str, float, float]:
    """Return the digest, the time by the clock, and that of processors."""
    start, used = time.perf_counter(), time.process_time()
    answer, inside = digest(executor, task, chunks, 6 if name != "serial" else 1)
    wall, own = time.perf_counter() - start, time.process_time() - used
    # Serial chunks and threads run in this process, whose time then has theirs in it.
    return answer, wall, own if name in {"serial", "threads"} else own + inside


def bare(task: Lowest, options: argparse.Namespace) -> int:
    chunks = [range(i * options.bare, (i + 1) * options.bare) for i in range(options.chunks)]
    print("warm", flush=True)
    sys.stdin.readline()
    for chunk in chunks[options.share :: options.of]:
        list(task(chunk))
    print("done", flush=True)
    return 0


def bare_seconds(options: argparse.Namespace, size: int, processes: int) -> float:
    """Return the time of the chunks in processes that know nothing of each other, start and end left out."""
    command = [sys.executable, "-m", "benchmarks.scale", "--bare", str(size), "--steps", str(options.steps)]
    command += ["--chunks", str(options.chunks), "--of", str(processes), "--share"]
    running = [
        subprocess.Popen([*command, str(i)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for i in range(processes)
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()  # warm
    start = time.perf_counter()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()  # done
    seconds = time.perf_counter() - start
    for process in running:
        process.wait()
    return seconds


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=0.25, help="of a chunk")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--executors", default="threads,processes,dask")
    parser.add_argument("--bare", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--share", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--of", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    options = parse()
    made = market()
    task = Lowest(made, market_seed(1, made), options.steps)
    list(task(range(64)))  # compile
    if options.bare:
        return bare(task, options)

    used = time.process_time()
    list(task(range(256)))
    size = max(64, int(256 * options.seconds / (time.process_time() - used)) // 64 * 64)
    chunks = [range(i * size, (i + 1) * size) for i in range(options.chunks)]
    kinds: list[Kind] = [kind for kind in ("threads", "processes", "dask") if kind in options.executors]  # type: ignore[misc]
    begun: dict[str, float] = {}
    names = ["serial", *kinds]
    wall, cpu = dict.fromkeys(names, float("inf")), dict.fromkeys(names, float("inf"))
    answers: set[str] = set()
    for kind in kinds:  # one at a time, as in a study: even an idle cluster takes its share of two cores
        start = time.perf_counter()
        with open_executor("serial", 1) as serial, open_executor(kind, 2) as executor:
            digest(executor, task, [range(i, i + 64) for i in range(0, 256, 64)], 4)
            begun[kind] = time.perf_counter() - start
            for _ in range(options.rounds):
                for name, where in (("serial", serial), (kind, executor)):
                    measured = measure(name, where, task, chunks)
                    answers.add(measured[0])
                    wall[name], cpu[name] = min(wall[name], measured[1]), min(cpu[name], measured[2])
    ceiling = max(
        bare_seconds(options, size, 1) / bare_seconds(options, size, 2) for _ in range(options.rounds)
    )
    assert len(answers) == 1, answers
    print(
        f"{options.chunks} chunks of {size} paths, {wall['serial'] / options.chunks:.3f} s each; one digest"
    )
    print(f"load {os.getloadavg()[0]:.1f}; two bare processes are {ceiling:.2f} times one")
    good = True
    for kind in kinds:
        gain = wall["serial"] / wall[kind]
        by_cpu = 2 * cpu["serial"] / cpu[kind]
        met = gain >= GOAL or gain >= GOAL_OF_CEILING * ceiling
        good &= met
        print(
            f"  {kind:10s} ready in {begun[kind]:5.2f} s; two workers {gain:.2f} times one by the clock, "
            f"{by_cpu:.2f} by processor time (goal {GOAL})"
        )

    with tempfile.TemporaryDirectory() as folder:
        study = Study(task, size * options.chunks, Path(folder), "serial", chunk_seconds=options.seconds)
        result = run_study(study, argv=["benchmarks.scale"])
    assert {result.digest} == answers, "the study's digest differs"
    kept = 1 - result.worker_seconds / result.seconds
    print(f"a journalled study gives the same digest; journal, files and merging are {kept:.1%} of its time")
    print(f"peak memory {result.peak_bytes / 2**20:.0f} MiB")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
