"""Logs of a range proven by headers and receipts: complete and unchanged, whatever the node leaves out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chain_world import FAST, ChainWorld
from contracts_abi.families import uniswap_v2
from evm_chains import AnvilChain
from fault_proxy import Exchange, Fault, FaultProxy
from oracles.chain.client import Client
from oracles.chain.errors import ProofError
from oracles.chain.history import Row, collect_events, read_rows
from oracles.chain.proven_logs import ProvenLogs, verify_logs
from oracles.chain.reader import LiveReader
from scenarios.cli.main import main
from twins import Operation
from uniswap_v2_twins import PairTwins

pytestmark = pytest.mark.node
EVENT = uniswap_v2.EVENT_SYNC


@pytest.fixture
def busy(world: ChainWorld) -> tuple[ChainWorld, str, int]:
    """Return a pair with syncs among blocks of other contracts and empty ones, and the first block."""
    first = int(world.rpc("eth_blockNumber"), 16) + 1
    twins = PairTwins(AnvilChain(world.node))
    twins.apply(Operation("mint", (10**20, 3 * 10**20)))
    for step in range(6):
        twins.apply(Operation("wait", (60,)))  # past the blocks that others make
        twins.apply(Operation("swap", (step % 2, 10**17 + step)))
        world.transmit("ETH/USD", (200 + step) * 10**8)
        world.mine()
    return world, twins.pair.lower(), first


def _rows(client: Client, pair: str, first: int, last: int, folder: Path) -> list[Row]:
    return list(read_rows(collect_events(client, pair, EVENT, first, last, folder)))


def test_all_logs_are_proven(busy: tuple[ChainWorld, str, int], client: Client, tmp_path: Path) -> None:
    _, pair, first = busy
    last = LiveReader.open(client).block
    rows = _rows(client, pair, first, last.number, tmp_path / "p")
    proven = verify_logs(client, pair, EVENT, rows, first, last)
    assert proven == ProvenLogs(last.number - first + 1, 7, 7)
    changes: list[Callable[[list[Row]], list[Row]]] = [
        lambda rows: rows[:3] + rows[4:],  # left out
        lambda rows: [*rows, rows[-1]],
        lambda rows: [{**rows[0], "data": rows[1]["data"]}, *rows[1:]],
        lambda rows: [{**rows[0], "log_index": rows[0]["log_index"] + 1}, *rows[1:]],
        lambda rows: [{**rows[0], "block_timestamp": rows[0]["block_timestamp"] + 1}, *rows[1:]],
        lambda rows: [{**rows[0], "block_hash": rows[1]["block_hash"]}, *rows[1:]],
        lambda rows: [{**rows[0], "block_number": rows[0]["block_number"] + 1}, *rows[1:]],
        lambda rows: [{**rows[0], "block_number": last.number + 1}, *rows[1:]],
    ]
    for change in changes:
        with pytest.raises(ProofError):
            verify_logs(client, pair, EVENT, change(rows), first, last)
    with pytest.raises(ProofError):  # rows before the range
        verify_logs(client, pair, EVENT, rows, rows[1]["block_number"], last)


def _drop_third(exchange: Exchange) -> None:
    answers = exchange.answer_list()
    for question, answer in zip(exchange.questions, answers, strict=True):
        if question["method"] == "eth_getLogs":
            del answer["result"][2:3]
    exchange.send_list(answers)


def _bloom_emptied(exchange: Exchange) -> None:
    """Hide a block's logs: no log, no receipt, and a header whose bloom filter is empty."""
    answers = exchange.answer_list()
    for question, answer in zip(exchange.questions, answers, strict=True):
        if question["method"] == "eth_getLogs":
            del answer["result"][2:3]
        if question["method"] == "eth_getBlockByNumber" and isinstance(answer.get("result"), dict):
            answer["result"]["logsBloom"] = "0x" + "00" * 256
    exchange.send_list(answers)


def _receipts_changed(exchange: Exchange) -> None:
    answers = exchange.answer_list()
    for question, answer in zip(exchange.questions, answers, strict=True):
        if question["method"] == "eth_getBlockReceipts":
            for receipt in answer["result"]:
                receipt["logs"] = receipt["logs"][:-1]
    exchange.send_list(answers)


@pytest.mark.parametrize("fault", [_drop_third, _bloom_emptied, _receipts_changed])
def test_a_node_that_hides_logs_is_found(
    busy: tuple[ChainWorld, str, int],
    fault: Fault,
    proxy_of: Callable[..., FaultProxy],
    tmp_path: Path,
) -> None:
    world, pair, first = busy
    proxy = proxy_of(world.node.url, fault)
    with Client([world.node.url], chain_id=1) as honest:
        last = LiveReader.open(honest).block  # the one hash that is trusted
    with Client([proxy.url], chain_id=1, policy=FAST) as client:
        rows = _rows(client, pair, first, last.number, tmp_path / "p")
        with pytest.raises(ProofError):
            verify_logs(client, pair, EVENT, rows, first, last)


def test_record_command(
    busy: tuple[ChainWorld, str, int],
    proxy_of: Callable[..., FaultProxy],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    world, pair, first = busy
    path = tmp_path / "syncs.jsonl"
    words = ["record", "syncs", pair, "--from", str(first), "-o", str(path), "--verify", "--json"]
    assert main([*words, "-r", world.node.url]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["proven"]["logs"] == data["rows"] == 7
    assert data["proven"]["with_receipts"] == 7 < data["proven"]["blocks"]
    path.unlink()
    proxy = proxy_of(world.node.url, _drop_third)
    assert main([*words, "-r", proxy.url]) == 4
    assert not path.exists()
    assert not (tmp_path / "syncs.jsonl.pieces").exists()
    assert main(["record", "rounds", "ETH/USD", "-r", world.node.url, "-o", str(path), "--verify"]) == 2
