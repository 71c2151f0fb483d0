"""The lower weighted median of many rows at once, with the source it came from.

The straight way sorts every row's indexes and accumulates weights in that order. The fast way packs each
quote into one 32-bit key (the quote's distance from a nearby price as a float32, its low nine bits replaced
by source and weight), sorts the keys, and takes cumulative weights by one matrix product. Packing keeps
order but may merge close quotes: a row whose answer shares its packed distance with a neighbour, and every
row with a missing quote, is done again the straight way. Both ways give the same source for every row.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Sources: TypeAlias = NDArray[np.intp]

SOURCE_BITS, WEIGHT_BITS = 5, 4
TAG_BITS = SOURCE_BITS + WEIGHT_BITS
MAXIMUM_SOURCES = 1 << SOURCE_BITS
MAXIMUM_WEIGHT = (1 << WEIGHT_BITS) - 1
BLOCK_ROWS = 1024
MARGIN = 1 / 128
NO_SOURCE = -1


def weighted_median_straight(prices: Floats, weights: NDArray[np.float64]) -> Sources:
    """Return the source of every row's lower weighted median by argsort.

    Parameters
    ----------
    prices
        [rows, sources]; NaN is a missing quote and takes its weight with it.
    weights
        [sources], not negative.

    Returns
    -------
    array of int
        The source at which the cumulative weight first reaches half, equal quotes in source order; -1 where
        no quote with weight is there.
    """
    order = np.argsort(prices, axis=1, kind="stable")
    present = np.where(np.isnan(prices), 0.0, weights)
    cumulative = np.cumsum(np.take_along_axis(present, order, axis=1), axis=1)
    total = cumulative[:, -1:]
    # A leading source of no weight must not win a row of no weight.
    place = np.argmax(2 * cumulative >= total, axis=1)
    found: Sources = np.take_along_axis(order, place[:, None], axis=1)[:, 0]
    return np.where(total[:, 0] > 0, found, NO_SOURCE)


def weighted_median(prices: Floats, weights: NDArray[np.float64]) -> tuple[Floats, Sources]:
    """Return every row's lower weighted median and its source.

    Parameters
    ----------
    prices
        [..., sources]; NaN is a missing quote.
    weights
        [sources]; the fast way needs at most 32 sources and whole weights up to 15, others go the straight
        way.

    Returns
    -------
    tuple
        Values (NaN where nothing with weight answered) and sources (-1 there), both [...].
    """
    shape = prices.shape[:-1]
    rows = np.ascontiguousarray(prices, dtype=np.float64).reshape(-1, prices.shape[-1])
    weights = np.asarray(weights, dtype=np.float64)
    if _packs(rows.shape[1], weights):
        sources = _Packed(weights).sources(rows)
    else:
        sources = weighted_median_straight(rows, weights)
    values = np.take_along_axis(rows, np.maximum(sources, 0)[:, None], axis=1)[:, 0]
    values = np.where(sources == NO_SOURCE, np.nan, values)
    return values.reshape(shape), sources.reshape(shape)


def _packs(count: int, weights: NDArray[np.float64]) -> bool:
    whole = bool(np.all(weights == np.floor(weights)) and np.all(weights >= 0))
    return 3 <= count <= MAXIMUM_SOURCES and whole and weights.sum() > 0 and weights.max() <= MAXIMUM_WEIGHT


class _Packed:
    """The fast way's buffers for one set of weights."""

    def __init__(self, weights: NDArray[np.float64]) -> None:
        count = len(weights)
        self.weights = weights
        self.half = np.float32(weights.sum() / 2)
        tags = (np.arange(count, dtype=np.int32) << WEIGHT_BITS) | weights.astype(np.int32)
        self.tags = np.tile(tags, BLOCK_ROWS)
        self.until = np.triu(np.ones((count, count), np.float32))
        self.distance = np.empty((BLOCK_ROWS, count))
        # One more element than the block, so that the last row may look one key further.
        self.keys = np.zeros(BLOCK_ROWS * count + 1, np.float32)
        self.integers = np.empty(BLOCK_ROWS * count, np.int32)
        self.floats = np.empty((BLOCK_ROWS, count), np.float32)
        self.cumulative = np.empty((BLOCK_ROWS, count), np.float32)
        self.below = np.empty((BLOCK_ROWS, count), np.bool_)
        self.starts = np.arange(BLOCK_ROWS) * count

    def sources(self, rows: Floats) -> Sources:
        """Return the source of every row."""
        found = np.empty(len(rows), np.intp)
        again: list[Sources] = []
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(rows), BLOCK_ROWS):
                block = rows[start : start + BLOCK_ROWS]
                found[start : start + len(block)], unsure = self._block(block)
                if unsure.any():
                    again.append(start + np.flatnonzero(unsure))
        if again:
            which = np.concatenate(again)
            found[which] = weighted_median_straight(rows[which], self.weights)
        return found

    def _block(self, block: Floats) -> tuple[Sources, NDArray[np.bool_]]:
        size, count = block.shape
        cells = size * count
        one, two, three = block[:, 0], block[:, 1], block[:, 2]
        near = np.maximum(np.minimum(one, two), np.minimum(np.maximum(one, two), three))
        near -= np.abs(near) * MARGIN
        distance = np.subtract(block, near[:, None], out=self.distance[:size])
        # Positive float32 bits order like integers; the answer's distance is checked to be positive below.
        flat = self.keys[:cells]
        np.copyto(flat, distance.reshape(-1), casting="same_kind")
        whole = self.keys.view(np.int32)
        keys = whole[:cells]
        np.bitwise_and(keys, -(1 << TAG_BITS), out=keys)
        np.bitwise_or(keys, self.tags[:cells], out=keys)
        keys.reshape(size, count).sort(axis=1)
        integers = np.bitwise_and(keys, MAXIMUM_WEIGHT, out=self.integers[:cells])
        floats = self.floats[:size]
        np.copyto(floats.reshape(-1), integers, casting="same_kind")
        cumulative = np.matmul(floats, self.until, out=self.cumulative[:size])
        below = np.less(cumulative, self.half, out=self.below[:size])
        place = below.argmin(axis=1)
        at = self.starts[:size] + place
        key = whole[at]
        packed = key >> TAG_BITS
        unsure = (whole[at - 1] >> TAG_BITS == packed) & (place > 0)
        unsure |= (whole[at + 1] >> TAG_BITS == packed) & (place < count - 1)
        unsure |= packed <= 0
        if not np.isfinite(block.sum()):
            unsure |= ~np.isfinite(block).all(axis=1)
        return ((key >> WEIGHT_BITS) & (MAXIMUM_SOURCES - 1)).astype(np.intp), unsure
