"""What an oracle member signs: an observation bound to one feed, one round and one verifying contract.

The digest is EIP-712 structured data, so a wallet shows what is signed, and a signature for one chain,
contract or feed is worth nothing on another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from oracles.signatures import Signature, address_of, keccak256, recover_signer, sign
from protocol.errors import OracleUnauthorisedError

DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
OBSERVATION_TYPE = "Observation(string feed,uint64 round,uint64 time,int256 value)"
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class Domain:
    """Where signatures count.

    Parameters
    ----------
    name, version
        Of the protocol.
    chain_id, verifying_contract
        A signature for another chain or contract recovers a stranger.
    """

    name: str
    version: str
    chain_id: int
    verifying_contract: str

    @cached_property
    def separator(self) -> bytes:
        """The EIP-712 domain separator."""
        types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
        kind, name, version = (keccak256(t.encode()) for t in (DOMAIN_TYPE, self.name, self.version))
        return keccak256(_encode(types, [kind, name, version, self.chain_id, self.verifying_contract]))


@dataclass(frozen=True, slots=True)
class Observation:
    """One member's answer.

    Parameters
    ----------
    feed
        Which price.
    round
        Number of the round: rises by any amount, never falls.
    time
        Unix second at which the member looked.
    value
        Native integer of the feed's decimals.
    """

    feed: str
    round: int
    time: int
    value: int

    def digest(self, domain: Domain) -> bytes:
        """Return the 32 bytes to sign."""
        types = ["bytes32", "bytes32", "uint64", "uint64", "int256"]
        kind, feed = keccak256(OBSERVATION_TYPE.encode()), keccak256(self.feed.encode())
        content = keccak256(_encode(types, [kind, feed, self.round, self.time, self.value]))
        return keccak256(b"\x19\x01" + domain.separator + content)


@dataclass(frozen=True, slots=True)
class Signed:
    """An observation and a signature over it."""

    observation: Observation
    signature: Signature

    def signer(self, domain: Domain) -> str:
        """Return the checksummed address that signed for ``domain``.

        Raises
        ------
        OracleUnauthorisedError
            Nothing can be recovered, or the signature is the malleable twin (s in the upper half).
        """
        if not 0 < self.signature.s <= CURVE_ORDER // 2:
            raise OracleUnauthorisedError("ECDSA", "s lies in the upper half", s=self.signature.s)
        return recover_signer(self.observation.digest(domain), self.signature)


def sign_observation(observation: Observation, domain: Domain, private_key: bytes) -> Signed:
    """Sign as a member does."""
    return Signed(observation, sign(observation.digest(domain), private_key))


def member_address(private_key: bytes) -> str:
    """Return the address under which a member is enrolled."""
    return address_of(private_key)


def _encode(types: list[str], values: list[object]) -> bytes:
    from eth_abi.abi import encode  # noqa: PLC0415 - only where something is signed

    return encode(types, values)
