"""The hot path in numba: the same operations in the same order as ``reference`` and ``elementary``.

Imported only where the extra ``fast`` is installed. No ``fastmath`` (it would contract and reorder), no
``parallel`` (threads come from the executor: every kernel releases the lock). Each loop over ``LANES`` paths
is one that the compiler turns into vector instructions of whatever processor it finds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import extending, njit, types

from scenarios.markets import elementary
from scenarios.markets.elementary import (
    COSINE,
    EXPONENTIAL,
    INVERSE_LN2,
    LN2_HIGH,
    LN2_LOW,
    LOGARITHM,
    ROUND_TO_INTEGER,
    SINE,
    TAU,
    TWO_52,
    Floats,
)
from scenarios.seeds import JUMP_STRIDE, PHILOX_MULTIPLIERS, PHILOX_ROUNDS, PHILOX_WEYL, Purpose, purpose_word

LANES = 64
intrinsic: Callable[..., Any] = extending.intrinsic  # what it returns is called without the typing context

_M0, _M1 = (np.uint64(value) for value in PHILOX_MULTIPLIERS)
_W0, _W1 = (np.uint64(value) for value in PHILOX_WEYL)
_MASK, _ONE, _SIGN, _ANGLE = np.uint64(0xFFFFFFFF), np.uint64(1), np.uint64(1 << 63), np.uint64(0x1FFFFFF)
_S6, _S12, _S20, _S26, _S32, _S38, _S39, _S52 = (np.uint64(n) for n in (6, 12, 20, 26, 32, 38, 39, 52))
_ONE_BITS = np.uint64(elementary.ONE_BITS)
_TWO_52_BITS = np.uint64(elementary.TWO_52_BITS)
_MANTISSA = np.uint64(elementary.MANTISSA_BITS)
_SQRT_HALF = np.uint64(elementary.SQRT_HALF_BITS)
_OFFSET = np.uint64(elementary.ONE_BITS - elementary.SQRT_HALF_BITS)
_PRICE = np.uint64(purpose_word(Purpose.PRICE))
_JUMP_COUNT = np.uint64(purpose_word(Purpose.JUMP_COUNT))
_JUMP_SIZE = np.uint64(purpose_word(Purpose.JUMP_SIZE))
_STRIDE = np.uint64(JUMP_STRIDE)


@intrinsic
def _bits(typing_context: Any, x: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.uint64))

    return types.uint64(types.float64), code


@intrinsic
def _float(typing_context: Any, x: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.float64))

    return types.float64(types.uint64), code


@intrinsic
def _widest_vectors(typing_context: Any) -> Any:
    """Ask for vectors as wide as the processor has: the compiler's own choice on some is half of that."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), code


@njit(inline="always")
def _philox(c0, c1, c2, c3, k0, k1):
    for _ in range(PHILOX_ROUNDS):
        low = _M0 * (c0 & _MASK)
        high = _M1 * (c2 & _MASK)
        c0 = ((high >> _S32) ^ c1 ^ k0) & _MASK
        c2 = ((low >> _S32) ^ c3 ^ k1) & _MASK
        c1 = high & _MASK
        c3 = low & _MASK
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@njit(inline="always")
def _one_to_two(high, low):
    return _float(_ONE_BITS | (high << _S20) | (low >> _S12))


@njit(inline="always")
def _negative_logarithm(x, halvings):
    shifted = _bits(x) + _OFFSET
    power = (TWO_52 + 1023.0 + halvings) - _float((shifted >> _S52) | _TWO_52_BITS)
    mantissa = _float((shifted & _MANTISSA) + _SQRT_HALF)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    p = LOGARITHM[0]
    for i in range(1, len(LOGARITHM)):
        p = p * z + LOGARITHM[i]
    tail = s * (z * p) - power * LN2_LOW
    return power * LN2_HIGH - (2.0 * s + tail)


@njit(inline="always")
def _exponential(x):
    rounded = x * INVERSE_LN2 + ROUND_TO_INTEGER
    power = rounded - ROUND_TO_INTEGER
    rest = (x - power * LN2_HIGH) - power * LN2_LOW
    p = EXPONENTIAL[0]
    for i in range(1, len(EXPONENTIAL)):
        p = p * rest + EXPONENTIAL[i]
    mantissa = 1.0 + (rest + rest * rest * p)
    return _float(_bits(mantissa) + (_bits(rounded) << _S52))


@njit(inline="always")
def _box_muller(a, b):
    u = _float(_TWO_52_BITS | (a << _S6) | (b >> _S26)) - (TWO_52 - 0.5)
    radius = math.sqrt(_negative_logarithm(u, 38.0))
    turns = (_float(_TWO_52_BITS | (((b << _ONE) | _ONE) & _ANGLE)) - (TWO_52 + 16777216.0)) * 2.0**-27
    z = turns * turns
    p = SINE[0]
    for i in range(1, len(SINE)):
        p = p * z + SINE[i]
    q = COSINE[0]
    for i in range(1, len(COSINE)):
        q = q * z + COSINE[i]
    sine = turns * (TAU + z * p)
    cosine = 1.0 + z * q
    return (
        _float(_bits(radius * (cosine - sine)) ^ ((b << _S39) & _SIGN)),
        _float(_bits(radius * (cosine + sine)) ^ ((b << _S38) & _SIGN)),
    )


