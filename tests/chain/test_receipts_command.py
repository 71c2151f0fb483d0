"""Receipts of a block against its header by command: the recorded mainnet block, and one of a node."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain_world import ChainWorld
from fault_proxy import Exchange, FaultProxy
from scenarios.cli.main import main

FOLDER = Path(__file__).parent / "mainnet_block_21925176"
BLOCK, RECEIPTS = str(FOLDER / "block.json.gz"), str(FOLDER / "receipts.json.gz")
HASH = json.loads(gzip.decompress((FOLDER / "block.json.gz").read_bytes()))["hash"]

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("ETH_RPC_URL", raising=False)

    def run(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main(["record", *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_the_mainnet_block(run: Run) -> None:
    code, document = run("check-receipts", BLOCK, RECEIPTS, "--block", HASH)
    data = document["data"]
    assert (code, data["receipts"], data["logs"], data["block"]["number"]) == (0, 202, 463, 21_925_176)


@pytest.mark.parametrize("change", ["a topic", "one left out", "two exchanged", "one twice"])
def test_changed_receipts_are_found(change: str, run: Run, tmp_path: Path) -> None:
    receipts = json.loads(gzip.decompress(Path(RECEIPTS).read_bytes()))
    if change == "a topic":
        log = next(log for receipt in receipts for log in receipt["logs"])
        log["topics"][0] = log["topics"][0][:-1] + ("1" if log["topics"][0][-1] != "1" else "2")
    elif change == "one left out":
        del receipts[100]
    elif change == "two exchanged":
        receipts[3], receipts[4] = receipts[4], receipts[3]
    else:
        receipts.append(receipts[-1])
    path = tmp_path / "receipts.json"
    path.write_text(json.dumps(receipts))
    code, document = run("check-receipts", BLOCK, str(path))
    assert (code, document["errors"][0]["code"]) == (4, "proof")


def test_wrong_files_are_said(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[]")
    assert run("check-receipts", str(path))[0] == 3
    assert run("check-receipts", str(tmp_path / "absent.json"))[0] == 3
    assert run("check-receipts", BLOCK, RECEIPTS, "x")[0] == 2
    assert run("check-receipts", BLOCK, RECEIPTS, "--block", "21925177")[0] == 3
    path.write_text("{")
    assert run("check-receipts", BLOCK, str(path))[0] == 3


@pytest.mark.node
@pytest.mark.parametrize("suffix", ["json", "json.gz"])
@pytest.mark.parametrize("whole", [True, False])
def test_a_block_of_a_node(
    suffix: str,
    whole: bool,
    run: Run,
    world: ChainWorld,
    proxy_of: Callable[..., FaultProxy],
    tmp_path: Path,
) -> None:
    def no_block_receipts(exchange: Exchange) -> None:
        if not whole and exchange.asks("eth_getBlockReceipts"):
            exchange.error(-32601, "the method eth_getBlockReceipts does not exist")
        else:
            exchange.pass_on()

    world.transmit("ETH/USD", 123 * 10**8)
    proxy = proxy_of(world.node.url, no_block_receipts)
    path = str(tmp_path / f"block.{suffix}")
    code, document = run("receipts", "latest", "-r", proxy.url, "-o", path)
    assert (code, document["data"]["receipts"]) == (0, 1)
    assert document["data"]["logs"] == 3  # submission, answer, funds
    assert run("check-receipts", path, "--chain", "1")[1]["data"]["block"] == document["data"]["block"]
    assert run("check-receipts", path, "--chain", "10")[0] == 3
    assert run("receipts", "latest", "3", "-r", proxy.url, "-o", path)[0] == 2


@pytest.mark.node
def test_a_node_that_leaves_a_receipt_out_is_found(
    run: Run, world: ChainWorld, proxy_of: Callable[..., FaultProxy], tmp_path: Path
) -> None:
    def fewer(exchange: Exchange) -> None:
        answers = exchange.answer_list()
        if exchange.asks("eth_getBlockReceipts"):
            answers[0]["result"].pop()
        exchange.send_list(answers)

    world.transmit("ETH/USD", 123 * 10**8)
    proxy = proxy_of(world.node.url, fewer)
    path = tmp_path / "block.json"
    code, document = run("receipts", "latest", "-r", proxy.url, "-o", str(path))
    assert (code, document["errors"][0]["code"], path.exists()) == (4, "proof", False)
