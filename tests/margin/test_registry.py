"""Deployed parameters equal those with which the real contracts were run; every preset judges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from margin_samples import sample
from protocol.errors import CollateralDisabledError, UnknownNameError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.fixed_point.float64 import FLOAT64
from protocol.margin.holdings import MarketHolding, PerpHolding, Portfolio, TokenHolding
from protocol.margin.judgement import INITIAL, MAINTENANCE, Level
from protocol.margin.presets.derive_deployed import (
    PORTFOLIO,
    STANDARD,
    STANDARD_BTC,
    STANDARD_ETH,
    portfolio_2,
)
from protocol.margin.presets.registry import PRESETS, Kind, Preset, preset
from scenarios.report.margin_rules_table import rules_table
from scenarios.verify.margin_derive import (
    collateral_terms,
    portfolio_rule,
    portfolio_rule_2,
    standard_rule,
)


def test_deployed_parameters_are_those_of_the_vectors() -> None:
    standard = standard_rule(sample("derive_srm")["param_sets"][0])
    assert dict(standard.markets)["0"] == STANDARD_ETH
    assert dict(standard.markets)["1"] == STANDARD_BTC
    assert (standard.peg_threshold, standard.peg_factor) == (STANDARD.peg_threshold, STANDARD.peg_factor)
    assert portfolio_rule(sample("derive_pmrm")["param_sets"][0]) == PORTFOLIO
    document = sample("derive_pmrm2")
    terms = collateral_terms(document["collateral_params"])
    second = portfolio_rule_2(document["param_sets"][0], terms)
    assert replace(second, collaterals=()) == replace(portfolio_2("ETH", "0.02", "0.01"), collaterals=())
    assert dict(portfolio_2("ETH", "0.02", "0.01").collaterals)["ETH"] == dict(terms)["0"]


def hedged(base: int) -> Portfolio[int]:
    market = MarketHolding("ETH", 3_000 * WAD, WAD, PerpHolding(-WAD, 3_000 * WAD, WAD, 0), base, ())
    return Portfolio(1_000 * WAD, WAD, (market,))


def subject(one: Preset) -> Portfolio[int]:
    """Return an account of the kind that the rule lists: a sold perpetual, or ether against a loan."""
    if one.name == "aave-v3-emode":
        short = replace(hedged(-WAD), tokens=(TokenHolding("wstETH", WAD, 3_600 * WAD, WAD),))
        return replace(short, markets=(replace(short.markets[0], perp=None),))
    if Kind.PERPETUAL not in one.holds:
        loan = replace(hedged(2 * WAD), cash=-1_000 * WAD)
        return replace(loan, markets=(replace(loan.markets[0], perp=None),))
    account = hedged(0)
    if one.underlyings and "ETH" not in one.underlyings:
        account = replace(account, markets=(replace(account.markets[0], underlying=one.underlyings[0]),))
    return account


@pytest.mark.parametrize("one", PRESETS, ids=lambda one: one.name)
def test_every_preset_judges_in_both_planes(one: Preset) -> None:
    assert one.source
    assert one.as_of
    account = subject(one)
    exact = {check.level: one.rule.judge(EXACT, account, check) for check in (INITIAL, MAINTENANCE)}
    assert exact[INITIAL.level].excess <= exact[MAINTENANCE.level].excess
    assert exact[MAINTENANCE.level].excess < exact[MAINTENANCE.level].equity
    assert set(one.levels) >= {Level.INITIAL, Level.MAINTENANCE}
    array = FLOAT64.load(one.rule).judge(FLOAT64, FLOAT64.load(account), MAINTENANCE)
    assert float(array.excess) == pytest.approx(exact[MAINTENANCE.level].excess / 1e18)


def test_an_unknown_preset_names_those_that_exist() -> None:
    assert preset("paradex").name == "paradex"
    with pytest.raises(UnknownNameError, match="derive-standard"):
        preset("nonesuch")


def test_a_token_without_terms_is_refused() -> None:
    token = TokenHolding("DOGE", WAD, WAD, WAD)
    with pytest.raises(CollateralDisabledError, match="DOGE"):
        portfolio_2("ETH", "0.02", "0.01").judge(EXACT, replace(hedged(0), tokens=(token,)), INITIAL)


def test_the_table_of_rules_in_the_documentation_is_that_of_the_registry() -> None:
    text = (Path(__file__).parents[2] / "docs/margin.md").read_text()
    assert rules_table() in text
    assert len({one.name for one in PRESETS}) == len(PRESETS)
