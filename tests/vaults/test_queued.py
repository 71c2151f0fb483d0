"""Withdrawals through a queue on the ledger."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import GateClosedError, RuleError, ShareError
from protocol.fixed_point import WAD
from protocol.ledger import Account, Kind
from protocol.transaction import State
from protocol.vaults.desk import Desk, supply_share
from protocol.vaults.interest import YEAR, Kinked
from protocol.vaults.lending_pool import LendingPool
from protocol.vaults.queue import Gate
from protocol.vaults.queued import QueuedWithdrawals, payable_down

NOTHING = Kinked(0, 0, 0, WAD * 8 // 10)
MAX_UNITS = 10**12


def open_queue(gate: Gate, model: Kinked = NOTHING) -> tuple[Desk, QueuedWithdrawals]:
    """Three suppliers of 100 each and a borrower of all of it but 40."""
    state = State()
    book = state.ledger
    book.open(Account("world", Kind.ISSUER))
    book.open(Account("m:b", Kind.MARGIN, "m"))
    for name in ("s0", "s1", "s2", "treasury"):
        book.open(Account(name))
    desk = Desk(state, "d", "treasury")
    desk.open(LendingPool("X", model))
    for name in ("s0", "s1", "s2"):
        book.post("world", name, "X", 100)
        desk.supply(name, "X", 100)
    desk.borrow("m:b", "X", 260)
    book.post("world", "m:b", "X", 1000)
    return desk, QueuedWithdrawals(desk, "X", gate)


def shares_of(desk: Desk, name: str) -> int:
    return desk.state.ledger.balance(name, supply_share("X"))


def test_who_asked_first_is_served_first_as_far_as_cash_goes() -> None:
    desk, queued = open_queue(Gate(delay=10))
    book = desk.state.ledger
    for name in ("s1", "s0"):
        queued.ask(name, shares_of(desk, name), 0)
    assert shares_of(desk, "s1") == 0
    with pytest.raises(GateClosedError):
        queued.serve(9)
    assert [(r.account, paid) for r, paid in queued.serve(10)] == [("s1", 40)]
    desk.repay("m:b", "X", desk.debt_shares("m:b", "X"))
    assert [(r.account, paid) for r, paid in queued.serve(11)] == [("s1", 60), ("s0", 100)]
    assert [book.balance(name, "X") for name in ("s0", "s1", "s2")] == [100, 100, 0]
    desk.assert_backed("X")


def test_a_loss_before_service_falls_on_those_who_wait_too() -> None:
    """One of three asks first; 260 of 300 are lost before: 40 are left for all, 13 each."""
    desk, queued = open_queue(Gate())
    queued.ask("s0", shares_of(desk, "s0"), 0)
    desk.write_off("m:b", "X")
    ((request, paid),) = queued.serve(1)
    assert (request.account, paid) == ("s0", 13)
    assert desk.pool("X").assets_down(shares_of(desk, "s1")) == 13


def test_a_closed_gate_and_a_request_taken_back() -> None:
    desk, queued = open_queue(Gate(window=100, most=10 * 10**6))
    held = shares_of(desk, "s0")
    queued.ask("s0", held, 0)
    with pytest.raises(ShareError):
        queued.ask("s0", 1, 0)
    queued.set_gate(Gate(closed=True))
    with pytest.raises(GateClosedError):
        queued.serve(5)
    queued.set_gate(Gate(window=100, most=10 * 10**6))
    assert [paid for _, paid in queued.serve(5)] == [10]
    assert [paid for _, paid in queued.serve(99)] == []
    assert [paid for _, paid in queued.serve(100)] == [10]
    assert queued.cancel("s0") == held - 20 * 10**6
    assert shares_of(desk, "s0") == held - 20 * 10**6


@given(st.integers(1, MAX_UNITS), st.integers(0, MAX_UNITS), st.integers(0, 10**18))
def test_payable_is_the_most_that_cash_covers(supplied: int, lent: int, interest: int) -> None:
    lent = min(lent, supplied)
    pool = LendingPool("X", NOTHING).supply(supplied)[0].borrow(lent)[0]
    pool, _ = pool.accrue(0)
    pool = pool.donate(interest) if interest % 2 else pool
    most = payable_down(pool)
    # Not a share more than the cash is worth: one more would be burnt for less than it is worth.
    worth = pool.supplied + pool.virtual_assets, pool.supply_shares + pool.virtual_shares
    assert most * worth[0] <= pool.cash * worth[1]
    assert most == pool.supply_shares or (most + 1) * worth[0] > pool.cash * worth[1]


actions = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "cancel", "serve", "serve", "repay", "borrow", "write_off", "wait"]),
        st.integers(0, 2),
        st.integers(1, 100),
    ),
    max_size=30,
)


@given(actions)
def test_nothing_is_lost_or_made_in_a_queue(steps: list[tuple[str, int, int]]) -> None:
    desk, queued = open_queue(Gate(delay=3, window=50, most=60 * 10**6), Kinked(0, 10**10, 10**11, WAD // 2))
    now = 0

    def attempt(call: Callable[[], object]) -> None:
        with suppress(RuleError):
            call()

    for action, who, amount in steps:
        name, price = f"s{who}", price_of(desk)
        match action:
            case "ask":
                attempt(lambda: queued.ask(name, amount * 10**6, now))  # noqa: B023
            case "cancel":
                queued.cancel(name)
            case "serve":
                attempt(lambda: queued.serve(now))  # noqa: B023
            case "repay":
                attempt(lambda: desk.repay("m:b", "X", desk.debt_shares("m:b", "X") * amount // 100))  # noqa: B023
            case "borrow":
                attempt(lambda: desk.borrow("m:b", "X", amount))  # noqa: B023
            case "write_off":
                desk.write_off("m:b", "X")
                price = 0
            case _:
                now += amount
                desk.accrue("X", now)
        desk.assert_backed("X")
        desk.state.ledger.assert_conserved(action)
        assert shares_of(desk, queued.escrow) == queued.queue.shares
        assert desk.state.ledger.balance(queued.escrow, "X") == 0
        assert price_of(desk) >= price


def price_of(desk: Desk) -> float:
    pool = desk.pool("X")
    return (pool.supplied + pool.virtual_assets) / (pool.supply_shares + pool.virtual_shares)


def test_interest_is_earned_while_waiting() -> None:
    desk, queued = open_queue(Gate(), Kinked(10**17 // YEAR, 0, 0, WAD * 8 // 10))
    queued.ask("s0", shares_of(desk, "s0"), 0)
    desk.accrue("X", YEAR)
    desk.repay("m:b", "X", desk.debt_shares("m:b", "X"))
    ((_, paid),) = queued.serve(YEAR)
    # e^0.1 - 1 of 260 are 27.3, whole units 27: 100 x 328 / 301 with the virtual unit are 108.97.
    assert paid == 108
