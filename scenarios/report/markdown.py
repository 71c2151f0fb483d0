"""A replay as Markdown: the same tables as the page, for a pull request or an audit's text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scenarios.report.manifest import Manifest
from scenarios.report.numbers import COMMA
from scenarios.report.panels import panel_rows, panels, place_text
from scenarios.report.remainders import LEAD, TITLE, bases, remainder_rows
from scenarios.report.rows import (
    NOTHING,
    cell,
    facts,
    headline,
    net_changes,
    outcome_rows,
    signed,
    token_amount,
)
from scenarios.report.text import plain
from scenarios.result import Replay

# Marks that mean something anywhere; underscores at the edge of a word; what would become a link.
_SPECIAL = re.compile(r"[\\`*\[\]{}|~$^]|(?<![^\W_])_|_(?![^\W_])|(?<=www)\.|:(?=//)", re.IGNORECASE)
# Marks that mean something only where a line begins.
_OPENING = re.compile(r"^(\d*)([-+#=.)])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}


def escape(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, no HTML, no table cell, no mention, no link."""
    shown = _SPECIAL.sub(r"\\\g<0>", plain(text).strip())
    shown = _OPENING.sub(r"\1\\\2", shown)
    return "".join(_ENTITIES.get(char, char) for char in shown)


def code(text: str) -> str:
    """Return text as a code block whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{plain(text)}\n{fence}"


def _table(header: Sequence[str], right: str, rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table of ready cells; ``right`` has an ``r`` for each column of numbers."""
    return [
        "| " + " | ".join(header) + " |",
        "| " + " | ".join("---:" if side == "r" else "---" for side in right) + " |",
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]


def render_markdown(replay: Replay, manifest: Manifest) -> str:
    """Return the report as Markdown; the same arguments give the same bytes."""
    lines = [f"# {escape(replay.title)}", "", escape(headline(replay)), ""]
    lines += [*(f"- {name}: {escape(value)}" for name, value in facts(replay)), ""]
    lines += _outcomes(replay)
    if replay.steps:
        lines += ["## What happened", ""]
        lines += _table(
            ("Step", "Actor", "Action", "What"),
            "rlll",
            ((str(s.n), escape(s.actor), escape(s.action), escape(s.summary)) for s in replay.steps),
        )
    lines += _series(replay)
    lines += _graph(replay)
    lines += _readers(replay)
    if replay.findings:
        lines += ["## Findings", ""]
        lines += [
            f"- **{escape(f.name)}: {escape(f.value)} {escape(f.unit)}**  {escape(f.explanation)}"
            for f in replay.findings
        ]
        lines.append("")
    lines += _ledger(replay)
    if replay.references:
        lines += ["## Sources", ""]
        lines += [f"- **{escape(key)}**: {escape(text)}" for key, text in replay.references.items()]
        lines.append("")
    if replay.notes:
        lines += ["## Notes", "", *(f"- {escape(note)}" for note in replay.notes), ""]
    return "\n".join([*lines, *_made(manifest)])


def _outcomes(replay: Replay) -> list[str]:
    rows = outcome_rows(replay, COMMA)
    table = _table(
        ("Outcome", "Unit", "Published", "Replayed", "Deviation", "Tolerance", "Verdict", "Source"),
        "llrrrrll",
        (
            (
                escape(row.name),
                escape(row.unit),
                row.published[0],
                row.replayed[0],
                row.deviation[0],
                row.tolerance,
                row.word,
                escape(row.source) or NOTHING,
            )
            for row in rows
        ),
    )
    remarks = [
        f"- {escape(row.name)} ({row.reason_kind}): {escape(row.reason)}" for row in rows if row.reason
    ]
    remarks += [f"- {escape(row.name)} (note): {escape(row.note)}" for row in rows if row.note]
    return ["## Published and replayed", "", *table, *remarks, *([""] if remarks else [])]


def _series(replay: Replay) -> list[str]:
    lines = ["## Prices and health", ""] if replay.series else []
    for panel in panels(replay.series):
        lines += [f"### {escape(panel.title)}", ""]
        names = [f"{escape(series.name)}, {escape(series.unit)}" for series in panel.series]
        lines += _table(
            (escape(panel.x_name) or "Step", *names),
            "l" + "r" * len(names),
            (
                (escape(place_text(place, COMMA)), *(cell(value, COMMA)[0] for value in values))
                for place, values in panel_rows(panel)
            ),
        )
    return lines


def _graph(replay: Replay) -> list[str]:
    if not replay.nodes:
        return []
    names = {node.id: node.label or node.id for node in replay.nodes}
    return [
        "## Oracle graph",
        "",
        *_table(
            ("Kind", "Node", "Reads", "Last reading", "Status"),
            "lllll",
            (
                (
                    escape(node.kind),
                    escape(names[node.id]),
                    escape(", ".join(names.get(parent, parent) for parent in node.parents)) or NOTHING,
                    escape(node.reading) or NOTHING,
                    escape(node.status),
                )
                for node in replay.nodes
            ),
        ),
    ]


def _readers(replay: Replay) -> list[str]:
    rows = remainder_rows(replay, COMMA)
    if not rows:
        return []
    table = _table(
        ("Reader or limit", "Kind", "Multiple", "Profit left", "Loss left", "Unit", "What is left"),
        "llrrrll",
        (
            (
                escape(row.name),
                escape(row.kind),
                row.multiple[0],
                row.profit[0],
                row.loss[0],
                escape(row.unit) or NOTHING,
                escape(row.word),
            )
            for row in rows
        ),
    )
    remarks = [f"- {escape(row.name)}: {escape(row.reason)}" for row in rows if row.reason]
    remarks += [f"- {escape(row.name)} (assumed): {escape(row.note)}" for row in rows if row.note]
    remarks += [f"- {escape(basis)}" for basis in bases(replay)]
    return [f"## {TITLE}", "", LEAD, "", *table, *remarks, *([""] if remarks else [])]


def _ledger(replay: Replay) -> list[str]:
    if not replay.transactions:
        return []

    def amount(raw: int, asset: str) -> str:
        return token_amount(raw, asset, replay.decimals, COMMA)

    lines = ["## Ledger", "", "Net change of every account, in whole tokens:", ""]
    lines += _table(
        ("Account", "Net change", "Asset"),
        "lrl",
        (
            (escape(account), signed(amount(raw, asset)), escape(asset))
            for account, held in net_changes(replay.transactions).items()
            for asset, raw in held.items()
        ),
    )
    for transaction in replay.transactions:
        lines += [f"### {escape(transaction.name)} (step {transaction.step})", ""]
        if transaction.reverted:
            lines += [f"Reverted: {escape(transaction.reverted)}", ""]
        if transaction.postings:
            lines += _table(
                ("From", "To", "Amount", "Asset", "For"),
                "llrll",
                (
                    (
                        escape(p.source),
                        escape(p.target),
                        amount(p.amount, p.asset),
                        escape(p.asset),
                        escape(p.memo),
                    )
                    for p in transaction.postings
                ),
            )
    return lines


def _made(manifest: Manifest) -> list[str]:
    packages = ", ".join(f"{name} {version}" for name, version in manifest.packages)
    made = manifest.facts()
    if packages:
        made.append(("Packages", packages))
    return [
        "## How this report was made",
        "",
        code(manifest.command),
        "",
        *(f"- {name}: {escape(value)}" for name, value in made),
        "",
    ]
