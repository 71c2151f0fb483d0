"""Euler V2: one debt against collateral vaults; bid and ask to borrow, the middle to liquidate.

Source of the rule: euler-xyz/euler-vault-kit 5b98b420 ``src/EVault/shared/LiquidityUtils.sol``,
``modules/Liquidation.sol`` (read, not run). Loan-to-value has four decimals; the one to borrow lies below the
one to liquidate, which is ramped down linearly when it is lowered. The price improves for the liquidator
exactly as the shortfall grows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.errors import NotLiquidatableError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT, Context, N
from protocol.margin.judgement import Check, Judgement, Level

SCALE = 10**4


@dataclass(frozen=True, slots=True)
class Ramp(Generic[N]):
    """A liquidation loan-to-value that moves from ``initial`` to ``target`` until second ``until``."""

    DECIMALS: ClassVar = {
        **dict.fromkeys(("borrow", "target", "initial"), 4),
        **dict.fromkeys(("until", "duration"), 0),
    }

    borrow: N
    target: N
    initial: N
    until: N
    duration: N

    def liquidation(self, context: Context[N], now: N) -> N:
        """Return the liquidation loan-to-value at second ``now``; only lowering is ramped."""
        left = context.maximum(self.until - now, context.zero)
        above = context.maximum(self.initial - self.target, context.zero)
        return self.target + context.quotient_or(above * left, self.duration, context.zero)


def fixed_ratio(borrow: int, liquidation: int) -> Ramp[int]:
    """Return loan-to-values that are not being lowered."""
    return Ramp(borrow, liquidation, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class VaultCollateral(Generic[N]):
    """A collateral: what the oracle quotes for the whole balance at the bid and in the middle."""

    vault: str
    balance: N
    bid: N
    middle: N
    ramp: Ramp[N]


@dataclass(frozen=True, slots=True)
class EulerAccount(Generic[N]):
    """Collaterals against one debt; the debt's quotes at the ask and in the middle."""

    collaterals: tuple[VaultCollateral[N], ...]
    debt: N
    ask: N
    middle: N

    def judge(self, context: Context[N], check: Check, now: N | None = None) -> Judgement[N]:
        """Return adjusted collateral minus debt: zero is not enough to borrow, and is a violation.

        ``now`` is the second for ramps, their start if not given.
        """
        initial = check.level is Level.INITIAL
        second = context.zero if now is None else now
        equity = -self.middle
        excess = -(self.ask if initial else self.middle)
        for held in self.collaterals:
            ratio = held.ramp.borrow if initial else held.ramp.liquidation(context, second)
            excess = excess + context.scaled_down(held.bid if initial else held.middle, ratio, SCALE)
            equity = equity + held.middle
        return Judgement(check, excess, equity)


@dataclass(frozen=True, slots=True)
class EulerLiquidation:
    """Debt repaid and collateral taken, in their own units."""

    repay: int
    seized: int
    discount_factor: int


def liquidation(
    account: EulerAccount[int], vault: str, greatest_discount: int, now: int = 0
) -> EulerLiquidation:
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
    adjusted = sum(c.middle * c.ramp.liquidation(EXACT, now) // SCALE for c in account.collaterals)
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
