"""Concentrated liquidity: sums over price ranges; where no range lies, the price moves for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

from oracles.corruption.pools.curve import Reach

TICK_BASE = 1.0001


def ticks_of(factor: float) -> float:
    """Return the ticks that a price factor spans (not rounded)."""
    return log(factor) / log(TICK_BASE)


@dataclass(frozen=True, slots=True)
class LiquidityRange:
    """Liquidity between two prices.

    Parameters
    ----------
    liquidity
        In units of sqrt(quote * base): dy = L * d sqrt(price).
    lower, upper
        Quote units per base.
    """

    liquidity: float
    lower: float
    upper: float

    @classmethod
    def from_amounts(
        cls, quote: float, base: float, lower: float, upper: float, price: float
    ) -> LiquidityRange:
        """Return the largest range that the two amounts can fill at ``price``, as a pool's mint would."""
        root, low, high = sqrt(price), sqrt(lower), sqrt(upper)
        candidates = []
        if root > low:
            candidates.append(quote / (min(root, high) - low))
        if root < high:
            candidates.append(base / (1 / max(root, low) - 1 / high))
        return cls(min(candidates), lower, upper)


@dataclass(frozen=True, slots=True)
class Concentrated:
    """A pool made of ranges.

    Parameters
    ----------
    price
        Fair price, quote units per base.
    ranges
        All liquidity, also far from the price: it decides what a large move costs.
    fee
        Part of the input, set aside.
    """

    price: float
    ranges: tuple[LiquidityRange, ...]
    fee: float = 0.0
    fees_join_reserves: bool = False

    def reach(self, factor: float) -> Reach:
        """Return sum L * d sqrt(p) and sum L * d(1/sqrt(p)) over the ranges crossed, at the fair price."""
        target = self.price * factor
        low, high = min(self.price, target), max(self.price, target)
        quote = base = 0.0
        for item in self.ranges:
            start, end = max(item.lower, low), min(item.upper, high)
            if start < end:
                quote += item.liquidity * (sqrt(end) - sqrt(start))
                base += item.liquidity * (1 / sqrt(start) - 1 / sqrt(end))
        base *= self.price
        return Reach(quote, base) if factor >= 1 else Reach(base, quote)
