"""Black-76 values of distinct options under scenarios, with no library function in the inner loop.

The out-of-the-money side is priced, intrinsic value is added: with low and high the smaller and the larger
of forward and strike, m = -abs(ln(forward / strike)), d1 = m / v + v / 2 and d2 = d1 - v, the call on ``low``
struck at ``high`` is worth low * N(d1) - high * N(d2); low * n(d1) = high * n(d2) leaves one exponential

    low * exp(-d1**2 / 2) / 2 * (e(-d1) - e(-d2))            where d1 < 0
    low - low * exp(-d1**2 / 2) / 2 * (e(d1) + e(-d2))       elsewhere

with e(d) = exp(x**2) erfc(x), x = d / sqrt(2). A put struck below is the same, forward and strike swapped.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import BookError
from protocol.margin.book.engine import in_ranges, kernels
from protocol.margin.book.polynomials import LANES, LIMIT, ROOT_HALF, TINY, exponential, scaled_complement

Floats: TypeAlias = NDArray[np.float64]


def option_values(
    forward: ArrayLike,
    strike: ArrayLike,
    volatility: ArrayLike,
    call: ArrayLike,
    *,
    fast: bool | None = None,
    workers: int = 1,
) -> Floats:
    """Return undiscounted values [options, scenarios].

    Parameters
    ----------
    forward, volatility
        [options, scenarios] or what broadcasts to it; volatility is total: annual times the square root of
        the years left, 0 or more.
    strike
        [options], 0 or more.
    call
        [options] whether it is a call.
    """
    strikes = np.ascontiguousarray(strike, dtype=np.float64)
    if strikes.ndim != 1:
        raise BookError("strike", f"one per option is needed, got shape {strikes.shape}")
    given = np.asarray(forward, dtype=np.float64), strikes[:, None], np.asarray(volatility, dtype=np.float64)
    forwards, each, total = np.broadcast_arrays(*given)
    for name, values in zip(("forward", "strike", "volatility"), given, strict=True):
        if values.size and not (values.min() >= 0 and values.max() < np.inf):
            raise BookError(name, "a value is negative or not finite")
    side = np.where(np.broadcast_to(np.asarray(call, dtype=np.bool_), strikes.shape), 1.0, -1.0)[:, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        logarithm = np.log(forwards / each)
    if not strikes.all():
        logarithm[(forwards == 0) & (each == 0)] = 0.0
    size = forwards.size
    padded = size + -size % LANES
    flat = np.empty((5, padded))
    flat[:, size:] = 1.0
    for row, part in zip(flat, (forwards, each, logarithm, total, side), strict=True):
        row[:size].reshape(forwards.shape)[...] = part
    out = np.empty(padded)
    compiled = kernels(fast)

    def run(first: int, last: int) -> None:
        if compiled:
            compiled.option_values(*flat, out, LANES * first, LANES * last)
        else:
            some = slice(LANES * first, LANES * last)
            out[some] = readable_values(*flat[:, some])

    in_ranges(run, padded // LANES, workers, least=128)
    return out[:size].reshape(forwards.shape)


def readable_values(
    forward: Floats, strike: Floats, logarithm: Floats, volatility: Floats, side: Floats
) -> Floats:
    """Return the values; ``logarithm`` is ln(forward / strike) and ``side`` 1 for calls, -1 for puts."""
    low = np.minimum(forward, strike)
    v = np.maximum(volatility, TINY)
    with np.errstate(over="ignore"):
        m = -np.abs(logarithm) / v
    half = 0.5 * v
    d1 = np.minimum(np.maximum(m + half, -LIMIT), LIMIT)
    x1, x2 = np.abs(d1) * ROOT_HALF, np.minimum(half - m, LIMIT) * ROOT_HALF
    density = exponential(-0.5 * d1 * d1) * 0.5 * low
    e1, e2 = scaled_complement(x1), scaled_complement(x2)
    outside = np.where(d1 < 0, density * (e1 - e2), low - density * (e1 + e2))
    return np.asarray(np.maximum(outside, 0.0) + np.maximum(side * (forward - strike), 0.0))
