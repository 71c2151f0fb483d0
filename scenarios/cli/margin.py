"""``backstop margin``: one portfolio under several margin rules side by side."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.cli.answer import Answer
from scenarios.cli.main import UsageError
from scenarios.files.scalars import read_decimal_text
from scenarios.margin_build import TradeOrder

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.margin_collateral import CollateralPlan

PIPED_WIDTH = 150


def run(arguments: Namespace) -> Answer:
    """Judge, write the page if asked, and answer; too little margin at the level is a finding."""
    if arguments.list:
        return _list(arguments)
    if arguments.portfolio is None:
        raise UsageError("a portfolio is missing (or ask for --list)")
    target = arguments.report
    if target and Path(target).suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"--report {target}: the name must end in .html")
    trades = tuple(_trade(text) for text in arguments.trade or ())
    excess = None
    if arguments.collateral is not None:
        excess = read_decimal_text(arguments.collateral)
        if excess is None:
            raise UsageError(f"--collateral {arguments.collateral}: the excess must be a number")

    from scenarios.files.portfolio_checks import load_portfolio
    from scenarios.margin import compare
    from scenarios.margin_collateral import plan_collateral
    from scenarios.margin_judge import Case
    from scenarios.margin_rules import rules_of

    model = load_portfolio(arguments.portfolio)
    names = arguments.rule or ()
    scenarios = None if arguments.scenarios == "rule" else arguments.scenarios
    case = Case(model, arguments.view, scenarios, arguments.partial)
    result = compare(case, names, trades, arguments.level)
    plans: tuple[CollateralPlan, ...] = ()
    if excess is not None:
        plans = tuple(plan_collateral(case, rule, excess, arguments.level) for rule in rules_of(model, names))
    if target:
        from scenarios.report.margin import render_page
        from scenarios.report.write import write_atomically

        write_atomically(Path(target), render_page(result, plans))

    def show() -> None:
        from scenarios.report.margin import print_comparison
        from scenarios.report.table import terminal

        console = terminal(arguments.color, width=None if sys.stdout.isatty() else PIPED_WIDTH)
        print_comparison(result, plans, console)
        if target:
            sys.stderr.write(f"report: {target}\n")

    data = asdict(result) | {"collateral": plans, "report": target}
    return Answer(data, show, 1 if result.has_finding else 0)


def _trade(text: str) -> TradeOrder:
    """Return the order that ASSET:SIZE[@PRICE] says."""
    asset, colon, rest = text.rpartition(":")
    size_text, at, price_text = rest.partition("@")
    size, price = read_decimal_text(size_text), read_decimal_text(price_text) if at else None
    if not colon or not asset or size is None or size == 0 or (at and (price is None or price <= 0)):
        raise UsageError(f"--trade {text}: expected ASSET:SIZE or ASSET:SIZE@PRICE, such as ETH:-5@3000")
    return TradeOrder(asset, Decimal(size), price)


def _list(arguments: Namespace) -> Answer:
    from protocol.margin.presets.registry import PRESETS
    from scenarios.files.portfolio_checks import list_examples

    rows = [
        {
            "name": one.name,
            "source": one.source,
            "as_of": one.as_of,
            "holds": sorted(kind.value for kind in one.holds),
            "underlyings": one.underlyings,
            "single_market": one.single_market,
            "levels": [level.value.replace(" ", "-") for level in one.levels],
        }
        for one in PRESETS
    ]

    def show() -> None:
        from scenarios.report.table import terminal

        console = terminal(arguments.color, width=None if sys.stdout.isatty() else PIPED_WIDTH)
        _print_rules(rows, console)
        console.print("shipped portfolios: " + ", ".join(list_examples()), soft_wrap=True)

    return Answer({"rules": rows, "portfolios": list_examples()}, show)


def _print_rules(rows: Sequence[dict[str, object]], console: Console) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for head in ("Rule", "Source", "As of"):
        table.add_column(head)
    for row in rows:
        table.add_row(str(row["name"]), str(row["source"]), str(row["as_of"]))
    console.print(table)
