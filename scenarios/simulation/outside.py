"""The markets outside the file: a price, a spread, and a depth that dries up with volatility.

Depth is the notional within ``band`` of the price. The price moves linearly with the net amount sold in a
step, so a sale of n into depth D that follows net sales of u has the average price
1 - band (u + n / 2) / D; a purchase moves it back. What was traded is forgotten with the next outside price.
Everything is exact: the square root of a purchase is rounded down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

ROOT_DIGITS = 10**24
SOLD_OUTSIDE = "sold outside"
"""Name in a world's state of the net money sold in this step, by asset: it rolls back with transactions."""
TRADED_OUTSIDE = "traded outside"
"""Name in a world's state of the raw units traded in this step, by actor and asset."""


@dataclass(frozen=True, slots=True)
class OutsideDepth:
    """How deep each asset's market outside is.

    Parameters
    ----------
    band
        Relative price move that the depth refers to.
    money
        Money within the band now, by asset; others are deep without limit.
    """

    band: Fraction
    money: Mapping[str, Fraction]

    def slope(self, asset: str) -> Fraction | None:
        """Return the relative price move for each unit of money; None without a limit."""
        depth = self.money.get(asset)
        return None if depth is None else self.band / depth

    def proceeds(self, asset: str, worth: Fraction, sold: Fraction) -> Fraction:
        """Return the money that selling ``worth`` at the undisturbed price brings after ``sold``."""
        slope = self.slope(asset)
        if slope is None:
            return worth
        # Beyond a price of zero nothing more is paid.
        worth = min(worth, max(1 / slope - sold, Fraction(0)))
        return worth * (1 - slope * (sold + worth / 2))

    def bought(self, asset: str, money: Fraction, sold: Fraction) -> Fraction:
        """Return what ``money`` buys at the undisturbed price after ``sold``, rounded down."""
        slope = self.slope(asset)
        if slope is None or money <= 0:
            return money
        # Purchases of m cost m (1 - slope sold + slope m / 2).
        start = 1 - slope * sold
        square = start * start + 2 * slope * money
        root = Fraction(isqrt(int(square * ROOT_DIGITS * ROOT_DIGITS)), ROOT_DIGITS)
        return max((root - start) / slope, Fraction(0))
