"""Withdrawals through a queue, on the ledger: shares wait in escrow and are redeemed at the price of the day.

Who waits still bears losses and earns interest: what a share is worth is settled when it is served.
"""

from __future__ import annotations

from protocol.errors import ShareError, UnknownNameError
from protocol.ledger import Account
from protocol.transaction import Transaction
from protocol.vaults.desk import Desk, supply_share
from protocol.vaults.lending_pool import LendingPool
from protocol.vaults.queue import Gate, Request, WithdrawalQueue


class QueuedWithdrawals:
    """The queue of one lending pool.

    Parameters
    ----------
    desk
        Pools and ledger; withdrawals that do not go through the queue must not be offered beside it.
    asset
        Whose pool.
    gate
        Delay, limit per period, closed or open.
    """

    def __init__(self, desk: Desk, asset: str, gate: Gate) -> None:
        self.desk = desk
        self.asset = asset
        self.escrow = f"{desk.name} queue:{asset}"
        desk.state.ledger.open(Account(self.escrow))
        self._store(WithdrawalQueue(gate))

    @property
    def queue(self) -> WithdrawalQueue:
        """The queue as it is now.

        Raises
        ------
        UnknownNameError
            If it has been taken out of the state's values.
        """
        queue = self.desk.state.values.get(self.escrow)
        if not isinstance(queue, WithdrawalQueue):
            raise UnknownNameError("withdrawal queue", self.asset, ())
        return queue

    def _store(self, queue: WithdrawalQueue) -> None:
        self.desk.state.values[self.escrow] = queue

    def set_gate(self, gate: Gate) -> None:
        """Change the limits, for those who wait too."""
        queue = self.queue
        self._store(WithdrawalQueue(gate, queue.waiting, queue.served_in, queue.served))

    def ask(self, account: str, shares: int, now: int) -> None:
        """Put ``shares`` of ``account`` into escrow at the end of the queue.

        Raises
        ------
        ShareError
            If the account has fewer.
        """
        name, book = supply_share(self.asset), self.desk.state.ledger
        if shares > book.balance(account, name):
            raise ShareError(f"shares of {self.asset} held by {account}", shares, book.balance(account, name))
        with Transaction(self.desk.state, f"{account} asks for {self.asset}"):
            self._store(self.queue.ask(account, shares, now))
            book.post(account, self.escrow, name, shares, "waits for withdrawal")

    def cancel(self, account: str) -> int:
        """Give the shares of ``account`` that wait back to it; return how many."""
        with Transaction(self.desk.state, f"{account} waits no longer"):
            queue, back = self.queue.cancel(account)
            self._store(queue)
            self.desk.state.ledger.post(self.escrow, account, supply_share(self.asset), back, "taken back")
        return back

    def serve(self, now: int) -> tuple[tuple[Request, int], ...]:
        """Redeem from the front what is ripe, within the gate and the pool's cash.

        Returns
        -------
        Each request served, with its shares and the assets paid.

        Raises
        ------
        GateClosedError
            If the gate is closed, or the first request is not ripe.
        """
        book, paid = self.desk.state.ledger, []
        with Transaction(self.desk.state, f"withdrawals of {self.asset}"):
            pool = self.desk.pool(self.asset)
            queue, served = self.queue.serve(now, lambda shares: min(shares, payable_down(pool)))
            self._store(queue)
            for request in served:
                assets = self.desk.redeem(self.escrow, self.asset, request.shares)
                book.post(self.escrow, request.account, self.asset, assets, "withdrawal served")
                paid.append((request, assets))
        return tuple(paid)


def payable_down(pool: LendingPool) -> int:
    """Return the most shares whose full worth the pool's cash covers."""
    return min(pool.supply_shares, pool.shares_down(pool.cash))
