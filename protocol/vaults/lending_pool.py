"""A pool of one asset: suppliers hold shares of it, borrowers owe shares of its debt.

The pool is an immutable value that knows totals only; who holds what stands on the ledger (``desk``). Shares
follow ERC-4626: what a caller gets is rounded down, what he gives is rounded up, so no action lowers the
value of a share of anybody else. Virtual shares make the first deposit safe against a donation. Totals,
shares, interest, reserves and bad debt are those of Morpho Blue to the last unit (``tests/contracts``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocol.errors import CapExceededError, IlliquidError, NegativeAmountError, ShareError, UnsafeValueError
from protocol.fixed_point import WAD, mul_div_down, mul_div_up
from protocol.vaults.interest import InterestModel, compounded_down, require_share, utilisation_down


@dataclass(frozen=True, slots=True)
class LendingPool:
    """Totals of one lending pool.

    Parameters
    ----------
    asset
        What is lent.
    model
        Interest model.
    supplied, supply_shares
        Assets that belong to suppliers (cash and loans), and the shares over them.
    borrowed, debt_shares
        Assets owed, and the shares over them.
    reserve_share
        Part of the interest that is minted as shares to the treasury, 18 decimals.
    supply_cap, borrow_cap
        Greatest totals; None for no cap.
    virtual_shares, virtual_assets
        Added to both sides of every conversion.
    updated
        Second up to which interest has accrued.
    model_state
        State of the interest model.
    unclaimed
        Assets at hand beyond all claims: the unit that the last borrower may pay too much.
    """

    asset: str
    model: InterestModel
    supplied: int = 0
    supply_shares: int = 0
    borrowed: int = 0
    debt_shares: int = 0
    reserve_share: int = 0
    supply_cap: int | None = None
    borrow_cap: int | None = None
    virtual_shares: int = 10**6
    virtual_assets: int = 1
    updated: int = 0
    model_state: int = 0
    unclaimed: int = 0

    def __post_init__(self) -> None:
        if self.virtual_shares < 1 or self.virtual_assets < 1:
            raise UnsafeValueError(
                "virtual shares or assets", min(self.virtual_shares, self.virtual_assets), 1, 1 << 128
            )
        require_share("reserve share", self.reserve_share)

    @property
    def cash(self) -> int:
        """Assets at hand."""
        return self.supplied - self.borrowed

    @property
    def utilisation(self) -> int:
        """Part lent out, 18 decimals."""
        return utilisation_down(self.borrowed, self.supplied)

    # Conversions

    def shares_down(self, assets: int) -> int:
        """Return the supply shares that ``assets`` buy."""
        return mul_div_down(
            assets, self.supply_shares + self.virtual_shares, self.supplied + self.virtual_assets
        )

    def shares_up(self, assets: int) -> int:
        """Return the supply shares that must be burnt for ``assets``."""
        return mul_div_up(
            assets, self.supply_shares + self.virtual_shares, self.supplied + self.virtual_assets
        )

    def assets_down(self, shares: int) -> int:
        """Return the assets that supply ``shares`` redeem for."""
        return mul_div_down(
            shares, self.supplied + self.virtual_assets, self.supply_shares + self.virtual_shares
        )

    def assets_up(self, shares: int) -> int:
        """Return the assets that must be paid for ``shares``."""
        return mul_div_up(
            shares, self.supplied + self.virtual_assets, self.supply_shares + self.virtual_shares
        )

    def debt_shares_up(self, assets: int) -> int:
        """Return the debt shares that a loan of ``assets`` is."""
        return mul_div_up(assets, self.debt_shares + self.virtual_shares, self.borrowed + self.virtual_assets)

    def debt_shares_down(self, assets: int) -> int:
        """Return the debt shares that a repayment of ``assets`` clears."""
        return mul_div_down(
            assets, self.debt_shares + self.virtual_shares, self.borrowed + self.virtual_assets
        )

    def debt_up(self, shares: int) -> int:
        """Return the assets owed for ``shares``."""
        return mul_div_up(shares, self.borrowed + self.virtual_assets, self.debt_shares + self.virtual_shares)

    # Actions

    def accrue(self, now: int) -> tuple[LendingPool, int]:
        """Add interest up to second ``now``; return the pool and the shares minted to the treasury."""
        elapsed = now - self.updated
        if elapsed < 0:
            raise NegativeAmountError("time since the last update", elapsed)
        if elapsed == 0:
            return self, 0
        rate, state = self.model.rate(self.utilisation, self.model_state, elapsed)
        interest = mul_div_down(self.borrowed, compounded_down(rate, elapsed), WAD)
        grown = replace(
            self,
            supplied=self.supplied + interest,
            borrowed=self.borrowed + interest,
            updated=now,
            model_state=state,
        )
        reserved = mul_div_down(interest, self.reserve_share, WAD)
        # Priced without the treasury's own part, so that what it gets is worth just that part.
        minted = mul_div_down(
            reserved,
            self.supply_shares + self.virtual_shares,
            grown.supplied - reserved + self.virtual_assets,
        )
        return replace(grown, supply_shares=grown.supply_shares + minted), minted

    def supply(self, assets: int) -> tuple[LendingPool, int]:
        """Take ``assets`` in; return the pool and the shares minted.

        Raises
        ------
        CapExceededError
            If the supply cap would be exceeded.
        ShareError
            If the deposit is too small for one share.
        """
        _require("supply", assets)
        if self.supply_cap is not None and self.supplied + assets > self.supply_cap:
            raise CapExceededError(f"supply of {self.asset}", self.supplied + assets, self.supply_cap)
        shares = self.shares_down(assets)
        if shares == 0:
            raise ShareError(f"supply of {assets} {self.asset}", 1, 0)
        after = replace(self, supplied=self.supplied + assets, supply_shares=self.supply_shares + shares)
        return after, shares

    def redeem(self, shares: int) -> tuple[LendingPool, int]:
        """Burn ``shares``; return the pool and the assets paid out.

        Raises
        ------
        ShareError
            If there are fewer shares.
        IlliquidError
            If the cash does not suffice.
        """
        _require("redeem", shares)
        return self._pay_out(shares, self.assets_down(shares))

    def withdraw(self, assets: int) -> tuple[LendingPool, int]:
        """Pay out ``assets``; return the pool and the shares burnt. Refused as ``redeem`` is."""
        _require("withdraw", assets)
        shares = self.shares_up(assets)
        return self._pay_out(shares, assets)[0], shares

    def _pay_out(self, shares: int, assets: int) -> tuple[LendingPool, int]:
        if shares > self.supply_shares:
            raise ShareError(f"shares of {self.asset}", shares, self.supply_shares)
        if assets > self.cash:
            raise IlliquidError(f"withdrawal of {self.asset}", assets, self.cash)
        after = replace(self, supplied=self.supplied - assets, supply_shares=self.supply_shares - shares)
        return after, assets

    def borrow(self, assets: int) -> tuple[LendingPool, int]:
        """Lend ``assets``; return the pool and the debt shares.

        Raises
        ------
        CapExceededError
            If the borrow cap would be exceeded.
        IlliquidError
            If the cash does not suffice.
        """
        _require("borrow", assets)
        if self.borrow_cap is not None and self.borrowed + assets > self.borrow_cap:
            raise CapExceededError(f"debt in {self.asset}", self.borrowed + assets, self.borrow_cap)
        if assets > self.cash:
            raise IlliquidError(f"loan of {self.asset}", assets, self.cash)
        shares = self.debt_shares_up(assets)
        return replace(self, borrowed=self.borrowed + assets, debt_shares=self.debt_shares + shares), shares

    def repay(self, shares: int) -> tuple[LendingPool, int]:
        """Clear ``shares`` of debt; return the pool and the assets paid, rounded up.

        The last borrower may pay a unit more than the total owed; the total stops at zero and the unit is
        nobody's, as in Morpho Blue.
        """
        _require("repay", shares)
        if shares > self.debt_shares:
            raise ShareError(f"debt shares of {self.asset}", shares, self.debt_shares)
        paid = self.debt_up(shares)
        return replace(
            self,
            borrowed=max(0, self.borrowed - paid),
            debt_shares=self.debt_shares - shares,
            unclaimed=self.unclaimed + max(0, paid - self.borrowed),
        ), paid

    def write_off(self, shares: int) -> tuple[LendingPool, int]:
        """Strike bad debt: every supplier loses in proportion; return the pool and the assets lost."""
        _require("write off", shares)
        if shares > self.debt_shares:
            raise ShareError(f"debt shares of {self.asset}", shares, self.debt_shares)
        lost = min(self.borrowed, self.debt_up(shares), self.supplied)
        after = replace(
            self,
            borrowed=self.borrowed - lost,
            debt_shares=self.debt_shares - shares,
            supplied=self.supplied - lost,
        )
        return after, lost

    def donate(self, assets: int) -> LendingPool:
        """Add ``assets`` that belong to all shares: a repaid deficit, a gift."""
        _require("donate", assets)
        return replace(self, supplied=self.supplied + assets)


def _require(what: str, amount: int) -> None:
    if amount < 0:
        raise NegativeAmountError(what, amount)
