"""Who fails at one mark, and a bound on what rounding can have done to the answer.

**Bound.** Let U = 2**-53 and G = the sum of the absolute terms of an account plus |cost|, n their number.
Each input (amount, price, weight, cost) is within U of its exact value, the coefficient takes two roundings
more, the product one and the n additions one each of at most the absolute sum so far. To first order the
computed excess is off by at most U * (n + 6) * G, and with n + 16 in place of n + 6 the higher orders and the
rounding of G itself are covered for every n below 2**40. The exact rule truncates twice per term at 10**-18
with weights of at most 16, which is at most 17 units: 1.7e-17 * n. So an account whose computed excess lies
further from zero than

    U * (n + 16) * G + 1.7e-17 * n

has the sign of its exact excess. G need not be read again at every mark: every term is a coefficient times a
fixed amount, so if no coefficient exceeds ``growth`` times its reference, G is at most ``growth`` times the G
of the reference. One number per block of 64 accounts, their greatest G, is kept. Large neighbours only widen
the bound: for 1e9 dollars it is 3e-6 dollars.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from protocol.margin.book.blocks import Blocks, block_sums
from protocol.margin.book.book import Book
from protocol.margin.book.engine import in_ranges, kernels
from protocol.margin.book.linear import Coefficients
from protocol.margin.book.masks import Masks, members, occupied, packed
from protocol.margin.book.widths import WIDTH

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]

ROUNDING = 2.0**-53
TRUNCATION = 1.7e-17


@dataclass(slots=True, eq=False)
class Marker:
    """Marks one book again and again.

    Parameters
    ----------
    book
        The accounts.
    fast
        True, False or None: see ``engine.kernels``.
    workers
        Threads.
    """

    book: Book
    fast: bool | None = None
    workers: int = 1
    blocks: Blocks = field(init=False)
    _slots: NDArray[np.int32] | None = field(init=False, default=None)
    _occupied: Masks | None = field(init=False, default=None)
    _reference: Coefficients | None = field(init=False, default=None)
    _gross: Floats = field(init=False)
    gross: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        self.blocks = Blocks.of(self.book)

    @property
    def slots(self) -> NDArray[np.int32]:
        """[accounts] place of each account in the blocks."""
        if self._slots is None:
            count = self.book.accounts
            self._slots = np.empty(count, dtype=np.int32)
            self._slots[self.blocks.order[:count]] = np.arange(count, dtype=np.int32)
        return self._slots

    @property
    def occupied(self) -> Masks:
        """[blocks] masks of the places that are no padding."""
        if self._occupied is None:
            self._occupied = occupied(self.blocks)
        return self._occupied

    def below_zero(self, coefficients: Coefficients) -> Wholes:
        """Return the accounts whose float64 excess is below zero, by rising number."""
        negative, _ = signs(
            self.blocks, coefficients, np.zeros(self.blocks.count), fast=self.fast, workers=self.workers
        )
        return np.sort(members(self.blocks, negative, fast=self.fast))

    def certainly(self, coefficients: Coefficients) -> tuple[Wholes, Wholes]:
        """Return the accounts whose exact excess is surely below zero, and those nobody can tell."""
        negative, unknown = signs(
            self.blocks, coefficients, self.doubt(coefficients), fast=self.fast, workers=self.workers
        )
        surely, perhaps = (members(self.blocks, masks, fast=self.fast) for masks in (negative, unknown))
        return np.sort(surely), np.sort(perhaps)

    def doubt(self, coefficients: Coefficients) -> Floats:
        """Return per block how far a computed excess may be from the exact one."""
        growth = self.growth(coefficients)
        return bound(self.blocks, growth * self._gross)

    def growth(self, coefficients: Coefficients) -> float:
        """Return how many times ``gross`` the sums of absolute terms and |cost| may be, at least 1."""
        growth = np.inf if self._reference is None else _growth(self._reference, coefficients)
        if growth > 16.0:
            self._reference, growth = coefficients, 1.0
            _, gross = totals(self.blocks, coefficients, fast=self.fast, workers=self.workers)
            gross += np.abs(self.blocks.costs)
            self._gross = gross.max(axis=1, initial=0.0)
            self.gross = np.nextafter(gross.astype(np.float32), np.float32(np.inf))
        return max(growth, 1.0)


def bound(blocks: Blocks, gross: Floats) -> Floats:
    """Return per block how far a computed excess may be from the exact one, given its greatest G."""
    terms = 1 + blocks.balances.shape[1] + np.diff(blocks.starts)
    return np.asarray(ROUNDING * (terms + 16) * gross + TRUNCATION * terms)


def signs(
    blocks: Blocks,
    coefficients: Coefficients,
    doubt: Floats,
    *,
    count: int | None = None,
    fast: bool | None = None,
    workers: int = 1,
) -> tuple[Masks, Masks]:
    """Return per block the bit masks of accounts below -doubt and of those within +-doubt.

    Parameters
    ----------
    blocks, coefficients
        The accounts and the dollars per unit.
    doubt
        [blocks] dollars.
    count
        Only the first so many blocks.
    """
    count = blocks.count if count is None else count
    negative, unknown = np.empty(count, np.uint64), np.empty(count, np.uint64)
    compiled = kernels(fast)
    c = coefficients

    def run(first: int, last: int) -> None:
        if compiled:
            compiled.decide(
                blocks.balances, blocks.starts, blocks.rows, blocks.sizes, blocks.costs,
                c.owned, c.owed, c.positions, doubt, negative, unknown, first, last,
            )  # fmt: skip
            return
        sums = block_sums(blocks, coefficients, first, last)
        most = doubt[first:last, None]
        negative[first:last] = packed(sums < -most)
        unknown[first:last] = packed(~((sums < -most) | (sums > most)))

    in_ranges(run, count, workers, least=1024)
    return negative, unknown


def totals(
    blocks: Blocks, coefficients: Coefficients, *, fast: bool | None = None, workers: int = 1
) -> tuple[Floats, Floats]:
    """Return [blocks, 64] excesses and sums of absolute terms, the latter without costs."""
    sums, gross = np.empty((2, blocks.count, WIDTH))
    compiled = kernels(fast)
    c = coefficients

    def run(first: int, last: int) -> None:
        if compiled:
            compiled.totals(
                blocks.balances, blocks.starts, blocks.rows, blocks.sizes, blocks.costs,
                c.owned, c.owed, c.positions, sums, gross, first, last,
            )  # fmt: skip
        else:
            sums[first:last] = block_sums(blocks, c, first, last)
            gross[first:last] = block_sums(blocks, c, first, last, absolute=True)

    in_ranges(run, blocks.count, workers, least=1024)
    return sums, gross


def _growth(reference: Coefficients, now: Coefficients) -> float:
    """Return the least g such that no coefficient exceeds g times its reference."""
    most = 0.0
    for before, after in zip(_all(reference), _all(now), strict=True):
        if (after[before == 0] > 0).any():
            return float(np.inf)
        most = max(
            most, float(np.divide(after, before, where=before > 0, out=np.zeros_like(after)).max(initial=0.0))
        )
    return most * (1 + 2.0**-50)


def _all(coefficients: Coefficients) -> tuple[Floats, Floats, Floats]:
    return coefficients.owned, coefficients.owed, coefficients.positions
