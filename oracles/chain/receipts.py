"""All receipts of a block against its header: the logs are genuine, and none is missing.

The receipts trie is built again and its root compared with ``receiptsRoot``; the bloom filters of all logs
together must be the header's. Source: yellow paper section 4.4.1, EIP-658, EIP-2718.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts_abi.keccak import keccak256
from oracles.chain.client import parse_bytes, parse_quantity
from oracles.chain.errors import ExtraMissingError, ProofError

BLOOM_BITS = 2048


def _short(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_receipt(receipt: Mapping[str, Any]) -> bytes:
    """Return the bytes of a receipt as they stand in the trie."""
    import rlp

    logs = [
        [
            parse_bytes(log["address"], "log address", 20),
            [parse_bytes(topic, "topic", 32) for topic in log["topics"]],
            parse_bytes(log["data"], "log data"),
        ]
        for log in receipt["logs"]
    ]
    status = _short(parse_quantity(receipt["status"], "status"))
    gas = _short(parse_quantity(receipt["cumulativeGasUsed"], "cumulativeGasUsed"))
    body: bytes = rlp.encode([status, gas, parse_bytes(receipt["logsBloom"], "logsBloom", 256), logs])
    kind = parse_quantity(receipt.get("type", "0x0"), "type")
    return bytes([kind]) + body if kind else body


def bloom_of(log: Mapping[str, Any]) -> int:
    """Return the bits that a log sets in a bloom filter."""
    bits = 0
    for text in (log["address"], *log["topics"]):
        digest = keccak256(parse_bytes(text, "bloom entry"))
        for at in (0, 2, 4):
            bits |= 1 << (int.from_bytes(digest[at : at + 2], "big") % BLOOM_BITS)
    return bits


def verify_receipts(header: Mapping[str, Any], receipts: Sequence[Mapping[str, Any]]) -> None:
    """Hold all receipts of a block against its header.

    Raises
    ------
    ProofError
        If a receipt is changed, missing or extra, or a log does not show in its bloom filter.
    """
    try:
        import rlp
        from trie import HexaryTrie
    except ImportError:
        raise ExtraMissingError("checking receipts", "proofs") from None
    try:
        tree = HexaryTrie({})
        bloom = 0
        for number, receipt in enumerate(receipts):
            own = 0
            for log in receipt["logs"]:
                own |= bloom_of(log)
            if own != int.from_bytes(parse_bytes(receipt["logsBloom"], "logsBloom", 256), "big"):
                raise ProofError(f"the logs of receipt {number} do not make its bloom filter", receipt=number)
            bloom |= own
            tree[rlp.encode(number)] = encode_receipt(receipt)
    except (KeyError, TypeError) as error:
        raise ProofError(f"a receipt lacks {error}") from None
    found = "0x" + tree.root_hash.hex()
    if found != str(header.get("receiptsRoot")).lower():
        raise ProofError(
            f"the receipts make the root {found}, the header says {header.get('receiptsRoot')}",
            computed=found,
        )
    if bloom != int.from_bytes(parse_bytes(header.get("logsBloom"), "logsBloom", 256), "big"):
        raise ProofError("the logs do not make the header's bloom filter")
