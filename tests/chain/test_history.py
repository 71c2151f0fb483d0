"""Events and rounds over ranges: adaptive, complete, resumable after kill -9, usable as recorded sources."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain_world import FAST, ChainWorld
from contracts_abi.families import chainlink_ocr2
from fault_proxy import Exchange, Fault, FaultProxy
from oracles.chain.client import Client
from oracles.chain.errors import (
    AnswerMismatchError,
    ChainError,
    EvidenceError,
    RecordingError,
    ReorganisedError,
)
from oracles.chain.history import Row, Span, check_last, collect, collect_events, fields_of, finish, read_rows
from oracles.node import Sample, View, read
from oracles.sources.feed import FeedSample

pytestmark = pytest.mark.node
EVENT = chainlink_ocr2.EVENT_ANSWER_UPDATED
"""Emitted by the aggregator of every feed at each transmission."""


@pytest.fixture
def busy(world: ChainWorld) -> tuple[ChainWorld, str, int, int]:
    """Return a world with 40 rounds of ETH/USD in as many blocks, the aggregator, first and last block."""
    first = int(world.rpc("eth_blockNumber"), 16) + 1
    for step in range(40):
        world.transmit("ETH/USD", (100 + step) * 10**8)
    return world, world.aggregators["ETH/USD"], first, int(world.rpc("eth_blockNumber"), 16)


def answers(rows: list[Row]) -> list[Any]:
    return [fields_of(EVENT, row)["current"] for row in rows]


TRUE = [(100 + step) * 10**8 for step in range(40)]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_all_events_in_order(
    busy: tuple[ChainWorld, str, int, int], client: Client, tmp_path: Path, suffix: str
) -> None:
    _, aggregator, first, last = busy
    folder = collect_events(client, aggregator, EVENT, first, last, tmp_path / "pieces", Span(7))
    path = tmp_path / f"events{suffix}"
    assert finish(folder, path) == 40
    rows = list(read_rows(path))
    assert answers(rows) == TRUE
    assert all(row["block_timestamp"] and row["chain_id"] == 1 and row["block_hash"] for row in rows)
    samples = tuple(Sample(row["block_timestamp"], int(fields_of(EVENT, row)["current"]), 8) for row in rows)
    view = View(rows[9]["block_timestamp"], feeds={"ETH/USD": samples})
    assert read(FeedSample(feed="ETH/USD"), view).value in TRUE


def limited(blocks: int, message: str, code: int = -32005) -> Fault:
    def fault(exchange: Exchange) -> None:
        found = exchange.answer_list()
        for question, answer in zip(exchange.questions, found, strict=True):
            if question["method"] == "eth_getLogs":
                query = question["params"][0]
                first = int(query["fromBlock"], 16)
                if int(query["toBlock"], 16) - first >= blocks:
                    text = message.format(first=query["fromBlock"], last=hex(first + blocks - 1))
                    answer.pop("result")
                    answer["error"] = {"code": code, "message": text}
        exchange.send_list(found)

    return fault


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("query returned more than 10000 results. Try with this block range [{first}, {last}].", -32005),
        ("range 121 exceeds limit of 18", -32602),
        ("eth_getLogs is limited to 1000 blocks", -32000),
        ("exceed maximum block range: 18", -32000),
    ],
)
def test_range_limits_are_found_by_asking(
    busy: tuple[ChainWorld, str, int, int],
    proxy_of: Callable[..., FaultProxy],
    tmp_path: Path,
    message: str,
    code: int,
) -> None:
    world, aggregator, first, last = busy
    proxy = proxy_of(world.node.url, limited(18, message, code))
    with Client([proxy.url], chain_id=1, policy=FAST) as client:
        folder = collect_events(client, aggregator, EVENT, first, last, tmp_path / "pieces")
    assert answers(list(read_rows(folder))) == TRUE
    assert proxy.calls["eth_getLogs"] < 30


def drop(exchange: Exchange) -> None:
    found = exchange.answer_list()
    for question, answer in zip(exchange.questions, found, strict=True):
        if question["method"] == "eth_getLogs":
            answer["result"] = answer["result"][:-1]
    exchange.send_list(found)


def change(name: str, value: Any) -> Fault:
    def fault(exchange: Exchange) -> None:
        found = exchange.answer_list()
        for question, answer in zip(exchange.questions, found, strict=True):
            if question["method"] == "eth_getLogs" and answer["result"]:
                answer["result"][0][name] = value
        exchange.send_list(found)

    return fault


def behind(exchange: Exchange) -> None:
    """A node that is behind the range's end answers with what it has."""
    found = exchange.answer_list()
    for question, answer in zip(exchange.questions, found, strict=True):
        if question["method"] == "eth_blockNumber":
            answer["result"] = "0x1"
        if question["method"] == "eth_getLogs":
            answer["result"] = []
    exchange.send_list(found)


