"""The precompiled contracts that price reads use: signatures, hashes, copies, powers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from contracts_abi.keccak import keccak256

LONGEST = 1024


def _recover(data: bytes) -> bytes:
    """Return the signer of a digest as a word, nothing for a bad signature (address 1)."""
    from eth_keys.datatypes import Signature
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    padded = data[:128].ljust(128, b"\0")
    digest, v = padded[:32], int.from_bytes(padded[32:64], "big")
    r, s = int.from_bytes(padded[64:96], "big"), int.from_bytes(padded[96:], "big")
    if v not in {27, 28}:
        return b""
    try:
        key = Signature(vrs=(v - 27, r, s)).recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError):
        return b""
    return bytes(12) + keccak256(key.to_bytes())[12:]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _identity(data: bytes) -> bytes:
    return data


def _power(data: bytes) -> bytes | None:
    """Return base**exponent modulo modulus; lengths stand in front (EIP-198, address 5)."""
    head = data[:96].ljust(96, b"\0")
    sizes = [int.from_bytes(head[n : n + 32], "big") for n in (0, 32, 64)]
    if max(sizes) > LONGEST:
        return None
    body = data[96:].ljust(sum(sizes), b"\0")
    parts: list[int] = []
    at = 0
    for size in sizes:
        parts.append(int.from_bytes(body[at : at + size], "big"))
        at += size
    base, exponent, modulus = parts
    return (pow(base, exponent, modulus) if modulus else 0).to_bytes(sizes[2], "big")


PRECOMPILED: dict[int, Callable[[bytes], bytes | None]] = {1: _recover, 2: _sha256, 4: _identity, 5: _power}
