"""Transactions: all or nothing, with flash loans inside, conserved at the end.

The state of a world is a ledger plus named *immutable* values (venues, vaults, oracle memory), so a snapshot
is a shallow copy and rolling back is putting the old values in place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from protocol.errors import FlashLoanNotRepaidError, LedgerError
from protocol.ledger import Ledger, Posting


@dataclass(slots=True)
class State:
    """Everything that a transaction may change."""

    ledger: Ledger = field(default_factory=Ledger)
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlashLoan:
    """A loan that must be back, with its fee, when the transaction ends."""

    lender: str
    borrower: str
    asset: str
    amount: int
    fee: int

    @property
    def owed(self) -> int:
        """Units to be repaid."""
        return self.amount + self.fee


@dataclass(frozen=True, slots=True)
class Committed:
    """A transaction that went through."""

    name: str
    postings: tuple[Posting, ...]


Invariant = Callable[[State, str], None]
"""A check of the whole state after a transaction; raises what it finds."""


class Transaction:
    """A context manager around a set of changes.

    On an error inside, or a flash loan outstanding at the end, everything is undone and the error goes on.
    On success the ledger's conservation is asserted for every asset that moved, then ``invariants``.

    Parameters
    ----------
    state
        What is changed.
    name
        For messages and the record.
    invariants
        Further checks, run after conservation.
    on_commit
        Called with the record of a transaction that went through.
    """

    def __init__(
        self,
        state: State,
        name: str,
        invariants: tuple[Invariant, ...] = (),
        on_commit: Callable[[Committed], None] | None = None,
    ) -> None:
        self.state = state
        self.name = name
        self.committed: Committed | None = None
        self._on_commit = on_commit
        self._invariants = invariants
        self._mark = 0
        self._values: dict[str, object] = {}
        self._loans: list[FlashLoan] = []

    def __enter__(self) -> Self:
        return self.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.commit()
        else:
            self.undo()

    def begin(self) -> Self:
        """Remember the state to return to."""
        self._mark = self.state.ledger.mark()
        self._values = dict(self.state.values)
        return self

    def commit(self) -> Committed:
        """Check flash loans, conservation and invariants; on any failure undo everything and raise it."""
        try:
            self._check()
        except BaseException:
            self.undo()
            raise
        self.committed = Committed(self.name, self.state.ledger.since(self._mark))
        if self._on_commit is not None:
            self._on_commit(self.committed)
        return self.committed

    def undo(self) -> None:
        """Put the ledger and the values back to where the transaction began."""
        self.state.ledger.roll_back(self._mark)
        self.state.values.clear()
        self.state.values.update(self._values)

    def flash_loan(self, lender: str, borrower: str, asset: str, amount: int, fee: int = 0) -> FlashLoan:
        """Lend inside the transaction; ``repay`` must follow before its end."""
        loan = FlashLoan(lender, borrower, asset, amount, fee)
        self.state.ledger.post(lender, borrower, asset, amount, "flash loan")
        self._loans.append(loan)
        return loan

    def repay(self, loan: FlashLoan, payer: str | None = None) -> None:
        """Return a flash loan with its fee, from the borrower or from ``payer``.

        Raises
        ------
        LedgerError
            If no such loan is open in this transaction.
        """
        if loan not in self._loans:
            raise LedgerError(f"no such flash loan is open in {self.name}: {loan}")
        memo = f"flash loan repaid, fee {loan.fee}" if loan.fee else "flash loan repaid"
        self.state.ledger.post(payer or loan.borrower, loan.lender, loan.asset, loan.owed, memo)
        self._loans.remove(loan)

    def open_loans(self) -> tuple[FlashLoan, ...]:
        """Return the flash loans not yet repaid."""
        return tuple(self._loans)

    def _check(self) -> None:
        for loan in self._loans:
            raise FlashLoanNotRepaidError(loan.lender, loan.asset, loan.owed, 0)
        moved = {posting.asset for posting in self.state.ledger.since(self._mark)}
        self.state.ledger.assert_conserved(self.name, moved)
        for invariant in self._invariants:
            invariant(self.state, self.name)
