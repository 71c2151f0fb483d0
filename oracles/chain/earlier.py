"""A reader of an earlier block of the same chain, for averages between two blocks.

The newest block that is old enough is searched by number; how well it is found decides only how long the
average's window is. Where answers are proven, so is the way from the pinned block down to it: every header
between, each named by the hash in the one above.
"""

from __future__ import annotations

from oracles.chain.client import Client
from oracles.chain.errors import (
    AnswerMismatchError,
    ChainError,
    MissingRecordError,
    ProofError,
    ReorganisedError,
    UnusableStateError,
)
from oracles.chain.header import Block, parse_block, verify_header
from oracles.chain.jsonrpc import Request
from oracles.chain.proven import ProvenReader
from oracles.chain.quorum import QuorumReader
from oracles.chain.reader import LiveReader, Reader

USUAL_SECONDS = 12
MOST_HEADERS = 7200
"""Headers that a proof of descent may take: a day of mainnet."""


def reader_before(reader: Reader, seconds: int) -> Reader:
    """Return a reader of the newest block at least ``seconds`` older than the reader's, as trustworthy.

    Raises
    ------
    MissingRecordError
        Of a recording, which holds one block.
    ProofError
        If the way between the blocks cannot be proven.
    ReorganisedError
        If the reader's block is no longer part of the chain.
    UnusableStateError
        If the chain is younger.
    ChainError
        If no endpoint answers.
    """
    if isinstance(reader, ProvenReader) and isinstance(reader.inner, LiveReader):
        earlier = _live(reader.inner, seconds)
        _prove_descent(reader.inner.client, reader.block, earlier.block)
        return ProvenReader(earlier)
    if isinstance(reader, LiveReader):
        return _live(reader, seconds)
    if isinstance(reader, QuorumReader):
        first = reader.readers[0]
        number = _newest_before(first.client, reader.block, reader.block.timestamp - seconds).number
        agreed = QuorumReader.open([one.client for one in reader.readers], reader.needed, number)
        _must_be_old_enough(agreed.block, reader.block, seconds)
        return agreed
    raise MissingRecordError("a recording holds one block, and this average needs two")


def _live(reader: LiveReader, seconds: int) -> LiveReader:
    found = _newest_before(reader.client, reader.block, reader.block.timestamp - seconds)
    earlier = LiveReader.open(reader.client, found.number)
    _must_be_old_enough(earlier.block, reader.block, seconds)
    reader.confirm()  # a number names a block of the chain as it is now
    return earlier


def _must_be_old_enough(earlier: Block, block: Block, seconds: int) -> None:
    if earlier.timestamp > block.timestamp - seconds or earlier.number >= block.number:
        raise ReorganisedError(earlier.number, block.hash, earlier.hash)


def _header(client: Client, number: int) -> Block:
    found = parse_block(client.chain_id, client.request("eth_getBlockByNumber", hex(number), False))
    if found.number != number:
        raise AnswerMismatchError("another block than asked for was returned", asked=number)
    return found


def _newest_before(client: Client, head: Block, time: int) -> Block:
    """Return the newest block below ``head`` whose time is not after ``time``: a leap, then interpolation."""
    after, step = head, max(1, (head.timestamp - time) // USUAL_SECONDS)
    while True:
        number = max(head.number - step, 0)
        before = _header(client, number)
        if before.timestamp <= time:
            break
        if number == 0:
            raise UnusableStateError(f"the chain has no block at or before {time}", time=time)
        after = before
        covered = max(head.timestamp - before.timestamp, 1)
        step = max(step + 1, min(8 * step, step * (head.timestamp - time) // covered + 1))
    halve = False
    while after.number - before.number > 1:
        apart = after.number - before.number
        guess = (time - before.timestamp) * apart // max(after.timestamp - before.timestamp, 1)
        ahead = apart // 2 if halve else min(max(guess, 1), apart - 1)
        middle = _header(client, before.number + ahead)
        before, after = (middle, after) if middle.timestamp <= time else (before, middle)
        halve = not halve
    return before


def _prove_descent(client: Client, block: Block, earlier: Block) -> None:
    """Follow parent hashes from ``block`` down to ``earlier``."""
    count = block.number - earlier.number
    if count > MOST_HEADERS:
        raise ProofError(
            f"{count} blocks lie between: to prove the way, {MOST_HEADERS} headers are allowed", blocks=count
        )
    expected = block.parent_hash
    numbers = list(range(block.number - 1, earlier.number - 1, -1))
    size = client.policy.batch_size
    for start in range(0, count, size):
        asked = [Request("eth_getBlockByNumber", (hex(n), False)) for n in numbers[start : start + size]]
        for answer in client.batch(asked):
            if isinstance(answer, ChainError):
                raise answer
            found = parse_block(block.chain_id, answer)
            verify_header(found)
            if found.hash != expected:
                raise ProofError(f"block {found.number} is not the ancestor of block {block.number}")
            expected = found.parent_hash
            last = found.hash
    if last != earlier.hash:
        raise ProofError(f"block {earlier.number} is not an ancestor of block {block.number}")
