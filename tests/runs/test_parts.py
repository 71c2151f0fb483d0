"""Chunk sizes, progress, statistics."""

from __future__ import annotations

import io
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.errors import ParameterError
from scenarios.runs import statistics
from scenarios.runs.chunks import GROWTH, MAXIMUM_RUNS, SHRINKAGE, ChunkSizer, gaps_between
from scenarios.runs.progress import choose_progress, duration

# Chunks


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=10),
    st.integers(1, 400),
    st.integers(1, 50),
    st.integers(1, 5),
    st.lists(st.floats(1e-6, 10), min_size=1, max_size=5),
)
def test_chunks_cover_what_is_missing_once(done, runs, first, workers, pace) -> None:
    pieces = [range(min(pair), max(pair)) for pair in done]
    gaps = gaps_between(pieces, runs)
    sizer = ChunkSizer(gaps, 0.1, first, workers)
    handed: list[int] = []
    for i, chunk in enumerate(sizer):
        assert len(chunk) >= 1
        handed += chunk
        sizer.record(len(chunk), pace[i % len(pace)] * len(chunk))
    missing = set(range(runs)) - {run for piece in pieces for run in piece}
    assert sorted(handed) == sorted(missing)
    assert handed == sorted(handed)


def test_chunk_size_follows_the_clock() -> None:
    sizer = ChunkSizer([range(10**9)], 0.25, first=10)
    chunks = iter(sizer)
    sizes = []
    for _ in range(12):
        chunk = next(chunks)
        sizes.append(len(chunk))
        sizer.record(len(chunk), len(chunk) * 1e-4)  # 0.1 ms a run: 2,500 runs are a quarter second
    assert sizes[1] == sizes[0] * GROWTH
    assert sizes[-1] == pytest.approx(2_500, abs=1)
    sizer.record(2_500, 2_500.0)
    assert len(next(chunks)) == 1
    for _ in range(20):
        sizer.record(sizer.size, 0.0)
    assert len(next(chunks)) == MAXIMUM_RUNS
    with pytest.raises(ParameterError):
        ChunkSizer([], 0.0)


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_chunks_shrink_towards_the_end_and_leave_one_for_every_worker(workers: int) -> None:
    sizer = ChunkSizer([range(10_000)], 0.1, 800, workers)
    sizes = [len(chunk) for chunk in sizer]
    assert sizes == sorted(sizes, reverse=True)
    if workers == 1:
        assert sizes == [800] * 12 + [400]
    else:
        assert sizes[0] == min(800, 10_000 // (2 * workers))
        assert max(sizes[-workers:]) <= 800 // SHRINKAGE
        assert sizes[-2] == 800 // SHRINKAGE
    few = [len(chunk) for chunk in ChunkSizer([range(1_000)], 0.1, 1_000, workers)]
    assert len(few) >= workers
    assert len(few) <= 3 * workers


# Progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_silent_in_a_pipe_and_a_line_on_a_terminal() -> None:
    pipe, terminal = io.StringIO(), Terminal()
    for stream in (pipe, terminal):
        clock = Clock()
        progress = choose_progress("auto", stream, clock)
        progress.update(40, 100)  # 40 were resumed
        clock.now = 10.0
        progress.update(60, 100)
        progress.close()
    assert pipe.getvalue() == ""
    assert "20 s left" in terminal.getvalue()  # 20 runs took 10 s, 40 are left
    assert "60% 60 of 100 runs" in terminal.getvalue()
    assert terminal.getvalue().endswith("\n")


def test_json_lines_on_request() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = choose_progress("json", stream, clock)
    for done in range(0, 1_001, 10):
        clock.now = done / 500
        progress.update(done, 1_000)
    progress.update(1_000, 1_000)
    progress.close()
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert 15 <= len(events) <= 22  # two seconds, ten a second
    assert events[0] == {
        "event": "progress",
        "done": 0,
        "total": 1_000,
        "elapsed_seconds": 0.0,
        "seconds_left": None,
    }
    assert events[-1]["seconds_left"] == 0
    assert events[10]["seconds_left"] == pytest.approx(2 - events[10]["elapsed_seconds"], abs=0.01)


@pytest.mark.parametrize(("seconds", "words"), [(3.4, "3 s"), (75, "1 min 15 s"), (7_320, "2 h 02 min")])
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


# Statistics


@settings(deadline=None)
@given(st.integers(1, 60), st.floats(0.01, 0.99), st.integers(-1, 61))
def test_binomial_law(n: int, p: float, k: int) -> None:
    exact = math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(min(k, n) + 1))
    assert statistics.binomial_cdf(k, n, p) == pytest.approx(exact, abs=1e-12)


