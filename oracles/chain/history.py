"""Events and rounds over ranges of blocks: adaptive, resumable after any kind of end, checked at its own.

Every finished piece is a file of its own, written whole or not at all; what remains to be done is read from
their names, so a killed run goes on where it stopped. A node that leaves logs out is found by holding the
last event against the contract's state at the last block.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts_abi.codec import Value
from contracts_abi.entry import Event
from oracles.chain.client import Client, parse_bytes, parse_quantity
from oracles.chain.errors import (
    AnswerMismatchError,
    AnswerTooLargeError,
    ChainError,
    EvidenceError,
    ExtraMissingError,
    NotJsonRpcError,
    RangeTooLargeError,
    RecordingError,
    ReorganisedError,
    TimedOutError,
)
from oracles.chain.header import parse_block
from oracles.chain.jsonrpc import Request

FIRST_SPAN, LARGEST_SPAN = 2_000, 100_000
LOG_BYTES = 64 << 20
_PIECE = re.compile(r"(\d{10})-(\d{10})\.jsonl")
Row = dict[str, Any]


@dataclass(slots=True)
class Span:
    """How many blocks are asked for at once: grows with success, shrinks as the node demands."""

    blocks: int = FIRST_SPAN

    def grow(self) -> None:
        """Ask for more next time."""
        self.blocks = min(self.blocks * 3 // 2 + 1, LARGEST_SPAN)

    def shrink(self, error: ChainError, first: int) -> None:
        """Ask for less.

        Raises
        ------
        ChainError
            ``error``, if one block is too much already.
        """
        if self.blocks == 1:
            raise error
        suggested = error.suggestion if isinstance(error, RangeTooLargeError) else None
        if suggested is not None and suggested[0] == first and 0 <= suggested[1] - first < self.blocks - 1:
            self.blocks = suggested[1] - first + 1
        else:
            self.blocks = max(self.blocks // 2, 1)


def fetch_logs(client: Client, address: str, topics: Sequence[str], first: int, last: int) -> list[Row]:
    """Return the logs of ``address`` in ``first``..``last`` as rows, in the chain's order.

    Raises
    ------
    AnswerMismatchError
        If a log is not of the address, topic or range asked for, or was removed.
    ChainError
        As the node answers.
    """
    query = {"address": address, "fromBlock": hex(first), "toBlock": hex(last), "topics": [list(topics)]}

    def check(answers: list[Any | ChainError]) -> None:
        if isinstance(answers[0], ChainError):
            return
        head = parse_quantity(answers[1], "eth_blockNumber")
        if head < last:  # such a node would answer with what it has, without a word
            raise AnswerMismatchError(f"the node is at block {head}, before the range's end {last}")

    found, _ = client.batch(
        [Request("eth_getLogs", (query,)), Request("eth_blockNumber")], maximum=LOG_BYTES, check=check
    )
    if isinstance(found, ChainError):
        raise found
    if not isinstance(found, list):
        raise NotJsonRpcError("eth_getLogs: a list expected")
    rows = [_row(client.chain_id, log) for log in found]
    for row in rows:
        if (
            row["address"] != address.lower()
            or row["topic0"] not in topics
            or not first <= row["block_number"] <= last
            or row["removed"]
        ):
            raise AnswerMismatchError("a log is not one of those asked for", block=row["block_number"])
    places = [(row["block_number"], row["log_index"]) for row in rows]
    if sorted(set(places)) != places:
        raise AnswerMismatchError("logs are out of order or double")
    return rows


def _row(chain_id: int, log: Any) -> Row:
    if not isinstance(log, dict):
        raise NotJsonRpcError("a log is no object")
    topics = ["0x" + parse_bytes(topic, "topic", 32).hex() for topic in log.get("topics", [])]
    padded = [*topics, None, None, None, None][:4]
    return {
        "chain_id": chain_id,
        "block_number": parse_quantity(log.get("blockNumber"), "blockNumber"),
        "block_hash": "0x" + parse_bytes(log.get("blockHash"), "blockHash", 32).hex(),
        "block_timestamp": None,
        "tx_hash": "0x" + parse_bytes(log.get("transactionHash"), "transactionHash", 32).hex(),
        "tx_index": parse_quantity(log.get("transactionIndex"), "transactionIndex"),
        "log_index": parse_quantity(log.get("logIndex"), "logIndex"),
        "address": "0x" + parse_bytes(log.get("address"), "address", 20).hex(),
        **{f"topic{number}": topic for number, topic in enumerate(padded)},
        "data": "0x" + parse_bytes(log.get("data"), "data").hex(),
        "removed": bool(log.get("removed", False)),
    }


def _with_times(client: Client, rows: list[Row]) -> list[Row]:
    """Fill in block times, and demand that every log's block has the hash that the log names."""
    numbers = sorted({row["block_number"] for row in rows})
    blocks = {}
    size = client.policy.batch_size
    for start in range(0, len(numbers), size):
        part = numbers[start : start + size]
        answers = client.batch([Request("eth_getBlockByNumber", (hex(n), False)) for n in part])
        for number, answer in zip(part, answers, strict=True):
            if isinstance(answer, ChainError):
                raise answer
            blocks[number] = parse_block(client.chain_id, answer)
    for row in rows:
        block = blocks[row["block_number"]]
        if block.hash != row["block_hash"] or block.number != row["block_number"]:
            raise ReorganisedError(row["block_number"], row["block_hash"], block.hash)
        row["block_timestamp"] = block.timestamp
    return rows