def test_logs_left_out_are_found_at_the_end(
    busy: tuple[ChainWorld, str, int, int], proxy_of: Callable[..., FaultProxy], tmp_path: Path
) -> None:
    world, aggregator, first, last = busy
    proxy = proxy_of(world.node.url, drop)
    with Client([proxy.url], chain_id=1, policy=FAST) as client:
        folder = collect_events(client, aggregator, EVENT, first, last, tmp_path / "pieces")
    with pytest.raises(EvidenceError, match="missing"):
        check_last(EVENT, list(read_rows(folder)), [("current", world.answers["ETH/USD"])])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (behind, AnswerMismatchError),
        (change("address", "0x" + "12" * 20), AnswerMismatchError),
        (change("blockNumber", "0x1"), AnswerMismatchError),
        (change("removed", True), AnswerMismatchError),
        (change("blockNumber", "latest"), ChainError),
        (change("blockHash", "0x" + "12" * 32), ReorganisedError),
        (change("data", "0x1"), ChainError),
        (change("topics", ["0x" + "12" * 32]), AnswerMismatchError),
    ],
)
def test_logs_that_are_not_those_asked_for(
    busy: tuple[ChainWorld, str, int, int],
    proxy_of: Callable[..., FaultProxy],
    tmp_path: Path,
    fault: Fault,
    kind: type[ChainError],
) -> None:
    world, aggregator, first, last = busy
    proxy = proxy_of(world.node.url, fault)
    with Client([proxy.url], chain_id=1, policy=FAST) as client, pytest.raises(kind):
        collect_events(client, aggregator, EVENT, first, last, tmp_path / "pieces")


SLOW_RUN = """
import sys, time
from pathlib import Path
from contracts_abi.families import chainlink_ocr2
from oracles.chain.client import Client
from oracles.chain.history import Span, collect_events
url, address, first, last, folder = sys.argv[1:]
class Slow(Span):
    def grow(self):
        time.sleep(0.15)
with Client([url], chain_id=1) as client:
    event = chainlink_ocr2.EVENT_ANSWER_UPDATED
    collect_events(client, address, event, int(first), int(last), Path(folder), Slow(2))
"""


def test_a_killed_run_goes_on_where_it_stopped(
    busy: tuple[ChainWorld, str, int, int], client: Client, tmp_path: Path
) -> None:
    world, aggregator, first, last = busy
    folder = tmp_path / "pieces"
    command = [sys.executable, "-c", SLOW_RUN, world.node.url, aggregator, str(first), str(last), str(folder)]
    with subprocess.Popen(command, cwd=Path(__file__).parent.parent.parent) as process:
        deadline = time.monotonic() + 20
        while len(list(folder.glob("*.jsonl"))) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    done = sorted(folder.glob("*.jsonl"))
    assert 4 <= len(done) < 20
    stamps = [path.stat().st_mtime_ns for path in done]
    (folder / "0000000001-0000000002.part").write_text("a piece cut short")
    collect_events(client, aggregator, EVENT, first, last, folder)
    assert [path.stat().st_mtime_ns for path in done] == stamps
    assert answers(list(read_rows(folder))) == TRUE


def test_pieces_of_another_range_are_refused(tmp_path: Path) -> None:
    collect(tmp_path / "p", 1, 10, lambda a, b: [{"n": a}, {"n": b}], Span(5))
    with pytest.raises(RecordingError):
        collect(tmp_path / "p", 2, 10, lambda a, b: [], Span(5))
    with pytest.raises(RecordingError):
        collect(tmp_path / "p", 1, 7, lambda a, b: [], Span(5))
