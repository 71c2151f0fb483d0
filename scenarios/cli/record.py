"""``backstop record``: reads, rounds and events into files; and the check of a recording."""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from contracts_abi.families import uniswap_v2, uniswap_v3
from oracles.chain.calls import call
from oracles.chain.errors import EvidenceError, ExtraMissingError, UnknownSourceError
from oracles.chain.history import Row, Span, check_last, collect, collect_events, finish, read_rows
from oracles.chain.proven import ProvenReader
from oracles.chain.proven_logs import verify_logs
from oracles.chain.reader import LiveReader, run_plan
from oracles.chain.readers.chainlink import ChainlinkState, read_chainlink, read_phases, read_rounds
from oracles.chain.recording import RecordingReader, load_recording, save_recording
from oracles.chain.seal import seal, verify_recording
from oracles.sources.chainlink import PHASE_BITS
from scenarios.cli import receipts
from scenarios.cli.answer import Answer
from scenarios.cli.chain import block_data, block_of, client_of, reader_of
from scenarios.cli.main import UsageError

ROUNDS_AT_ONCE = 450
VERIFIED = {
    "reads": "record reads takes --seal",
    "receipts": "record receipts is checked always",
    "rounds": "backstop read --verify proves a feed",
}


def run(arguments: Namespace) -> Answer:
    """Do what is asked."""
    if arguments.what == "check":
        return _check(arguments)
    if arguments.what == "check-receipts":
        return receipts.check(arguments)
    if arguments.output is None:
        raise UsageError(f"record {arguments.what}: give the file to write with -o FILE")
    if arguments.output.endswith(".parquet") and find_spec("polars") is None:
        raise ExtraMissingError("writing Parquet", "data")  # said before hours of reading, not after
    if arguments.verify and arguments.what not in {"syncs", "swaps"}:
        raise UsageError(f"--verify is for record syncs and swaps; {VERIFIED.get(arguments.what, '')}")
    kinds = {
        "reads": _reads,
        "rounds": _rounds,
        "syncs": _events,
        "swaps": _events,
        "receipts": receipts.fetch,
    }
    return kinds[arguments.what](arguments)


def _only(arguments: Namespace) -> str:
    if len(arguments.target) != 1:
        raise UsageError(f"record {arguments.what} takes one target")
    return str(arguments.target[0])


def _check(arguments: Namespace) -> Answer:
    path = _only(arguments)
    block = None if arguments.block is None else block_of(arguments.block)
    recording = load_recording(Path(path), arguments.chain, block)
    proven = verify_recording(recording) if recording.sealed else 0
    data = {
        "file": path,
        "block": block_data(recording.block),
        "answers": len(recording.outcomes) + len(recording.slots),
        "sealed": recording.sealed,
        "proven": proven,
    }

    def show() -> None:
        at = recording.block
        how = (
            f"{proven} answers proven" if recording.sealed else "not sealed: unchanged, but nothing is proven"
        )
        sys.stdout.write(f"{path}: chain {at.chain_id}, block {at.number} {at.hash}; {how}\n")

    return Answer(data, show)


def _reads(arguments: Namespace) -> Answer:
    from scenarios.cli.read import read_prices

    with reader_of(arguments, verify=arguments.seal) as reader:
        noting = RecordingReader(reader)
        prices, errors, _ = read_prices(noting, arguments.target, sys.maxsize)
        if errors:
            raise errors[0]
        recording = noting.recording
        if isinstance(reader, ProvenReader):
            recording = seal(recording, reader)
        digest = save_recording(recording, Path(arguments.output))
    return _done(arguments, {"block": block_data(reader.block), "sources": len(prices), "sha256": digest})


def _rounds(arguments: Namespace) -> Answer:
    feed = _only(arguments)
    if arguments.all_phases and (arguments.first is not None or arguments.last is not None):
        raise UsageError("--all-phases takes every round: leave out --from and --to")
    with client_of(arguments) as client:
        reader = LiveReader.open(client, block_of(arguments.block))
        address = _proxy(feed, reader.block.chain_id)
        state = run_plan(reader, read_chainlink(feed, address, reader.block))
        newest = state.round.aggregator_round
        folder = _folder(arguments)
        if arguments.all_phases:
            phases = run_plan(reader, read_phases(address))
            for phase, last in phases:
                within = folder / f"phase-{phase:05}"
                collect(within, 1, last, _fetch(reader, feed, state, phase, gaps=True), Span(ROUNDS_AT_ONCE))
            asked = sum(last for _, last in phases)
            found = sum(1 for _ in read_rows(folder))
            data = {"phases": [phase for phase, _ in phases], "without_answer": asked - found}
            return _finish(arguments, folder, data)
        first, last = arguments.first or 1, min(arguments.last or newest, newest)
        collect(folder, first, last, _fetch(reader, feed, state, state.phase_id), Span(ROUNDS_AT_ONCE))
    return _finish(arguments, folder, {"first": first, "last": last, "phase": state.phase_id})


