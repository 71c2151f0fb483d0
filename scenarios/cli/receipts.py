"""All receipts of a block, held against its header: ``record receipts`` and ``record check-receipts``."""

from __future__ import annotations

import gzip
import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from oracles.chain.errors import ProofError, RecordingError
from oracles.chain.header import Block, parse_block, verify_header
from oracles.chain.proven_logs import fetch_receipts
from oracles.chain.reader import LiveReader
from oracles.chain.receipts import verify_receipts
from scenarios.cli.answer import Answer
from scenarios.cli.chain import block_data, block_of, client_of
from scenarios.cli.main import UsageError

ONE, TWO = 1, 2


def fetch(arguments: Namespace) -> Answer:
    """Fetch header and receipts of one block, check them, write them into one file."""
    if len(arguments.target) != ONE or arguments.block is not None:
        raise UsageError("record receipts takes one block: a number, a hash, latest, safe or finalized")
    with client_of(arguments) as client:
        block = LiveReader.open(client, block_of(arguments.target[0])).block
        receipts = fetch_receipts(client, block.hash)
    logs = _checked(block, receipts)
    header = {**block.header, "hash": block.hash}
    document = {"chain_id": block.chain_id, "block": header, "receipts": receipts}
    text = json.dumps(document).encode()
    path = Path(arguments.output)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return _answer(block, len(receipts), logs, str(path))


def check(arguments: Namespace) -> Answer:
    """Check a file of ``record receipts``, or a block and its receipts as a node gave them in two files."""
    if len(arguments.target) == ONE:
        document = _load(arguments.target[0])
        if not isinstance(document, dict) or not {"block", "receipts"} <= set(document):
            raise RecordingError(f"{arguments.target[0]} is no file of `backstop record receipts`")
        header, receipts, chain = document["block"], document["receipts"], document.get("chain_id", 0)
    elif len(arguments.target) == TWO:
        header, receipts, chain = *(_load(path) for path in arguments.target), arguments.chain or 0
    else:
        raise UsageError("record check-receipts FILE, or BLOCK_FILE RECEIPTS_FILE")
    if arguments.chain is not None and chain != arguments.chain:
        raise RecordingError(f"the file is of chain {chain}, not {arguments.chain}")
    block = parse_block(chain if isinstance(chain, int) else 0, header)
    logs = _checked(block, receipts)
    if arguments.block is not None and block_of(arguments.block) not in {block.number, block.hash}:
        raise RecordingError(f"the file is of block {block.number} {block.hash}, not {arguments.block}")
    return _answer(block, len(receipts), logs, arguments.target[-1])


def _checked(block: Block, receipts: object) -> int:
    """Hold receipts against a header that makes its own hash; return the number of logs."""
    if not isinstance(receipts, list) or not all(isinstance(item, dict) for item in receipts):
        raise ProofError("receipts are a list of objects")
    verify_header(block)
    verify_receipts(block.header, receipts)
    return sum(len(item["logs"]) for item in receipts)


def _load(path: str) -> Any:
    try:
        data = Path(path).read_bytes()
        return json.loads(gzip.decompress(data) if path.endswith(".gz") else data)
    except (OSError, EOFError, ValueError) as error:
        raise RecordingError(f"{path} cannot be read: {error}") from None


def _answer(block: Block, receipts: int, logs: int, path: str) -> Answer:
    def show() -> None:
        sys.stdout.write(
            f"{path}: block {block.number} {block.hash}: {receipts} receipts with {logs} logs are all "
            "and unchanged\n"
        )

    return Answer({"file": path, "block": block_data(block), "receipts": receipts, "logs": logs}, show)
