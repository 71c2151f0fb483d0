"""Runs, stress tests, attacks and comparisons as tables and pictures: one shape for terminal and page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from scenarios.report.html import template_environment
from scenarios.report.numbers import human
from scenarios.report.panels import panels
from scenarios.result import Point, Series

if TYPE_CHECKING:
    from scenarios.files.protocol import ProtocolFile
    from scenarios.report.manifest import Manifest
    from scenarios.simulation.attack import Optimum
    from scenarios.simulation.compare import Comparison
    from scenarios.simulation.run import Metrics, RunResult
    from scenarios.simulation.stress import StressResult
    from scenarios.simulation.sweep import SweepResult

MOST_EVENTS = 400
"""Events listed on a page; the whole log is in the JSON answer."""
CENT = Fraction(1, 100)
METRIC_NAMES: Mapping[str, str] = {
    "bad_debt": "bad debt",
    "liquidated": "value liquidated",
    "liquidations": "liquidation steps",
    "accounts_liquidated": "accounts liquidated",
    "insurance_paid": "paid by the insurance fund",
    "socialised": "paid by lenders and others",
    "unserved": "accounts left short of margin",
    "refusals": "actions refused",
    "oracle_error": "greatest oracle error, relative",
    "utilisation": "debt over debt and cash",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a heading, or pictures; the first column names the row."""

    title: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    series: tuple[Series, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What a command shows."""

    kicker: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    about: str = ""


def number(value: Decimal | Fraction | float | None) -> str:
    """Return a figure for reading."""
    if value is None:
        return "too few runs"
    exact = Decimal(f"{float(value):.10g}")
    if abs(exact) >= 1000:
        return f"{exact:,.0f}"
    return human(exact) if exact else "0"


def run_page(file: ProtocolFile, result: RunResult) -> Page:
    """Return the page of one path."""
    hours = Decimal(result.step_seconds) / 3600
    series = tuple(
        Series(
            line.name,
            line.unit,
            line.panel,
            tuple(
                Point(str(step), value, x=step * hours)
                for step, value in enumerate(line.values)
                if value is not None
            ),
            x_name="hours",
        )
        for line in result.series
    )
    lost = result.metrics.bad_debt
    lead = (
        f"Bad debt of {number(lost)} {result.money}."
        if lost
        else f"No bad debt; {result.metrics.liquidations} liquidation steps."
    )
    listed = result.events[:MOST_EVENTS]
    events = tuple(
        (
            str(event.step),
            event.actor,
            event.kind,
            "; ".join(f"{k} {_shown(v)}" for k, v in event.details.items()),
        )
        for event in listed
    )
    note = (
        f"The first {MOST_EVENTS} of {len(result.events)} events." if len(result.events) > MOST_EVENTS else ""
    )
    return Page(
        "One path",
        result.title,
        lead,
        (
            Section("What it came to", ("Measure", "Value"), tuple(_metric_rows(result.metrics))),
            Section(
                "Who gained and who lost",
                ("Party", result.money),
                tuple((name, number(value)) for name, value in result.gains.items()),
                note="Against the opening's holdings, both at the final outside prices.",
            ),
            Section("Prices and accounts", series=moving(series)),
            Section("Events", ("Step", "Actor", "Event", "Details"), events, note=note),
        ),
        file.about,
    )


def moving(series: tuple[Series, ...]) -> tuple[Series, ...]:
    """Return the series of those panels in which something moves."""
    values: dict[str, set[Decimal]] = {}
    for line in series:
        values.setdefault(line.panel, set()).update(point.value for point in line.points)
    return tuple(line for line in series if len(values[line.panel]) > 1)


def stress_page(file: ProtocolFile, result: StressResult) -> Page:
    """Return the page of a stress test."""
    first = result.estimates[0]
    lead = (
        f"VaR 95 % of {number(first.value)} {result.money} over {result.runs} runs of {result.steps} steps."
    )
    rows = tuple(
        (each.name, number(each.value), number(each.low), number(each.high), each.unit, each.method)
        for each in result.estimates
    )
    header = ("Measure", "Value", "Low", "High", "Unit", "Interval")
    note = f"95 % confidence, {result.runs} runs, seed {result.seed}, digest {result.digest[:16]}."
    return Page(
        "Stress test",
        result.title,
        lead,
        (
            Section("The answer", header, rows, note=note),
            Section(
                "Distribution over the runs",
                series=(
                    _distribution("bad debt", result.money, [row.bad_debt for row in result.rows]),
                    _distribution("value liquidated", result.money, [row.liquidated for row in result.rows]),
                ),
            ),
        ),
        file.about,
    )


def attack_page(file: ProtocolFile, result: Optimum) -> Page:
    """Return the page of an attack's optimum."""
    best = result.best
    lead = (
        f"The attack pays: {number(best.profit)} {file.money} with {number(best.capital)} at hand."
        if result.pays
        else "No parameters in the searched ranges make the attack pay."
    )
    answers = [
        (name, number(getattr(best, field)), number(getattr(result.given, field)))
        for name, field in (
            ("profit", "profit"),
            ("loss (not got back)", "loss"),
            ("capital at hand", "capital"),
            ("flash loans", "flash_loan"),
            ("bad debt", "bad_debt"),
        )
    ]
    if best.refused:
        answers.append(("stopped by", best.refused, result.given.refused))
    parameters = tuple(
        (name, _shown(value), _shown(result.given.parameters[name]), _range(result, name))
        for name, value in best.parameters.items()
    )
    events = tuple(
        (event.kind, event.actor, "; ".join(f"{k} {_shown(v)}" for k, v in event.details.items()))
        for event in best.events[:MOST_EVENTS]
    )
    return Page(
        f"Attack: {best.strategy}",
        file.title,
        lead,
        (
            Section(
                "The answer",
                ("Measure", "Optimum", "As in the file"),
                tuple(answers),
                note=f"{result.evaluations} attacks tried, seed {result.seed}.",
            ),
            Section(
                "Who paid",
                ("Party", file.money),
                tuple((name, number(value)) for name, value in best.paid_by.items() if abs(value) >= CENT),
                note="Gains and losses of all others; with the profit they add up to zero.",
            ),
            Section("Parameters", ("Parameter", "Optimum", "As in the file", "Searched"), parameters),
            Section("Steps of the attack", ("Event", "Actor", "Details"), events),
        ),
        file.about,
    )


def sweep_page(file: ProtocolFile, result: SweepResult) -> Page:
    """Return the page of a sweep."""
    header = (*result.names, *result.measures)
    rows = tuple(
        (*(str(value) for value in point.values), *(number(value) for value in point.answers))
        for point in result.points
    )
    lead = f"{len(result.points)} settings, {result.what}."
    return Page("Sweep", result.title, lead, (Section("Every setting", header, rows),), file.about)


def comparison_page(result: Comparison) -> Page:
    """Return the page of a comparison."""
    rows = tuple(
        (
            line.name,
            number(line.first),
            number(line.second),
            number(line.difference),
            _interval(line.interval),
        )
        for line in result.lines
    )
    header = ("Mean over the runs", result.titles[0], result.titles[1], "Difference", "95 % interval")
    lead = f"{result.runs} runs on the same paths."
    note = "The interval is of the paired difference, so what both share cancels."
    return Page(
        "Comparison", " against ".join(result.titles), lead, (Section("Pairs", header, rows, note=note),)
    )


def render_page(page: Page, manifest: Manifest | None = None) -> str:
    """Return one offline HTML page; the same arguments give the same bytes."""
    from markupsafe import Markup  # noqa: PLC0415 - jinja2's, heavy at start-up

    from scenarios.report.pictures import panel_svg  # noqa: PLC0415

    engine = template_environment()
    pictures = {
        section.title: [
            Markup(panel_svg(panel, f"{place}{n}"))  # noqa: S704 - escaped by its writer
            for n, panel in enumerate(panels(section.series))
        ]
        for place, section in zip("abcdefgh", page.sections, strict=False)
    }
    return engine.get_template("simulation.html.j2").render(
        page=page,
        style=Markup(engine.get_template("style.css").render()),  # noqa: S704 - our own file
        pictures=pictures,
        manifest=manifest,
    )


def _metric_rows(metrics: Metrics) -> Iterable[tuple[str, str]]:
    for field, name in METRIC_NAMES.items():
        yield name, number(getattr(metrics, field))


def _distribution(name: str, unit: str, values: list[Decimal]) -> Series:
    """Return the values in order over the share of runs at or below: the empirical distribution."""
    ordered, count = sorted(values), len(values)
    points = tuple(
        Point(str(place), value, x=Decimal(f"{100 * place / count:.4g}"))
        for place, value in enumerate(ordered, 1)
    )
    return Series(name, unit, f"{name.capitalize()} by share of runs", points, x_name="% of runs at or below")


def _range(result: Optimum, name: str) -> str:
    bounds = result.ranges.get(name)
    return "" if bounds is None else f"{number(bounds.low)} to {number(bounds.high)}"


def _interval(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"{number(ends[0])} to {number(ends[1])}"


def _shown(value: object) -> str:
    if isinstance(value, Decimal | float | Fraction):
        return number(value)
    if isinstance(value, list | tuple):
        return ", ".join(_shown(item) for item in value)
    return str(value)
