"""Merkle proofs of accounts and storage slots against a state root.

A proof is the list of trie nodes from the root to the value (or to where it would be). Every node must hash
to the reference in the node above it, and every node given must be needed: then nothing in a proof can be
changed unnoticed. Source of the rules: Ethereum yellow paper, appendix D; EIP-1186 for the answer's form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts_abi.codec import address_bytes
from contracts_abi.keccak import keccak256
from oracles.chain.client import parse_bytes, parse_quantity
from oracles.chain.errors import ProofError

EMPTY_ROOT = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
EMPTY_CODE = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
HASH = 32
BRANCH = 17


def _nibbles(key: bytes) -> list[int]:
    return [nibble for byte in key for nibble in (byte >> 4, byte & 15)]


def prove(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes | None:
    """Return the value under ``key`` in the trie with ``root``, None if the proof shows there is none.

    Parameters
    ----------
    root
        Hash of the root node.
    key
        Already hashed, as secure tries have it.
    proof
        RLP of the nodes from the root down.

    Raises
    ------
    ProofError
        If the nodes do not lead from the root to an end, or more are given than lead there.
    """
    if root == EMPTY_ROOT and list(proof) in ([], [b"\x80"]):
        return None
    path = _nibbles(key)
    reference: Any = root
    at = used = 0
    while True:
        if isinstance(reference, bytes):
            if used == len(proof) or keccak256(proof[used]) != reference:
                raise ProofError(f"node {used} of the proof does not hash to what the node above it names")
            node = _decode(proof[used])
            used += 1
        else:
            node = reference  # short nodes stand inside their parent
        at, reference, done = _step(node, path, at)
        if done:
            if used != len(proof):
                raise ProofError(f"{len(proof) - used} nodes of the proof lead nowhere")
            return reference if isinstance(reference, bytes) and reference else None


def _decode(node: bytes) -> Any:
    import rlp

    try:
        found = rlp.decode(node)
    except rlp.exceptions.RLPException as error:
        raise ProofError(f"a node of the proof is no RLP: {error}") from None
    return found


def _step(node: Any, path: list[int], at: int) -> tuple[int, Any, bool]:
    """Return (position in the path, value or next reference, whether the walk ends here)."""
    if not isinstance(node, list | tuple) or len(node) not in {2, BRANCH}:
        raise ProofError("a node of the proof is neither branch nor leaf nor extension")
    if len(node) == BRANCH:
        if at == len(path):
            return at, node[16], True
        child = node[path[at]]
        return at + 1, _reference(child), child == b""
    if not isinstance(node[0], bytes) or not node[0]:
        raise ProofError("a node of the proof has no path")
    flag, first = node[0][0] >> 4, node[0][0] & 15
    if flag > 3 or (flag % 2 == 0 and first):
        raise ProofError("a node of the proof has a malformed path")
    part = ([first] if flag % 2 else []) + _nibbles(node[0][1:])
    fits = path[at : at + len(part)] == part
    if flag >= 2:  # a leaf: here or nowhere
        return at, node[1] if fits and at + len(part) == len(path) else None, True
    if not fits:
        return at, None, True
    return at + len(part), _reference(node[1]), False


def _reference(child: Any) -> Any:
    if isinstance(child, bytes) and len(child) not in {0, HASH}:
        raise ProofError("a node of the proof names its child by something that is no hash")
    return child


@dataclass(frozen=True, slots=True)
class ProvenAccount:
    """An account as the state root says it is; one that does not exist has no nonce, balance, code."""

    nonce: int = 0
    balance: int = 0
    storage_root: bytes = EMPTY_ROOT
    code_hash: bytes = EMPTY_CODE


def prove_account(state_root: bytes, address: str, nodes: Sequence[bytes]) -> ProvenAccount:
    """Return the account at ``address``.

    Raises
    ------
    ProofError
        If the proof does not hold.
    """
    value = prove(state_root, keccak256(address_bytes(address)), nodes)
    if value is None:
        return ProvenAccount()
    fields = _decode(value)
    if not isinstance(fields, list | tuple) or len(fields) != 4:
        raise ProofError(f"the account of {address} has not four fields")
    nonce, balance, storage_root, code_hash = (bytes(field) for field in fields)
    return ProvenAccount(
        int.from_bytes(nonce, "big"), int.from_bytes(balance, "big"), storage_root, code_hash
    )


def prove_slot(storage_root: bytes, slot: int, nodes: Sequence[bytes]) -> int:
    """Return the word in ``slot``; an absent one is zero.

    Raises
    ------
    ProofError
        If the proof does not hold.
    """
    value = prove(storage_root, keccak256(slot.to_bytes(32, "big")), nodes)
    if value is None:
        return 0
    word = _decode(value)
    if not isinstance(word, bytes) or len(word) > 32 or word[:1] == b"\0":
        raise ProofError(f"slot {slot:#x} holds no integer")
    return int.from_bytes(word, "big")


@dataclass(frozen=True, slots=True)
class AccountProof:
    """A checked ``eth_getProof`` answer.

    Parameters
    ----------
    address, account, slots
        What is proven.
    raw
        The answer, for a sealed recording.
    """

    address: str
    account: ProvenAccount
    slots: Mapping[int, int]
    raw: Mapping[str, Any]


def check_proof(state_root: bytes, address: str, slots: Sequence[int], answer: object) -> AccountProof:
    """Check an ``eth_getProof`` answer for ``address`` and exactly ``slots``.

    Raises
    ------
    ProofError
        If it does not prove them, or claims beside the proof something that the proof does not say.
    """
    if not isinstance(answer, Mapping):
        raise ProofError(f"the proof of {address} is no object")
    account = prove_account(state_root, address, _nodes(answer.get("accountProof"), address))
    claimed = ProvenAccount(
        parse_quantity(answer.get("nonce"), "nonce"),
        parse_quantity(answer.get("balance"), "balance"),
        parse_bytes(answer.get("storageHash"), "storageHash", 32),
        parse_bytes(answer.get("codeHash"), "codeHash", 32),
    )
    said = str(answer.get("address", address)).lower()
    if said != address.lower() or (claimed != account and not _absent(account, claimed)):
        raise ProofError(f"the proof of {address} does not say what the answer claims beside it")
    entries = answer.get("storageProof")
    if not isinstance(entries, list) or len(entries) != len(slots):
        raise ProofError(f"the proof of {address} does not hold the {len(slots)} slots asked for")
    proven: dict[int, int] = {}
    for slot, entry in zip(slots, entries, strict=True):
        if not isinstance(entry, Mapping) or parse_quantity(entry.get("key"), "key") != slot:
            raise ProofError(f"the proof of {address} is for another slot than {slot:#x}")
        proven[slot] = prove_slot(account.storage_root, slot, _nodes(entry.get("proof"), address))
        if parse_quantity(entry.get("value"), "value") != proven[slot]:
            claim = entry.get("value")
            raise ProofError(f"slot {slot:#x} of {address}: {claim} is claimed, {proven[slot]:#x} is proven")
    return AccountProof(address.lower(), account, proven, answer)


def _absent(proven: ProvenAccount, claimed: ProvenAccount) -> bool:
    """Whether an account is proven absent and claimed empty; nodes write its hashes as zeros then."""
    return (
        proven == ProvenAccount()
        and (claimed.nonce, claimed.balance) == (0, 0)
        and claimed.storage_root in {EMPTY_ROOT, bytes(32)}
        and claimed.code_hash in {EMPTY_CODE, bytes(32)}
    )


def _nodes(value: object, address: str) -> list[bytes]:
    if not isinstance(value, list):
        raise ProofError(f"the proof of {address} has no list of nodes")
    return [parse_bytes(item, "proof node") for item in value]
