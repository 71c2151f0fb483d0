"""Liquidation into an order book: prices of the book, sizes of the book, marks that follow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import UnknownNameError
from protocol.ledger import Account, Kind, quote_of
from protocol.liquidation.deleveraging.policy import Candidate, ProRata, Queue
from protocol.liquidation.machine import Machine
from protocol.liquidation.market_orders import MarketOrders
from protocol.liquidation.policy import Deleveraging, LiquidationPolicy, Rule
from protocol.liquidation.selectors import LargestPosition
from protocol.liquidation.sizers import All, Slices
from protocol.liquidation.stages import Stage
from protocol.liquidation.view import Judgement, View, floor, value
from protocol.liquidation.waterfall import Deficit, Fund, Waterfall
from protocol.market_state import MarketState, Price
from protocol.transaction import State
from protocol.venues.order import Side
from protocol.venues.order_book import OrderBook

PERP, USD, BOOK = "PERP", "USD", "book"
ACCOUNTS = ("p:a", "p:other", "p:makers", "p:house", "p:fund", "p:deficit")


def market(price: Fraction) -> MarketState:
    at = Price(int(price * 10**18))
    one = Price(10**18)
    return MarketState({PERP: at, USD: one, quote_of(PERP): one}, {PERP: 0, USD: 0, quote_of(PERP): 0})


def judge(balances: Mapping[str, int], at: MarketState) -> Judgement:
    equity = sum((value(at, a, n) for a, n in balances.items()), Fraction(0))
    excess = floor(equity - abs(value(at, PERP, balances.get(PERP, 0))) / 10)
    return Judgement(floor(equity), excess, excess)


def setup(position: int, price: int, margin: int, *, slices: bool = False) -> tuple[Machine, MarketOrders]:
    """An account with a position opened at ``price``, short of margin."""
    state = State()
    ledger = state.ledger
    for name in ACCOUNTS:
        ledger.open(Account(name, Kind.MARGIN, "p"))
    ledger.open(Account("world", Kind.ISSUER))
    ledger.list_instrument(PERP)
    ledger.post("world", "p:a", USD, margin)
    ledger.post("world", "p:fund", USD, 10)
    ledger.post("world", "p:makers", USD, 10**9)
    one, other = ("p:other", "p:a") if position > 0 else ("p:a", "p:other")
    ledger.post(one, other, PERP, abs(position))
    ledger.post(other, one, quote_of(PERP), abs(position) * price)
    state.values[BOOK] = OrderBook(PERP, USD)
    orders = MarketOrders(state, BOOK)
    sizer = Slices(Fraction(1, 5), 0, 30) if slices else All()
    policy = LiquidationPolicy(
        "market",
        (Rule(LargestPosition(), sizer, orders, taker="p:makers"),),
        Waterfall((Fund("p:fund"), Deficit("p:deficit"))),
    )
    machine = Machine(state, policy, judge, USD, "p:house", frozenset({PERP}), orders.record)
    return machine, orders


def rest(machine: Machine, side: Side, *orders: tuple[int, int]) -> None:
    book = machine.state.values[BOOK]
    assert isinstance(book, OrderBook)
    for price, quantity in orders:
        book = book.place("maker", side, price, quantity)[1]
    machine.state.values[BOOK] = book


def test_the_order_book_example_of_the_deleveraging_paper() -> None:
    """Asks of 1, 3 and 10 at 1.0, 1.1 and 1.2: buying 5 pays 5.5, 1.1 on average (prices here in tenths)."""
    machine, orders = setup(-5, 10, 4)
    rest(machine, Side.SELL, (10, 1), (11, 3), (12, 10))
    step = machine.step("p:a", "p:other", market(Fraction(10)), 0)
    assert step.size == 5
    assert step.moved is not None
    assert step.moved.paid == {quote_of(PERP): -55}
    assert Fraction(55, 5) == 11
    assert orders.resting().depth(Side.SELL) == [(12, 9)]
    # Bought back at 55 what was sold at 50: four of margin are gone, the fund pays the fifth.
    assert not machine.book.balances("p:a")
    assert [(p.payer, p.amount) for p in step.payments] == [("p:fund", 1)]


def test_what_the_book_cannot_take_waits() -> None:
    machine, _ = setup(10, 100, 50)
    rest(machine, Side.BUY, (99, 4))
    step = machine.step("p:a", "p:other", market(Fraction(100)), 0)
    assert step.size == 4
    assert machine.book.balance("p:a", PERP) == 6
    step = machine.step("p:a", "p:other", market(Fraction(99)), 1)
    assert (step.size, step.moved) == (0, None)


def test_slices_move_the_price_less_than_all_at_once() -> None:
    """A fifth pays the best bid only; the rest, within 30 seconds, finds a book that has refilled."""
    proceeds = []
    for slices in (False, True):
        machine, _ = setup(10, 100, 70, slices=slices)
        rest(machine, Side.BUY, (100, 2), (90, 4), (80, 10))
        machine.step("p:a", "p:other", market(Fraction(100)), 0)
        if slices:
            rest(machine, Side.BUY, (100, 8))
            machine.step("p:a", "p:other", market(Fraction(95)), 29)
        assert machine.book.balance("p:a", PERP) == 0
        proceeds.append(-machine.book.balance("p:deficit", USD))
    # 2 x 100 + 4 x 90 + 4 x 80 = 880: 120 lost of 70, fund 10, deficit 40. In slices nothing is lost.
    assert proceeds == [40, 0]


def test_below_zero_and_without_bids_winners_are_deleveraged() -> None:
    """10 long from 100 with 50, at 90: equity -50. Closed at 95, where nothing is left; shorts give up 50."""
    machine, orders = setup(10, 100, 50)
    book = machine.book
    book.open(Account("p:small", Kind.MARGIN, "p"))
    for winner, units in (("p:small", 4),):
        book.post(winner, "p:other", PERP, units)
        book.post("p:other", winner, quote_of(PERP), units * 100)
    base = machine.policy

    def winners(view: View, instrument: str) -> list[Candidate]:
        found = []
        for name in ("p:other", "p:small"):
            held = -book.balance(name, instrument)
            found.append(Candidate(name, held, held * 10, held * 10, held * 90, held * 100))
        return found

    for ranking, hit in (
        (ProRata(lambda c: c.capacity), {"p:other": 6, "p:small": 4}),
        (Queue(lambda c: Fraction(c.capacity)), {"p:other": 6, "p:small": 4}),
    ):
        mark = book.mark()
        machine.policy = replace(base, deleveraging=Deleveraging(ranking, winners))
        step = machine.step("p:a", "p:makers", market(Fraction(90)), 0)
        assert {fill.account: fill.units for fill in step.fills} == hit
        assert sum(fill.given_up for fill in step.fills) == 50
        assert not book.balances("p:a")
        assert step.payments == ()
        assert step.stages == (Stage.FLAGGED, Stage.ACTIVE, Stage.INSOLVENT, Stage.CLOSED)
        book.assert_conserved("deleveraging")
        book.roll_back(mark)
        machine.state.values.pop("liquidations")
    assert orders.resting().bids == ()


orders = st.lists(st.tuples(st.integers(50, 150), st.integers(1, 20)), max_size=6)


@given(orders, st.integers(1, 60), st.booleans())
def test_book_and_ledger_agree(resting: list[tuple[int, int]], size: int, long: bool) -> None:
    machine, orders = setup(size if long else -size, 100, 1)
    rest(machine, Side.BUY if long else Side.SELL, *resting)
    before = sum(quantity for _, quantity in resting)
    step = machine.step("p:a", "p:other", market(Fraction(100)), 0)
    assert step.size == min(size, before)
    assert abs(machine.book.balance("p:makers", PERP)) == step.size
    machine.book.assert_conserved("market order")
    claimed = orders.resting().claimable.get("maker", (0, 0))
    if step.moved is not None:
        # What the book says its makers paid or got is what moved on the ledger, to the unit.
        (cost,) = step.moved.paid.values()
        received = claimed[1] if long else claimed[0]
        assert received == (step.size if long else -cost)


def test_a_book_of_no_name_is_an_error() -> None:
    machine, _ = setup(10, 100, 90)
    del machine.state.values[BOOK]
    with pytest.raises(UnknownNameError):
        machine.step("p:a", "p:other", market(Fraction(100)), 0)
