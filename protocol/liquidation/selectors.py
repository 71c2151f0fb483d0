"""Which part of an account is unwound next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from protocol.liquidation.view import WHOLE_ACCOUNT, Kind, Part, View


class Selector(Protocol):
    """Choose a part, or None if nothing of this kind is left."""

    def select(self, view: View) -> Part | None:
        """Return the part to unwind next."""
        ...


@dataclass(frozen=True, slots=True)
class LargestLoan:
    """The debt and the collateral of greatest value, as a keeper who wants the greatest bonus would choose.

    Ties go to the name that sorts first.
    """

    def select(self, view: View) -> Part | None:
        """Return the pair, or None without a debt or without collateral."""
        debts, held = view.debts(), view.collateral()
        if not debts or not held:
            return None
        owes = min(debts, key=lambda asset: (-view.value(asset, debts[asset]), asset))
        gives = min(held, key=lambda asset: (-view.value(asset, held[asset]), asset))
        return Part(Kind.LOAN, gives, owes)


@dataclass(frozen=True, slots=True)
class LargestPosition:
    """The derivative position of greatest notional."""

    def select(self, view: View) -> Part | None:
        """Return the position, or None if there is none."""
        held = view.positions()
        if not held:
            return None
        return Part(Kind.POSITION, min(held, key=lambda name: (-abs(view.value(name, held[name])), name)))


@dataclass(frozen=True, slots=True)
class RandomPosition:
    """A position drawn uniformly, as validators of dYdX v4 do."""

    def select(self, view: View) -> Part | None:
        """Return the position, or None if there is none."""
        held = sorted(view.positions())
        if not held:
            return None
        return Part(Kind.POSITION, Random(f"{view.seed}:{view.account}:{view.steps}").choice(held))  # noqa: S311 (reproducible, no secret)


@dataclass(frozen=True, slots=True)
class Everything:
    """The account as a whole."""

    def select(self, view: View) -> Part | None:
        """Return the whole account, or None if it is empty."""
        return WHOLE_ACCOUNT if any(view.balances.values()) else None


@dataclass(frozen=True, slots=True)
class KeeperChoice:
    """Whatever the keeper names (GMX); a part that the account does not hold is refused later."""

    choose: Callable[[View], Part | None]

    def select(self, view: View) -> Part | None:
        """Return the keeper's choice."""
        return self.choose(view)


@dataclass(frozen=True, slots=True)
class FirstOf:
    """The first selector that finds anything: positions before loans, for instance."""

    selectors: tuple[Selector, ...]

    def select(self, view: View) -> Part | None:
        """Return the first part found."""
        for selector in self.selectors:
            part = selector.select(view)
            if part is not None:
                return part
        return None