def _fetch(
    reader: LiveReader, feed: str, state: ChainlinkState, phase: int, *, gaps: bool = False
) -> Callable[[int, int], list[Row]]:
    base = phase << PHASE_BITS

    def fetch(start: int, end: int) -> list[Row]:
        plan = read_rounds(feed, state.proxy, base | start, base | end, gaps=gaps)
        return [
            {
                "chain_id": reader.block.chain_id,
                "feed": feed,
                "address": state.proxy,
                "phase": item.phase,
                "round": str(item.round_id),
                "answer": str(item.answer),
                "decimals": state.decimals,
                "updated_at": item.updated_at,
                "answered_in_round": str(item.answered_in_round),
            }
            for item in run_plan(reader, plan)
        ]

    return _at_most(fetch)


def _at_most(fetch: Callable[[int, int], list[Row]]) -> Callable[[int, int], list[Row]]:
    def in_parts(start: int, end: int) -> list[Row]:
        rows: list[Row] = []
        for at in range(start, end + 1, ROUNDS_AT_ONCE):
            rows += fetch(at, min(at + ROUNDS_AT_ONCE - 1, end))
        return rows

    return in_parts


def _proxy(feed: str, chain_id: int) -> str:
    from contracts_abi.deployments import addresses

    if feed.startswith("0x"):
        return feed.lower()
    known = addresses(chain_id, "chainlink_proxy")
    if feed not in known:
        raise UnknownSourceError(f"no Chainlink feed {feed} is known on chain {chain_id}", pair=feed)
    return known[feed].lower()


def _events(arguments: Namespace) -> Answer:
    address = _only(arguments).lower()
    event = uniswap_v2.EVENT_SYNC if arguments.what == "syncs" else uniswap_v3.EVENT_SWAP
    with client_of(arguments) as client:
        if arguments.first is None:
            raise UsageError(f"record {arguments.what}: give the first block with --from N")
        reader = LiveReader.open(client, arguments.last if arguments.last is not None else "latest")
        last = reader.block.number
        folder = collect_events(client, address, event, arguments.first, last, _folder(arguments))
        rows = list(read_rows(folder))
        proven: dict[str, object] = {}
        try:
            check_last(event, rows, _state(reader, address, arguments.what))
            if arguments.verify:
                proven = verify_logs(client, address, event, rows, arguments.first, reader.block)._asdict()
        except EvidenceError:
            shutil.rmtree(folder)  # a next run must not go on with pieces that are wrong
            raise
    data = {"first": arguments.first, "last": last, "trusted_hash": reader.block.hash}
    return _finish(arguments, folder, {**data, "proven": proven or None})


def _state(reader: LiveReader, address: str, what: str) -> list[tuple[str, int]]:
    names = ("reserve0", "reserve1") if what == "syncs" else ("sqrtPriceX96", "tick")
    item = call(address, uniswap_v2.GET_RESERVES if what == "syncs" else uniswap_v3.SLOT0)
    values = item.values(reader.call_many([item])[0])
    return [(name, int(str(value))) for name, value in zip(names, values, strict=False)]


def _folder(arguments: Namespace) -> Path:
    return Path(arguments.output + ".pieces")


def _finish(arguments: Namespace, folder: Path, data: dict[str, object]) -> Answer:
    rows = finish(folder, Path(arguments.output))
    shutil.rmtree(folder)
    return _done(arguments, {**data, "rows": rows})


def _done(arguments: Namespace, data: dict[str, object]) -> Answer:
    def show() -> None:
        figures = ", ".join(f"{key} {value}" for key, value in data.items() if key != "block")
        sys.stdout.write(f"{arguments.output}: {figures}\n")

    return Answer({"file": arguments.output, **data}, show)
