"""Lower triangles of correlation matrices, in a fixed order of operations.

A library's Cholesky sums in an order that depends on the processor; paths must not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from scenarios.errors import CorrelationError
from scenarios.markets.elementary import Floats

_TOLERANCE = 1e-12
ROUNDING = 8 * 2.0**-52
"""Rounding of a pivot, relative to the smallest pivot before it, by which it was divided."""
MOST_NOISE = 1e-6
"""Rounding that is not taken for a fault of the matrix, however small a pivot was."""


def lower_triangle(correlation: Sequence[Sequence[float]], size: int) -> Floats:
    """Return L with L L' = ``correlation`` (Cholesky and Banachiewicz, row by row).

    A singular matrix is allowed: a pivot within 1e-12 of zero becomes zero with its column. A small pivot
    enlarges what rounding leaves of the later ones, so these may be below zero by as much.

    Raises
    ------
    CorrelationError
        Not ``size`` square, not symmetric, no unit diagonal, or an eigenvalue is negative.
    """
    rows = [[float(value) for value in row] for row in correlation]
    if len(rows) != size or any(len(row) != size for row in rows):
        raise CorrelationError(f"must be {size} by {size}", 0, float(len(rows)))
    lower = np.zeros((size, size))
    noise = 0.0
    for i in range(size):
        if rows[i][i] != 1.0:
            raise CorrelationError("the diagonal must be 1", i, rows[i][i])
        for j in range(i):
            if rows[i][j] != rows[j][i]:
                raise CorrelationError(f"must be symmetric, differs in column {j}", i, rows[i][j])
        for j in range(i + 1):
            rest = rows[i][j]
            for k in range(j):
                rest -= float(lower[i, k]) * float(lower[j, k])
            if i == j:
                if rest < -_TOLERANCE - noise:
                    raise CorrelationError("not positive semi-definite, pivot", i, rest)
                lower[i, i] = math.sqrt(rest) if rest > _TOLERANCE else 0.0
                if rest > _TOLERANCE:
                    noise = min(max(noise, ROUNDING / rest), MOST_NOISE)
            elif lower[j, j] > 0.0:
                lower[i, j] = rest / float(lower[j, j])
            elif abs(rest) > math.sqrt(_TOLERANCE) + noise:
                raise CorrelationError("not positive semi-definite, column of a zero pivot", i, rest)
    return lower


def uniform_correlation(size: int, value: float) -> tuple[tuple[float, ...], ...]:
    """Return the matrix whose every off-diagonal element is ``value``."""
    return tuple(tuple(1.0 if i == j else value for j in range(size)) for i in range(size))


def correlate(loading: Floats, normals: Floats) -> Floats:
    """Return the lower triangle times ``normals[factors, runs]``, added term by term in order."""
    out = np.empty((loading.shape[0], normals.shape[1]))
    for i in range(loading.shape[0]):
        out[i] = loading[i, 0] * normals[0]
        for j in range(1, min(i + 1, loading.shape[1])):
            out[i] += loading[i, j] * normals[j]
    return out
