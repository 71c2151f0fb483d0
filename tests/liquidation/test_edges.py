"""Edges of the machine: worthless prices, a vault that is liquidated itself, whole lots, markets unlike."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest

from preset_world import DECIMALS, E6, E18, ETH, PERP, USD, WATERFALL, held, long, market, setup
from protocol.errors import UnsafeValueError, WaterfallExhaustedError
from protocol.ledger import Account, Kind, Ledger, quote_of
from protocol.liquidation.deleveraging.policy import Candidate, IntegerProgramme, Queue, RiskAware
from protocol.liquidation.policy import LiquidationPolicy, Rule
from protocol.liquidation.presets import catalogue
from protocol.liquidation.pricers import ByShortfall, Fillable, FixedBonus
from protocol.liquidation.selectors import LargestLoan
from protocol.liquidation.sizers import All
from protocol.liquidation.view import Judgement, Part, View, floor, value
from protocol.liquidation.view import Kind as PartKind
from protocol.liquidation.waterfall import Basis, Deficit, Fund, Haircut, Socialise, Waterfall
from protocol.market_state import MarketState, Price


def test_collateral_at_a_price_of_zero_is_refused_and_nothing_changes() -> None:
    machine = setup(catalogue.aave(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    with pytest.raises(UnsafeValueError, match="price of ETH"):
        machine.step("p:a", "p:keeper", market(0), 0)
    assert held(machine, "p:a", ETH) == 10
    assert machine.case("p:a").steps == 0


def test_a_position_at_a_price_of_zero_is_closed_and_the_loss_paid() -> None:
    machine = setup(catalogue.dydx(WATERFALL), USD=1400 * E6)
    long(machine, 10, 2000)
    steps = machine.run("p:a", "p:keeper", market(0), 0)
    assert not machine.book.balances("p:a")
    assert sum(p.amount for step in steps for p in step.payments) == 18_600 * E6


def test_the_backstop_vault_does_not_take_itself_over() -> None:
    """Its own account is sold to the market like any other, in the slices of the rule behind."""
    policy = catalogue.hyperliquid(WATERFALL, "p:a", FixedBonus(Fraction(0)))
    machine = setup(policy, USD=1400 * E6)
    long(machine, 10, 2000)
    step = machine.step("p:a", "p:keeper", market(1880), 0)  # 200 of 940: below two thirds
    assert (step.taker, held(machine, "p:a", PERP)) == ("p:keeper", 0)


def test_a_ranking_in_whole_lots_pays_no_more_than_the_loss() -> None:
    book = Ledger()
    for name in ("w1", "w2", "loser", "deficit"):
        book.open(Account(name, Kind.MARGIN, "m"))
    book.open(Account("world", Kind.ISSUER))
    for name in ("w1", "w2"):
        book.post("world", name, USD, 100)
    found = tuple(Candidate(name, 100, 100, 100) for name in ("w1", "w2"))
    paid = Waterfall((Haircut(IntegerProgramme(10), lambda *_: found), Deficit("deficit"))).cover(
        book, "loser", USD, 15
    )
    assert [(p.payer, p.amount) for p in paid] == [("w1", 10), ("w2", 5)]
    assert book.balance("loser", USD) == 15


def test_risk_aware_closes_units_of_position_down_to_one_leverage() -> None:
    """9 units worth 900 on 100 and 6 worth 600 on 100: of 5 units, 4 from the first and 1 from the second."""
    found = [Candidate("a", 9, 1, 100, 900), Candidate("b", 6, 1, 100, 600), Candidate("c", 9, 1, 900, 900)]
    assert RiskAware(by_position=True).allocate(found, 5) == {"a": 4, "b": 1}


def test_the_fillable_price_follows_the_rate_of_the_market_itself() -> None:
    """Half of the requirement is gone: ABR 1/2, so 3/4 of 5 % in one market and of 20 % in the other."""
    rates = {"BTC": Fraction(5, 100), "DOGE": Fraction(20, 100)}
    at = MarketState(
        {USD: Price.of(1), "BTC": Price.of(100), "DOGE": Price.of(100)}, dict.fromkeys([*rates, USD], 6)
    )

    def judge(balances: Mapping[str, int], now: MarketState) -> Judgement:
        equity = sum((value(now, a, n) for a, n in balances.items()), Fraction(0))
        asked = sum((abs(value(now, a, balances.get(a, 0))) * r for a, r in rates.items()), Fraction(0))
        return Judgement(floor(equity), floor(equity - asked), floor(equity - asked))

    # 100 BTC ask 500, -100 DOGE ask 2,000; equity is 1,250.
    balances = {USD: 1250 * E6, "BTC": 100 * E6, "DOGE": -100 * E6}
    view = View("a", balances, at, USD, judge(balances, at), judge, frozenset(rates))
    pricer = Fillable()
    for name, rate in rates.items():
        assert pricer.concession(view, Part(PartKind.POSITION, name)) == Fraction(3, 4) * rate
    assert view.share_of_requirement("DOGE") == Fraction(4, 5)


def test_a_discount_of_everything_is_refused() -> None:
    for most in (Fraction(1), Fraction(-1, 10)):
        with pytest.raises(UnsafeValueError):
            ByShortfall(most)


def test_zero_debt_is_not_liquidatable_and_one_unit_is() -> None:
    assert DECIMALS[quote_of(PERP)] == 6
    machine = setup(catalogue.euler(WATERFALL), USD=-1)
    (step,) = machine.run("p:a", "p:keeper", market(2000), 0)
    assert not machine.book.balances("p:a")
    assert [p.amount for p in step.payments] == [1]


def test_who_pays_how_much_and_never_himself() -> None:
    """A fund of 101 gives half of it, rounded down; the loser is neither a claimant nor a winner."""
    book = Ledger()
    for name in ("fund", "w1", "loser", "deficit"):
        book.open(Account(name, Kind.MARGIN, "m"))
    book.open(Account("world", Kind.ISSUER))
    for name, units in (("fund", 101), ("w1", 20), ("loser", 30)):
        book.post("world", name, USD, units)
    found = tuple(Candidate(name, 10, 10, 10) for name in ("loser", "w1"))
    payers = (
        Fund("fund", Fraction(1, 2)),
        Haircut(Queue(), lambda *_: found),
        Socialise(lambda *_: {"loser": 30, "w1": 5}),
        Deficit("deficit"),
    )
    paid = Waterfall(payers).cover(book, "loser", USD, 100)
    assert [(p.payer, p.amount, p.basis) for p in paid] == [
        ("fund", 50, Basis.EQUITY),
        ("w1", 10, Basis.PROFIT),
        ("w1", 5, Basis.EQUITY),
        ("deficit", 35, Basis.EQUITY),
    ]
    assert book.balance("loser", USD) == 130


def test_a_waterfall_that_ends_too_early_has_paid_nothing() -> None:
    book = Ledger()
    for name in ("fund", "loser"):
        book.open(Account(name, Kind.MARGIN, "m"))
    book.open(Account("world", Kind.ISSUER))
    book.post("world", "fund", USD, 7)
    with pytest.raises(WaterfallExhaustedError, match="3 USD"):
        Waterfall((Fund("fund"),)).cover(book, "loser", USD, 10)
    assert (book.balance("fund", USD), book.balance("loser", USD)) == (7, 0)
    # An empty fund is no payer, and a loss of nothing asks nobody.
    assert Waterfall(()).cover(book, "loser", USD, 0) == ()


def test_a_fee_takes_no_more_than_is_left() -> None:
    """Half of what is taken would be 5 ETH; 0.0625 are left of 10 once 15,900 are repaid at 1,600."""
    rule = Rule(LargestLoan(), All(), FixedBonus(Fraction(0)), fee=Fraction(1, 2), fee_to="p:fund")
    machine = setup(LiquidationPolicy("fee", (rule,), WATERFALL), ETH=10 * E18, USD=-15_900 * E6)
    step = machine.step("p:a", "p:keeper", market(1600), 0)
    assert step.payments == ()  # else the fund would have paid back what it took too much
    assert held(machine, "p:fund", ETH) == Fraction(625, 10_000)
    assert not machine.book.balances("p:a")
