"""A perpetual exchange of one market as the literature on deleveraging writes it, in exact fractions.

Definitions of Chitra (arXiv 2512.01112): equity = collateral + side x size x (mark - entry) + funding so far;
liquidatable when equity <= ratio x mark x size; effective leverage = mark x size / |equity|. Funding of a
step: gamma = sensitivity x (longs/shorts - mark/index), and each receives gamma x mark x side x size. It adds
up to zero only when longs equal shorts in size, which the paper's toy exchange does not demand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isqrt


@dataclass(frozen=True, slots=True)
class Holder:
    """A position: size above zero, side 1 (long) or -1 (short), collateral, entry price, funding received."""

    size: Fraction
    side: int
    collateral: Fraction
    entry: Fraction = Fraction(1)
    funding: Fraction = Fraction(0)

    def profit(self, mark: Fraction) -> Fraction:
        """Return the unrealised gain with funding."""
        return self.side * self.size * (mark - self.entry) + self.funding

    def equity(self, mark: Fraction) -> Fraction:
        """Return the account's value."""
        return self.collateral + self.profit(mark)

    def leverage(self, mark: Fraction) -> Fraction:
        """Return notional over absolute equity."""
        return mark * self.size / abs(self.equity(mark))

    def bankruptcy_price(self, mark: Fraction) -> Fraction:
        """Return the execution price at which the equity that is left is zero, not below 0."""
        return max(mark - self.equity(mark) / (self.side * self.size), Fraction(0))

    def liquidation_price(self, ratio: Fraction) -> Fraction:
        """Return the mark at which equity is ``ratio`` of notional."""
        held = (self.collateral + self.funding) / self.size
        if self.side > 0:
            return (self.entry - held) / (1 - ratio)
        return (self.entry + held) / (1 + ratio)


@dataclass(frozen=True, slots=True)
class PerpetualExchange:
    """All holders of one market, at one mark."""

    holders: Mapping[str, Holder]
    mark: Fraction = Fraction(1)
    maintenance: Fraction = Fraction(1, 10)
    sensitivity: Fraction = Fraction(1)
    gamma: Fraction = field(default=Fraction(0))

    def step(self, index: Fraction, mark: Fraction) -> PerpetualExchange:
        """Move index and mark, then pay funding on the new mark."""
        longs = sum((h.size for h in self.holders.values() if h.side > 0), Fraction(0))
        shorts = sum((h.size for h in self.holders.values() if h.side < 0), Fraction(0))
        gamma = self.sensitivity * (longs / shorts - mark / index)
        paid = {
            name: replace(h, funding=h.funding + gamma * mark * h.side * h.size)
            for name, h in self.holders.items()
        }
        return replace(self, holders=paid, mark=mark, gamma=gamma)

    def equities(self) -> dict[str, Fraction]:
        """Return every account's value."""
        return {name: holder.equity(self.mark) for name, holder in self.holders.items()}

    def liquidatable(self) -> list[str]:
        """Return who is at or below maintenance."""
        return [
            name
            for name, holder in self.holders.items()
            if holder.equity(self.mark) <= self.maintenance * self.mark * holder.size
        ]

    def deficit(self) -> Fraction:
        """Return the sum of negative equities, above zero."""
        return -sum((min(value, Fraction(0)) for value in self.equities().values()), Fraction(0))

    def wealth(self) -> Fraction:
        """Return the sum of positive equities."""
        return sum((max(value, Fraction(0)) for value in self.equities().values()), Fraction(0))

    def gains(self) -> Fraction:
        """Return the sum of positive profits: what a haircut may take."""
        profits = (holder.profit(self.mark) for holder in self.holders.values())
        return sum((max(profit, Fraction(0)) for profit in profits), Fraction(0))

    def winners_leverage(self) -> Fraction:
        """Return the sum of effective leverages of the solvent."""
        solvent = [h for h in self.holders.values() if h.equity(self.mark) > 0]
        return sum((h.leverage(self.mark) for h in solvent), Fraction(0))


def greedy_size_down(
    impact: Fraction,
    ratio: Fraction,
    mark: Fraction,
    size: Fraction,
    equity: Fraction,
    cost: Fraction,
    unit: int,
) -> Fraction | None:
    """Return the least size to close so that maintenance is met again under linear price impact.

    The smallest root of (impact/2) dq^2 - ratio mark dq + (ratio mark size - equity + cost) = 0, rounded down
    to a multiple of 1/unit; None if no size restores it.

    Parameters
    ----------
    impact
        Price change per unit sold.
    cost
        Fixed cost of the liquidation.
    """
    need = ratio * mark * size - equity + cost
    if need <= 0:
        return Fraction(0)
    slope = ratio * mark
    if impact == 0:
        return Fraction((need / slope * unit).__floor__(), unit)
    square = slope * slope - 2 * impact * need
    if square < 0:
        return None
    # Root of a fraction from below, in units of 1/(unit * 2**32).
    fine = unit << 32
    scaled = square * fine * fine
    root = Fraction(isqrt(-(-scaled.numerator // scaled.denominator)), fine)
    return Fraction(((slope - root) / impact * unit).__floor__(), unit)
