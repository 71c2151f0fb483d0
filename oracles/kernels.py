"""The compiled form of the weighted median: a sorting network over 64 rows at a time.

Importing this module imports numba (extra ``fast``); only ``weighted_median`` does, and only when asked. A
key is the quote with its lowest bits replaced by source and weight, still a float64, so one branch-free
network of minima and maxima sorts and carries provenance. Quotes that differ only in the replaced bits may
come out in the wrong order: such rows, and rows with a missing quote, are reported for the straight way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

LANES = 64
VECTOR_LANES = 8
WEIGHT_BITS, SOURCE_BITS = 4, 5
WEIGHT_MASK = (1 << WEIGHT_BITS) - 1
SOURCE_MASK = (1 << SOURCE_BITS) - 1
TAG_BITS = WEIGHT_BITS + SOURCE_BITS
TAG_MASK = (1 << TAG_BITS) - 1
jit: Callable[..., Any] = njit(cache=True, nogil=True, error_model="numpy")


def _order_rows(typing: Any, keys: Any, low: Any, high: Any) -> Any:
    """Put the smaller of two rows' keys into row ``low`` and the larger into row ``high``, lane by lane.

    Written as vectors because the compiler cannot know that the rows differ and would go lane by lane.
    """
    del typing
    signature = types.void(keys, low, high)
    vector = ir.VectorType(ir.DoubleType(), VECTOR_LANES)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        make_array: Any = arrayobj.make_array
        data = make_array(signature.args[0])(context, builder, arguments[0]).data
        rows = [builder.mul(row, ir.Constant(row.type, LANES)) for row in arguments[1:]]
        for start in range(0, LANES, VECTOR_LANES):
            places = [
                builder.bitcast(
                    builder.gep(data, [builder.add(row, ir.Constant(row.type, start))]), vector.as_pointer()
                )
                for row in rows
            ]
            one, other = (builder.load(place, align=8) for place in places)
            less = builder.fcmp_ordered("<", one, other)
            builder.store(builder.select(less, one, other), places[0], align=8)
            builder.store(builder.select(less, other, one), places[1], align=8)
        return context.get_dummy_value()

    return signature, generate


order_rows: Callable[..., None] = intrinsic(_order_rows)


@cache
def network(count: int) -> NDArray[np.int64]:
    """Return Batcher's odd-even merge network for ``count`` inputs as [comparator, 2]."""
    pairs: list[tuple[int, int]] = []
    size = 1
    while size < count:
        gap = size
        while gap >= 1:
            for start in range(gap % size, count - gap, 2 * gap):
                for k in range(min(gap, count - start - gap)):
                    if (start + k) // (2 * size) == (start + k + gap) // (2 * size):
                        pairs.append((start + k, start + k + gap))
            gap //= 2
        size *= 2
    return np.array(pairs, np.int64).reshape(-1, 2)


@jit
def median_sources(
    bits: NDArray[np.int64],
    tags: NDArray[np.int64],
    pairs: NDArray[np.int64],
    found: NDArray[np.int64],
    unsure: NDArray[np.bool_],
) -> None:
    """Write each row's median source, and whether the row must be done again.

    Parameters
    ----------
    bits
        [rows, sources]: the quotes' float64 bits as integers.
    tags
        [sources]: source << WEIGHT_BITS | weight, weights up to 15.
    pairs
        ``network(sources)``.
    found, unsure
        [rows], written.
    """
    rows, count = bits.shape
    keys = np.zeros((count, LANES), np.int64)
    quotes = keys.view(np.float64)
    reached = np.empty(LANES, np.int64)
    answer = np.empty(LANES, np.int64)
    total = np.int64(0)
    for s in range(count):
        total += tags[s] & WEIGHT_MASK
    infinite = np.int64(0x7FF0000000000000)
    for first in range(0, rows, LANES):
        lanes = min(LANES, rows - first)
        missing = np.int64(0)
        for lane in range(lanes):
            for s in range(count):
                raw = bits[first + lane, s]
                keys[s, lane] = (raw & ~np.int64(TAG_MASK)) | tags[s]
                missing |= np.int64((raw & infinite) == infinite)
        for c in range(pairs.shape[0]):
            order_rows(quotes, pairs[c, 0], pairs[c, 1])
        for lane in range(LANES):
            reached[lane] = 0
            answer[lane] = 0
        for s in range(count):
            for lane in range(LANES):
                # Below half before this key: the answer is this key or a later one.
                before = 2 * reached[lane] < total
                answer[lane] = s if before else answer[lane]
                reached[lane] += keys[s, lane] & WEIGHT_MASK
        for lane in range(lanes):
            place = answer[lane]
            key = keys[place, lane]
            packed = key >> TAG_BITS
            doubtful = missing != 0
            if place > 0:
                doubtful |= keys[place - 1, lane] >> TAG_BITS == packed
            if place < count - 1:
                doubtful |= keys[place + 1, lane] >> TAG_BITS == packed
            found[first + lane] = (key >> WEIGHT_BITS) & SOURCE_MASK
            unsure[first + lane] = doubtful
