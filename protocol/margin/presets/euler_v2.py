"""Euler V2: one debt against collateral vaults; bid and ask to borrow, the middle to liquidate.

Source of the rule: euler-xyz/euler-vault-kit 32898036 ``src/EVault/shared/LiquidityUtils.sol`` and 432c4b55
``types/LTVConfig.sol``, equal to the compiled text to the last unit (tests/vectors/liquidation). A
loan-to-value has four decimals; the one to borrow lies below the one to liquidate, which is ramped down
linearly when it is lowered. The liquidation is in ``liquidation/presets/euler.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.fixed_point.context import Context, N
from protocol.margin.judgement import Check, Judgement, Level

SCALE = 10**4
DEBT_SHIFT = 31


def debt_up(owed: int) -> int:
    """Return whole units of debt from the vault's own account of it, which counts in 2**-31 units."""
    return -(-owed >> DEBT_SHIFT)


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
