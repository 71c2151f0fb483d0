"""Studies: one digest for every executor, resumption after kill -9, bounded and honest bookkeeping."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_samples import jumps
from run_tasks import Dice, Failing, Infinite, Plain, Short
from scenarios.errors import MissingExtraError, ParameterError
from scenarios.markets.describe import market_seed
from scenarios.runs import Study, StudyResult, executors, results, run_study
from scenarios.runs.chunks import ChunkSizer
from scenarios.runs.errors import ClusterError, JournalError, TaskError
from scenarios.runs.market_task import MarketTask
from scenarios.runs.results import column, read_records
from scenarios.runs.task import encode, encode_all

RUNS = 300


def study(folder: Path, **more) -> StudyResult:
    task = more.pop("task", Dice())
    more.setdefault("executor", "serial")
    return run_study(Study(task, more.pop("runs", RUNS), folder, **more), argv=["backstop", "stress"])


def expected(runs: int = RUNS) -> bytes:
    """The results file by hand: no journal, no chunks."""
    task = Dice()
    return b"".join(
        (
            json.dumps(
                {**record, "wide": str(record["wide"]), "run": run}, sort_keys=True, separators=(",", ":")
            )
            + "\n"
        ).encode()
        for run, record in enumerate(task(range(runs)))
    )


def test_results_are_the_records_in_order(tmp_path: Path) -> None:
    made = study(tmp_path / "a")
    assert made.results.read_bytes() == expected()
    assert made.digest == hashlib.sha256(expected()).hexdigest()
    assert (made.computed, made.resumed, made.runs) == (RUNS, 0, RUNS)
    assert made.peak_bytes > 10_000_000
    assert not list((tmp_path / "a" / "chunks").iterdir())
    assert [record["run"] for record in read_records(made.results)] == list(range(RUNS))
    assert column(made.results, "wide")[0] > 2**63
    with pytest.raises(ParameterError, match="face"):
        column(made.results, "no such")


@pytest.mark.parametrize(
    ("executor", "workers"),
    [("serial", 1), ("threads", 1), ("threads", 4), ("processes", 1), ("processes", 2)],
)
def test_one_digest_for_every_executor(executor, workers: int, tmp_path: Path) -> None:
    made = study(tmp_path, executor=executor, workers=workers, first_chunk=7, chunk_seconds=0.01)
    assert made.digest == hashlib.sha256(expected()).hexdigest()
    assert made.chunks >= 2


@pytest.mark.long
@pytest.mark.parametrize("executor", ["serial", "threads", "processes", "dask"])
def test_one_digest_of_market_paths_for_1_2_and_4_workers(executor, tmp_path: Path) -> None:
    task = MarketTask(jumps(), market_seed(5, jumps()), 50)
    digests = {
        study(
            tmp_path / str(workers), task=task, runs=2_000, executor=executor, workers=workers,
            first_chunk=31, chunk_seconds=0.02,
        ).digest
        for workers in (1, 2, 4)
    }  # fmt: skip
    reference = study(tmp_path / "reference", task=task, runs=2_000, first_chunk=2_000)
    assert digests == {reference.digest}


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_dask_on_loopback_gives_the_same_digest(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    made = study(tmp_path, executor="dask", workers=2, chunk_seconds=0.05)
    assert made.digest == hashlib.sha256(expected()).hexdigest()


@pytest.mark.parametrize("seed", range(3))
def test_any_chunks_in_any_order_merge_to_the_same(seed: int, tmp_path: Path) -> None:
    """Finish a study from a journal whose chunks were computed out of order by somebody else."""
    from scenarios.runs.journal import Journal
    from scenarios.runs.study import identity

    task, lines = Dice(), expected().splitlines(keepends=True)
    rng = random.Random(seed)
    cuts = sorted({0, RUNS, *(rng.randrange(RUNS) for _ in range(9))})
    pieces = [range(a, b) for a, b in pairwise(cuts)]
    rng.shuffle(pieces)
    journal = Journal(tmp_path, identity(task))
    for piece in pieces[:-2]:
        journal.add(piece, b"".join(lines[piece.start : piece.stop]))
    journal.close()
    made = study(tmp_path)
    assert made.computed == sum(len(piece) for piece in pieces[-2:])
    assert made.results.read_bytes() == expected()


# Interruption

PROGRAM = """
import sys
from pathlib import Path
from run_tasks import Dice
from scenarios.runs import Study, run_study
if __name__ == "__main__":
    task, folder, kind = Dice(milliseconds=4.0), Path(sys.argv[1]), sys.argv[2]
    run_study(Study(task, 600, folder, kind, 2, chunk_seconds=0.04, first_chunk=4))
