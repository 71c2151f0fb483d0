"""Live averages of a pair, and LP tokens over live reserves, beside what the real contracts say."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from typing import Any

import pytest
from eth_abi import encode

from chain_world import ChainWorld
from live_readings import a_pair, at, failure_of, live_of, reading_of
from oracles.chain.client import Client
from oracles.chain.earlier import reader_before
from oracles.chain.errors import MissingRecordError, NoAnswerError, ProofError, UnusableStateError
from oracles.chain.proven import ProvenReader
from oracles.chain.quorum import QuorumReader
from oracles.chain.reader import LiveReader
from oracles.chain.recording import RecordingReader
from oracles.node import read
from protocol.fixed_point import Q112, WAD
from twins import Operation
from uniswap_v2_twins import PairTwins
from workbench import call_data

pytestmark = pytest.mark.node
DAY = 86_400


def apply(world: ChainWorld, twins: PairTwins, operation: Operation) -> None:
    twins.chain.set_time(world.now)
    twins.apply(operation)


def price_oracle(world: ChainWorld, twins: PairTwins) -> str:
    from local_tools import creation_code
    from pinned_packages import UNISWAP_V2_PERIPHERY

    code = creation_code(UNISWAP_V2_PERIPHERY, "build/ExampleOracleSimple.json")
    return world.deploy(code + encode(["address"] * 3, [twins.factory, *twins.tokens]))


def average_of(world: ChainWorld, oracle: str) -> int:
    return int.from_bytes(world.call(oracle, call_data("price0Average()")), "big")


def test_the_averages_of_a_pair_are_the_peripherys(world: ChainWorld, client: Client) -> None:
    twins = a_pair(world)
    oracle = price_oracle(world, twins)
    update = lambda: world.send(oracle, call_data("update()"))  # noqa: E731
    start = world.now + DAY
    at(world, start, update)
    for wait, operation in (
        (7_000, Operation("swap", (0, 10**19))),
        (30_000, Operation("swap", (1, 10**18))),
    ):
        world.wait(wait)
        apply(world, twins, operation)
    for _ in range(5):  # blocks in which nothing happens, so that the earlier one has to be searched
        world.wait(1_000)
    end = start + DAY + 77
    kept = world.snapshot()
    at(world, end, update)
    average = average_of(world, oracle)
    world.revert(kept, world.answers)
    at(world, end, world.mine)
    reader = LiveReader.open(client)
    assert reader.block.timestamp == end
    expected = average * WAD // Q112
    exact, stored = f"uniswap-v2-twap:{twins.pair}:{DAY + 77}", f"uniswap-v2-stored:{twins.pair}:{oracle}"
    live = live_of(reader, exact, stored)
    assert not live.failures, live.failures
    assert [read(live.nodes[name], live.view).value for name in (exact, stored)] == [expected, expected]
    # A window between two blocks becomes the next longer one.
    assert reading_of(reader, f"uniswap-v2-twap:{twins.pair}:{DAY + 76}").value == expected
    spot = reading_of(reader, f"uniswap-v2:{twins.pair}").value
    assert spot is not None
    assert abs(spot - expected) > expected // 100
    # Nothing has moved since the last swap: the average of a short window is the spot price.
    short = reading_of(reader, f"uniswap-v2-twap:{twins.pair}:500").value
    assert short is not None
    assert abs(short - spot) <= 1


def test_every_window_finds_its_block(world: ChainWorld, client: Client) -> None:
    for wait in (1, 1, 12, 5_000, 3, 90, 1, 700, 40_000, 2, 2, 12):
        world.wait(wait)
    reader = LiveReader.open(client)
    blocks = [world.rpc("eth_getBlockByNumber", hex(n), False) for n in range(reader.block.number)]
    for window in (1, 2, 3, 4, 5, 15, 16, 17, 40_016, 40_017, 40_715, 40_900, 45_810, 45_824):
        old = [b for b in blocks if int(b["timestamp"], 16) <= reader.block.timestamp - window]
        assert reader_before(reader, window).block.hash == old[-1]["hash"], window
    with pytest.raises(UnusableStateError, match="no block at or before"):
        reader_before(reader, reader.block.timestamp)


def test_an_average_is_proven_agreed_or_refused(world: ChainWorld, client: Client) -> None:
    world.wait(1_000)
    twins = a_pair(world)
    for _ in range(4):
        world.wait(300)
    reader = LiveReader.open(client)
    text = f"uniswap-v2-twap:{twins.pair}:600"
    claimed = reading_of(reader, text).value
    assert reading_of(ProvenReader(reader), text).value == claimed
    with Client([world.node.url.replace("127.0.0.1", "localhost")], chain_id=1) as second:
        quorum = QuorumReader.open([client, second], 2)
        assert reading_of(quorum, text).value == claimed
    assert isinstance(failure_of(RecordingReader(reader), text), MissingRecordError)
    before_the_pair = f"uniswap-v2-twap:{twins.pair}:{1_200 + 100 + 600}"
    assert isinstance(failure_of(reader, before_the_pair), NoAnswerError)


def test_a_way_that_is_not_the_chains_is_no_proof(world: ChainWorld, client: Client) -> None:
    for _ in range(4):
        world.wait(300)
    reader = LiveReader.open(client)
    honest = client.batch

    def lie(requests: Any, **rest: Any) -> list[Any]:
        answers = honest(requests, **rest)
        if len(requests) > 1 and requests[-1].method == "eth_getBlockByNumber":
            answers[1] = answers[0]
        return answers

    client.batch = lie  # type: ignore[method-assign]
    with pytest.raises(ProofError, match="not the ancestor"):
        reader_before(ProvenReader(reader), 600)


def test_lp_tokens_by_live_reserves_and_prices(world: ChainWorld, client: Client) -> None:
    twins = a_pair(world)
    reader = LiveReader.open(client)
    prices = "chainlink:" + world.proxies["ETH/USD"], "USDC/USD"
    fair, both, one = (
        f"lp-fair:{twins.pair}:{'+'.join(prices)}",
        f"lp-reserves:{twins.pair}:{'+'.join(prices)}",
        f"lp-reserves:{twins.pair}:ETH/USD",
    )
    figures = {
        name: int(str(twins.contract_figures()[name])) for name in ("reserve0", "reserve1", "total_supply")
    }
    reserve0, reserve1, supply = figures.values()
    price0, price1 = world.answers["ETH/USD"] * 10**10, world.answers["USDC/USD"] * 10**10
    root = 2 * isqrt(reserve0 * price0 * reserve1 * price1 // 10**36)
    assert reading_of(reader, fair).value == root * WAD // supply
    sides = reserve0 * price0 // WAD, reserve1 * price1 // WAD
    assert reading_of(reader, both).value == sum(sides) * WAD // supply
    assert reading_of(reader, one).value == 2 * sides[0] * WAD // supply
    # A trade moves the naive price and not the fair one, except by its fee.
    before = {name: reading_of(reader, name).price for name in (fair, both)}
    apply(world, twins, Operation("swap", (0, 9 * 10**19)))
    after = {name: reading_of(LiveReader.open(client), name).price for name in (fair, both)}
    assert 0 <= after[fair] / before[fair] - 1 < Fraction(1, 500)
    assert abs(after[both] / before[both] - 1) > Fraction(1, 50)


def test_an_lp_token_over_averages_of_the_pair(world: ChainWorld, client: Client) -> None:
    twins = a_pair(world)
    world.wait(600)
    reader = LiveReader.open(client)
    average = f"uniswap-v2-twap:{twins.pair}:300"
    live = live_of(reader, f"lp-reserves:{twins.pair}:{average}", average)
    assert not live.failures, live.failures
    failing = f"lp-fair:{twins.pair}:ETH/USD+chainlink:{world.canned()}"
    assert "reverted" in failure_of(LiveReader.open(client), failing).message
