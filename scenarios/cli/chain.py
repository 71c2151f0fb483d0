"""What the commands that read a chain share: endpoints, readers, how far an answer may be believed."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from oracles.chain.client import Client
from oracles.chain.endpoint import Endpoint, parse_endpoint, parse_headers
from oracles.chain.header import Block
from oracles.chain.policy import Policy
from oracles.chain.proven import ProvenReader
from oracles.chain.quorum import QuorumReader
from oracles.chain.reader import LiveReader, Reader
from oracles.chain.recording import RecordedReader, load_recording
from oracles.chain.transport import Limits
from scenarios.cli.main import UsageError

HASH_DIGITS = 66
LONGEST_ANSWER = 3600


def endpoints(arguments: Namespace) -> list[Endpoint]:
    """Return the endpoints given, else those of ``ETH_RPC_URL`` (several separated by blanks or commas).

    The headers of ``ETH_RPC_HEADERS`` (lines of ``Name: value``) go to every one of them.
    Only commands that read a chain call this, so the variable never turns another one into a networked one.
    """
    given = arguments.rpc_url or os.environ.get("ETH_RPC_URL", "").replace(",", " ").split()
    if not given:
        raise UsageError("no RPC address: give --rpc-url URL or set ETH_RPC_URL")
    headers = parse_headers(os.environ.get("ETH_RPC_HEADERS", ""))
    return [replace(parse_endpoint(text), headers=headers) for text in given]


def block_of(text: str | None) -> int | str:
    """Return ``--block`` as a number, hash or tag."""
    if text is None:
        return "latest"
    if text in {"latest", "safe", "finalized"}:
        return text
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if text.startswith("0x") and len(text) == HASH_DIGITS and number >= 0:
        return text.lower()
    if number < 0:
        raise UsageError(f"--block {text}: a number, a hash, latest, safe or finalized")
    return number


def policy() -> Policy:
    """Return the default budget, with ``ETH_RPC_TIMEOUT`` seconds for an answer if that is set."""
    text = os.environ.get("ETH_RPC_TIMEOUT")
    if not text:
        return Policy()
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_ANSWER:
        raise UsageError(f"ETH_RPC_TIMEOUT={text}: seconds expected, at most {LONGEST_ANSWER}")
    return Policy(limits=Limits(answer_seconds=seconds), total_seconds=max(3 * seconds, 60.0))


@contextmanager
def client_of(arguments: Namespace) -> Iterator[Client]:
    """Yield one client over all endpoints, with failover."""
    with Client(endpoints(arguments), arguments.chain, policy()) as client:
        yield client


@contextmanager
def reader_of(arguments: Namespace, *, verify: bool = False) -> Iterator[Reader]:
    """Yield the reader that the arguments describe: recorded, quorum, proven or plain."""
    block = block_of(arguments.block)
    recorded = getattr(arguments, "from_recording", None)
    if recorded is not None:
        if arguments.rpc_url or verify or arguments.quorum:
            raise UsageError("--from-recording excludes --rpc-url, --verify and --quorum")
        wanted = None if block == "latest" else block
        yield RecordedReader(load_recording(Path(recorded), arguments.chain, wanted))
        return
    with ExitStack() as stack:
        if arguments.quorum is not None:
            clients = [
                stack.enter_context(Client([url], arguments.chain, policy())) for url in endpoints(arguments)
            ]
            agreed = QuorumReader.open(clients, arguments.quorum, block)
            # The block is agreed on by the quorum; proofs below it need only one node, whoever it is.
            yield ProvenReader(agreed.readers[0]) if verify else agreed
            return
        live = LiveReader.open(stack.enter_context(client_of(arguments)), block)
        yield ProvenReader(live) if verify else live


def block_data(block: Block) -> dict[str, object]:
    """Return what identifies a block, for output."""
    return {
        "chain_id": block.chain_id,
        "number": block.number,
        "hash": block.hash,
        "timestamp": block.timestamp,
    }
