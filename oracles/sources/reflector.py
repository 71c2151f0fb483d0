"""Reflector (Stellar): samples on a fixed grid, a plain mean of the last ones, and cross prices.

Source: reflector-network/reflector-contract oracle/src/prices.rs (read, not executed). Times are
milliseconds in the contract; here seconds. The node quorum agrees on a median before it submits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.errors import OracleOrderError
from protocol.fixed_point import div_to_zero

RESOLUTION = 300
RECORD_LIMIT = 20
SUBMISSION_SLACK = 60
DECIMALS = 14
INT128_MAX = (1 << 127) - 1
INT128_DIGITS = 38


@dataclass(frozen=True, slots=True)
class ReflectorPrices:
    """The stored samples of one asset, by their grid time.

    Parameters
    ----------
    resolution
        Seconds between samples.
    samples
        Price by time; zero prices are not stored.
    last
        Time of the last update of the contract (of any asset).
    """

    resolution: int = RESOLUTION
    samples: Mapping[int, int] = field(default_factory=dict)
    last: int = 0

    def store(self, now: int, time: int, price: int) -> Self:
        """Store an update.

        Raises
        ------
        OracleOrderError
            ``InvalidTimestamp``: off the grid, in the future, or not newer.
        """
        if time % self.resolution or time > now or time <= self.last:
            raise OracleOrderError("InvalidTimestamp", time=time, last=self.last, now=now)
        samples = {**self.samples, time: price} if price > 0 else self.samples
        return replace(self, samples=samples, last=time)

    def last_time(self, now: int) -> int:
        """Return the last update's time, or 0 where it is in the future or two periods old."""
        if self.last == 0 or self.last > now or now - self.last >= 2 * self.resolution:
            return 0
        return self.last

    def last_price(self, now: int) -> tuple[int, int] | None:
        """Return (price, time) of the last update, or None."""
        time = self.last_time(now)
        price = self.samples.get(time)
        return None if not time or price is None else (price, time)

    def mean_to_zero(self, now: int, records: int) -> int | None:
        """Return the plain mean of the last ``records`` samples; None unless every one exists.

        Called TWAP in the contract. Refuses more than 20 records, and a last sample older than one period
        and a minute.
        """
        time = self.last_time(now)
        if not time or not 1 <= records <= RECORD_LIMIT:
            return None
        prices = [self.samples.get(time - self.resolution * index) for index in range(records)]
        known = [price for price in prices if price is not None]
        if len(known) != records or time + self.resolution + SUBMISSION_SLACK < now:
            return None
        return div_to_zero(sum(known), records)


def cross_price_down(base: int, quote: int, decimals: int = DECIMALS) -> int | None:
    """Return base / quote at ``decimals``; the divisor loses digits where i128 would overflow."""
    if base <= 0 or quote <= 0:
        return None
    raised = min(INT128_DIGITS - (len(str(base)) - 1), decimals)
    dividend = base * 10**raised
    if dividend > INT128_MAX:
        return None
    divisor = quote // 10 ** (decimals - raised)
    return dividend // divisor if divisor > 0 else None


@dataclass(frozen=True)
class ReflectorFeed(Node):
    """The last sample, or the mean of the last ``records``, of the prices in the view's memory."""

    kind: ClassVar[str] = "reflector"
    feed: str
    records: int = 1
    decimals: int = DECIMALS

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the price at the last sample's time."""
        del readings
        stored = view.stored(self.feed, ReflectorPrices)
        time = stored.last_time(view.time) if stored else 0
        value: int | None = None
        if stored is not None and self.records == 1:
            last = stored.last_price(view.time)
            value = last[0] if last else None
        elif stored is not None:
            value = stored.mean_to_zero(view.time, self.records)
        if value is None:
            return refuse(self.id, Reason.NO_DATA, f"{self.feed!r} lacks one of {self.records} samples")
        return Reading(self.id, value, self.decimals, time)
