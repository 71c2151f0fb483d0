"""How far prices may move before an account that was safe must be judged again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.market_state import Price
from scenarios.simulation.margin_inputs import MarginRule

SLOPE = 3
"""Most by which excess changes per relative price change and gross value, while excess is not below zero.

Equity changes by the gross value at most. So do requirements that are proportional to prices, however high
their rates: an account with excess holds what is required, so it is at most the gross value. One is left for
rates that rise with notional.
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """What an account was when its margin was last judged.

    Parameters
    ----------
    rule
        By which; a vote may have put another in its place since.
    prices
        Of everything that the rule reads for this account, in a fixed order.
    excess, gross
        What is left over the requirement, and absolute values together, at the scale of judgements.
    """

    rule: MarginRule
    held: Mapping[str, int]
    prices: tuple[Price | None, ...]
    excess: int
    gross: int

    def still_safe(self, rule: MarginRule, held: Mapping[str, int], prices: tuple[Price | None, ...]) -> bool:
        """Return whether the account with these balances cannot be short at ``prices`` under ``rule``."""
        if self.excess < 0 or self.rule is not rule or self.held != held:
            return False
        widest = 0.0
        for old, new in zip(self.prices, prices, strict=True):
            if old is None or new is None or old.decimals != new.decimals or not old.value:
                return False
            widest = max(widest, abs(new.value - old.value) / old.value)
        return widest == 0 or self.excess > SLOPE * widest * self.gross
