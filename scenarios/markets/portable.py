"""exp, log and power of single numbers with the same bytes everywhere: parameters of markets use these."""

from __future__ import annotations

import numpy as np

from scenarios.markets import elementary


def exp(x: float) -> float:
    """Return e**x; 0 below -708."""
    if x < -elementary.LARGEST_EXPONENT:
        return 0.0
    return float(elementary.exponential(np.array([x]))[0])


def log(x: float) -> float:
    """Return ln(x) of a positive number."""
    return float(elementary.logarithm(np.array([x]))[0])


def power(base: float, exponent: float) -> float:
    """Return ``base ** exponent`` of a positive base."""
    return exp(exponent * log(base))
