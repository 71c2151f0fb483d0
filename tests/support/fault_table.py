"""The fault table: what a node or the way to it may do wrong, and the errors that each may end in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fault_proxy import Exchange, Fault
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
    WrongChainError,
)

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
