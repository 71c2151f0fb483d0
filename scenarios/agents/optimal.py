"""Optimal sizes on exact quotes: how much to trade so that marginal price and fee meet.

Sizes are found on the venues' own integer quotes, by golden-section search on a profit that rises and then
falls; between two constant-product pairs the closed form is used and checked against its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt

from protocol.venues.uniswap_v2 import FEE_SCALE, UniswapV2Pair

GOLDEN = (618_034, 1_000_000)


def best_size(profit: Callable[[int], Fraction], most: int) -> int:
    """Return the size in [0, ``most``] of greatest ``profit``, which rises and then falls.

    Integer rounding makes steps of a few units; within the last 64 units every size is tried.
    """
    low, high = 0, most
    while high - low > 64:
        width = (high - low) * GOLDEN[0] // GOLDEN[1]
        left, right = high - width, low + width
        if profit(left) < profit(right):
            low = left
        else:
            high = right
    best = max(range(low, high + 1), key=lambda size: (profit(size), -size))
    return best if profit(best) > 0 else 0


def pair_against_price(pair: UniswapV2Pair, sell: str, buy: str, rate: Fraction, most: int) -> int:
    """Return how much of ``sell`` to swap for ``buy``, which is worth ``rate`` raw units of ``sell`` each.

    Closed form: with g = keep / 1000 the input x maximises rate * g x R_out / (R_in + g x) - x, so
    x = (sqrt(rate * g * R_in * R_out) - R_in) / g.
    """
    reserve_in, reserve_out = pair.reserves()[sell], pair.reserves()[buy]
    root = isqrt(int(rate * pair.keep * reserve_in * reserve_out / FEE_SCALE))
    return max(0, min(most, (root - reserve_in) * FEE_SCALE // pair.keep))


def between_pairs(first: UniswapV2Pair, second: UniswapV2Pair, sell: str, via: str, most: int) -> int:
    """Return how much of ``sell`` to swap on ``first`` for ``via`` and back on ``second``.

    Closed form of the two pairs in a row: with a1, b1 the reserves of sell and via on the first, b2, a2 on
    the second and g1, g2 what the fees keep, the output is x * A / (B + x * C) with A = g1 g2 b1 a2,
    B = a1 b2, C = g1 (b2 + g2 b1); profit is greatest at x = (sqrt(A B) - B) / C.
    """
    a1, b1 = first.reserves()[sell], first.reserves()[via]
    b2, a2 = second.reserves()[via], second.reserves()[sell]
    g1, g2 = Fraction(first.keep, FEE_SCALE), Fraction(second.keep, FEE_SCALE)
    gain, base = g1 * g2 * b1 * a2, a1 * b2
    slope = g1 * (b2 + g2 * b1)
    root = isqrt(int(gain * base))
    return max(0, min(most, int((root - base) / slope)))
