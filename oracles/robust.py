"""Estimators of a common value from several quotes, in exact integers, rounded down.

Breakdown points (the share of sources that can move the result without bound): mean 0, trimmed and Winsorised
mean their cut, median and Huber with a MAD scale one half, Hodges-Lehmann 29 %. They count sources, not
independence: five exchanges quoting through one stablecoin are one source.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from oracles.medians import median
from protocol.errors import OracleTooFewError

MAD_TO_DEVIATION = Fraction(14826, 10000)
"""A normal distribution's standard deviation over its median absolute deviation."""

HUBER_K = Fraction(1345, 1000)
HUBER_STEPS = 32


def _sorted(values: Sequence[int]) -> list[int]:
    if not values:
        raise OracleTooFewError("EmptyEstimate", "an estimate of no values")
    return sorted(values)


def _cut(count: int, fraction: Fraction) -> int:
    if not 0 <= fraction < Fraction(1, 2):
        raise ValueError(f"a cut of {fraction} per side leaves nothing")
    return int(fraction * count)


def mean_down(values: Sequence[int]) -> int:
    """Return the mean: one source decides."""
    ordered = _sorted(values)
    return sum(ordered) // len(ordered)


def trimmed_mean_down(values: Sequence[int], fraction: Fraction) -> int:
    """Return the mean without floor(n x fraction) values at either end."""
    ordered = _sorted(values)
    cut = _cut(len(ordered), fraction)
    return mean_down(ordered[cut : len(ordered) - cut])


def winsorised_mean_down(values: Sequence[int], fraction: Fraction) -> int:
    """Return the mean with floor(n x fraction) values at either end moved to the nearest kept one."""
    ordered = _sorted(values)
    cut = _cut(len(ordered), fraction)
    low, high = ordered[cut], ordered[-1 - cut]
    return mean_down([min(max(value, low), high) for value in ordered])


def median_absolute_deviation(values: Sequence[int]) -> int:
    """Return the median distance from the median; zero where half of the quotes agree."""
    centre = median(values, "mean-down")
    return median([abs(value - centre) for value in values], "mean-down")


def huber_down(values: Sequence[int], k: Fraction = HUBER_K, steps: int = HUBER_STEPS) -> int:
    """Return Huber's M-estimate of location with a MAD scale.

    Residuals beyond ``k`` robust standard deviations are clipped to it; ``steps`` corrections from the
    median, each rounded down, make the result exact and the same everywhere.

    Parameters
    ----------
    values
        Quotes.
    k
        1.345 gives 95 % efficiency at the normal.
    steps
        Upper bound of corrections; the loop ends at a fixed point.
    """
    ordered = _sorted(values)
    centre = median(ordered, "mean-down")
    limit = int(k * MAD_TO_DEVIATION * median_absolute_deviation(ordered))
    for _ in range(steps):
        clipped = sum(min(max(value - centre, -limit), limit) for value in ordered)
        correction = clipped // len(ordered)
        if correction == 0:
            break
        centre += correction
    return centre


def hodges_lehmann_down(values: Sequence[int]) -> int:
    """Return the median of all pairwise means, each pair once and every value with itself."""
    ordered = _sorted(values)
    sums = [a + b for index, a in enumerate(ordered) for b in ordered[index:]]
    return median(sums, "mean-down") // 2
