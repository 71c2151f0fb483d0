"""Levels, price views, scenario sets, and what a rule does not list."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from protocol.fixed_point import WAD
from protocol.margin.judgement import Level
from protocol.margin.presets.registry import preset
from scenarios.cli.main import LEVEL_NAMES, VIEW_NAMES, main
from scenarios.files.portfolio_checks import load_portfolio
from scenarios.margin import number
from scenarios.margin_build import VIEWS
from scenarios.margin_collateral import plan_collateral
from scenarios.margin_judge import LEVELS, Case
from scenarios.margin_rules import rules_of


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_rule_says_position_by_position_what_it_does_not_list(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "margin", "hedged-majors", "--rule", "aave-v3", "--json")
    assert code == 0
    (rule,) = json.loads(out)["data"]["rules"]
    assert rule["initial"] is None
    assert {(row["name"], row["why"]) for row in rule["not_listed"]} == {
        ("ETH perpetual", "perpetuals are not listed under this rule"),
        ("BTC perpetual", "perpetuals are not listed under this rule"),
        ("eth-3500-call", "options are not listed under this rule"),
        ("eth-2500-put", "options are not listed under this rule"),
    }
    part = json.loads(run(capsys, "margin", "hedged-majors", "--rule", "aave-v3", "--partial", "--json")[1])
    (rule,) = part["data"]["rules"]
    assert len(rule["not_listed"]) == 4
    # 60,000 dollars and 20 ether at 0.80.
    assert Decimal(rule["initial"]["excess"]) == Decimal("0.80") * 120_000
    debt = run(capsys, "margin", "lending", "--rule", "compound-iii", "--json")[1]
    assert json.loads(debt)["data"]["rules"][0]["not_listed"] == [
        {"name": "debt of ETH", "why": "this rule does not lend it", "index": None}
    ]


def test_the_command_offers_every_level_and_view() -> None:
    assert set(LEVEL_NAMES) == set(LEVELS)
    assert set(VIEW_NAMES) == {"rule", *VIEWS}


def test_levels_views_and_scenarios_are_three_choices() -> None:
    model = load_portfolio("ether-options")
    rule = preset("derive-portfolio-2")
    case = Case(model)
    maintenance, trusted, buffer = (
        case.judge(rule, level) for level in (Level.MAINTENANCE, Level.TRUSTED, Level.BUFFER)
    )
    assert trusted.excess >= maintenance.excess > buffer.excess
    assert len(trusted.scenarios) == 3
    shortfall = maintenance.equity - maintenance.excess
    assert maintenance.excess - buffer.excess == shortfall * 15 // 100
    basis = replace(case, scenarios="basis")
    assert basis.judge(rule, Level.MAINTENANCE).excess == trusted.excess
    assert basis.judge(rule, Level.INITIAL).excess != case.judge(rule, Level.INITIAL).excess


def test_a_view_reads_every_price_of_the_account() -> None:
    case = Case(load_portfolio("perpetuals"))
    rule = preset("hyperliquid")
    equity = {view: number(replace(case, view=view).judge(rule, Level.INITIAL).equity) for view in VIEW_NAMES}
    # 40,000 - 15 of funding; 1.5 BTC from 58,000; 30 ETH sold at 2,950.
    by_hand = {
        "index": (60_000, 3_000), "mark": (60_030, 3_002), "slow": (59_800, 2_985),
        "conservative": (59_800, 3_002), "bid-ask": (60_025, Decimal("3002.5")), "widened": (60_010, 3_004),
    }  # fmt: skip
    for view, (bitcoin, ether) in by_hand.items():
        expected = 39_985 + Decimal("1.5") * (bitcoin - 58_000) - 30 * (ether - Decimal(2_950))
        assert equity[view] == expected, view
    assert equity["rule"] == equity["mark"]
    # Closing fills at the mean impact price: skews of 250 less 0.75, and of -1,500 plus 15.
    fills = 60_030 * (1 + Decimal("249.25") / 12_500), 3_002 * (1 + Decimal(-1_485) / 350_000)
    expected = 39_985 + Decimal("1.5") * (fills[0] - 58_000) - 30 * (fills[1] - 2_950)
    assert float(equity["fill"]) == pytest.approx(float(expected), abs=1e-9)


def test_each_rule_reads_its_own_prices_at_each_level() -> None:
    case = Case(load_portfolio("lending"))
    euler = preset("euler-v2")
    # Three vaults: the bid for what is owned and the ask for what is owed to borrow, the middle to liquidate.
    assert case.fitted(euler, Level.INITIAL).portfolio.markets[0].spot == 3_001 * WAD
    assert case.fitted(euler, Level.MAINTENANCE).portfolio.markets[0].spot == 3_000 * WAD
    drift = preset("drift-v2")
    perpetuals = Case(load_portfolio("perpetuals"))
    assert perpetuals.fitted(drift, Level.INITIAL).portfolio.markets[0].perp.price == 60_000 * WAD  # type: ignore[union-attr]


def test_oracle_confidence_reaches_the_requirement_as_a_number() -> None:
    model = load_portfolio("ether-options")
    ether = model.underlyings["ETH"]
    doubted = model.model_copy(
        update={"underlyings": {"ETH": ether.model_copy(update={"confidence": Decimal("0.4")})}}
    )
    for name in ("derive-standard", "derive-portfolio", "derive-portfolio-2"):
        before, after = (Case(m).judge(preset(name), Level.INITIAL).excess for m in (model, doubted))
        assert after < before
        same = (Case(m).judge(preset(name), Level.MAINTENANCE).excess for m in (model, doubted))
        assert len(set(same)) == 1


def test_a_level_that_a_rule_does_not_have_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(
        capsys, "margin", "perpetuals", "--rule", "span", "--rule", "drift-v2", "--level", "fill"
    )
    assert code == 0
    assert "span: not judged: it has no fill level" in out
    assert "Fill" in out.splitlines()[1]
    plans = plan_collateral(load_portfolio("perpetuals"), preset("span"), Decimal(0), "fill")
    assert plans.reason == "it has no fill level"


def test_a_rule_of_the_file_has_ranges_calendar_and_credits() -> None:
    model = load_portfolio("coin-settled")
    rules = {rule.name: rule for rule in rules_of(model)}
    answers = {name: Case(model).judge(rules[name], Level.INITIAL) for name in ("cleared", "span")}
    charges = answers["cleared"].charges
    assert charges["ETH"] == answers["span"].charges["ETH"] * 5 // 4
    assert charges["BTC"] == answers["span"].charges["BTC"]
    # The future of 2 at 61,200: a carry of 5 % over 75 days; the account is long elsewhere too, so no spread.
    basis = 2 * 61_200 * 0.05 * 75 / 365
    assert float(number(charges["add-ons"])) == pytest.approx(basis, rel=1e-6)
    assert charges["credit BTC/ETH"] == 0
