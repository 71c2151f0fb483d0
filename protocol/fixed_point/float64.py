"""The array plane: float64 numbers in whole units, broadcasting over accounts, scenarios and paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from protocol.fixed_point.context import convert

if TYPE_CHECKING:
    from protocol.fixed_point.context import Flags, FloatArray

D = TypeVar("D")


class Float64:
    """Numpy arrays of float64; nothing is rounded and nothing overflows into a refusal."""

    unit: FloatArray = np.asarray(1.0)
    zero: FloatArray = np.asarray(0.0)
    unit.flags.writeable = False
    zero.flags.writeable = False

    @staticmethod
    def of(wad: int) -> FloatArray:
        """Return a number given with 18 decimals."""
        return np.asarray(wad / 10**18)

    @staticmethod
    def count(whole: int) -> FloatArray:
        """Return a number without decimals."""
        return np.asarray(float(whole))

    @staticmethod
    def whole(value: float) -> FloatArray:
        """Return a number given in whole units."""
        return np.asarray(float(value))

    @staticmethod
    def load(*items: D) -> D:
        """Return the exact-plane object in this context; several of one structure become one batch.

        Each integer becomes an array of shape () for one object and of shape (count,) for several. They are
        read-only, so a rule that changed its input in place would be found out.
        """

        def number(values: list[int], decimals: int) -> FloatArray:
            scaled = np.array([value / 10**decimals for value in values])
            number = scaled[0:1].reshape(()) if len(values) == 1 else scaled
            number.flags.writeable = False
            return number

        return convert(items, number)

    @staticmethod
    def mul_down(a: FloatArray, b: FloatArray) -> FloatArray:
        """Return the product."""
        return a * b

    @staticmethod
    def mul_to_zero(a: FloatArray, b: FloatArray) -> FloatArray:
        """Return the product."""
        return a * b

    @staticmethod
    def div_down(a: FloatArray, b: FloatArray) -> FloatArray:
        """Return the quotient."""
        return a / b

    @staticmethod
    def div_to_zero(a: FloatArray, b: FloatArray) -> FloatArray:
        """Return the quotient."""
        return a / b

    @staticmethod
    def div_or(a: FloatArray, b: FloatArray, otherwise: FloatArray) -> FloatArray:
        """Return the quotient, or ``otherwise`` where ``b`` is zero."""
        return np.where(b == 0, otherwise, a / np.where(b == 0, 1.0, b))

    @staticmethod
    def ceil_or(a: FloatArray, b: FloatArray, otherwise: FloatArray) -> FloatArray:
        """Return the quotient rounded up, or ``otherwise`` where ``b`` is zero."""
        return np.where(b == 0, otherwise, np.ceil(a / np.where(b == 0, 1.0, b)))

    def scaled_down(self, a: FloatArray, b: FloatArray, scale: int) -> FloatArray:
        """Return the product."""
        return a * b

    def scaled_up(self, a: FloatArray, b: FloatArray, scale: int) -> FloatArray:
        """Return the product."""
        return a * b

    def ratio_half_up(self, a: FloatArray, b: FloatArray, scale: int, otherwise: FloatArray) -> FloatArray:
        """Return the quotient, or ``otherwise`` where ``b`` is zero."""
        return self.div_or(a, b, otherwise)

    def quotient_or(self, a: FloatArray, b: FloatArray, otherwise: FloatArray) -> FloatArray:
        """Return the quotient, or ``otherwise`` where ``b`` is zero."""
        return self.div_or(a, b, otherwise)

    @staticmethod
    def quotient_down(a: FloatArray, b: FloatArray) -> FloatArray:
        """Return the quotient."""
        return a / b

    @staticmethod
    def quotient_to_zero(a: FloatArray, b: FloatArray) -> FloatArray:
        """Return the quotient."""
        return a / b

    def unsigned(self, value: FloatArray, bits: int, what: str) -> FloatArray:
        """Return ``value``."""
        return value

    def signed(self, value: FloatArray, what: str) -> FloatArray:
        """Return ``value``."""
        return value

    @staticmethod
    def minimum(first: FloatArray, second: FloatArray) -> FloatArray:
        """Return the smaller, element by element."""
        return np.minimum(first, second)

    @staticmethod
    def maximum(first: FloatArray, second: FloatArray) -> FloatArray:
        """Return the greater, element by element."""
        return np.maximum(first, second)

    @staticmethod
    def absolute(value: FloatArray) -> FloatArray:
        """Return the absolute values."""
        return np.abs(value)

    @staticmethod
    def where(condition: Flags, yes: FloatArray, no: FloatArray) -> FloatArray:
        """Return ``yes`` where the condition holds."""
        return np.where(condition, yes, no)

    @staticmethod
    def any(condition: Flags) -> bool:
        """Return whether the condition holds anywhere."""
        return bool(np.any(condition))

    @staticmethod
    def worst(values: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Return the least of the values, element by element, and its index in the list."""
        stack = np.stack(np.broadcast_arrays(*values))
        return stack.min(axis=0), stack.argmin(axis=0)

    @staticmethod
    def ranked(values: Sequence[FloatArray]) -> list[FloatArray]:
        """Return the values in ascending order, element by element."""
        return list(np.sort(np.stack(np.broadcast_arrays(*values)), axis=0))

    @staticmethod
    def ln(value: FloatArray) -> FloatArray:
        """Return the natural logarithm."""
        return np.log(value)

    @staticmethod
    def exp(value: FloatArray) -> FloatArray:
        """Return the exponential."""
        return np.exp(value)

    @staticmethod
    def sqrt(value: FloatArray) -> FloatArray:
        """Return the square root."""
        return np.sqrt(value)

    @staticmethod
    def root_of_square(value: FloatArray) -> FloatArray:
        """Return the square root."""
        return np.sqrt(value)

    @staticmethod
    def power(base: FloatArray, exponent: FloatArray) -> FloatArray:
        """Return the power."""
        return np.asarray(np.power(base, exponent))


FLOAT64 = Float64()
