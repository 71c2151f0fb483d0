"""Block headers: what a reader needs of one, and the proof that it hashes to the block's hash.

Source of the field order: ethereum/execution-specs, Header of every fork up to Osaka; fields of later forks
are absent from older blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts_abi.keccak import keccak256
from oracles.chain.client import parse_bytes, parse_quantity
from oracles.chain.errors import NotJsonRpcError, NullAnswerError, ProofError

# Name, whether it is an integer, and its fixed length where it is bytes.
FIELDS: tuple[tuple[str, int | None], ...] = (
    ("parentHash", 32),
    ("sha3Uncles", 32),
    ("miner", 20),
    ("stateRoot", 32),
    ("transactionsRoot", 32),
    ("receiptsRoot", 32),
    ("logsBloom", 256),
    ("difficulty", None),
    ("number", None),
    ("gasLimit", None),
    ("gasUsed", None),
    ("timestamp", None),
    ("extraData", -1),
    ("mixHash", 32),
    ("nonce", 8),
    ("baseFeePerGas", None),
    ("withdrawalsRoot", 32),
    ("blobGasUsed", None),
    ("excessBlobGas", None),
    ("parentBeaconBlockRoot", 32),
    ("requestsHash", 32),
)
MANDATORY = 15


@dataclass(frozen=True, slots=True)
class Block:
    """The block that reads are pinned to.

    Parameters
    ----------
    chain_id, number, hash, timestamp
        Which block; the hash with 0x, the time in Unix seconds.
    parent_hash, state_root, receipts_root
        With 0x.
    header
        All header fields as the node gave them.
    """

    chain_id: int
    number: int
    hash: str
    timestamp: int
    parent_hash: str
    state_root: str
    receipts_root: str
    header: Mapping[str, str]

    @property
    def reference(self) -> dict[str, object]:
        """The EIP-1898 parameter that pins a read to this block and no other."""
        return {"blockHash": self.hash, "requireCanonical": True}


def parse_block(chain_id: int, answer: object) -> Block:
    """Return the block of an ``eth_getBlockBy...`` answer.

    Raises
    ------
    NullAnswerError
        If the node knows no such block.
    NotJsonRpcError
        If a field is missing or malformed.
    """
    if answer is None:
        raise NullAnswerError("the node knows no such block")
    if not isinstance(answer, Mapping):
        raise NotJsonRpcError("a block is no object")
    header = {name: answer[name] for name, _ in FIELDS if isinstance(answer.get(name), str)}

    def text(name: str) -> str:
        return "0x" + parse_bytes(answer.get(name), f"block field {name}", 32).hex()

    def number(name: str) -> int:
        return parse_quantity(answer.get(name), f"block field {name}")

    return Block(
        chain_id=chain_id,
        number=number("number"),
        hash=text("hash"),
        timestamp=number("timestamp"),
        parent_hash=text("parentHash"),
        state_root=text("stateRoot"),
        receipts_root=text("receiptsRoot"),
        header=header,
    )


def header_hash(header: Mapping[str, Any]) -> str:
    """Return keccak-256 of the RLP of a header's fields, with 0x.

    Raises
    ------
    ProofError
        If a field that every header has is missing, or one stands behind a gap.
    """
    import rlp

    fields: list[bytes] = []
    for position, (name, length) in enumerate(FIELDS):
        value = header.get(name)
        if value is None:
            if position < MANDATORY:
                raise ProofError(f"the header has no {name}")
            if any(header.get(later) is not None for later, _ in FIELDS[position:]):
                raise ProofError(f"the header has no {name} though it has later fields")
            break
        if length is None:
            number = parse_quantity(value, name)
            fields.append(number.to_bytes((number.bit_length() + 7) // 8, "big"))
        else:
            fields.append(parse_bytes(value, name, None if length < 0 else length))
    return "0x" + keccak256(rlp.encode(fields)).hex()


def verify_header(block: Block) -> None:
    """Hold the block's own figures and its header against its hash.

    Raises
    ------
    ProofError
        If the header does not hash to the block's hash, or says something else than the block.
    """
    found = header_hash(block.header)
    if found != block.hash:
        raise ProofError(
            f"the header of block {block.number} hashes to {found}, the block is said to be {block.hash}",
            claimed=block.hash,
            computed=found,
        )
    again = parse_block(block.chain_id, {**block.header, "hash": block.hash})
    if again != block:
        raise ProofError(f"block {block.number} says something else than its own header")