"""


@pytest.mark.parametrize("executor", ["serial", "processes"])
@pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX")
def test_killed_study_goes_on_to_the_same_digest(executor: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    folder = tmp_path / "study"
    support = Path(__file__).parent.parent / "support"
    root = support.parent.parent
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(support), str(root)))}
    process = subprocess.Popen(
        [sys.executable, str(program), str(folder), executor], env=environment, start_new_session=True
    )
    journal = folder / "journal.jsonl"
    deadline = time.monotonic() + 60
    while not journal.exists() or journal.read_bytes().count(b"\n") < 5:
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    while True:  # its workers end with it
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        assert time.monotonic() < deadline, "workers outlive the study"
        time.sleep(0.05)
    assert not (folder / "results.jsonl").exists()
    with journal.open("ab") as file:
        file.write(b'{"kind":"chunk","sta')  # and the worst kill: inside a line
    stray = folder / "chunks" / "000000000599-000000000600.jsonl"
    stray.write_bytes(b"half a chunk")
    made = study(folder, runs=600)
    assert made.resumed > 0
    assert made.computed > 0
    assert made.results.read_bytes() == expected(600)


def test_failed_task_keeps_what_was_done(tmp_path: Path) -> None:
    cure = tmp_path / "cure"
    task = Failing(cure=str(cure), at=100)
    with pytest.raises(ValueError, match="not cured"):
        study(tmp_path / "s", task=task, first_chunk=10, chunk_seconds=1e-4)
    cure.write_text("")
    made = study(tmp_path / "s", task=task)
    assert made.resumed >= 10
    assert made.results.read_bytes() == expected()


def test_damaged_chunk_is_computed_again(tmp_path: Path) -> None:
    cure = tmp_path / "cure"
    task = Failing(cure=str(cure), at=100)
    with pytest.raises(ValueError, match="not cured"):
        study(tmp_path / "s", task=task, first_chunk=10, chunk_seconds=1e-4)
    chunk = sorted((tmp_path / "s" / "chunks").iterdir())[0]
    chunk.write_bytes(chunk.read_bytes().replace(b'"face":', b'"fake":'))
    cure.write_text("")
    assert study(tmp_path / "s", task=task).results.read_bytes() == expected()


def test_finished_study_is_not_computed_again_and_can_be_extended(tmp_path: Path) -> None:
    study(tmp_path, runs=100)
    again = study(tmp_path, runs=100)
    assert (again.computed, again.resumed) == (0, 100)
    more = study(tmp_path, runs=RUNS)
    assert (more.computed, more.resumed) == (RUNS - 100, 100)
    assert more.results.read_bytes() == expected()
    with pytest.raises(JournalError, match="holds 300 runs"):
        study(tmp_path, runs=100)
    assert more.results.read_bytes() == expected()


def test_lost_results_are_computed_again(tmp_path: Path) -> None:
    study(tmp_path).results.unlink()
    made = study(tmp_path)
    assert made.computed == RUNS
    assert made.results.read_bytes() == expected()


def test_folder_of_another_study_is_refused(tmp_path: Path) -> None:
    study(tmp_path)
    with pytest.raises(JournalError, match="another study"):
        study(tmp_path, task=Dice(faces=7))


def test_folder_in_use_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    from scenarios.runs.journal import Journal

    journal = Journal(tmp_path, "x")
    with pytest.raises(JournalError, match="in use"):
        Journal(tmp_path, "x")
    journal.close()
    Journal(tmp_path, "x").close()


def test_spoilt_journal_is_refused(tmp_path: Path) -> None:
    study(tmp_path)
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'{"kind":"chunk"}\n')
    with pytest.raises(JournalError, match="is no chunk"):
        study(tmp_path)


# Tasks that break the rules


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_bad_records_are_refused(executor, tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="records for runs"):
        study(tmp_path / "short", task=Short(), executor=executor)
    with pytest.raises(ValueError, match="JSON"):
        study(tmp_path / "infinite", task=Infinite(), executor=executor)
    with pytest.raises(ParameterError):
        study(tmp_path / "none", runs=0)
    with pytest.raises(ParameterError):
        study(tmp_path / "workers", executor="threads", workers=-1)


def test_encoding_is_canonical() -> None:
    assert encode(3, {"b": 2**53, "a": 0.1, "c": True, "d": None, "e": 2**53 - 1}) == (
        '{"a":0.1,"b":"9007199254740992","c":true,"d":null,"e":9007199254740991,"run":3}'
    )


VALUES = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.text(),
    st.sampled_from(["},\n{", ',\n"', "}\n{", "\u2028"]),
    st.lists(st.integers(0, 3), max_size=3),
)


@settings(deadline=None)
@given(st.integers(0, 2**63), st.lists(st.dictionaries(st.text(), VALUES, max_size=3), max_size=5))
def test_records_encoded_together_are_the_same_lines(first: int, records) -> None:
    one_by_one = "".join(encode(first + i, record) + "\n" for i, record in enumerate(records))
    assert encode_all(first, iter(records)) == (len(records), one_by_one)


# Beside the results


def test_manifest_says_how_to_make_it_again(tmp_path: Path) -> None:
    task = MarketTask(jumps(), market_seed(5, jumps()), 10)
    made = run_study(
        Study(task, 20, tmp_path, "serial", scenario="/home/me/crash.yaml", data=(("/x/prices.csv", "ab"),)),
        argv=["/usr/bin/backstop", "stress", "crash.yaml"],
    )
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["seed"] == "5"
    assert manifest["runs"] == 20
    assert manifest["command"] == "backstop stress crash.yaml"
    assert manifest["data"] == {
        "scenario": task.seed.scenario,
        "results.jsonl": made.digest,
        "prices.csv": "ab",
    }
    assert "/home" not in json.dumps(manifest)
    described = (tmp_path / "task.json").read_bytes()
    assert manifest["sha256"] == hashlib.sha256(described).hexdigest()
    assert json.loads(described)["market"]["volatility"] == [0.8, 0.6, 0.05]
    assert manifest["packages"]["numpy"]


def test_parquet_has_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    polars = pytest.importorskip("polars")
    made = study(tmp_path, parquet=True)
    frame = polars.read_parquet(tmp_path / "results.parquet")
    assert frame["normal"].to_list() == column(made.results, "normal")
    assert frame["run"].to_list() == list(range(RUNS))
    assert frame["wide"].to_list() == [str(r["wide"]) for r in read_records(made.results)]
    monkeypatch.setattr(results, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="data"):
        study(tmp_path, parquet=True)


def test_dask_is_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="cluster"):
        study(tmp_path, executor="dask")


def test_a_cluster_that_nobody_runs_is_said_to_be_that() -> None:
    nobody = executors.open_executor("dask", 1, "nowhere")
    with pytest.raises(ClusterError, match=r"'nowhere'.*dask scheduler") as caught, nobody:
        pass
    assert caught.value.exit_code == 3


def test_memory_does_not_grow_with_the_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times the runs are 5 MB more on the disk and none in memory, at chunks of one size.

    Left to itself the size follows the clock: on a busy machine one study has larger chunks than another.
    """
    monkeypatch.setattr(ChunkSizer, "record", lambda *_: None)
    peaks = []
    for runs in (5_000, 50_000):
        tracemalloc.start()
        made = study(tmp_path / str(runs), task=Plain(), runs=runs, first_chunk=1_000)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert made.results.stat().st_size > 5_000_000
    assert peaks[1] < peaks[0] + 1_000_000


def test_market_records_are_those_of_whole_paths(tmp_path: Path) -> None:
    from scenarios.markets.market import paths

    market = jumps()
    seed = market_seed(5, market)
    made = study(tmp_path, task=MarketTask(market, seed, 40, block_steps=7), runs=90)
    prices = paths(market, seed, range(90), 40).prices
    assert column(made.results, "last B") == prices[-1, 1].tolist()
    assert column(made.results, "lowest B") == [min(2_000.0, v) for v in prices[:, 1].min(axis=0).tolist()]
    for run, fall in enumerate(column(made.results, "drawdown A")):
        path = [100.0, *prices[:, 0, run].tolist()]
        assert fall == pytest.approx(max(1 - p / max(path[: i + 1]) for i, p in enumerate(path)))