@njit(inline="always")
def _fill_normals(k0, k1, run, step, word, quads, words, out):
    """Fill ``out[4 * quads, LANES]`` for the runs ``run`` to ``run + LANES - 1``; ``words`` is room.

    Words and normals take separate loops: together they need more registers than there are.
    """
    for quad in range(quads):
        lane = word + np.uint64(quad)
        for i in range(LANES):
            index = run + np.uint64(i)
            words[0, i], words[1, i], words[2, i], words[3, i] = _philox(
                step, lane, index & _MASK, index >> _S32, k0, k1
            )
        for i in range(LANES):
            out[4 * quad, i], out[4 * quad + 1, i] = _box_muller(words[0, i], words[1, i])
        for i in range(LANES):
            out[4 * quad + 2, i], out[4 * quad + 3, i] = _box_muller(words[2, i], words[3, i])


@njit(cache=True, nogil=True, error_model="numpy")
def normals(k0, k1, first_run, step, word, out):
    """Fill ``out[4 * quads, runs]`` with standard normals."""
    _widest_vectors()
    quads = out.shape[0] // 4
    runs = out.shape[1]
    words = np.empty((4, LANES), np.uint64)
    block = np.empty((4 * quads, LANES))
    for start in range(0, runs, LANES):
        _fill_normals(k0, k1, first_run + np.uint64(start), step, word, quads, words, block)
        width = min(LANES, runs - start)
        for row in range(4 * quads):
            for i in range(width):
                out[row, start + i] = block[row, i]


@njit(cache=True, nogil=True, error_model="numpy")
def uniforms(k0, k1, first_run, step, word, out):
    """Fill ``out[lanes, runs]`` with uniforms in [0, 1)."""
    _widest_vectors()
    for row in range(out.shape[0]):
        lane = word + np.uint64(row)
        for i in range(out.shape[1]):
            index = first_run + np.uint64(i)
            a, b, _, _ = _philox(step, lane, index & _MASK, index >> _S32, k0, k1)
            out[row, i] = _one_to_two(a, b) - 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def exponential(x, out):
    """Fill ``out`` with e**x, both flat."""
    _widest_vectors()
    for i in range(x.size):
        out[i] = _exponential(x[i])


