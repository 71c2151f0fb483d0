"""Reads written to a file, and read back with the network out of reach.

One JSON document per line: the block, then every call with its answer or revert, every storage word, every
code, and (if sealed) every proof; the last line is the SHA-256 of all lines before it. A file has exactly one
spelling, so a recording that is not byte for byte what would be written is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts_abi.bounded_json import loads
from contracts_abi.entry import Function
from oracles.chain.calls import Call, Outcome
from oracles.chain.client import parse_bytes, parse_quantity
from oracles.chain.errors import ChainError, MissingRecordError, RecordingError, TamperedError
from oracles.chain.header import FIELDS, Block
from oracles.chain.reader import Reader

FORMAT = "backstop-chain-recording"
VERSION = 1


@dataclass(slots=True)
class Recording:
    """All reads at one block of one chain.

    Parameters
    ----------
    block
        The block, header included.
    outcomes
        By target and call data.
    slots, codes
        Storage words by address and slot; codes by address.
    proofs
        ``eth_getProof`` answers by address; a recording with proofs is sealed.
    """

    block: Block
    outcomes: dict[tuple[str, bytes], Outcome] = field(default_factory=dict)
    slots: dict[tuple[str, int], int] = field(default_factory=dict)
    codes: dict[str, bytes] = field(default_factory=dict)
    proofs: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def sealed(self) -> bool:
        """Whether proofs stand beside the answers."""
        return bool(self.proofs)

    def calls(self) -> list[Call]:
        """Return the recorded calls; only target and data of them are known."""
        unknown = Function("recorded()", "", "")
        return [Call(target, unknown, data) for target, data in self.outcomes]

    def require(self, chain_id: int | None = None, block: int | str | None = None) -> None:
        """Demand that this is a recording of ``chain_id`` and ``block`` (number or hash), if given.

        Raises
        ------
        RecordingError
            If it is not.
        """
        if chain_id is not None and chain_id != self.block.chain_id:
            raise RecordingError(
                f"the recording is of chain {self.block.chain_id}, chain {chain_id} is asked for",
                recorded=self.block.chain_id,
                asked=chain_id,
            )
        if block is not None and block not in {self.block.number, self.block.hash}:
            raise RecordingError(
                f"the recording is of block {self.block.number} ({self.block.hash}), {block} is asked for",
                recorded=self.block.hash,
                asked=block,
            )


class RecordingReader:
    """A reader that notes what another one answers."""

    def __init__(self, inner: Reader) -> None:
        self.inner = inner
        self.block = inner.block
        self.recording = Recording(inner.block)

    @property
    def trust(self) -> str:
        """As the inner reader's."""
        return self.inner.trust

    def call_many(self, calls: Sequence[Call]) -> list[Outcome]:
        """Ask and note."""
        outcomes = self.inner.call_many(calls)
        for item, outcome in zip(calls, outcomes, strict=True):
            self.recording.outcomes[item.target, item.data] = outcome
        return outcomes

    def storage(self, address: str, slot: int) -> int:
        """Ask and note."""
        value = self.recording.slots[address.lower(), slot] = self.inner.storage(address, slot)
        return value

    def code(self, address: str) -> bytes:
        """Ask and note."""
        code = self.recording.codes[address.lower()] = self.inner.code(address)
        return code


