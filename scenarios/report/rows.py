"""A replay as rows of text, shared by the page, the Markdown and the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from scenarios.report.numbers import deviation, exact, human, tolerance_text, whole
from scenarios.result import Outcome, Replay, TransactionRecord, Verdict

NOTHING = "\N{EN DASH}"
WORDS: dict[Verdict, str] = {
    "within": "within",
    "outside": "outside",
    "predicted": "predicted",
    "not-replayed": "not replayed",
}
REASONS: dict[Verdict, str] = {
    "within": "note",
    "outside": "outside",
    "predicted": "predicted",
    "not-replayed": "missing fact",
}

Cell: TypeAlias = tuple[str, str]
"""A number for reading, and every digit of it."""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One row of the headline table as text; absent values are an en dash."""

    name: str
    unit: str
    published: Cell
    replayed: Cell
    deviation: Cell
    tolerance: str
    verdict: Verdict
    word: str
    source: str
    note: str
    reason: str
    reason_kind: str


def cell(value: Decimal | None, group: str) -> Cell:
    """Return a value for reading and in full; an absent one is a dash."""
    return (NOTHING, "") if value is None else (human(value, group), exact(value))


def _row(outcome: Outcome, group: str) -> OutcomeRow:
    tolerance = outcome.tolerance
    departure: Cell = (NOTHING, "")
    if outcome.deviation is not None and tolerance is not None:
        departure = (deviation(outcome.deviation, tolerance, group), exact(outcome.deviation))
    return OutcomeRow(
        name=outcome.name,
        unit=outcome.unit,
        published=cell(outcome.published, group),
        replayed=cell(outcome.replayed, group),
        deviation=departure,
        tolerance=NOTHING if tolerance is None else tolerance_text(tolerance, group),
        verdict=outcome.verdict,
        word=WORDS[outcome.verdict],
        source=outcome.source or "",
        note=outcome.note,
        reason=outcome.reason,
        reason_kind=REASONS[outcome.verdict],
    )


def outcome_rows(replay: Replay, group: str) -> list[OutcomeRow]:
    """Return the headline table, in the order of the file."""
    return [_row(outcome, group) for outcome in replay.outcomes]


def facts(replay: Replay) -> list[tuple[str, str]]:
    """Return name and text of what an incident is, without what its file leaves open."""
    known = [
        ("Protocol", replay.protocol),
        ("Chain", replay.chain),
        ("Date", replay.date),
        ("Mechanism", ", ".join(replay.mechanism)),
        ("Depth of the replay", replay.level),
        ("Incident", replay.id),
    ]
    return [(name, value) for name, value in known if value]


def headline(replay: Replay) -> str:
    """Return the verdicts in one sentence."""
    count = {verdict: sum(o.verdict == verdict for o in replay.outcomes) for verdict in WORDS}
    compared = count["within"] + count["outside"]
    parts = []
    if compared:
        figures = "figure" if compared == 1 else "figures"
        parts.append(
            f"{count['within']} of {compared} published {figures} reproduced within tolerance"
            + (f", {count['outside']} outside" if count["outside"] else "")
        )
    if count["predicted"]:
        parts.append(f"{count['predicted']} predicted with nothing published to compare")
    if count["not-replayed"]:
        parts.append(f"{count['not-replayed']} not replayed for want of a fact")
    return "; ".join(parts) + "." if parts else "The incident file asks for no figure."


def token_amount(amount: int, asset: str, decimals: dict[str, int], group: str) -> str:
    """Return a raw amount in whole tokens; one whose decimals are unknown stays raw and says so."""
    known = decimals.get(asset)
    return f"{whole(amount, 0, group)} raw" if known is None else whole(amount, known, group)


def net_changes(transactions: Iterable[TransactionRecord]) -> dict[str, dict[str, int]]:
    """Return what each account gained or lost of each asset over the whole ledger, in raw units.

    Accounts stand in the order of their first posting; an asset that came back to nothing is left out.
    """
    net: dict[str, dict[str, int]] = {}
    for transaction in transactions:
        for posting in transaction.postings:
            for account, amount in ((posting.source, -posting.amount), (posting.target, posting.amount)):
                held = net.setdefault(account, {})
                held[posting.asset] = held.get(posting.asset, 0) + amount
    return {
        account: {asset: amount for asset, amount in held.items() if amount} for account, held in net.items()
    }


def signed(text: str) -> str:
    """Return a number's text with its sign always shown."""
    return text if text.startswith("-") else f"+{text}"
