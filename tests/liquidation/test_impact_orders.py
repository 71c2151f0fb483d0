"""Liquidations against linear impact: the size of the paper, the mark that moves, and who it takes along."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from preset_world import E6, E18, PERP, USD, WATERFALL, held, judge, long, market, setup
from protocol.errors import UnsafeValueError
from protocol.ledger import Account, Kind, quote_of
from protocol.liquidation.deleveraging.exchange import greedy_size_down
from protocol.liquidation.impact_orders import ImpactMarket
from protocol.liquidation.machine import Machine
from protocol.liquidation.policy import LiquidationPolicy, Rule
from protocol.liquidation.selectors import LargestPosition
from protocol.liquidation.sizers import All
from protocol.liquidation.view import Part, View
from protocol.market_state import MarketState, Price
from protocol.transaction import State, Transaction

RATIO = Fraction(5, 100)  # maintenance in the world of these tests


@dataclass(frozen=True)
class Exactly:
    """A size given from outside."""

    units: int

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        return self.units


def world(per_unit: Fraction, units: int | None = None) -> tuple[Machine, ImpactMarket]:
    """10 long from 2,000 with 1,400 margin, sold into a market that one whole unit moves by ``per_unit``."""
    sizer = All() if units is None else Exactly(units)
    machine = setup(LiquidationPolicy("impact", (), WATERFALL), USD=1400 * E6)
    impact = ImpactMarket(machine.state, PERP, per_unit / E18)
    rule = Rule(LargestPosition(), sizer, impact, taker="p:vault")
    machine.policy = replace(machine.policy, rules=(rule,))
    machine.on_trade = impact.record
    long(machine, 10, 2000)
    return machine, impact


def test_a_sale_is_filled_half_way_and_leaves_the_price_all_the_way() -> None:
    """10 units at 0.2 % each move the price by 2 % and lose 1 %: 19,000 less 190."""
    machine, impact = world(Fraction(2, 1000))
    step = machine.step("p:a", "p:keeper", market(1900), 0)
    assert step.moved is not None
    assert held(machine, "p:a", USD) == 1400 - 1000 - 190
    assert impact.factor() == Fraction(98, 100)
    assert impact.mark(Price.of(1900)).exact == 1862


def test_a_larger_size_than_the_market_bears_waits() -> None:
    machine, impact = world(Fraction(10, 100))
    machine.step("p:a", "p:keeper", market(1900), 0)
    # Half the price at most: 5 units of 10.
    assert held(machine, "p:a", PERP) == 5
    assert impact.factor() == Fraction(1, 2)


@given(st.integers(1, 30), st.integers(1870, 1943))
def test_the_least_size_of_the_paper_restores_maintenance_to_a_unit(per_mille: int, price: int) -> None:
    """The smallest root of (a/2) d^2 - m p d + (m p q - e) = 0, through the machine: no less does."""
    at = market(price)
    equity = Fraction(1400 - 10 * (2000 - price))
    per_unit = Fraction(per_mille, 100_000)
    size = greedy_size_down(per_unit * price, RATIO, Fraction(price), Fraction(10), equity, Fraction(0), E18)
    assume(size is not None)
    assert size is not None
    units = int(size * E18)
    assume(0 < units < 10 * E18)
    for more, restored in ((10**12, True), (-(10**12), False)):
        machine, _ = world(per_unit, units + more)
        machine.step("p:a", "p:keeper", at, 0)
        # Judged at the mark of the sale, as the paper does.
        excess = judge(machine.book.balances("p:a"), at).excess
        assert (excess > 0) is restored


def test_no_size_restores_where_impact_eats_more_than_it_frees() -> None:
    def least(impact: int, equity: int, unit: int = E18) -> Fraction | None:
        price, size = Fraction(1900), Fraction(10)
        return greedy_size_down(Fraction(impact), RATIO, price, size, Fraction(equity), Fraction(0), unit)

    assert least(60, 400) is None
    assert least(0, 855, 1000) == 1
    assert least(1, 950) == 0


def test_the_moved_mark_takes_the_next_account_along() -> None:
    """A second account is sound at 1,900 and short at the 1,862 that the first one's sale leaves."""
    machine, impact = world(Fraction(2, 1000))
    book = machine.book
    book.open(Account("p:b", Kind.MARGIN, "p"))
    book.post("world", "p:b", USD, 2000 * E6)
    book.post("p:lenders", "p:b", PERP, 10 * E18)
    book.post("p:b", "p:lenders", quote_of(PERP), 20_000 * E6)

    def marked() -> MarketState:
        outside = market(1900)
        return replace(outside, prices={**outside.prices, PERP: impact.mark(outside.price(PERP))})

    assert machine.view("p:b", marked(), 0).judgement.excess > 0
    machine.step("p:a", "p:keeper", marked(), 0)
    assert machine.view("p:b", marked(), 0).judgement.excess < 0
    machine.step("p:b", "p:keeper", marked(), 0)
    assert impact.factor() == Fraction(98, 100) ** 2
    book.assert_conserved("impact")


def test_a_move_is_undone_with_its_transaction() -> None:
    machine, impact = world(Fraction(2, 1000))
    outer = Transaction(machine.state, "outer").begin()
    machine.step("p:a", "p:keeper", market(1900), 0)
    assert impact.factor() < 1
    outer.undo()
    assert impact.factor() == 1
    with pytest.raises(UnsafeValueError):
        ImpactMarket(State(), PERP, Fraction(0))
