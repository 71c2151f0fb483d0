"""Live sources beside what the real contracts say.

Uniswap V2's pair and periphery, TellorFlex and UMA's optimistic oracles are the published builds; Band's
reference contract and HyperCore's precompiles, of which no build is published, are taught their answers.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import pytest
from eth_abi import decode, encode

from chain_contracts import code_of, place
from chain_world import PYTH_FEED, ChainWorld
from contracts_abi.deployments import addresses
from contracts_abi.families import band, chainlink_proxy, hyperliquid
from live_readings import a_pair, at, failure_of, reading_of
from oracles.chain.calls import Outcome, Plan, call, together
from oracles.chain.client import Client
from oracles.chain.errors import ChainError, UnusableStateError
from oracles.chain.live import sources_of
from oracles.chain.reader import LiveReader
from oracles.chain.recording import RecordedReader, RecordingReader, decode_recording, encode_recording
from protocol.fixed_point import WAD
from tellor_world import ARBITRUM, TellorWorld
from uma_world import IDENTIFIER, LIVENESS, UmaWorld
from workbench import call_data

pytestmark = pytest.mark.node


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
