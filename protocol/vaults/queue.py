"""Withdrawal queues and gates: who asked first is served first, no sooner and no more than the gate lets.

A request gives up shares at once; what they are worth is settled when the request is served, so a loss in
between is borne by those who wait as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from protocol.errors import GateClosedError, NegativeAmountError, UnsafeValueError


@dataclass(frozen=True, slots=True)
class Request:
    """Shares that wait to be redeemed."""

    account: str
    shares: int
    asked_at: int


@dataclass(frozen=True, slots=True)
class Gate:
    """Limits on withdrawals.

    Parameters
    ----------
    delay
        Seconds between request and service.
    window
        Length of a limit period in seconds; 0 for no limit.
    most
        Shares served per period.
    closed
        Whether nothing is served at all (an emergency, an unresolved auction).
    """

    delay: int = 0
    window: int = 0
    most: int = 0
    closed: bool = False

    def __post_init__(self) -> None:
        if self.delay < 0 or self.window < 0 or self.most < 0:
            raise UnsafeValueError("gate", min(self.delay, self.window, self.most), 0, 1 << 64)


@dataclass(frozen=True, slots=True)
class WithdrawalQueue:
    """Requests in order.

    Parameters
    ----------
    gate
        The limits.
    waiting
        Requests not served, the oldest first.
    served_in, served
        The period of the last service, and the shares served in it.
    """

    gate: Gate
    waiting: tuple[Request, ...] = ()
    served_in: int = -1
    served: int = 0

    @property
    def shares(self) -> int:
        """All shares that wait."""
        return sum(request.shares for request in self.waiting)

    def ask(self, account: str, shares: int, now: int) -> WithdrawalQueue:
        """Put a request at the end of the queue."""
        if shares <= 0:
            raise NegativeAmountError("shares asked for", shares)
        return replace(self, waiting=(*self.waiting, Request(account, shares, now)))

    def cancel(self, account: str) -> tuple[WithdrawalQueue, int]:
        """Take all requests of ``account`` back; return the queue and the shares returned."""
        back = sum(request.shares for request in self.waiting if request.account == account)
        kept = tuple(request for request in self.waiting if request.account != account)
        return replace(self, waiting=kept), back

    def room(self, now: int) -> int | None:
        """Return the shares that the gate lets through in this period; None for no limit."""
        if not self.gate.window:
            return None
        used = self.served if now // self.gate.window == self.served_in else 0
        return max(0, self.gate.most - used)

    def serve(
        self, now: int, affordable: Callable[[int], int]
    ) -> tuple[WithdrawalQueue, tuple[Request, ...]]:
        """Serve from the front what is ripe, within the gate and what can be paid; the last may be in part.

        Parameters
        ----------
        affordable
            Return how many of the given shares the vault can pay for now, counting nothing served before.

        Returns
        -------
        The queue afterwards and what was served, with the shares of each.

        Raises
        ------
        GateClosedError
            If the gate is closed, or the first request is not ripe.
        """
        if self.gate.closed:
            raise GateClosedError("withdrawals", -1, now)
        if self.waiting and now < self.waiting[0].asked_at + self.gate.delay:
            raise GateClosedError("withdrawal", self.waiting[0].asked_at + self.gate.delay, now)
        ripe = sum(r.shares for r in self.waiting if now >= r.asked_at + self.gate.delay)
        room = self.room(now)
        left = affordable(ripe if room is None else min(ripe, room))
        served: list[Request] = []
        kept: list[Request] = []
        for request in self.waiting:
            part = min(request.shares, left) if now >= request.asked_at + self.gate.delay else 0
            left -= part
            if part:
                served.append(replace(request, shares=part))
            if part < request.shares:
                kept.append(replace(request, shares=request.shares - part))
        total = sum(request.shares for request in served)
        period = now // self.gate.window if self.gate.window else -1
        used = self.served if period == self.served_in else 0
        after = replace(self, waiting=tuple(kept), served_in=period, served=used + total)
        return after, tuple(served)
