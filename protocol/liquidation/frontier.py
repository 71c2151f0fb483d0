"""Where liquidation stops helping: closed forms of the literature, in exact fractions.

Sources: Warmuz, Chaudhary, Pinna, "Toxic Liquidation Spirals" (arXiv 2212.07306); Gatto, "Liquidation Without
Loss" (SSRN 7157638); Qin, Zhou, Gamito, Jovanovic, Gervais, "An Empirical Study of DeFi Liquidations"
(arXiv 2106.06389). Collateral C and debt D are values in one unit, b is the liquidation bonus, LT the
liquidation threshold, HF = C x LT / D.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from protocol.errors import UnsafeValueError

ONE, ZERO = Fraction(1), Fraction(0)


def highest_healing_ltv(bonus: Fraction) -> Fraction:
    """Return the loan-to-value below which repaying improves it; from there on every liquidation worsens it.

    Repaying q takes q (1 + b) of collateral: (D - q) / (C - q (1 + b)) < D / C iff D / C < 1 / (1 + b).
    """
    return 1 / (1 + bonus)


def threshold_is_safe(threshold: Fraction, bonus: Fraction) -> bool:
    """Return whether an account just liquidatable is still in the region where liquidation heals."""
    return threshold * (1 + bonus) < 1


def toxic_bad_debt(collateral: Fraction, debt: Fraction, bonus: Fraction) -> Fraction:
    """Return the debt left when all collateral has gone to liquidators at the bonus."""
    return max(ZERO, debt - collateral / (1 + bonus))


def eligible_drop(health: Fraction) -> Fraction:
    """Return the fall of the collateral's price from which an account may be liquidated."""
    return max(ZERO, 1 - 1 / health)


def loss_drop(health: Fraction, threshold: Fraction, bonus: Fraction) -> Fraction:
    """Return the fall from which a liquidation at once leaves bad debt: max(1 - 1/HF, 1 - (1+b) LT/HF)."""
    return max(eligible_drop(health), 1 - (1 + bonus) * threshold / health)


def bad_debt_after_jump(
    collateral: Fraction, debt: Fraction, bonus: Fraction, drop: Fraction, later: Fraction = ZERO
) -> Fraction:
    """Return the bad debt if the price jumps down by ``drop`` and by ``later`` more before execution."""
    return toxic_bad_debt(collateral * (1 - drop) * (1 - later), debt, bonus)


@dataclass(frozen=True, slots=True)
class TwoSteps:
    """Two liquidations instead of one: what each repays and what both gain, against a single one."""

    first: Fraction
    second: Fraction
    profit: Fraction
    one_step: Fraction


def two_step_liquidation(
    collateral: Fraction, debt: Fraction, threshold: Fraction, bonus: Fraction, close_factor: Fraction
) -> TwoSteps:
    """Return the liquidator's best two steps: the first leaves the account just still liquidatable.

    Raises
    ------
    UnsafeValueError
        If the account is not liquidatable.
    """
    if threshold * collateral >= debt:
        raise UnsafeValueError("counted collateral", int(threshold * collateral), 0, int(debt))
    most = close_factor * debt
    first = most
    if threshold_is_safe(threshold, bonus):
        first = min((debt - threshold * collateral) / (1 - threshold * (1 + bonus)), most)
    second = close_factor * (debt - first)
    return TwoSteps(first, second, bonus * (first + second), bonus * most)
