"""All positions of a real V3 pool, and a missing one found."""

from __future__ import annotations

import json

import pytest

from chain_world import ChainWorld
from evm_chains import AnvilChain
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from scenarios.cli.main import main
from twins import Operation
from uniswap_v3_twins import PoolTwins

pytestmark = pytest.mark.node


def test_snapshot_with_positions(world: ChainWorld, capsys: pytest.CaptureFixture[str]) -> None:
    start = int(world.rpc("eth_blockNumber"), 16)
    twins = PoolTwins(AnvilChain(world.node))
    for operation in (
        Operation("initialise", (1 << 96,)),
        Operation("mint", (0, -600, 600, 10**20, 0, 0)),
        Operation("mint", (1, -6000, 3000, 10**19, 0, 0)),
        Operation("mint", (0, -600, 600, 10**18, 0, 0)),
        Operation("swap", (1, 10**17, 4295128740, 0)),
        Operation("burn", (1, -6000, 3000, 10**18)),
        Operation("mint", (1, -120, 120, 10**19, 0, 0)),
        Operation("burn", (1, -120, 120, 10**19)),
    ):
        assert twins.apply(operation)
    words = ["snapshot", "uniswap-v3", twins.pool, "-r", world.node.url, "--json", "--positions-from"]
    capsys.readouterr()
    assert main([*words, str(start)]) == 0
    state = json.loads(capsys.readouterr().out)["data"]["venues"][twins.pool]["state"]
    pool = UniswapV3Pool.from_state(state)
    assert dict(pool.positions) == dict(twins.model.positions)
    assert len(pool.positions) == 3
    # The next burn of the model is the contract's: fees owed come out of the position's own figures.
    time = twins.chain.time + 30
    assert twins.apply(Operation("wait", (30,)))
    assert twins.apply(Operation("burn", (0, -600, 600, 10**19)))
    *_, after = pool.burn(twins.owners[0], -600, 600, 10**19, time=time)
    assert dict(after.positions) == dict(twins.model.positions)
    late = int(world.rpc("eth_blockNumber"), 16) - 3
    assert main([*words, str(late)]) == 3
    error = json.loads(capsys.readouterr().out)["errors"][0]
    assert (error["code"], "a position is missing" in error["message"]) == ("unusable-state", True)
    assert main(["snapshot", "vault", twins.pool, "-r", world.node.url, "--positions-from", "0"]) == 2
