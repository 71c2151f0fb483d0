"""Every row of the fault table, injected by a loopback proxy in front of a real node with real contracts.

The rule for each: the prices are right, or the error is typed and says what is wrong. Never a wrong price.
Each fault is tried through Multicall3 and through JSON-RPC batches, and its count goes into the summary.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chain_world import FAST, PAIRS, ChainWorld
from fault_proxy import Exchange, Fault, FaultProxy
from oracles.chain.client import Client
from oracles.chain.errors import (
    AnswerMismatchError,
    AnswerTooLargeError,
    CallRevertedError,
    ChainError,
    ConnectionLostError,
    HeaderNotFoundError,
    HttpStatusError,
    NodeRefusedError,
    NotJsonRpcError,
    NullAnswerError,
    RateLimitedError,
    ServerBusyError,
    StatePrunedError,
    TimedOutError,
    UndecodableError,
    UnusableStateError,
    WrongChainError,
)
from oracles.chain.quorum import QuorumReader
from oracles.chain.reader import LiveReader
from oracles.chain.readers.chainlink import ChainlinkRound, read_answers

pytestmark = pytest.mark.node

MIB = 1 << 20
WORD = 64  # hexadecimal digits


@dataclass(frozen=True)
class Case:
    """A fault and the errors it may end in; ``right`` if the price must come out in spite of it."""

    name: str
    fault: Callable[[], Fault]
    errors: tuple[type[ChainError], ...] = ()
    right: bool = False


def first(times: int, bad: Fault, method: str = "eth_call") -> Callable[[], Fault]:
    """Return what makes a fault: the first ``times`` requests that hold ``method`` are answered badly."""

    def make() -> Fault:
        left = [times]

        def fault(exchange: Exchange) -> None:
            if exchange.asks(method) and left[0] > 0:
                left[0] -= 1
                bad(exchange)
            else:
                exchange.pass_on()

        return fault

    return make


def always(bad: Fault, method: str = "eth_call") -> Callable[[], Fault]:
    return first(1_000_000, bad, method)


def rewrite(
    change: Callable[[list[dict[str, Any]]], list[Any]], method: str = "eth_call"
) -> Callable[[], Fault]:
    """Change the node's answers."""
    return always(lambda exchange: exchange.send_list(change(exchange.answer_list())), method)


def error(code: int, message: str) -> Fault:
    return lambda exchange: exchange.error(code, message)


def set_result(value: Any) -> Callable[[list[dict[str, Any]]], list[Any]]:
    def change(answers: list[dict[str, Any]]) -> list[Any]:
        for answer in answers:
            answer["result"] = value(answer["result"]) if callable(value) else value
        return answers

    return change


def without_one(answers: list[dict[str, Any]]) -> list[Any]:
    return answers[:-1]


def twice(answers: list[dict[str, Any]]) -> list[Any]:
    return (
        [*answers[:-1], {**answers[-1], "id": answers[0]["id"]}]
        if len(answers) > 1
        else [answers[0], answers[0]]
    )


def foreign_id(answers: list[dict[str, Any]]) -> list[Any]:
    return [*answers[:-1], {**answers[-1], "id": 999_999}]


def text_id(answers: list[dict[str, Any]]) -> list[Any]:
    return [{**answer, "id": str(answer["id"])} for answer in answers]


def shifted(answers: list[dict[str, Any]]) -> list[Any]:
    """Give every question the next one's answer, under the right ids."""
    results = [answer["result"] for answer in answers]
    return [{**a, "result": r} for a, r in zip(answers, results[1:] + results[:1], strict=True)]


def reversed_order(answers: list[dict[str, Any]]) -> list[Any]:
    return answers[::-1]


def cut_hex(text: str) -> str:
    return text[:-1]


def blank_in_hex(text: str) -> str:
    return text[:10] + " " + text[11:]


def trailing(text: str) -> str:
    return text + "00" * 32


def dirty_round(text: str) -> str:
    """Set high bits of the first word of a round (a uint80)."""
    at = (
        2 if len(text) < 400 else len(text) - 2
    )  # in a multicall answer: a wrong last byte of the block's number
    return text[:at] + "f" + text[at + 1 :]


def slow_body(exchange: Exchange) -> None:
    exchange.drip()


def redirect(exchange: Exchange) -> None:
    exchange.send_bytes(b"", 302, location="http://127.0.0.1:9/")


def not_http(exchange: Exchange) -> None:
    exchange.handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    exchange.handler.close_connection = True


def long_header(exchange: Exchange) -> None:
    exchange.handler.wfile.write(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 200_000)
    exchange.handler.close_connection = True


def gzip_body(exchange: Exchange) -> None:
    exchange.send_bytes(b"\x1f\x8b" + bytes(100), content_encoding="gzip")


def deep_json(exchange: Exchange) -> None:
    exchange.send_bytes(b"[" * 200_000 + b"]" * 200_000)


def html(exchange: Exchange) -> None:
    exchange.send_bytes(b"<html><body>Just a moment...</body></html>", content_type="text/html")


def html_503(exchange: Exchange) -> None:
    exchange.send_bytes(b"<html>Bad gateway</html>", 503, content_type="text/html")


def limited(exchange: Exchange) -> None:
    exchange.send_bytes(b"{}", 429, retry_after="0")


def refused_batch_item(exchange: Exchange) -> None:
    answers = exchange.answer_list()
    answers[-1].pop("result")
    answers[-1]["error"] = {"code": -32000, "message": "header not found"}
    exchange.send_list(answers)