def test_binomial_law_of_many_runs() -> None:
    assert statistics.binomial_cdf(950_000, 1_000_000, 0.95) == pytest.approx(0.5, abs=2e-3)
    z = (949_500.5 - 950_000) / math.sqrt(1e6 * 0.95 * 0.05)
    normal = 0.5 * math.erfc(-z / math.sqrt(2))
    assert statistics.binomial_cdf(949_500, 1_000_000, 0.95) == pytest.approx(normal, abs=1e-3)


def test_published_ranks_of_the_median() -> None:
    """Of 100 values the 40th and 61st hold the median with 95 % (tables of nonparametric intervals)."""
    made = statistics.quantile("median", [float(i) for i in range(1, 101)], 0.5)
    assert (made.value, made.low, made.high) == (50.0, 40.0, 61.0)


def test_published_interval_of_a_share() -> None:
    """10 of 100: 4.90 % to 17.62 % (Clopper and Pearson); 0 of n: the closed form 1 - (alpha / 2)^(1/n)."""
    made = statistics.probability("share", 10, 100)
    assert made.low == pytest.approx(0.0490, abs=5e-5)
    assert made.high == pytest.approx(0.1762, abs=5e-5)
    none, every = statistics.probability("none", 0, 30), statistics.probability("all", 30, 30)
    assert (none.low, every.high) == (0.0, 1.0)
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 30))
    assert every.low == pytest.approx(0.025 ** (1 / 30))


def test_too_few_runs_have_no_upper_bound() -> None:
    """The largest of n is above the 95 % quantile with 1 - 0.95^n: from 72 runs on that is 97.5 %."""
    assert statistics.value_at_risk([float(i) for i in range(71)]).high is None
    made = statistics.value_at_risk([float(i) for i in range(72)])
    assert made.high == 71.0
    assert made.runs == 72
    assert statistics.value_at_risk([1.0]).low is None


def test_var_and_lar_are_the_95th_percentile_of_the_runs() -> None:
    values = [float(i) for i in range(1, 1_001)]
    var = statistics.value_at_risk(values)
    assert (var.name, var.value, var.runs, var.confidence) == ("VaR 95%", 950.0, 1_000, 0.95)
    assert statistics.liquidations_at_risk(values[::-1]).value == 950.0
    assert statistics.value_at_risk([0.0] * 99 + [5.0]).value == 0.0
    assert statistics.net_insolvent_debt([(10, 4), (3, 9), (5, 5), (1.5, 1)]) == 6.5


@pytest.mark.parametrize("law", ["exponential", "lumpy"])
def test_intervals_hold_the_truth_as_often_as_they_say(law: str) -> None:
    """800 studies of 200 runs; the share that misses is held to its own five standard errors."""
    rng = np.random.default_rng(1)
    studies, runs = 800, 200
    if law == "exponential":
        samples = rng.exponential(size=(studies, runs))
        truth, centre, tail = -math.log(0.05), 1.0, 1.0 - math.log(0.05)
    else:  # most runs lose nothing
        samples = np.where(rng.random((studies, runs)) < 0.08, 7.0, 0.0)
        truth, centre, tail = 7.0, 0.56, 7.0
    missed = {"quantile": 0, "mean": 0, "share": 0, "tail": 0}
    for values in samples.tolist():
        made = statistics.value_at_risk(values)
        missed["quantile"] += not (made.low is not None and made.low <= truth <= (made.high or math.inf))
        made = statistics.mean("mean", values)
        missed["mean"] += not made.low <= centre <= made.high
        exact = math.exp(-1) if law == "exponential" else 0.08
        made = statistics.probability("share", sum(v > 1 for v in values), runs)
        missed["share"] += not made.low <= exact <= made.high
        made = statistics.expected_shortfall("tail", values)
        missed["tail"] += not made.low - 1e-9 <= tail <= (made.high or math.inf) + 1e-9
    slack = 5 * math.sqrt(0.05 * 0.95 / studies)
    assert missed["quantile"] / studies <= 0.05 + slack
    assert missed["share"] / studies <= 0.05 + slack
    assert missed["mean"] / studies <= 0.08 + slack  # the limit theorem at 200 runs of a skewed law
    assert missed["tail"] / studies <= 0.25  # ten runs in the tail; with more it tends to 5 %


def test_expected_shortfall_of_known_values() -> None:
    made = statistics.expected_shortfall("tail", [float(i) for i in range(1, 101)])
    assert made.value == pytest.approx(98.0)  # mean of 96 to 100


@pytest.mark.parametrize(
    "call",
    [
        lambda: statistics.value_at_risk([]),
        lambda: statistics.value_at_risk([math.nan]),
        lambda: statistics.quantile("q", [1.0], 1.0),
        lambda: statistics.mean("m", [1.0], 1.0),
        lambda: statistics.probability("p", 2, 1),
    ],
)
def test_refusals(call) -> None:
    with pytest.raises(ParameterError):
        call()
