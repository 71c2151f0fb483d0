"""Exchange books with a depth per price move: what an index of exchanges is made of."""

from __future__ import annotations

from dataclasses import dataclass

from oracles.corruption.pools.curve import Reach


@dataclass(frozen=True, slots=True)
class LinearBook:
    """A book whose depth is even over relative price.

    Parameters
    ----------
    depth
        Quote units that stand within a move of 100 % (so 2 % of a move takes depth / 50).
    fee
        Taker fee.
    """

    depth: float
    fee: float = 0.0
    fees_join_reserves: bool = False

    def reach(self, factor: float) -> Reach:
        """Return the walk through the book; half the move times the volume is lost to those who filled it.

        A rise by e takes depth * e of base value from the book and pays on average 1 + e/2 for it.
        """
        move = abs(factor - 1)
        volume = self.depth * move
        if factor >= 1:
            return Reach(volume * (1 + move / 2), volume)
        return Reach(volume, volume * (1 - move / 2))
