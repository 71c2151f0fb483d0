"""Liquity V1's troves: a debt is offset against the stability pool, the rest falls on all other borrowers.

Source of the rule: liquity/dev ce741f9a ``packages/contracts/contracts/TroveManager.sol``, equal to the
compiled text to the last unit (tests/vectors/liquidation). Redistribution touches no trove: running sums of
collateral and debt per unit of stake say what each has still to take over. All amounts have 18 decimals.
Redemptions and fees are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from protocol.errors import (
    DivisionByZeroError,
    LiquidationSizeError,
    NotLiquidatableError,
    OverflowedError,
)
from protocol.fixed_point import WAD
from protocol.ledger import Posting
from protocol.liquidation.presets.liquity import StabilityPool

MINIMUM_RATIO = 11 * WAD // 10
"""Collateral ratio below which a trove is liquidated."""
RECOVERY_RATIO = 15 * WAD // 10
"""Ratio of the whole system below which recovery mode begins."""
GAS_SHARE = 200
"""One part in so many of the collateral goes to the caller, who is also paid a fixed sum for gas."""


def ratio_down(collateral: int, debt: int, price: int) -> int:
    """Return collateral times price over debt; the greatest word without debt."""
    return collateral * price // debt if debt else 2**256 - 1


@dataclass(frozen=True, slots=True)
class Trove:
    """A trove as last recorded, with the running sums of that moment."""

    debt: int
    collateral: int
    stake: int
    seen_collateral: int = 0
    seen_debt: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a liquidated trove goes.

    ``compensation`` is the caller's collateral; ``surplus``, in recovery mode only, stays the owner's.
    """

    debt: int
    collateral: int
    compensation: int
    offset: int
    to_pool: int
    redistributed: int
    to_others: int
    surplus: int = 0


def split(debt: int, collateral: int, coins: int) -> Outcome:
    """Offset as much as the pool holds and redistribute the rest with its part of the collateral."""
    compensation = collateral // GAS_SHARE
    shared = collateral - compensation
    offset = min(debt, coins)
    to_pool = shared * offset // debt if offset else 0
    return Outcome(debt, collateral, compensation, offset, to_pool, debt - offset, shared - to_pool)


def capped(debt: int, collateral: int, price: int) -> Outcome:
    """Offset all at 110 %; the collateral beyond is the owner's surplus."""
    portion = debt * MINIMUM_RATIO // price
    compensation = portion // GAS_SHARE
    return Outcome(debt, collateral, compensation, debt, portion - compensation, 0, 0, collateral - portion)


