"""Lending pools: shares never mint value, totals equal the ledger, interest, reserves, bad debt."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from protocol.errors import (
    CapExceededError,
    IlliquidError,
    InsufficientBalanceError,
    NegativeAmountError,
    RuleError,
    ShareError,
)
from protocol.fixed_point import WAD
from protocol.ledger import Account, Kind
from protocol.transaction import State, Transaction
from protocol.vaults.desk import Desk, supply_share
from protocol.vaults.interest import YEAR, Adaptive, Kinked, compounded_down, exponential
from protocol.vaults.lending_pool import LendingPool

MAX_UNITS = 10**27
KINKED = Kinked.per_year(0, WAD * 4 // 100, 3 * WAD, WAD * 9 // 10)
FLAT_10 = Kinked.per_year(WAD // 10, 0, 0, WAD)
units = st.integers(1, MAX_UNITS)


def test_interest_of_a_year_by_hand() -> None:
    pool = LendingPool("X", FLAT_10, reserve_share=WAD // 10, virtual_shares=1)
    pool = replace(pool, supplied=10**24, supply_shares=10**24)
    pool, _ = pool.borrow(5 * 10**23)
    after, minted = pool.accrue(YEAR)
    # e^0.1 - 1 to the third order is 0.1051666..., half of the pool is lent.
    interest = Fraction(after.borrowed - 5 * 10**23, 5 * 10**23)
    assert float(interest) == pytest.approx(0.1 + 0.005 + 0.001 / 6, rel=1e-8)
    assert after.cash == pool.cash
    # The treasury gets shares worth a tenth of the interest.
    assert after.assets_down(minted) == pytest.approx((after.borrowed - 5 * 10**23) // 10, abs=2)


def test_kinked_rate_at_points() -> None:
    year = Kinked(0, WAD, 10 * WAD, WAD // 2)
    assert year.rate(0, 0, 1)[0] == 0
    assert year.rate(WAD // 2, 0, 1)[0] == WAD // 2
    assert year.rate(WAD, 0, 1)[0] == WAD // 2 + 5 * WAD


def test_adaptive_curve_by_its_definition() -> None:
    model = Adaptive()
    assert model.rate(model.target, 0, 0) == (model.initial, model.initial)
    # At full utilisation the rate is four times that at target, at none a quarter of it.
    assert model.rate(WAD, 0, 0)[0] == 4 * model.initial
    assert model.rate(0, 0, 0)[0] == pytest.approx(model.initial / 4, abs=1)
    # At full utilisation the rate at target grows e^50-fold a year, stopped by its bound; at none it falls.
    mean, end = model.rate(WAD, model.initial, YEAR)
    assert end == model.most
    assert mean > model.initial
    assert model.rate(0, model.initial, YEAR)[1] == model.least
    day = 86_400
    _, later = model.rate(WAD, model.initial, day)
    assert later / model.initial == pytest.approx(2.718281828 ** (50 * day / YEAR), rel=2e-3)


@given(st.integers(-20 * WAD, 40 * WAD))
def test_exponential_is_close(x: int) -> None:
    # The polynomial of second order is off by at most r^3/6 with |r| <= ln 2 / 2.
    assert exponential(x) / WAD == pytest.approx(math.exp(x / WAD), rel=0.01, abs=1e-12)


@given(st.integers(0, 10**10), st.integers(0, YEAR))
def test_compounding_is_at_least_simple_interest(rate: int, elapsed: int) -> None:
    assert compounded_down(rate, elapsed) >= rate * elapsed


@given(units, units, units)
def test_a_deposit_and_its_redemption_gain_nothing(first: int, donated: int, second: int) -> None:
    pool, _ = LendingPool("X", KINKED).supply(first)
    pool = pool.donate(donated)
    try:
        grown, shares = pool.supply(second)
    except ShareError:
        return
    after, back = grown.redeem(shares)
    assert back <= second
    assert after.assets_down(10**30) >= pool.assets_down(10**30)


@given(units, units, st.integers(1, MAX_UNITS), st.integers(1, MAX_UNITS))
def test_every_action_rounds_against_its_caller(supplied: int, interest: int, asked: int, lent: int) -> None:
    """Against exact fractions: what is given is at most its worth, what is taken at least."""
    pool, _ = LendingPool("X", KINKED, virtual_shares=1).supply(supplied)
    pool = pool.donate(interest)
    price = Fraction(pool.supplied + pool.virtual_assets, pool.supply_shares + pool.virtual_shares)
    asked, lent = min(asked, pool.cash), min(lent, pool.cash)
    try:
        _, burnt = pool.withdraw(asked)
        assert 0 <= burnt * price - asked < price
    except ShareError:
        pass
    pool, debt = pool.borrow(lent)
    assert debt == lent  # the first loan: shares at par
    pool = replace(pool, borrowed=pool.borrowed + interest, supplied=pool.supplied + interest)
    owed = Fraction(pool.borrowed + pool.virtual_assets, pool.debt_shares + pool.virtual_shares)
    more = min(asked, pool.cash)
    if more:
        _, shares = pool.borrow(more)
        assert 0 <= shares * owed - more < owed
    part = max(1, debt // 3)
    _, paid = pool.repay(part)
    assert 0 <= paid - part * owed < 1


@given(units, units)
def test_an_inflation_attack_costs_more_than_it_takes(victim: int, donation: int) -> None:
    pool, mine = LendingPool("X", KINKED).supply(1)
    try:
        pool, _ = pool.donate(donation).supply(victim)
    except ShareError:
        return
    _, back = pool.redeem(mine)
    assert back <= 1 + donation


def test_caps_cash_and_shares_are_checked() -> None:
    pool, shares = LendingPool("X", KINKED, supply_cap=100, borrow_cap=50).supply(100)
    with pytest.raises(CapExceededError):
        pool.supply(1)
    with pytest.raises(CapExceededError):
        pool.borrow(51)
    lent, debt = pool.borrow(50)
    with pytest.raises(IlliquidError):
        lent.withdraw(51)
    with pytest.raises(IlliquidError):
        replace(lent, borrow_cap=None).borrow(51)
    with pytest.raises(ShareError):
        lent.redeem(shares + 1)
    with pytest.raises(ShareError):
        lent.repay(debt + 1)
    with pytest.raises(NegativeAmountError):
        lent.supply(-1)
    with pytest.raises(NegativeAmountError):
        replace(lent, updated=10).accrue(9)


def test_bad_debt_falls_on_every_supplier_in_proportion() -> None:
    state = State()
    for name, kind in (("world", Kind.ISSUER), ("a", Kind.WALLET), ("b", Kind.WALLET), ("t", Kind.WALLET)):
        state.ledger.open(Account(name, kind))
    state.ledger.open(Account("m:debtor", Kind.MARGIN, "m"))
    desk = Desk(state, "d", "t")
    desk.open(LendingPool("X", KINKED))
    for name, amount in (("a", 3 * 10**12), ("b", 10**12)):
        state.ledger.post("world", name, "X", amount)
        desk.supply(name, "X", amount)
    desk.borrow("m:debtor", "X", 10**12, "world")
    lost = desk.write_off("m:debtor", "X")
    assert lost == pytest.approx(10**12, abs=2)
    desk.assert_backed("X")
    worth = {n: desk.pool("X").assets_down(state.ledger.balance(n, supply_share("X"))) for n in "ab"}
    assert worth["a"] == pytest.approx(3 * 10**12 * 3 // 4, abs=3)
    assert worth["b"] == pytest.approx(10**12 * 3 // 4, abs=3)


class Lending(RuleBasedStateMachine):
    """Two suppliers and two borrowers in any order; prices of shares never fall but for a write-off."""

    @initialize(reserve=st.integers(0, WAD), adaptive=st.booleans())
    def start(self, reserve: int, adaptive: bool) -> None:
        self.state = State()
        book = self.state.ledger
        book.open(Account("world", Kind.ISSUER))
        for name in ("s0", "s1", "treasury"):
            book.open(Account(name))
        for name in ("m:b0", "m:b1"):
            book.open(Account(name, Kind.MARGIN, "m"))
        for name in ("s0", "s1", "m:b0", "m:b1"):
            book.post("world", name, "X", MAX_UNITS)
        self.desk = Desk(self.state, "d", "treasury")
        model = Adaptive() if adaptive else KINKED
        self.desk.open(LendingPool("X", model, reserve_share=reserve))
        self.now = 0
        self.price = self.share_price()

    def share_price(self) -> Fraction:
        pool = self.desk.pool("X")
        return Fraction(pool.supplied + pool.virtual_assets, pool.supply_shares + pool.virtual_shares)

    def attempt(self, action: str, *arguments: object) -> None:
        try:
            with Transaction(self.state, action):
                getattr(self.desk, action)(*arguments)
        except RuleError:
            pass

    @rule(who=st.integers(0, 1), amount=units)
    def supply(self, who: int, amount: int) -> None:
        self.attempt("supply", f"s{who}", "X", amount)

    @rule(who=st.integers(0, 1), part=st.integers(1, 100))
    def redeem(self, who: int, part: int) -> None:
        held = self.state.ledger.balance(f"s{who}", supply_share("X"))
        self.attempt("redeem", f"s{who}", "X", held * part // 100)

    @rule(who=st.integers(0, 1), amount=units)
    def withdraw(self, who: int, amount: int) -> None:
        self.attempt("withdraw", f"s{who}", "X", amount)

    @rule(who=st.integers(0, 1), amount=units)
    def borrow(self, who: int, amount: int) -> None:
        self.attempt("borrow", f"m:b{who}", "X", amount)

    @rule(who=st.integers(0, 1), part=st.integers(1, 100))
    def repay(self, who: int, part: int) -> None:
        shares = self.desk.debt_shares(f"m:b{who}", "X") * part // 100
        self.attempt("repay", f"m:b{who}", "X", shares)

    @rule(seconds=st.integers(1, YEAR))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.desk.accrue("X", self.now)

    @rule(who=st.integers(0, 1))
    def write_off(self, who: int) -> None:
        self.desk.write_off(f"m:b{who}", "X")
        self.price = min(self.price, self.share_price())

    @invariant()
    def backed_and_never_cheaper(self) -> None:
        self.desk.assert_backed("X")
        self.state.ledger.assert_conserved("lending")
        pool = self.desk.pool("X")
        assert pool.supplied >= pool.borrowed >= 0
        price = self.share_price()
        assert price >= self.price
        self.price = price
        # All shares redeem for no more than there is.
        assert pool.assets_down(pool.supply_shares) <= pool.supplied


TestLending = Lending.TestCase
TestLending.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_no_account_borrows_without_a_margin_account() -> None:
    state = State()
    state.ledger.open(Account("world", Kind.ISSUER))
    state.ledger.open(Account("a"))
    desk = Desk(state, "d", "a")
    desk.open(LendingPool("X", KINKED))
    state.ledger.post("world", "a", "X", 100)
    desk.supply("a", "X", 100)
    with pytest.raises(InsufficientBalanceError):
        desk.borrow("a", "X", 1)
