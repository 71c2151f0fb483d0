"""Pyth as an EVM consumer reads it: signed updates, the stored price, age rules and conversions.

Source: pyth-network/pyth-crosschain target_chains/ethereum (PythUtils measured; update and age rules read,
not executed). The message repeats the last trading price while the aggregate is not trading: a consumer
sees an old publish time, never a flag.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Confidence, Reading, Reason, refuse
from protocol.errors import OracleError, OracleRangeError, OracleStaleError
from protocol.fixed_point import div_to_zero, mul_div_down, to_uint

LOWEST_EXPONENT = -255
MAXIMUM_SHIFT = 58
MILLION = 10**6


@dataclass(frozen=True, slots=True)
class PythPrice:
    """A signed price: i64 price, u64 confidence, i32 exponent, unix seconds.

    ``previous_publish_time`` is that of the update before it.
    """

    price: int
    confidence: int
    exponent: int
    publish_time: int
    previous_publish_time: int = 0


def newer(stored: PythPrice | None, update: PythPrice) -> PythPrice:
    """Return what a price store keeps: only a strictly newer publish time replaces."""
    return update if stored is None or update.publish_time > stored.publish_time else stored


def not_older_than(stored: PythPrice, now: int, age: int) -> PythPrice:
    """Return the stored price unless |now - publish time| > age: a price from the near future passes.

    Raises
    ------
    OracleStaleError
        ``StalePrice``.
    """
    if abs(now - stored.publish_time) > age:
        raise OracleStaleError("StalePrice", publish_time=stored.publish_time, now=now, age=age)
    return stored


def parse_in_window(
    updates: Sequence[PythPrice], minimum: int, maximum: int, *, unique: bool = False
) -> PythPrice:
    """Return the first signed update whose publish time lies in [minimum, maximum].

    The sender picks the updates and their order; ``unique`` demands that the update before was published
    before ``minimum``, which leaves exactly one admissible update.

    Raises
    ------
    OracleError
        ``PriceFeedNotFoundWithinRange``.
    """
    for update in updates:
        if minimum <= update.publish_time <= maximum and (
            not unique or update.previous_publish_time < minimum
        ):
            return update
    raise OracleError("PriceFeedNotFoundWithinRange", minimum=minimum, maximum=maximum)


@dataclass(frozen=True, slots=True)
class PythCumulative:
    """Cumulative price x slots and confidence x slots of a feed, with its down slots and slot."""

    price: int
    confidence: int
    down_slots: int
    slot: int


def cumulative_twap(start: PythCumulative, end: PythCumulative) -> tuple[int, int, int]:
    """Return (price, confidence, down-slot ratio in millionths) between two signed cumulative readings.

    Raises
    ------
    DivisionByZeroError
        For equal slots.
    """
    slots = end.slot - start.slot
    return (
        div_to_zero(end.price - start.price, slots),
        div_to_zero(end.confidence - start.confidence, slots),
        div_to_zero((end.down_slots - start.down_slots) * MILLION, slots),
    )


def convert_to_uint_down(price: int, exponent: int, decimals: int) -> int:
    """Return price x 10**(exponent + decimals), rounded down (PythUtils.convertToUint).

    Raises
    ------
    OracleRangeError
        ``NegativeInputPrice``, ``InvalidInputExpo``, ``ExponentOverflow``.
    """
    if price < 0:
        raise OracleRangeError("NegativeInputPrice", price=price)
    if exponent < LOWEST_EXPONENT:
        raise OracleRangeError("InvalidInputExpo", exponent=exponent)
    shift = decimals + exponent
    if abs(shift) > MAXIMUM_SHIFT:
        raise OracleRangeError("ExponentOverflow", shift=shift)
    result: int = price * 10**shift if shift > 0 else price // 10**-shift
    return result


def cross_rate_down(price1: int, exponent1: int, price2: int, exponent2: int, target: int) -> int:
    """Return price1 / price2 at exponent ``target``, rounded down (PythUtils.deriveCrossRate).

    Raises
    ------
    OracleRangeError
        As :func:`convert_to_uint_down`.
    DivisionByZeroError, OverflowedError
        Where the contract panics.
    """
    if price1 < 0 or price2 < 0:
        raise OracleRangeError("NegativeInputPrice", price1=price1, price2=price2)
    if min(exponent1, exponent2, target) < LOWEST_EXPONENT:
        raise OracleRangeError("InvalidInputExpo")
    shift = exponent1 - (exponent2 + target)
    if abs(shift) > MAXIMUM_SHIFT:
        raise OracleRangeError("ExponentOverflow", shift=shift)
    if shift > 0:
        return to_uint(mul_div_down(price1, 10**shift, price2), 256, "cross rate")
    return mul_div_down(price1, 1, to_uint(10**-shift * price2, 256, "denominator"))


@dataclass(frozen=True)
class PythFeed(Node):
    """The stored price of a Pyth feed in the view's memory, confidence included.

    Parameters
    ----------
    feed
        Name of the stored :class:`PythPrice`.
    maximum_age
        ``getPriceNoOlderThan``'s age in seconds; None reads ``getPriceUnsafe``.
    """

    kind: ClassVar[str] = "pyth"
    feed: str
    maximum_age: int | None = None

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return price, confidence and publish time."""
        del readings
        stored = view.stored(self.feed, PythPrice)
        if stored is None:
            return refuse(self.id, Reason.NO_DATA, f"no Pyth price {self.feed!r}")
        age = view.time - stored.publish_time
        if self.maximum_age is not None and abs(age) > self.maximum_age:
            reason = Reason.STALE if age > 0 else Reason.FROM_FUTURE
            message = f"published {age} s before the block, at most {self.maximum_age} s either way"
            return refuse(self.id, reason, message, age=age, max_age=self.maximum_age)
        scale = 10 ** max(stored.exponent, 0)
        return Reading(
            self.id,
            stored.price * scale,
            max(-stored.exponent, 0),
            stored.publish_time,
            confidence=Confidence(stored.confidence * scale, "quartile"),
        )

    @property
    def label(self) -> str:
        """The feed."""
        return f"Pyth {self.feed}"
