"""One price moves and all others stand: every account has one liquidation price, and finding is bisection.

Exact for health that is affine in the moving price; a book with an ``extra`` part is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from protocol.errors import UnsafeValueError
from protocol.liquidation.cascade.book import Book, Floats, Indices

NEAR = 1e-9
"""Relative distance to its liquidation price within which an account is evaluated anew."""


@dataclass(frozen=True, slots=True)
class ThresholdIndex:
    """Liquidation prices in one asset, sorted.

    Parameters
    ----------
    falling, falling_keys
        Accounts hurt by a falling price, the highest liquidation price first, and minus that price.
    rising, rising_at
        Accounts hurt by a rising price, the lowest first.
    always
        Accounts that this price does not touch and that are liquidatable.
    book, prices, asset
        What the index was built from.
    """

    falling: Indices
    falling_keys: Floats
    rising: Indices
    rising_at: Floats
    always: Indices
    book: Book
    prices: Floats
    asset: int

    @classmethod
    def build(cls, book: Book, prices: Floats, asset: int) -> ThresholdIndex:
        """Look at every account once.

        Raises
        ------
        UnsafeValueError
            If the book's health is not affine.
        """
        if book.extra is not None:
            raise UnsafeValueError("parts of health that are not affine", 1, 0, 0)
        zero = prices.copy()
        zero[asset] = 0.0
        rest = book.health(zero)
        slope = np.zeros(book.accounts)
        for k in range(book.asset.shape[1]):
            units = np.where(book.asset[:, k] == asset, book.size[:, k], 0.0)
            slope += units * np.where(units > 0, book.asset_weight[asset], book.liability_weight[asset])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = -rest / slope
        long, short = np.flatnonzero(slope > 0), np.flatnonzero(slope < 0)
        long = long[np.argsort(-at[long], kind="stable")]
        short = short[np.argsort(at[short], kind="stable")]
        always = np.flatnonzero((slope == 0) & (rest < 0))
        return cls(long, -at[long], short, at[short], always, book, prices.copy(), asset)

    def find(self, price: float) -> tuple[Indices, ...]:
        """Return the accounts that are liquidatable at ``price``, in parts; equal to a full mark.

        The first two parts are views into the index (hurt by the fall, by the rise); accounts whose
        liquidation price is ``price`` but for rounding are evaluated anew.
        """
        sure: list[Indices] = []
        doubtful: list[Indices] = []
        for rows, keys, key in (
            (self.falling, self.falling_keys, -price),
            (self.rising, self.rising_at, price),
        ):
            around = abs(key) * NEAR
            first, last = np.searchsorted(keys, (key - around, key + around))
            sure.append(rows[:first])
            if last > first:
                doubtful.append(rows[first:last])
        if doubtful:
            near = np.concatenate(doubtful)
            prices = self.prices.copy()
            prices[self.asset] = price
            sure.append(near[self.book.health(prices, near) < 0])
        return (*sure, self.always)

    def liquidatable(self, price: float) -> Indices:
        """Return the accounts that are liquidatable at ``price``, in rising order."""
        return np.sort(np.concatenate(self.find(price)))
