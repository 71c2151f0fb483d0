"""A token minted and burned along a bonding curve with a constant reserve ratio.

Source of the rules: ``ContinuousToken`` and ``EminenceCurrency`` of Eminence. The curve prices by its own
``reserve_balance`` and the token's supply. ``claim`` and ``award`` change the supply and *not* the reserve:
in Eminence a second curve that took the token as its reserve burned it through ``claim``, so the same
tokens could be bought cheap after others of them were burned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self

from protocol.errors import InsufficientLiquidityError
from protocol.venues.bancor_formula import purchase_return_down, sale_return_down
from protocol.venues.checks import require_known, require_not_negative, require_positive
from protocol.venues.venue import State, Trade, state_int, state_str


@dataclass(frozen=True, slots=True)
class BondingCurve:
    """A curve as a value.

    Parameters
    ----------
    reserve, token
        The asset deposited and the token minted.
    reserve_balance
        What the curve counts as its reserve, in the reserve's units.
    supply
        Tokens in circulation.
    ratio_ppm
        Reserve ratio in parts per million: 999000 for EMN over DAI, 500000 for eAAVE over EMN.
    """

    reserve: str
    token: str
    reserve_balance: int
    supply: int
    ratio_ppm: int

    @property
    def assets(self) -> tuple[str, ...]:
        """The reserve asset and the token."""
        return (self.reserve, self.token)

    def reserves(self) -> Mapping[str, int]:
        """Return the reserve; the token is minted and burned, not held."""
        return {self.reserve: self.reserve_balance}

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return the tokens minted for a deposit, or the reserve paid for tokens."""
        require_known(self.assets, sell, buy)
        require_positive("amount in", amount_in)
        rule = purchase_return_down if sell == self.reserve else sale_return_down
        return rule(self.supply, self.reserve_balance, self.ratio_ppm, amount_in)

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Buy or sell along the curve; it keeps no clock, so ``time`` is ignored."""
        del time
        out = self.quote(sell, buy, amount_in)
        if sell == self.reserve:
            deposited, minted = amount_in, out
        else:
            deposited, minted = -out, -amount_in
        after = replace(self, reserve_balance=self.reserve_balance + deposited, supply=self.supply + minted)
        return Trade(sell, buy, amount_in, out), after

    def claim(self, amount: int) -> Self:
        """Burn ``amount`` tokens without paying for them: the supply falls, the reserve does not."""
        require_not_negative("tokens claimed", amount)
        if amount > self.supply:
            raise InsufficientLiquidityError(self.token, amount, self.supply)
        return replace(self, supply=self.supply - amount)

    def award(self, amount: int) -> Self:
        """Mint ``amount`` tokens without a deposit: the supply grows, the reserve does not."""
        require_not_negative("tokens awarded", amount)
        return replace(self, supply=self.supply + amount)

    def to_state(self) -> State:
        """Return the state as plain data."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the curve from ``to_state``'s data."""
        return cls(
            reserve=state_str(state, "reserve"),
            token=state_str(state, "token"),
            reserve_balance=state_int(state, "reserve_balance"),
            supply=state_int(state, "supply"),
            ratio_ppm=state_int(state, "ratio_ppm"),
        )
