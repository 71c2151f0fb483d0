"""Closing a bankrupt account's positions against winners, on the ledger; figures worked out by hand."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import DeleveragingError, WaterfallExhaustedError
from protocol.ledger import Account, Kind, quote_of
from protocol.liquidation.deleveraging.counterparties import other_side
from protocol.liquidation.deleveraging.policy import Policy, ProRata, Queue, RandomOrder
from protocol.liquidation.deleveraging.prices import (
    bankruptcy_price,
    bankruptcy_price_by_requirement,
    fixed_price,
    mark_price,
)
from protocol.liquidation.machine import Machine, Step
from protocol.liquidation.policy import Deleveraging, LiquidationPolicy
from protocol.liquidation.presets import catalogue
from protocol.liquidation.stages import Stage
from protocol.liquidation.view import Judgement, View, floor, value
from protocol.liquidation.waterfall import Deficit, Fund, Waterfall
from protocol.market_state import MarketState, Price
from protocol.transaction import State

USD, PERP, OTHER = "USD", "PERP", "OTHER"
NAMES = (PERP, OTHER)
DECIMALS = dict.fromkeys((USD, *NAMES, quote_of(PERP), quote_of(OTHER)), 0)
PEOPLE = ("p:loser", "p:a", "p:b", "p:c", "p:keeper", "p:fund", "p:deficit", "p:house")
MAX_SIZE = 1000


def market(price: int, other: int = 50) -> MarketState:
    one = Price.of(1)
    prices = {
        USD: one,
        quote_of(PERP): one,
        quote_of(OTHER): one,
        PERP: Price.of(price),
        OTHER: Price.of(other),
    }
    return MarketState(prices, DECIMALS)


def judge(balances: Mapping[str, int], at: MarketState) -> Judgement:
    """5 % of every position's notional."""
    equity = sum((value(at, asset, units) for asset, units in balances.items()), Fraction(0))
    asked = sum((abs(value(at, name, balances.get(name, 0))) for name in NAMES), Fraction(0)) / 20
    return Judgement(floor(equity), floor(equity - asked), floor(equity - asked))


def setup(policy: LiquidationPolicy, **cash: int) -> Machine:
    state = State()
    for name in PEOPLE:
        state.ledger.open(Account(name, Kind.MARGIN, "p"))
    state.ledger.open(Account("world", Kind.ISSUER))
    for name in NAMES:
        state.ledger.list_instrument(name)
    for name, units in cash.items():
        state.ledger.post("world", f"p:{name}", USD, units)
    return Machine(state, policy, judge, USD, "p:house", frozenset(NAMES))


def trade(machine: Machine, buyer: str, seller: str, units: int, price: int, name: str = PERP) -> None:
    machine.book.post(f"p:{seller}", f"p:{buyer}", name, units)
    machine.book.post(f"p:{buyer}", f"p:{seller}", quote_of(name), units * price)


def equity(machine: Machine, account: str, at: MarketState) -> Fraction:
    """Return the value in dollars."""
    held = machine.book.balances(f"p:{account}").items()
    return sum((value(at, asset, units) for asset, units in held), Fraction(0)) / 10**18


def design(machine: Machine, ranking: Policy, waterfall: Waterfall) -> None:
    """Let nothing but deleveraging be left: rules whose part is never found."""
    resort = Deleveraging(ranking, other_side(machine.book, "p", frozenset({"p:house"})))
    machine.policy = LiquidationPolicy("resort", (), waterfall, deleveraging=resort)


ENDLESS = Waterfall((Fund("p:fund"), Deficit("p:deficit")))


def squeezed(ranking: Policy) -> Machine:
    """A short of 10 from 100 with 50; longs a 6 from 100 (with 1,000), b 4 from 90 (with 20), c 5 short."""
    machine = setup(catalogue.mango(ENDLESS), loser=50, a=1000, b=20, c=1000)
    trade(machine, "a", "loser", 6, 100)
    trade(machine, "b", "loser", 4, 100)
    trade(machine, "a", "c", 5, 100)
    machine.book.post("p:b", "p:a", USD, 10)
    design(machine, ranking, ENDLESS)
    return machine


