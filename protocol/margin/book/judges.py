"""Who of a whole book, or of a list of accounts near failing, fails at the next prices.

**Lists look at blocks only when they must.** Let h be an account's excess at the prices of the list, less
four times the bound of ``decision``, and e_j its term in price j there. A block of 64 keeps per price the
largest share of h that a move by the whole price would take, ``reach[j] = max |e_j| / h``, and of all prices
moving together, ``widest = max sum_j |e_j| / h``. When a block is looked at, it keeps the smallest share of h
that is left to an account, ``left = min (excess - slack) / h``, and remembers the prices. Later, with d_j the
change of price j since then over the price of the list, no account of the block can have failed while

    min(sum_j reach[j] * d_j, widest * max_j d_j) < left

because each term has changed by |e_j| * d_j. So a block whose accounts do not hold what moves is passed over,
and so is one that was looked at a moment ago and is not near failing; several steps of a cascade, each small
beside the shock, look at few accounts between them. Accounts that failed when they were looked at, and those
with h <= 0, are looked at every time while they are open.

**Parts.** ``left``, ``reach`` and ``widest`` are also kept for each eight accounts of a block (``reach`` as
float32, rounded up), and only those that may have failed are looked at. What the prices have taken from the
others, the minimum above, is subtracted from their ``left``, which is first shortened by 1e-9 of itself:
changes of prices add up at most, so the proof holds from step to step.

**Rounding.** d_j is lengthened by 1e-9 of itself and, unless zero, by 1e-12; the other quantities are within
1e-14 of themselves. The slack covers the rounding of three marks at prices up to twice those of the list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from protocol.margin.book.blocks import Blocks, block_sums
from protocol.margin.book.book import Book
from protocol.margin.book.decision import Marker, bound, signs, totals
from protocol.margin.book.engine import kernels
from protocol.margin.book.linear import Coefficients
from protocol.margin.book.masks import Masks, clear, members, occupied, packed, unpacked
from protocol.margin.book.price_moves import ABSOLUTE, RELATIVE
from protocol.margin.book.widths import MOST_PARTS, PARTS, WIDTH

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]
Fold: TypeAlias = Callable[[Floats], Coefficients]

STRETCH = np.array([1.0 + RELATIVE, ABSOLUTE, 1.0 - RELATIVE])
WINDOW = 512
"""Accounts of a list that are sorted by number of positions among themselves."""
PLACE = (1 << 32) - 1
"""Bits of a key that are a place; those above are the account."""
REMEMBERED = 32
"""Prices at which blocks were looked at; those of the list are one of them."""


@dataclass(slots=True, eq=False)
class WholeJudge:
    """Marks everybody who is still open; places are account numbers.

    Parameters
    ----------
    marker
        The book.
    fold
        Prices into coefficients.
    """

    marker: Marker
    fold: Fold
    looked_at: int = field(init=False, default=0)
    _open: Masks = field(init=False)
    _found: Masks = field(init=False)
    _slots: NDArray[np.int32] = field(init=False)
    _certain: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._certain = np.zeros(self.marker.blocks.count)
        self._open, self._slots = self.marker.occupied.copy(), self.marker.slots

    def failing(self, prices: Floats, count: int) -> Wholes:
        """Return who fails, by rising number; ``count`` is that of all accounts."""
        marker, blocks = self.marker, self.marker.blocks
        negative, _ = signs(
            blocks, self.fold(prices), self._certain, fast=marker.fast, workers=marker.workers
        )
        negative &= self._open
        self._found = negative
        self.looked_at += count
        return np.sort(members(blocks, negative, fast=marker.fast))

    def at_hand(self, book: Book) -> tuple[Blocks, Wholes] | None:
        """Return nothing: the positions of those found lie no nearer than in the book."""
        return None

    def drop(self, accounts: Wholes) -> None:
        """Never again return these accounts."""
        clear(self._open, self._slots[accounts])

    def drop_found(self) -> None:
        """Never again return the accounts of the last answer."""
        self._open &= ~self._found


@dataclass(slots=True, eq=False)
class ListJudge:
    """Marks a list of accounts, sorted by safe radius, block by block where a block may have failed.

    Parameters
    ----------
    book
        All accounts.
    accounts
        The list; within windows of it accounts are sorted by number of positions.
    prices
        Of the list: assets, then marks.
    still
        Flags of the prices that never move.
    fold
        Prices into coefficients.
    fast
        As in ``engine.kernels``.
    """

    book: Book
    accounts: Wholes
    prices: Floats
    still: NDArray[np.bool_]
    fold: Fold
    fast: bool | None = None
    looked_at: int = field(init=False, default=0)
    _blocks: Blocks = field(init=False)
    _slots: Wholes = field(init=False)
    _open: Masks = field(init=False)
    _failed: Masks = field(init=False)
    _failed_first: Masks = field(init=False)
    _share: Floats = field(init=False)
    _slack: Floats = field(init=False)
    _reach: Floats = field(init=False)
    _widest: Floats = field(init=False)
    _part_reach: NDArray[np.float32] = field(init=False)
    _part_widest: Floats = field(init=False)
    _left: Floats = field(init=False)
    _nearest: Floats = field(init=False)
    _when: NDArray[np.int64] = field(init=False)
    _seen: Floats = field(init=False)
    _per_price: Floats = field(init=False)
    _turn: int = field(init=False, default=1)
    _keys: Wholes = field(init=False)
    _places: Wholes = field(init=False)
    _found: Masks = field(init=False)

    def __post_init__(self) -> None:
        places = np.arange(len(self.accounts))
        counts = self.book.starts[self.accounts + 1] - self.book.starts[self.accounts]
        order = np.lexsort((counts, places // WINDOW))
        self._slots = np.empty_like(places)
        self._slots[order] = places
        blocks = self._blocks = Blocks.of(self.book, self.accounts[order])
        self._open = occupied(blocks)
        self._keys = np.empty(len(blocks.order), dtype=np.int64)
        moving = self.fold(np.where(self.still, 0.0, self.prices))
        sums, gross = totals(blocks, self.fold(self.prices), fast=self.fast)
        _, exposed = totals(blocks, moving, fast=self.fast)
        most = (gross + np.abs(blocks.costs)).max(axis=1, initial=0.0)
        self._slack = 4.0 * bound(blocks, most)
        health = sums - self._slack[:, None]
        self._share = np.divide(1.0, health, out=np.zeros_like(health), where=health > 0)
        self._failed_first = packed(health <= 0)
        self._failed = self._failed_first.copy()
        of_parts = (exposed * self._share).reshape(blocks.count, PARTS, WIDTH // PARTS)
        self._part_widest = of_parts.max(axis=2, initial=0.0)
        self._widest = self._part_widest.max(axis=1, initial=0.0)
        reach = reach_of_parts(blocks, moving, self._share, fast=self.fast)
        self._part_reach = np.nextafter(reach.astype(np.float32), np.float32(np.inf))
        self._reach = reach.max(axis=2)
        self._left = np.ones((blocks.count, PARTS))
        self._nearest = np.ones(blocks.count)
        self._when = np.zeros(blocks.count, dtype=np.int64)
        self._seen = np.repeat(self.prices[None], REMEMBERED, axis=0)
        self._per_price = np.divide(1.0, self.prices, out=np.zeros_like(self.prices), where=self.prices > 0)

    def failing(self, prices: Floats, count: int) -> Wholes:
        """Return who fails among the first ``count`` of the list, and perhaps others, by rising number."""
        blocks, turn, now = self._blocks, self._turn, self.fold(prices)
        some = min(-(-count // WINDOW) * (WINDOW // WIDTH), blocks.count)
        self._seen[turn] = prices
        negative = np.empty(some, dtype=np.uint64)
        compiled = kernels(self.fast)
        look = compiled.look if compiled else _look
        looked, count = look(
            blocks.balances, blocks.starts, blocks.rows, blocks.sizes, blocks.costs,
            now.owned, now.owed, now.positions, prices, self._seen, self._per_price, STRETCH,
            self._reach, self._widest, self._part_reach, self._part_widest, self._share, self._slack,
            self._open, self._failed, self._failed_first, self._left, self._nearest, self._when, turn,
            negative, blocks.order, self._keys,
        )  # fmt: skip
        if looked:
            self._turn = turn % (REMEMBERED - 1) + 1
            self.looked_at += looked * (WIDTH // PARTS)
        self._found = negative
        keys = np.sort(self._keys[:count])
        self._places = keys & PLACE
        return keys >> 32

    def at_hand(self, book: Book) -> tuple[Blocks, Wholes] | None:
        """Return the blocks, just read, and the places of those found in them, by rising account."""
        return (self._blocks, self._places) if self.book is book else None

    def drop(self, places: Wholes) -> None:
        """Never again return the accounts at these places of the list."""
        clear(self._open, self._slots[places])

    def drop_found(self) -> None:
        """Never again return the accounts of the last answer."""
        self._open[: len(self._found)] &= ~self._found


def _look(
    balances: Floats, starts: Wholes, rows: NDArray[Any], sizes: Floats, costs: Floats,
    owned: Floats, owed: Floats, table: Floats, prices: Floats, seen: Floats, per_price: Floats,
    stretch: Floats, reach: Floats, widest: Floats, part_reach: NDArray[np.float32], part_widest: Floats,
    share: Floats, slack: Floats, is_open: Masks, failed: Masks, failed_first: Masks, left: Floats,
    nearest: Floats, when: Wholes, turn: int, negative: Masks, order: Wholes, keys: Wholes,
) -> tuple[int, int]:  # fmt: skip
    """Look at the parts that may have failed; return how many, and who has: the readable form."""
    moves = np.abs(prices - seen) * per_price
    moves = np.where(moves > 0, moves * stretch[0] + stretch[1], 0.0)
    forgotten = when == turn  # back to what is known from the prices of the list
    when[forgotten], failed[forgotten] = 0, failed_first[forgotten]
    left[forgotten] = nearest[forgotten] = 1.0
    some = len(negative)
    last = when[:some]
    furthest = moves.max(axis=1)[last]
    by_price = np.zeros((4, some))
    for price in range(moves.shape[1]):
        by_price[price % 4] += reach[:some, price] * moves[last, price]
    by_price = (by_price[0] + by_price[1]) + (by_price[2] + by_price[3])
    spent = np.minimum(widest[:some] * furthest, by_price)
    again = failed[:some] & is_open[:some]
    negative[:] = 0
    chosen = np.flatnonzero((again != 0) | ~(spent < nearest[:some]))
    if not len(chosen):
        return 0, 0
    own = np.minimum(spent[chosen, None], part_widest[chosen] * furthest[chosen, None])
    by_part = np.zeros_like(own)
    for price in range(moves.shape[1]):
        by_part += part_reach[chosen, price].astype(np.float64) * moves[last[chosen], price, None]
    own = np.where(own < left[chosen], own, np.minimum(own, by_part))
    parts = unpacked(again[chosen]).reshape(-1, PARTS, WIDTH // PARTS).any(axis=2) | ~(own < left[chosen])
    parts[parts.sum(axis=1) > MOST_PARTS] = True
    seen_now = np.repeat(parts, WIDTH // PARTS, axis=1)
    part = Blocks(
        np.empty(0, np.int64), balances[chosen],
        np.concatenate(([0], np.cumsum(starts[chosen + 1] - starts[chosen]))),
        _slots_of(rows, starts, chosen), _slots_of(sizes, starts, chosen), costs[chosen],
    )  # fmt: skip
    sums = block_sums(part, Coefficients(owned, owed, table), 0, len(chosen))
    still = unpacked(is_open[chosen])
    below = still & (sums < 0) & seen_now
    rest = np.where(still & ~below, (sums - slack[chosen, None]) * share[chosen], np.inf)
    rest = rest.reshape(-1, PARTS, WIDTH // PARTS).min(axis=2)
    negative[chosen] = packed(below)
    failed[chosen] = (failed[chosen] & ~packed(seen_now)) | negative[chosen]
    left[chosen] = np.where(parts, rest, left[chosen] * stretch[2] - own)
    nearest[chosen], when[chosen] = left[chosen].min(axis=1), turn
    found = (chosen[:, None] * WIDTH + np.arange(WIDTH))[below]
    keys[: len(found)] = (order[found] << 32) + found
    return int(parts.sum()), len(found)


def _slots_of(array: NDArray[Any], starts: Wholes, chosen: Wholes) -> NDArray[Any]:
    return np.concatenate([array[starts[block] : starts[block + 1]] for block in chosen])


def reach_of_parts(
    blocks: Blocks, moving: Coefficients, share: Floats, *, fast: bool | None = None
) -> Floats:
    """Return [blocks, prices, parts] the largest absolute term times ``share`` [blocks, 64].

    Further columns of nothing make the prices a multiple of four.
    """
    assets, instruments = blocks.balances.shape[1], len(moving.positions) // 2
    out = np.zeros((blocks.count, -(-(assets + instruments) // 4) * 4, PARTS))
    compiled = kernels(fast)
    if compiled:
        compiled.reach(
            blocks.balances, blocks.starts, blocks.rows, blocks.sizes,
            moving.owned, moving.owed, moving.positions, share, out,
        )  # fmt: skip
        return out
    for asset in range(assets):
        amounts = blocks.balances[:, asset]
        each = np.where(amounts >= 0, moving.owned[asset], moving.owed[asset])
        terms = (np.abs(amounts * each) * share).reshape(-1, PARTS, WIDTH // PARTS)
        out[:, asset] = terms.max(axis=2, initial=0.0)
    widths = np.diff(blocks.starts)
    for slot in range(int(widths.max(initial=0))):
        wide = np.flatnonzero(widths > slot)
        at = blocks.starts[wide] + slot
        terms = np.abs(blocks.sizes[at] * moving.positions[blocks.rows[at]]) * share[wide]
        column = assets + blocks.rows[at].astype(np.int64) % max(instruments, 1)
        np.maximum.at(out, (wide[:, None], column, np.arange(WIDTH) // (WIDTH // PARTS)), terms)
    return out
