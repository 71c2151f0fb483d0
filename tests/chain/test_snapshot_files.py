"""From a real protocol on a node to a protocol file to a stress test; recordings need no network."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from eth_abi import decode

from aave_world import AaveWorld
from chain_world import ChainWorld
from evm_chains import AnvilChain
from scenarios.cli import snapshot as snapshot_command
from scenarios.cli.main import main
from scenarios.files.from_snapshot import SnapshotError, protocol_from_snapshot
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_checks import load_protocol
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation
from twins import Operation
from uniswap_v2_twins import PairTwins
from workbench import call_data

pytestmark = pytest.mark.node


@pytest.fixture
def aave(world: ChainWorld, monkeypatch: pytest.MonkeyPatch) -> AaveWorld:
    """A pool of the published Aave V3 build with one borrower, found where mainnet's would be."""
    aave = AaveWorld(world)
    aave.price(0, 2000 * 10**8)
    aave.price(1, 10**8)
    aave.supply(1, 100_000 * 10**6)
    aave.supply(0, 5 * 10**18)
    aave.borrow(1, 7_000 * 10**6)
    monkeypatch.delenv("ETH_RPC_URL", raising=False)
    places = {"pool": aave.pool, "data_provider": aave.data_provider, "oracle": aave.oracle}
    monkeypatch.setattr(snapshot_command, "addresses", lambda chain, family: places)
    return aave


def written(aave: AaveWorld, path: Path, *more: str) -> ProtocolFile:
    words = ["snapshot", "aave-v3", aave.world.account, "--protocol-file", str(path), *more]
    source = () if "--from-recording" in more else ("-r", aave.world.node.url)
    assert main([*words, *source]) == 0
    return load_protocol(path)


