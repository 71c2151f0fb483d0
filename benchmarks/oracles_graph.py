"""A whole oracle graph per tick against the sum of its nodes, and against its array form.

Run: ``uv run --extra fast python benchmarks/oracles_graph.py``; with ``--full`` also 1,000 feeds of 31
sources over 10,000 ticks in chunks, with the peak of memory. Answers are compared in the same run. CPU time
of one thread.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from oracles.arrays import Panel, evaluate_arrays
from oracles.guards import Staleness
from oracles.node import Node, Sample, View, evaluate, walk
from oracles.reading import Reading
from oracles.reducers import FirstOf, Median
from oracles.sources.constant import Constant
from oracles.sources.feed import FeedSample
from oracles.weighted_median import weighted_median

SOURCES, TICKS, ROUNDS = 31, 400, 5
FULL_FEEDS, FULL_TICKS, FULL_CHUNK = 1_000, 10_000, 50
DECIMALS = 8
OVERHEAD_TARGET = 1.5


def graph() -> tuple[Node, tuple[FeedSample, ...]]:
    leaves = tuple(FeedSample(f"source {k}") for k in range(SOURCES))
    guarded = tuple(Staleness(60, parents=(leaf,)) for leaf in leaves)
    return FirstOf(
        parents=(Median(even="lower", parents=guarded), Constant("peg", 10**DECIMALS, DECIMALS))
    ), leaves


def best_of(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> int:
    output, leaves = graph()
    order = list(walk(output))
    draw = np.random.default_rng(5)
    units = draw.integers(99_000_000, 101_000_000, (TICKS, SOURCES))
    ages = draw.integers(0, 70, (TICKS, SOURCES))
    clock = 1_000_000 + 60 * np.arange(TICKS)
    views = [
        View(
            int(clock[t]),
            feeds={
                leaf.feed: (Sample(int(clock[t] - ages[t, k]), int(units[t, k]), DECIMALS),)
                for k, leaf in enumerate(leaves)
            },
        )
        for t in range(TICKS)
    ]
    exact = [evaluate(output, view) for view in views]

    def nodes_alone() -> None:
        for view, readings in zip(views, exact, strict=True):
            for node in order:
                parents: tuple[Reading, ...] = tuple(readings[parent.id] for parent in node.parents)
                node.read(view, parents)

    panel = Panel(leaves, units / 10**DECIMALS, clock[:, None] - ages, clock)
    whole = best_of(lambda: [evaluate(output, view) for view in views])
    alone = best_of(nodes_alone)
    arrays = best_of(lambda: evaluate_arrays(output, panel))
    answer = evaluate_arrays(output, panel)
    prices = np.array([float(readings[output.id].price) for readings in exact])
    alike = bool(np.allclose(answer.value.reshape(-1), prices, rtol=1e-14, atol=10.0**-DECIMALS))
    print(f"{len(order)} nodes, {TICKS} ticks; array form within its bound of the exact one: {alike}")
    rows = {"whole graph, exact": whole, "the sum of its nodes": alone, "whole graph, arrays": arrays}
    for name, seconds in rows.items():
        print(f"  {name:24s} {seconds / TICKS * 1e6:10.1f} us a tick")
    print(f"  overhead of the graph {whole / alone:.2f} times (at most {OVERHEAD_TARGET})")
    print(f"  arrays over exact {whole / arrays:.0f} times")
    if "--full" in sys.argv:
        full()
    return 0 if alike and whole / alone <= OVERHEAD_TARGET else 1


def full() -> None:
    draw = np.random.default_rng(9)
    weights = draw.integers(1, 8, SOURCES).astype(float)
    base = 100 * np.exp(draw.normal(0, 0.001, (FULL_CHUNK, FULL_FEEDS, SOURCES)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, total = time.process_time(), 0.0
    for tick in range(0, FULL_TICKS, FULL_CHUNK):
        values, _ = weighted_median(base + tick, weights, compiled=True)
        total += float(values.sum())
    spent = time.process_time() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    medians = FULL_FEEDS * FULL_TICKS
    size = f"{FULL_FEEDS:,} feeds x {SOURCES} sources x {FULL_TICKS:,} ticks"
    print(f"  {size}: {spent:.2f} s, {spent / medians * 1e9:.0f} ns a median")
    print(f"  {grown / 1024:.0f} MiB more at the peak (checksum {total:.6g})")


if __name__ == "__main__":
    sys.exit(main())
