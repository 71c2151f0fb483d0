"""Keccak-256 and the address checksum of EIP-55."""

from __future__ import annotations

from eth_hash.auto import keccak


def keccak256(data: bytes) -> bytes:
    """Return keccak-256 of ``data``."""
    return keccak(data)


def checksum(address: str) -> str:
    """Return ``address`` with the capitals of EIP-55."""
    lower = address.lower().removeprefix("0x")
    digest = keccak256(lower.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(nibble, 16) > 7 else letter
        for letter, nibble in zip(lower, digest, strict=False)
    )
