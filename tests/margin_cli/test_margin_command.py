"""``backstop margin`` as a user meets it, and its answers against the rules they come from."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from protocol.errors import UnknownNameError
from protocol.fixed_point.context import EXACT
from protocol.margin.fit import fit
from protocol.margin.judgement import INITIAL, Level
from protocol.margin.presets.registry import PRESETS, preset
from scenarios.cli.main import main
from scenarios.files.document import parse_document
from scenarios.files.portfolio import PortfolioFile
from scenarios.files.portfolio_checks import list_examples, load_portfolio, read_portfolio
from scenarios.margin import MarginComparison, compare, number
from scenarios.margin_build import TradeOrder, build, traded
from scenarios.margin_collateral import plan_collateral
from scenarios.margin_judge import Case
from scenarios.margin_rules import rules_of
from scenarios.report.heat_map import heat_map_svg, short
from scenarios.report.margin import render_page

RULE_KEYS = {
    "name", "source", "as_of", "refused", "left_out", "equity", "initial", "maintenance", "scenarios",
    "liquidation", "common_direction", "impact", "stress", "not_listed", "levels",
}  # fmt: skip


@cache
def answer(name: str) -> MarginComparison:
    return compare(load_portfolio(name))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_json_has_stable_keys(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "margin", "ether-options", "--rule", "derive-portfolio-2", "--json")
    assert code == 0
    data = json.loads(out)["data"]
    assert set(data) == {
        "title", "money", "price_view", "level", "rules", "trades", "notes", "collateral", "report",
    }  # fmt: skip
    (rule,) = data["rules"]
    assert set(rule) == RULE_KEYS
    assert set(rule["initial"]) == {"requirement", "excess", "worst", "worst_in_words", "charges"}
    assert Decimal(rule["equity"]) - Decimal(rule["initial"]["requirement"]) == Decimal(
        rule["initial"]["excess"]
    )
    assert len(rule["scenarios"]) == len(preset("derive-portfolio-2").rule.scenarios)  # type: ignore[attr-defined]


def test_too_little_margin_is_a_finding_at_its_level(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "margin", "hedged-majors", "--rule", "paradex")[0] == 1
    assert run(capsys, "margin", "hedged-majors", "--rule", "paradex", "--level", "maintenance")[0] == 0


@pytest.mark.parametrize(
    "words",
    [("margin",), ("margin", "nothing.yaml"), ("margin", "ether-options", "--rule", "spam"),
     ("margin", "ether-options", "--trade", "ETH"), ("margin", "ether-options", "--trade", "ETH:x"),
     ("margin", "ether-options", "--trade", "ETH:1@-2"), ("margin", "ether-options", "--trade", "DOGE:1"),
     ("margin", "ether-options", "--report", "x.pdf"), ("margin", "ether-options", "--collateral", "much")],
    ids=" ".join,
)  # fmt: skip
def test_wrong_use_is_exit_two(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *words)
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")


def test_the_list_names_source_and_date(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "margin", "--list")
    assert code == 0
    for one in PRESETS:
        assert one.name in out
        assert one.as_of in out
    rows = json.loads(run(capsys, "margin", "--list", "--json")[1])["data"]["rules"]
    assert [row["name"] for row in rows] == [one.name for one in PRESETS]
    assert all(row["source"] and row["holds"] for row in rows)


def test_validate_and_schema_know_portfolios(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("title: x\npositions: []\nunderlyings: {ETH: {idnex: 3}}\n")
    code, out, err = run(capsys, "validate", "ether-options", "mango-2022-10-11", str(bad))
    assert code == 2
    assert "ether-options: valid (portfolio, 5 positions)" in out
    assert "mango-2022-10-11: valid" in out
    assert "bad.yaml:3:" in err
    assert "did you mean index?" in err
    first, second = (json.loads(run(capsys, "schema", *words)[1]) for words in ((), ("--kind", "portfolio")))
    assert first["$id"].endswith(":incident:1")
    assert second["$id"].endswith(":portfolio:1")


@pytest.mark.parametrize("name", list_examples())
def test_every_rule_answers_or_says_why(name: str) -> None:
    model = load_portfolio(name)
    judged = 0
    for rule, found in zip(rules_of(model), answer(name).rules, strict=True):
        if found.refused is not None:
            assert found.refused.strip()
            assert found.initial is found.maintenance is None
            continue
        judged += 1
        assert found.initial is not None
        assert found.maintenance is not None
        account = build(model, views=rule.levels[Level.INITIAL].views)
        fitted = fit(rule, account.portfolio, account.kinds).portfolio
        assert found.initial.excess == number(rule.rule.judge(EXACT, fitted, INITIAL).excess)
        assert found.initial.excess <= found.maintenance.excess
    assert judged >= 6


def test_what_a_rule_does_not_know_is_refused_or_left_out() -> None:
    reasons = {rule.name: rule.refused for rule in answer("coin-settled").rules}
    assert "quantos" in str(reasons["deribit-standard"])
    assert "inverse perpetuals" in str(reasons["hyperliquid"])
    hedged = {rule.name: rule for rule in answer("hedged-majors").rules}
    assert "one underlying" in str(hedged["derive-portfolio"].refused)
    assert hedged["derive-standard"].left_out == ("wstETH",)
    equity = hedged["span"].equity
    assert equity is not None
    assert hedged["derive-standard"].equity == equity - 36_500


def at_price(model: PortfolioFile, asset: str, factor: Decimal) -> PortfolioFile:
    """Return the file as it would be written with every price of ``asset`` moved."""

    def scaled(price: Decimal | None) -> Decimal | None:
        return None if price is None else price * factor

    held = model.underlyings[asset]
    prices: dict[str, object] = {
        name: scaled(getattr(held, name)) for name in ("index", "mark", "slow", "bid", "ask")
    }
    prices["expiries"] = {
        key: expiry.model_copy(update={"forward": scaled(expiry.forward)})
        for key, expiry in held.expiries.items()
    }
    collateral = {
        name: row.model_copy(update={"price": scaled(row.price)}) if row.follows == asset else row
        for name, row in model.collateral.items()
    }
    underlyings = {**model.underlyings, asset: held.model_copy(update=prices)}
    return model.model_copy(update={"underlyings": underlyings, "collateral": collateral})


def flat(model: PortfolioFile) -> PortfolioFile:
    """Return the file with flat surfaces: a volatility belongs to a strike, whatever the forward does."""
    level = {"svi": None, "volatility": Decimal("0.6")}
    underlyings = {
        name: held.model_copy(
            update={
                "expiries": {
                    key: row if row.svi is None else row.model_copy(update=level)
                    for key, row in held.expiries.items()
                }
            }
        )
        for name, held in model.underlyings.items()
    }
    return model.model_copy(update={"underlyings": underlyings})


NOT_LINEAR = """
title: Everything that is not linear in prices
collateral:
  USD: {amount: 4000, cash: true}
  BTC: {amount: 0.6}
  shares: {amount: 40, pool: {assets: [ETH, USD], reserves: [1000, 3000000], supply: 6000}}
