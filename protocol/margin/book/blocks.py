"""Accounts in blocks of 64, each as wide as its widest account (the layout known as SELL-C-sigma).

One account after the other mispredicts the end of every account's positions; 64 accounts in step do not, and
the same position slot of 64 accounts is one contiguous vector. Sorted by number of positions, a million
accounts need 0.02 % of padding (idea: Kreutzer, Hager, Wellein, Fehske, Bishop, arXiv 1307.6209).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from protocol.margin.book.book import Book, positions_of
from protocol.margin.book.engine import aligned
from protocol.margin.book.linear import Coefficients
from protocol.margin.book.widths import WIDTH

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """A book by blocks.

    Parameters
    ----------
    order
        [blocks * 64] account number in each place, -1 for padding.
    balances
        [blocks, assets, 64].
    starts
        [blocks + 1]: slots ``starts[b]`` to ``starts[b + 1]`` are block b's.
    rows
        [slots, 64] coefficient row: the instrument, plus their number where the size is negative.
    sizes
        [slots, 64], zero for padding.
    costs
        [blocks, 64].
    """

    order: Wholes
    balances: Floats
    starts: Wholes
    rows: NDArray[Any]
    sizes: Floats
    costs: Floats

    @property
    def count(self) -> int:
        """Number of blocks."""
        return len(self.costs)

    @classmethod
    def of(cls, book: Book, accounts: Wholes | None = None) -> Blocks:
        """Return the blocks of a book sorted by number of positions, or of these accounts in this order."""
        if accounts is None:
            chosen = np.argsort(np.diff(book.starts), kind="stable")
        else:
            chosen = np.asarray(accounts, np.int64)
        counts = book.starts[chosen + 1] - book.starts[chosen]
        blocks = -(-len(chosen) // WIDTH)
        order = np.full(blocks * WIDTH, -1, dtype=np.int64)
        order[: len(chosen)] = chosen
        widths = np.zeros(blocks * WIDTH, dtype=np.int64)
        widths[: len(chosen)] = counts
        starts = np.concatenate(([0], np.cumsum(widths.reshape(blocks, WIDTH).max(axis=1, initial=0))))
        first = np.concatenate(([0], np.cumsum(counts)))
        at = positions_of(book.starts, chosen, counts, first)
        place = np.arange(len(chosen))
        target = np.repeat(starts[place // WIDTH] * WIDTH + place % WIDTH - WIDTH * first[:-1], counts)
        target += WIDTH * np.arange(len(at))
        kind = np.uint8 if 2 * book.instruments <= 256 else np.uint16
        rows = np.zeros(starts[-1] * WIDTH, dtype=kind)
        sizes = np.zeros(starts[-1] * WIDTH)
        held = book.sizes[at]
        sizes[target] = held
        rows[target] = book.held[at] + (held < 0) * np.array(book.instruments, dtype=kind)
        balances = np.zeros((blocks * WIDTH, book.assets))
        balances[: len(chosen)] = book.balances[chosen]
        costs = np.zeros(blocks * WIDTH)
        costs[: len(chosen)] = book.costs[chosen]
        return cls(
            order,
            aligned(balances.reshape(blocks, WIDTH, book.assets).transpose(0, 2, 1)),
            starts,
            aligned(rows.reshape(-1, WIDTH)),
            aligned(sizes.reshape(-1, WIDTH)),
            aligned(costs.reshape(blocks, WIDTH)),
        )

    @property
    def nbytes(self) -> int:
        """Bytes that one mark reads."""
        arrays = (self.balances, self.rows, self.sizes, self.costs)
        return sum(array.nbytes for array in arrays)


def block_sums(
    blocks: Blocks, coefficients: Coefficients, first: int, last: int, *, absolute: bool = False
) -> Floats:
    """Return [blocks, 64] sums of terms, or of absolute terms without costs: the readable form.

    Terms are added in the order cost, assets, positions; the compiled kernels keep it, hence the bits.
    """
    size = np.abs if absolute else np.asarray
    sums = np.zeros((last - first, WIDTH)) if absolute else 0.0 - blocks.costs[first:last]
    for asset in range(blocks.balances.shape[1]):
        amounts = blocks.balances[first:last, asset]
        each = np.where(amounts >= 0, coefficients.owned[asset], coefficients.owed[asset])
        sums += size(amounts * each)
    starts = blocks.starts[first : last + 1]
    widths = np.diff(starts)
    for slot in range(int(widths.max(initial=0))):
        wide = np.flatnonzero(widths > slot)
        at = starts[wide] + slot
        sums[wide] += size(blocks.sizes[at] * coefficients.positions[blocks.rows[at]])
    return sums
