"""Liquity V1's stability pool: debts are burnt against deposits, which get the collateral for it.

Source of the rule: liquity/dev bf638ecb ``packages/contracts/contracts/StabilityPool.sol`` (offset, product
P, sum S, epochs, scales of 1e9), equal to the compiled text to the last unit (tests/vectors/liquidation).
Nobody's deposit is touched in a liquidation: a running product P says what is left of a deposit, a running
sum S what collateral it has gained. All amounts have 18 decimals; rewards in LQTY are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from protocol.errors import LiquidationSizeError, NegativeAmountError, OverflowedError
from protocol.fixed_point import WAD
from protocol.ledger import Posting

SCALE = 10**9
BILLION = 10**9


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit as last recorded, with the product, sum, scale and epoch of that moment."""

    value: int
    product: int
    total: int
    scale: int
    epoch: int


@dataclass(frozen=True, slots=True)
class StabilityPool:
    """The pool as a value.

    Parameters
    ----------
    coin, collateral
        Names of the debt token and the collateral.
    deposits
        By depositor.
    coins, held
        Debt tokens and collateral in the pool.
    product, scale, epoch, totals
        P, its scale and epoch, and S by epoch and scale.
    loss_error, gain_error
        Remainders of earlier divisions, fed back into the next.
    """

    coin: str
    collateral: str
    deposits: Mapping[str, Deposit] = field(default_factory=dict)
    coins: int = 0
    held: int = 0
    product: int = WAD
    scale: int = 0
    epoch: int = 0
    totals: Mapping[tuple[int, int], int] = field(default_factory=dict)
    loss_error: int = 0
    gain_error: int = 0

    ACCOUNT = "stability pool"

    # What a deposit is now

    def left_down(self, name: str) -> int:
        """Return what is left of a deposit."""
        deposit = self.deposits.get(name)
        if deposit is None or deposit.epoch < self.epoch:
            return 0
        crossed = self.scale - deposit.scale
        if crossed > 1:
            return 0
        left = deposit.value * self.product // deposit.product
        if crossed == 1:
            left //= SCALE
        # A deposit that has shrunk below a billionth counts as gone.
        return left if left >= deposit.value // BILLION else 0

    def gain_down(self, name: str) -> int:
        """Return the collateral that a deposit has gained and not yet been paid."""
        deposit = self.deposits.get(name)
        if deposit is None:
            return 0
        first = self.totals.get((deposit.epoch, deposit.scale), 0) - deposit.total
        second = self.totals.get((deposit.epoch, deposit.scale + 1), 0) // SCALE
        return deposit.value * (first + second) // deposit.product // WAD

    # Actions

    def provide(self, name: str, amount: int) -> tuple[StabilityPool, tuple[Posting, ...]]:
        """Deposit ``amount`` more; the gain so far is paid out."""
        if amount <= 0:
            raise NegativeAmountError("deposit", amount)
        after, moved = self._settle(name, self.left_down(name) + amount)
        paid = Posting(name, self.ACCOUNT, self.coin, amount, "deposit")
        return replace(after, coins=after.coins + amount), (*moved, paid)

    def withdraw(self, name: str, amount: int) -> tuple[StabilityPool, tuple[Posting, ...]]:
        """Withdraw up to ``amount`` of what is left, with all gain.

        Raises
        ------
        LiquidationSizeError
            If there is no deposit.
        """
        if name not in self.deposits:
            raise LiquidationSizeError("StabilityPool: User must have a non-zero deposit", name=name)
        left = self.left_down(name)
        taken = min(amount, left)
        after, moved = self._settle(name, left - taken)
        if taken:
            moved = (*moved, Posting(self.ACCOUNT, name, self.coin, taken, "withdrawal"))
        return replace(after, coins=after.coins - taken), moved

    def _settle(self, name: str, value: int) -> tuple[StabilityPool, tuple[Posting, ...]]:
        gain = self.gain_down(name)
        if gain > self.held:
            raise OverflowedError("collateral of the stability pool", self.held - gain, 256)
        deposits = {other: deposit for other, deposit in self.deposits.items() if other != name}
        if value:
            total = self.totals.get((self.epoch, self.scale), 0)
            deposits[name] = Deposit(value, self.product, total, self.scale, self.epoch)
        moved = (Posting(self.ACCOUNT, name, self.collateral, gain, "gain"),) if gain else ()
        return replace(self, deposits=deposits, held=self.held - gain), moved

    def offset(
        self, owner: str, debt: int, collateral: int
    ) -> tuple[StabilityPool, int, int, tuple[Posting, ...]]:
        """Burn as much of ``debt`` as the pool holds and take the same part of the collateral.

        Parameters
        ----------
        owner
            The liquidated account.
        debt, collateral
            All that it owes and holds.

        Returns
        -------
        The pool, the debt burnt, the collateral taken, and what moved.
        """
        burnt = min(debt, self.coins)
        if burnt <= 0 or debt <= 0:
            return self, 0, 0, ()
        taken = collateral * burnt // debt
        loss_numerator = burnt * WAD - self.loss_error
        if loss_numerator < 0 and burnt < self.coins:
            raise OverflowedError("debt offset less the last remainder", loss_numerator, 256)
        gain_numerator = taken * WAD + self.gain_error
        if burnt >= self.coins:
            loss, loss_error = WAD, 0
        else:
            # One too many, so that what is left of all deposits never exceeds the pool.
            loss = loss_numerator // self.coins + 1
            loss_error = loss * self.coins - loss_numerator
        gain = gain_numerator // self.coins
        after = replace(
            self,
            coins=self.coins - burnt,
            held=self.held + taken,
            loss_error=loss_error,
            gain_error=gain_numerator - gain * self.coins,
        )
        moved = (
            Posting(self.ACCOUNT, owner, self.coin, burnt, "debt burnt against deposits"),
            Posting(owner, self.ACCOUNT, self.collateral, taken, "collateral to depositors"),
        )
        return after._book(gain, loss), burnt, taken, tuple(p for p in moved if p.amount)

    def _book(self, gain: int, loss: int) -> StabilityPool:
        key = (self.epoch, self.scale)
        totals = {**self.totals, key: self.totals.get(key, 0) + gain * self.product}
        factor = WAD - loss
        if factor == 0:
            return replace(self, totals=totals, product=WAD, scale=0, epoch=self.epoch + 1)
        product = self.product * factor // WAD
        if product < SCALE:
            product = self.product * factor * SCALE // WAD
            return replace(self, totals=totals, product=product, scale=self.scale + 1)
        return replace(self, totals=totals, product=product)
