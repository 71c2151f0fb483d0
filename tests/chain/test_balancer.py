"""Balancer V2 weighted pools read from the real vault; their next answers are the contract's."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from eth_abi import encode

from balancer_twins import WeightedTwins
from chain_world import ChainWorld
from evm_chains import AnvilChain
from oracles.chain.client import Client
from oracles.chain.errors import UnknownSourceError, UnusableStateError
from oracles.chain.live import sources_of
from oracles.chain.live_view import read_view
from oracles.chain.proven import ProvenReader
from oracles.chain.reader import LiveReader, run_plan
from oracles.chain.readers.balancer import read_weighted_pool
from oracles.node import read
from protocol.fixed_point import WAD
from protocol.venues.weighted_pool import WeightedPool
from scenarios.cli.main import main
from twins import Operation
from workbench import call_data

pytestmark = pytest.mark.node
POOLS = {
    "first factory": ((WAD * 8 // 10, WAD // 5), (18, 6), False),
    "third factory": ((WAD // 2, WAD // 2), (18, 6), True),
    "three tokens": ((WAD // 2, WAD // 4, WAD // 4), (18, 6, 8), True),
}


def _pool(world: ChainWorld, name: str) -> WeightedTwins:
    weights, decimals, third = POOLS[name]
    twins = WeightedTwins(AnvilChain(world.node), weights, decimals, 3 * 10**15, third=third)
    amounts = tuple((n + 2) * 10 ** (places + 3) for n, places in enumerate(twins.model.decimals))
    assert twins.apply(Operation("initialise", amounts))
    assert twins.apply(Operation("swap", (0, 1, 10 ** twins.model.decimals[0] * 7)))
    return twins


@pytest.mark.parametrize("name", POOLS)
def test_the_next_swaps_are_the_contracts(name: str, world: ChainWorld, client: Client) -> None:
    twins = _pool(world, name)
    pool = run_plan(LiveReader.open(client), read_weighted_pool(twins.pool))
    assert pool.tokens == tuple(twins.tokens)
    for field in ("weights", "balances", "decimals", "fee", "total_supply", "shortcuts"):
        assert getattr(pool, field) == getattr(twins.model, field), field
    figures = ("balances", "total_supply")
    for step, (sell, buy) in enumerate(((0, 1), (1, 0), (0, 1), (len(twins.tokens) - 1, 0))):
        amount = pool.balances[sell] // (9 + step) + step
        _, pool = pool.swap(twins.tokens[sell], twins.tokens[buy], amount)
        twins.on_contract(Operation("swap", (sell, buy, amount)))
        real = twins.contract_figures()
        assert {field: getattr(pool, field) for field in figures} == {f: real[f] for f in figures}


def test_a_pool_is_proven(world: ChainWorld) -> None:
    twins = _pool(world, "third factory")
    world.mine()
    with Client([world.node.url], chain_id=1) as client:
        reader = ProvenReader(LiveReader.open(client))
        pool = run_plan(reader, read_weighted_pool(twins.pool))
    assert pool.balances == twins.model.balances
    assert {twins.pool, twins.vault} <= set(reader.state.proofs)


def test_spot_price(world: ChainWorld, client: Client) -> None:
    twins = _pool(world, "three tokens")
    base, quote = twins.tokens[2], twins.tokens[0]
    reader = LiveReader.open(client)
    texts = (f"balancer-v2:{twins.pool}:{base}:{quote}", f"balancer-v2:{twins.pool}")
    live = read_view(reader, [source for text in texts for source in sources_of(1, text)])
    assert isinstance(live.failures[texts[1]], UnknownSourceError)
    price = read(live.nodes[texts[0]], live.view).price
    pool = twins.model
    whole = [Fraction(b, 10**d) for b, d in zip(pool.balances, pool.decimals, strict=True)]
    exact = (whole[0] / pool.weights[0]) / (whole[2] / pool.weights[2])
    assert 0 <= exact - price < Fraction(1, 10**18)
    with pytest.raises(UnknownSourceError):
        sources_of(1, f"balancer-v2:{twins.pool}:x")


@pytest.mark.parametrize("lie", ["another pool", "paused"])
def test_a_pool_that_does_not_trade_is_refused(lie: str, world: ChainWorld, client: Client) -> None:
    pool, vault, pool_id = world.canned(), world.canned(), b"\7" * 32
    token = world.token()
    named = {"another pool": vault, "paused": pool}[lie]
    answers = {
        (pool, "getVault()"): (["address"], [vault]),
        (pool, "getPoolId()"): (["bytes32"], [pool_id]),
        (pool, "getNormalizedWeights()"): (["uint256[]"], [[WAD // 2, WAD // 2]]),
        (pool, "getSwapFeePercentage()"): (["uint256"], [10**15]),
        (pool, "totalSupply()"): (["uint256"], [WAD]),
        (pool, "getPausedState()"): (["bool", "uint256", "uint256"], [lie == "paused", 1, 2]),
        (vault, "getPausedState()"): (["bool", "uint256", "uint256"], [False, 1, 2]),
    }
    for (contract, name), (kinds, values) in answers.items():
        world.teach(contract, call_data(name), encode(kinds, values))
    held = encode(["address[]", "uint256[]", "uint256"], [[token, pool], [1, 1], 0])
    world.teach(vault, call_data("getPoolTokens(bytes32)", pool_id), held)
    world.teach(vault, call_data("getPool(bytes32)", pool_id), encode(["address", "uint8"], [named, 1]))
    with pytest.raises(UnusableStateError, match=lie):
        run_plan(LiveReader.open(client), read_weighted_pool(pool))


def test_snapshot_command(world: ChainWorld, capsys: pytest.CaptureFixture[str]) -> None:
    twins = _pool(world, "first factory")
    capsys.readouterr()
    assert main(["snapshot", "balancer-v2", twins.pool, "-r", world.node.url, "--json"]) == 0
    state = json.loads(capsys.readouterr().out)["data"]["venues"][twins.pool]["state"]
    pool = WeightedPool.from_state(state)
    amount = pool.balances[0] // 9
    assert pool.quote(*twins.tokens, amount) == twins.model.quote(*twins.names, amount)
