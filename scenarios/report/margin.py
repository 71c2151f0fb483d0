"""A portfolio under many margin rules: rows for a terminal, and a page with scenario heat maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.margin_listed import reasons
from scenarios.report.html import template_environment

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.margin import MarginComparison, RuleResult
    from scenarios.margin_collateral import CollateralPlan

HEADER = ("Rule", "Equity", "Initial", "Excess", "Maintenance", "Excess", "Worst scenario")


def header(result: MarginComparison) -> tuple[str, ...]:
    """Return the head of ``rule_rows``: a level besides the usual two has columns of its own."""
    if result.level in {"initial", "maintenance"}:
        return HEADER
    name = result.level.replace("-", " ").capitalize()
    return (*HEADER[:-1], name, "Excess", HEADER[-1])


def money(value: Decimal | None) -> str:
    """Return an amount in whole units, cents below a thousand, without a minus on zero."""
    if value is None:
        return ""
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"
    return text.removeprefix("-") if not text.strip("-0.") else text


def price(value: Decimal | None) -> str:
    """Return a price with at most six significant digits; a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100_000 else f"{value:,.6g}"


def rule_rows(result: MarginComparison) -> list[tuple[str, ...]]:
    """Return the rules that judged: requirement and excess at both levels, and the worst scenario."""
    rows: list[tuple[str, ...]] = []
    for rule in result.rules:
        shown = rule.at(result.level)
        if rule.initial is None or rule.maintenance is None or shown is None:
            continue
        cells = (rule.equity, rule.initial.requirement, rule.initial.excess)
        lower = (rule.maintenance.requirement, rule.maintenance.excess)
        name = f"{rule.name} (in part)" if rule.not_listed else rule.name
        asked = () if len(header(result)) == len(HEADER) else (shown.requirement, shown.excess)
        rows.append((name, *map(money, (*cells, *lower, *asked)), shown.worst_in_words))
    return rows


def refusals(result: MarginComparison) -> list[tuple[str, str]]:
    """Return rules that do not judge the account, or not at the level asked for, with the reason."""
    rows = [(rule.name, rule.refused) for rule in result.rules if rule.refused]
    without = [r.name for r in result.rules if not r.refused and r.at(result.level) is None]
    return rows + [(name, f"it has no {result.level} level") for name in without]


def lead(result: MarginComparison) -> str:
    """Return the answer in one sentence."""
    judged = [(rule.name, found.excess) for rule in result.rules if (found := rule.at(result.level))]
    if not judged:
        return "None of these rules can judge the account."
    failing = [name for name, excess in judged if excess < 0]
    least = min(judged, key=lambda row: row[1])
    words = f"least excess {money(least[1])} {result.money}, under {least[0]}"
    if not failing:
        return f"Enough {result.level} margin under all {len(judged)} rules that can judge it; {words}."
    return f"Too little {result.level} margin under {', '.join(failing)}; {words}."


def liquidation_rows(result: MarginComparison) -> list[tuple[str, ...]]:
    """Return rule, what moves, and the nearest prices at which maintenance margin fails."""
    rows: list[tuple[str, ...]] = []
    for rule in result.rules:
        for name, found in (rule.liquidation or {}).items():
            rows.append((rule.name, name, price(found.below), price(found.above)))
        if rule.common_direction is not None and len(rule.liquidation or {}) > 1:
            moves = rule.common_direction
            rows.append((rule.name, "all together", _factor(moves.below), _factor(moves.above)))
    return rows


def _factor(value: Decimal | None) -> str:
    return "-" if value is None else f"{(value - 1) * 100:+.4g} %"


def charge_text(charges: Mapping[str, Decimal]) -> str:
    """Return the add-ons that are not zero."""
    return ", ".join(f"{name} {money(amount)}" for name, amount in charges.items() if amount) or "none"


def impact_rows(result: MarginComparison) -> list[tuple[str, ...]]:
    """Return rule, level, excess before and after the trades, and whether the rule lets them in."""
    rows: list[tuple[str, ...]] = []
    for rule in result.rules:
        if rule.initial is None:
            continue
        if rule.impact is None:
            rows.append((rule.name, "", "", "", "cannot judge the account after the trade"))
            continue
        for level, impact in rule.impact.items():
            word = "enough" if impact.permitted else "too little"
            rows.append((rule.name, level, money(impact.before), money(impact.after), word))
    return rows


