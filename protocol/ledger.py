"""The double-entry ledger: exact integers, every movement balanced, the whole adding up to zero.

An asset enters the world from an *issuer* (the rest of the world, a token contract, a flash mint), whose
balance goes below zero by as much, so the balances of an asset over all accounts add up to 0 at all times.
A margin account may be negative too: a loan is a negative balance. What a protocol holds in cash is then
not kept anywhere, it is the sum over the accounts of that protocol, and may not be negative.

A perpetual or future is an asset as well: its units are the position, and ``quote_of`` names the asset that
carries what the position has cost. Open interest is conserved by the same rule as money.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from protocol.errors import (
    InsufficientBalanceError,
    NegativeAmountError,
    NotConservedError,
    UnknownAccountError,
)


class Kind(Enum):
    """What an account may do."""

    WALLET = "wallet"  # holds tokens, never below zero; venues and vaults too
    MARGIN = "margin"  # judged by a margin rule, may be negative; belongs to a protocol
    ISSUER = "issuer"  # where assets come from; negative by what it issued


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the ledger.

    Parameters
    ----------
    name
        Unique name; margin accounts are called ``protocol:owner``.
    kind
        What its balances may do.
    group
        The protocol of a margin account; the group's sum per asset is the protocol's cash.
    """

    name: str
    kind: Kind = Kind.WALLET
    group: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """``amount`` units (raw, above zero) of ``asset`` moved from ``source`` to ``target``."""

    source: str
    target: str
    asset: str
    amount: int
    memo: str = ""


def quote_of(instrument: str) -> str:
    """Return the asset that carries the cost of a position in ``instrument``."""
    return f"{instrument}/quote"


class Ledger:
    """Balances and the journal of postings that made them."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._balances: dict[str, dict[str, int]] = {}
        self._journal: list[Posting] = []
        self._positions: set[str] = set()

    def list_instrument(self, instrument: str) -> None:
        """Declare a derivative: its units and its quote are positions, of which no cash is held."""
        self._positions |= {instrument, quote_of(instrument)}

    def open(self, account: Account) -> None:
        """Open an account; opening the same account again changes nothing.

        Raises
        ------
        UnknownAccountError
            If another account of this name is open.
        """
        known = self._accounts.setdefault(account.name, account)
        if known != account:
            raise UnknownAccountError(account.name, f"it is open already as {known.kind.value}")

    def account(self, name: str) -> Account:
        """Return the account called ``name``.

        Raises
        ------
        UnknownAccountError
            If it was never opened.
        """
        try:
            return self._accounts[name]
        except KeyError:
            raise UnknownAccountError(name, "it was never opened") from None

    def accounts(self) -> Iterator[Account]:
        """Iterate over the accounts in the order of opening."""
        return iter(self._accounts.values())

    def balance(self, account: str, asset: str) -> int:
        """Return the signed balance in raw units."""
        return self._balances.get(asset, {}).get(account, 0)

    def balances(self, account: str) -> Mapping[str, int]:
        """Return the non-zero balances of ``account``, by asset."""
        held = {asset: by_account.get(account, 0) for asset, by_account in self._balances.items()}
        return {asset: amount for asset, amount in held.items() if amount}

    def cash(self, group: str, asset: str) -> int:
        """Return what the protocol ``group`` holds: the sum over its margin accounts."""
        by_account = self._balances.get(asset, {})
        return sum(amount for name, amount in by_account.items() if self._accounts[name].group == group)

    def issued(self, issuer: str, asset: str) -> int:
        """Return how much of ``asset`` the issuer has put into the world."""
        return -self.balance(issuer, asset)

    def post(self, source: str, target: str, asset: str, amount: int, memo: str = "") -> None:
        """Move ``amount`` units; zero moves nothing and leaves no trace.

        Raises
        ------
        NegativeAmountError
            If ``amount`` is below zero.
        InsufficientBalanceError
            If a wallet, or the cash of the source's protocol, would fall below zero.
        """
        if amount < 0:
            raise NegativeAmountError(f"posting of {asset} from {source} to {target}", amount)
        paying, receiving = self.account(source), self.account(target)
        if amount == 0 or source == target:
            return
        if paying.kind is Kind.WALLET:
            available = self.balance(source, asset)
            if available < amount:
                raise InsufficientBalanceError(source, asset, amount, available)
        elif paying.kind is Kind.MARGIN and paying.group != receiving.group and asset not in self._positions:
            available = self.cash(paying.group, asset)
            if available < amount:
                raise InsufficientBalanceError(f"cash of {paying.group}", asset, amount, available)
        self._move(Posting(source, target, asset, amount, memo))

    def _move(self, posting: Posting) -> None:
        by_account = self._balances.setdefault(posting.asset, {})
        by_account[posting.source] = by_account.get(posting.source, 0) - posting.amount
        by_account[posting.target] = by_account.get(posting.target, 0) + posting.amount
        self._journal.append(posting)

    def mark(self) -> int:
        """Return a point in the journal to which ``roll_back`` can return."""
        return len(self._journal)

    def since(self, mark: int) -> tuple[Posting, ...]:
        """Return the postings made after ``mark``."""
        return tuple(self._journal[mark:])

    def roll_back(self, mark: int) -> None:
        """Undo every posting made after ``mark``."""
        while len(self._journal) > mark:
            undone = self._journal.pop()
            by_account = self._balances[undone.asset]
            by_account[undone.source] += undone.amount
            by_account[undone.target] -= undone.amount

    def assert_conserved(self, transaction: str, assets: Iterable[str] | None = None) -> None:
        """Check, over all accounts, that each asset adds up to zero and that nobody is below his floor.

        Raises
        ------
        NotConservedError
            A defect of the program, whatever the input.
        InsufficientBalanceError
            If a wallet or a protocol's cash is below zero.
        """
        for asset in self._balances if assets is None else set(assets):
            by_account = self._balances.get(asset, {})
            total = sum(by_account.values())
            if total:
                raise NotConservedError(asset, total, transaction)
            cash: dict[str, int] = {}
            for name, amount in by_account.items():
                account = self._accounts[name]
                if account.kind is Kind.WALLET and amount < 0:
                    raise InsufficientBalanceError(name, asset, 0, amount)
                if account.kind is Kind.MARGIN:
                    cash[account.group] = cash.get(account.group, 0) + amount
            for group, amount in cash.items():
                if amount < 0 and asset not in self._positions:
                    raise InsufficientBalanceError(f"cash of {group}", asset, 0, amount)
