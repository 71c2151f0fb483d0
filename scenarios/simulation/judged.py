"""How far prices may move before an account that was safe must be judged again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.market_state import Price

SLOPE = 3
"""Most by which excess changes per relative price change and gross value: weights stay below 2."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What an account was when its margin was last judged."""

    held: Mapping[str, int]
    prices: tuple[Price | None, ...]
    excess: int
    gross: int

    def still_safe(self, prices: tuple[Price | None, ...]) -> bool:
        """Return whether the account cannot be short at ``prices``."""
        if self.excess < 0:
            return False
        widest = 0.0
        for old, new in zip(self.prices, prices, strict=True):
            if old is None or new is None or old.decimals != new.decimals or not old.value:
                return False
            widest = max(widest, abs(new.value - old.value) / old.value)
        return widest == 0 or self.excess > SLOPE * widest * self.gross