@njit(cache=True, nogil=True, error_model="numpy")
def logarithm(x, out):
    """Fill ``out`` with ln(x), both flat."""
    _widest_vectors()
    for i in range(x.size):
        out[i] = 0.0 - _negative_logarithm(x[i], 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def jump_diffusion(
    k0, k1, first_run, first_step, steps, drift, loading, cumulative, factors, jump_mean, jump_loading,
    spot, logs, lowest, prices,
):  # fmt: skip
    """Advance log prices of ``logs[assets, runs]`` by ``steps`` and keep the lowest price in ``lowest``.

    Parameters
    ----------
    drift, loading
        Per step: ``[assets]`` and the lower triangle ``[assets, assets]``.
    cumulative
        ``[sources, counts]``: probability of at most n jumps in a step.
    factors, jump_mean, jump_loading
        ``[sources]``, ``[sources, assets]`` and ``[sources, assets, assets]``: one log size is the mean
        plus the loading of its first ``factors`` columns times as many normals.
    spot
        ``[assets]``: price where the log price is zero.
    prices
        ``[steps, assets, runs]``, filled; with no steps nothing is stored.
    """
    _widest_vectors()
    assets, runs = logs.shape
    quads = (assets + 3) // 4
    sources, counts = cumulative.shape
    store = prices.shape[0] > 0
    words = np.empty((4, LANES), np.uint64)
    normal = np.empty((4 * quads, LANES))
    change = np.empty((assets, LANES))
    drawn = np.empty(LANES)
    size = np.empty(4 * quads)
    x = np.empty((assets, LANES))
    low = np.empty((assets, LANES))
    for start in range(0, runs, LANES):
        run = first_run + np.uint64(start)
        width = min(LANES, runs - start)
        for i in range(assets):
            for lane in range(LANES):
                x[i, lane] = logs[i, start + min(lane, width - 1)]
                low[i, lane] = lowest[i, start + min(lane, width - 1)]
        for t in range(steps):
            step = np.uint64(first_step + t)
            _fill_normals(k0, k1, run, step, _PRICE, quads, words, normal)
            for i in range(assets):
                drift_of_asset = drift[i]
                for lane in range(LANES):
                    change[i, lane] = drift_of_asset
                j = 0
                while j + 7 <= i:
                    c0, c1, c2, c3 = loading[i, j], loading[i, j + 1], loading[i, j + 2], loading[i, j + 3]
                    c4, c5, c6, c7 = (
                        loading[i, j + 4],
                        loading[i, j + 5],
                        loading[i, j + 6],
                        loading[i, j + 7],
                    )
                    for lane in range(LANES):
                        total = change[i, lane] + c0 * normal[j, lane]
                        total = total + c1 * normal[j + 1, lane]
                        total = total + c2 * normal[j + 2, lane]
                        total = total + c3 * normal[j + 3, lane]
                        total = total + c4 * normal[j + 4, lane]
                        total = total + c5 * normal[j + 5, lane]
                        total = total + c6 * normal[j + 6, lane]
                        change[i, lane] = total + c7 * normal[j + 7, lane]
                    j += 8
                while j + 3 <= i:
                    c0 = loading[i, j]
                    c1 = loading[i, j + 1]
                    c2 = loading[i, j + 2]
                    c3 = loading[i, j + 3]
                    for lane in range(LANES):
                        change[i, lane] = (
                            ((change[i, lane] + c0 * normal[j, lane]) + c1 * normal[j + 1, lane])
                            + c2 * normal[j + 2, lane]
                        ) + c3 * normal[j + 3, lane]
                    j += 4
                while j <= i:
                    c0 = loading[i, j]
                    for lane in range(LANES):
                        change[i, lane] += c0 * normal[j, lane]
                    j += 1
            for source in range(sources):
                word = _JUMP_COUNT + np.uint64(source)
                for lane in range(LANES):
                    index = run + np.uint64(lane)
                    a, b, _, _ = _philox(step, word, index & _MASK, index >> _S32, k0, k1)
                    drawn[lane] = _one_to_two(a, b) - 1.0
                calm = cumulative[source, 0]
                word = _JUMP_SIZE + np.uint64(source) * _STRIDE
                for lane in range(LANES):
                    if drawn[lane] < calm:
                        continue
                    count = 0.0
                    for k in range(counts):
                        count += 1.0 if drawn[lane] >= cumulative[source, k] else 0.0
                    index = run + np.uint64(lane)
                    for quad in range((factors[source] + 3) // 4):
                        a, b, c, d = _philox(
                            step, word + np.uint64(quad), index & _MASK, index >> _S32, k0, k1
                        )
                        size[4 * quad], size[4 * quad + 1] = _box_muller(a, b)
                        size[4 * quad + 2], size[4 * quad + 3] = _box_muller(c, d)
                    for i in range(assets):
                        jump = 0.0
                        for j in range(factors[source]):
                            jump += jump_loading[source, i, j] * size[j]
                        change[i, lane] += count * jump_mean[source, i] + math.sqrt(count) * jump
            for i in range(assets):
                start_price = spot[i]
                for lane in range(LANES):
                    x[i, lane] += change[i, lane]
                    price = start_price * _exponential(x[i, lane])
                    change[i, lane] = price
                    low[i, lane] = min(low[i, lane], price)
                if store:
                    for lane in range(width):
                        prices[t, i, start + lane] = change[i, lane]
        for i in range(assets):
            for lane in range(width):
                logs[i, start + lane] = x[i, lane]
                lowest[i, start + lane] = low[i, lane]


class Kernels:
    """Arithmetic of markets in numba; see ``Arithmetic`` for what each method means."""

    name = "numba"

    def uniforms(
        self, key: tuple[int, int], runs: range, step: int, purpose: Purpose, lanes: int, first_lane: int = 0
    ) -> Floats:
        """Return uniforms in [0, 1) of 52 bits, shape (lanes, runs)."""
        purpose_word(purpose, first_lane + max(lanes, 1) - 1)
        out = np.empty((lanes, len(runs)))
        word = np.uint64(purpose_word(purpose, first_lane))
        uniforms(np.uint64(key[0]), np.uint64(key[1]), np.uint64(runs.start), np.uint64(step), word, out)
        return out

    def normals(
        self, key: tuple[int, int], runs: range, step: int, purpose: Purpose, count: int, first_lane: int = 0
    ) -> Floats:
        """Return standard normals, shape (count, runs)."""
        quads = (count + 3) // 4
        purpose_word(purpose, first_lane + max(quads, 1) - 1)
        out = np.empty((4 * quads, len(runs)))
        word = np.uint64(purpose_word(purpose, first_lane))
        normals(np.uint64(key[0]), np.uint64(key[1]), np.uint64(runs.start), np.uint64(step), word, out)
        return out[:count]

    def exponential(self, x: Floats) -> Floats:
        """Return e**x."""
        flat = np.ascontiguousarray(x)
        out = np.empty_like(flat)
        exponential(flat.reshape(-1), out.reshape(-1))
        return out

    def logarithm(self, x: Floats) -> Floats:
        """Return ln(x)."""
        flat = np.ascontiguousarray(x)
        out = np.empty_like(flat)
        logarithm(flat.reshape(-1), out.reshape(-1))
        return out
