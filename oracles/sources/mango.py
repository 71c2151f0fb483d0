"""Mango v4's stable price: follows the oracle at a limited rate, slower the more it disagrees with a day ago.

Source: blockworks-foundation/mango-v4 programs/mango-v4/src/state/stable_price.rs (measured). The program
works in binary64 with constants widened from binary32; Python's floats are the same numbers, so results are
equal bit for bit. A quirk kept here: the accumulated price uses min(dt, 600 s) but the divisor the whole
dt, so the delay price drifts down where updates are rarer than ten minutes.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.errors import OracleRangeError

SLOTS = 24
INTERVAL = 3600
MINIMUM_STEP, MAXIMUM_STEP = 10, 600


def _widened(value: float) -> float:
    """Return the binary32 number next to ``value``, as a binary64."""
    (result,) = struct.unpack("<f", struct.pack("<f", value))
    assert isinstance(result, float)
    return result


DELAY_GROWTH_LIMIT = _widened(0.06)
STABLE_GROWTH_LIMIT = _widened(0.0003)


def _clamped(target: float, previous: float, limit: float) -> float:
    highest, lowest = previous * (1.0 + limit), previous * (1.0 - limit)
    if not lowest <= highest:
        # Rust's clamp panics: a negative price, or 0 / 0 before.
        raise OracleRangeError("min > max, or either was NaN", previous=previous, limit=limit)
    return min(max(target, lowest), highest)


def _ratio(smaller: float, larger: float) -> float:
    return smaller / larger if larger != 0.0 else math.nan


@dataclass(frozen=True, slots=True)
class StablePrice:
    """The model's state.

    Parameters
    ----------
    price
        Stable price.
    updated_at
        Seconds.
    delay_prices
        One per hour of a day, oldest at ``interval``.
    accumulated, accumulated_time
        Sum of price x min(dt, 600 s), and of dt, in the current interval.
    interval
        Index of the interval last updated.
    """

    price: float
    updated_at: int
    delay_prices: tuple[float, ...]
    accumulated: float = 0.0
    accumulated_time: int = 0
    interval: int = 0

    @classmethod
    def reset(cls, price: float, now: int) -> Self:
        """Start at a price; the interval index starts at 0 whatever the time."""
        return cls(price, now, (price,) * SLOTS)

    @property
    def delay_price(self) -> float:
        """The price of about a day ago."""
        return self.delay_prices[self.interval]

    def update(self, now: int, oracle_price: float) -> Self:
        """Take an oracle price; within 10 s of the last update nothing happens.

        Raises
        ------
        OracleRangeError
            Where the program panics.
        """
        step = max(now - self.updated_at, 0)
        if step < MINIMUM_STEP:
            return self
        limited = float(min(step, MAXIMUM_STEP))
        advanced = replace(
            self,
            updated_at=now,
            accumulated=self.accumulated + oracle_price * limited,
            accumulated_time=self.accumulated_time + step,
        )
        interval = now // INTERVAL % SLOTS
        if interval != self.interval:
            advanced = advanced._next_interval(interval, step > SLOTS * INTERVAL)
        return advanced._follow(oracle_price, limited)

    def _next_interval(self, interval: int, all_passed: bool) -> Self:
        average = self.accumulated / float(self.accumulated_time)
        new = _clamped(average, self.delay_prices[self.interval - 1], DELAY_GROWTH_LIMIT)
        if all_passed:
            filled = set(range(SLOTS))
        elif interval > self.interval:
            filled = set(range(self.interval, interval))
        else:
            filled = set(range(self.interval, SLOTS)) | set(range(interval))
        prices = tuple(new if slot in filled else old for slot, old in enumerate(self.delay_prices))
        return replace(self, delay_prices=prices, accumulated=0.0, accumulated_time=0, interval=interval)

    def _follow(self, oracle_price: float, limited: float) -> Self:
        delayed = self.delay_price
        fraction = _ratio(self.price, delayed) if delayed >= self.price else _ratio(delayed, self.price)
        limit = STABLE_GROWTH_LIMIT * fraction * fraction * limited
        return replace(self, price=_clamped(oracle_price, self.price, limit))


@dataclass(frozen=True)
class MangoStablePrice(Node):
    """The stable price kept in the view's memory, rounded down to ``decimals``."""

    kind: ClassVar[str] = "mango-stable-price"
    model: str
    decimals: int = 18

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the stable price at the time of its last update."""
        del readings
        stored = view.stored(self.model, StablePrice)
        if stored is None:
            return refuse(self.id, Reason.NO_DATA, f"no stable price {self.model!r}")
        numerator, denominator = stored.price.as_integer_ratio()
        value = numerator * 10**self.decimals // denominator
        return Reading(self.id, value, self.decimals, stored.updated_at)