class RecordedReader:
    """A reader that knows only a recording."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.block = recording.block

    trust = "recorded"

    def call_many(self, calls: Sequence[Call]) -> list[Outcome]:
        """Return recorded outcomes.

        Raises
        ------
        MissingRecordError
            If a call was not recorded.
        """
        found = []
        for item in calls:
            outcome = self.recording.outcomes.get((item.target, item.data))
            if outcome is None:
                raise self._missing(f"{item.function.name} of {item.target} with 0x{item.data.hex()[:72]}")
            found.append(outcome)
        return found

    def storage(self, address: str, slot: int) -> int:
        """Return a recorded word; raises as :meth:`call_many`."""
        value = self.recording.slots.get((address.lower(), slot))
        if value is None:
            raise self._missing(f"slot {slot:#x} of {address}")
        return value

    def code(self, address: str) -> bytes:
        """Return recorded code; raises as :meth:`call_many`."""
        code = self.recording.codes.get(address.lower())
        if code is None:
            raise self._missing(f"code of {address}")
        return code

    def _missing(self, what: str) -> MissingRecordError:
        return MissingRecordError(
            f"the recording of chain {self.block.chain_id}, block {self.block.number} does not hold {what}",
            chain=self.block.chain_id,
            block=self.block.number,
        )


def _documents(recording: Recording) -> Iterable[dict[str, Any]]:
    block = recording.block
    header = {name: block.header[name] for name, _ in FIELDS if name in block.header}
    head = {"format": FORMAT, "version": VERSION, "chain_id": block.chain_id, "sealed": recording.sealed}
    yield {**head, "block_hash": block.hash, "header": header}
    for (target, data), outcome in sorted(recording.outcomes.items()):
        answer = {"answer" if outcome.success else "revert": "0x" + outcome.data.hex()}
        yield {"call": target, "data": "0x" + data.hex(), **answer}
    for (address, slot), value in sorted(recording.slots.items()):
        yield {"storage": address, "slot": hex(slot), "word": hex(value)}
    for address, code in sorted(recording.codes.items()):
        yield {"code": address, "bytes": "0x" + code.hex()}
    for address, proof in sorted(recording.proofs.items()):
        yield {"proof": address, **proof}


def encode_recording(recording: Recording) -> bytes:
    """Return the one spelling of a recording."""
    lines = [json.dumps(item, separators=(",", ":")) + "\n" for item in _documents(recording)]
    body = "".join(lines).encode()
    seal = {"sha256": hashlib.sha256(body).hexdigest()}
    return body + (json.dumps(seal, separators=(",", ":")) + "\n").encode()


def decode_recording(data: bytes) -> Recording:
    """Read a recording back.

    Raises
    ------
    RecordingError
        If it is not one.
    TamperedError
        If it is not byte for byte what was written.
    """
    try:
        documents: list[Any] = [loads(line) for line in data.splitlines()]
        head, *rest, seal = documents
        if head["format"] != FORMAT or head["version"] != VERSION:
            raise RecordingError(f"not a {FORMAT} of version {VERSION}")
        recording = Recording(_block(head))
        for item in rest:
            _take(recording, item)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordingError(f"the recording cannot be read: {type(error).__name__}: {error}") from None
    except RecordingError:
        raise
    except ChainError as error:
        raise RecordingError(f"the recording cannot be read: {error.message}") from None
    if encode_recording(recording) != data or not isinstance(seal, dict):
        raise TamperedError("the recording was changed: its bytes are not those that were written")
    return recording


def _block(head: Mapping[str, Any]) -> Block:
    from oracles.chain.header import parse_block

    return parse_block(head["chain_id"], {**head["header"], "hash": head["block_hash"]})


def _take(recording: Recording, item: Mapping[str, Any]) -> None:
    if "call" in item:
        success = "answer" in item
        data = parse_bytes(item["answer" if success else "revert"], "answer")
        recording.outcomes[item["call"], parse_bytes(item["data"], "data")] = Outcome(success, data)
    elif "storage" in item:
        key = (item["storage"], parse_quantity(item["slot"], "slot"))
        recording.slots[key] = parse_quantity(item["word"], "word")
    elif "code" in item:
        recording.codes[item["code"]] = parse_bytes(item["bytes"], "code")
    elif "proof" in item:
        recording.proofs[item["proof"]] = {name: value for name, value in item.items() if name != "proof"}
    else:
        raise RecordingError("a line of the recording is neither call, storage, code nor proof")


def save_recording(recording: Recording, path: Path) -> str:
    """Write a recording in one step; return its SHA-256 as shown in its last line."""
    data = encode_recording(recording)
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return str(json.loads(data.splitlines()[-1])["sha256"])


def load_recording(path: Path, chain_id: int | None = None, block: int | str | None = None) -> Recording:
    """Read a recording from a file and demand chain and block, if given.

    Raises
    ------
    RecordingError, TamperedError
        As :func:`decode_recording` and :meth:`Recording.require`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from None
    recording = decode_recording(data)
    recording.require(chain_id, block)
    return recording