def plan_text(plan: CollateralPlan) -> str:
    """Return a collateral plan as a sentence."""
    if plan.reason:
        return f"{plan.rule}: no plan: {plan.reason}"
    parts = [f"post {_units(units)} {name}" for name, units in plan.posted.items()]
    parts += [f"withdraw {_units(units)} {name}" for name, units in plan.withdrawn.items()]
    parts += [f"swap {_units(units)} {pair}" for pair, units in plan.swapped.items()]
    what = ", ".join(parts) or "nothing to do"
    cost = f"cost {money(plan.cost)} a year and once for swaps"
    return f"{plan.rule}: {what}; {cost}; excess {money(plan.before)} to {money(plan.after)}"


def _units(value: Decimal) -> str:
    return f"{value:,.6g}" if value < 100_000 else f"{value:,.0f}"


STRESS_HEADER = ("Rule", "As given", "At one", "At zero", "No netting", "Saved", "At risk")


def stress_rows(result: MarginComparison) -> list[tuple[str, ...]]:
    """Return what netting by correlation saves and risks."""
    return [
        (rule.name, *map(money, (s.given, s.together, s.apart, s.plain, s.saved, s.at_risk)))
        for rule in result.rules
        if (s := rule.stress) is not None
    ]


def print_comparison(result: MarginComparison, plans: Sequence[CollateralPlan], console: Console) -> None:
    """Print the comparison; names out of files are shown as they stand."""
    from scenarios.report.text import plain  # noqa: PLC0415 - beside rich, which is heavy

    console.print(plain(result.title), style="bold")
    _table(console, header(result), rule_rows(result))
    for rule in result.rules:
        shown = rule.at(result.level)
        if shown is not None:
            console.print(
                plain(f"{rule.name}: {charge_text(shown.charges)}{_left_out(rule)}"), soft_wrap=True
            )
    for name, why in refusals(result):
        console.print(plain(f"{name}: not judged: {why}"), soft_wrap=True)
    if rows := liquidation_rows(result):
        console.print("Maintenance margin fails at", style="bold")
        _table(console, ("Rule", "Moves", "Below", "Above"), rows)
    if result.trades:
        console.print(plain(f"Trade {', '.join(result.trades)}"), style="bold")
        _table(console, ("Rule", "Level", "Excess before", "After", "Then"), impact_rows(result))
    if rows := stress_rows(result):
        console.print("Initial margin as correlations move", style="bold")
        _table(console, STRESS_HEADER, rows)
    if plans:
        console.print("Cheapest collateral", style="bold")
    for plan in plans:
        console.print(plain(plan_text(plan)), soft_wrap=True)
    console.print(plain(lead(result)), soft_wrap=True)


def _left_out(rule: RuleResult) -> str:
    text = f"; not counted: {', '.join(rule.left_out)}" if rule.left_out else ""
    return text + (f"; left out: {reasons(rule.not_listed)}" if rule.not_listed else "")


def _table(console: Console, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table  # noqa: PLC0415 - heavy
    from rich.text import Text  # noqa: PLC0415

    from scenarios.report.text import plain  # noqa: PLC0415

    words = {"Rule", "Worst scenario", "Moves", "Level", "Then"}
    table = Table(box=None, pad_edge=False)
    for name in header:
        table.add_column(name, justify="left" if name in words else "right")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    console.print(table)


def render_page(result: MarginComparison, plans: Sequence[CollateralPlan] = ()) -> str:
    """Return one offline HTML page; the same result gives the same bytes."""
    from markupsafe import Markup  # noqa: PLC0415 - jinja2's, heavy at start-up

    from scenarios.report.heat_map import heat_map_svg  # noqa: PLC0415

    engine = template_environment()
    maps = []
    for index, rule in enumerate(result.rules):
        shown = rule.at(result.level)
        if shown is not None and rule.scenarios:
            svg = heat_map_svg(rule.scenarios, shown.worst, rule.name, f"h{index}")
            maps.append((rule.name, shown.worst_in_words, Markup(svg)))  # noqa: S704 - escaped by its writer
    judged = [(rule, shown) for rule in result.rules if (shown := rule.at(result.level)) is not None]
    return engine.get_template("margin.html.j2").render(
        result=result,
        style=Markup(engine.get_template("style.css").render()),  # noqa: S704 - our own file
        header=header(result),
        rows=rule_rows(result),
        lead=lead(result),
        maps=maps,
        add_ons=[
            (r.name, charge_text(shown.charges), _left_out(r).removeprefix("; ")) for r, shown in judged
        ],
        refused=refusals(result),
        liquidation=liquidation_rows(result),
        impacts=impact_rows(result) if result.trades else [],
        stress_header=STRESS_HEADER,
        stress=stress_rows(result),
        plans=[plan_text(plan) for plan in plans],
        sources=[(rule.name, rule.source, rule.as_of) for rule in result.rules],
    )
