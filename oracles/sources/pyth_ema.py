"""Pyth's moving average: linear decay per slot, weights 1 / confidence, a 28-bit decimal float.

Source: pyth-network/pyth-client program/c/src/oracle/pd.h and upd_aggregate.h (upd_ema). Despite the name
it is not exponential: one step decays by 1 - slots x 0.000117065. A binary float does not reproduce it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from protocol.fixed_point import div_to_zero, wrap_int

MANTISSA_LIMIT = 1 << 28
STORE_LIMIT = 1 << 58
MAXIMUM_SLOTS = 4145
DECAY, DECAY_EXPONENT = -117065, -9
NINE_DIGITS = 10**9
POWERS = 18


def _int64(value: int) -> int:
    return wrap_int(value, 64)


@dataclass(frozen=True, slots=True)
class Decimal28:
    """value x 10**exponent with |value| below 2**28 after every operation; 64-bit wrapping inside."""

    value: int
    exponent: int

    @classmethod
    def scaled(cls, value: int, exponent: int) -> Self:
        """Cut trailing digits until the value is below 2**28."""
        magnitude = abs(value)
        while magnitude >= MANTISSA_LIMIT:
            magnitude //= 10
            exponent += 1
        return cls(-magnitude if value < 0 else magnitude, exponent)

    def times(self, other: Decimal28) -> Decimal28:
        """Multiply."""
        return Decimal28.scaled(_int64(self.value * other.value), self.exponent + other.exponent)

    def over(self, other: Decimal28) -> Decimal28:
        """Divide, with nine more digits of the numerator."""
        if self.value == 0:
            return self
        magnitude, digits = abs(self.value), 0
        while magnitude < MANTISSA_LIMIT:
            magnitude *= 10
            digits += 1
        quotient = _int64(magnitude * NINE_DIGITS) // abs(other.value)
        if (self.value < 0) != (other.value < 0):
            quotient = -quotient
        return Decimal28.scaled(quotient, self.exponent - other.exponent - digits - 9)

    def plus(self, other: Decimal28) -> Decimal28:
        """Add; the smaller operand loses its digits by truncation."""
        if self.exponent < other.exponent:
            return other.plus(self)
        gap = self.exponent - other.exponent
        if gap < 9:
            return Decimal28.scaled(_int64(self.value * 10**gap + other.value), other.exponent)
        if gap < POWERS + 9:
            low = div_to_zero(other.value, 10 ** (gap - 9))
            return Decimal28.scaled(_int64(self.value * NINE_DIGITS + low), self.exponent - 9)
        return Decimal28.scaled(self.value, self.exponent)

    def at_exponent(self, exponent: int) -> int:
        """Return the value moved to ``exponent``, truncated."""
        gap = self.exponent - exponent
        if gap >= 0:
            return _int64(self.value * 10**gap)
        return div_to_zero(self.value, 10**-gap)

    def stored(self) -> Decimal28 | None:
        """Return what a 59-bit value with a 5-bit exponent keeps, reloaded; None if it cannot."""
        value, exponent = self.value, self.exponent
        while value < -STORE_LIMIT or value > STORE_LIMIT - 1:
            value, exponent = div_to_zero(value, 10), exponent + 1
        while exponent < -16:
            value, exponent = div_to_zero(value, 10), exponent + 1
        while exponent > 15:
            value, exponent = value * 10, exponent - 1
            if value < -STORE_LIMIT or value > STORE_LIMIT - 1:
                return None
        return Decimal28.scaled(value, exponent)


ONE = Decimal28(10**8, -8)
ZERO = Decimal28(0, 0)


@dataclass(frozen=True, slots=True)
class Ema:
    """One moving average: its value at the feed's exponent, numerator and denominator."""

    value: int = 0
    numerator: Decimal28 = ZERO
    denominator: Decimal28 = ZERO

    def step(self, sample: Decimal28, confidence: Decimal28, slots: int, exponent: int) -> Self:
        """Return the average after ``slots`` slots with a new sample of weight 1 / confidence."""
        weight = ONE.over(confidence) if confidence.value else ONE
        if slots > MAXIMUM_SLOTS:
            numerator, denominator, result = sample.times(weight), weight, sample
        else:
            decay = Decimal28(DECAY, DECAY_EXPONENT).times(Decimal28(slots, 0)).plus(ONE)
            numerator = self.numerator.times(decay).plus(sample.times(weight))
            denominator = self.denominator.times(decay).plus(weight)
            result = numerator.over(denominator)
        new = replace(self, value=result.at_exponent(exponent))
        kept = numerator.stored(), denominator.stored()
        if kept[0] is None or kept[1] is None:
            return new
        return replace(new, numerator=kept[0], denominator=kept[1])


@dataclass(frozen=True, slots=True)
class PythEma:
    """Average price and average confidence of one feed."""

    exponent: int
    price: Ema = Ema()
    confidence: Ema = Ema()

    def update(self, price: int, confidence: int, slots: int) -> Self:
        """Take an aggregate ``slots`` slots after the previous successful one."""
        sample = Decimal28.scaled(price, self.exponent)
        width = Decimal28.scaled(wrap_int(confidence, 64), self.exponent)
        return replace(
            self,
            price=self.price.step(sample, width, slots, self.exponent),
            confidence=self.confidence.step(width, width, slots, self.exponent),
        )
