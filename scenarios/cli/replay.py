"""``backstop replay``: run an incident and lay every outcome beside its published figure."""

from __future__ import annotations

import sys
from argparse import Namespace
from decimal import Context, Decimal
from pathlib import Path

from scenarios.cli.answer import Answer, Message
from scenarios.cli.main import UsageError
from scenarios.files.library import load_incident, read_source
from scenarios.incidents.counterfactuals import replay_with_counterfactuals
from scenarios.incidents.registry import replayer_of
from scenarios.report.manifest import Manifest, build_manifest
from scenarios.report.remainders import print_remainders
from scenarios.report.table import Color, print_outcomes, terminal
from scenarios.report.write import write_atomically
from scenarios.result import Counterfactual, Outcome, Replay

PIPED_WIDTH = 120
_SIGNIFICANT = Context(prec=18)
_WIDE = Context(prec=1000)
FORMATS = {".html": "html", ".htm": "html", ".md": "markdown"}


def run(arguments: Namespace) -> Answer:
    """Replay, write the report if asked, and answer."""
    target = _report_format(arguments.report)
    incident = load_incident(arguments.incident)
    markdown = arguments.md
    # Every other reader is one more run, so only where it is shown.
    wanted = target or markdown or arguments.json or arguments.counterfactuals
    replay = replay_with_counterfactuals(incident) if wanted else replayer_of(incident).run()
    manifest = None
    if target or markdown:
        manifest = build_manifest(sys.argv, *read_source(arguments.incident))
        if target:
            write_atomically(Path(arguments.report), render(replay, manifest, target))
    shown = render(replay, manifest, "markdown") if markdown and manifest else ""

    def show() -> None:
        if markdown:
            sys.stdout.write(shown)
        else:
            print_replay(replay, arguments.color, readers=arguments.counterfactuals)
        if arguments.report and getattr(arguments, "say_where", True):
            sys.stderr.write(f"report: {arguments.report}\n")

    data = replay_data(replay) | ({"report": arguments.report} if arguments.report else {})
    return Answer(data, show, 1 if replay.has_finding else 0, _findings(replay), _warnings(replay))


def _report_format(path: str | None) -> str | None:
    if path is None:
        return None
    kind = FORMATS.get(Path(path).suffix.lower())
    if kind is None:
        raise UsageError(f"--report {path}: the name must end in .html or .md")
    return kind


def render(replay: Replay, manifest: Manifest, kind: str) -> str:
    """Return the report as a page or as Markdown."""
    if kind == "html":
        from scenarios.report.html import render_html

        return render_html(replay, manifest)
    from scenarios.report.markdown import render_markdown

    return render_markdown(replay, manifest)


def print_replay(replay: Replay, color: Color, *, readers: bool = False) -> None:
    """Print the headline table, the findings and, if asked, what other readers leave."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    console = terminal(color, width=width)
    print_outcomes(replay, console)
    for finding in replay.findings:
        console.print(f"{finding.name}: {finding.value} {finding.unit}", soft_wrap=True)
    if readers:
        print_remainders(replay, console)


def replay_data(replay: Replay) -> dict[str, object]:
    """Return the machine form of a replay."""
    return {
        "incident": replay.id,
        "title": replay.title,
        "protocol": replay.protocol,
        "date": replay.date,
        "chain": replay.chain,
        "mechanism": replay.mechanism,
        "outcomes": [*map(_outcome, replay.outcomes), *_combined(replay.outcomes)],
        "counterfactuals": [_counterfactual(row) for row in replay.counterfactuals],
        "findings": replay.findings,
        "series": replay.series,
        "steps": replay.steps,
        "transactions": replay.transactions,
        "oracle": replay.nodes,
        "notes": replay.notes,
        "references": replay.references,
    }


def _outcome(outcome: Outcome) -> dict[str, object]:
    tolerance = outcome.tolerance
    return {
        "name": outcome.name,
        "unit": outcome.unit,
        "replayed": outcome.replayed,
        "published": outcome.published,
        "deviation": None if outcome.deviation is None else _rounded(outcome.deviation),
        "tolerance": None if tolerance is None else {"kind": tolerance.kind, "value": tolerance.value},
        "within": outcome.within,
        "source": outcome.source,
        "verdict": outcome.verdict,
        "note": outcome.note,
        "reason": outcome.reason,
    }


def _counterfactual(row: Counterfactual) -> dict[str, object]:
    return {
        "name": row.name,
        "kind": row.kind,
        "multiple": None if row.multiple is None else _SIGNIFICANT.plus(row.multiple),
        "verdict": row.verdict,
        "refused_at_step": row.refused_at,
        "reason": row.reason,
        "profit": row.profit,
        "loss": row.loss,
        "unit": row.unit,
        "basis": row.basis,
        "note": row.note,
    }


def _combined(outcomes: tuple[Outcome, ...]) -> list[dict[str, object]]:
    """Return a row for each figure with one value per asset, its values as an object."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        name, dot, _ = outcome.name.rpartition(".")
        if dot and not outcome.name.rsplit("_", 1)[-1].replace(".", "").isdigit():
            groups.setdefault(name, []).append(outcome)
    rows = []
    for name, parts in groups.items():
        row = _outcome(parts[0]) | {"name": name, "deviation": None}
        for key in ("replayed", "published"):
            values = {part.name.rpartition(".")[2]: getattr(part, key) for part in parts}
            row[key] = values if any(value is not None for value in values.values()) else None
        known = [part.within for part in parts if part.within is not None]
        rows.append(row | {"within": all(known) if known else None})
    return rows


def _rounded(value: Decimal) -> Decimal:
    return _WIDE.quantize(value, Decimal(1).scaleb(-18))


def _findings(replay: Replay) -> tuple[Message, ...]:
    return tuple(
        Message("error", "out-of-tolerance", f"{outcome.name}: {outcome.reason}", {"outcome": outcome.name})
        for outcome in replay.outcomes
        if outcome.within is False
    )


def _warnings(replay: Replay) -> tuple[Message, ...]:
    return tuple(
        Message("warning", "not-replayed", f"{outcome.name}: {outcome.reason}", {"outcome": outcome.name})
        for outcome in replay.outcomes
        if outcome.replayed is None
    )
