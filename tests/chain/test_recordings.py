"""Recordings: equal to the live read with the network forbidden; any change of a sealed one is found."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain_world import ChainWorld
from contracts_abi.families import chainlink_proxy
from contracts_abi.families.chainlink_flux import LATEST_ROUND_SLOT
from oracles.chain.calls import call
from oracles.chain.client import Client
from oracles.chain.errors import ChainError, MissingRecordError, RecordingError, TamperedError
from oracles.chain.proven import ProvenReader
from oracles.chain.reader import LiveReader, run_plans
from oracles.chain.readers.chainlink import read_chainlink
from oracles.chain.recording import (
    RecordedReader,
    RecordingReader,
    decode_recording,
    encode_recording,
    load_recording,
    save_recording,
)
from oracles.chain.seal import seal, verify_recording

pytestmark = pytest.mark.node


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*arguments: object, **options: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "create_connection", forbidden)
    monkeypatch.setattr(socket.socket, "connect", forbidden)


def states(reader: Any, world: ChainWorld) -> list[Any]:
    plans = [read_chainlink(pair, address, reader.block) for pair, address in world.proxies.items()]
    return run_plans(reader, plans)


def test_replay_equals_the_live_read(
    world: ChainWorld, client: Client, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    noting = RecordingReader(LiveReader.open(client))
    live = states(noting, world)
    asked = call(world.canned(), chainlink_proxy.DECIMALS)
    noting = RecordingReader(LiveReader.open(client))
    live, revert = states(noting, world), noting.call_many([asked])
    noting.storage(world.aggregators["ETH/USD"], LATEST_ROUND_SLOT)
    noting.code(world.aggregators["ETH/USD"])
    path = tmp_path / "reads.jsonl"
    save_recording(noting.recording, path)
    first = path.read_bytes()
    request.getfixturevalue("no_network")
    recording = load_recording(path, chain_id=1, block=noting.block.number)
    replayed = RecordedReader(recording)
    assert states(replayed, world) == live
    assert replayed.call_many([asked]) == revert
    assert not revert[0].success
    assert replayed.storage(world.aggregators["ETH/USD"], LATEST_ROUND_SLOT) >> 32 == 1
    again = RecordingReader(replayed)
    states(again, world)
    again.call_many([asked])
    again.storage(world.aggregators["ETH/USD"], LATEST_ROUND_SLOT)
    again.code(world.aggregators["ETH/USD"])
    assert encode_recording(again.recording) == first


def test_what_is_not_there_fails_loudly(
    world: ChainWorld, client: Client, no_network_later: Any, tmp_path: Path
) -> None:
    noting = RecordingReader(LiveReader.open(client))
    states(noting, world)
    path = tmp_path / "reads.jsonl"
    save_recording(noting.recording, path)
    no_network_later()
    reader = RecordedReader(load_recording(path))
    with pytest.raises(MissingRecordError):
        reader.call_many([call("0x" + "11" * 20, chainlink_proxy.DECIMALS)])
    with pytest.raises(MissingRecordError):
        reader.storage("0x" + "11" * 20, 0)
    with pytest.raises(MissingRecordError):
        reader.code("0x" + "11" * 20)
    for chain, block in ((10, None), (None, 5), (None, "0x" + "ab" * 32)):
        with pytest.raises(RecordingError):
            load_recording(path, chain, block)
    with pytest.raises(RecordingError):
        load_recording(tmp_path / "absent.jsonl")


@pytest.fixture
def no_network_later(request: pytest.FixtureRequest) -> Any:
    return lambda: request.getfixturevalue("no_network")


@pytest.fixture(scope="module")
def sealed(_world: ChainWorld) -> bytes:
    pytest.importorskip("pyrevm")
    _world.mine()
    with Client([_world.node.url], chain_id=1) as client:
        proven = ProvenReader(LiveReader.open(client))
        noting = RecordingReader(proven)
        asked = [
            call(_world.proxies[pair], function)
            for pair in ("ETH/USD", "BTC/USD")
            for function in (chainlink_proxy.LATEST_ROUND_DATA, chainlink_proxy.AGGREGATOR)
        ]
        noting.call_many(asked)
        noting.storage(_world.aggregators["ETH/USD"], LATEST_ROUND_SLOT)
        return encode_recording(seal(noting.recording, proven))


def test_a_sealed_recording_is_checked_without_a_node(sealed: bytes, no_network: None) -> None:
    recording = decode_recording(sealed)
    assert recording.sealed
    assert verify_recording(recording) >= 5


@given(data=st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_changed_byte_is_found(sealed: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:at] + bytes([sealed[at] ^ data.draw(st.integers(1, 255))]) + sealed[at + 1 :]
    with pytest.raises((TamperedError, RecordingError)):
        decode_recording(changed)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for key, item in enumerate(value) for leaf in leaves(item, (*path, key))]
    return [path]


def sealed_again(lines: list[Any]) -> bytes:
    """Write changed lines with a digest that fits: what a careful forger would do."""
    body = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()
    digest = {"sha256": hashlib.sha256(body).hexdigest()}
    return body + (json.dumps(digest, separators=(",", ":")) + "\n").encode()


def check_as_a_stranger(data: bytes, block_hash: str) -> None:
    recording = decode_recording(data)
    recording.require(1, block_hash)
    verify_recording(recording)


def test_a_forger_who_fits_the_digest_is_found_for_every_field(sealed: bytes) -> None:
    """Change one digit of every single field in turn; the proofs, or the block asked for, do not fit then."""
    original = [json.loads(line) for line in sealed.splitlines()[:-1]]
    block = decode_recording(sealed).block
    tried = 0
    for number, line in enumerate(original):
        for path in leaves(line):
            lines = json.loads(json.dumps(original))
            holder = lines[number]
            for key in path[:-1]:
                holder = holder[key]
            value = holder[path[-1]]
            if isinstance(value, str):
                at = len(value) - 1 if len(value) < 5 else len(value) // 2
                holder[path[-1]] = value[:at] + ("1" if value[at] != "1" else "2") + value[at + 1 :]
            else:
                holder[path[-1]] = (not value) if isinstance(value, bool) else value + 1
            tried += 1
            with pytest.raises(ChainError):
                check_as_a_stranger(sealed_again(lines), block.hash)
    assert tried > 100


def test_left_out_and_added_lines_are_found(sealed: bytes) -> None:
    original = [json.loads(line) for line in sealed.splitlines()[:-1]]
    for number in range(1, len(original)):
        if "call" in original[number] or "storage" in original[number]:
            continue  # fewer answers are a smaller recording, each still proven
        with pytest.raises(ChainError):
            verify_recording(decode_recording(sealed_again(original[:number] + original[number + 1 :])))
    for extra in ({"code": "0x" + "11" * 20, "bytes": "0x00"}, {"other": 1}, original[1], 5, None):
        with pytest.raises(ChainError):
            verify_recording(decode_recording(sealed_again([*original, extra])))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]\n[]\n", b"\xff\xfe", b"null\nnull\n", b"{\n" * 5, b"[" * 100_000]
)
def test_what_is_no_recording(data: bytes) -> None:
    with pytest.raises(RecordingError):
        decode_recording(data)
