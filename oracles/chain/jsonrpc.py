"""JSON-RPC 2.0: requests with ids, answers matched by id, and what a node's error means.

A batch must bring exactly one answer for every id. A missing, foreign or repeated id condemns the whole
batch: which of its answers could still be believed?
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from contracts_abi.bounded_json import loads
from oracles.chain.errors import (
    AnswerMismatchError,
    CallRevertedError,
    ChainError,
    HeaderNotFoundError,
    MethodMissingError,
    NodeRefusedError,
    NotJsonRpcError,
    OutOfGasError,
    RangeTooLargeError,
    RateLimitedError,
    StatePrunedError,
)

ERROR_STRING = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")
SHOWN = 160
SECRET = re.compile(r"(https?|wss?)://\S+|(?<![0-9a-zA-Z])(?!0x)[0-9a-zA-Z_-]{24,}")


class Request(NamedTuple):
    """A method and its parameters."""

    method: str
    parameters: Sequence[object] = ()


def encode_requests(requests: Sequence[Request], first_id: int) -> bytes:
    """Return the body for ``requests`` with ids counted from ``first_id``; one request is no array."""
    bodies = [
        {"jsonrpc": "2.0", "id": first_id + number, "method": request.method, "params": request.parameters}
        for number, request in enumerate(requests)
    ]
    return json.dumps(bodies if len(bodies) > 1 else bodies[0], separators=(",", ":")).encode()


def decode_answers(
    requests: Sequence[Request], first_id: int, body: bytes, endpoint: str
) -> list[Any | ChainError]:
    """Return one result or error for each request, in the order of the requests.

    Raises
    ------
    NotJsonRpcError
        If the body is no JSON-RPC.
    AnswerMismatchError
        If the ids are not exactly those asked.
    ChainError
        If the node answered the whole batch with one error.
    """
    try:
        document: Any = loads(body)
    except (ValueError, RecursionError):
        kind = "an HTML page" if body.lstrip()[:1] == b"<" else "no JSON"
        raise NotJsonRpcError(f"{endpoint}: the answer is {kind}", endpoint=endpoint) from None
    if len(requests) == 1:
        items = [document]
    elif isinstance(document, list):
        items = document
    else:
        failure = _whole_error(document, requests[0].method, endpoint)
        raise failure or NotJsonRpcError(f"{endpoint}: no array answers a batch", endpoint=endpoint)
    found: dict[int, Any | ChainError] = {}
    for item in items:
        number, answer = _item(item, requests, first_id, endpoint)
        if number in found:
            raise AnswerMismatchError(f"{endpoint}: two answers carry one id", endpoint=endpoint)
        found[number] = answer
    if len(found) != len(requests):
        raise AnswerMismatchError(
            f"{endpoint}: {len(found)} answers to {len(requests)} questions",
            endpoint=endpoint,
            answers=len(found),
            questions=len(requests),
        )
    return [found[number] for number in range(len(requests))]


def _item(
    item: object, requests: Sequence[Request], first_id: int, endpoint: str
) -> tuple[int, Any | ChainError]:
    if not isinstance(item, dict):
        raise NotJsonRpcError(f"{endpoint}: an answer is no object", endpoint=endpoint)
    error = item.get("error")
    identity = item.get("id")
    if identity is None and error is not None and len(requests) == 1:
        # A server that could not even read the id may leave it out of an error, and only of an error.
        return 0, error_of(error, requests[0].method, endpoint)
    if not isinstance(identity, int) or isinstance(identity, bool):
        raise AnswerMismatchError(f"{endpoint}: an answer without its id", endpoint=endpoint)
    number = identity - first_id
    if not 0 <= number < len(requests):
        raise AnswerMismatchError(f"{endpoint}: an answer carries a foreign id", endpoint=endpoint)
    if error is not None:
        return number, error_of(error, requests[number].method, endpoint)
    if "result" not in item:
        raise NotJsonRpcError(f"{endpoint}: an answer with neither result nor error", endpoint=endpoint)
    return number, item["result"]


def _whole_error(document: object, method: str, endpoint: str) -> ChainError | None:
    if isinstance(document, dict) and document.get("error") is not None:
        return error_of(document["error"], method, endpoint)
    return None


_RANGE = re.compile(
    r"(block )?range|more than \d+ (results|logs)|query returned|too many (blocks|results|logs)"
    r"|limited to|response size|log response|exceeds? .*(blocks|results)",
    re.IGNORECASE,
)
_SUGGESTED = re.compile(r"\[\s*(0x[0-9a-f]+)\s*,\s*(0x[0-9a-f]+)\s*\]", re.IGNORECASE)
_RATE = re.compile(
    r"rate.?limit|too many requests|limit exceeded|capacity|throughput|quota|credits", re.IGNORECASE
)
_PRUNED = re.compile(
    r"missing trie node|prun(ed|ing)|state .{0,60}not available|not available.{0,20}state|archive"
    r"|historical state|distance to target block exceeds",
    re.IGNORECASE,
)
_UNKNOWN_BLOCK = re.compile(
    r"(header|block).{0,20}not found|unknown block|resource not found|block .{0,70}(does not|doesn't) exist"
    r"|blockoutofrange|beyond current head",
    re.IGNORECASE,
)
_MISSING = re.compile(r"method.{0,40}not (found|supported|available|exist)|unsupported method", re.IGNORECASE)
_GAS = re.compile(
    r"out of gas|gas (limit|required) exceed|exceeds block gas limit|intrinsic gas", re.IGNORECASE
)


def error_of(error: object, method: str, endpoint: str) -> ChainError:
    """Return what a node's error object means.

    Code and text are both looked at: -32005 says "slow down" at one provider and "range too large" at
    another, and several send a rate limit with HTTP status 200.
    """
    if not isinstance(error, dict):
        return NotJsonRpcError(f"{endpoint}: an error that is no object", endpoint=endpoint)
    code = error.get("code")
    text = str(error.get("message", ""))
    said = (
        f"{endpoint}: {method}: {SECRET.sub('...', text)[:SHOWN]} ({code if isinstance(code, int) else '?'})"
    )
    details: dict[str, Any] = {
        "endpoint": endpoint,
        "method": method,
        "rpc_code": code if isinstance(code, int) else None,
    }
    if method == "eth_getLogs" and _RANGE.search(text):
        match = _SUGGESTED.search(text)
        suggestion = (int(match[1], 16), int(match[2], 16)) if match else None
        return RangeTooLargeError(said, suggestion, **details)
    if code == 3 or "revert" in text.lower():
        data = _revert_data(error.get("data"))
        reason = revert_reason(data) or text[:SHOWN]
        return CallRevertedError(f"{method}: {reason}", data, **details)
    if code == 4444 or _PRUNED.search(text):
        return StatePrunedError(said, **details)
    if code in {-32005, -32007, 429, 42903} or _RATE.search(text):
        return RateLimitedError(said, **details)
    if code == -32601 or _MISSING.search(text):
        return MethodMissingError(said, **details)
    if _GAS.search(text):
        return OutOfGasError(said, **details)
    if code == -32001 or _UNKNOWN_BLOCK.search(text):
        return HeaderNotFoundError(said, **details)
    return NodeRefusedError(said, **details)


def _revert_data(value: object) -> bytes:
    if isinstance(value, dict):  # some nodes wrap it once more
        value = value.get("data")
    match = re.search(r"0x((?:[0-9a-fA-F]{2})*)", value) if isinstance(value, str) else None
    return bytes.fromhex(match[1]) if match else b""


def revert_reason(data: bytes) -> str:
    """Return the text of ``Error(string)``, the number of ``Panic(uint256)``, else the selector in hex."""
    if data[:4] == PANIC and len(data) == 36:
        return f"panic {int.from_bytes(data[4:], 'big'):#x}"
    if data[:4] == ERROR_STRING and len(data) >= 68:
        length = min(int.from_bytes(data[36:68], "big"), len(data) - 68)
        return data[68 : 68 + length].decode(errors="replace")[:SHOWN]
    return f"custom error 0x{data[:4].hex()}" if len(data) >= 4 else ""
