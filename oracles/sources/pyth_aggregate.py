"""Pyth's publisher network: which quotes count, the aggregate price and its confidence.

Source: pyth-network/pyth-client program/c/src/oracle/upd_aggregate.h and model/price_model.c; publishing
rule program/rust/src/processor/upd_price.rs (read). Every valid publisher casts three unweighted votes
(price - confidence, price, price + confidence), so the price breaks at half of the publishers, the
confidence at about a quarter: a wide confidence is the early alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from oracles.medians import median_pyth
from oracles.node import Node, View
from oracles.reading import Confidence, Reading, Reason, refuse
from protocol.errors import OracleTooFewError
from protocol.fixed_point import wrap_int, wrap_uint

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1
TRADING, IGNORED = 1, 4
DEFAULT_LATENCY = 25
CONFIDENCE_RATIO = 3

Status = Literal["trading", "unknown"]


@dataclass(frozen=True, slots=True)
class PublisherQuote:
    """One publisher's latest quote: price (i64), confidence (u64), status (1 = trading), slot."""

    price: int
    confidence: int
    status: int
    slot: int


@dataclass(frozen=True, slots=True)
class PythAggregate:
    """What an aggregation gives; price and confidence are None where the status is unknown."""

    status: Status
    quotes: int
    price: int | None = None
    confidence: int | None = None


def published_status(price: int, confidence: int, status: int) -> int:
    """Return the status a submitted quote is stored with: 4 (ignored) if confidence > |price| / 3."""
    return IGNORED if confidence > abs(price) // CONFIDENCE_RATIO else status


def _valid(quote: PublisherQuote, slot: int, latency: int) -> bool:
    confidence = wrap_int(quote.confidence, 64)
    return (
        quote.status == TRADING
        and confidence > 0
        and INT64_MIN + confidence <= quote.price <= INT64_MAX - confidence
        and wrap_int(slot - quote.slot, 64) <= latency
    )


def aggregate(
    slot: int, minimum_publishers: int, maximum_latency: int, quotes: Sequence[PublisherQuote]
) -> PythAggregate:
    """Aggregate the quotes of a slot.

    Parameters
    ----------
    slot
        Of the aggregation.
    minimum_publishers
        ``min_pub``: fewer valid quotes give status unknown.
    maximum_latency
        In slots; 0 means 25. A quote from a later slot passes.
    quotes
        At most one per publisher.
    """
    latency = maximum_latency or DEFAULT_LATENCY
    votes: list[int] = []
    for quote in quotes:
        if _valid(quote, slot, latency):
            votes += (quote.price - quote.confidence, quote.price, quote.price + quote.confidence)
    count = len(votes) // 3
    if count == 0 or count < minimum_publishers:
        return PythAggregate("unknown", count)
    votes.sort()
    price = median_pyth(votes)
    quarter = len(votes) >> 2
    left = wrap_int(price - votes[quarter], 64)
    right = wrap_int(votes[len(votes) - 1 - quarter] - price, 64)
    confidence = max(left, right)
    if confidence <= 0:
        return PythAggregate("unknown", count)
    return PythAggregate("trading", count, price, wrap_uint(confidence, 64))


@dataclass(frozen=True, slots=True)
class PublisherBoard:
    """The quotes of one price account at one slot, with its parameters."""

    slot: int
    time: int
    exponent: int
    quotes: tuple[PublisherQuote, ...]
    minimum_publishers: int = 1
    maximum_latency: int = 0

    def aggregate(self) -> PythAggregate:
        """Aggregate the quotes."""
        return aggregate(self.slot, self.minimum_publishers, self.maximum_latency, self.quotes)

    def aggregate_or_raise(self) -> tuple[int, int]:
        """Return (price, confidence).

        Raises
        ------
        OracleTooFewError
            Where the status is unknown.
        """
        result = self.aggregate()
        if result.price is None or result.confidence is None:
            raise OracleTooFewError("unknown", f"{result.quotes} valid quotes", quotes=result.quotes)
        return result.price, result.confidence


@dataclass(frozen=True)
class PythPublishers(Node):
    """The aggregate of a publisher board kept in the view's memory, with its confidence."""

    kind: ClassVar[str] = "pyth-publishers"
    board: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the aggregate; status unknown refuses."""
        del readings
        board = view.stored(self.board, PublisherBoard)
        if board is None:
            return refuse(self.id, Reason.NO_DATA, f"no publisher board {self.board!r}")
        result = board.aggregate()
        if result.price is None or result.confidence is None:
            return refuse(
                self.id,
                Reason.TOO_FEW_SOURCES,
                f"{result.quotes} valid quotes, {board.minimum_publishers} needed",
                answered=result.quotes,
                needed=board.minimum_publishers,
            )
        scale = 10 ** max(board.exponent, 0)
        return Reading(
            self.id,
            result.price * scale,
            max(-board.exponent, 0),
            board.time,
            round=board.slot,
            confidence=Confidence(result.confidence * scale, "quartile"),
        )
