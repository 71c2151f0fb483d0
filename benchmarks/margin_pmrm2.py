"""Exact second-generation portfolio margin: time a portfolio, every answer checked against the contract's.

Run: ``uv run python benchmarks/margin_pmrm2.py [FILE]``, with another vector file if there is one. Both
margins of every portfolio are computed from the holdings; its initial and maintenance margin, value and worst
scenario must be the contract's integers. Ends with 1 where an answer differs or the target is missed.

Target: at most 3 ms a portfolio, on average.
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import time
from pathlib import Path

from protocol.errors import RuleError
from protocol.fixed_point.context import EXACT
from protocol.margin.holdings import Portfolio
from protocol.margin.judgement import INITIAL, MAINTENANCE
from protocol.margin.presets.derive_pmrm_2 import PortfolioMargin2
from scenarios.verify.margin_derive import changed, collateral_terms, portfolio_rule_2
from scenarios.verify.margin_portfolios import single_market_portfolio

SAMPLE = Path(__file__).parents[1] / "tests/vectors/margin/derive_pmrm2_sample.json.gz"
GROUPS = ("cases", "edge_cases")
ROUNDS = 5
TARGET_MS = 3.0


def margins(rule: PortfolioMargin2[int], portfolio: Portfolio[int]) -> tuple[int, int, int, object]:
    account = rule.prepare(EXACT, portfolio)
    initial = rule.judge_prepared(EXACT, account, INITIAL)
    maintenance = rule.margin(EXACT, account, initial.scenarios, MAINTENANCE)
    return initial.excess, maintenance.excess, initial.equity, initial.worst


def main() -> int:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE
    content = path.read_bytes()
    document = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    terms = collateral_terms(document["collateral_params"])
    rules = [portfolio_rule_2(row, terms) for row in document["param_sets"]]
    times, options, wrong, refused = [], 0, 0, 0
    for group in GROUPS:
        for case in document.get(group, ()):
            if "err" in case["o"]:
                refused += 1
                continue
            rule = changed(rules[case.get("ps", 0)], case.get("params") or "")
            portfolio = single_market_portfolio(case)
            try:
                answer = margins(rule, portfolio)
            except RuleError:
                wrong += 1
                continue
            wrong += answer != tuple(case["o"][key] for key in ("im", "mm", "mtm", "w"))
            options += sum(len(expiry.options) for expiry in portfolio.markets[0].expiries)
            rounds = []
            for _ in range(ROUNDS):
                start = time.process_time_ns()
                margins(rule, portfolio)
                rounds.append((time.process_time_ns() - start) / 1e6)
            times.append(min(rounds))
    mean = statistics.fmean(times)
    ranked = sorted(times)
    print(f"{len(times)} portfolios, {options / len(times):.1f} options each, {refused} refusals left out")
    print(f"mean {mean:.2f} ms, median {statistics.median(times):.2f}, slowest {ranked[-1]:.2f}")
    print(f"{wrong} answers differ from the contract's")
    missed = mean > TARGET_MS or wrong > 0
    print("target missed" if missed else "target met")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
