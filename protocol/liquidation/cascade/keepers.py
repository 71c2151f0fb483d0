"""Who liquidates: keepers with capital, gas costs and latency, in competition; or nobody.

What a keeper owns stands on the ledger: he cannot repay more than he has, and his gas is paid out of it.
Whether he comes at all is his decision: a liquidation that does not pay for its gas, or whose gas costs more
than his program was told to pay, is left undone, as on 12 March 2020.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Keeper:
    """One keeper.

    Parameters
    ----------
    account
        His account; capital is what it holds.
    latency
        Seconds between an account's flag and his first action on it.
    gas
        Cost of one liquidation at normal gas price, in value at the market's scale.
    least_profit
        Profit below which he stays away, beyond gas.
    per_block
        Actions that he can place in a block.
    bid
        Multiple of the gas price that he pays to be first; higher goes first and costs more.
    highest_gas
        Multiple of the normal gas price above which he does not send anything, whatever there is to gain: a
        bot with a fixed gas price, as most were on 12 March 2020; None for any price.
    reverted
        Part of the gas that a call costs him which comes after a rival's and reverts.
    awake
        Whether his machine runs at a second; None for always.
    sells
        Whether he sells what he seized at once, and so moves the mark.
    """

    account: str
    latency: int = 0
    gas: int = 0
    least_profit: int = 0
    per_block: int = 1 << 30
    bid: Fraction = Fraction(1)
    highest_gas: Fraction | None = None
    reverted: Fraction = Fraction(0)
    awake: Callable[[int], bool] | None = None
    sells: bool = True

    def cost(self, gas_price: Fraction) -> Fraction:
        """Return the cost of one action when gas costs ``gas_price`` times the normal."""
        return self.gas * self.bid * gas_price

    def comes(self, gain: Fraction, gas_price: Fraction, now: int, since_flag: int) -> bool:
        """Return whether he acts for a gain of this value."""
        if (self.awake is not None and not self.awake(now)) or since_flag < self.latency:
            return False
        if self.highest_gas is not None and gas_price > self.highest_gas:
            return False
        return gain - self.cost(gas_price) >= self.least_profit


def in_order(keepers: tuple[Keeper, ...]) -> list[Keeper]:
    """Return the keepers as a block would order them: by bid, then by latency, then by name."""
    return sorted(keepers, key=lambda keeper: (-keeper.bid, keeper.latency, keeper.account))
