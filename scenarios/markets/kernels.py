"""Numbers of places and elementary functions in numba: the operations of ``reference`` and ``elementary``.

Imported only where the extra ``fast`` is installed. No ``fastmath`` (it would contract and reorder), no
``parallel`` (threads come from the executor: every kernel releases the lock). Formulas are written on the
values of ``vectors``. Numba's cache on disk follows the file of a kernel alone: after an edit of ``vectors``,
``elementary`` or this file, touch the others that use it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

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
from scenarios.markets.vectors import (
    bits,
    count_from,
    element,
    floats,
    has_registers_of_512_bits,
    load,
    load_words,
    root,
    store,
    widest_vectors,
)
from scenarios.seeds import PHILOX_MULTIPLIERS, PHILOX_ROUNDS, PHILOX_WEYL, Purpose, purpose_word

LANES = 64
"""Paths of a block: what a step of sixteen assets needs stays in the first-level cache."""
LONG, WIDE, MIDDLE, NARROW = (64, 32, 16, 8) if has_registers_of_512_bits() else (16, 8, 8, 8)
"""Doubles in a vector: for exponentials, for Philox and products, for normals, and where few paths need work.

A processor looks about a hundred operations ahead. A chain of dependent ones keeps it busy if as many chains
stand beside it as registers hold; for normals a division and a root take the time, and two registers do.
"""

_M0, _M1 = (np.uint64(value) for value in PHILOX_MULTIPLIERS)
_W0, _W1 = (np.uint64(value) for value in PHILOX_WEYL)
_MASK, _SIGN, _ANGLE = np.uint64(0xFFFFFFFF), np.uint64(1 << 63), np.uint64(0x1FFFFFE)
_S1, _S12, _S26, _S32, _S38, _S39, _S52 = (np.uint64(n) for n in (1, 12, 26, 32, 38, 39, 52))
_ONE_BITS = np.uint64(elementary.ONE_BITS)
_TWO_52_BITS, _TWO_52_AND_ONE = np.uint64(elementary.TWO_52_BITS), np.uint64(elementary.TWO_52_BITS | 1)
_MANTISSA = np.uint64(elementary.MANTISSA_BITS)
_SQRT_HALF = np.uint64(elementary.SQRT_HALF_BITS)
_OFFSET = np.uint64(elementary.ONE_BITS - elementary.SQRT_HALF_BITS)

# Turns are counted in 2**-27: powers of two in the coefficients round nothing.
_SINE = [c * 2.0 ** (-54 * n - 27) for n, c in zip(range(len(SINE), -1, -1), (*SINE, TAU), strict=True)]
_COSINE = [c * 2.0 ** (-54 * n) for n, c in zip(range(len(COSINE), -1, -1), (*COSINE, 1.0), strict=True)]
TABLE = np.array([*EXPONENTIAL, *LOGARITHM, *_SINE, *_COSINE])
"""Coefficients of the series, read where they are used: registers are few, and the code's constants far."""
_E, _L, _S, _C, _END = (
    sum(len(series) for series in (EXPONENTIAL, LOGARITHM, _SINE, _COSINE)[:n]) for n in range(5)
)


@njit(inline="always")
def philox(step, lane, product, high, k0, k1):
    """Return the four words at a place, two and two in 64 bits; ``product`` is a vector of ``fill_products``.

    Upper halves are left dirty: a product takes the lower halves only. What is one number for all paths in
    the first two rounds stays a number.
    """
    low = _M0 * step
    c0, c1 = (product >> _S32) ^ (lane ^ k0), product
    c2, c3 = ((low >> _S32) ^ high ^ k1) & _MASK, low & _MASK
    k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    d3, number = _M0 * (c0 & _MASK), _M1 * c2
    d0, d1 = c1 ^ ((number >> _S32) ^ k0), number & _MASK
    d2 = (d3 >> _S32) ^ (c3 ^ k1)
    k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    e3, e1 = _M0 * (d0 & _MASK), _M1 * (d2 & _MASK)
    e0 = (e1 >> _S32) ^ (d1 ^ k0)
    e2 = (e3 >> _S32) ^ d3 ^ k1
    for _ in range(PHILOX_ROUNDS - 4):
        k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
        f3, f1 = _M0 * (e0 & _MASK), _M1 * (e2 & _MASK)
        e0 = (f1 >> _S32) ^ e1 ^ k0
        e2 = (f3 >> _S32) ^ e3 ^ k1
        e1, e3 = f1, f3
    k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    f3, f1 = _M0 * (e0 & _MASK), _M1 * (e2 & _MASK)
    return f1 ^ ((e1 ^ k0) << _S32), f3 ^ ((e3 ^ k1) << _S32)


