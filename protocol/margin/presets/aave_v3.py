"""Aave V3 with efficiency modes: loan-to-value limits borrowing, a threshold starts liquidation.

Source of the rule: aave-dao/aave-v3-origin fd1fbd91 (pool revision 11) ``GenericLogic.sol``. Values are
in the oracle's base currency with 8 decimals, indices in ray, ratios in ten-thousandths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.fixed_point import RAY, UINT256_MAX
from protocol.fixed_point.context import Context, N
from protocol.margin.judgement import Check, Judgement, Level

PERCENT = 10**4
BASE = 10**8


@dataclass(frozen=True, slots=True)
class ReserveHolding(Generic[N]):
    """A reserve with what the account has in it.

    Parameters
    ----------
    loan_to_value, threshold, bonus
        Ten-thousandths; the bonus is 10500 for five per cent.
    decimals
        Of the token.
    protocol_fee
        Share of the bonus that the protocol keeps, ten-thousandths.
    price
        8 decimals.
    supply_index, borrow_index
        Ray.
    supplied, borrowed
        Scaled balances.
    collateral, debt
        Whether the account's flags say so.
    """

    loan_to_value: N
    threshold: N
    bonus: N
    decimals: int
    protocol_fee: N
    price: N
    supply_index: N
    borrow_index: N
    supplied: N
    borrowed: N
    collateral: bool
    debt: bool

    @property
    def DECIMALS(self) -> Mapping[str, int | None]:  # noqa: N802 - what the number contexts read
        """Decimals by field."""
        ratios = dict.fromkeys(("loan_to_value", "threshold", "bonus", "protocol_fee"), 4)
        indices = dict.fromkeys(("supply_index", "borrow_index"), 27)
        amounts = dict.fromkeys(("supplied", "borrowed"), self.decimals)
        return {**ratios, **indices, **amounts, "price": 8, "decimals": None}

    @property
    def unit(self) -> int:
        """One whole token."""
        unit: int = 10**self.decimals
        return unit

    def balance(self, context: Context[N]) -> N:
        """Return the supplied tokens, rounded down."""
        return context.scaled_down(self.supplied, self.supply_index, RAY)

    def owed(self, context: Context[N]) -> N:
        """Return the borrowed tokens, rounded up."""
        return context.scaled_up(self.borrowed, self.borrow_index, RAY)

    def value_down(self, context: Context[N], amount: N) -> N:
        """Return the value of tokens in the base currency."""
        return context.scaled_down(amount, self.price, self.unit)

    def value_up(self, context: Context[N], amount: N) -> N:
        """Return the value of tokens in the base currency, rounded up."""
        return context.scaled_up(amount, self.price, self.unit)


@dataclass(frozen=True, slots=True)
class EfficiencyMode(Generic[N]):
    """A category of assets that move together.

    Parameters
    ----------
    loan_to_value, threshold, bonus
        What its collateral counts instead, ten-thousandths.
    collateral
        Bit mask of the reserves in it.
    isolated
        Collateral outside it cannot be borrowed against.
    zero_loan_to_value
        Bit mask of the reserves in it that add threshold only.
    """

    DECIMALS: ClassVar = {
        **dict.fromkeys(("loan_to_value", "threshold", "bonus"), 4),
        "collateral": None,
        "zero_loan_to_value": None,
    }

    loan_to_value: N
    threshold: N
    bonus: N
    collateral: int
    isolated: bool
    zero_loan_to_value: int

    def holds(self, index: int) -> bool:
        """Return whether reserve number ``index`` is collateral of this category."""
        return bool(self.collateral >> index & 1)


@dataclass(frozen=True, slots=True)
class AccountData(Generic[N]):
    """What the pool says of an account; ``health`` has 18 decimals, averages are ten-thousandths."""

    collateral: N
    debt: N
    loan_to_value: N
    threshold: N
    health: N
    zero_loan_to_value: bool
    available: N


@dataclass(frozen=True, slots=True)
class AaveAccount(Generic[N]):
    """An account: all reserves in the pool's order, and its efficiency mode."""

    reserves: tuple[ReserveHolding[N], ...]
    mode: EfficiencyMode[N] | None

    def terms(self, context: Context[N], index: int) -> tuple[N, N]:
        """Return loan-to-value and threshold of a reserve under the account's mode."""
        reserve, mode = self.reserves[index], self.mode
        if mode is None:
            return reserve.loan_to_value, reserve.threshold
        if mode.holds(index):
            zero = mode.zero_loan_to_value >> index & 1
            return context.zero if zero else mode.loan_to_value, mode.threshold
        return context.zero if mode.isolated else reserve.loan_to_value, reserve.threshold

    def bonus(self, index: int) -> N:
        """Return the liquidation bonus of a reserve under the account's mode."""
        if self.mode is not None and self.mode.holds(index):
            return self.mode.bonus
        return self.reserves[index].bonus

    def sums(self, context: Context[N]) -> tuple[N, N, N, N, bool]:
        """Return collateral, debt, value times loan-to-value, value times threshold, any zero ratio."""
        collateral = debt = limit = threshold = context.zero
        zero_loan_to_value = False
        for index, reserve in enumerate(self.reserves):
            if reserve.collateral and not _is_zero(context, reserve.threshold):
                value = reserve.value_down(context, reserve.balance(context))
                loan_to_value, reserve_threshold = self.terms(context, index)
                collateral = collateral + value
                limit = limit + value * loan_to_value
                threshold = threshold + value * reserve_threshold
                zero_loan_to_value |= _is_zero(context, loan_to_value)
            if reserve.debt:
                debt = debt + reserve.value_up(context, reserve.owed(context))
        return collateral, debt, limit, threshold, zero_loan_to_value

    def data(self, context: Context[N]) -> AccountData[N]:
        """Return the account's totals, averages and health factor."""
        collateral, debt, limit, threshold, zero_loan_to_value = self.sums(context)
        unbounded = context.count(UINT256_MAX)
        health = context.ratio_half_up(threshold, debt, 10**18, unbounded)
        health = context.where(debt == 0, unbounded, context.scaled_down(health, context.count(1), PERCENT))
        average = context.quotient_or(limit, collateral, context.zero)
        available = context.scaled_down(collateral, average, PERCENT) - debt
        return AccountData(
            collateral,
            debt,
            average,
            context.quotient_or(threshold, collateral, context.zero),
            health,
            zero_loan_to_value,
            context.maximum(available, context.zero),
        )

    def judge(self, context: Context[N], check: Check) -> Judgement[N]:
        """Return excess of weighted collateral over debt.

        Initial margin is the average loan-to-value, which the pool rounds to four digits; below zero at any
        other level is a health factor below one, which it reckons from the sum itself.
        """
        collateral, debt, limit, threshold, _ = self.sums(context)
        if check.level is Level.INITIAL:
            average = context.quotient_or(limit, collateral, context.zero)
            weighted = context.scaled_down(collateral, average, PERCENT)
        else:
            weighted = context.scaled_down(threshold, context.count(1), PERCENT)
        return Judgement(check, weighted - debt, collateral - debt)


def _is_zero(context: Context[N], value: N) -> bool:
    """Return whether a parameter is switched off: parameters are one number for a whole batch."""
    return not context.any(value != 0)
