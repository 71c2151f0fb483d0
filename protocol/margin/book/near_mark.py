"""A full mark that remembers every excess: after a small step few accounts need another mark.

Let the full mark at prices p find an account's float64 excess e, and let G be at least the sum of its
absolute terms there plus |cost|. When every price has moved by at most the share d since, each term has
changed by at most d times itself, so the exact excess has fallen by at most d * G. With the bound b of
``decision`` for its block, e is within b of the exact excess, and the float64 excess at the new prices, where
G is at most twice as large while d <= 1, within 2 * b of its own. So while d <= 1 an account with

    e >= d * G + 4 * b

cannot have a float64 excess below zero. e and G are kept as float32, G rounded up, and the right side is
computed in float32 and lengthened by 1e-6 of itself, five times what all these roundings can take; b is at
least 1e-17, far more than what can be lost below float32's smallest numbers. Parts of eight accounts are
marked again if an open one does not pass, which those that failed and are still open never do. d, which is
always counted from p, is lengthened by 1e-9 of itself and 1e-12 for its own rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from protocol.margin.book.blocks import Blocks, block_sums
from protocol.margin.book.engine import in_ranges, kernels
from protocol.margin.book.judges import WholeJudge
from protocol.margin.book.linear import Coefficients
from protocol.margin.book.masks import Masks, members, packed, unpacked
from protocol.margin.book.price_moves import moved
from protocol.margin.book.widths import PARTS, WIDTH

Floats: TypeAlias = NDArray[np.float64]
Shorts: TypeAlias = NDArray[np.float32]
Bytes: TypeAlias = NDArray[np.uint8]
Wholes: TypeAlias = NDArray[np.int64]

STRETCH_OF_SHORTS = np.float32(1 + 1e-6)
MOST_PARTS = 0.3
"""Share of all parts from which on marking everybody in one stream is as fast (measured)."""
FURTHEST = 0.1
"""Move from which on it is not even asked how many parts must be marked."""


@dataclass(slots=True, eq=False)
class NearJudge(WholeJudge):
    """Marks everybody who is open, or after a small step only eights with somebody near failing."""

    _base: Floats | None = field(init=False, default=None)
    _excess: Shorts = field(init=False)
    _growth: float = field(init=False)
    _doubt: Shorts = field(init=False)

    def failing(self, prices: Floats, count: int) -> Wholes:
        """Return who fails, by rising number; ``count`` is that of all accounts."""
        marker, blocks, now = self.marker, self.marker.blocks, self.fold(prices)
        parts, chosen = self._near(prices)
        if parts <= MOST_PARTS * PARTS * blocks.count:
            self.looked_at += parts * (WIDTH // PARTS)
            negative = below_in_parts(blocks, now, self._open, chosen, fast=marker.fast)
        else:
            self.looked_at += count
            if self._base is None:  # lists that never need it cost nothing
                self._excess = np.empty((blocks.count, WIDTH), dtype=np.float32)
            negative = below_and_excess(blocks, now, self._excess, fast=marker.fast, workers=marker.workers)
            self._base, self._growth = prices.copy(), marker.growth(now)
            doubt = 4.0 * marker.doubt(now)
            self._doubt = np.nextafter(doubt.astype(np.float32), np.float32(np.inf))
        negative &= self._open
        self._found = negative
        return np.sort(members(blocks, negative, fast=marker.fast))

    def _near(self, prices: Floats) -> tuple[int, Bytes]:
        """Return how many parts must be marked, and which: [blocks] a bit each."""
        chosen = np.empty(self.marker.blocks.count, dtype=np.uint8)
        move = np.inf if self._base is None else moved(self._base, prices)
        if move > FURTHEST:
            return PARTS * len(chosen), chosen
        step = np.nextafter(np.float32(move * self._growth), np.float32(np.inf))
        compiled = kernels(self.marker.fast)
        gross = self.marker.gross
        if compiled:
            count = compiled.near_parts(
                self._excess, gross, self._doubt, step, STRETCH_OF_SHORTS, self._open, chosen
            )
            return int(count), chosen
        least = (step * gross + self._doubt[:, None]) * STRETCH_OF_SHORTS
        near = unpacked(self._open) & ~(self._excess >= least)
        parts = near.reshape(-1, PARTS, WIDTH // PARTS).any(axis=2)
        chosen[:] = np.packbits(parts, axis=1, bitorder="little")[:, 0]
        return int(parts.sum()), chosen


def below_and_excess(
    blocks: Blocks, coefficients: Coefficients, excess: Shorts, *, fast: bool | None = None, workers: int = 1
) -> Masks:
    """Return [blocks] masks of accounts below zero; write every excess into ``excess`` [blocks, 64]."""
    negative = np.empty(blocks.count, np.uint64)
    compiled = kernels(fast)
    c = coefficients

    def run(first: int, last: int) -> None:
        if compiled:
            compiled.decide_excess(
                blocks.balances, blocks.starts, blocks.rows, blocks.sizes, blocks.costs,
                c.owned, c.owed, c.positions, negative, excess, first, last,
            )  # fmt: skip
            return
        sums = block_sums(blocks, c, first, last)
        negative[first:last] = packed(sums < 0)
        with np.errstate(over="ignore"):
            excess[first:last] = sums

    in_ranges(run, blocks.count, workers, least=1024)
    return negative


def below_in_parts(
    blocks: Blocks, coefficients: Coefficients, is_open: Masks, chosen: Bytes, *, fast: bool | None = None
) -> Masks:
    """Return [blocks] masks of open accounts below zero in the parts whose bits are set in ``chosen``."""
    negative = np.zeros(blocks.count, np.uint64)
    compiled = kernels(fast)
    c = coefficients
    if compiled:
        compiled.decide_parts(
            blocks.balances, blocks.starts, blocks.rows, blocks.sizes, blocks.costs,
            c.owned, c.owed, c.positions, is_open, chosen, negative,
        )  # fmt: skip
        return negative
    flags = np.unpackbits(chosen[:, None], axis=1, bitorder="little").view(np.bool_)
    for block in np.flatnonzero(chosen).tolist():
        below = block_sums(blocks, c, block, block + 1) < 0
        negative[block] = packed(below & np.repeat(flags[block], WIDTH // PARTS))[0]
    return negative & is_open
