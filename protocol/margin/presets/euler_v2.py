"""Euler V2: one debt against collateral vaults; bid and ask to borrow, the middle to liquidate.

Source of the rule: euler-xyz/euler-vault-kit 5b98b420 ``src/EVault/shared/LiquidityUtils.sol``,
``modules/Liquidation.sol`` (read, not run). Loan-to-value has four decimals; the one to borrow lies below the
one to liquidate, which is ramped down linearly when it is lowered. The price improves for the liquidator
exactly as the shortfall grows.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.errors import NotLiquidatableError
from protocol.fixed_point import WAD
from protocol.margin.judgement import Check, Judgement, Level

SCALE = 10**4


@dataclass(frozen=True, slots=True)
class Ramp:
    """A liquidation loan-to-value that moves from ``initial`` to ``target`` until second ``until``."""

    borrow: int
    target: int
    initial: int = 0
    until: int = 0
    duration: int = 0

    def liquidation(self, now: int) -> int:
        """Return the liquidation loan-to-value at second ``now``; only lowering is ramped."""
        if now >= self.until or self.target >= self.initial or self.duration == 0:
            return self.target
        return self.target + (self.initial - self.target) * (self.until - now) // self.duration


@dataclass(frozen=True, slots=True)
class VaultCollateral:
    """A collateral: what the oracle quotes for the whole balance at the bid and in the middle."""

    vault: str
    balance: int
    bid: int
    middle: int
    ramp: Ramp


@dataclass(frozen=True, slots=True)
class EulerAccount:
    """Collaterals against one debt; the debt's quotes at the ask and in the middle."""

    collaterals: tuple[VaultCollateral, ...]
    debt: int
    ask: int
    middle: int

    def judge(self, check: Check, now: int = 0) -> Judgement[int]:
        """Return adjusted collateral minus debt: zero is not enough to borrow, and is a violation."""
        initial = check.level is Level.INITIAL
        adjusted = sum(
            c.bid * c.ramp.borrow // SCALE if initial else c.middle * c.ramp.liquidation(now) // SCALE
            for c in self.collaterals
        )
        debt = self.ask if initial else self.middle
        equity = sum(c.middle for c in self.collaterals) - self.middle
        return Judgement(check, adjusted - debt, equity)


@dataclass(frozen=True, slots=True)
class EulerLiquidation:
    """Debt repaid and collateral taken, in their own units."""

    repay: int
    seized: int
    discount_factor: int


def liquidation(account: EulerAccount, vault: str, greatest_discount: int, now: int = 0) -> EulerLiquidation:
    """Return the greatest liquidation against one collateral.

    Parameters
    ----------
    account
        In violation.
    vault
        Which collateral is taken.
    greatest_discount
        Share with 18 decimals.
    now
        Second, for ramps.

    Raises
    ------
    NotLiquidatableError
        If adjusted collateral exceeds the debt.
    """
    adjusted = sum(c.middle * c.ramp.liquidation(now) // SCALE for c in account.collaterals)
    if account.debt == 0 or adjusted > account.middle:
        raise NotLiquidatableError("collateral covers the debt", adjusted=adjusted, debt=account.middle)
    taken = next(c for c in account.collaterals if c.vault == vault)
    factor = max(adjusted * WAD // account.middle, WAD - greatest_discount)
    repay_value, yield_value = account.middle, account.middle * WAD // factor
    if taken.middle < yield_value:
        yield_value = taken.middle
        repay_value = yield_value * factor // WAD
    repay = repay_value * account.debt // account.middle
    seized = yield_value * taken.balance // taken.middle if taken.middle else 0
    return EulerLiquidation(repay, seized, factor)
