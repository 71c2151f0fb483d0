"""Maker's Median: signed prices of a quorum, and the OSM that delays them.

Source: makerdao/median src/median.sol, makerdao/osm src/osm.sol. Two surprises: no upper limit on the signed
age, and a delay that is "until the next full hour", one second at the shortest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from oracles.medians import median_maker
from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from oracles.signatures import Signature, ethereum_message_hash, keccak256, recover_signer, sign
from protocol.errors import (
    OracleError,
    OracleOrderError,
    OracleStaleError,
    OracleTooFewError,
    OracleUnauthorisedError,
)
from protocol.fixed_point import wrap_uint

VALUE_BITS = 128
DECIMALS = 18


@dataclass(frozen=True, slots=True)
class SignedValue:
    """One feed's price: value (18 decimals), the age it signed, and who signed."""

    value: int
    age: int
    signer: str


def message_hash(value: int, age: int, asset: str) -> bytes:
    """Return what a feed signs: keccak(value, age, asset as bytes32) under the Ethereum prefix."""
    name = asset.encode().ljust(32, b"\0")
    return ethereum_message_hash(keccak256(value.to_bytes(32, "big") + age.to_bytes(32, "big") + name))


def sign_value(value: int, age: int, asset: str, private_key: bytes) -> Signature:
    """Sign as a feed does."""
    return sign(message_hash(value, age, asset), private_key)


def recover_value(value: int, age: int, asset: str, signature: Signature) -> SignedValue:
    """Return the signed price with its signer recovered from the signature."""
    return SignedValue(value, age, recover_signer(message_hash(value, age, asset), signature))


@dataclass(frozen=True, slots=True)
class MakerMedian:
    """The Median contract's state.

    Parameters
    ----------
    authorised
        Addresses of the feeds; at most one per top byte.
    quorum
        ``bar``: exactly so many prices per poke; odd.
    value, age
        Stored price and the block time of the last poke.
    """

    authorised: frozenset[str]
    quorum: int
    value: int = 0
    age: int = 0

    def poke(self, now: int, prices: Sequence[SignedValue]) -> Self:
        """Take a quorum of prices and store the middle one.

        Raises
        ------
        OracleTooFewError, OracleUnauthorisedError, OracleStaleError, OracleOrderError
            In the contract's order, with its texts.
        """
        if len(prices) != self.quorum:
            raise OracleTooFewError("Median/bar-too-low", sent=len(prices), needed=self.quorum)
        top_bytes: set[str] = set()
        last = 0
        for price in prices:
            if price.signer not in self.authorised:
                raise OracleUnauthorisedError("Median/invalid-oracle", signer=price.signer)
            if price.age <= self.age:
                raise OracleStaleError("Median/stale-message", age=price.age, stored=self.age)
            if price.value < last:
                raise OracleOrderError("Median/messages-not-in-order")
            last = price.value
            top_byte = price.signer[2:4].lower()
            if top_byte in top_bytes:
                raise OracleUnauthorisedError("Median/oracle-already-signed", signer=price.signer)
            top_bytes.add(top_byte)
        middle = median_maker([price.value for price in prices])
        return replace(self, value=wrap_uint(middle, VALUE_BITS), age=wrap_uint(now, 32))


@dataclass(frozen=True, slots=True)
class DelayedPrice:
    """A value that exists or not, as the OSM keeps it."""

    value: int = 0
    has: bool = False


@dataclass(frozen=True, slots=True)
class Osm:
    """Maker's oracle security module.

    Parameters
    ----------
    hop
        Seconds (u16); 3600 in production.
    current, following
        What readers see, and what they will see next: public in advance.
    poked_at
        ``zzz``: time of the last poke, rounded down to a multiple of ``hop``.
    stopped
        Frozen: pokes revert, reads go on.
    """

    hop: int = 3600
    current: DelayedPrice = field(default_factory=DelayedPrice)
    following: DelayedPrice = field(default_factory=DelayedPrice)
    poked_at: int = 0
    stopped: bool = False

    def poke(self, now: int, source: DelayedPrice) -> Self:
        """Move the next price to the current one and take the source's; a source without one changes nothing.

        Raises
        ------
        OracleError
            ``OSM/not-passed`` before ``poked_at + hop``, ``OSM/is-stopped`` while frozen.
        """
        if self.stopped:
            raise OracleError("OSM/is-stopped")
        if now < self.poked_at + self.hop:
            raise OracleError("OSM/not-passed", now=now, allowed=self.poked_at + self.hop)
        if not source.has:
            return self
        taken = DelayedPrice(wrap_uint(source.value, VALUE_BITS), True)
        return replace(self, current=self.following, following=taken, poked_at=now - now % self.hop)

    def void(self) -> Self:
        """Zero both prices and freeze."""
        return replace(self, current=DelayedPrice(), following=DelayedPrice(), stopped=True)


def peek(median: MakerMedian) -> DelayedPrice:
    """Return what the Median gives its readers: a value of zero is none."""
    return DelayedPrice(median.value, median.value > 0)


@dataclass(frozen=True)
class MakerMedianFeed(Node):
    """The stored price of a Median in the view's memory; its time is the block time of the poke."""

    kind: ClassVar[str] = "maker-median"
    feed: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the value; zero refuses (``Median/invalid-price-feed``)."""
        del readings
        stored = view.stored(self.feed, MakerMedian)
        if stored is None or stored.value == 0:
            return refuse(self.id, Reason.NO_DATA, f"median {self.feed!r} has no price")
        return Reading(self.id, stored.value, DECIMALS, stored.age)


@dataclass(frozen=True)
class OsmFeed(Node):
    """The current price of an OSM in the view's memory.

    The contract checks no age and stores none with the price: ``poked_at`` is when it became current, so the
    reading's time is later than the price's own by up to two hours.
    """

    kind: ClassVar[str] = "maker-osm"
    feed: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the current value, or refuse where there is none (``OSM/no-current-value``)."""
        del readings
        stored = view.stored(self.feed, Osm)
        if stored is None or not stored.current.has:
            return refuse(self.id, Reason.NO_DATA, f"OSM {self.feed!r} has no current value")
        return Reading(self.id, stored.current.value, DECIMALS, stored.poked_at)
