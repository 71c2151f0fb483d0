"""Lending pools on a ledger: every supply, loan, repayment and write-off as balanced postings.

Of a pool of asset A stand on the ledger: its cash (account ``pool:A``, a wallet), supply shares (asset
``supply:A``) and debt shares (asset ``debt:A``), both issued by ``issuer:A``. A borrower's balance of debt
shares is negative: a loan is a negative balance.
"""

from __future__ import annotations

from protocol.errors import ShareError, UnknownNameError
from protocol.ledger import Account, Kind
from protocol.transaction import State
from protocol.vaults.lending_pool import LendingPool


def supply_share(asset: str) -> str:
    """Return the name of the supply shares of ``asset``."""
    return f"supply:{asset}"


def debt_share(asset: str) -> str:
    """Return the name of the debt shares of ``asset``."""
    return f"debt:{asset}"


class Desk:
    """The lending pools of one protocol.

    Parameters
    ----------
    state
        Ledger and values; pools are values, so that a transaction can undo what it did.
    name
        Of the protocol.
    treasury
        Account that receives reserve shares.
    """

    def __init__(self, state: State, name: str, treasury: str) -> None:
        self.state = state
        self.name = name
        self.treasury = treasury

    def open(self, pool: LendingPool) -> None:
        """Open a pool; it must be empty."""
        if pool.supplied or pool.supply_shares or pool.borrowed or pool.debt_shares:
            raise ShareError("a new pool's totals", 0, pool.supplied)
        self.state.ledger.open(Account(self.vault(pool.asset)))
        self.state.ledger.open(Account(self.issuer(pool.asset), Kind.ISSUER))
        # Debt shares are no claim on cash: their sum over borrowers is what the issuer holds.
        self.state.ledger.list_instrument(debt_share(pool.asset))
        self._store(pool)

    def vault(self, asset: str) -> str:
        """Return the account that holds the pool's cash."""
        return f"{self.name} pool:{asset}"

    def issuer(self, asset: str) -> str:
        """Return the issuer of the pool's shares."""
        return f"{self.name} issuer:{asset}"

    def pool(self, asset: str) -> LendingPool:
        """Return the pool of ``asset``.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        pool = self.state.values.get(f"{self.name} lending:{asset}")
        if not isinstance(pool, LendingPool):
            raise UnknownNameError("lending pool", asset, ())
        return pool

    def _store(self, pool: LendingPool) -> None:
        self.state.values[f"{self.name} lending:{pool.asset}"] = pool

    def accrue(self, asset: str, now: int) -> int:
        """Bring interest up to ``now``; return the shares minted to the treasury."""
        pool, minted = self.pool(asset).accrue(now)
        self._store(pool)
        self.state.ledger.post(self.issuer(asset), self.treasury, supply_share(asset), minted, "reserve")
        return minted

    def supply(self, account: str, asset: str, assets: int) -> int:
        """Take assets from ``account`` for shares; return the shares."""
        pool, shares = self.pool(asset).supply(assets)
        self.state.ledger.post(account, self.vault(asset), asset, assets, "supplied")
        self.state.ledger.post(self.issuer(asset), account, supply_share(asset), shares, "supplied")
        self._store(pool)
        return shares

    def redeem(self, account: str, asset: str, shares: int) -> int:
        """Take shares from ``account`` for assets; return the assets."""
        self._require_shares(account, asset, shares)
        pool, assets = self.pool(asset).redeem(shares)
        self._pay_out(account, asset, shares, assets)
        self._store(pool)
        return assets

    def withdraw(self, account: str, asset: str, assets: int) -> int:
        """Pay ``assets`` out for as many shares as they cost; return the shares."""
        pool, shares = self.pool(asset).withdraw(assets)
        self._require_shares(account, asset, shares)
        self._pay_out(account, asset, shares, assets)
        self._store(pool)
        return shares

    def _pay_out(self, account: str, asset: str, shares: int, assets: int) -> None:
        self.state.ledger.post(account, self.issuer(asset), supply_share(asset), shares, "redeemed")
        self.state.ledger.post(self.vault(asset), account, asset, assets, "redeemed")

    def _require_shares(self, account: str, asset: str, shares: int) -> None:
        held = self.state.ledger.balance(account, supply_share(asset))
        if shares > held:
            raise ShareError(f"shares of {asset} held by {account}", shares, held)

    def borrow(self, account: str, asset: str, assets: int, receiver: str = "") -> int:
        """Lend to ``account``, paying ``receiver`` (himself if empty); return the debt shares."""
        pool, shares = self.pool(asset).borrow(assets)
        self.state.ledger.post(account, self.issuer(asset), debt_share(asset), shares, "borrowed")
        self.state.ledger.post(self.vault(asset), receiver or account, asset, assets, "borrowed")
        self._store(pool)
        return shares

    def debt_shares(self, account: str, asset: str) -> int:
        """Return the debt shares that ``account`` owes."""
        return max(0, -self.state.ledger.balance(account, debt_share(asset)))

    def debt_up(self, account: str, asset: str) -> int:
        """Return the assets that ``account`` owes now."""
        shares = self.debt_shares(account, asset)
        return self.pool(asset).debt_up(shares) if shares else 0

    def repay(self, account: str, asset: str, shares: int, payer: str = "") -> int:
        """Clear debt shares of ``account`` with the assets of ``payer``; return the assets paid."""
        self._require_debt(account, asset, shares)
        pool, paid = self.pool(asset).repay(shares)
        self.state.ledger.post(payer or account, self.vault(asset), asset, paid, "repaid")
        self.state.ledger.post(self.issuer(asset), account, debt_share(asset), shares, "repaid")
        self._store(pool)
        return paid

    def write_off(self, account: str, asset: str) -> int:
        """Strike all debt of ``account`` and let the suppliers bear it; return the assets lost."""
        shares = self.debt_shares(account, asset)
        pool, lost = self.pool(asset).write_off(shares)
        self.state.ledger.post(self.issuer(asset), account, debt_share(asset), shares, "bad debt socialised")
        self._store(pool)
        return lost

    def _require_debt(self, account: str, asset: str, shares: int) -> None:
        owed = self.debt_shares(account, asset)
        if shares > owed:
            raise ShareError(f"debt shares of {asset} owed by {account}", shares, owed)

    def assert_backed(self, asset: str) -> None:
        """Check that totals and ledger agree: cash, supply shares and debt shares.

        Raises
        ------
        ShareError
            A defect of the program, whatever the input.
        """
        pool, book = self.pool(asset), self.state.ledger
        issuer = self.issuer(asset)
        for what, expected, got in (
            ("cash", pool.cash + pool.unclaimed, book.balance(self.vault(asset), asset)),
            ("supply shares", pool.supply_shares, book.issued(issuer, supply_share(asset))),
            ("debt shares", pool.debt_shares, book.balance(issuer, debt_share(asset))),
        ):
            if expected != got:
                raise ShareError(f"{what} of {asset} on the ledger", expected, got)