underlyings:
  BTC: {index: 60000, mark: 60030, expiries: {quarter: {days: 75, forward: 61200}}}
  ETH: {index: 3000, mark: 3003}
positions:
  - {type: inverse-perpetual, underlying: BTC, contracts: -70000, entry: 58000}
  - {type: quanto, underlying: ETH, settlement: BTC, rate: 0.00001, size: 90, entry: 2900}
  - {type: quanto, underlying: BTC, settlement: BTC, rate: 0.00001, size: 0.5, entry: 59000}
  - {type: future, underlying: BTC, expiry: quarter, size: 0.3, entry: 60900}
rules:
  counted: {grid: span, haircuts: {shares: 0.1}}
  netted: {grid: deribit, correlations: {BTC/ETH: 0.8}, haircuts: {shares: 0.1}}
"""


@pytest.mark.parametrize("name", [*list_examples(), NOT_LINEAR])
def test_liquidation_prices_are_where_the_file_written_at_them_fails(name: str) -> None:
    shipped = name in list_examples()
    model = load_portfolio(name) if shipped else read_portfolio(parse_document(name.encode(), "x.yaml"))
    model = flat(model)
    checked = 0
    for rule, found in zip(rules_of(model), compare(model).rules, strict=True):
        for asset, prices in (found.liquidation or {}).items():
            index = model.underlyings[asset].index
            for price, outward in ((prices.below, -1), (prices.above, 1)):
                if price == index:
                    continue
                if price is None:
                    far = ("0.03", "0.2", "0.7") if outward < 0 else ("1.3", "4", "19")
                    factors = [(Decimal(factor), False) for factor in far]
                else:
                    nudges = ((Decimal("1e-5"), True), (Decimal("-1e-5"), False))
                    factors = [(price / index * (1 + outward * nudge), fails) for nudge, fails in nudges]
                for factor, fails in factors:
                    excess = Case(at_price(model, asset, factor)).judge(rule, Level.MAINTENANCE).excess
                    assert (excess < 0) is fails, (rule.name, asset, price, factor)
                    checked += 1
    assert checked >= 8


def test_liquidation_prices_are_of_the_scenarios_asked_for() -> None:
    model = load_portfolio("ether-options")
    (result,) = compare(Case(model, scenarios="basis"), ["derive-portfolio"]).rules
    (other,) = compare(model, ["derive-portfolio"]).rules
    assert result.maintenance is not None
    assert other.maintenance is not None
    assert result.maintenance.excess > other.maintenance.excess
    assert result.liquidation != other.liquidation


def test_a_linear_liquidation_price_by_hand() -> None:
    """Hyperliquid, 2 % maintenance at 25 x: 1,000 + 2 (p - 2,900) - 5 = 2 p 0.02."""
    from scenarios.files.document import parse_document
    from scenarios.files.portfolio_checks import read_portfolio

    text = b"""
