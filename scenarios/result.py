"""What a replay found, as plain values: the table, the series, the ledger and the drawing all read this."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["within", "outside", "predicted", "not-replayed"]
Remainder: TypeAlias = Literal["pays", "no-profit", "refused", "not-known"]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a replayed value may lie from the published one."""

    kind: Literal["relative", "absolute"]
    value: Decimal

    def __str__(self) -> str:
        return f"{self.value.normalize():f} {'rel' if self.kind == 'relative' else 'abs'}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the headline table.

    Parameters
    ----------
    name, unit
        As in the incident file.
    replayed
        Our value; None where the file does not pin it (``reason`` then says which fact is missing).
    published
        The file's value; None where it is withheld or nobody printed one.
    deviation
        replayed / published - 1 under a relative tolerance, replayed - published under an absolute one.
    tolerance
        None where nothing is published.
    within
        Whether the deviation is inside the tolerance; None where there is nothing to compare.
    source
        Key of the incident's ``references``.
    note
        The file's own note on this figure.
    reason
        Why the row is not replayed, or why it lies outside.
    """

    name: str
    unit: str
    replayed: Decimal | None
    published: Decimal | None = None
    deviation: Decimal | None = None
    tolerance: Tolerance | None = None
    within: bool | None = None
    source: str | None = None
    note: str = ""
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """One word for the table."""
        if self.replayed is None:
            return "not-replayed"
        if self.within is None:
            return "predicted"
        return "within" if self.within else "outside"


@dataclass(frozen=True, slots=True)
class Point:
    """One sample of a series: after step ``step`` (or at abscissa ``x`` where the series has its own)."""

    label: str
    value: Decimal
    x: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """A picture's line: a price, an oracle reading or a health over the steps, or against a price.

    Parameters
    ----------
    panel
        Series of one panel share axes and are drawn together (for example ``price of MNGO``).
    x_name
        Empty: the points are the steps in order. Otherwise the name and unit of the abscissa.
    """

    name: str
    unit: str
    panel: str
    points: tuple[Point, ...]
    x_name: str = ""
    log: bool = False


@dataclass(frozen=True, slots=True)
class Posting:
    """One balanced movement: ``amount`` units (raw) of ``asset`` from one account to another."""

    source: str
    target: str
    asset: str
    amount: int
    memo: str = ""


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    """A committed transaction and its postings; a reverted one keeps its reason and no posting."""

    name: str
    step: int
    postings: tuple[Posting, ...]
    reverted: str = ""


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One node of the oracle graph with its last reading, for the drawing."""

    id: str
    kind: str
    label: str
    parents: tuple[str, ...]
    reading: str = ""
    status: str = "ok"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of the incident in words, with what it did."""

    n: int
    actor: str
    action: str
    summary: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A number the replay derives that no row of the file asks for (for example a threshold price)."""

    name: str
    value: str
    unit: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The same attack, step for step, against another reader.

    Parameters
    ----------
    name, kind
        The reader, and what sort of reader it is (``lower median``, ``deviation guard``, ...).
    multiple
        What the reader said when the protocol asked, over what it said before the first step; None where it
        gave no value at one of the two moments.
    refused_at, reason
        The step that did not go through and why; None where all did.
    profit, loss
        What the attacker gained and what the protocol lost, in ``unit``; None where refused, or where the
        facts do not pin it (``basis`` then says which are missing).
    basis
        What the two figures count.
    note
        What the row assumes.
    """

    name: str
    kind: str
    multiple: Decimal | None = None
    refused_at: int | None = None
    reason: str = ""
    profit: Decimal | None = None
    loss: Decimal | None = None
    unit: str = ""
    basis: str = ""
    note: str = ""

    @property
    def verdict(self) -> Remainder:
        """One word for the table."""
        if self.refused_at is not None:
            return "refused"
        if self.profit is None:
            return "not-known"
        return "pays" if self.profit > 0 else "no-profit"


@dataclass(frozen=True, slots=True)
class Replay:
    """Everything a replay found.

    ``decimals`` gives each asset's decimals, so that raw ledger amounts can be printed whole.
    ``counterfactuals`` begins with the reader that was used.
    """

    id: str
    title: str
    protocol: str
    date: str
    chain: str
    mechanism: tuple[str, ...]
    level: str
    outcomes: tuple[Outcome, ...]
    series: tuple[Series, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    transactions: tuple[TransactionRecord, ...] = ()
    nodes: tuple[NodeRecord, ...] = ()
    findings: tuple[Finding, ...] = ()
    references: dict[str, str] = field(default_factory=dict)
    decimals: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    counterfactuals: tuple[Counterfactual, ...] = ()

    @property
    def has_finding(self) -> bool:
        """Whether an outcome lies outside its tolerance."""
        return any(outcome.within is False for outcome in self.outcomes)
