"""Normals and exponentials out of random bits, by Box and Muller; the same bytes on every processor."""

from __future__ import annotations

import numpy as np

from scenarios.markets import elementary
from scenarios.markets.elementary import TWO_52, Bits, Floats


def box_muller(a: Bits, b: Bits) -> tuple[Floats, Floats]:
    """Return two independent normals for each two words of 32 bits.

    38 bits make the radius, 24 the angle within a quarter turn and 2 the quarter. Half a quarter is turned
    back first, so that sine and cosine are needed within an eighth of a turn only; the square root of 2 of
    the radius cancels against that rotation. The largest magnitude is 7.35 (the exact law has 2e-13 beyond).
    """
    bits = np.uint64(elementary.TWO_52_BITS) | (a << np.uint64(6)) | (b >> np.uint64(26))
    radius = np.sqrt(elementary.negative_logarithm(bits.view(np.float64) - (TWO_52 - 0.5), 38.0))
    bits = np.uint64(elementary.TWO_52_BITS) | (((b << np.uint64(1)) | np.uint64(1)) & np.uint64(0x1FFFFFF))
    sine, cosine = elementary.sine_cosine((bits.view(np.float64) - (TWO_52 + 16777216.0)) * 2.0**-27)
    sign = np.uint64(1 << 63)
    first = (radius * (cosine - sine)).view(np.uint64) ^ ((b << np.uint64(39)) & sign)
    second = (radius * (cosine + sine)).view(np.uint64) ^ ((b << np.uint64(38)) & sign)
    return first.view(np.float64), second.view(np.float64)


def normal_pair(bits: int) -> tuple[float, float]:
    """Return two normals of one 64-bit value."""
    one, two = box_muller(np.array([bits >> 32], np.uint64), np.array([bits & 0xFFFFFFFF], np.uint64))
    return float(one[0]), float(two[0])


def negative_logarithm(x: float) -> float:
    """Return -ln(x) of one positive number."""
    return float(elementary.negative_logarithm(np.array([x]), 0.0)[0])
