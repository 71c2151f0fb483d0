"""At what price: the concession that a liquidator gets, as a function of state and time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from protocol.errors import UnsafeValueError
from protocol.fixed_point import RAY, WAD
from protocol.liquidation.decay import Decay
from protocol.liquidation.view import Kind, Part, View

ZERO, ONE = Fraction(0), Fraction(1)


class Pricer(Protocol):
    """Return the concession as a fraction of the value taken; see ``exchange``."""

    def concession(self, view: View, part: Part) -> Fraction:
        """Return the concession at this moment."""
        ...


@dataclass(frozen=True, slots=True)
class AtMark:
    """No concession: the keeper lives on a flat reward (Synthetix) or on nothing."""

    def concession(self, view: View, part: Part) -> Fraction:
        """Return zero."""
        return ZERO


@dataclass(frozen=True, slots=True)
class FixedBonus:
    """A constant bonus or fee (Aave, Compound, Mango)."""

    bonus: Fraction

    def concession(self, view: View, part: Part) -> Fraction:
        """Return the bonus."""
        return self.bonus


@dataclass(frozen=True, slots=True)
class ByShortfall:
    """A discount as deep as the account is short, up to ``most`` (Euler V2's reverse Dutch auction).

    With the discount factor f = limit / debt, not below 1 - ``most``, the buyer gets 1/f of what he repays.
    """

    most: Fraction

    def __post_init__(self) -> None:
        if not 0 <= self.most < 1:
            raise UnsafeValueError("greatest discount, 18 decimals", int(self.most * WAD), 0, WAD - 1)

    def concession(self, view: View, part: Part) -> Fraction:
        """Return 1/f - 1."""
        debt = sum((view.value(asset, units) for asset, units in view.debts().items()), ZERO)
        if debt == 0:
            return ZERO
        factor = max((debt + view.judgement.excess) / debt, ONE - self.most)
        return ONE / min(factor, ONE) - ONE


@dataclass(frozen=True, slots=True)
class Falling:
    """An asking price per unit that starts above the mark and falls (Maker's Clipper).

    Parameters
    ----------
    start
        First price over the mark at the time of each step.
    decay
        The curve.
    """

    start: Fraction
    decay: Decay

    def concession(self, view: View, part: Part) -> Fraction:
        """Return what the falling price gives for a loan: mark / price - 1, at most 99 times."""
        asked = self.start * Fraction(self.decay.price_down(RAY, view.elapsed), RAY)
        return ONE / max(asked, Fraction(1, 100)) - ONE


@dataclass(frozen=True, slots=True)
class FallingAccount:
    """A falling share of an account's value, then a rising pay-out (Derive).

    Parameters
    ----------
    start, fast_end
        Shares of value asked at the start and at the end of the fast phase.
    fast, slow, insolvent
        Length of the phases in seconds.
    """

    start: Fraction
    fast_end: Fraction
    fast: int
    slow: int
    insolvent: int

    def concession(self, view: View, part: Part) -> Fraction:
        """Return 1 minus price over value; the price is negative when the account is insolvent.

        A worthless account (value zero) is handed over for nothing.
        """
        equity = view.judgement.equity
        if equity > 0:
            return ONE - self._asked(view.elapsed)
        if equity == 0:
            return ONE
        grown = min(ONE, Fraction(view.elapsed, self.insolvent)) if self.insolvent else ONE
        shortfall = min(view.judgement.excess, equity)
        payout = equity + (shortfall - equity) * grown
        return ONE - payout / equity

    def _asked(self, elapsed: int) -> Fraction:
        if elapsed < self.fast:
            return self.start - (self.start - self.fast_end) * Fraction(elapsed, self.fast)
        late = elapsed - self.fast
        return self.fast_end * max(ZERO, ONE - Fraction(late, self.slow)) if self.slow else ZERO


@dataclass(frozen=True, slots=True)
class Growing:
    """A fee that grows with the time an account has stood liquidatable (Drift).

    Parameters
    ----------
    fee
        At first.
    per_second
        Growth after ``after`` seconds.
    most
        Upper bound.
    """

    fee: Fraction
    per_second: Fraction
    after: int
    most: Fraction

    def concession(self, view: View, part: Part) -> Fraction:
        """Return the fee."""
        return min(self.most, self.fee + self.per_second * max(0, view.elapsed - self.after))


@dataclass(frozen=True, slots=True)
class Fillable:
    """Between the mark and the price at which the account is bankrupt (dYdX v4).

    The concession is ABR x SMMR x the position's maintenance rate, where ABR = BA x (1 - equity/requirement)
    within 0 and 1. The rate is that of the position judged alone: a market's own, not the account's mean.

    Parameters
    ----------
    adjustment
        BA, the bankruptcy adjustment.
    spread
        SMMR, the spread as a multiple of the maintenance rate.
    """

    adjustment: Fraction = ONE
    spread: Fraction = Fraction(3, 2)

    def concession(self, view: View, part: Part) -> Fraction:
        """Return the concession; none of what is no position, or is worth nothing."""
        requirement = view.judgement.requirement
        if requirement <= 0:
            return ZERO
        short = self.adjustment * (ONE - Fraction(view.judgement.equity, requirement))
        notional = abs(view.value(part.gives, view.balances.get(part.gives, 0))) if part.gives else ZERO
        if part.kind is not Kind.POSITION or notional == 0:
            return ZERO
        return min(max(short, ZERO), ONE) * self.spread * view.requirement_of(part.gives) / notional


@dataclass(frozen=True, slots=True)
class Bankruptcy:
    """The price at which the account is left with exactly nothing: who takes over gets all its equity.

    Of a position, equity over gross notional; of an account, all of its value (Hyperliquid's backstop vault,
    dYdX's deleveraging). Below zero equity the concession of a position is negative: he pays the shortfall.
    """

    def concession(self, view: View, part: Part) -> Fraction:
        """Return the concession."""
        if part.kind is Kind.ACCOUNT:
            return ONE
        gross = sum((abs(view.value(name, units)) for name, units in view.positions().items()), ZERO)
        return Fraction(view.judgement.equity) / gross if gross else ZERO


@dataclass(frozen=True, slots=True)
class Absorb:
    """Everything goes; what the collateral at a penalty is worth beyond the debt is paid out (Compound III).

    Parameters
    ----------
    penalty
        1 minus the liquidation factor.
    """

    penalty: Fraction

    def concession(self, view: View, part: Part) -> Fraction:
        """Return 1 - pay-out / equity; who absorbs a worthless account pays nothing and bears the loss."""
        equity = Fraction(view.judgement.equity)
        if equity <= 0:
            return ONE
        held = sum((view.value(asset, units) for asset, units in view.collateral().items()), ZERO)
        return ONE - max(ZERO, equity - held * self.penalty) / equity
