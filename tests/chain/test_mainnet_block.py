"""A recorded block of mainnet: header, receipts, logs, account, storage; and every byte of them guarded."""

from __future__ import annotations

import copy
import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rlp
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from contracts_abi.families import uniswap_v2, uniswap_v3
from contracts_abi.keccak import keccak256
from oracles.chain.errors import ChainError, ProofError
from oracles.chain.header import FIELDS, header_hash, parse_block, verify_header
from oracles.chain.proof import check_proof, prove, prove_account
from oracles.chain.receipts import verify_receipts

FOLDER = Path(__file__).parent / "mainnet_block_21925176"


def load(name: str) -> Any:
    return json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))


BLOCK, RECEIPTS, PROOF = load("block"), load("receipts"), load("proof")
ROOT = bytes.fromhex(BLOCK["stateRoot"][2:])
DEPOSIT = "0x00000000219ab540356cbb839cbe05303d7705fa"


def test_header_hashes_to_the_block() -> None:
    block = parse_block(1, BLOCK)
    verify_header(block)
    assert header_hash(BLOCK) == BLOCK["hash"]
    assert (block.number, block.timestamp) == (21_925_176, 1_740_508_595)


@pytest.mark.parametrize("field", [name for name, _ in FIELDS if name in BLOCK])
def test_a_changed_header_field_is_found(field: str) -> None:
    text = BLOCK[field]
    changed = {**BLOCK, field: text[:-1] + ("1" if text[-1] != "1" else "2")}
    with pytest.raises(ChainError):
        verify_header(parse_block(1, changed))


def test_account_and_slot_are_proven() -> None:
    proven = check_proof(ROOT, DEPOSIT, [1], PROOF)
    assert proven.slots[1] == int(PROOF["storageProof"][0]["value"], 16)
    assert hex(proven.slots[1]).startswith("0x2394e3bc")
    assert proven.account.balance == int(PROOF["balance"], 16)
    assert keccak256(bytes.fromhex(load("account")["code"][2:])) == proven.account.code_hash


def test_our_walk_agrees_with_the_trie_library() -> None:
    nodes = [bytes.fromhex(node[2:]) for node in PROOF["accountProof"]]
    key = keccak256(bytes.fromhex(DEPOSIT[2:]))
    theirs = HexaryTrie.get_from_proof(ROOT, key, [rlp.decode(node) for node in nodes])
    assert prove(ROOT, key, nodes) == theirs


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_every_changed_byte_of_a_proof_is_found(data: st.DataObject) -> None:
    changed = copy.deepcopy(PROOF)
    place = data.draw(
        st.sampled_from(
            [
                *((changed["accountProof"], n) for n in range(8)),
                *((changed["storageProof"][0]["proof"], n) for n in range(3)),
            ]
            + [(changed, name) for name in ("nonce", "balance", "codeHash", "storageHash")]
            + [(changed["storageProof"][0], name) for name in ("value", "key")]
        )
    )
    holder, key = place
    text = holder[key]
    at = data.draw(st.integers(2, len(text) - 1))
    digit = data.draw(st.sampled_from([d for d in "0123456789abcdef" if d != text[at].lower()]))
    holder[key] = text[:at] + digit + text[at + 1 :]
    with pytest.raises(ChainError):
        check_proof(ROOT, DEPOSIT, [1], changed)


def test_missing_extra_and_exchanged_nodes_are_found() -> None:
    nodes = [bytes.fromhex(node[2:]) for node in PROOF["accountProof"]]
    for bad in (nodes[:-1], nodes[1:], [*nodes, nodes[-1]], [*nodes, b"\x80"], nodes[::-1], []):
        with pytest.raises(ProofError):
            prove_account(ROOT, DEPOSIT, bad)
    with pytest.raises(ProofError):  # a proof of one account says nothing of another
        prove_account(ROOT, "0x" + "12" * 20, nodes)


def test_all_receipts_and_logs_are_genuine_and_complete() -> None:
    verify_receipts(BLOCK, RECEIPTS)
    logs = [log for receipt in RECEIPTS for log in receipt["logs"]]
    syncs = [log for log in logs if log["topics"][:1] == [uniswap_v2.EVENT_SYNC.topic]]
    swaps = [log for log in logs if log["topics"][:1] == [uniswap_v3.EVENT_SWAP.topic]]
    assert (len(RECEIPTS), len(logs), len(syncs), len(swaps)) == (202, 463, 24, 13)
    for event, found in ((uniswap_v2.EVENT_SYNC, syncs), (uniswap_v3.EVENT_SWAP, swaps)):
        for log in found:
            fields = event.decode(
                tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]), bytes.fromhex(log["data"][2:])
            )
            assert all(value is not None for value in fields.values())


WITH_LOGS = next(n for n, r in enumerate(RECEIPTS) if len(r["logs"]) > 1 and len(r["logs"][0]["topics"]) > 1)


def lose_a_log(receipts: list[Any]) -> None:
    receipts[WITH_LOGS]["logs"].pop()


def change_data(receipts: list[Any]) -> None:
    log = receipts[WITH_LOGS]["logs"][0]
    log["data"] = log["data"] + "00"


def reverse_topics(receipts: list[Any]) -> None:
    receipts[WITH_LOGS]["logs"][0]["topics"].reverse()


def change_status(receipts: list[Any]) -> None:
    receipts[7]["status"] = "0x0" if receipts[7]["status"] == "0x1" else "0x1"


@pytest.mark.parametrize(
    "change",
    [
        lose_a_log,
        change_data,
        reverse_topics,
        change_status,
        lambda receipts: receipts.pop(),
        lambda receipts: receipts.append(receipts[-1]),
        lambda receipts: receipts.reverse(),
        lambda receipts: receipts[7].update(cumulativeGasUsed="0x1"),
        lambda receipts: receipts[0].update(type="0x4"),
        lambda receipts: receipts[0].pop("logsBloom"),
    ],
)
def test_a_changed_receipt_is_found(change: Callable[[list[Any]], None]) -> None:
    receipts = copy.deepcopy(RECEIPTS)
    change(receipts)
    with pytest.raises(ProofError):
        verify_receipts(BLOCK, receipts)


def test_a_proven_slot_takes_less_than_a_millisecond() -> None:
    best = min(_timed() for _ in range(20))
    assert best < 0.001, best


def _timed() -> float:
    started = time.perf_counter()
    check_proof(ROOT, DEPOSIT, [1], PROOF)
    return time.perf_counter() - started
