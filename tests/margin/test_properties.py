"""What holds for every portfolio: sub-additivity, hedging, scaling, order, correlations."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin_samples import sample
from protocol.errors import NettingError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.fixed_point.float64 import FLOAT64
from protocol.margin.correlation_stress import correlation_stress
from protocol.margin.holdings import ExpiryHolding, MarketHolding, OptionHolding, PerpHolding, Portfolio
from protocol.margin.judgement import INITIAL, MAINTENANCE
from protocol.margin.netting import Leaf, Node, Reducer
from protocol.margin.presets.grids import GRIDS, PARADEX, PLAIN, correlated
from protocol.margin.presets.hyperliquid import HYPERLIQUID
from scenarios.verify.margin_derive import collateral_terms, portfolio_rule, portfolio_rule_2, standard_rule
from scenarios.verify.margin_portfolios import single_market_portfolio, standard_portfolio

SPOT = 3_000 * WAD
AMOUNTS = st.lists(st.integers(-10 * WAD, 10 * WAD), min_size=8, max_size=8)
# Each product of the exact plane is rounded once: a bound on how many units one judgement may lose.
UNITS = 10**6


def book(amounts: list[int], names: tuple[str, ...] = ("BTC",), cash: int = 0) -> Portfolio[int]:
    """The same instruments with other amounts: a perpetual, base, six options in two expiries."""
    perp, base, *rest = amounts
    rows = [(day, 90 + 10 * i, i % 2 == 0) for day in (14, 45) for i in range(3)]
    expiries = []
    for day in (14, 45):
        options = tuple(
            OptionHolding(SPOT * percent // 100, WAD * 7 // 10, amount, call)
            for (at, percent, call), amount in zip(rows, rest, strict=True)
            if at == day
        )
        expiries.append(ExpiryHolding(day * 86_400, 0, SPOT, 0, WAD, WAD, WAD, options))
    markets = tuple(
        MarketHolding(name, SPOT, WAD, PerpHolding(perp, SPOT, WAD, 0), abs(base), tuple(expiries))
        for name in names
    )
    return Portfolio(cash, WAD, markets)


def requirement(rule: Any, held: Portfolio[int]) -> int:
    result: int = rule.judge(EXACT, held, MAINTENANCE).requirement
    return result


@pytest.mark.parametrize("name", ["plain", "aevo", "tims-broad", "tims-narrow"])
@given(first=AMOUNTS, second=AMOUNTS)
@settings(max_examples=25, deadline=None)
def test_the_worst_scenario_never_rewards_splitting(name: str, first: list[int], second: list[int]) -> None:
    """Sub-additive without add-ons: two accounts together ask for no more than apart."""
    rule = replace(GRIDS[name], naked_share=0)
    first[1], second[1] = abs(first[1]), abs(second[1])
    joined = [a + b for a, b in zip(first, second, strict=True)]
    together = requirement(rule, book(joined))
    apart = requirement(rule, book(first)) + requirement(rule, book(second))
    assert together <= apart + UNITS


def test_size_charges_do_reward_splitting() -> None:
    """Tiers are not sub-additive: half the position twice asks for less than the whole."""

    def perp(size: int) -> Portfolio[int]:
        price = 60_000 * WAD
        return Portfolio(0, WAD, (MarketHolding("BTC", price, WAD, PerpHolding(size, price, WAD, 0), 0, ()),))

    whole = requirement(HYPERLIQUID, perp(4_000 * WAD))
    half = requirement(HYPERLIQUID, perp(2_000 * WAD))
    # 240 million dollars: 150 at 1/80 and 90 at 1/40; 120 million stay in the first tier.
    assert whole == (150_000_000 * WAD // 80) + (90_000_000 * WAD // 40)
    assert half == 120_000_000 * WAD // 80
    assert 2 * half < whole


@given(base=st.integers(1, 100 * WAD), share=st.integers(0, 100))
@settings(deadline=None)
def test_hedging_the_base_with_the_perpetual_never_raises_the_margin(base: int, share: int) -> None:
    alone, hedged = [0, base, *[0] * 6], [-base * share // 100, base, *[0] * 6]
    for name, rule in GRIDS.items():
        assert requirement(rule, book(hedged)) <= requirement(rule, book(alone)) + UNITS, name
    document = sample("derive_pmrm2")
    rule_2 = portfolio_rule_2(document["param_sets"][0], collateral_terms(document["collateral_params"]))
    case = {"s": [SPOT, WAD, WAD], "c": 0, "e": [], "k": [[0, base, SPOT, WAD]]}
    unhedged = rule_2.judge(EXACT, single_market_portfolio(case | {"p": [0, 0, 0, 0]}), MAINTENANCE)
    with_perp = rule_2.judge(
        EXACT, single_market_portfolio(case | {"p": [-base * share // 100, SPOT, WAD, 0]}), MAINTENANCE
    )
    assert with_perp.requirement <= unhedged.requirement + UNITS


@pytest.mark.parametrize("name", sorted(GRIDS))
@given(amounts=AMOUNTS, share=st.integers(0, 100))
@settings(max_examples=15, deadline=None)
def test_closing_part_of_everything_never_raises_the_margin(
    name: str, amounts: list[int], share: int
) -> None:
    less = [amount * share // 100 for amount in amounts]
    assert requirement(GRIDS[name], book(less)) <= requirement(GRIDS[name], book(amounts)) + UNITS


@pytest.mark.parametrize("name", sorted(GRIDS))
@given(amounts=AMOUNTS, times=st.integers(2, 50))
@settings(max_examples=15, deadline=None)
def test_scaling(name: str, amounts: list[int], times: int) -> None:
    once = requirement(GRIDS[name], book(amounts))
    many = requirement(GRIDS[name], book([amount * times for amount in amounts]))
    assert abs(many - times * once) <= times * UNITS


def shuffled(held: Portfolio[int], seed: int) -> Portfolio[int]:
    """The same portfolio with options, expiries, markets and tokens in another order."""
    order = random.Random(seed)

    def mixed(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(order.sample(rows, len(rows)))

    markets = [
        replace(m, expiries=mixed(tuple(replace(e, options=mixed(e.options)) for e in m.expiries)))
        for m in held.markets
    ]
    return replace(held, markets=mixed(tuple(markets)), tokens=mixed(held.tokens))


@pytest.mark.parametrize("prefix", ["derive_srm", "derive_pmrm", "derive_pmrm2"])
def test_order_does_not_matter_to_the_last_unit(prefix: str) -> None:
    document = sample(prefix)
    for index, case in enumerate(document["cases"][:40]):
        parameters = document["param_sets"][case["ps"]]
        rule: Any
        if prefix == "derive_srm":
            rule, held = standard_rule(parameters), standard_portfolio(case)
        else:
            held = single_market_portfolio(case)
            rule = (
                portfolio_rule(parameters)
                if prefix == "derive_pmrm"
                else portfolio_rule_2(parameters, collateral_terms(document["collateral_params"]))
            )
        for check in (INITIAL, MAINTENANCE):
            once, again = rule.judge(EXACT, held, check), rule.judge(EXACT, shuffled(held, index), check)
            assert (once.excess, once.equity, once.worst) == (again.excess, again.equity, again.worst)


@given(amounts=AMOUNTS, seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_order_of_underlyings_does_not_matter_with_correlations(amounts: list[int], seed: int) -> None:
    rule = correlated(PLAIN, {("BTC", "ETH"): "0.8", ("ETH", "SOL"): "0.6", ("BTC", "SOL"): "0.5"}, "0")
    held = book(amounts, ("BTC", "ETH", "SOL"))
    assert abs(requirement(rule, held) - requirement(rule, shuffled(held, seed))) <= UNITS


# Correlations


def two(btc: int, eth: int) -> Portfolio[int]:
    """A perpetual in each of two underlyings at the same price."""

    def market(name: str, size: int) -> MarketHolding[int]:
        return MarketHolding(name, SPOT, WAD, PerpHolding(size, SPOT, WAD, 0), 0, ())

    return Portfolio(0, WAD, (market("BTC", btc * WAD), market("ETH", eth * WAD)))


def at_correlation(value: str, held: Portfolio[int], floor: str = "0") -> float:
    return requirement(correlated(PLAIN, {("BTC", "ETH"): value}, floor), held) / 1e18


def test_correlated_netting_of_linear_positions_is_the_quadratic_form() -> None:
    # Ten per cent of 3,000 dollars times the size.
    a, b, rho = 10 * 300.0, 7 * 300.0, 0.8
    assert at_correlation("0.8", two(10, 7)) == pytest.approx(np.sqrt(a * a + b * b + 2 * rho * a * b))
    assert at_correlation("0.8", two(10, -7)) == pytest.approx(np.sqrt(a * a + b * b - 2 * rho * a * b))


def test_what_correlation_saves_and_what_it_risks() -> None:
    """A spread saves most at one and loses it all as correlation breaks; a pile costs most at one."""
    plain = requirement(PLAIN, two(10, -10)) / 1e18
    spread = [at_correlation(value, two(10, -10)) for value in ("1", "0.8", "0")]
    pile = [at_correlation(value, two(10, 10)) for value in ("1", "0.8", "0")]
    assert spread == sorted(spread)
    assert pile == sorted(pile, reverse=True)
    assert spread[0] == pytest.approx(0, abs=1e-6)
    assert pile[0] == pytest.approx(plain)
    assert spread[2] == pytest.approx(pile[2])
    # At 0.8 the spread pays 32 % of the sum; with correlation gone the loss it must bear is 2.2 times that.
    assert spread[1] / plain == pytest.approx(np.sqrt(0.1))
    assert spread[2] / spread[1] == pytest.approx(np.sqrt(5))
    # A floor bounds what a broken correlation can cost beyond the margin.
    assert at_correlation("1", two(10, -10), floor="0.3") == pytest.approx(0.3 * plain)


@given(amounts=AMOUNTS, rho=st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_netting_lies_between_nothing_and_the_plain_sum(amounts: list[int], rho: int) -> None:
    held = book(amounts, ("BTC", "ETH"))
    netted = requirement(correlated(PARADEX, {("BTC", "ETH"): str(rho / 100)}, "0"), held)
    plain = requirement(PARADEX, held)
    assert 0 <= netted <= plain + UNITS


@given(amounts=AMOUNTS, rho=st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_one_underlying_alone_pays_its_worst_mirrored_scenario(amounts: list[int], rho: int) -> None:
    netted = correlated(PLAIN, {("BTC", "ETH"): str(rho / 100)}, "0")
    assert abs(requirement(netted, book(amounts)) - requirement(PLAIN, book(amounts))) <= UNITS


def test_stress_says_what_is_saved_and_what_is_at_risk() -> None:
    """A spread of ten at 300 dollars a unit: the plain sum is 6,000."""
    rule = correlated(PLAIN, {("BTC", "ETH"): "0.8"}, "0")
    spread = correlation_stress(EXACT, rule, two(10, -10), MAINTENANCE)
    assert spread.plain == 6_000 * WAD
    assert spread.together <= UNITS
    assert spread.given / 1e18 == pytest.approx(6_000 * np.sqrt(0.1))
    assert spread.apart / 1e18 == pytest.approx(3_000 * np.sqrt(2))
    assert spread.saved == spread.plain - spread.given
    assert spread.at_risk == spread.apart - spread.given
    pile = correlation_stress(EXACT, rule, two(10, 10), MAINTENANCE)
    assert pile.at_risk == pile.together - pile.given > 0
    assert abs(pile.together - pile.plain) <= UNITS
    array = correlation_stress(FLOAT64, FLOAT64.load(rule), FLOAT64.load(two(10, -10)), MAINTENANCE)
    assert float(array.at_risk) == pytest.approx(spread.at_risk / 1e18)
    with pytest.raises(NettingError, match="adds them up"):
        correlation_stress(EXACT, PLAIN, two(1, 1), MAINTENANCE)


def test_an_underlying_without_correlations_is_refused() -> None:
    with pytest.raises(NettingError, match="SOL"):
        requirement(correlated(PLAIN, {("BTC", "ETH"): "0.5"}, "0"), book([WAD] * 8, ("BTC", "SOL")))


# The netting tree


def test_reducers() -> None:
    leaves = (Leaf("a"), Leaf("b"))
    amounts = {"a": 3 * WAD, "b": -4 * WAD}

    def answer(reducer: Reducer, **rest: Any) -> int:
        return Node("n", reducer, leaves, **rest).reduce(EXACT, amounts)

    assert answer(Reducer.SUM) == -WAD
    assert answer(Reducer.ABSOLUTE_SUM) == 7 * WAD
    assert answer(Reducer.SMALLEST) == -4 * WAD
    assert answer(Reducer.GREATEST) == 3 * WAD
    assert answer(Reducer.BLEND, share=WAD // 4) == 3 * WAD // 4 - 3 * WAD
    identity = ((WAD, 0), (0, WAD))
    assert answer(Reducer.CORRELATED, correlations=identity) == 5 * WAD
    assert answer(Reducer.CORRELATED, correlations=identity, share=WAD * 9 // 10) == 63 * WAD // 10


def test_tree_in_both_planes_and_under_stress() -> None:
    """Variational's blend between no correlation benefit and full, with the correlations moved."""
    rows = ((WAD, WAD // 2), (WAD // 2, WAD))
    leaves = (Leaf("btc"), Leaf("eth"))
    full = Node("full", Reducer.CORRELATED, leaves, rows)
    none = Node("none", Reducer.ABSOLUTE_SUM, leaves)
    tree = Node("blend", Reducer.BLEND, (none, full), share=WAD // 4)
    amounts = {"btc": 100 * WAD, "eth": -60 * WAD}
    exact = tree.reduce(EXACT, amounts)
    arrays = {name: FLOAT64.of(value) for name, value in amounts.items()}
    assert exact / 1e18 == pytest.approx(float(FLOAT64.load(tree).reduce(FLOAT64, arrays)))
    assert exact / 1e18 == pytest.approx(0.25 * 160 + 0.75 * np.sqrt(100**2 + 60**2 - 100 * 60))
    together = tree.with_correlation(EXACT, WAD).reduce(EXACT, amounts) / 1e18
    apart = tree.with_correlation(EXACT, 0).reduce(EXACT, amounts) / 1e18
    assert together == pytest.approx(0.25 * 160 + 0.75 * 40)
    assert apart == pytest.approx(0.25 * 160 + 0.75 * np.hypot(100, 60))


def test_tree_refuses_what_does_not_fit() -> None:
    with pytest.raises(NettingError, match="no amount"):
        Node("n", Reducer.SUM, (Leaf("a"),)).reduce(EXACT, {})
    with pytest.raises(NettingError, match="2 children, 0 correlations"):
        Node("n", Reducer.CORRELATED, (Leaf("a"), Leaf("b"))).reduce(EXACT, {"a": 1, "b": 1})
    with pytest.raises(NettingError, match="two children"):
        Node("n", Reducer.BLEND, (Leaf("a"),), share=WAD).reduce(EXACT, {"a": 1})