@njit(inline="always")
def uniform_of(words):
    """Return uniforms in [0, 1): 32 bits are the first word, 20 the second's upper ones."""
    return floats(_ONE_BITS | (words >> _S12)) - 1.0


@njit(inline="always")
def _series(table, first, end, x):
    p = x * element(table, first) + element(table, first + 1)
    for i in range(first + 2, end):
        p = p * x + element(table, i)
    return p


@njit(inline="always")
def _negative_logarithm(table, x, halvings):
    shifted = bits(x) + _OFFSET
    power = (TWO_52 + 1023.0 + halvings) - floats((shifted >> _S52) | _TWO_52_BITS)
    mantissa = floats((shifted & _MANTISSA) + _SQRT_HALF)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    p = _series(table, _L, _S, z)
    tail = s * (z * p) - power * LN2_LOW
    return power * LN2_HIGH - (2.0 * s + tail)


@njit(inline="always")
def exponential_of(table, x):
    """Return e**x of a vector."""
    rounded = x * INVERSE_LN2 + ROUND_TO_INTEGER
    power = rounded - ROUND_TO_INTEGER
    rest = (x - power * LN2_HIGH) - power * LN2_LOW
    p = _series(table, _E, _L, rest)
    mantissa = 1.0 + (rest + rest * rest * p)
    return floats(bits(mantissa) + (bits(rounded) << _S52))


@njit(inline="always")
def _squared_radius(table, words):
    return _negative_logarithm(table, floats((words >> _S26) | _TWO_52_BITS) - (TWO_52 - 0.5), 38.0)


@njit(inline="always")
def _pair(table, words, square):
    """Return two normals of each two words and the square of their radius."""
    radius = root(square)
    turns = floats(((words << _S1) & _ANGLE) | _TWO_52_AND_ONE) - (TWO_52 + 16777216.0)
    z = turns * turns
    sine = turns * _series(table, _S, _C, z)
    cosine = _series(table, _C, _END, z)
    return (
        floats(bits(radius * (cosine - sine)) ^ ((words << _S39) & _SIGN)),
        floats(bits(radius * (cosine + sine)) ^ ((words << _S38) & _SIGN)),
    )


@njit(inline="always")
def box_muller(table, words):
    """Return two normals of each two words."""
    return _pair(table, words, _squared_radius(table, words))


@njit(inline="always")
def room(size):
    """Return a flat array that begins at a cache line: a vector across two lines costs twice."""
    whole = np.zeros(size + 8)
    skip = np.int64((np.uint64(8) - (np.uint64(whole.ctypes.data) >> np.uint64(3))) & np.uint64(7))
    return whole[skip : skip + size]


@njit(inline="always")
def fill_products(run, lanes, products):
    """Fill ``products`` with what the first round of Philox makes of each run's lower word."""
    for i in range(0, lanes, WIDE):
        store(products, i, _M1 * (count_from(run + np.uint64(i), WIDE) & _MASK))


@njit(inline="always")
def _store_pair(table, i, out, half):
    first, second = _pair(table, load_words(out, half + i, MIDDLE), load(out, i, MIDDLE))
    store(out, i, first)
    store(out, half + i, second)


@njit(inline="always")
def fill_normals(table, k0, k1, products, high, step, word, quads, lanes, out, half):
    """Fill ``out`` for ``lanes`` runs: normal j begins at ``j // 2 * lanes``, plus ``half`` if j is odd.

    The radius of a vector stands beside the angle of the one before: neither waits for the other, and the
    divider works while the rest is computed.
    """
    for quad in range(quads):
        lane = word + np.uint64(quad)
        for i in range(0, lanes, WIDE):
            first, second = philox(step, lane, load_words(products, i, WIDE), high, k0, k1)
            store(out, half + 2 * quad * lanes + i, first)
            store(out, half + 2 * quad * lanes + lanes + i, second)
    store(out, 0, _squared_radius(table, load_words(out, half, MIDDLE)))
    for i in range(MIDDLE, 2 * quads * lanes, MIDDLE):
        square = _squared_radius(table, load_words(out, half + i, MIDDLE))
        _store_pair(table, i - MIDDLE, out, half)
        store(out, i, square)
    _store_pair(table, 2 * quads * lanes - MIDDLE, out, half)


