"""Calls executed over proven state on a real node; every lie about that state is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from eth_abi import decode, encode

from chain_contracts import code_of, place
from chain_lies import LIES
from chain_world import FAST, PYTH_FEED, ChainWorld
from contracts_abi.deployments import addresses
from contracts_abi.entry import Function
from contracts_abi.families import chainlink_flux, uniswap_v3
from contracts_abi.keccak import keccak256
from evm_chains import AnvilChain
from fault_proxy import FaultProxy
from oracles.chain.calls import Outcome, call
from oracles.chain.client import Client
from oracles.chain.errors import ChainError, EvidenceError
from oracles.chain.proven import ProvenReader
from oracles.chain.reader import LiveReader, run_plan
from oracles.chain.readers.chainlink import read_answers, read_chainlink, read_rounds
from oracles.chain.readers.stores import read_pyth
from oracles.chain.readers.venues import read_uniswap_v2, read_whole_vault
from real_vaults import KINDS, RealVault
from twins import Operation
from uniswap_v2_twins import PairTwins
from uniswap_v3_twins import PoolTwins
from workbench import call_data

pytest.importorskip("pyrevm", reason="pyrevm has wheels for Python 3.11 and 3.12 only")
pytestmark = pytest.mark.node
PRICE = Function("price()", "(uint256)", "a035b1fe")


@pytest.fixture
def proven(world: ChainWorld) -> Iterator[Callable[[str], ProvenReader]]:
    clients: list[Client] = []

    def make(url: str) -> ProvenReader:
        world.mine()  # a changed slot enters the header with the next block
        clients.append(Client([url], chain_id=1, policy=FAST))
        return ProvenReader(LiveReader.open(clients[-1]))

    yield make
    for client in clients:
        client.close()


def test_chainlink_is_proven_through_its_proxy(
    world: ChainWorld, proven: Callable[[str], ProvenReader]
) -> None:
    reader = proven(world.node.url)
    state = run_plan(reader, read_chainlink("ETH/USD", world.proxies["ETH/USD"], reader.block))
    assert state.round.answer == world.answers["ETH/USD"]
    assert reader.trust == "proven"
    assert {world.proxies["ETH/USD"], world.aggregators["ETH/USD"]} <= set(reader.state.proofs)


def test_pyth_is_proven(world: ChainWorld, proven: Callable[[str], ProvenReader]) -> None:
    pyth = addresses(1, "pyth")[""]
    place(world.rpc, world.account, pyth, code_of("MockPyth") + encode(["uint256", "uint256"], [60, 0]))
    feed = bytes.fromhex(PYTH_FEED[2:])
    price = (250_000_000_000, 90_000_000, -8)
    question = call_data(
        "createPriceFeedUpdateData(bytes32,int64,uint64,int32,int64,uint64,uint64,uint64)",
        *(feed, *price, price[0], price[1], world.now, world.now - 1),
    )
    (update,) = decode(["bytes"], world.call(pyth, question))
    world.send(pyth, call_data("updatePriceFeeds(bytes[])", [update]))
    reader = proven(world.node.url)
    stored = run_plan(reader, read_pyth("ETH/USD", pyth, PYTH_FEED, reader.block))
    assert (stored.price, stored.confidence, stored.exponent) == price


def test_old_rounds_are_proven_at_the_newest_block(
    world: ChainWorld, proven: Callable[[str], ProvenReader]
) -> None:
    for step in range(6):
        world.transmit("ETH/USD", (300 + step) * 10**8)
    world.upgrade("ETH/USD", world.ocr_aggregator())
    for step in range(3):
        world.transmit_ocr("ETH/USD", (400 + step) * 10**8)
    reader = proven(world.node.url)
    proxy = world.proxies["ETH/USD"]
    expected = {
        1: [100 * 10**8, *((300 + n) * 10**8 for n in range(6))],
        2: [(400 + n) * 10**8 for n in range(3)],
    }
    for phase, answers in expected.items():
        base = phase << 64
        rounds = run_plan(reader, read_rounds("ETH/USD", proxy, base | 1, base | len(answers)))
        assert [item.answer for item in rounds] == answers
    # OCR's layout: slot 11 holds the number of rounds, slot 12 is the mapping of transmissions.
    ocr = world.aggregators["ETH/USD"]
    assert reader.storage(ocr, 11) >> 48 == 3
    place_of_2 = int.from_bytes(keccak256(encode(["uint256", "uint256"], [2, 12])), "big")
    assert reader.storage(ocr, place_of_2) & ((1 << 192) - 1) == 401 * 10**8


def test_pools_and_vaults_are_proven(world: ChainWorld, proven: Callable[[str], ProvenReader]) -> None:
    chain = AnvilChain(world.node)
    pair, pool = PairTwins(chain), PoolTwins(chain)
    for twins, operations in (
        (pair, [("mint", (10**20, 3 * 10**20)), ("swap", (0, 10**18))]),
        (pool, [("initialise", (1 << 96,)), ("mint", (0, -600, 600, 10**20, 0, 0)), ("wait", (60,))]),
    ):
        for name, arguments in operations:
            twins.apply(Operation(name, arguments))
    vaults = {kind: RealVault(world, kind) for kind in KINDS}
    for vault in vaults.values():
        vault.do("mint", 2 * 10**18)
        vault.donate(10**18 + 7)
    reader = proven(world.node.url)
    model = run_plan(reader, read_uniswap_v2(pair.pair))
    assert (model.reserve0, model.reserve1) == (pair.model.reserve0, pair.model.reserve1)
    asked = [
        call(pool.pool, uniswap_v3.SLOT0),
        call(pool.pool, uniswap_v3.OBSERVE, [0]),
        call(pool.pool, uniswap_v3.TICKS, 600),
    ]
    slot0, observed, tick = (
        item.values(outcome) for item, outcome in zip(asked, reader.call_many(asked), strict=True)
    )
    assert slot0[0] == pool.model.sqrt_price_x96
    assert observed[0] == (0,)
    assert tick[0] == 10**20
    for kind, vault in vaults.items():
        found = run_plan(reader, read_whole_vault(vault.address))
        assert found.total_assets == vault.figure("totalAssets()")
        assert found.to_assets_down(10**18) == vault.figure("convertToAssets(uint256)", 10**18)
        assert found.refuse_nothing is (kind == "solmate")


@pytest.mark.parametrize("value", [0, 5])
def test_reads_of_a_reverted_frame_are_proven_too(
    value: int, world: ChainWorld, proven: Callable[[str], ProvenReader]
) -> None:
    contract = world.deploy(code_of("Swallower"))
    world.send(contract, call_data("set(uint256)", value))
    reader = proven(world.node.url)
    asked = call(contract, PRICE)
    assert asked.integer(reader.call_many([asked])[0]) == (value or 1)
    inner = next(address for address in reader.state.proofs if address not in {contract, "0x" + "00" * 20})
    assert 0 in reader.state.proofs[inner].slots


def test_a_proven_revert_is_an_outcome(world: ChainWorld, proven: Callable[[str], ProvenReader]) -> None:
    canned = world.canned()
    reader = proven(world.node.url)
    (outcome,) = reader.call_many([call(canned, PRICE)])
    assert not outcome.success
    assert b"not taught" in outcome.data


def test_storage_and_code_are_proven(world: ChainWorld, proven: Callable[[str], ProvenReader]) -> None:
    reader = proven(world.node.url)
    aggregator = world.aggregators["ETH/USD"]
    assert reader.storage(aggregator, chainlink_flux.LATEST_ROUND_SLOT) >> 32 == 1
    assert reader.storage(aggregator, 999) == 0
    assert reader.code(aggregator)
    assert reader.code("0x" + "77" * 20) == b""


@pytest.mark.parametrize("name", LIES)
def test_lies(name: str, world: ChainWorld, proxy_of: Callable[..., FaultProxy]) -> None:
    world.mine()
    proxy = proxy_of(world.node.url, LIES[name])
    harmless = name.startswith("access list")
    with Client([proxy.url], chain_id=1, policy=FAST) as client:
        try:
            reader = ProvenReader(LiveReader.open(client))
            found = read_answers(reader, [("ETH/USD", world.proxies["ETH/USD"])])
        except ChainError as error:
            found = [error]
    if harmless:
        assert not isinstance(found[0], ChainError)
        assert found[0].answer == world.answers["ETH/USD"]
    else:
        assert isinstance(found[0], ChainError), name
        assert name == "price in the answer" or isinstance(found[0], EvidenceError | ChainError)


def test_evidence_errors_end_with_exit_code_4(world: ChainWorld, proxy_of: Callable[..., FaultProxy]) -> None:
    world.mine()
    proxy = proxy_of(world.node.url, LIES["price in the answer"])
    with Client([proxy.url], chain_id=1, policy=FAST) as client:
        reader = ProvenReader(LiveReader.open(client))
        with pytest.raises(EvidenceError, match="proven is") as caught:
            read_answers(reader, [("ETH/USD", world.proxies["ETH/USD"])])
    assert caught.value.exit_code == 4
    assert isinstance(Outcome(True, b""), tuple)
