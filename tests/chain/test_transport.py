"""HTTP as servers really speak it: chunks, closed idle connections, extra bytes, informational answers."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chain_world import FAST
from fault_proxy import Exchange, Fault, FaultProxy
from oracles.chain.client import Client
from oracles.chain.errors import ChainError, ConnectionLostError, NotJsonRpcError


def answer(exchange: Exchange, number: int = 7) -> bytes:
    found = [{"jsonrpc": "2.0", "id": q["id"], "result": hex(number)} for q in exchange.questions]
    return json.dumps(found if isinstance(exchange.document, list) else found[0]).encode()


def chunked(exchange: Exchange) -> None:
    write = exchange.handler.wfile.write
    write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    body = answer(exchange)
    for start in range(0, len(body), 9):
        part = body[start : start + 9]
        write(b"%X;name=value\r\n%s\r\n" % (len(part), part))
    write(b"0\r\nTrailer: x\r\n\r\n")


def without_length(exchange: Exchange) -> None:
    exchange.handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + answer(exchange))
    exchange.handler.close_connection = True


def continued(exchange: Exchange) -> None:
    exchange.handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    exchange.send_bytes(answer(exchange))


def closes_silently(exchange: Exchange) -> None:
    exchange.send_bytes(answer(exchange))
    exchange.handler.close_connection = True


def two_answers(exchange: Exchange) -> None:
    """Send an answer for nobody behind the right one."""
    exchange.send_bytes(answer(exchange))
    exchange.send_bytes(answer(exchange, 9))


@pytest.mark.parametrize("speak", [chunked, without_length, continued, closes_silently, two_answers])
def test_ways_of_speaking(speak: Fault, proxy_of: Callable[..., FaultProxy]) -> None:
    proxy = proxy_of("http://127.0.0.1:9", speak)
    with Client([proxy.url], policy=FAST) as client:
        assert client.chain_id == 7
        assert [client.request("eth_blockNumber") for _ in range(5)] == ["0x7"] * 5
    assert client.statistics.failures == 0 or speak is two_answers  # noticed by the id, asked again


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}",
    ],
)
def test_ways_of_not_speaking(raw: bytes, proxy_of: Callable[..., FaultProxy]) -> None:
    def speak(exchange: Exchange) -> None:
        exchange.handler.wfile.write(raw)
        exchange.handler.close_connection = True

    proxy = proxy_of("http://127.0.0.1:9", speak)
    with Client([proxy.url], policy=FAST) as client, pytest.raises(ChainError) as caught:
        client.request("eth_chainId")
    assert isinstance(caught.value, NotJsonRpcError | ConnectionLostError), repr(caught.value)


def test_nobody_listens() -> None:
    with Client(["http://127.0.0.1:9"], policy=FAST) as client, pytest.raises(ConnectionLostError):
        client.request("eth_chainId")
