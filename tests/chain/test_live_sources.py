"""Live sources beside what the real contracts say.

Uniswap V2's pair and periphery, TellorFlex and UMA's optimistic oracles are the published builds; Band's
reference contract and HyperCore's precompiles, of which no build is published, are taught their answers.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from math import isqrt
from typing import Any

import pytest
from eth_abi import decode, encode

from chain_contracts import code_of, place
from chain_world import PYTH_FEED, ChainWorld
from contracts_abi.deployments import addresses
from contracts_abi.families import band, chainlink_proxy, hyperliquid
from evm_chains import AnvilChain
from oracles.chain.calls import Outcome, Plan, call, together
from oracles.chain.client import Client
from oracles.chain.earlier import reader_before
from oracles.chain.errors import (
    ChainError,
    MissingRecordError,
    NoAnswerError,
    ProofError,
    UnusableStateError,
)
from oracles.chain.live import sources_of
from oracles.chain.live_view import LiveView, read_view
from oracles.chain.proven import ProvenReader
from oracles.chain.quorum import QuorumReader
from oracles.chain.reader import LiveReader, Reader
from oracles.chain.recording import RecordedReader, RecordingReader, decode_recording, encode_recording
from oracles.node import read
from oracles.reading import Reading
from protocol.fixed_point import Q112, WAD
from tellor_world import ARBITRUM, TellorWorld
from twins import Operation
from uma_world import IDENTIFIER, LIVENESS, UmaWorld
from uniswap_v2_twins import PairTwins
from workbench import call_data

pytestmark = pytest.mark.node
DAY = 86_400


def live_of(reader: Reader, *texts: str, chain_id: int = 1) -> LiveView:
    return read_view(reader, [source for text in texts for source in sources_of(chain_id, text)])


def reading_of(reader: Reader, text: str, chain_id: int = 1) -> Reading:
    live = live_of(reader, text, chain_id=chain_id)
    assert not live.failures, live.failures
    return read(live.nodes[text], live.view)


def failure_of(reader: Reader, text: str, chain_id: int = 1) -> ChainError:
    return live_of(reader, text, chain_id=chain_id).failures[text]


def a_pair(world: ChainWorld) -> PairTwins:
    twins = PairTwins(AnvilChain(world.node))
    for operation in (
        Operation("mint", (10**20, 3 * 10**20)),
        Operation("wait", (100,)),
        Operation("swap", (0, 10**18)),
    ):
        twins.apply(operation)
    return twins


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


def at(world: ChainWorld, time: int, act: Callable[[], object]) -> None:
    world.rpc("evm_setNextBlockTimestamp", time)
    act()


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


def test_tellor_is_read_as_the_contract_answers(world: ChainWorld, client: Client) -> None:
    tellor = TellorWorld(world)
    query = "0x" + tellor.query.hex()
    current, safe = f"tellor-current:{query}", f"tellor:{query}"

    def both() -> list[int | None]:
        reader = LiveReader.open(client)
        return [reading_of(reader, text, ARBITRUM).value for text in (current, safe)]

    assert both() == [None, None]
    tellor.report(100 * WAD, 10)
    assert both() == [100 * WAD, None]
    second = tellor.report(101 * WAD, 1_300)
    assert both() == [tellor.current(), 100 * WAD] == [101 * WAD, 100 * WAD]
    tellor.report(10**9 * WAD, 30)  # what BonqDAO believed: a report of this very block
    assert both() == [tellor.current(), 100 * WAD] == [10**9 * WAD, 100 * WAD]
    tellor.dispute(second)
    world.wait(1_300)
    assert both() == [tellor.current()] * 2 == [10**9 * WAD] * 2
    last = reading_of(LiveReader.open(client), current, ARBITRUM).publish_time
    assert last is not None
    tellor.dispute(last)
    assert both() == [tellor.current()] * 2 == [100 * WAD] * 2


def test_assertions_become_true_or_are_voted_on(world: ChainWorld, client: Client) -> None:
    uma = UmaWorld(world)

    def value(assertion: bytes) -> int | None:
        return reading_of(LiveReader.open(client), "uma:0x" + assertion.hex()).value

    quiet = uma.assert_truth(b"the sky is blue")
    asserted = world.now
    assert value(quiet) is None
    world.wait(LIVENESS - 1)
    assert value(quiet) is None
    at(world, asserted + LIVENESS, world.mine)
    assert value(quiet) == WAD
    world.send(uma.v3, call_data("settleAssertion(bytes32)", quiet))
    assert value(quiet) == WAD
    for answer in (0, WAD):
        disputed = uma.assert_truth(b"the sky is green" + bytes([answer > 0]))
        world.send(uma.v3, call_data("disputeAssertion(bytes32,address)", disputed, world.account))
        world.wait(2 * LIVENESS)
        assert value(disputed) is None
        uma.decide(answer)
        world.send(uma.v3, call_data("settleAssertion(bytes32)", disputed))
        result = world.call(uma.v3, call_data("getAssertionResult(bytes32)", disputed))
        assert value(disputed) == int.from_bytes(result, "big") * WAD == answer
    unknown = failure_of(LiveReader.open(client), "uma:0x" + "77" * 32)
    assert "no assertion" in unknown.message


def test_requests_have_the_price_that_the_oracle_gives(world: ChainWorld, client: Client) -> None:
    uma = UmaWorld(world)
    moment, me = world.now, world.account.lower()
    kinds = "address,bytes32,uint256,bytes"

    def text(ancillary: bytes) -> str:
        return f"uma-request:{me}:ASSERT_TRUTH:{moment}:0x{ancillary.hex()}"

    def value(ancillary: bytes) -> int | None:
        return reading_of(LiveReader.open(client), text(ancillary)).value

    def ask(ancillary: bytes, proposed: int | None, liveness: int = 0) -> None:
        request = (IDENTIFIER, moment, ancillary)
        uma.v2_send("requestPrice", "bytes32,uint256,bytes,address,uint256", *request, uma.token, 0)
        if liveness:
            uma.v2_send("setCustomLiveness", "bytes32,uint256,bytes,uint256", *request, liveness)
        if proposed is not None:
            uma.v2_send("proposePrice", kinds + ",int256", me, *request, proposed)

    ask(b"a", None)
    assert "no price has been proposed" in failure_of(LiveReader.open(client), text(b"a")).message
    ask(b"b", -3 * WAD, 500)
    world.wait(499)
    assert value(b"b") is None
    world.wait(1)
    assert value(b"b") == -3 * WAD
    ask(b"c", 5 * WAD)
    uma.v2_send("disputePrice", kinds, me, IDENTIFIER, moment, b"c")
    world.wait(2 * LIVENESS)
    assert value(b"c") is None
    uma.decide(4 * WAD)
    uma.v2_send("settle", kinds, me, IDENTIFIER, moment, b"c")
    assert value(b"c") == 4 * WAD
    ask(b"d", -(1 << 255))
    assert "cannot be answered yet" in failure_of(LiveReader.open(client), text(b"d")).message


def test_hypercores_prices(world: ChainWorld, client: Client) -> None:
    known = addresses(999, "hyperliquid")
    for address in known.values():
        place(world.rpc, world.account, address, code_of("Canned"))
    for function, name, price in (
        (hyperliquid.ORACLE_PX, "oracle_px", 976_543),
        (hyperliquid.MARK_PX, "mark_px", 976_600),
    ):
        world.teach(known[name], encode(["uint32"], [3]), encode(["uint64"], [price]))
        assert function.call(3) == encode(["uint32"], [3])
        world.teach(known[name], encode(["uint32"], [4]), encode(["uint64"], [0]))
    kind = "(string,uint32,uint8,uint8,bool)"
    for index, decimals in ((3, 5), (4, 5), (5, 7)):
        world.teach(
            known["perp_asset_info"],
            encode(["uint32"], [index]),
            encode([kind], [("BTC", 56, decimals, 40, False)]),
        )
    world.teach(known["mark_px"], encode(["uint32"], [5]), encode(["uint64"], [1]))
    reader = LiveReader.open(client)
    assert reading_of(reader, "hyperliquid-oracle:3", 999).price == Fraction("97654.3")
    assert reading_of(reader, "hyperliquid-mark:3", 999).price == 97660
    assert isinstance(failure_of(reader, "hyperliquid-mark:4", 999), UnusableStateError)
    assert isinstance(failure_of(reader, "hyperliquid-mark:5", 999), UnusableStateError)
    assert isinstance(failure_of(reader, "hyperliquid-oracle:9", 999), ChainError)
    with pytest.raises(ChainError, match="known on chain 1"):
        sources_of(1, "hyperliquid-mark:3")


def test_bands_reference(world: ChainWorld, client: Client) -> None:
    contract, now = world.canned(), world.now
    answer = encode(["(uint256,uint256,uint256)"], [(3 * WAD // 2, now - 30, now - 9)])
    world.teach(contract, band.GET_REFERENCE_DATA.call("BAND", "USD"), answer)
    reading = reading_of(LiveReader.open(client), f"band:{contract}:BAND:USD")
    assert (reading.price, reading.publish_time) == (Fraction(3, 2), now - 30)


def test_a_source_while_the_sequencer_is_up(world: ChainWorld, client: Client) -> None:
    feed = addresses(ARBITRUM, "chainlink_sequencer_uptime")[""]
    world.canned(feed)
    source = f"chainlink:{world.proxies['ETH/USD']}"
    text = f"sequencer-up:{source}"
    for status, since, fine in ((0, 301, True), (0, 300, False), (1, 9_000, False)):
        kinds = ["uint80", "int256", "uint256", "uint256", "uint80"]
        start = world.now + 1 - since
        answer = encode(kinds, [1, status, start, start, 1])
        question = chainlink_proxy.LATEST_ROUND_DATA.call()
        at(world, world.now + 1, lambda q=question, a=answer: world.teach(feed, q, a))  # type: ignore[misc]
        reading = reading_of(LiveReader.open(client), text, ARBITRUM)
        assert reading.ok is fine
        assert not fine or reading.price == 100
    with pytest.raises(ChainError, match="known on chain 1"):
        sources_of(1, text)


def test_pyths_average_beside_its_price(world: ChainWorld, client: Client) -> None:
    contract = addresses(1, "pyth")[""]
    place(world.rpc, world.account, contract, code_of("MockPyth") + encode(["uint256", "uint256"], [60, 0]))
    question = call_data(
        "createPriceFeedUpdateData(bytes32,int64,uint64,int32,int64,uint64,uint64,uint64)",
        *(bytes.fromhex(PYTH_FEED[2:]), 10_050_000_000, 5, -8, 9_900_000_000, 7, world.now, world.now - 1),
    )
    (update,) = decode(["bytes"], world.call(contract, question))
    world.send(contract, call_data("updatePriceFeeds(bytes[])", [update]))
    reader = LiveReader.open(client)
    prices = [reading_of(reader, f"{kind}:{PYTH_FEED}").price for kind in ("pyth", "pyth-ema")]
    assert prices == [Fraction("100.5"), 99]


def test_what_is_composed_is_recorded_and_replayed(world: ChainWorld, client: Client) -> None:
    twins = a_pair(world)
    noting = RecordingReader(LiveReader.open(client))
    text = f"lp-fair:{twins.pair}:chainlink:{world.proxies['ETH/USD']}+chainlink:{world.proxies['USDC/USD']}"
    live = reading_of(noting, text)
    replayed = decode_recording(encode_recording(noting.recording))
    assert reading_of(RecordedReader(replayed), text) == live


def test_plans_advance_together() -> None:
    made: list[tuple[int, ...]] = []

    def counting(steps: int) -> Plan[int]:
        total = 0
        for _ in range(steps):
            answers = yield [call("0x" + "11" * 20, band.GET_REFERENCE_DATA, "A", "B")] * steps
            total += sum(len(answer.data) for answer in answers)
        return total

    def all_of_them() -> Plan[None]:
        made.append((yield from together(*(counting(steps) for steps in (3, 0, 1)))))

    plan = all_of_them()
    waiting = next(plan)
    for expected in (4, 3, 3):
        assert len(waiting) == expected
        with suppress(StopIteration):
            waiting = plan.send([Outcome(True, b"x")] * expected)
    assert made == [(9, 0, 1)]


ADDRESS = "0x" + "1" * 40
BAD = [
    *(f"uniswap-v2-twap:{ADDRESS}", f"uniswap-v2-twap:{ADDRESS}:0", "uniswap-v2-twap:0x12:60"),
    *(f"uniswap-v2-stored:{ADDRESS}:0x12", f"lp-fair:{ADDRESS}:ETH/USD", f"lp-fair:{ADDRESS}"),
    *(
        f"lp-reserves:{ADDRESS}:A/B+C/D+E/F",
        f"lp-fair:{ADDRESS}:ETH/USD+NO/PAIR",
        "lp-fair:0x1:ETH/USD+ETH/USD",
    ),
    f"lp-reserves:{ADDRESS}:lp-reserves:{ADDRESS}:ETH/USD",
    *(
        "uma:0x12",
        f"uma-request:{ADDRESS}:X:-1",
        f"uma-request:{ADDRESS}:X:1:zz",
        f"uma-request:{ADDRESS}::1",
    ),
    *(
        f"sequencer-up:chainlink:{ADDRESS}",
        "pyth-ema:0x12",
        "hyperliquid-mark:x",
        "tellor-current:0x12",
        f"band:{ADDRESS}:BTC",
    ),
]


@pytest.mark.parametrize("text", BAD)
def test_bad_keys_are_explained(text: str) -> None:
    with pytest.raises(ChainError) as caught:
        sources_of(1, text)
    assert caught.value.exit_code == 2
