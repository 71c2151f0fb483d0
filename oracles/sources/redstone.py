"""RedStone: signed packages in the calldata, read from the last to the first.

Source: @redstone-finance/evm-connector 0.9.0 contracts/core (RedstoneConsumerNumericBase,
RedstoneConsumerBase) and libs/NumericArrayLib.sol. For each feed the first ``threshold`` values from distinct
signers, counted from the END, are used: whoever sends more packages chooses which signers count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from oracles.medians import median_redstone
from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse, refuse_error
from oracles.signatures import Signature, address_of, keccak256, recover_signer, sign
from protocol.errors import (
    OracleError,
    OracleFutureError,
    OracleOrderError,
    OracleStaleError,
    OracleTooFewError,
    OracleUnauthorisedError,
    RuleError,
)

MARKER = bytes.fromhex("000002ed57011e0000")
SIGNATURE_BYTES, POINT_COUNT_BYTES, VALUE_SIZE_BYTES, TIMESTAMP_BYTES = 65, 3, 4, 6
FEED_BYTES, PACKAGE_COUNT_BYTES, METADATA_SIZE_BYTES = 32, 2, 3
MAXIMUM_DELAY, MAXIMUM_AHEAD = 180, 60
DECIMALS = 8

PRIMARY_PRODUCTION_SIGNERS = (
    "0x8BB8F32Df04c8b654987DAaeD53D6B6091e3B774",
    "0xdEB22f54738d54976C4c0fe5ce6d408E40d88499",
    "0x51Ce04Be4b3E32572C4Ec9135221d0691Ba7d202",
    "0xDD682daEC5A90dD295d14DA4b0bec9281017b5bE",
    "0x9c5AE89C4Af6aA32cE58588DBaF90d18a855B6de",
)
"""Signers of the service redstone-primary-prod, threshold 3 (PrimaryProdDataServiceConsumerBase.sol)."""


@dataclass(frozen=True, slots=True)
class RedstonePackage:
    """One signer's values at one time.

    Parameters
    ----------
    signer
        Address recovered from the signature.
    timestamp_ms
        Milliseconds.
    values
        (feed, value) in the package's order.
    """

    signer: str
    timestamp_ms: int
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class RedstoneRule:
    """What one consumer contract accepts.

    Parameters
    ----------
    signers
        Authorised addresses.
    threshold
        Unique signers per feed.
    maximum_delay, maximum_ahead
        Seconds behind and ahead of the block, both inclusive.
    """

    signers: frozenset[str]
    threshold: int
    maximum_delay: int = MAXIMUM_DELAY
    maximum_ahead: int = MAXIMUM_AHEAD

    def values(self, now: int, packages: Sequence[RedstonePackage], feeds: Sequence[str]) -> list[int]:
        """Return the aggregated value of every requested feed.

        Parameters
        ----------
        now
            Block time, seconds.
        packages
            In calldata order.
        feeds
            Requested data feeds.

        Raises
        ------
        OracleStaleError, OracleFutureError, OracleOrderError, OracleUnauthorisedError, OracleTooFewError
            With the contract's error names.
        """
        chosen: dict[str, dict[str, int]] = {feed: {} for feed in feeds}
        timestamp: int | None = None
        for package in reversed(packages):
            if package.signer not in self.signers:
                raise OracleUnauthorisedError("SignerNotAuthorised", signer=package.signer)
            for feed, value in package.values:
                taken = chosen.get(feed)
                if taken is not None and package.signer not in taken and len(taken) < self.threshold:
                    taken[package.signer] = value
            if timestamp is not None and package.timestamp_ms != timestamp:
                raise OracleOrderError("TimestampsMustBeEqual")
            timestamp = package.timestamp_ms
        for feed, taken in chosen.items():
            if len(taken) < self.threshold:
                raise OracleTooFewError(
                    "InsufficientNumberOfUniqueSigners", feed=feed, signers=len(taken), needed=self.threshold
                )
        values = [median_redstone(list(chosen[feed].values())) for feed in feeds]
        self._check_time(now, (timestamp or 0) // 1000)
        return values

    def _check_time(self, now: int, seconds: int) -> None:
        if now < seconds and seconds - now > self.maximum_ahead:
            raise OracleFutureError("TimestampFromTooLongFuture", time=seconds, now=now)
        if now > seconds and now - seconds > self.maximum_delay:
            raise OracleStaleError("TimestampIsTooOld", time=seconds, now=now)


def sign_package(
    timestamp_ms: int, values: Mapping[str, int], private_key: bytes, value_bytes: int = 32
) -> bytes:
    """Return a signed package as it lies in the calldata, its signature last."""
    body = b"".join(
        feed.encode().ljust(FEED_BYTES, b"\0") + value.to_bytes(value_bytes, "big")
        for feed, value in values.items()
    )
    body += timestamp_ms.to_bytes(TIMESTAMP_BYTES, "big")
    body += value_bytes.to_bytes(VALUE_SIZE_BYTES, "big")
    body += len(values).to_bytes(POINT_COUNT_BYTES, "big")
    return body + sign(keccak256(body), private_key).to_bytes()


def payload(packages: Sequence[bytes], metadata: bytes = b"") -> bytes:
    """Return the calldata tail: packages, their number, metadata, its length, the marker."""
    return (
        b"".join(packages)
        + len(packages).to_bytes(PACKAGE_COUNT_BYTES, "big")
        + metadata
        + len(metadata).to_bytes(METADATA_SIZE_BYTES, "big")
        + MARKER
    )


class _Tail:
    """Reads fields backwards from the end of the calldata."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.end = len(data)

    def take(self, size: int) -> bytes:
        """Return the ``size`` bytes before the current end."""
        if size > self.end:
            raise OracleError("CalldataOverOrUnderFlow", size=size, left=self.end)
        self.end -= size
        return self.data[self.end : self.end + size]

    def number(self, size: int) -> int:
        """Return the big-endian integer before the current end."""
        return int.from_bytes(self.take(size), "big")


