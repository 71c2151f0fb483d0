"""The page of one path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.report.drawings.contagion import ContagionGraph
from scenarios.report.drawings.gains import Gains
from scenarios.report.drawings.health import HealthOverTime
from scenarios.report.drawings.losses import LossWaterfall
from scenarios.report.drawings.timeline import Liquidations
from scenarios.report.pages.page import Page, Section, number, shown
from scenarios.result import Point, Series
from scenarios.simulation.contagion import reach

if TYPE_CHECKING:
    from scenarios.files.protocol import ProtocolFile
    from scenarios.simulation.run import Metrics, RunResult

MOST_EVENTS = 400
"""Events listed on a page; the whole log is in the JSON answer."""
METRIC_NAMES: Mapping[str, str] = {
    "bad_debt": "bad debt",
    "liquidated": "value liquidated",
    "liquidations": "liquidation steps",
    "accounts_liquidated": "accounts liquidated",
    "insurance_paid": "paid by the insurance fund",
    "socialised": "paid by lenders and others",
    "deleveraged": "given up by winners in deleveraging",
    "unserved": "accounts left short of margin",
    "refusals": "actions refused",
    "oracle_error": "greatest oracle error, relative",
    "utilisation": "debt over debt and cash",
}
CHAIN_NAMES: Mapping[str, str] = {
    "blocks": "slots",
    "missed_blocks": "slots without a block",
    "included": "agents' transactions included",
    "reverted": "of them reverted",
    "waiting": "transactions still waiting",
    "fees": "fees paid by agents",
    "fees_of_reverted": "of them for nothing",
    "oracle_wait_mean": "mean wait of oracle updates, s",
    "oracle_wait_longest": "longest wait of an oracle update, s",
    "keeper_wait_mean": "mean wait of liquidations, s",
    "keeper_wait_longest": "longest wait of a liquidation, s",
    "greatest_base_fee": "highest base fee, gwei",
}


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
    listed = result.events[:MOST_EVENTS]
    events = tuple(
        (
            str(event.step),
            event.actor,
            event.kind,
            "; ".join(f"{k} {shown(v)}" for k, v in event.details.items()),
        )
        for event in listed
    )
    note = (
        f"The first {MOST_EVENTS} of {len(result.events)} events." if len(result.events) > MOST_EVENTS else ""
    )
    return Page(
        "One path",
        result.title,
        _lead(result),
        (
            Section(
                "What it came to",
                ("Measure", "Value"),
                (*_metric_rows(result.metrics), *_chain_rows(result)),
            ),
            Section("Prices and accounts", series=moving(series)),
            *_health(result),
            *_liquidations(result),
            *_losses(result),
            *_contagion(result),
            Section(
                "Who gained and who lost",
                ("Party", result.money),
                tuple((name, number(value)) for name, value in result.gains.items()),
                drawings=(Gains(result.gains, result.money),) if result.gains else (),
                note="Against the opening's holdings, both at the final outside prices.",
            ),
            Section("Events", ("Step", "Actor", "Event", "Details"), events, note=note),
        ),
        file.about,
    )


def _lead(result: RunResult) -> str:
    """Return the answer in a sentence; what winners gave up is a loss too, though nobody's debt."""
    metrics = result.metrics
    if metrics.bad_debt:
        answer = f"Bad debt of {number(metrics.bad_debt)} {result.money}"
    else:
        answer = f"No bad debt; {metrics.liquidations} liquidation steps"
    if metrics.deleveraged:
        answer += f"; winners gave up {number(metrics.deleveraged)} {result.money} in deleveraging"
    return f"{answer}."


def moving(series: tuple[Series, ...]) -> tuple[Series, ...]:
    """Return the series of those panels in which something moves."""
    values: dict[str, set[Decimal]] = {}
    for line in series:
        values.setdefault(line.panel, set()).update(point.value for point in line.points)
    return tuple(line for line in series if len(values[line.panel]) > 1)


def _chain_rows(result: RunResult) -> Iterable[tuple[str, str]]:
    measured = getattr(result, "chain", None)
    if measured is not None:
        for field, name in CHAIN_NAMES.items():
            yield name, number(getattr(measured, field))


def _hours(result: RunResult) -> float:
    return result.step_seconds / 3600


def _health(result: RunResult) -> Iterator[Section]:
    if len(result.health) > 1:
        yield Section("Health", drawings=(HealthOverTime(result.health, _hours(result)),))


def _liquidations(result: RunResult) -> Iterator[Section]:
    if result.metrics.liquidations:
        picture = Liquidations(result.events, _hours(result), result.steps)
        yield Section("Liquidations", drawings=(picture,))


def _losses(result: RunResult) -> Iterator[Section]:
    paid: dict[str, Decimal] = {}
    for event in result.events:
        if event.kind == "loss paid":
            amount = event.details["amount"]
            assert isinstance(amount, Decimal)
            paid[event.actor] = paid.get(event.actor, Decimal(0)) + amount
    left = result.metrics.bad_debt - sum(paid.values(), Decimal(0))
    if left > 0:
        paid["nobody yet"] = left
    if sum(paid.values(), Decimal(0)) > 0:
        rows = tuple((name, number(amount)) for name, amount in paid.items())
        yield Section(
            "Loss waterfall",
            ("Payer", result.money),
            rows,
            drawings=(LossWaterfall(paid, result.money),),
            note="Basis: equity. What nobody has paid yet are accounts below zero at the end.",
        )


def _contagion(result: RunResult) -> Iterator[Section]:
    found = reach(result.links)
    if not found:
        return
    rows = tuple(
        (
            each.source,
            str(each.accounts),
            number(each.exposure),
            number(each.liquidated),
            number(each.lost),
            "yes" if each.loop else "no",
        )
        for each in found
    )
    header = ("Source", "Accounts behind", f"Exposure, {result.money}", "Liquidated", "Lost", "Cascade loop")
    yield Section(
        "Contagion",
        header,
        rows,
        drawings=(ContagionGraph(result.links),),
        note="Who passes a shock to whom: lines are as wide as the money that they carry. A loop is closed "
        "where keepers sold on a venue that a price reads.",
    )


def _metric_rows(metrics: Metrics) -> Iterable[tuple[str, str]]:
    for field, name in METRIC_NAMES.items():
        value = getattr(metrics, field)
        if value or field != "deleveraged":
            yield name, number(value)
