"""Check Derive's maths, standard margin and portfolio margin against vectors of the real contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from protocol.errors import (
    CollateralDisabledError,
    DivisionByZeroError,
    OverflowedError,
    RuleError,
    SurfaceError,
    UndefinedLogarithmError,
)
from protocol.fixed_point.context import EXACT
from protocol.fixed_point.rational import exp_down, ln_to_zero, normal_cdf, power_down, sqrt_down
from protocol.margin.expiry_risk import Basis, SkewMove
from protocol.margin.judgement import INITIAL, MAINTENANCE, Check, Level
from protocol.margin.presets.derive_pmrm import PortfolioMargin
from protocol.margin.presets.derive_pmrm_2 import CollateralTerms, PortfolioMargin2
from protocol.margin.presets.derive_srm import StandardMargin, StandardMarket
from protocol.margin.scenarios import Move, Scenario, TermStructure
from protocol.pricing.black76 import exact_prices_and_delta
from protocol.pricing.volatility_surface import SviSlice
from scenarios.verify.margin_portfolios import Case, single_market_portfolio, standard_portfolio
from scenarios.verify.tally import Checker, Document, Tally

AUTHORS_RELATIVE = 10**12
AUTHORS_ABSOLUTE = 10**7
TRUSTED = Check(Level.MAINTENANCE, scenarios="basis")

REASONS: Mapping[str, type[RuleError]] = {
    "Panic(0x11)": OverflowedError,
    "Panic(0x12)": DivisionByZeroError,
    "Overflow()": UndefinedLogarithmError,
    "LnNegativeUndefined()": UndefinedLogarithmError,
    "ExpOverflow()": OverflowedError,
    "Error(string)": SurfaceError,
    "SVI_InvalidParameters()": SurfaceError,
    "SVI_NoForwardPrice()": DivisionByZeroError,
    "SafeCastOverflowedIntToUint(int256)": OverflowedError,
    "SafeCastOverflowedUintDowncast(uint8,uint256)": OverflowedError,
    "PMRML2_CollateralDisabled()": CollateralDisabledError,
}
"""Our refusal for each error of the contracts."""


def check_refusal(tally: Tally, group: str, where: str, reason: str, call: Callable[[], object]) -> None:
    """Compare a call that reverted: the refusal must be the class that stands for ``reason``."""
    try:
        got: object = call()
    except RuleError as error:
        got = reason if isinstance(error, REASONS.get(reason, ())) else type(error).__name__
    tally.check(group, where, reason, got)


def check_figures(
    tally: Tally,
    group: str,
    where: str,
    expected: Mapping[str, Any],
    call: Callable[[], Mapping[str, object]],
) -> None:
    """Compare every figure of an answer, or its error."""
    if "err" in expected:
        check_refusal(tally, group, f"{where}.err", expected["err"], call)
        return
    try:
        got = call()
    except RuleError as error:
        got = {}
        tally.check(group, where, "an answer", error.message)
    for key, value in expected.items():
        tally.check(group, f"{where}.{key}", value, got.get(key))


# Maths


def _svi(*arguments: int) -> int:
    strike, a, b, rho, m, sigma, forward, years = arguments
    return SviSlice(a, b, rho, m, sigma, forward, years).volatility(EXACT, strike)


MATHS: Mapping[str, tuple[Callable[..., object], int]] = {
    "ln": (ln_to_zero, 1),
    "exp": (exp_down, 1),
    "sqrt": (sqrt_down, 1),
    "stdNormalCDF": (normal_cdf, 1),
    "decPow": (power_down, 2),
    "black76": (exact_prices_and_delta, 5),
    "svi": (_svi, 8),
}


def check_maths(document: Document) -> Tally:
    """Check a ``derive_maths`` file: rows of arguments followed by results."""
    tally = Tally()
    tables: Any = document["D"]
    for table, rows in tables.items():
        name, _, reverts = table.partition("_")
        function, count = MATHS[name]
        for index, row in enumerate(rows):
            arguments, results = row[:count], tuple(row[count:])
            where = f"{table}[{index}]"
            if reverts:
                check_refusal(tally, table, where, results[0], partial(function, *arguments))
            else:
                expected = results[0] if len(results) == 1 else results
                tally.check_call(table, where, expected, partial(function, *arguments))
    return tally


# Standard margin


def standard_rule(parameters: Mapping[str, Any]) -> StandardMargin[int]:
    """Read a parameter set of standard margin."""
    markets = tuple(
        (
            str(index),
            StandardMarket(*market["perp"], *market["option"], *market["oracle"], *market["base"]),
        )
        for index, market in enumerate(parameters["markets"])
    )
    return StandardMargin(markets, *parameters["depeg"])


def standard_figures(rule: StandardMargin[int], case: Case) -> Mapping[str, object]:
    """Return the figures of a case under the names of the vector file."""
    portfolio = standard_portfolio(case)
    initial = rule.judge(EXACT, portfolio, INITIAL)
    maintenance = rule.judge(EXACT, portfolio, MAINTENANCE)
    at = [
        [rule.market(EXACT, holding, portfolio.stable_price, check) for holding in portfolio.markets]
        for check in (INITIAL, MAINTENANCE)
    ]
    return {
        "im": initial.excess,
        "mm": maintenance.excess,
        "mtm": initial.equity,
        "mi": [[m.perp, m.options, m.options_value, m.base, m.base_value, m.total, m.value] for m in at[0]],
        "mo": [[m.perp, m.options, m.base, m.total] for m in at[1]],
        "dp": [m.pegged for m in at[0]],
    }


def check_standard(document: Document) -> Tally:
    """Check a ``derive_srm`` file."""
    tally = Tally()
    sets: Any = document["param_sets"]
    rules = [standard_rule(one) for one in sets]
    for where, case in _cases(document, "cases"):
        rule = rules[case["ps"]]
        check_figures(tally, "srm", where, case["o"], partial(standard_figures, rule, case))
    return tally


# Portfolio margin


def portfolio_rule(parameters: Mapping[str, Any]) -> PortfolioMargin[int]:
    """Read a parameter set of portfolio margin, first generation."""
    scenarios = tuple(Scenario(spot, Move(move).name, EXACT.unit) for spot, move in parameters["scen"])
    term = TermStructure(*[*parameters["vol"], 0])
    fields = [Basis(*parameters["basis"]), *parameters["other"], *parameters["margin"], term, scenarios]
    return PortfolioMargin(*fields)


def portfolio_figures(rule: PortfolioMargin[int], case: Case) -> Mapping[str, object]:
    """Return the figures of a case under the names of the vector file."""
    account = rule.prepare(EXACT, single_market_portfolio(case))
    initial = rule.judge_prepared(EXACT, account, INITIAL)
    maintenance = rule.judge_prepared(EXACT, account, MAINTENANCE)
    trusted = rule.judge_prepared(EXACT, account, TRUSTED)
    return {
        "im": initial.excess,
        "mm": maintenance.excess,
        "mtm": initial.equity,
        "w": initial.worst,
        "mb": trusted.excess,
        "wb": trusted.worst,
        "bv": account.base_value,
        "bc": account.basis_contingency,
        "st": account.static_contingency,
        "cc": account.confidence_contingency,
        "ev": [
            [m.value, m.basis_up, m.basis_down, m.volatility_up, m.volatility_down, m.discount]
            for m in account.expiries
        ],
        "sc": list(initial.scenarios),
    }


def check_portfolio(document: Document) -> Tally:
    """Check a ``derive_pmrm`` file, edge cases and reverts included."""
    tally = Tally()
    sets: Any = document["param_sets"]
    rules = [portfolio_rule(one) for one in sets]
    for group in ("cases", "edge_cases"):
        for where, case in _cases(document, group):
            rule = rules[case.get("ps", 0)]
            check_figures(tally, f"pmrm {group}", where, case["o"], partial(portfolio_figures, rule, case))
    return tally


def portfolio_rule_2(
    parameters: Mapping[str, Any], collaterals: tuple[tuple[str, CollateralTerms[int]], ...]
) -> PortfolioMargin2[int]:
    """Read a parameter set of portfolio margin, second generation."""
    scenarios = tuple(Scenario(spot, Move(move).name, weight) for spot, move, weight in parameters["scen"])
    fields = [
        Basis(*parameters["basis"]),
        *parameters["other"],
        *parameters["margin"],
        TermStructure(*parameters["vol"]),
        SkewMove(*parameters["skew"]),
        collaterals,
        scenarios,
    ]
    return PortfolioMargin2(*fields)


def collateral_terms(rows: Any) -> tuple[tuple[str, CollateralTerms[int]], ...]:
    """Read the terms of the collaterals, by their index in the file."""
    return tuple(
        (str(index), CollateralTerms(row["risk_cancelling"], row["mm_haircut"], row["im_haircut"]))
        for index, row in enumerate(rows)
    )


def portfolio_figures_2(rule: PortfolioMargin2[int], case: Case) -> Mapping[str, object]:
    """Return the figures of a case under the names of the vector file."""
    account = rule.prepare(EXACT, single_market_portfolio(case))
    initial = rule.judge_prepared(EXACT, account, INITIAL)
    maintenance = rule.margin(EXACT, account, initial.scenarios, MAINTENANCE)
    trusted = rule.judge_prepared(EXACT, account, TRUSTED)
    return {
        "im": initial.excess,
        "mm": maintenance.excess,
        "mtm": initial.equity,
        "w": initial.worst,
        "mb": trusted.excess,
        "wb": trusted.worst,
        "bc": account.basis_contingency,
        "mc": account.maintenance_contingency,
        "ic": account.initial_contingency,
        "cv": [value for _, value in account.tokens],
        "ev": [
            [
                *(m.value, m.basis_up, m.basis_down, m.volatility_up, m.volatility_down),
                *(m.positive_discount, m.negative_discount, m.discount),
            ]
            for m in account.expiries
        ],
        "sc": list(initial.scenarios),
    }


def changed(rule: PortfolioMargin2[int], words: str) -> PortfolioMargin2[int]:
    """Return ``rule`` with the change that an edge case names in words."""
    if "without its last two" in words:
        return replace(rule, scenarios=rule.scenarios[:-2])
    if "margin[2] and margin[3]" in words:
        multiple = int(words.rsplit("= ", 1)[1].removesuffix("e18")) * 10**18
        return replace(rule, short_rate_multiple=multiple, long_rate_multiple=multiple)
    return rule


def check_portfolio_2(document: Document) -> Tally:
    """Check a ``derive_pmrm2`` file, edge cases and reverts included."""
    tally = Tally()
    terms = collateral_terms(document["collateral_params"])
    sets: Any = document["param_sets"]
    rules = [portfolio_rule_2(one, terms) for one in sets]
    for group in ("cases", "edge_cases"):
        for where, case in _cases(document, group):
            rule = changed(rules[case.get("ps", 0)], case.get("params") or "")
            check_figures(tally, f"pmrm2 {group}", where, case["o"], partial(portfolio_figures_2, rule, case))
    return tally


# The authors' own cases


def check_own_cases(document: Document) -> Tally:
    """Check a ``derive_own_cases`` file: the contract's answers to its authors' portfolios.

    The margins that the authors worked out in floats are compared too, within 1e-12 or 1e-11 dollars: a
    second opinion on the rule, not on the last unit.
    """
    tally = Tally()
    sections: Any = document
    second, first, standard = sections["pmrm2"], sections["pmrm"], sections["srm"]
    sets = [
        tuple((str(i), CollateralTerms(bool(row[0]), row[1], row[2])) for i, row in enumerate(rows))
        for rows in second["collateral_sets"]
    ]
    for where, case in _cases(second, "cases"):
        rule = portfolio_rule_2(second["param_sets"][case["ps"]], sets[case["ck"]])
        _check_own(tally, "own pmrm2", where, case, partial(portfolio_figures_2, rule, case))
    rule_1 = portfolio_rule(first["param_set"])
    for where, case in _cases(first, "cases"):
        _check_own(tally, "own pmrm", where, case, partial(portfolio_figures, rule_1, case))
    rule_0 = standard_rule(standard["param_set"])
    for where, case in _cases(standard, "cases"):
        _check_own(tally, "own srm", where, case, partial(standard_figures, rule_0, case))
    return tally


def _check_own(
    tally: Tally, group: str, where: str, case: Case, call: Callable[[], Mapping[str, object]]
) -> None:
    check_figures(tally, group, where, case["o"], call)
    got = call()
    for key in ("im", "mm", "mtm"):
        if key not in case["authors"]:
            continue
        theirs, ours = case["authors"][key], got[key]
        assert isinstance(ours, int)
        close = abs(theirs - ours) <= max(abs(theirs) // AUTHORS_RELATIVE, AUTHORS_ABSOLUTE)
        tally.check(f"{group} authors", f"{where}.authors.{key}", theirs, theirs if close else ours)


def _cases(document: Mapping[str, Any], key: str) -> Iterator[tuple[str, Case]]:
    for index, case in enumerate(document.get(key, ())):
        yield f"{key}[{index}]", case


CHECKERS: dict[str, Checker] = {
    "derive-maths/1": check_maths,
    "derive-srm-portfolios/1": check_standard,
    "derive-pmrm2-portfolios/1": check_portfolio_2,
    "derive-pmrm-portfolios/1": check_portfolio,
    "derive-own-cases/1": check_own_cases,
}