@njit(inline="always")
def block_at(first_run, start, runs):
    """Return the lower and upper word of the run at ``start``, its block's width, and the lanes computed."""
    run = first_run + np.uint64(start)
    left = min(LANES, runs - start)
    low = run & _MASK
    width = np.int64(min(np.uint64(left), _MASK - low + np.uint64(1)))  # the upper word is one for a block
    return low, run >> _S32, width, (width + WIDE - 1) // WIDE * WIDE


@njit(cache=True, nogil=True, error_model="numpy")
def normals(table, k0, k1, first_run, step, word, out):
    """Fill ``out[4 * quads, runs]`` with standard normals."""
    widest_vectors()
    quads = out.shape[0] // 4
    runs = out.shape[1]
    products = room(LANES)
    block = room(4 * quads * LANES)
    half = 2 * quads * LANES
    start = 0
    while start < runs:
        run, high, width, lanes = block_at(first_run, start, runs)
        fill_products(run, lanes, products)
        fill_normals(table, k0, k1, products, high, step, word, quads, lanes, block, half)
        for row in range(4 * quads):
            base = row // 2 * lanes + row % 2 * half
            for i in range(width):
                out[row, start + i] = block[base + i]
        start += width


@njit(cache=True, nogil=True, error_model="numpy")
def uniforms(k0, k1, first_run, step, word, out):
    """Fill ``out[lanes, runs]`` with uniforms in [0, 1)."""
    widest_vectors()
    runs = out.shape[1]
    cells = room(LANES)
    for row in range(out.shape[0]):
        lane = word + np.uint64(row)
        start = 0
        while start < runs:
            run, high, width, lanes = block_at(first_run, start, runs)
            fill_products(run, lanes, cells)
            for i in range(0, lanes, WIDE):
                words, _ = philox(step, lane, load_words(cells, i, WIDE), high, k0, k1)
                store(cells, i, uniform_of(words))
            for i in range(width):
                out[row, start + i] = cells[i]
            start += width


@njit(cache=True, nogil=True, error_model="numpy")
def exponential(table, x, out):
    """Fill ``out`` with e**x, both flat."""
    widest_vectors()
    whole = x.size // LONG * LONG
    for i in range(0, whole, LONG):
        store(out, i, exponential_of(table, load(x, i, LONG)))
    if whole < x.size:
        rest = np.zeros(LONG)
        rest[: x.size - whole] = x[whole:]
        store(rest, 0, exponential_of(table, load(rest, 0, LONG)))
        out[whole:] = rest[: x.size - whole]


@njit(cache=True, nogil=True, error_model="numpy")
def logarithm(table, x, out):
    """Fill ``out`` with ln(x), both flat."""
    widest_vectors()
    whole = x.size // WIDE * WIDE
    for i in range(0, whole, WIDE):
        store(out, i, 0.0 - _negative_logarithm(table, load(x, i, WIDE), 0.0))
    if whole < x.size:
        rest = np.ones(WIDE)
        rest[: x.size - whole] = x[whole:]
        store(rest, 0, 0.0 - _negative_logarithm(table, load(rest, 0, WIDE), 0.0))
        out[whole:] = rest[: x.size - whole]


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
        normals(
            TABLE, np.uint64(key[0]), np.uint64(key[1]), np.uint64(runs.start), np.uint64(step), word, out
        )
        return out[:count]

    def exponential(self, x: Floats) -> Floats:
        """Return e**x."""
        flat = np.ascontiguousarray(x, np.float64)
        out = np.empty_like(flat)
        exponential(TABLE, flat.reshape(-1), out.reshape(-1))
        return out

    def logarithm(self, x: Floats) -> Floats:
        """Return ln(x)."""
        flat = np.ascontiguousarray(x, np.float64)
        out = np.empty_like(flat)
        logarithm(TABLE, flat.reshape(-1), out.reshape(-1))
        return out
