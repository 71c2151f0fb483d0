"""Readers of price stores and of the sources that name them: taught contracts."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from eth_abi import decode, encode

from chain_contracts import code_of, place
from chain_world import PYTH_FEED, ChainWorld, teach
from contracts_abi.deployments import addresses
from contracts_abi.families import (
    api3,
    chainlink_proxy,
    chronicle,
    curve_stableswap_ng,
    euler_oracle,
    exchange_rates,
    maker,
    redstone,
    synthetix_oracle_manager,
    tellor,
)
from oracles.chain.client import Client
from oracles.chain.errors import ChainError, UnusableStateError
from oracles.chain.live import sources_of
from oracles.chain.live_view import read_view
from oracles.chain.reader import LiveReader, run_plan
from oracles.chain.readers import stores
from oracles.node import read
from oracles.sources.sequencer import SequencerUp
from workbench import call_data

pytestmark = pytest.mark.node
USER, OTHER, THIRD = ("0x" + digit * 40 for digit in "123")


def test_price_stores(world: ChainWorld, client: Client) -> None:
    contract, now = world.canned(), world.now
    teach(world, contract, api3.READ, [7 * 10**18, now])
    teach(world, contract, chronicle.READ_WITH_AGE, [8 * 10**18, now - 5])
    teach(world, contract, chronicle.BAR, [13])
    teach(world, contract, maker.PEEK, [(9 * 10**18).to_bytes(32, "big"), True])
    teach(world, contract, maker.PEEP, [(10**19).to_bytes(32, "big"), True])
    teach(world, contract, maker.HOP, [3600])
    teach(world, contract, maker.ZZZ, [now - 60])
    teach(world, contract, redstone.LATEST_ROUND_DATA, [1, 11 * 10**8, now, now, 1])
    teach(world, contract, redstone.DECIMALS, [8])
    teach(world, contract, exchange_rates.GET_RATE, [12 * 10**17])
    node_id = b"\x05" * 32
    teach(world, contract, synthetix_oracle_manager.PROCESS, [(13 * 10**18, now, 0, 0)], node_id)
    reader = LiveReader.open(client)
    block = reader.block
    assert run_plan(reader, stores.read_api3("a", contract, block)).value == 7 * 10**18
    scribe = run_plan(reader, stores.read_chronicle("c", contract, block))
    assert (scribe.stored.value, scribe.stored.age, scribe.bar) == (8 * 10**18, now - 5, 13)
    osm = run_plan(reader, stores.read_osm("o", contract, block))
    assert (osm.current.value, osm.following.value, osm.poked_at) == (9 * 10**18, 10**19, now - 60)
    assert run_plan(reader, stores.read_redstone("r", contract, block)).value == 11 * 10**8
    rate = run_plan(reader, stores.read_rate("w", contract, stores.RATES["weETH"], block))
    assert (rate.value, rate.decimals) == (12 * 10**17, 18)
    sample = run_plan(reader, stores.read_synthetix_node("s", contract, "0x" + node_id.hex(), block))
    assert sample.value == 13 * 10**18
    for bad in ([0, now], [-1, now], [5, 0], [5, now + 10_000]):
        teach(world, contract, api3.READ, bad)
        reader = LiveReader.open(client)
        with pytest.raises(UnusableStateError):
            run_plan(reader, stores.read_api3("a", contract, reader.block))


def test_tellor_gives_the_report_before_a_time(world: ChainWorld, client: Client) -> None:
    contract, query = world.canned(), b"\x01" * 32
    block = LiveReader.open(client).block
    answer = [True, (5 * 10**18).to_bytes(32, "big"), block.timestamp - 1200]
    world.rpc("evm_setAutomine", True)
    teach(world, contract, tellor.GET_DATA_BEFORE, answer, query, block.timestamp - 900)
    reader = LiveReader.open(client)
    delay = 900 + reader.block.timestamp - block.timestamp
    reports = run_plan(reader, stores.read_tellor("t", contract, "0x" + query.hex(), delay, reader.block))
    assert reports.reports == ((block.timestamp - 1200, 5 * 10**18),)


def test_sequencer_feed_guards_a_price(
    world: ChainWorld, client: Client, record_property: Callable[[str, object], None]
) -> None:
    feed, now = world.canned(), world.now
    for answer, started, fine in (
        (0, now - 10_000, True),
        (1, now - 5, False),
        (0, now - 5, False),
        (0, 0, False),
    ):
        teach(world, feed, chainlink_proxy.LATEST_ROUND_DATA, [1, answer, started, now, 1])
        reader = LiveReader.open(client)
        live = read_view(reader, sources_of(1, "ETH/USD")[:1])
        uptime = run_plan(reader, stores.read_sequencer("L2", feed))
        view = type(live.view)(
            live.view.time, live.view.block, feeds=live.view.feeds, memory={**live.view.memory, "up": uptime}
        )
        guarded = SequencerUp(uptime="up", grace=3600, parents=(live.nodes["chainlink ETH/USD"],))
        assert read(guarded, view).ok is fine
        record_property("chain fault", "right" if fine else "refused")
    teach(world, feed, chainlink_proxy.LATEST_ROUND_DATA, [1, 2, now, now, 1])
    with pytest.raises(UnusableStateError):
        run_plan(LiveReader.open(client), stores.read_sequencer("L2", feed))
    silent = world.canned()
    assert not run_plan(LiveReader.open(client), stores.read_sequencer("L2", silent)).initialised


def test_all_known_sources_of_a_pair(world: ChainWorld, client: Client) -> None:
    pyth = addresses(1, "pyth")[""]
    place(world.rpc, world.account, pyth, code_of("MockPyth") + encode(["uint256", "uint256"], [60, 0]))
    question = call_data(
        "createPriceFeedUpdateData(bytes32,int64,uint64,int32,int64,uint64,uint64,uint64)",
        *(bytes.fromhex(PYTH_FEED[2:]), 10_050_000_000, 5_000_000, -8, 1, 1, world.now, world.now - 1),
    )
    (update,) = decode(["bytes"], world.call(pyth, question))
    world.send(pyth, call_data("updatePriceFeeds(bytes[])", [update]))
    live = read_view(LiveReader.open(client), sources_of(1, "ETH/USD"))
    prices = {name: read(node, live.view).price for name, node in live.nodes.items()}
    assert prices == {"chainlink ETH/USD": 100, "pyth ETH/USD": 100.5}
    assert all(name.startswith("chainlink") and "SVR" in name for name in live.failures)


BAD_QUOTES = [
    *("uniswap-v3-twap:0x12:60", f"uniswap-v3-twap:{USER}", f"uniswap-v3-twap:{USER}:0"),
    *(f"uniswap-v3-twap:{USER}:4294967296", f"curve-ema:{USER}:8", f"curve-ema:{USER}:-1"),
    *(f"euler:{USER}:{OTHER}", f"capo:{USER}:1", "capo:0x" + "zz" * 20),
]


@pytest.mark.parametrize(
    "text",
    ["NO/PAIR", "nothing:0x" + "1" * 40, "chainlink:0x12", "rate:DOGE", "pyth:0x11", "vault:", *BAD_QUOTES],
)
def test_unknown_sources_are_named(text: str) -> None:
    with pytest.raises(ChainError) as caught:
        sources_of(1, text)
    assert caught.value.exit_code == 2


def test_quotes_of_adapters(world: ChainWorld, client: Client) -> None:
    contract, base, quote = world.canned(), world.token(18), world.token(6)
    teach(world, contract, euler_oracle.GET_QUOTE, [2_500_123_456], 10**18, base, quote)
    teach(world, contract, chainlink_proxy.LATEST_ANSWER, [99_990_000])
    teach(world, contract, chainlink_proxy.DECIMALS, [8])
    teach(world, contract, curve_stableswap_ng.PRICE_ORACLE, [1_001 * 10**15], 0)
    teach(world, contract, curve_stableswap_ng.PRICE_ORACLE, [0], 1)
    names = {
        f"euler:{contract}:{base}:{quote}": Fraction("2500.123456"),
        f"capo:{contract}": Fraction("0.9999"),
        f"curve-ema:{contract}": Fraction("1.001"),
    }
    live = read_view(LiveReader.open(client), [s for name in names for s in sources_of(1, name)])
    assert {name: read(node, live.view).price for name, node in live.nodes.items()} == names
    empty = read_view(LiveReader.open(client), sources_of(1, f"curve-ema:{contract}:1"))
    assert isinstance(next(iter(empty.failures.values())), UnusableStateError)
