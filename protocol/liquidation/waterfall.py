"""Who pays for a loss: an ordered list of payers, every payment a balanced posting.

What a payer could not pay goes to the next one. The list must end in a payer without bound (socialised loss
or a booked deficit), or the loss is refused and the transaction around it undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Protocol

from protocol.errors import WaterfallExhaustedError
from protocol.ledger import Ledger
from protocol.liquidation.allocation import allocate
from protocol.liquidation.deleveraging.policy import Candidate, Policy


class Basis(Enum):
    """What a figure of loss counts; a deficit without its basis says nothing."""

    EQUITY = "equity"  # negative account value: collateral and gains less debts
    PROFIT = "profit"  # gains taken from those who won
    NOTIONAL = "notional"  # size of the positions involved


@dataclass(frozen=True, slots=True)
class Payment:
    """What one payer paid, in raw units of ``asset``."""

    payer: str
    asset: str
    amount: int
    basis: Basis
    memo: str


@dataclass(frozen=True, slots=True)
class Loss:
    """What is to be paid: ``amount`` units of ``asset``, to ``account``."""

    account: str
    asset: str
    amount: int


class Payer(Protocol):
    """One level of a waterfall."""

    def pay(self, book: Ledger, loss: Loss) -> tuple[Payment, ...]:
        """Post what this level pays, at most ``loss.amount``, and return it."""
        ...


def _pay(book: Ledger, loss: Loss, payer: str, amount: int, basis: Basis, memo: str) -> tuple[Payment, ...]:
    if amount <= 0:
        return ()
    book.post(payer, loss.account, loss.asset, amount, memo)
    return (Payment(payer, loss.asset, amount, basis, memo),)


@dataclass(frozen=True, slots=True)
class Fund:
    """An insurance fund, security module or stability pool: pays what it has, up to a share per event.

    Parameters
    ----------
    account
        Its account.
    share_per_event
        Greatest part of its balance that one loss may take.
    """

    account: str
    share_per_event: Fraction = Fraction(1)
    memo: str = "insurance fund"

    def pay(self, book: Ledger, loss: Loss) -> tuple[Payment, ...]:
        """Pay from the balance."""
        held = max(0, book.balance(self.account, loss.asset))
        most = held * self.share_per_event.numerator // self.share_per_event.denominator
        return _pay(book, loss, self.account, min(loss.amount, most), Basis.EQUITY, self.memo)


@dataclass(frozen=True, slots=True)
class Socialise:
    """All holders of a claim lose in proportion to it, each at most all of it.

    Parameters
    ----------
    claims
        Return the claim of each account, in units of the loss's asset; read at the time of the loss.
    """

    claims: Callable[[Ledger, str], Mapping[str, int]]
    memo: str = "socialised loss"

    def pay(self, book: Ledger, loss: Loss) -> tuple[Payment, ...]:
        """Take from every claim in proportion, exact to the unit."""
        claims = {
            name: units
            for name, units in self.claims(book, loss.asset).items()
            if units > 0 and name != loss.account
        }
        paid: list[Payment] = []
        for name, part in allocate(loss.amount, claims, claims).items():
            paid += _pay(book, loss, name, part, Basis.EQUITY, self.memo)
        return tuple(paid)


@dataclass(frozen=True, slots=True)
class Haircut:
    """Deleveraging as a cut of the winners' gains, by a ranking policy.

    Parameters
    ----------
    policy
        How the cut is shared.
    candidates
        Return the winners, with what each can give as capacity; read at the time of the loss.
    """

    policy: Policy
    candidates: Callable[[Ledger, str], tuple[Candidate, ...]]
    memo: str = "auto-deleveraging"

    def pay(self, book: Ledger, loss: Loss) -> tuple[Payment, ...]:
        """Take from the winners."""
        found = tuple(c for c in self.candidates(book, loss.asset) if c.account != loss.account)
        paid: list[Payment] = []
        left = loss.amount
        for name, part in self.policy.allocate(found, loss.amount).items():
            # A policy of whole lots takes up to a lot too much; the last to be cut keeps it.
            paid += _pay(book, loss, name, min(part, left), Basis.PROFIT, self.memo)
            left -= min(part, left)
        return tuple(paid)


@dataclass(frozen=True, slots=True)
class Deficit:
    """Book what is left as the protocol's debt: ``account`` may be negative and pays without bound."""

    account: str
    memo: str = "deficit"

    def pay(self, book: Ledger, loss: Loss) -> tuple[Payment, ...]:
        """Pay all."""
        return _pay(book, loss, self.account, loss.amount, Basis.EQUITY, self.memo)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Payers in order.

    Parameters
    ----------
    payers
        The first is asked first.
    """

    payers: tuple[Payer, ...]

    def cover(self, book: Ledger, account: str, asset: str, amount: int) -> tuple[Payment, ...]:
        """Bring ``amount`` units of ``asset`` to ``account``; return the payments in order.

        Raises
        ------
        WaterfallExhaustedError
            If the payers together cannot; nothing has been posted then.
        """
        start = book.mark()
        left = amount
        paid: list[Payment] = []
        for payer in self.payers:
            if left == 0:
                break
            payments = payer.pay(book, Loss(account, asset, left))
            left -= sum(payment.amount for payment in payments)
            paid += payments
        if left:
            book.roll_back(start)
            raise WaterfallExhaustedError(account, asset, left)
        return tuple(paid)
