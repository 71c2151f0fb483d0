"""A replay as one self-contained page: no script, no request, for screen and paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scenarios.report.manifest import Manifest
from scenarios.report.numbers import THIN
from scenarios.report.panels import Panel, panel_rows, panels, place_text
from scenarios.report.remainders import LEAD, TITLE, bases, remainder_rows
from scenarios.report.rows import cell, facts, headline, net_changes, outcome_rows, signed, token_amount
from scenarios.report.text import plain, shorten
from scenarios.result import NodeRecord, Replay, TransactionRecord

if TYPE_CHECKING:
    import jinja2

MOST_ROWS = 120
"""Rows listed under one picture."""
MOST_POSTINGS = 3000
"""Postings listed in the ledger; the page must open in a browser and fit a mail."""


def render_html(replay: Replay, manifest: Manifest) -> str:
    """Return the report as one HTML file; the same arguments give the same bytes."""
    from markupsafe import Markup  # noqa: PLC0415 - jinja2's, heavy at start-up

    # Markup: the SVG was escaped by its writer, the style is our own file.
    environment = template_environment()

    def amount(asset: str, raw: int) -> str:
        return token_amount(raw, asset, replay.decimals, THIN)

    style = environment.get_template("style.css").render()
    values: dict[str, object] = {
        "replay": replay,
        "manifest": manifest,
        "style": Markup(style),  # noqa: S704
        "headline": headline(replay),
        "facts": facts(replay),
        "sections": _sections(replay),
        "outcomes": outcome_rows(replay, THIN),
        "source_ids": {key: f"source-{n}" for n, key in enumerate(replay.references, start=1)},
        "panels": [_panel(panel, f"p{n}") for n, panel in enumerate(panels(replay.series), start=1)],
        "remainders": remainder_rows(replay, THIN),
        "remainders_title": TITLE,
        "remainders_lead": LEAD,
        "bases": bases(replay),
        "nodes": _nodes(replay.nodes),
        "refused": any(node.status != "ok" for node in replay.nodes),
        "net": [
            (account, [(signed(amount(asset, raw)), asset) for asset, raw in held.items()])
            for account, held in net_changes(replay.transactions).items()
            if held
        ],
        "transactions": list(_transactions(replay.transactions, replay.decimals)),
        "made": manifest.facts(),
    }
    if replay.nodes:
        from scenarios.report.drawing import graph_svg  # noqa: PLC0415

        values["graph"] = {"svg": Markup(graph_svg(replay.nodes, "g"))}  # noqa: S704
    return environment.get_template("report.html.j2").render(values)


def template_environment() -> jinja2.Environment:
    """Return the engine that every page is written with: all text escaped, nothing undefined."""
    import jinja2  # noqa: PLC0415

    def finalize(value: object) -> object:
        # Also what a template forgot to think about: every text passes here before it is escaped.
        return plain(value) if type(value) is str else value

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("scenarios.report"),
        autoescape=jinja2.select_autoescape(("html.j2",)),
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        keep_trailing_newline=True,
    )
    environment.filters["plain"] = plain
    environment.filters["shorten"] = shorten
    return environment


def _sections(replay: Replay) -> list[tuple[str, str]]:
    present: list[tuple[str, str, object]] = [
        ("outcomes", "Published and replayed", True),
        ("steps", "What happened", replay.steps),
        ("pictures", "Prices and health", replay.series),
        ("oracle", "Oracle graph", replay.nodes),
        ("readers", TITLE, replay.counterfactuals),
        ("findings", "Findings", replay.findings),
        ("ledger", "Ledger", replay.transactions),
        ("sources", "Sources", replay.references),
        ("notes", "Notes", replay.notes),
        ("made", "How this report was made", True),
    ]
    return [(id_, name) for id_, name, there in present if there]


def _panel(panel: Panel, salt: str) -> dict[str, object]:
    from markupsafe import Markup  # noqa: PLC0415

    from scenarios.report.pictures import panel_svg  # noqa: PLC0415

    rows = panel_rows(panel)
    return {
        "title": panel.title,
        "svg": Markup(panel_svg(panel, salt)),  # noqa: S704 - escaped by the SVG writer
        "x_name": panel.x_name or "step",
        "columns": [(series.name, series.unit) for series in panel.series],
        "rows": [
            (place_text(place, THIN), [cell(value, THIN) for value in values])
            for place, values in rows[:MOST_ROWS]
        ],
        "left_out": max(0, len(rows) - MOST_ROWS),
    }


def _nodes(nodes: Sequence[NodeRecord]) -> list[dict[str, str]]:
    names = {node.id: node.label or node.id for node in nodes}
    return [
        {
            "kind": node.kind,
            "label": names[node.id],
            "reads": ", ".join(names.get(parent, parent) for parent in node.parents),
            "reading": node.reading,
            "status": node.status,
        }
        for node in nodes
    ]


def _transactions(
    transactions: Sequence[TransactionRecord], decimals: dict[str, int]
) -> Iterator[dict[str, object]]:
    room = MOST_POSTINGS
    for transaction in transactions:
        listed = transaction.postings[:room]
        room -= len(listed)
        yield {
            "name": transaction.name,
            "step": transaction.step,
            "reverted": transaction.reverted,
            "left_out": len(transaction.postings) - len(listed),
            "postings": [
                {
                    "source": posting.source,
                    "target": posting.target,
                    "asset": posting.asset,
                    "memo": posting.memo,
                    "amount": token_amount(posting.amount, posting.asset, decimals, THIN),
                }
                for posting in listed
            ],
        }
