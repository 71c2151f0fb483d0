"""Option values as LLVM vectors, see ``vector_code``: the formula of ``option_values.readable_values``.

One option's value is a chain of some hundred dependent steps; 32 at a time keep the machine busy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types

from protocol.margin.book.polynomials import (
    COMPLEMENT,
    EXPONENTIAL,
    LANES,
    LIMIT,
    LN2_HIGH,
    LN2_LOW,
    LOG2E,
    ROOT_HALF,
    SHIFT,
    STRETCH,
    TINY,
)
from protocol.margin.vector_code import DOUBLE, INT64, intrinsic, load_vector, pointers_of

OPTIONS = ir.VectorType(DOUBLE, LANES)


class _Lanes:
    """Arithmetic on all lanes of a vector, so that formulas can be read."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder = builder
        self.value = value

    def _of(self, other: Any) -> Any:
        if isinstance(other, _Lanes):
            return other.value
        return ir.Constant(self.value.type, [float(other)] * self.value.type.count)

    def __add__(self, other: Any) -> _Lanes:
        return _Lanes(self.builder, self.builder.fadd(self.value, self._of(other)))

    def __sub__(self, other: Any) -> _Lanes:
        return _Lanes(self.builder, self.builder.fsub(self.value, self._of(other)))

    def __rsub__(self, other: Any) -> _Lanes:
        return _Lanes(self.builder, self.builder.fsub(self._of(other), self.value))

    def __mul__(self, other: Any) -> _Lanes:
        return _Lanes(self.builder, self.builder.fmul(self.value, self._of(other)))

    def __truediv__(self, other: Any) -> _Lanes:
        return _Lanes(self.builder, self.builder.fdiv(self.value, self._of(other)))

    def __rtruediv__(self, other: Any) -> _Lanes:
        return _Lanes(self.builder, self.builder.fdiv(self._of(other), self.value))

    def __abs__(self) -> _Lanes:
        return self.where("<", 0.0, 0.0 - self, self)

    def least(self, other: Any) -> _Lanes:
        return self.where("<", other, self, other)

    def greatest(self, other: Any) -> _Lanes:
        return self.where(">", other, self, other)

    def where(self, relation: str, other: Any, yes: Any, no: Any) -> _Lanes:
        condition = self.builder.fcmp_ordered(relation, self.value, self._of(other))
        return _Lanes(self.builder, self.builder.select(condition, self._of(yes), self._of(no)))

    def polynomial(self, coefficients: Sequence[float]) -> _Lanes:
        """Return the polynomial with coefficients by rising power, by Horner's rule."""
        result = _Lanes(self.builder, self._of(coefficients[-1]))
        for coefficient in coefficients[-2::-1]:
            result = result * self + coefficient
        return result

    def scaled_complement(self) -> _Lanes:
        """Return exp(x**2) erfc(x)."""
        a, b = self + 4.0, self * 2.0 + 1.0
        inverse = 1.0 / (a * b)
        s = (self * STRETCH - 4.0) * b * inverse
        return s.polynomial(COMPLEMENT) * a * inverse

    def exponential(self) -> _Lanes:
        """Return exp(x); the low bits of the shifted product are the power of two."""
        count = self.value.type.count
        whole = ir.VectorType(INT64, count)
        shifted = self * LOG2E + SHIFT
        n = shifted - SHIFT
        r = (self - n * LN2_HIGH) - n * LN2_LOW
        bits, power = (
            self.builder.bitcast(lanes.value, whole) for lanes in (r.polynomial(EXPONENTIAL), shifted)
        )
        power = self.builder.shl(power, ir.Constant(whole, [52] * count))
        return _Lanes(self.builder, self.builder.bitcast(self.builder.add(bits, power), self.value.type))


@intrinsic
def option_lanes(
    typing: Any,
    forward: Any,
    strike: Any,
    logarithm: Any,
    volatility: Any,
    side: Any,
    out: Any,
    place: Any,
) -> Any:
    """Store the values of ``LANES`` options, see ``option_values.readable_values``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *pointers, target, at = pointers_of(context, builder, signature, arguments)
        f, k, ratio, v, sign = (
            _Lanes(builder, load_vector(builder, pointer, at, OPTIONS)) for pointer in pointers
        )
        low, v = f.least(k), v.greatest(TINY)
        m, half = (0.0 - abs(ratio)) / v, v * 0.5
        d1 = (m + half).greatest(-LIMIT).least(LIMIT)
        density = (d1 * -0.5 * d1).exponential() * 0.5 * low
        e1 = (abs(d1) * ROOT_HALF).scaled_complement()
        e2 = ((half - m).least(LIMIT) * ROOT_HALF).scaled_complement()
        outside = d1.where("<", 0.0, density * (e1 - e2), low - density * (e1 + e2))
        total = outside.greatest(0.0) + (sign * (f - k)).greatest(0.0)
        there = builder.bitcast(builder.gep(target, [at]), OPTIONS.as_pointer())
        builder.store(total.value, there).align = 8
        return context.get_dummy_value()

    return types.void(forward, strike, logarithm, volatility, side, out, types.int64), generate