def parse_payload(data: bytes) -> list[RedstonePackage]:
    """Read a calldata tail and recover every package's signer; calldata order.

    Raises
    ------
    OracleError
        ``CalldataMustHaveValidPayload`` without the marker, ``CalldataOverOrUnderFlow`` where a length lies.
    OracleUnauthorisedError
        For a signature from which nothing can be recovered.
    """
    tail = _Tail(data)
    if len(data) < len(MARKER) or tail.take(len(MARKER)) != MARKER:
        raise OracleError("CalldataMustHaveValidPayload")
    tail.take(tail.number(METADATA_SIZE_BYTES))
    return [_parse_package(tail) for _ in range(tail.number(PACKAGE_COUNT_BYTES))][::-1]


def _parse_package(tail: _Tail) -> RedstonePackage:
    end = tail.end - SIGNATURE_BYTES
    signature = Signature.from_bytes(tail.take(SIGNATURE_BYTES))
    points = tail.number(POINT_COUNT_BYTES)
    value_bytes = tail.number(VALUE_SIZE_BYTES)
    timestamp = tail.number(TIMESTAMP_BYTES)
    values: list[tuple[str, int]] = []
    for _ in range(points):
        value = tail.number(value_bytes)
        feed = tail.take(FEED_BYTES).rstrip(b"\0")
        values.append((feed.decode("ascii", "backslashreplace"), value))
    signer = recover_signer(keccak256(tail.data[tail.end : end]), signature)
    return RedstonePackage(signer, timestamp, tuple(reversed(values)))


def signed_packages(timestamp_ms: int, values: Mapping[bytes, Mapping[str, int]]) -> list[RedstonePackage]:
    """Return what each private key of ``values`` would sign, without signing: for simulations."""
    return [
        RedstonePackage(address_of(key), timestamp_ms, tuple(points.items()))
        for key, points in values.items()
    ]


@dataclass(frozen=True, slots=True)
class RedstoneCalldata:
    """The packages appended to the transaction that reads, and the consumer's rule."""

    rule: RedstoneRule
    packages: tuple[RedstonePackage, ...]


@dataclass(frozen=True)
class RedstoneFeed(Node):
    """A feed's value in the packages that came with the transaction (in the view's memory)."""

    kind: ClassVar[str] = "redstone"
    calldata: str
    feed: str
    decimals: int = DECIMALS

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the median; every revert refuses."""
        del readings
        stored = view.stored(self.calldata, RedstoneCalldata)
        if stored is None:
            return refuse(self.id, Reason.NO_DATA, "the transaction carries no packages")
        try:
            (value,) = stored.rule.values(view.time, stored.packages, (self.feed,))
        except RuleError as error:
            return refuse_error(self.id, error)
        time = stored.packages[-1].timestamp_ms // 1000
        return Reading(self.id, value, self.decimals, time)
