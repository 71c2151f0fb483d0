"""Euler V2: the debt is taken over by the liquidator, at a discount as deep as the account is short.

Source of the rule: euler-xyz/euler-vault-kit 1dad88bd ``src/EVault/modules/Liquidation.sol``, equal to the
compiled text to the last unit (tests/vectors/liquidation). The price improves for the liquidator exactly as
the shortfall grows.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.errors import LiquidationSizeError, NotLiquidatableError, UnknownNameError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.ledger import Posting
from protocol.margin.judgement import Check, Level
from protocol.margin.presets.euler_v2 import SCALE, EulerAccount, VaultCollateral

MAINTENANCE = Check(Level.MAINTENANCE)

LEAST_SOCIALISED = 10**6
"""Value of the debt, before the liquidation, from which a remainder is socialised."""


@dataclass(frozen=True, slots=True)
class LiquidationTerms:
    """Settings of the vault that lent.

    Parameters
    ----------
    greatest_discount
        Four decimals.
    cool_off
        Seconds after an account's last check in which it cannot be liquidated.
    socialises
        Whether a remainder without collateral falls on the depositors.
    unrecognised
        Vaults that were never given a loan-to-value; they cannot be seized.
    """

    greatest_discount: int
    cool_off: int = 0
    socialises: bool = True
    unrecognised: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EulerLiquidation:
    """Debt taken over and collateral taken, in their own units.

    ``socialised`` is the debt written off at the depositors' cost; ``discount_factor`` has 18 decimals.
    """

    repay: int
    seized: int
    discount_factor: int
    socialised: int = 0

    def postings(
        self, debt: str, collateral: str, account: str, liquidator: str, depositors: str
    ) -> tuple[Posting, ...]:
        """Return the movements; the depositors' is the loss that they bear."""
        moved = (
            Posting(liquidator, account, debt, self.repay, "debt taken over"),
            Posting(account, liquidator, collateral, self.seized, "collateral seized"),
            Posting(depositors, account, debt, self.socialised, "debt socialised"),
        )
        return tuple(p for p in moved if p.amount)


def greatest(
    account: EulerAccount[int], vault: str, terms: LiquidationTerms, now: int = 0, *, checked_at: int = 0
) -> EulerLiquidation:
    """Return the greatest liquidation against one collateral.

    Parameters
    ----------
    account
        In violation.
    vault
        Which collateral is taken.
    now, checked_at
        This second, and that of the account's last status check.

    Raises
    ------
    NotLiquidatableError
        In the cool-off, or if adjusted collateral exceeds the debt or there is none.
    UnknownNameError
        If the account has no such collateral, or the vault does not recognise it.
    """
    taken = _collateral(account, vault, terms)
    if now < checked_at + terms.cool_off:
        raise NotLiquidatableError("E_LiquidationCoolOff", now=now, checked_at=checked_at)
    if account.debt == 0:
        raise NotLiquidatableError("no debt")
    adjusted = account.judge(EXACT, MAINTENANCE, now).excess + account.middle
    if account.middle == 0 or adjusted > account.middle:
        raise NotLiquidatableError("collateral covers the debt", adjusted=adjusted, debt=account.middle)
    least = WAD - WAD * terms.greatest_discount // SCALE
    factor = max(adjusted * WAD // account.middle, least)
    if taken.middle == 0:
        # Worthless collateral goes without repayment.
        return EulerLiquidation(0, taken.balance, factor)
    repay_value, yield_value = account.middle, account.middle * WAD // factor
    if taken.middle < yield_value:
        yield_value = taken.middle
        repay_value = yield_value * factor // WAD
    repay = repay_value * account.debt // account.middle
    return EulerLiquidation(repay, yield_value * taken.balance // taken.middle, factor)


def liquidate(
    account: EulerAccount[int],
    vault: str,
    terms: LiquidationTerms,
    now: int = 0,
    *,
    checked_at: int = 0,
    repay: int | None = None,
    least_seized: int = 0,
) -> EulerLiquidation:
    """Return a liquidation of ``repay`` units of debt, the greatest for None, with what is socialised.

    Raises
    ------
    LiquidationSizeError
        If ``repay`` exceeds the greatest, or less than ``least_seized`` would be had.
    """
    most = greatest(account, vault, terms, now, checked_at=checked_at)
    repaid, seized = most.repay, most.seized
    if repay is not None:
        if repay > repaid:
            raise LiquidationSizeError("E_ExcessiveRepayAmount", repay=repay, greatest=repaid)
        if repaid:
            repaid, seized = repay, repay * seized // repaid
    if seized < least_seized:
        raise LiquidationSizeError("E_MinYield", seized=seized, least=least_seized)
    emptied = all(
        c.balance == (seized if c.vault == vault else 0)
        for c in account.collaterals
        if c.vault not in terms.unrecognised
    )
    written_off = terms.socialises and emptied and account.middle >= LEAST_SOCIALISED
    return EulerLiquidation(repaid, seized, most.discount_factor, account.debt - repaid if written_off else 0)


def _collateral(account: EulerAccount[int], vault: str, terms: LiquidationTerms) -> VaultCollateral[int]:
    known = {c.vault: c for c in account.collaterals if c.vault not in terms.unrecognised}
    if vault not in known:
        raise UnknownNameError("collateral", vault, tuple(known))
    return known[vault]
