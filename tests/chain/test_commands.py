"""The commands that read a chain: answers, exit codes, files, and when the network may be used at all."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode

from chain_lies import LIES
from chain_world import ChainWorld
from evm_chains import AnvilChain
from fault_proxy import FaultProxy
from oracles.chain.history import read_rows
from oracles.corruption.pools.constant_product import push_exactly
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.vault_share import VaultShare
from real_vaults import RealVault
from scenarios.cli.main import main
from twins import Operation
from uniswap_v2_twins import PairTwins
from workbench import call_data

pytestmark = pytest.mark.node
ETH = "chainlink:0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419"


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, Any]]:
    monkeypatch.delenv("ETH_RPC_URL", raising=False)

    def run(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main([*words, "--json"])
        captured = capsys.readouterr()
        document = json.loads(captured.out)
        assert document["success"] is (code == 0)
        return code, document

    return run


def test_read(run: Callable[..., tuple[int, Any]], world: ChainWorld) -> None:
    code, document = run("read", ETH, "-r", world.node.url)
    assert code == 0
    (price,) = document["data"]["prices"]
    assert (price["price"], price["decimals"], price["trust"]) == ("100.00000000", 8, "claimed")
    assert price["age"] >= 0
    assert document["data"]["block"]["chain_id"] == 1
    assert world.node.url not in json.dumps(document)


def test_read_as_text(capsys: pytest.CaptureFixture[str], world: ChainWorld) -> None:
    assert main(["read", ETH, "-r", world.node.url]) == 0
    shown = capsys.readouterr().out
    assert "100.00000000" in shown
    assert "trust: claimed" in shown


def test_a_pair_reads_every_known_source(run: Callable[..., tuple[int, Any]], world: ChainWorld) -> None:
    code, document = run("read", "BTC/USD", "-r", world.node.url)
    by_source = {price["source"]: price for price in document["data"]["prices"]}
    assert by_source["chainlink BTC/USD"]["price"] == "101.00000000"
    assert code == 3  # the other feeds of this pair are not on this chain, and that is said
    assert document["errors"][0]["code"] == "no-answer"


def test_verify_record_replay(
    run: Callable[..., tuple[int, Any]], world: ChainWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyrevm")
    world.mine()
    path = str(tmp_path / "reads.jsonl")
    code, live = run("read", ETH, "-r", world.node.url, "--verify", "--record", path)
    assert code == 0
    assert live["data"]["trust"] == "proven"

    def forbidden(*arguments: object, **options: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "create_connection", forbidden)
    monkeypatch.setenv("ETH_RPC_URL", world.node.url)
    code, replayed = run("read", ETH, "--from-recording", path)
    assert code == 0
    assert replayed["data"]["prices"][0]["price"] == live["data"]["prices"][0]["price"]
    assert replayed["data"]["trust"] == "recorded"
    code, checked = run("record", "check", path)
    assert code == 0
    assert checked["data"]["sealed"]
    assert checked["data"]["proven"] >= 7
    assert checked["data"]["block"] == live["data"]["block"]
    assert run("record", "check", path, "--chain", "10")[0] == 3
    assert run("read", "chainlink:0x" + "11" * 20, "--from-recording", path)[0] == 3
    changed = Path(path).read_bytes().replace(b'"answer":"0x', b'"answer":"0x00', 1)
    Path(path).write_bytes(changed)
    code, document = run("record", "check", path)
    assert (code, document["errors"][0]["code"]) == (4, "tampered")


def test_a_lie_ends_with_exit_code_4(
    run: Callable[..., tuple[int, Any]], world: ChainWorld, proxy_of: Callable[..., FaultProxy]
) -> None:
    world.mine()
    proxy = proxy_of(world.node.url, LIES["price in the answer"])
    assert (
        run("read", ETH, "-r", proxy.url)[1]["data"]["prices"][0]["price"] == "101.00000000"
    )  # claimed only
    code, document = run("read", ETH, "-r", proxy.url, "--verify")
    assert (code, document["errors"][0]["code"]) == (4, "proof")
    code, document = run("read", ETH, "-r", proxy.url, "-r", world.node.url, "--quorum", "2")
    assert (code, document["errors"][0]["code"]) == (4, "no-quorum")
    other = proxy_of(world.node.url)
    code, document = run("read", ETH, "-r", world.node.url, "-r", other.url, "--quorum", "2")
    assert (code, document["data"]["trust"]) == (0, "quorum")
    code, document = run("read", ETH, "-r", world.node.url, "-r", world.node.url, "--quorum", "2")
    assert (code, document["errors"][0]["code"]) == (4, "no-quorum")  # one endpoint has one vote
    three = ("-r", world.node.url, "-r", other.url, "-r", proxy.url)
    code, document = run("read", ETH, *three, "--quorum", "2")
    assert (code, document["data"]["prices"][0]["price"]) == (0, "100.00000000")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("read", ETH), 2),
        (("read", ETH, "-r", "nonsense"), 2),
        (("read", ETH, "-r", "http://127.0.0.1:9"), 3),
        (("read", ETH, "-r", "NODE", "--chain", "10"), 3),
        (("read", ETH, "-r", "NODE", "--block", "99999999"), 3),
        (("read", ETH, "-r", "NODE", "--block", "-1"), 2),
        (("read", "NO/PAIR", "-r", "NODE"), 2),
        (("read", ETH, "-r", "NODE", "--from-recording", "x"), 2),
        (("read", ETH, "--from-recording", "absent.jsonl"), 3),
        (("snapshot", "uniswap-v2", "-r", "NODE"), 2),
        (("snapshot", "nothing", "-r", "NODE"), 2),
        (("snapshot", "synthetix", "-r", "NODE"), 2),
        (("record", "reads", ETH, "-r", "NODE"), 2),
        (("record", "syncs", "0x" + "1" * 40, "-o", "x.jsonl", "-r", "NODE"), 2),
    ],
)
def test_exit_codes(
    run: Callable[..., tuple[int, Any]],
    world: ChainWorld,
    words: tuple[str, ...],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("oracles.chain.policy.Policy.pause", lambda *_: 0.0)
    found, document = run(*(world.node.url if word == "NODE" else word for word in words))
    assert (found, bool(document["errors"])) == (code, True)


def test_the_environment_variable_counts_here_only(
    run: Callable[..., tuple[int, Any]], world: ChainWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETH_RPC_URL", world.node.url)
    assert run("read", ETH)[0] == 0

    def forbidden(*arguments: object, **options: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "create_connection", forbidden)
    assert run("incidents")[0] == 0
    assert run("replay", "mango-2022-10-11")[0] in {0, 1}


def test_stale_values_are_refused_and_shown(run: Callable[..., tuple[int, Any]], world: ChainWorld) -> None:
    world.transmit("ETH/USD", 123 * 10**8)
    world.wait(1000)
    code, document = run("read", ETH, "-r", world.node.url, "--max-age", "500")
    price = document["data"]["prices"][0]
    assert code == 1
    assert price["price"] is None
    assert price["value"] == str(123 * 10**8)
    assert "s" in price["refused"]


def test_watch(run: Callable[..., tuple[int, Any]], world: ChainWorld) -> None:
    twins = PairTwins(AnvilChain(world.node))
    twins.apply(Operation("mint", (10**20, 10**22)))
    words = ("watch", ETH, f"uniswap-v2:{twins.pair}", "-r", world.node.url, "--every", "0", "--count", "2")
    code, document = run(*words)
    assert code == 0
    assert document["data"]["readings"] == 2
    oracle, pool = document["data"]["sources"]
    assert (oracle["price"], oracle["guard"], oracle["cost_of_1_percent"]) == ("100.00000000", "ok", None)
    attack = push_exactly(twins.model, twins.model.token0, Fraction(101, 100))
    cost = pool["cost_of_1_percent"]
    assert float(cost["capital"]) * 10**18 == pytest.approx(attack.amount_in, rel=2e-3)
    assert float(cost["loss_unwound"]) * 10**18 == pytest.approx(attack.loss, rel=5e-3)
    assert main([*words]) == 0


def test_snapshots_build_the_same_venues(
    run: Callable[..., tuple[int, Any]], world: ChainWorld, tmp_path: Path
) -> None:
    import yaml

    twins = PairTwins(AnvilChain(world.node))
    twins.apply(Operation("mint", (10**20, 3 * 10**20)))
    path = tmp_path / "state.yaml"
    assert run("snapshot", "uniswap-v2", twins.pair, "-r", world.node.url, "-o", str(path))[0] == 0
    document = yaml.safe_load(path.read_text())
    assert document["snapshot"]["trust"] == "claimed"
    assert len(document["snapshot"]["hash"]) == 66
    pair = UniswapV2Pair.from_state(document["venues"][twins.pair]["state"])
    assert pair.quote(*pair.assets, 10**15) == twins.model.quote(*twins.model.assets, 10**15)
    real = RealVault(world, "solmate")
    real.fill(3 * 10**18, 2 * 10**18)
    _, document = run("snapshot", "vault", real.address, "-r", world.node.url)
    vault = VaultShare.from_state(document["data"]["venues"][real.address]["state"])
    assert (vault.total_assets, vault.refuse_nothing) == (3 * 10**18, True)


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_rounds_and_syncs(
    run: Callable[..., tuple[int, Any]], world: ChainWorld, tmp_path: Path, suffix: str
) -> None:
    for step in range(12):
        world.transmit("ETH/USD", (200 + step) * 10**8)
    path = tmp_path / f"rounds{suffix}"
    code, document = run("record", "rounds", "ETH/USD", "-r", world.node.url, "-o", str(path))
    assert (code, document["data"]["rows"]) == (0, 13)
    rows = list(read_rows(path))
    assert [int(row["answer"]) for row in rows] == [100 * 10**8, *((200 + n) * 10**8 for n in range(12))]
    assert [int(row["round"]) & 0xFFFF for row in rows] == list(range(1, 14))
    start = int(world.rpc("eth_blockNumber"), 16)
    twins = PairTwins(AnvilChain(world.node))
    for operation in (("mint", (10**20, 10**20)), ("swap", (0, 10**18)), ("swap", (1, 10**17))):
        twins.apply(Operation(*operation))
    path = tmp_path / f"syncs{suffix}"
    words = ("record", "syncs", twins.pair, "--from", str(start), "-r", world.node.url, "-o", str(path))
    code, document = run(*words)
    assert (code, document["data"]["rows"]) == (0, 3)
    assert not (tmp_path / f"syncs{suffix}.pieces").exists()


def test_rounds_of_every_phase(
    run: Callable[..., tuple[int, Any]], world: ChainWorld, tmp_path: Path
) -> None:
    first = world.aggregators["ETH/USD"]
    for step in range(3):
        world.transmit("ETH/USD", (200 + step) * 10**8)
    old = world.canned()
    for aggregator in (old, world.ocr_aggregator()):
        world.upgrade("ETH/USD", aggregator)
        if aggregator == old:  # of the years before OCR: round 2 holds no answer, round 3 reverts
            kinds = ["uint80", "int256", "uint256", "uint256", "uint80"]
            for number, time in ((1, world.now), (2, 0), (4, world.now)):
                question = call_data("getRoundData(uint80)", number)
                world.teach(aggregator, question, encode(kinds, [number, 300 * 10**8, time, time, number]))
            newest = encode(kinds, [4, 300 * 10**8, world.now, world.now, 4])
            world.teach(aggregator, call_data("latestRoundData()"), newest)
        else:
            world.transmit_ocr("ETH/USD", 400 * 10**8)
    assert first != world.aggregators["ETH/USD"]
    path = tmp_path / "rounds.jsonl"
    words = ("record", "rounds", "ETH/USD", "-r", world.node.url, "-o", str(path))
    code, document = run(*words, "--all-phases")
    assert (code, document["data"]["phases"], document["data"]["without_answer"]) == (0, [1, 2, 3], 2)
    rows = [
        (int(row["round"]) >> 64, int(row["round"]) & 0xFFFF, int(row["answer"])) for row in read_rows(path)
    ]
    old_rounds = [(1, 1, 100), *((1, 2 + n, 200 + n) for n in range(3)), (2, 1, 300), (2, 4, 300)]
    assert rows == [(phase, number, price * 10**8) for phase, number, price in (*old_rounds, (3, 1, 400))]
    assert run(*words)[1]["data"]["rows"] == 1
    assert run(*words, "--all-phases", "--from", "2")[0] == 2


def test_start_up_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    program = (
        "import sys; from scenarios.cli.main import build_parser; build_parser();"
        "heavy = ('numpy', 'web3', 'eth_abi', 'pydantic', 'rlp', 'oracles.chain.client');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
