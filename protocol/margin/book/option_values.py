"""Black-76 values of distinct options under scenarios, with no library function in the inner loop.

The out-of-the-money side is priced, intrinsic value is added: with low and high the smaller and the larger
of forward and strike, m = -abs(ln(forward / strike)), d1 = m / v + v / 2 and d2 = d1 - v, the call on ``low``
struck at ``high`` is worth low * N(d1) - high * N(d2); low * n(d1) = high * n(d2) leaves one exponential

    low * exp(-d1**2 / 2) / 2 * (e(-d1) - e(-d2))            where d1 < 0
    low - low * exp(-d1**2 / 2) / 2 * (e(d1) + e(-d2))       elsewhere

with e(d) = exp(x**2) erfc(x), x = d / sqrt(2). A put struck below is the same, forward and strike swapped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import BookError
from protocol.margin.book.engine import in_ranges, kernels
from protocol.margin.book.polynomials import LANES, LIMIT, ROOT_HALF, TINY, exponential, scaled_complement

Floats: TypeAlias = NDArray[np.float64]
VALUES = 16384
"""Values per step: what is written on the way stays in the caches."""


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
    strikes = _strikes(strike)
    given = np.asarray(forward, dtype=np.float64), strikes[:, None], np.asarray(volatility, dtype=np.float64)
    forwards, _, total = np.broadcast_arrays(*given)
    for name, values in zip(("forward", "strike", "volatility"), given, strict=True):
        _check(name, values)

    def fill(some: slice, forward_out: Floats, volatility_out: Floats) -> None:
        forward_out[...], volatility_out[...] = forwards[some], total[some]

    return _in_steps(fill, strikes, call, forwards.shape[1], fast, workers)


def shocked_values(
    forward: Floats,
    strike: ArrayLike,
    volatility: Floats,
    call: ArrayLike,
    prices: Floats,
    volatilities: Floats,
    *,
    fast: bool | None = None,
    workers: int = 1,
) -> Floats:
    """Return ``option_values`` of forward * prices and volatility * volatilities, without the two products.

    Parameters
    ----------
    forward, strike, volatility, call
        [options], as in ``option_values``.
    prices, volatilities
        [scenarios] multipliers, 0 or more.
    """
    strikes = _strikes(strike)
    for name, values, moves in (("forward", forward, prices), ("volatility", volatility, volatilities)):
        if values.shape != strikes.shape:
            raise BookError(name, f"one per option is needed, got shape {values.shape}")
        _check(name, values)
        _check(name, moves)
        if values.size and moves.size:
            with np.errstate(over="ignore"):
                _check(name, values.max(keepdims=True) * moves.max())
    _check("strike", strikes)

    def fill(some: slice, forward_out: Floats, volatility_out: Floats) -> None:
        np.multiply(forward[some, None], prices, out=forward_out)
        np.multiply(volatility[some, None], volatilities, out=volatility_out)

    return _in_steps(fill, strikes, call, len(prices), fast, workers)


def _strikes(strike: ArrayLike) -> Floats:
    strikes = np.ascontiguousarray(strike, dtype=np.float64)
    if strikes.ndim != 1:
        raise BookError("strike", f"one per option is needed, got shape {strikes.shape}")
    return strikes


def _check(name: str, values: Floats) -> None:
    if values.size and not (values.min() >= 0 and values.max() < np.inf):
        raise BookError(name, "a value is negative or not finite")


def _in_steps(
    fill: Callable[[slice, Floats, Floats], None],
    strikes: Floats,
    call: ArrayLike,
    scenarios: int,
    fast: bool | None,
    workers: int,
) -> Floats:
    """Price some options at a time; ``fill`` writes their forwards and volatilities."""
    signs = np.where(np.broadcast_to(np.asarray(call, dtype=np.bool_), strikes.shape), 1.0, -1.0)
    size = len(strikes) * scenarios
    out = np.empty(size + -size % LANES)
    compiled = kernels(fast)
    step = LANES * max(1, VALUES // (LANES * max(scenarios, 1)))

    def run(first: int, last: int) -> None:
        end = min(LANES * last, len(strikes))
        room = np.empty((5, min(step, LANES * (last - first)) * scenarios))
        for begin in range(LANES * first, end, step):
            some = slice(begin, min(begin + step, end))
            shape = (some.stop - begin, scenarios)
            used = shape[0] * scenarios
            flat = room[:, : used + -used % LANES]
            flat[:, used:] = 1.0
            forward, each, logarithm, volatility, side = (part[:used].reshape(shape) for part in flat)
            fill(some, forward, volatility)
            each[...], side[...] = strikes[some, None], signs[some, None]
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                np.log(np.divide(forward, each, out=logarithm), out=logarithm)
            if not strikes[some].all():
                logarithm[(forward == 0) & (each == 0)] = 0.0
            values = out[begin * scenarios :][: flat.shape[1]]
            if compiled:
                compiled.option_values(*flat, values, 0, len(values))
            else:
                values[...] = readable_values(*flat)

    in_ranges(run, -(-len(strikes) // LANES), workers, least=4)
    return out[:size].reshape(len(strikes), scenarios)


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
