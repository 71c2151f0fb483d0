"""Two functions as polynomials, so that an option's value has the same bits with and without compilation.

``scaled_complement(x)`` = exp(x**2) erfc(x) for 0 <= x <= 26.6: (1 + 2x) times it is nearly constant, and a
polynomial of degree 21 in s = (1.3007... x - 4) / (x + 4), which runs from -1 to 1, meets it within 5.3e-17
relative (form of Shepherd and Laframboise, Math. Comp. 36 (1981); own Chebyshev fit with 40 digits).
``exponential(x)`` for -705 <= x <= 0: 2**n times the Taylor series on +-ln(2)/2.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray

STRETCH = 1.300751879699248
COMPLEMENT = (
    1.2513235031643084,
    -0.12091261636645374,
    -0.018211471288675365,
    0.0921750638159635,
    -0.10424591323191268,
    0.08006944678832131,
    -0.047064177484289885,
    0.021522310293644778,
    -0.007370044954367366,
    0.0016317332878513307,
    -7.138010597076839e-05,
    -9.782250754817035e-05,
    3.149758890977797e-05,
    8.796858069659868e-07,
    -2.8891840106211716e-06,
    3.8700376492698243e-07,
    2.186370350475579e-07,
    -5.993467022386637e-08,
    -1.594019713881612e-08,
    6.495923880890809e-09,
    9.125823176845859e-10,
    -4.4919299759066576e-10,
)
"""By rising power of s."""
EXPONENTIAL = tuple(1.0 / factorial(power) for power in range(14))
LANES = 32
"""Options that the compiled form values in one step."""
LIMIT = 36.0
"""Standard deviations; a longer tail is taken as this one, whose density of 1e-282 keeps products normal."""
LOG2E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
"""ln 2 in two parts; a whole number up to 1023 times the first is exact."""
TINY, ROOT_HALF = 1e-160, 0.7071067811865476
"""Least total volatility, and 1 / sqrt(2)."""
SHIFT = 1.5 * 2.0**52
"""Adding and subtracting it rounds to the nearest whole number."""


def scaled_complement(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exp(x**2) erfc(x)."""
    a, b = x + 4.0, 1.0 + 2.0 * x
    inverse = 1.0 / (a * b)
    s = (STRETCH * x - 4.0) * b * inverse
    p = np.full_like(s, COMPLEMENT[-1])
    for coefficient in COMPLEMENT[-2::-1]:
        p = p * s + coefficient
    return np.asarray(p * a * inverse)


def exponential(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exp(x)."""
    n = (x * LOG2E + SHIFT) - SHIFT
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    p = np.full_like(r, EXPONENTIAL[-1])
    for coefficient in EXPONENTIAL[-2::-1]:
        p = p * r + coefficient
    return np.asarray(np.ldexp(p, n.astype(np.int32)))
