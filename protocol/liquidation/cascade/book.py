"""Large books of accounts as arrays: health as one dot product per account, of all accounts or of some.

Health is affine in every price: H_i = cash_i + sum_k weight x size x price, where the weight depends on the
side (a positive size counts less than its value, a negative one more). What is not affine goes into
``Extra`` with a bound on its slope. Rows are padded to one width and summed from left to right, so that a
row's health is the same float whether it is computed alone or with all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from protocol.errors import UnsafeValueError

Floats: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.intp]


class Extra(Protocol):
    """A part of health that is not affine in prices: tiers by notional, time averages, caps."""

    def health(self, book: Book, rows: Indices, prices: Floats) -> Floats:
        """Return what is added to the health of ``rows``."""
        ...

    def slope(self, book: Book, rows: Indices, prices: Floats) -> Floats:
        """Return a bound: if every price moves by at most x of itself, this part moves by at most x times it.

        The bound must hold for all x up to 1 from ``prices``.
        """
        ...


@dataclass(slots=True)
class Book:
    """Accounts in padded rows; sizes and cash change as accounts are liquidated.

    Parameters
    ----------
    cash
        Per account, shape (accounts,).
    asset
        Column of the price of each entry, shape (accounts, width); 0 where padded.
    size
        Signed units, same shape; 0 where padded.
    asset_weight, liability_weight
        By asset: what a positive and a negative unit count for.
    extra
        The part that is not affine, if there is one.
    """

    cash: Floats
    asset: npt.NDArray[np.intp]
    size: Floats
    asset_weight: Floats
    liability_weight: Floats
    extra: Extra | None = None

    def __post_init__(self) -> None:
        if self.asset.shape != self.size.shape or self.asset.shape[0] != self.cash.shape[0]:
            raise UnsafeValueError("rows of the book", self.asset.shape[0], self.cash.shape[0], 0)

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return int(self.cash.shape[0])

    def health(self, prices: Floats, rows: Indices | None = None) -> Floats:
        """Return the health of ``rows`` (all if None)."""
        cash, asset, size = self._rows(rows)
        long, short = prices * self.asset_weight, prices * self.liability_weight
        total = cash.copy()
        for k in range(asset.shape[1]):
            units, column = size[:, k], asset[:, k]
            total += units * np.where(units > 0, long[column], short[column])
        if self.extra is not None:
            total += self.extra.health(self, _all(rows, self.accounts), prices)
        return total

    def equity(self, prices: Floats, rows: Indices | None = None) -> Floats:
        """Return the value of ``rows`` at the marks."""
        cash, asset, size = self._rows(rows)
        total = cash.copy()
        for k in range(asset.shape[1]):
            total += size[:, k] * prices[asset[:, k]]
        return total

    def exposure(self, prices: Floats, rows: Indices | None = None) -> Floats:
        """Return how far health can move per unit of the largest relative price move."""
        _, asset, size = self._rows(rows)
        long, short = prices * self.asset_weight, prices * self.liability_weight
        total = np.zeros(size.shape[0])
        for k in range(asset.shape[1]):
            units, column = size[:, k], asset[:, k]
            total += np.abs(units) * np.where(units > 0, long[column], short[column])
        if self.extra is not None:
            total += self.extra.slope(self, _all(rows, self.accounts), prices)
        return total

    def _rows(self, rows: Indices | None) -> tuple[Floats, npt.NDArray[np.intp], Floats]:
        if rows is None:
            return self.cash, self.asset, self.size
        return self.cash[rows], self.asset[rows], self.size[rows]

    def copy(self) -> Book:
        """Return a book that can be liquidated without changing this one."""
        return Book(
            self.cash.copy(),
            self.asset,
            self.size.copy(),
            self.asset_weight,
            self.liability_weight,
            self.extra,
        )


def _all(rows: Indices | None, count: int) -> Indices:
    return np.arange(count, dtype=np.intp) if rows is None else rows
