"""Binary floating point with a chosen mantissa width, rounded to nearest even, as Go's ``big.Float``.

Connect (Slinky) computes its medians in it; Python floats have 53 bits and do not reproduce them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Self


def _round_to_nearest_even(value: Fraction, bits: int) -> Fraction:
    if value == 0:
        return value
    magnitude = abs(value)
    # floor(log2(magnitude)), from the bit lengths and one comparison.
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if Fraction(2) ** exponent > magnitude:
        exponent -= 1
    unit = Fraction(2) ** (exponent - bits + 1)
    rounded = round(magnitude / unit) * unit
    return rounded if value > 0 else -rounded


@dataclass(frozen=True, slots=True)
class BigFloat:
    """A value and its precision in bits; results take the larger precision of the operands."""

    value: Fraction
    precision: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a decimal string at 64 bits, the default of Go's parser."""
        return cls.rounded(Fraction(text), 64)

    @classmethod
    def from_int(cls, value: int) -> Self:
        """Take an integer exactly: at least 64 bits, more where it needs them (``SetInt``)."""
        return cls.rounded(Fraction(value), max(64, abs(value).bit_length()))

    @classmethod
    def from_float(cls, value: float) -> Self:
        """Take a float64 at 53 bits (``NewFloat``)."""
        return cls(Fraction(value), 53)

    @classmethod
    def rounded(cls, value: Fraction, precision: int) -> Self:
        """Round an exact value to nearest even."""
        return cls(_round_to_nearest_even(value, precision), precision)

    def __add__(self, other: BigFloat) -> BigFloat:
        return BigFloat.rounded(self.value + other.value, max(self.precision, other.precision))

    def __mul__(self, other: BigFloat) -> BigFloat:
        return BigFloat.rounded(self.value * other.value, max(self.precision, other.precision))

    def __truediv__(self, other: BigFloat) -> BigFloat:
        return BigFloat.rounded(self.value / other.value, max(self.precision, other.precision))

    def scaled_to_zero(self, decimals: int) -> int:
        """Return the value times 10**decimals, the product rounded as a float, then cut to an integer."""
        return int((self * BigFloat.from_int(10**decimals)).value)

    def significant(self, digits: int) -> str:
        """Print as Go's ``%.{digits}g``: correctly rounded, shortest exponent form by Go's rule."""
        if self.value == 0:
            return "0"
        magnitude = abs(self.value)
        exponent = len(str(int(magnitude))) - 1 if magnitude >= 1 else -1
        while magnitude < Fraction(10) ** exponent:
            exponent -= 1
        scaled = round(magnitude / Fraction(10) ** (exponent - digits + 1))
        if scaled == 10**digits:
            scaled, exponent = scaled // 10, exponent + 1
        text = str(scaled).rstrip("0")
        sign = "-" if self.value < 0 else ""
        if exponent < -4 or exponent >= digits:
            mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
            return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
        if exponent < 0:
            return f"{sign}0.{'0' * (-exponent - 1)}{text}"
        text = text.ljust(exponent + 1, "0")
        whole, part = text[: exponent + 1], text[exponent + 1 :]
        return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"
