"""Borrowing against collateral at a fraction of its value (Compound, Warp, Resupply and most others)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from protocol.errors import BorrowRefusedError
from protocol.market_state import MarketState


@dataclass(frozen=True, slots=True)
class LoanToValue:
    """Debt may reach ``factor`` of each collateral's value.

    Parameters
    ----------
    factors
        By collateral asset, 0 to 1. An asset without a factor cannot be borrowed against.
    """

    factors: Mapping[str, Fraction]

    def borrow_limit_down(self, balances: Mapping[str, int], market: MarketState) -> int:
        """Return the most that may be owed, at the market's scale; each collateral is rounded down."""
        limit = 0
        for asset, units in balances.items():
            factor = self.factors.get(asset)
            if units > 0 and factor:
                limit += market.value_down(asset, units) * factor.numerator // factor.denominator
        return limit

    def debt_up(self, balances: Mapping[str, int], market: MarketState) -> int:
        """Return what is owed, at the market's scale; each debt is rounded up."""
        return sum(market.value_up(asset, -units) for asset, units in balances.items() if units < 0)

    def health(self, balances: Mapping[str, int], market: MarketState) -> Fraction | None:
        """Return limit over debt; None without debt. Below 1 the account may be liquidated."""
        debt = self.debt_up(balances, market)
        return Fraction(self.borrow_limit_down(balances, market), debt) if debt else None

    def require(
        self, account: str, balances: Mapping[str, int], market: MarketState, unit: str = "USD"
    ) -> None:
        """Raise unless the debt is within the limit.

        Raises
        ------
        BorrowRefusedError
            With both numbers in whole units.
        """
        debt, limit = self.debt_up(balances, market), self.borrow_limit_down(balances, market)
        if debt > limit:
            scale = 10**market.scale
            raise BorrowRefusedError(account, f"{debt / scale:,.2f}", f"{limit / scale:,.2f}", unit)