def test_a_squeezed_short_is_closed_at_its_bankruptcy_price() -> None:
    """At 120 equity is 50 - 200 = -150 on 1,200: the price that leaves nothing is 105, 15 below the mark."""
    machine = squeezed(Queue())
    before = {name: equity(machine, name, market(120)) for name in "abc"}
    step = machine.step("p:loser", "p:keeper", market(120), 0)
    assert step.stages == (Stage.FLAGGED, Stage.ACTIVE, Stage.INSOLVENT, Stage.CLOSED)
    # b holds 4 with an equity of 10 + 80: leverage 480/90 and the same gain per entry, so he is first.
    assert [(f.account, f.units, f.cost, f.given_up) for f in step.fills] == [
        ("p:b", -4, -420, 60),
        ("p:a", -6, -630, 90),
    ]
    assert not machine.book.balances("p:loser")
    assert step.payments == ()
    after = {name: equity(machine, name, market(120)) for name in "abc"}
    assert {name: before[name] - after[name] for name in "abc"} == {"a": 90, "b": 60, "c": 0}
    # b is closed whole: his gain of 4 x (105 - 100) is cash now, and nothing of the position is left.
    assert dict(machine.book.balances("p:b")) == {USD: 10 + 20}
    assert machine.book.balance("p:a", PERP) == 5
    assert equity(machine, "house", market(120)) == 0
    machine.book.assert_conserved("deleveraging")


def test_pro_rata_closes_a_part_of_everyone() -> None:
    """By size 6 + 5 and 4 of 15 open longs: 10 x 11/15 and 10 x 4/15 are 7.33 and 2.67, so 7 and 3."""
    machine = squeezed(ProRata(lambda c: c.capacity))
    step = machine.step("p:loser", "p:keeper", market(120), 0)
    assert {f.account: f.units for f in step.fills} == {"p:a": -7, "p:b": -3}


def test_two_positions_bear_the_equity_in_proportion_to_notional() -> None:
    """10 short at 120 and 8 long at 50, worth -180 of 1,600: 11.25 % off each mark, 106.5 and 55.625."""
    machine = setup(catalogue.mango(ENDLESS), loser=100, a=1000, b=1000)
    trade(machine, "a", "loser", 10, 100)
    trade(machine, "loser", "b", 8, 60, OTHER)
    design(machine, Queue(), ENDLESS)
    step = machine.step("p:loser", "p:keeper", market(120), 0)
    # Costs in whole dollars: a short's 1,065, a long's 445; nothing is left of 100 + 1,000 - 480.
    assert {(f.account, f.cost) for f in step.fills} == {("p:a", -1065), ("p:b", 445)}
    assert not machine.book.balances("p:loser")
    assert sum(f.given_up for f in step.fills) == 180


def test_a_decreed_price_and_the_mark() -> None:
    """At a decreed 100 the short keeps his 50; at the mark of 120 he owes 150, which the waterfall pays."""
    for price, left, deficit in ((fixed_price({PERP: Fraction(100)}), 50, 0), (mark_price, 0, 150)):
        machine = squeezed(Queue())
        resort = machine.policy.deleveraging
        assert resort is not None
        machine.policy = replace(machine.policy, deleveraging=replace(resort, price=price))
        step = machine.step("p:loser", "p:keeper", market(120), 0)
        assert machine.book.balance("p:loser", USD) == left
        assert sum(p.amount for p in step.payments) == deficit == -machine.book.balance("p:deficit", USD)
        assert sum(f.given_up for f in step.fills) == (0 if deficit else 200)


def test_what_the_insurance_fund_cannot_pay_is_deleveraged() -> None:
    """A fund of 20 cannot bear 150, so the sale is undone and winners are hit; 150 can, and nobody is."""
    for fund, hit in ((20, True), (150, False)):
        machine = squeezed(RandomOrder(1))
        waterfall = Waterfall((Fund("p:fund"),))
        machine.book.post("world", "p:fund", USD, fund)
        machine.book.post("world", "p:keeper", USD, 10_000)
        rules = catalogue.mango(waterfall, fee=Fraction(0)).rules
        machine.policy = replace(machine.policy, rules=rules, waterfall=waterfall)
        step: Step = machine.step("p:loser", "p:keeper", market(120), 0)
        assert bool(step.fills) is hit
        assert machine.book.balance("p:fund", USD) == (fund if hit else 0)
        assert machine.book.balance("p:keeper", PERP) == (0 if hit else -10)
        assert step.stages[-1] is Stage.CLOSED
        machine.book.assert_conserved("resort")
    machine = squeezed(Queue())
    machine.policy = replace(machine.policy, rules=rules, waterfall=Waterfall(()), deleveraging=None)
    with pytest.raises(WaterfallExhaustedError):
        machine.step("p:loser", "p:keeper", market(120), 0)


def test_spared_accounts_are_not_hit_and_too_few_is_refused() -> None:
    machine = squeezed(Queue())
    spared = frozenset({"p:house", "p:a"})
    resort = Deleveraging(Queue(), other_side(machine.book, "p", spared))
    machine.policy = replace(machine.policy, deleveraging=resort)
    before = {name: dict(machine.book.balances(name)) for name in PEOPLE}
    with pytest.raises(DeleveragingError):
        machine.step("p:loser", "p:keeper", market(120), 0)
    assert before == {name: dict(machine.book.balances(name)) for name in PEOPLE}


