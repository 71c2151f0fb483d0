"""exp, log and the normal pair in operations that every processor rounds alike.

Only ``+ - * /``, ``sqrt``, comparisons and integer operations on the bits are used, each one correctly
rounded by IEEE 754, in one fixed order, so the bytes do not depend on the processor, the library or the
number of lanes. ``numpy.exp`` and ``numpy.log`` are not like that: they change with the vector unit.

The polynomials are Chebyshev interpolants computed in 60 digits and rounded to double; their relative error
is below 3e-16, so a result is within 3 units in the last place (tests/markets/test_elementary.py).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bits = NDArray[np.uint64]

# (e^r - 1 - r) / r^2 on |r| <= ln(2)/2, highest power first
EXPONENTIAL = (
    2.510038549551032e-08, 2.7620088445409746e-07, 2.7557268459997064e-06, 2.4801521295954376e-05,
    0.00019841269863053618, 0.0013888888917213717, 0.008333333333330062, 0.04166666666662413,
    0.16666666666666669, 0.5000000000000001,
)  # fmt: skip
# (2 atanh(s)/s - 2) / s^2 in z = s^2, |s| <= (sqrt(2)-1)/(sqrt(2)+1)
LOGARITHM = (
    0.14616585424888623, 0.15331710618210773, 0.18182889455674947, 0.22222211130259878,
    0.2857142862600327, 0.39999999999899444, 0.666666666666667,
)  # fmt: skip
# (sin(2 pi v)/v - 2 pi) / v^2 and (cos(2 pi v) - 1) / v^2 in z = v^2, |v| <= 1/8
SINE = (
    3.786430011879243, -15.094054064726203, 42.05868917945876,
    -76.70585973561397, 81.6052492760517, -41.341702240399755,
)  # fmt: skip
COSINE = (
    7.823552446741925, -26.424852868060537, 60.24463000474249,
    -85.45681716507781, 64.93939402261256, -19.739208802178705,
)  # fmt: skip
TAU = 6.283185307179586

# ln 2 in two parts: the upper has 21 zero bits at its end, so a product with an exponent is exact
LN2_HIGH = float.fromhex("0x1.62e42feep-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
INVERSE_LN2 = float.fromhex("0x1.71547652b82fep+0")
ROUND_TO_INTEGER = 6755399441055744.0  # 1.5 * 2**52: adding it leaves the nearest integer in the low bits
TWO_52 = 4503599627370496.0

ONE_BITS = 0x3FF0000000000000
TWO_52_BITS = 0x4330000000000000
MANTISSA_BITS = 0x000FFFFFFFFFFFFF
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD

LARGEST_EXPONENT = 708.0  # beyond, e**x overflows or becomes subnormal


def exponential(x: Floats) -> Floats:
    """Return e**x for |x| <= ``LARGEST_EXPONENT``; beyond it the bits mean nothing."""
    rounded = x * INVERSE_LN2 + ROUND_TO_INTEGER
    power = rounded - ROUND_TO_INTEGER
    rest = (x - power * LN2_HIGH) - power * LN2_LOW
    polynomial = _horner(EXPONENTIAL, rest)
    mantissa = 1.0 + (rest + rest * rest * polynomial)
    return (mantissa.view(np.uint64) + (rounded.view(np.uint64) << np.uint64(52))).view(np.float64)


def logarithm(x: Floats) -> Floats:
    """Return ln(x) of positive normal numbers."""
    return 0.0 - negative_logarithm(x, 0.0)


def negative_logarithm(x: Floats, halvings: float) -> Floats:
    """Return -ln(x / 2**halvings) of positive normal numbers, for whole ``halvings``."""
    shifted = np.ascontiguousarray(x).view(np.uint64) + np.uint64(ONE_BITS - SQRT_HALF_BITS)
    exponent = ((shifted >> np.uint64(52)) | np.uint64(TWO_52_BITS)).view(np.float64)
    power = (TWO_52 + 1023.0 + halvings) - exponent
    mantissa = ((shifted & np.uint64(MANTISSA_BITS)) + np.uint64(SQRT_HALF_BITS)).view(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    tail = s * (z * _horner(LOGARITHM, z)) - power * LN2_LOW
    return power * LN2_HIGH - (2.0 * s + tail)


def sine_cosine(turns: Floats) -> tuple[Floats, Floats]:
    """Return sin and cos of 2 pi ``turns`` for |turns| <= 1/8."""
    z = turns * turns
    return turns * (TAU + z * _horner(SINE, z)), 1.0 + z * _horner(COSINE, z)


def _horner(coefficients: tuple[float, ...], x: Floats) -> Floats:
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value *= x
        value += coefficient
    return value
