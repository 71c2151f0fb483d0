"""Multicall3: encode many calls as one, decode the answers as strictly as single ones.

The answers name their own block: chain id, time and (where the chain's ``block.number`` is its own) number
are asked for in the same call, so a node that serves another block is found out. Source: mds1/multicall3
Multicall3.sol, ``aggregate3``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from contracts_abi.codec import address_bytes
from contracts_abi.entry import Function
from contracts_abi.families import multicall3
from contracts_abi.types import WORD
from oracles.chain.calls import Call, Outcome, call
from oracles.chain.errors import AnswerMismatchError, UndecodableError
from oracles.chain.header import Block

ADDRESS = multicall3.ADDRESS.lower()
ARBITRUM = 42161  # block.number there is the number of a block of Ethereum
MAXIMUM_CALLS = 500  # about 11.5 million gas of Chainlink reads
MAXIMUM_CALL_BYTES = 200_000

_FLAG = (1).to_bytes(WORD, "big")
_CALL_OFFSET = (96).to_bytes(WORD, "big")
_ARRAY_OFFSET = (32).to_bytes(WORD, "big")
_ADDRESS_PADDING = bytes(12)
_HEAD_WORDS = 3
_SMALLEST = 2 * WORD


def encode_aggregate(calls: Sequence[Call]) -> bytes:
    """Return the call data of ``aggregate3`` with every call allowed to fail."""
    offset = WORD * len(calls)
    heads: list[bytes] = []
    tails: list[bytes] = []
    behind: dict[bytes, bytes] = {}  # many calls share their data, and so all that follows the address
    for item in calls:
        data = item.data
        rest = behind.get(data)
        if rest is None:
            size = len(data)
            rest = b"".join((_FLAG, _CALL_OFFSET, size.to_bytes(WORD, "big"), data, bytes(-size % WORD)))
            behind[data] = rest
        heads.append(offset.to_bytes(WORD, "big"))
        tails += (_ADDRESS_PADDING, address_bytes(item.target), rest)
        offset += WORD + len(rest)
    count = len(calls).to_bytes(WORD, "big")
    return b"".join((multicall3.AGGREGATE3.selector, _ARRAY_OFFSET, count, *heads, *tails))


@lru_cache(maxsize=16)
def same_read_hex(targets: tuple[str, ...], function: Function, chain_id: int) -> str:
    """Return ``aggregate3`` call data, in hex, for one function without arguments at many targets.

    The calls that name the block follow; a snapshot taken again and again is encoded once.
    """
    data = function.call()
    calls = [Call(target.lower(), function, data) for target in targets]
    return "0x" + encode_aggregate([*calls, *_naming(chain_id)]).hex()


def decode_aggregate(answer: bytes, count: int) -> list[Outcome]:
    """Return the outcomes of ``aggregate3``.

    Raises
    ------
    UndecodableError
        If ``answer`` is not the canonical encoding of exactly ``count`` outcomes.
    """
    end = len(answer)
    position = 2 * WORD + WORD * count  # where the next outcome must begin
    if end < position or answer[:_SMALLEST] != _ARRAY_OFFSET + count.to_bytes(WORD, "big"):
        raise UndecodableError(f"the multicall answer does not hold {count} outcomes", size=end)
    outcomes: list[Outcome] = []
    read = int.from_bytes
    for number in range(count):
        head = _SMALLEST + number * WORD
        if read(answer[head : head + WORD], "big") != position - _SMALLEST:
            raise UndecodableError(f"outcome {number} does not stand where it must", number=number)
        success = read(answer[position : position + WORD], "big")
        offset = read(answer[position + WORD : position + 2 * WORD], "big")
        size = read(answer[position + 2 * WORD : position + 3 * WORD], "big")
        start = position + _HEAD_WORDS * WORD
        position = start + size + (-size % WORD)
        if (
            success > 1
            or offset != 2 * WORD
            or position > end
            or answer[start + size : position].strip(b"\0")
        ):
            raise UndecodableError(f"outcome {number} is not canonical", number=number)
        outcomes.append(Outcome(success == 1, answer[start : start + size]))
    if position != end:
        raise UndecodableError(f"{end - position} bytes behind the last outcome", size=end)
    return outcomes


def _naming(chain_id: int) -> list[Call]:
    functions = [multicall3.GET_CHAIN_ID, multicall3.GET_CURRENT_BLOCK_TIMESTAMP]
    if chain_id != ARBITRUM:
        functions.append(multicall3.GET_BLOCK_NUMBER)
    return [call(ADDRESS, function) for function in functions]


def identity_calls(block: Block) -> list[tuple[Call, int]]:
    """Return the calls that name the block, each with the only right answer."""
    return list(zip(_naming(block.chain_id), (block.chain_id, block.timestamp, block.number), strict=False))


def check_identity(block: Block, outcomes: Sequence[Outcome]) -> None:
    """Demand that the outcomes of :func:`identity_calls` name ``block``.

    Raises
    ------
    AnswerMismatchError
        If they name another block or chain.
    """
    for (asked, expected), outcome in zip(identity_calls(block), outcomes, strict=True):
        if outcome != Outcome(True, expected.to_bytes(WORD, "big")):
            found = int.from_bytes(outcome.data, "big") if outcome.success else None
            raise AnswerMismatchError(
                f"the answer comes from another block: {asked.function.name} {found}, not {expected}",
                block=block.number,
                expected=expected,
                found=found,
            )


def group(calls: Sequence[Call]) -> list[Sequence[Call]]:
    """Split ``calls`` into runs that fit one request by number and size."""
    groups: list[Sequence[Call]] = []
    start = size = 0
    for number, item in enumerate(calls):
        room = 5 * WORD + len(item.data)
        if number > start and (number - start >= MAXIMUM_CALLS or size + room > MAXIMUM_CALL_BYTES):
            groups.append(calls[start:number])
            start, size = number, 0
        size += room
    groups.append(calls[start:])
    return groups
