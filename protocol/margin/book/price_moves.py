"""How far prices have moved, and whether they are prices."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import BookError

Floats: TypeAlias = NDArray[np.float64]

RELATIVE, ABSOLUTE = 1e-9, 1e-12
"""By what moves and radii are lengthened or shortened: far more than their own rounding."""


def moved(base: Floats, now: Floats) -> float:
    """Return the largest relative move of a price, lengthened; infinity where one moved from zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(now == base, 0.0, np.abs(now - base) / base)
    most = float(share.max(initial=0.0))
    return most * (1 + RELATIVE) + ABSOLUTE if most > 0 else 0.0


def checked(prices: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Return prices as an array.

    Raises
    ------
    BookError
        If there are too few or too many, or one is negative or not finite.
    """
    now = np.asarray(prices, dtype=np.float64)
    # Where one is no number, so is the least, and the comparison fails.
    if now.shape != shape or not (now.size == 0 or 0 <= now.min() <= now.max() < np.inf):
        raise BookError("prices", f"{shape[0]} numbers of at least zero are needed")
    return now


def largest_move(base: Floats, now: Floats, still: NDArray[np.bool_]) -> float:
    """Return the largest relative move of the prices that may move, infinity if one moved from zero.

    Raises
    ------
    BookError
        If a price that never moves has moved.
    """
    moved = now != base
    if moved[still].any():
        raise BookError("prices", "a price that was declared still has moved")
    if not base.all():
        if moved[base == 0].any():
            return float(np.inf)
        base = np.where(base == 0, 1.0, base)
        now = np.where(moved, now, base)
    return float(np.abs(now / base - 1.0).max(initial=0.0))
