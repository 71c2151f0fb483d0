"""How much of a part is unwound in one step.

Sizes are units of debt (loan), units of position, or a share with 18 decimals (account).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from protocol.errors import UnsafeValueError
from protocol.fixed_point import WAD
from protocol.liquidation.exchange import offer
from protocol.liquidation.recent import LONGEST_WINDOW
from protocol.liquidation.view import Kind, Part, View, ceiling, floor


class Sizer(Protocol):
    """Choose the size of a step; 0 means wait."""

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        """Return the size at the given concession."""
        ...


def whole(view: View, part: Part) -> int:
    """Return the size that unwinds all of ``part``."""
    if part.kind is Kind.LOAN:
        return -view.balances.get(part.owes, 0)
    if part.kind is Kind.POSITION:
        return abs(view.balances.get(part.gives, 0))
    return WAD


def worth(view: View, part: Part, size: int) -> Fraction:
    """Return the value of ``size`` of ``part`` at the mark."""
    if part.kind is Kind.ACCOUNT:
        return Fraction(view.judgement.equity * size, WAD)
    return view.value(part.owes if part.kind is Kind.LOAN else part.gives, size)


@dataclass(frozen=True, slots=True)
class All:
    """All of the part at once."""

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        """Return the whole."""
        return whole(view, part)


@dataclass(frozen=True, slots=True)
class CloseFactor:
    """A share of all debts, the whole of one when health is poor or the amounts are small (Aave).

    Parameters
    ----------
    share
        Of the value of all debts, while neither exception applies; a single debt may be less than that.
    full_below
        Health (collateral limit over debt, see ``health``) up to which all may be repaid.
    small
        Value of debt or collateral below which all may be repaid.
    dust
        Value that must be left on both sides unless one is emptied; less is repaid so that it is.
    """

    share: Fraction
    full_below: Fraction
    small: int = 0
    dust: int = 0

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        """Return the debt to repay."""
        owed, held = whole(view, part), view.balances.get(part.gives, 0)
        debt, collateral = view.value(part.owes, owed), view.value(part.gives, held)
        if min(debt, collateral) < self.small or health(view) <= self.full_below:
            return owed
        each = view.value(part.owes, 1)
        total = sum((view.value(asset, units) for asset, units in view.debts().items()), Fraction(0))
        size = min(owed, max(1, floor(total * self.share / each))) if each else owed
        left, kept = debt - size * each, collateral - size * each * (1 + concession)
        if left > 0 and kept > 0 and min(left, kept) < self.dust:
            most = min(debt - self.dust, (collateral - self.dust) / (1 + concession))
            return max(0, min(size, floor(most / each)))
        return size


def health(view: View) -> Fraction:
    """Return (debt + excess) / debt: limit over debt in a lending market, 1 at the trigger."""
    debt = sum((view.value(asset, units) for asset, units in view.debts().items()), Fraction(0))
    return (debt + view.judgement.excess) / debt if debt else Fraction(1)


@dataclass(frozen=True, slots=True)
class RestoreHealth:
    """The least size after which the release level is met; all if none suffices (Mango, Euler, Derive)."""

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        """Return the size, found by bisection on whole units."""
        high = whole(view, part)
        if high <= 1 or not self._restores(view, part, high - 1, concession):
            return high
        low = 0
        while high - low > 1:
            middle = (low + high) // 2
            if self._restores(view, part, middle, concession):
                high = middle
            else:
                low = middle
        return high

    @staticmethod
    def _restores(view: View, part: Part, size: int, concession: Fraction) -> bool:
        return view.after(offer(view, part, size, concession).change()).release >= 0


@dataclass(frozen=True, slots=True)
class ShareByTime:
    """A part of what would restore health, growing with time, less what was freed before (Drift).

    Parameters
    ----------
    initial
        Share allowed at once.
    duration
        Seconds after which the whole is allowed.
    small
        Shortfall of the release level below which the whole is allowed at once.
    """

    initial: Fraction
    duration: int
    small: int = 0

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        """Return the size allowed by now."""
        needed = RestoreHealth().size(view, part, concession)
        short = -view.judgement.release
        if short < self.small or short <= 0:
            return needed
        allowed = min(Fraction(1), self.initial + Fraction(view.elapsed, self.duration))
        left = allowed * (short + view.freed) - view.freed
        return min(needed, ceiling(needed * left / short)) if left > 0 else 0


@dataclass(frozen=True, slots=True)
class Slices:
    """A slice of a large position, then all for a while (Hyperliquid: 20 % above 100,000; 30 s).

    By Hyperliquid's documentation, for ``pause`` seconds after an account was liquidated in part, every order
    is for the whole position; after that a large position is sliced again. Its blocks are far shorter than a
    second, so a second call at the same time stands for the next block.

    Parameters
    ----------
    share
        Of the position, in a slice.
    above
        Notional from which slices apply, at the market's scale.
    pause
        Seconds after a slice in which orders are for everything.
    """

    share: Fraction
    above: int
    pause: int

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        """Return the slice, or all while the pause after one runs."""
        size = whole(view, part)
        if abs(worth(view, part, size)) <= self.above:
            return size
        if view.since_step is None or view.since_step >= self.pause:
            return max(1, ceiling(size * self.share))
        return size


@dataclass(frozen=True, slots=True)
class CappedPosition:
    """At most a share of the position and a notional per step, but never too little (dYdX v4).

    Parameters
    ----------
    share
        Greatest share of the position.
    least, most
        Notional below which everything goes, and above which nothing more does, at the market's scale.
    """

    share: Fraction
    least: int
    most: int

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        """Return the units to close."""
        size = whole(view, part)
        total = abs(worth(view, part, size))
        if total <= self.least:
            return size
        wanted = min(max(total * self.share, Fraction(self.least)), Fraction(self.most), total)
        return max(1, min(size, ceiling(size * wanted / total)))


@dataclass(frozen=True, slots=True)
class Windowed:
    """As much per window and market as the market can bear, over all accounts (Synthetix).

    What an earlier window left unused is not added to a later one.

    Parameters
    ----------
    most
        Units per window, by instrument.
    seconds
        Length of a window, at most ``LONGEST_WINDOW``.
    """

    most: Mapping[str, int]
    seconds: int

    def __post_init__(self) -> None:
        if not 1 <= self.seconds <= LONGEST_WINDOW:
            raise UnsafeValueError("seconds of a window", self.seconds, 1, LONGEST_WINDOW)

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        """Return the units that the window that ends now has left."""
        start = view.now - self.seconds
        used = sum(units for second, units in view.unwound.get(part.gives, ()) if second > start)
        return min(whole(view, part), max(0, self.most[part.gives] - used))


@dataclass(frozen=True, slots=True)
class ShareOfFunds:
    """The share of an account whose debts the taker can repay from what he has (Liquity's stability pool).

    Parameters
    ----------
    available
        Return what the taker holds of an asset.
    """

    available: Callable[[str], int]

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        """Return the greatest share, 18 decimals."""
        shares = [WAD * self.available(asset) // units for asset, units in view.debts().items()]
        return max(0, min([WAD, *shares]))
