"""Keccak-256 and secp256k1 recovery, by ``eth-keys`` and ``eth-hash``; imported only when used."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.errors import OracleUnauthorisedError

ETHEREUM_PREFIX = b"\x19Ethereum Signed Message:\n32"


@dataclass(frozen=True, slots=True)
class Signature:
    """An ECDSA signature over secp256k1; ``v`` is 27 or 28 as ``ecrecover`` takes it."""

    v: int
    r: int
    s: int

    @classmethod
    def from_bytes(cls, data: bytes) -> Signature:
        """Read 65 bytes r, s, v."""
        return cls(data[64], int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big"))

    def to_bytes(self) -> bytes:
        """Return 65 bytes r, s, v."""
        return self.r.to_bytes(32, "big") + self.s.to_bytes(32, "big") + bytes([self.v])


def keccak256(data: bytes) -> bytes:
    """Return the Keccak-256 hash."""
    from eth_utils.crypto import keccak

    return keccak(data)


def recover_signer(digest: bytes, signature: Signature) -> str:
    """Return the checksummed address that signed ``digest``.

    Raises
    ------
    OracleUnauthorisedError
        For a signature from which nothing can be recovered; ``ecrecover`` gives address zero, which no feed
        accepts.
    """
    from eth_keys.datatypes import Signature as RecoverableSignature
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    try:
        parsed = RecoverableSignature(vrs=(signature.v - 27, signature.r, signature.s))
        return parsed.recover_public_key_from_msg_hash(digest).to_checksum_address()
    except (BadSignature, ValidationError) as error:
        raise OracleUnauthorisedError("ECDSA", f"no signer can be recovered: {error}") from error


def sign(digest: bytes, private_key: bytes) -> Signature:
    """Sign a digest (deterministic nonce): what a simulated feed does."""
    from eth_keys.datatypes import PrivateKey

    signed = PrivateKey(private_key).sign_msg_hash(digest)
    return Signature(signed.v + 27, signed.r, signed.s)


def address_of(private_key: bytes) -> str:
    """Return the checksummed address of a private key."""
    from eth_keys.datatypes import PrivateKey

    return PrivateKey(private_key).public_key.to_checksum_address()


def ethereum_message_hash(digest: bytes) -> bytes:
    """Return the hash that ``eth_sign`` signs for a 32-byte digest."""
    return keccak256(ETHEREUM_PREFIX + digest)