@dataclass(frozen=True, slots=True)
class Troves:
    """All troves as a value.

    Parameters
    ----------
    coin, asset
        Names of the debt token and the collateral.
    troves
        Active ones, by owner.
    active, default
        (debt, collateral) of the troves, and of what has been redistributed and not yet been taken over.
    stakes, stakes_then, collateral_then
        Sum of stakes; that and all collateral at the last liquidation.
    sums, errors
        (debt, collateral) per unit of stake, and remainders of the divisions.
    """

    coin: str
    asset: str
    troves: Mapping[str, Trove] = field(default_factory=dict)
    active: tuple[int, int] = (0, 0)
    default: tuple[int, int] = (0, 0)
    stakes: int = 0
    stakes_then: int = 0
    collateral_then: int = 0
    sums: tuple[int, int] = (0, 0)
    errors: tuple[int, int] = (0, 0)

    ACTIVE, DEFAULT, SURPLUS = "active pool", "default pool", "surplus pool"

    def __post_init__(self) -> None:
        if min(*self.active, *self.default) < 0:
            raise OverflowedError("pool of troves", min(*self.active, *self.default), 256)

    def pending_down(self, name: str) -> tuple[int, int]:
        """Return (debt, collateral) that a trove has still to take over."""
        trove = self._known(name)
        debt = trove.stake * (self.sums[0] - trove.seen_debt) // WAD
        return debt, trove.stake * (self.sums[1] - trove.seen_collateral) // WAD

    def entire(self, name: str) -> tuple[int, int]:
        """Return (debt, collateral) of a trove with what is pending."""
        trove = self._known(name)
        debt, collateral = self.pending_down(name)
        return trove.debt + debt, trove.collateral + collateral

    def ratio_down(self, name: str, price: int) -> int:
        """Return a trove's collateral ratio."""
        debt, collateral = self.entire(name)
        return ratio_down(collateral, debt, price)

    def recovering(self, price: int) -> bool:
        """Return whether the system is in recovery mode."""
        return self.system_ratio_down(price) < RECOVERY_RATIO

    def system_ratio_down(self, price: int) -> int:
        """Return the collateral ratio of everything."""
        return ratio_down(self.active[1] + self.default[1], self.active[0] + self.default[0], price)

    def stake_down(self, collateral: int) -> int:
        """Return the stake of a collateral: less than it once redistributions have fattened all others.

        Raises
        ------
        DivisionByZeroError
            If at the last liquidation there was collateral and no stake.
        """
        if self.collateral_then == 0:
            return collateral
        if self.stakes_then == 0:
            raise DivisionByZeroError("stakes at the last liquidation")
        return collateral * self.stakes_then // self.collateral_then

    def _known(self, name: str) -> Trove:
        try:
            return self.troves[name]
        except KeyError:
            raise NotLiquidatableError("TroveManager: Trove does not exist or is closed", name=name) from None

    # Actions

    def open(self, name: str, debt: int, collateral: int) -> Troves:
        """Open a trove; its own opening conditions are not checked.

        Raises
        ------
        LiquidationSizeError
            If the owner has one.
        """
        if name in self.troves:
            raise LiquidationSizeError("BorrowerOps: Trove is active", name=name)
        stake = self.stake_down(collateral)
        trove = Trove(debt, collateral, stake, self.sums[1], self.sums[0])
        active = (self.active[0] + debt, self.active[1] + collateral)
        return replace(self, troves={**self.troves, name: trove}, active=active, stakes=self.stakes + stake)

    def take_over_pending(self, name: str) -> Troves:
        """Write what is pending into the trove, and its stake anew.

        Raises
        ------
        NotLiquidatableError
            If there is no such trove.
        """
        pending = self.pending_down(name)
        debt, collateral = self.entire(name)
        stake = self.stake_down(collateral)
        trove = Trove(debt, collateral, stake, self.sums[1], self.sums[0])
        after = self._activate(pending)
        return replace(
            after,
            troves={**self.troves, name: trove},
            stakes=self.stakes - self.troves[name].stake + stake,
        )

    def _activate(self, pending: tuple[int, int]) -> Troves:
        active = (self.active[0] + pending[0], self.active[1] + pending[1])
        default = (self.default[0] - pending[0], self.default[1] - pending[1])
        return replace(self, active=active, default=default)

    def outcome(self, name: str, price: int, coins: int) -> Outcome:
        """Return where a trove would go if it were liquidated now.

        Parameters
        ----------
        name
            Whose.
        price
            Of the collateral, 18 decimals.
        coins
            What the stability pool holds.

        Raises
        ------
        NotLiquidatableError
            If it is safe in the mode the system is in, or unknown.
        LiquidationSizeError
            If it is the last one.
        """
        debt, collateral = self.entire(name)
        ratio = ratio_down(collateral, debt, price)
        refused = NotLiquidatableError("TroveManager: nothing to liquidate", name=name, ratio=ratio)
        last = LiquidationSizeError("TroveManager: Only one trove in the system", name=name)
        if not self.recovering(price):
            if ratio >= MINIMUM_RATIO:
                raise refused
            if len(self.troves) == 1:
                raise last
            return split(debt, collateral, coins)
        if len(self.troves) == 1:
            raise refused
        if ratio <= WAD:
            return split(debt, collateral, 0)
        if ratio < MINIMUM_RATIO:
            return split(debt, collateral, coins)
        if coins and ratio < self.system_ratio_down(price) and debt <= coins:
            return capped(debt, collateral, price)
        raise refused

    def liquidate(
        self, name: str, price: int, pool: StabilityPool, keeper: str
    ) -> tuple[Troves, StabilityPool, Outcome, tuple[Posting, ...]]:
        """Liquidate one trove; return what is left of the troves and of the pool, and what moved."""
        found = self.outcome(name, price, pool.coins)
        pending = self.pending_down(name)
        after = self._activate(pending)
        left = {other: trove for other, trove in self.troves.items() if other != name}
        stakes = self.stakes - self.troves[name].stake
        pool, _, _, moved = pool.offset(self.ACTIVE, found.offset, found.to_pool)
        active = (after.active[0] - found.offset, after.active[1] - found.to_pool)
        after = replace(after, troves=left, stakes=stakes, active=active)._redistribute(found)
        active = (after.active[0], after.active[1] - found.surplus - found.compensation)
        after = replace(
            after, active=active, stakes_then=stakes, collateral_then=active[1] + after.default[1]
        )
        return after, pool, found, (*self.fetched(pending), *moved, *self._rest(found, keeper))

    def _redistribute(self, found: Outcome) -> Troves:
        if found.redistributed == 0:
            return self
        if self.stakes == 0:
            raise DivisionByZeroError("stakes of all other troves")
        numerators = (
            found.redistributed * WAD + self.errors[0],
            found.to_others * WAD + self.errors[1],
        )
        each = (numerators[0] // self.stakes, numerators[1] // self.stakes)
        errors = (numerators[0] - each[0] * self.stakes, numerators[1] - each[1] * self.stakes)
        return replace(
            self,
            sums=(self.sums[0] + each[0], self.sums[1] + each[1]),
            errors=errors,
            active=(self.active[0] - found.redistributed, self.active[1] - found.to_others),
            default=(self.default[0] + found.redistributed, self.default[1] + found.to_others),
        )

    def fetched(self, pending: tuple[int, int]) -> tuple[Posting, ...]:
        """Return the movements that bring what was pending back among the active."""
        moved = (
            Posting(self.ACTIVE, self.DEFAULT, self.coin, pending[0], "debt taken over"),
            Posting(self.DEFAULT, self.ACTIVE, self.asset, pending[1], "collateral taken over"),
        )
        return tuple(p for p in moved if p.amount)

    def _rest(self, found: Outcome, keeper: str) -> tuple[Posting, ...]:
        moved = (
            Posting(self.DEFAULT, self.ACTIVE, self.coin, found.redistributed, "debt redistributed"),
            Posting(self.ACTIVE, self.DEFAULT, self.asset, found.to_others, "collateral redistributed"),
            Posting(self.ACTIVE, self.SURPLUS, self.asset, found.surplus, "surplus of the owner"),
            Posting(self.ACTIVE, keeper, self.asset, found.compensation, "gas compensation"),
        )
        return tuple(p for p in moved if p.amount)
