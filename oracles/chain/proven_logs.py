"""Recorded logs held against the chain itself: every one is genuine, and none of the range is missing.

Headers are followed from the range's last block by their parents' hashes, so one block hash has to be
trusted. A block whose bloom filter shows neither address nor topic holds no such log; of every other one all
receipts are fetched and held against its receipts root. A receipt is proven with its place in the block, its
transaction's hash is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from contracts_abi.entry import Event
from oracles.chain.client import Client, parse_bytes
from oracles.chain.errors import ChainError, MethodMissingError, ProofError
from oracles.chain.header import Block, parse_block, verify_header
from oracles.chain.history import Row
from oracles.chain.jsonrpc import Request
from oracles.chain.receipts import bloom_of, verify_receipts

MAXIMUM_BYTES = 64 << 20


class ProvenLogs(NamedTuple):
    """What was held against the chain.

    Parameters
    ----------
    blocks
        Headers of the range, each with its hash.
    with_receipts
        Those of which all receipts were checked.
    logs
        Logs found in them: exactly those recorded.
    """

    blocks: int
    with_receipts: int
    logs: int


def verify_logs(
    client: Client, address: str, event: Event, rows: Sequence[Row], first: int, last: Block
) -> ProvenLogs:
    """Hold the rows of an event against all blocks from ``first`` to ``last``.

    Parameters
    ----------
    last
        The block that is trusted.

    Raises
    ------
    ProofError
        If a header, a receipt or a row is changed, or a log is missing or extra.
    """
    recorded: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        recorded[row["block_number"]].append(row)
    wanted = bloom_of({"address": address, "topics": [event.topic]})
    blocks = checked = found = 0
    for block in _backwards(client, first, last):
        blocks += 1
        bloom = int.from_bytes(parse_bytes(block.header.get("logsBloom"), "logsBloom", 256), "big")
        genuine: list[tuple[object, ...]] = []
        if bloom & wanted == wanted:
            receipts = fetch_receipts(client, block.hash)
            verify_receipts(block.header, receipts)
            genuine = _logs(receipts, address, event)
            checked += 1
        here = recorded.pop(block.number, [])
        own = [_figures(row) for row in here]
        if own != genuine or any(
            (row["block_hash"], row["block_timestamp"]) != (block.hash, block.timestamp) for row in here
        ):
            raise ProofError(
                f"block {block.number} holds {len(genuine)} logs of {event.name} of {address}, recorded are "
                f"{len(own)}, not all of them the same",
                block=block.number,
            )
        found += len(genuine)
    if recorded:
        raise ProofError(f"rows of block {min(recorded)}, which is not of the range", block=min(recorded))
    return ProvenLogs(blocks, checked, found)


def fetch_receipts(client: Client, block_hash: str) -> list[Any]:
    """Return all receipts of a block; one by one where the node has no method for that."""
    try:
        found: object = client.request("eth_getBlockReceipts", block_hash, maximum=MAXIMUM_BYTES)
    except MethodMissingError:
        hashes = client.request("eth_getBlockByHash", block_hash, False)["transactions"]
        found = [client.request("eth_getTransactionReceipt", digest) for digest in hashes]
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ProofError("receipts are a list of objects")
    return found


def _backwards(client: Client, first: int, last: Block) -> Iterator[Block]:
    """Return the blocks from ``last`` to ``first``, each the parent of the one before."""
    verify_header(last)
    yield last
    child = last
    size = client.policy.batch_size
    for top in range(last.number - 1, first - 1, -size):
        numbers = range(top, max(top - size, first - 1), -1)
        answers = client.batch([Request("eth_getBlockByNumber", (hex(n), False)) for n in numbers])
        for answer in answers:
            if isinstance(answer, ChainError):
                raise answer
            block = parse_block(client.chain_id, answer)
            verify_header(block)
            if block.hash != child.parent_hash or block.number != child.number - 1:
                raise ProofError(
                    f"block {block.number} {block.hash} is not the parent of block {child.number}",
                    block=block.number,
                    parent=child.parent_hash,
                )
            yield block
            child = block


def _logs(receipts: Sequence[Any], address: str, event: Event) -> list[tuple[object, ...]]:
    """Return the event's logs: place in the block, transaction's place, topics and data."""
    found: list[tuple[object, ...]] = []
    place = 0
    for number, receipt in enumerate(receipts):
        for log in receipt["logs"]:
            topics = tuple("0x" + parse_bytes(topic, "topic", 32).hex() for topic in log["topics"])
            if log["address"].lower() == address.lower() and topics[:1] == (event.topic,):
                data = "0x" + parse_bytes(log["data"], "log data").hex()
                found.append((place, number, topics, data))
            place += 1
    return found


def _figures(row: Row) -> tuple[object, ...]:
    topics = (row[f"topic{number}"] for number in range(4))
    return (row["log_index"], row["tx_index"], tuple(t for t in topics if t is not None), row["data"])
