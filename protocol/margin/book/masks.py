"""Sets of accounts as one bit per place of a block: what a mark answers, and who is still open."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from protocol.margin.book.blocks import Blocks
from protocol.margin.book.engine import kernels
from protocol.margin.book.widths import WIDTH

Masks: TypeAlias = NDArray[np.uint64]
Wholes: TypeAlias = NDArray[np.int64]


def packed(flags: NDArray[np.bool_]) -> Masks:
    """Return flags [blocks, 64] as one integer a block, the first place in the lowest bit."""
    return np.packbits(flags, axis=1, bitorder="little").view("<u8").reshape(-1).astype(np.uint64)


def unpacked(masks: Masks) -> NDArray[np.bool_]:
    """Return flags [blocks, 64] of masks."""
    bits = np.unpackbits(masks.astype("<u8").view(np.uint8), bitorder="little")
    return bits.view(np.bool_).reshape(-1, WIDTH)


def members(blocks: Blocks, masks: Masks, *, fast: bool | None = None) -> Wholes:
    """Return the accounts whose bits are set, in the order of the blocks."""
    compiled = kernels(fast)
    if compiled:
        found = np.empty(int(np.bitwise_count(masks).sum()), dtype=np.int64)
        return found[: compiled.members(masks, blocks.order, found)]
    some = np.flatnonzero(masks)
    place = np.flatnonzero(unpacked(masks[some]))
    accounts = blocks.order[some[place // WIDTH] * WIDTH + place % WIDTH]
    return np.asarray(accounts[accounts >= 0])


def occupied(blocks: Blocks) -> Masks:
    """Return masks of the places that are no padding."""
    return packed(blocks.order.reshape(-1, WIDTH) >= 0)


def clear(masks: Masks, places: NDArray[np.integer]) -> None:
    """Take places, numbered through all blocks, out of masks."""
    if 4 * len(places) < len(masks):  # so few that one by one is faster
        bits = np.left_shift(np.uint64(1), (places % WIDTH).astype(np.uint64))
        np.bitwise_and.at(masks, places // WIDTH, ~bits)
        return
    flags = np.zeros((len(masks), WIDTH), dtype=np.bool_)
    flags.reshape(-1)[places] = True
    masks &= ~packed(flags)