def test_a_real_aave_position_is_judged_as_the_contract_does(
    aave: AaveWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world, path = aave.world, tmp_path / "aave.yaml"
    file = written(aave, path)
    assert "backstop stress" in capsys.readouterr().err
    question = call_data("getUserAccountData(address)", world.account)
    answer = decode(["uint256"] * 6, world.call(aave.pool, question))
    collateral, debt, available, threshold, _, health = answer
    game = open_simulation(file, seed_of(file), 0)
    (owner,) = file.accounts
    assert owner == world.account.lower()
    judged = game.protocol.judge(owner)
    # The one account has supplied and borrowed the dollar too: the file holds what is left of both.
    assert judged.equity == pytest.approx((collateral - debt) * 10**10, abs=10**11)
    held = {asset: int(units) for asset, units in game.protocol.balances(owner).items()}
    assert sorted(abs(units) for units in held.values()) == pytest.approx(
        sorted((5 * 10**18, 93_000 * 10**6)), rel=1e-6
    )
    assert threshold == 8250
    assert health > 10**18
    assert available > 0
    (reference,) = (text for name, text in file.references.items() if name == "snapshot")
    assert "chain 1, trust: claimed" in reference


def test_cash_and_caps_are_those_of_the_pool(aave: AaveWorld, tmp_path: Path) -> None:
    file = written(aave, tmp_path / "aave.yaml")
    game = open_simulation(file, seed_of(file), 0)
    for address, places in zip(aave.assets, (18, 6), strict=True):
        (name,) = (n.removeprefix("asset ") for n, a in file.references.items() if a == address)
        provider = aave.world.call(
            aave.data_provider, call_data("getReserveTokensAddresses(address)", address)
        )
        a_token = decode(["address"] * 3, provider)[0]
        held = int.from_bytes(aave.world.call(address, call_data("balanceOf(address)", a_token)))
        # Amounts in the file are exact, so the pool can pay out what the aToken holds, to the unit.
        assert game.protocol.cash(name) == held
        assert file.assets[name].decimals == places
        # What may still be supplied is the cap less all that is supplied, whoever supplied it.
        room = game.protocol.most_deposit(name)
        supplied = {18: 5, 6: 100_000}[places]
        assert room == pytest.approx((10**6 - supplied) * 10**places, rel=1e-6)
        assert str(file.listings[name].collateral_factor) == "0.8"
        assert str(file.listings[name].liquidation_threshold) == "0.825"
    assert str(file.liquidation.bonus) == "0.05"


def test_from_the_chain_to_a_stress_test_with_the_network_forbidden(
    aave: AaveWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded, first, second = tmp_path / "aave.jsonl", tmp_path / "live.yaml", tmp_path / "replayed.yaml"
    written(aave, first, "--record", str(recorded))

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(socket, "create_connection", forbidden)
    file = written(aave, second, "--from-recording", str(recorded))
    same = load_protocol(first).model_dump(exclude={"references"})
    assert file.model_dump(exclude={"references"}) == same
    assert "trust: recorded" in file.references["snapshot"]
    capsys.readouterr()
    assert main(["stress", str(second), "--runs", "5", "--json"]) in {0, 1}
    answer = json.loads(capsys.readouterr().out)["data"]
    assert answer["runs"] == 5


def test_a_pair_of_the_same_block_becomes_a_venue(aave: AaveWorld, tmp_path: Path) -> None:
    twins = PairTwins(AnvilChain(aave.world.node))
    twins.apply(Operation("mint", (10**20, 3 * 10**20)))
    pools = {"0xpair": {"kind": "uniswap-v2", "state": twins.model.to_state()}}
    with pytest.raises(SnapshotError, match="is no asset of the protocol"):
        protocol_from_snapshot(document(twins.model.token0, "0x" + "22" * 20), pools)
    data = protocol_from_snapshot(document(twins.model.token0, twins.model.token1), pools)
    (venue,) = data["venues"].values()
    assert sorted(venue["reserves"].values()) == ["100", "300"]
    assert venue["fee"] == "0.003"
    assert main(["snapshot", "aave-v3", "--pools", "0x1", "-r", aave.world.node.url]) == 2
    words = ("snapshot", "aave-v3", "--protocol-file", "x.json", "-r", aave.world.node.url)
    assert main(list(words)) == 2


def document(base: str, collateral: str) -> dict[str, Any]:
    """Return a snapshot of Compound III as the command writes it: numbers beyond 2**53 are text."""
    info = {
        "asset": collateral,
        "symbol": "WETH",
        "scale": str(10**18),
        "borrowCollateralFactor": str(825 * 10**15),
        "liquidateCollateralFactor": str(895 * 10**15),
        "liquidationFactor": str(95 * 10**16),
        "supplyCap": str(10**24),
        "price": 2000 * 10**8,
    }
    position = {
        "borrow_balance": str(1_500 * 10**18),
        "supply_balance": 0,
        "liquidatable": False,
        "collateral": {collateral: str(10**18)},
    }
    return {
        "snapshot": {
            "protocol": "compound-v3",
            "trust": "claimed",
            "chain_id": 1,
            "number": 7,
            "hash": "0x12",
        },
        "protocol": {
            "base_token": base,
            "base_symbol": "DAI",
            "base_scale": str(10**18),
            "base_price": 10**8,
            "cash": str(9_000 * 10**18),
            "assets": [info],
            "positions": {"0xuser": position},
        },
    }


def test_a_compound_market_becomes_a_file(tmp_path: Path) -> None:
    import yaml

    path = tmp_path / "comet.yaml"
    path.write_text(yaml.safe_dump(protocol_from_snapshot(document("0xaa", "0xbb"))), encoding="utf-8")
    file = load_protocol(path)
    game = open_simulation(file, seed_of(file), 0)
    assert game.protocol.cash("DAI") == 9_000 * 10**18
    # One ether at 0.895 less a debt of 1,500, and at 0.825.
    assert game.protocol.judge("0xuser").excess == 290 * 10**18
    assert game.protocol.rule.initial_excess(game.protocol.balances("0xuser"), game.protocol.market()) == (
        150 * 10**18
    )
    assert (file.margin.preset, file.margin.settlement, str(file.liquidation.bonus)) == (
        "compound-v3",
        "DAI",
        "0.05",
    )


def test_other_snapshots_are_refused() -> None:
    with pytest.raises(SnapshotError, match="aave-v3 and compound-v3"):
        protocol_from_snapshot({"snapshot": {"protocol": "gmx"}})
