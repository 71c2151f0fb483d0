"""The real oracle manager of Synthetix (NodeModule) over real Chainlink proxies, beside our own nodes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from eth_abi import decode, encode

from chain_contracts import code_of, place
from chain_world import ChainWorld
from contracts_abi.deployments import addresses
from contracts_abi.families.synthetix_oracle_manager import NODE_TYPES, REDUCER_OPERATIONS
from oracles.chain.client import Client
from oracles.chain.errors import CallRevertedError
from oracles.chain.live import sources_of
from oracles.chain.live_view import read_view
from oracles.chain.proven import ProvenReader
from oracles.chain.reader import LiveReader
from oracles.node import evaluate, read
from oracles.sources.synthetix import SynthetixChainlink, SynthetixReducer
from workbench import call_data

pytestmark = pytest.mark.node
FEEDS = ("ETH/USD", "BTC/USD", "USDC/USD", "LINK/USD")


class Manager:
    """NodeModule at its mainnet address; node ids as it gives them."""

    def __init__(self, world: ChainWorld) -> None:
        self.world = world
        known = addresses(1, "synthetix_oracle_manager")[""]
        self.address = place(world.rpc, world.account, known, code_of("NodeModule"))

    def register(self, kind: str, parameters: bytes, parents: Sequence[bytes] = ()) -> bytes:
        arguments = (NODE_TYPES.index(kind), parameters, list(parents))
        self.world.send(self.address, call_data("registerNode(uint8,bytes,bytes32[])", *arguments))
        question = call_data("getNodeId(uint8,bytes,bytes32[])", *arguments)
        return self.world.call(self.address, question)

    def chainlink(self, pair: str) -> bytes:
        settings = [self.world.proxies[pair], 0, 8]
        return self.register("CHAINLINK", encode(["address", "uint256", "uint8"], settings))

    def reducer(self, operation: str, parents: Sequence[bytes]) -> bytes:
        number = REDUCER_OPERATIONS.index(operation)
        return self.register("REDUCER", encode(["uint8"], [number]), parents)

    def process(self, node: bytes) -> tuple[int, int]:
        answer = self.world.call(self.address, call_data("process(bytes32)", node))
        price, time, *_ = decode(["int256", "uint256", "uint256", "uint256"], answer)
        return price, time


@pytest.fixture
def manager(world: ChainWorld) -> Manager:
    for number, pair in enumerate(FEEDS):
        world.transmit(pair, (1500 + 37 * number * number) * 10**8 + number)
        world.wait(7)
    return Manager(world)


@pytest.mark.parametrize("operation", ["RECENT", "MIN", "MAX", "MEAN", "MEDIAN"])
@pytest.mark.parametrize("count", [3, 4])
def test_reducers_are_the_contracts(operation: str, count: int, manager: Manager, client: Client) -> None:
    leaves = [manager.chainlink(pair) for pair in FEEDS[:count]]
    node = manager.reducer(operation, leaves)
    price, time = manager.process(node)
    name = f"synthetix:0x{node.hex()}"
    texts = [f"chainlink:{manager.world.proxies[pair]}" for pair in FEEDS[:count]]
    live = read_view(LiveReader.open(client), [s for text in (name, *texts) for s in sources_of(1, text)])
    assert not live.failures
    reading = read(live.nodes[name], live.view)
    assert (reading.value, reading.decimals, reading.publish_time) == (price, 18, time)
    own = SynthetixReducer(operation, parents=tuple(SynthetixChainlink(text) for text in texts))
    mine = evaluate(own, live.view)[own.id]
    assert (mine.value, mine.decimals, mine.publish_time) == (price, 18, time)


def test_the_manager_is_proven(manager: Manager) -> None:
    node = manager.reducer("MEDIAN", [manager.chainlink(pair) for pair in FEEDS[:3]])
    manager.world.mine()
    with Client([manager.world.node.url], chain_id=1) as client:
        reader = ProvenReader(LiveReader.open(client))
        live = read_view(reader, sources_of(1, f"synthetix:0x{node.hex()}"))
    (found,) = live.nodes.values()
    assert read(found, live.view).value == manager.process(node)[0]
    proven = set(reader.state.proofs)
    assert {manager.address, *(manager.world.aggregators[pair] for pair in FEEDS[:3])} <= proven


def test_a_breaker_that_trips_is_no_price(manager: Manager, client: Client) -> None:
    far, near = manager.chainlink("LINK/USD"), manager.chainlink("ETH/USD")
    for tolerance, trips in ((10**18, False), (10**15, True)):
        breaker = manager.register(
            "PRICE_DEVIATION_CIRCUIT_BREAKER", encode(["uint256"], [tolerance]), [far, near]
        )
        name = f"synthetix:0x{breaker.hex()}"
        live = read_view(LiveReader.open(client), sources_of(1, name))
        assert isinstance(live.failures.get(name), CallRevertedError) is trips
        if not trips:
            assert read(live.nodes[name], live.view).value == manager.process(breaker)[0]
