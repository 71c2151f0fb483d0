"""The readable form of what the kernels do: Philox numbers, normals and exp over arrays of paths.

This is also what runs where the extra ``fast`` is not installed; both give the same bytes.
"""

from __future__ import annotations

import numpy as np

from scenarios.markets import elementary
from scenarios.markets.elementary import Bits, Floats
from scenarios.markets.normals import box_muller
from scenarios.seeds import PHILOX_MULTIPLIERS, PHILOX_ROUNDS, PHILOX_WEYL, Purpose, purpose_word

_MASK = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


class Reference:
    """Arithmetic of markets in numpy; see ``Arithmetic`` for what each method means."""

    name = "numpy"

    def uniforms(
        self, key: tuple[int, int], runs: range, step: int, purpose: Purpose, lanes: int, first_lane: int = 0
    ) -> Floats:
        """Return uniforms in [0, 1) of 52 bits, shape (lanes, runs)."""
        words = philox_words(key, runs, step, purpose, lanes, first_lane)
        return _one_to_two(words[0], words[1]) - 1.0

    def normals(
        self, key: tuple[int, int], runs: range, step: int, purpose: Purpose, count: int, first_lane: int = 0
    ) -> Floats:
        """Return standard normals, shape (count, runs); a lane gives four of them."""
        lanes = (count + 3) // 4
        words = philox_words(key, runs, step, purpose, lanes, first_lane)
        values = np.empty((4 * lanes, len(runs)))
        values[0::4], values[1::4] = box_muller(words[0], words[1])
        values[2::4], values[3::4] = box_muller(words[2], words[3])
        return values[:count]

    def exponential(self, x: Floats) -> Floats:
        """Return e**x."""
        return elementary.exponential(x)

    def logarithm(self, x: Floats) -> Floats:
        """Return ln(x)."""
        return elementary.logarithm(x)


def philox_words(
    key: tuple[int, int], runs: range, step: int, purpose: Purpose, lanes: int, first_lane: int = 0
) -> tuple[Bits, Bits, Bits, Bits]:
    """Return the four words at every (lane, run) of a step, as unsigned 64-bit arrays (lanes, runs)."""
    purpose_word(purpose, first_lane + lanes - 1 if lanes else first_lane)
    index = np.arange(runs.start, runs.stop, dtype=np.uint64)
    shape = (lanes, len(runs))
    c0 = np.full(shape, step, np.uint64)
    lane = np.arange(first_lane, first_lane + lanes, dtype=np.uint64)
    c1 = np.broadcast_to((lane | np.uint64(purpose_word(purpose)))[:, None], shape)
    c2 = np.broadcast_to(index & _MASK, shape)
    c3 = np.broadcast_to(index >> _32, shape)
    k0, k1 = key
    for _ in range(PHILOX_ROUNDS):
        low = np.uint64(PHILOX_MULTIPLIERS[0]) * c0
        high = np.uint64(PHILOX_MULTIPLIERS[1]) * c2
        c0, c1, c2, c3 = (
            (high >> _32) ^ c1 ^ np.uint64(k0),
            high & _MASK,
            (low >> _32) ^ c3 ^ np.uint64(k1),
            low & _MASK,
        )
        k0 = (k0 + PHILOX_WEYL[0]) & 0xFFFFFFFF
        k1 = (k1 + PHILOX_WEYL[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


def _one_to_two(high: Bits, low: Bits) -> Floats:
    """Return 1 + a 52-bit fraction made of the 32 bits of ``high`` and the upper 20 of ``low``."""
    bits = np.uint64(elementary.ONE_BITS) | (high << np.uint64(20)) | (low >> np.uint64(12))
    return bits.view(np.float64)
