"""Prices through real contracts: what is read, and how many requests it takes."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from eth_abi import decode

from chain_contracts import MULTICALL3, code_of, committed_digest, place, source_digest
from chain_world import FAST, PAIRS, ChainWorld
from contracts_abi.families import chainlink_proxy
from fault_proxy import FaultProxy
from flux_feed import submit
from oracles.chain.calls import call
from oracles.chain.client import Client
from oracles.chain.endpoint import parse_endpoint
from oracles.chain.errors import (
    BadEndpointError,
    CallRevertedError,
    ChainError,
    NoAnswerError,
    ReorganisedError,
    WrongChainError,
)
from oracles.chain.reader import LiveReader, run_plan, run_plans
from oracles.chain.readers.chainlink import ChainlinkRound, read_answers, read_chainlink, read_rounds
from workbench import call_data

pytestmark = pytest.mark.node


def feeds(world: ChainWorld) -> list[tuple[str, str]]:
    return list(world.proxies.items())


def test_compiled_fixtures_are_of_the_present_source() -> None:
    assert committed_digest() == source_digest()


@pytest.mark.parametrize("multicall", [True, False])
def test_rounds_equal_direct_calls(world: ChainWorld, client: Client, multicall: bool) -> None:
    reader = LiveReader.open(client)
    assert reader.use_multicall
    reader.use_multicall = multicall
    rounds = read_answers(reader, feeds(world))
    for (pair, proxy), item in zip(feeds(world), rounds, strict=True):
        direct = decode(
            ["uint80", "int256", "uint256", "uint256", "uint80"],
            world.call(proxy, call_data("latestRoundData()")),
        )
        assert isinstance(item, ChainlinkRound)
        assert (
            item.round_id,
            item.answer,
            item.started_at,
            item.updated_at,
            item.answered_in_round,
        ) == direct
        assert item.answer == world.answers[pair]


def test_a_snapshot_of_any_size_is_one_request(
    world: ChainWorld, proxy_of: Callable[..., FaultProxy]
) -> None:
    for pair in PAIRS:  # a flux aggregator's bounds have other names and cost two requests more
        world.upgrade(pair, world.ocr_aggregator())
        world.transmit_ocr(pair, 5 * 10**8)
    proxy = proxy_of(world.node.url)
    with Client([proxy.url], chain_id=1) as client:
        reader = LiveReader.open(client)
        assert proxy.requests == 2  # chain id once, then header and Multicall3's code together
        read_answers(reader, feeds(world) * 50)
        assert proxy.requests == 3
        assert proxy.calls["eth_call"] == 1
        run_plans(reader, [read_chainlink(pair, address, reader.block) for pair, address in feeds(world)])
        assert proxy.requests == 5  # two steps, whatever the number of feeds
        LiveReader.open(client)
        assert proxy.calls["eth_chainId"] == 1


def test_state_of_a_feed(world: ChainWorld, client: Client) -> None:
    reader = LiveReader.open(client)
    state = run_plan(reader, read_chainlink("ETH/USD", world.proxies["ETH/USD"], reader.block))
    assert (state.decimals, state.phase_id, state.minimum, state.maximum) == (8, 1, 1, 10**16)
    assert state.aggregator == world.aggregators["ETH/USD"]
    assert state.round.answer == world.answers["ETH/USD"]
    assert state.stored().latest_round_data()[1] == world.answers["ETH/USD"]


def test_reads_stay_at_their_block(world: ChainWorld, client: Client) -> None:
    reader = LiveReader.open(client)
    before = read_answers(reader, feeds(world))
    world.transmit("ETH/USD", 999 * 10**8)
    assert read_answers(reader, feeds(world)) == before
    after = read_answers(LiveReader.open(client), feeds(world))
    assert isinstance(after[0], ChainlinkRound)
    assert after[0].answer == 999 * 10**8


def test_past_rounds_are_contiguous(world: ChainWorld, client: Client) -> None:
    for step in range(5):
        world.transmit("BTC/USD", (200 + step) * 10**8)
    reader = LiveReader.open(client)
    base = 1 << 64
    rounds = run_plan(reader, read_rounds("BTC/USD", world.proxies["BTC/USD"], base | 1, base | 6))
    assert [item.answer for item in rounds] == [101 * 10**8, *((200 + n) * 10**8 for n in range(5))]
    with pytest.raises(ChainError):
        run_plan(reader, read_rounds("BTC/USD", world.proxies["BTC/USD"], base | 1, base | 7))


def test_revert_no_code_and_value_are_told_apart(world: ChainWorld, client: Client) -> None:
    reader = LiveReader.open(client)
    calls = [
        call(world.proxies["ETH/USD"], chainlink_proxy.DECIMALS),
        call("0x" + "99" * 20, chainlink_proxy.DECIMALS),
        call(world.canned(), chainlink_proxy.DECIMALS),
    ]
    reader = LiveReader.open(client)
    for multicall in (True, False):
        reader.use_multicall = multicall
        outcomes = reader.call_many(calls)
        assert calls[0].integer(outcomes[0]) == 8
        with pytest.raises(NoAnswerError):
            calls[1].value(outcomes[1])
        with pytest.raises(CallRevertedError, match="not taught"):
            calls[2].value(outcomes[2])


def test_foreign_code_at_the_multicall_address_is_not_used(world: ChainWorld, client: Client) -> None:
    world.canned(MULTICALL3)
    reader = LiveReader.open(client)
    assert not reader.use_multicall
    assert [r.answer for r in read_answers(reader, feeds(world)) if isinstance(r, ChainlinkRound)] == [
        world.answers[pair] for pair in PAIRS
    ]


def test_wrong_chain_is_refused(world: ChainWorld) -> None:
    with Client([world.node.url], chain_id=10, policy=FAST) as client, pytest.raises(WrongChainError):
        LiveReader.open(client)


def test_a_reorganised_block_is_named(
    world: ChainWorld, client: Client, record_property: Callable[[str, object], None]
) -> None:
    world.transmit("ETH/USD", 77 * 10**8)
    reader = LiveReader.open(client)
    world.rpc("anvil_reorg", 1, [])
    client.policy = FAST
    with pytest.raises(ReorganisedError):
        read_answers(reader, feeds(world))
    record_property("chain fault", "refused")


def test_new_aggregator_behind_a_proxy_changes_the_phase(world: ChainWorld, client: Client) -> None:
    proxy = world.proxies["ETH/USD"]
    world.upgrade("ETH/USD", world.aggregator())
    world.transmit("ETH/USD", 150 * 10**8)
    reader = LiveReader.open(client)
    state = run_plan(reader, read_chainlink("ETH/USD", proxy, reader.block))
    assert (state.phase_id, state.round.phase, state.round.aggregator_round) == (2, 2, 1)
    assert state.round.answer == 150 * 10**8


@pytest.mark.parametrize("answer", [0, -5, 1, 10**16])
def test_answers_that_are_no_price(world: ChainWorld, client: Client, answer: int) -> None:
    wide = answer <= 0
    world.upgrade("ETH/USD", world.aggregator(bounds=(-(10**8), 10**16) if wide else (1, 10**16)))
    submit(world.rpc, world.aggregators["ETH/USD"], 1, [answer] * 3)
    reader = LiveReader.open(client)
    made = run_plans(reader, [read_chainlink("ETH/USD", world.proxies["ETH/USD"], reader.block)])[0]
    assert isinstance(made, ChainError)
    assert made.code == "unusable-state"


def test_empty_and_future_rounds_are_no_price(world: ChainWorld, client: Client) -> None:
    world.upgrade("ETH/USD", world.ocr_aggregator())
    world.transmit_ocr("ETH/USD", 5 * 10**8, world.now + 10_000)
    place(
        world.rpc,
        world.account,
        world.proxies["BTC/USD"],
        code_of("Canned"),
    )
    world.teach(world.proxies["BTC/USD"], call_data("latestRoundData()"), bytes(160))
    found = read_answers(LiveReader.open(client), feeds(world))
    assert isinstance(found[0], ChainError)
    assert isinstance(found[1], ChainError)
    assert "empty" in found[1].message
    assert isinstance(found[2], ChainlinkRound)


@pytest.mark.parametrize(
    "text", ["", "ftp://host", "host:8545", "http://:8545", "http://host:99999", "http://h o st/"]
)
def test_bad_addresses_are_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(BadEndpointError) as caught:
        parse_endpoint(text)
    assert not text or text not in caught.value.message


def test_secrets_never_show(caplog: pytest.LogCaptureFixture) -> None:
    secret = "s3cr3tkey0123456789abcdef"
    caplog.set_level(logging.DEBUG)
    url = f"http://user:{secret}@{secret}.example.invalid:1/v2/{secret}?key={secret}"
    with Client([url], chain_id=1, policy=FAST) as client, pytest.raises(ChainError) as caught:
        client.request("eth_blockNumber")
    shown = f"{caught.value} {caught.value.details} {client.labels} {caplog.text} {parse_endpoint(url)!r}"
    assert secret not in shown
    assert "example.invalid" in client.labels[0]