def wrong_chain(exchange: Exchange) -> None:
    answers = exchange.answer_list()
    for question, answer in zip(exchange.questions, answers, strict=True):
        if question["method"] == "eth_chainId":
            answer["result"] = "0x38"
    exchange.send_list(answers)


def both_result_and_error(exchange: Exchange) -> None:
    answers = exchange.answer_list()
    for answer in answers:
        answer["error"] = {"code": -32000, "message": "something else"}
    exchange.send_list(answers)


def neither(answers: list[dict[str, Any]]) -> list[Any]:
    return [{"jsonrpc": "2.0", "id": answer["id"]} for answer in answers]


def fake_revert(exchange: Exchange) -> None:
    exchange.error(3, "execution reverted: lie", data="0x")


def other_header(exchange: Exchange) -> None:
    """Answer a question for a block with another block."""
    answers = exchange.answer_list()
    for question, answer in zip(exchange.questions, answers, strict=True):
        if question["method"] == "eth_getBlockByNumber":
            answer["result"] = exchange.proxy.ask_node(
                {"jsonrpc": "2.0", "id": 1, "method": question["method"], "params": ["0x1", False]}
            )["result"]
    exchange.send_list(answers)


CASES = [
    Case("429 twice, Retry-After 0", first(2, limited), right=True),
    Case("429 for ever", always(limited), (RateLimitedError,)),
    Case("-32005 in a body with status 200", first(2, error(-32005, "rate limit exceeded")), right=True),
    Case("-32005 for ever", always(error(-32005, "daily request count exceeded")), (RateLimitedError,)),
    Case("429 as an error code", first(1, error(429, "exceeded compute units per second")), right=True),
    Case("-32007 rate limit", first(1, error(-32007, "50/second request limit reached")), right=True),
    Case("header not found once", first(1, error(-32000, "header not found")), right=True),
    Case("header not found for ever", always(error(-32000, "header not found")), (HeaderNotFoundError,)),
    Case("header not found in one item", first(1, refused_batch_item), right=True),
    Case("pruned state", always(error(-32000, "missing trie node abc (path )")), (StatePrunedError,)),
    Case("pruned state, code 4444", always(error(4444, "pruned history unavailable")), (StatePrunedError,)),
    Case("null result", rewrite(set_result(None)), (NotJsonRpcError, NullAnswerError)),
    Case("null block", rewrite(set_result(None), "eth_getBlockByNumber"), (NullAnswerError,)),
    Case("result is a number", rewrite(set_result(5)), (NotJsonRpcError,)),
    Case("result is an object", rewrite(set_result({})), (NotJsonRpcError,)),
    Case("wrong chain", lambda: wrong_chain, (WrongChainError,)),
    Case("error and result together", always(both_result_and_error), (NodeRefusedError,)),
    Case("neither result nor error", rewrite(neither), (NotJsonRpcError,)),
    Case("an answer is missing", rewrite(without_one), (AnswerMismatchError, NotJsonRpcError)),
    Case("an id twice", rewrite(twice), (AnswerMismatchError, NotJsonRpcError)),
    Case("a foreign id", rewrite(foreign_id), (AnswerMismatchError,)),
    Case("ids as text", rewrite(text_id), (AnswerMismatchError,)),
    Case("answers in reverse order", rewrite(reversed_order), right=True),
    Case("HTML with status 200", always(html), (NotJsonRpcError,)),
    Case("HTML with status 503 once", first(1, html_503), right=True),
    Case("HTML with status 503 for ever", always(html_503), (ServerBusyError,)),
    Case("status 404", always(lambda e: e.send_bytes(b"", 404)), (HttpStatusError,)),
    Case("redirect", always(redirect), (HttpStatusError,)),
    Case("not HTTP", always(not_http), (NotJsonRpcError, ConnectionLostError)),
    Case("an endless header", always(long_header), (NotJsonRpcError,)),
    Case("compressed though not asked for", always(gzip_body), (NotJsonRpcError,)),
    Case("empty body", always(lambda e: e.send_bytes(b"")), (NotJsonRpcError,)),
    Case("JSON nested 200,000 deep", always(deep_json), (NotJsonRpcError,)),
    Case("body cut once", first(1, lambda e: e.cut()), right=True),
    Case("body cut for ever", always(lambda e: e.cut()), (ConnectionLostError,)),
    Case("hang", always(lambda e: e.hang()), (TimedOutError,)),
    Case("hang once", first(1, lambda e: e.hang()), right=True),
    Case("slow drip", always(slow_body), (TimedOutError,)),
    Case("1 GB announced", always(lambda e: e.endless(1 << 30)), (AnswerTooLargeError,)),
    Case("endless body", always(lambda e: e.endless(None)), (AnswerTooLargeError,)),
    Case("odd number of hex digits", rewrite(set_result(cut_hex)), (NotJsonRpcError,)),
    Case("a blank among the hex digits", rewrite(set_result(blank_in_hex)), (NotJsonRpcError,)),
    Case("trailing bytes", rewrite(set_result(trailing)), (UndecodableError, AnswerMismatchError)),
    Case("dirty high bits", rewrite(set_result(dirty_round)), (UndecodableError, AnswerMismatchError)),
    Case("empty answer", rewrite(set_result("0x")), (AnswerMismatchError, ChainError)),
    Case("revert invented", always(fake_revert), (CallRevertedError,)),
    Case("another block than asked for", lambda: other_header, (ChainError,)),
    Case("block number is no number", rewrite(set_result("0x"), "eth_blockNumber"), right=True),
]  # fmt: skip


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