def collect(
    folder: Path,
    first: int,
    last: int,
    fetch: Callable[[int, int], list[Row]],
    span: Span | None = None,
    progress: Callable[[int], None] | None = None,
) -> Path:
    """Fetch ``first``..``last`` piece by piece into ``folder``; go on with what an earlier run left.

    Parameters
    ----------
    folder
        Made if it is not there; holds one file for each finished piece.
    fetch
        Returns the rows of a range.
    progress
        Called with the last number finished.

    Raises
    ------
    ChainError
        Whatever ``fetch`` raises and a smaller piece does not cure; finished pieces stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    span = span or Span()
    at = first
    for start, end, _ in _pieces(folder):
        if start != at or end > last:
            raise RecordingError(f"{folder} holds {start}-{end}, which is no piece of {first}-{last}")
        at = end + 1
    while at <= last:
        end = min(at + span.blocks - 1, last)
        try:
            rows = fetch(at, end)
        except (RangeTooLargeError, AnswerTooLargeError, TimedOutError) as error:
            span.blocks = end - at + 1
            span.shrink(error, at)
            continue
        _write_whole(folder / f"{at:010}-{end:010}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        at = end + 1
        span.grow()
        if progress is not None:
            progress(end)
    return folder


def _pieces(folder: Path) -> list[tuple[int, int, Path]]:
    found = []
    for path in sorted(folder.iterdir()):
        match = _PIECE.fullmatch(path.name)
        if match:
            found.append((int(match[1]), int(match[2]), path))
    return found


def _write_whole(path: Path, text: str) -> None:
    beside = path.with_suffix(".part")
    with beside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a folder of pieces (of folders first), a JSON Lines file or a Parquet file."""
    if path.is_dir():
        for folder in sorted(item for item in path.iterdir() if item.is_dir()):
            yield from read_rows(folder)
        for _, _, piece in _pieces(path):
            yield from read_rows(piece)
    elif path.suffix == ".parquet":
        yield from _polars().read_parquet(path).iter_rows(named=True)
    else:
        with path.open() as file:
            for line in file:
                yield json.loads(line)


def _polars() -> Any:
    try:
        import polars
    except ImportError:
        raise ExtraMissingError("reading and writing Parquet", "data") from None
    return polars


def finish(folder: Path, path: Path) -> int:
    """Join the pieces into one file, ``.jsonl`` or ``.parquet``; return the number of rows."""
    if path.suffix == ".parquet":
        polars = _polars()
        rows = list(read_rows(folder))
        beside = path.with_name(path.name + ".part")
        polars.DataFrame(rows, infer_schema_length=None).write_parquet(beside, compression="zstd")
        beside.replace(path)
        return len(rows)
    count = 0
    beside = path.with_name(path.name + ".part")
    with beside.open("w") as file:
        for row in read_rows(folder):
            file.write(json.dumps(row) + "\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return count


def collect_events(
    client: Client,
    address: str,
    event: Event,
    first: int,
    last: int,
    folder: Path,
    span: Span | None = None,
    progress: Callable[[int], None] | None = None,
) -> Path:
    """Collect one event of one contract; see :func:`collect`. The last block must stay what it was.

    Raises
    ------
    ReorganisedError
        If the last block changed while the logs were read.
    """
    target = address.lower()
    before = parse_block(client.chain_id, client.request("eth_getBlockByNumber", hex(last), False))
    collect(
        folder,
        first,
        last,
        lambda a, b: _with_times(client, fetch_logs(client, target, [event.topic], a, b)),
        span,
        progress,
    )
    after = parse_block(client.chain_id, client.request("eth_getBlockByNumber", hex(last), False))
    if after.hash != before.hash:
        raise ReorganisedError(last, before.hash, after.hash)
    return folder


def fields_of(event: Event, row: Row) -> dict[str, Value]:
    """Return the fields of a row of ``event``."""
    topics = tuple(
        bytes.fromhex(row[f"topic{number}"][2:]) for number in range(4) if row[f"topic{number}"] is not None
    )
    return event.decode(topics, bytes.fromhex(row["data"][2:]))


def check_last(event: Event, rows: Sequence[Row], expected: Sequence[tuple[str, int]]) -> None:
    """Hold the last event against the contract's state at the end of the range.

    Parameters
    ----------
    expected
        Field and value as the state has it.

    Raises
    ------
    EvidenceError
        If they differ: logs are missing.
    """
    if not rows:
        return
    found = fields_of(event, rows[-1])
    for name, value in expected:
        if found[name] != value:
            raise EvidenceError(
                f"the last {event.name} says {name} {found[name]!r}, the state {value}: logs are missing",
                field=name,
            )