title: small
collateral: {USDC: {amount: 1000, cash: true}}
underlyings: {ETH: {index: 3000}}
positions: [{type: perpetual, underlying: ETH, size: 2, entry: 2900, funding: -5}]
"""
    (rule,) = compare(read_portfolio(parse_document(text, "p.yaml")), ["hyperliquid"]).rules
    assert rule.liquidation is not None
    below = rule.liquidation["ETH"].below
    assert below is not None
    assert float(below) == pytest.approx((5_800 - 995) / 1.96, rel=1e-6)
    assert rule.liquidation["ETH"].above is None


def test_the_impact_is_that_of_the_account_after_the_trade() -> None:
    model = load_portfolio("hedged-majors")
    order = TradeOrder("eth-2500-put", Decimal(40))
    result = compare(model, ["span", "netted"], [order])
    after = {rule.name: rule for rule in compare(model, ["span", "netted"]).rules}
    for rule in result.rules:
        assert rule.impact is not None
        level = after[rule.name].initial
        assert level is not None
        assert rule.impact["initial"].before == level.excess
        changed, cash = traded(model, [order])
        direct = fit(rules_of(changed, [rule.name])[0], build(changed, cash).portfolio, frozenset())
        judged = rules_of(changed, [rule.name])[0].rule.judge(EXACT, direct.portfolio, INITIAL)
        assert rule.impact["initial"].after == number(judged.excess)
        # The account is long, so buying back the sold puts takes risk away.
        assert rule.impact["initial"].after > rule.impact["initial"].before
    with pytest.raises(UnknownNameError, match="eth-3500-call"):
        compare(model, ["span"], [TradeOrder("eth-9999-call", Decimal(1))])


@pytest.mark.parametrize("rule", ["netted", "derive-standard", "paradex", "deribit", "span"])
@pytest.mark.parametrize("target", [Decimal(0), Decimal(20_000)])
def test_collateral_plans_meet_the_requirement_and_cost_no_more_than_cash(rule: str, target: Decimal) -> None:
    model = load_portfolio("hedged-majors")
    (chosen,) = rules_of(model, [rule])
    plan = plan_collateral(model, chosen, target)
    assert plan.reason == ""
    assert plan.before is not None
    assert plan.after is not None
    assert plan.after >= target
    for name, held in model.collateral.items():
        assert plan.posted.get(name, Decimal(0)) <= held.available
        assert plan.withdrawn.get(name, Decimal(0)) <= held.amount
    # Cash alone, the obvious plan, is one of those that the programme chose among.
    by_cash = max(target - plan.before, Decimal(-60_000)) * Decimal("0.01")
    assert plan.cost <= by_cash + Decimal("0.02")


def test_a_plan_that_cannot_be_says_so() -> None:
    model = load_portfolio("hedged-majors")
    plan = plan_collateral(model, preset("span"), Decimal(10**9))
    assert plan.reason
    assert plan.after is None
    assert "options" in plan_collateral(model, preset("hyperliquid"), Decimal(0)).reason


@pytest.mark.parametrize(
    "collateral", ["{}", "{USD: {amount: 9, cash: true}, dust: {amount: 1, price: 1e-19, available: 5}}"]
)
@pytest.mark.parametrize("target", [Decimal(0), Decimal(1000)])
def test_a_plan_without_anything_of_worth(collateral: str, target: Decimal) -> None:
    text = f"title: t\ncollateral: {collateral}\nunderlyings: {{ETH: {{index: 3000}}}}\npositions: []\n"
    model = read_portfolio(parse_document(text.encode(), "x.yaml"))
    plan = plan_collateral(model, preset("span"), target)
    assert bool(plan.reason) is (target > 0)
    assert not plan.posted


def test_the_page_is_offline_and_its_maps_are_the_scenarios(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "margin.html"
    words = ("--trade", "ETH:-5@2990", "--collateral", "--report", str(page))
    code, out, err = run(capsys, "margin", "hedged-majors", *words)
    assert code == 1
    assert str(page) in err
    assert "Cheapest collateral" in out
    text = page.read_text()
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.count("<svg") == 8
    result = answer("hedged-majors")
    assert render_page(result) == render_page(result)
    span = next(rule for rule in result.rules if rule.name == "span")
    assert span.initial is not None
    svg = ElementTree.fromstring(heat_map_svg(span.scenarios, span.initial.worst, "span", "t"))
    words_drawn = ["".join(node.itertext()) for node in svg.iter() if node.tag.endswith("text")]
    for scenario in span.scenarios:
        assert short(scenario.profit) + ("" if scenario.weight == 1 else "*") in words_drawn


def test_hostile_names_reach_the_page_as_text() -> None:
    model = load_portfolio("ether-options")
    model = model.model_copy(update={"title": "<script>alert(1)</script>\u202e"})
    text = render_page(compare(model, ["span"]))
    assert "<script" not in text
    assert "\u202e" not in text
