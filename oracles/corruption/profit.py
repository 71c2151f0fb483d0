"""What a corrupted answer is worth, and where over all distortions it is worth most above its cost.

A configuration is safe when profit(r) - cost(r) is at most zero for every reachable r; one point of r proves
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, log
from typing import Protocol


class Profit(Protocol):
    """Gain of an answer that is ``factor`` times the honest one, in the analysis' money."""

    def __call__(self, factor: float) -> float:
        """Return the gain before the cost of the corruption."""
        ...


@dataclass(frozen=True, slots=True)
class Overborrow:
    """Borrow against collateral that the oracle overvalues, and leave it behind.

    Parameters
    ----------
    loan_to_value
        Borrowed value per value of collateral.
    lendable
        What the pools hold and the caps allow.
    collateral
        Most of it, at the honest price, that the attacker can post.
    """

    loan_to_value: float
    lendable: float
    collateral: float = inf

    def __call__(self, factor: float) -> float:
        """Return min(lendable, LTV * r * c) - c at the best c; the honest price gives nothing."""
        gain_per_unit = self.loan_to_value * factor - 1
        if gain_per_unit <= 0:
            return 0.0
        # Beyond the lendable amount more collateral is only lost.
        posted = min(self.collateral, self.lendable / (self.loan_to_value * factor))
        return gain_per_unit * posted

    @property
    def break_even(self) -> float:
        """The distortion r from which it pays, 1 / LTV."""
        return 1 / self.loan_to_value


@dataclass(frozen=True, slots=True)
class OpenInterest:
    """Hold a perpetual position through the distortion.

    Parameters
    ----------
    notional
        Largest position at the honest price, the caps counted.
    withdrawable
        What the venue can pay out.
    """

    notional: float
    withdrawable: float = inf

    def __call__(self, factor: float) -> float:
        """Return notional * |r - 1|, at most what can be withdrawn."""
        return min(self.notional * abs(factor - 1), self.withdrawable)


@dataclass(frozen=True, slots=True)
class ForcedLiquidations:
    """Earn the bonus on positions that the distortion pushes below their requirement.

    Parameters
    ----------
    positions
        (factor at which the position falls, debt that can be repaid).
    bonus
        Part of the repaid debt.
    """

    positions: tuple[tuple[float, float], ...]
    bonus: float

    def __call__(self, factor: float) -> float:
        """Return the bonus over all positions that fall."""
        falls = (
            debt
            for trigger, debt in self.positions
            if (factor <= trigger if trigger < 1 else factor >= trigger)
        )
        return self.bonus * sum(falls)


def uncollateralised_gain(distortion_beyond: float, collateral: float) -> float:
    """Return d * c: the borrower's gain with 1 + e = (1 + d) / LTV (Mackinga et al. 2022, appendix A)."""
    return distortion_beyond * collateral


@dataclass(frozen=True, slots=True)
class Supremum:
    """Where an attack pays most.

    Parameters
    ----------
    factor
        Distortion.
    profit, cost
        There; cost is infinite where no attack exists at any distortion.
    at_edge
        Whether it lies at an end of the range searched, so that a wider range may hold more.
    """

    factor: float
    profit: float
    cost: float
    at_edge: bool

    @property
    def gain(self) -> float:
        """Profit minus cost; above zero the configuration is unsafe."""
        return self.profit - self.cost


def supremum(
    profit: Callable[[float], float], cost: Callable[[float], float], factors: Sequence[float]
) -> Supremum:
    """Return the largest profit - cost over a range of distortions.

    The grid finds the hill, and a bounded search between the neighbours of its best point the top.

    Parameters
    ----------
    cost
        Infinite where the distortion cannot be reached.
    factors
        Grid, at least two values, in order.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - heavy

    gains = [profit(r) - cost(r) for r in factors]
    best = max(range(len(factors)), key=gains.__getitem__)
    r = factors[best]
    low, high = sorted((factors[max(best - 1, 0)], factors[min(best + 1, len(factors) - 1)]))
    if gains[best] > -inf and low < high:
        found = minimize_scalar(
            lambda x: -(profit(x) - cost(x)) if cost(x) < inf else 1e300,
            bounds=(low, high),
            method="bounded",
            options={"xatol": 1e-4 * low * log(high / low)},
        )
        if -float(found.fun) > gains[best]:
            r = float(found.x)
    return Supremum(r, profit(r), cost(r), best in {0, len(factors) - 1})
