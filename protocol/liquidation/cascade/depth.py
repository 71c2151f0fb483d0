"""How sales of many accounts move prices: markets as arrays, one per price."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


class Depth(Protocol):
    """The markets in which everything is sold."""

    def factors(self) -> Floats:
        """Return price over outside price, by price."""
        ...

    def trade(self, sold: Floats, prices: Floats) -> Floats:
        """Sell so many units (buy where negative), by price; return the mean prices obtained."""
        ...


@dataclass(slots=True)
class ConstantProductDepth:
    """Each price is that of a constant-product pool, which outside prices shift as a whole.

    A pool cannot be bought empty: purchases stop at a thousandth of its reserve, and what is beyond is had at
    the last price.

    Parameters
    ----------
    reserve
        Units in the pool at the outside price; infinite for a price that trades do not move.
    """

    reserve: Floats
    _sold: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._sold = np.zeros_like(self.reserve)

    def factors(self) -> Floats:
        """Return (reserve / (reserve + sold))^2."""
        return np.where(np.isinf(self.reserve), 1.0, self._share(self._sold) ** 2)

    def trade(self, sold: Floats, prices: Floats) -> Floats:
        """Return proceeds over units: price x x/(x + dx) along the curve."""
        before = self._sold
        self._sold = np.maximum(before + sold, -0.999 * self.reserve)
        with np.errstate(invalid="ignore"):
            mean = (self.reserve + before) / (self.reserve + self._sold)
        return prices * np.where(np.isinf(self.reserve), 1.0, mean)

    def recover(self, part: float) -> None:
        """Buy back a part of what was sold: others trade the pools towards the outside prices."""
        self._sold = self._sold * (1.0 - part)

    def _share(self, sold: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            return self.reserve / (self.reserve + sold)
