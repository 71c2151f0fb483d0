"""Every row of the fault table, injected by a loopback proxy in front of a real node with real contracts.

The rule for each: the prices are right, or the error is typed and says what is wrong. Never a wrong price.
Each fault is tried through Multicall3 and through JSON-RPC batches, and its count goes into the summary.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable

import pytest

from chain_world import FAST, PAIRS, ChainWorld
from fault_proxy import Exchange, FaultProxy
from fault_table import CASES, Case, always, error, first, html, limited, rewrite, shifted, wrong_chain
from oracles.chain.client import Client
from oracles.chain.errors import (
    AnswerTooLargeError,
    CallRevertedError,
    ChainError,
    HeaderNotFoundError,
    RateLimitedError,
    UnusableStateError,
)
from oracles.chain.quorum import QuorumReader
from oracles.chain.reader import LiveReader
from oracles.chain.readers.chainlink import ChainlinkRound, read_answers

pytestmark = pytest.mark.node

MIB = 1 << 20


def prices(client: Client, world: ChainWorld, *, multicall: bool, block: int | str) -> list[int | ChainError]:
    reader = LiveReader.open(client, block)
    reader.use_multicall = reader.use_multicall and multicall
    found = read_answers(reader, list(world.proxies.items()))
    return [item.answer if isinstance(item, ChainlinkRound) else item for item in found]


@pytest.mark.parametrize("multicall", [True, False], ids=["multicall", "batch"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_fault(
    case: Case,
    multicall: bool,
    world: ChainWorld,
    proxy_of: Callable[..., FaultProxy],
    record_property: Callable[[str, object], None],
) -> None:
    proxy = proxy_of(world.node.url, case.fault())
    number = int(world.rpc("eth_blockNumber"), 16)
    truth = [world.answers[pair] for pair in PAIRS]
    started = time.monotonic()
    found: list[int | ChainError]
    try:
        with Client([proxy.url], chain_id=1, policy=FAST) as client:
            found = prices(client, world, multicall=multicall, block=number)
    except ChainError as error:
        found = [error] * len(truth)
    wrong = [item for item, true in zip(found, truth, strict=True) if isinstance(item, int) and item != true]
    record_property("chain fault", "wrong" if wrong else "right" if found == truth else "refused")
    assert not wrong
    assert found == truth or not case.right
    for item in found:
        if isinstance(item, ChainError):
            assert isinstance(item, case.errors), repr(item)
            assert len(item.message) > 15
            assert proxy.url not in f"{item.message}{item.details}"
    assert time.monotonic() - started < FAST.total_seconds + 2


def test_error_in_one_item_costs_only_that_item(
    world: ChainWorld, proxy_of: Callable[..., FaultProxy]
) -> None:
    def fault(exchange: Exchange) -> None:
        answers = exchange.answer_list()
        if exchange.asks("eth_call"):
            answers[2].pop("result")
            answers[2]["error"] = {"code": 3, "message": "execution reverted: closed", "data": "0x"}
        exchange.send_list(answers)

    proxy = proxy_of(world.node.url, fault)
    with Client([proxy.url], chain_id=1, policy=FAST) as client:
        found = prices(client, world, multicall=False, block="latest")
    assert isinstance(found[2], CallRevertedError)
    assert [item for item in found if isinstance(item, int)] == [
        world.answers[pair] for pair in PAIRS if pair != PAIRS[2]
    ]


def test_shifted_answers_are_beyond_one_node_but_not_beyond_two(
    world: ChainWorld, proxy_of: Callable[..., FaultProxy], record_property: Callable[[str, object], None]
) -> None:
    """A node that lies consistently can only be found out by another one (or by proofs)."""
    liar = proxy_of(world.node.url, rewrite(shifted)())
    with (
        Client([world.node.url], chain_id=1, policy=FAST) as honest,
        Client([liar.url], chain_id=1, policy=FAST) as lying,
    ):
        reader = QuorumReader.open([honest, lying], needed=2)
        for member in reader.readers:
            member.use_multicall = False
        with pytest.raises(ChainError) as caught:
            read_answers(reader, list(world.proxies.items()))
    assert caught.value.exit_code == 4
    record_property("chain fault", "refused")


def test_failover_passes_by_a_broken_endpoint(world: ChainWorld, proxy_of: Callable[..., FaultProxy]) -> None:
    for bad in (
        lambda e: e.hang(),
        html,
        limited,
        wrong_chain,
        error(-32000, "missing trie node"),
        lambda e: e.cut(),
    ):
        broken = proxy_of(world.node.url, bad)
        with Client([broken.url, world.node.url], chain_id=1, policy=FAST) as client:
            found = prices(client, world, multicall=True, block="latest")
        assert found == [world.answers[pair] for pair in PAIRS]
        broken.released.set()


def test_retry_after_is_honoured(world: ChainWorld, proxy_of: Callable[..., FaultProxy]) -> None:
    proxy = proxy_of(world.node.url, first(1, lambda e: e.send_bytes(b"", 429, retry_after="7"))())
    slept: list[float] = []
    policy = type(FAST)(limits=FAST.limits, total_seconds=30)
    with Client([proxy.url], chain_id=1, policy=policy, sleep=slept.append) as client:
        assert prices(client, world, multicall=True, block="latest") == [world.answers[p] for p in PAIRS]
    assert slept == [7.0]


def test_retry_after_beyond_the_budget_ends_at_once(
    world: ChainWorld, proxy_of: Callable[..., FaultProxy]
) -> None:
    proxy = proxy_of(world.node.url, always(lambda e: e.send_bytes(b"", 429, retry_after="3600"))())
    with Client([proxy.url], chain_id=1, policy=FAST) as client, pytest.raises(RateLimitedError):
        prices(client, world, multicall=True, block="latest")


def test_the_budget_of_requests_is_kept(world: ChainWorld, proxy_of: Callable[..., FaultProxy]) -> None:
    proxy = proxy_of(world.node.url)
    policy = type(FAST)(maximum_requests=3)
    with Client([proxy.url], chain_id=1, policy=policy) as client:
        prices(client, world, multicall=True, block="latest")
        with pytest.raises(ChainError, match="budget of 3 requests"):
            prices(client, world, multicall=True, block="latest")
    assert proxy.requests == 3


def test_huge_answers_are_refused_within_little_memory(
    world: ChainWorld, proxy_of: Callable[..., FaultProxy]
) -> None:
    for announced in (200 * MIB, None):
        proxy = proxy_of(world.node.url, always(lambda e, size=announced: e.endless(size))())
        with Client([proxy.url], chain_id=1) as client:
            client.request("eth_chainId")
            tracemalloc.start()
            with pytest.raises(AnswerTooLargeError):
                client.request("eth_call", {}, "latest")
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 10 * MIB


def test_lagging_node_among_several_cannot_lower_a_price(
    world: ChainWorld, proxy_of: Callable[..., FaultProxy], record_property: Callable[[str, object], None]
) -> None:
    """The lagging node does not know the pinned hash; another one answers."""
    head = world.rpc("eth_getBlockByNumber", "latest", False)["hash"]

    def lagging(exchange: Exchange) -> None:
        if head in json.dumps(exchange.document):
            exchange.error(-32001, "Resource not found")
        else:
            exchange.pass_on()

    slow = proxy_of(world.node.url, lagging)
    with Client([slow.url, world.node.url], chain_id=1, policy=FAST) as client:
        assert prices(client, world, multicall=True, block="latest") == [world.answers[p] for p in PAIRS]
    record_property("chain fault", "right")
    with Client([slow.url], chain_id=1, policy=FAST) as client, pytest.raises(HeaderNotFoundError):
        prices(client, world, multicall=True, block="latest")
    record_property("chain fault", "refused")


def test_stale_zero_negative_and_clamped_answers_are_said(
    world: ChainWorld, client: Client, record_property: Callable[[str, object], None]
) -> None:
    world.transmit("DAI/USD", 10**8)
    world.wait(500_000)
    for pair, answer in (("ETH/USD", 0), ("BTC/USD", -7)):
        world.upgrade(pair, world.aggregator(bounds=(-(10**8), 10**8)))
        world.transmit(pair, answer)
    found = read_answers(LiveReader.open(client), list(world.proxies.items()))
    assert isinstance(found[0], UnusableStateError)
    assert isinstance(found[1], UnusableStateError)
    stale = found[4]
    assert isinstance(stale, ChainlinkRound)
    assert LiveReader.open(client).block.timestamp - stale.updated_at >= 500_000
    for verdict in ("refused", "refused", "right"):  # zero, negative, and the stale one given with its age
        record_property("chain fault", verdict)