def test_candidates_are_read_from_the_ledger() -> None:
    machine = squeezed(Queue())
    view: View = machine.view("p:loser", market(120), 0)
    scale = 10**18
    found = {c.account: c for c in other_side(machine.book, "p")(view, PERP)}
    b = found["p:b"]
    assert (b.capacity, b.profit, b.equity) == (4, 80 * scale, 90 * scale)
    assert (b.notional, b.entry_notional) == (480 * scale, 400 * scale)
    assert set(found) == {"p:a", "p:b"}


TABLES = Path(__file__).parent.parent / "vectors" / "margin" / "other_projects_unit_tables.json.gz"


def dydx_rows() -> list[dict[str, Any]]:
    document = json.loads(gzip.decompress(TABLES.read_bytes()))
    rows: list[dict[str, Any]] = document["dydx_v4"]["bankruptcy_price"]
    return rows


@pytest.mark.parametrize("row", dydx_rows(), ids=lambda row: row["name"][:60])
def test_the_bankruptcy_prices_of_dydx_are_ours(row: dict[str, Any]) -> None:
    """The quote amounts that the authors of dYdX v4 expect for closing a position, whole or in part."""
    names = {p["perp"]: f"P{p['perp']}" for p in row["positions"]}
    prices = {USD: Price.of(1), **dict.fromkeys((quote_of(n) for n in names.values()), Price.of(1))}
    decimals = dict.fromkeys(prices, 6)
    balances = {USD: row["usdc"]}
    for p in row["positions"]:
        name = names[p["perp"]]
        prices[name], decimals[name] = Price.of(p["price"]), -p["atomic_resolution"]
        balances[name] = p["base_quantums"]
    at = MarketState(prices, decimals)

    def worth(held: Mapping[str, int], market: MarketState) -> Judgement:
        equity = floor(sum((value(market, a, n) for a, n in held.items()), Fraction(0)))
        return Judgement(equity, equity, equity)

    view = View("a", balances, at, USD, worth(balances, at), worth, frozenset(names.values()))
    rates = {names[p["perp"]]: Fraction(p["im_ppm"] * p["mm_fraction_ppm"], 10**12) for p in row["positions"]}
    for rule in (bankruptcy_price, bankruptcy_price_by_requirement(rates)):
        # Rounded for the protocol: by less than a unit, and never against the account's counterparty.
        price = rule(view, names[row["perp"]])
        if price == 0:
            # Worth more than its long: dYdX asks for a price below zero there, we for nothing.
            assert row["expected"] == -row["usdc"]
            continue
        exact = -row["deltaQuantums"] * price
        assert 0 <= row["expected"] - exact < 1


def test_unequal_requirements_bear_unequal_parts_of_the_equity() -> None:
    """-180 over 1,200 at 5 % and 400 at 15 %: both ask for 60, so each bears 90."""
    machine = setup(catalogue.mango(ENDLESS), loser=100, a=1000, b=1000)
    trade(machine, "a", "loser", 10, 100)
    trade(machine, "loser", "b", 8, 60, OTHER)
    design(machine, Queue(), ENDLESS)
    resort = machine.policy.deleveraging
    assert resort is not None
    rule = bankruptcy_price_by_requirement({PERP: Fraction(5, 100), OTHER: Fraction(15, 100)})
    machine.policy = replace(machine.policy, deleveraging=replace(resort, price=rule))
    step = machine.step("p:loser", "p:keeper", market(120), 0)
    assert {f.account: f.given_up for f in step.fills} == {"p:a": 90, "p:b": 90}
    assert not machine.book.balances("p:loser")


sizes = st.integers(1, MAX_SIZE)


@given(sizes, sizes, sizes, st.integers(1, 500), st.integers(1, 500), st.booleans())
def test_the_loser_ends_with_nothing_and_winners_bear_exactly_his_deficit(
    first: int, second: int, cash: int, entry: int, mark: int, long: bool
) -> None:
    machine = setup(catalogue.mango(ENDLESS), loser=cash, a=10**9, b=10**9)
    for name, units in (("a", first), ("b", second)):
        pair = ("loser", name) if long else (name, "loser")
        trade(machine, *pair, units, entry)
    design(machine, Queue(), ENDLESS)
    at = market(mark)
    before = {name: equity(machine, name, at) for name in ("loser", "a", "b")}
    if before["loser"] >= 0:
        return
    step = machine.step("p:loser", "p:keeper", at, 0)
    left = equity(machine, "loser", at)
    # One unit of rounding a counterparty, in the loser's favour; a price of 0 is the least there is.
    assert 0 <= left < 2
    lost = sum(before[name] - equity(machine, name, at) for name in ("a", "b"))
    paid = sum(p.amount for p in step.payments)
    assert lost + paid == left - before["loser"]
    assert paid == 0 or (long and mark == 0)
    assert equity(machine, "house", at) == 0
    machine.book.assert_conserved("deleveraging")
