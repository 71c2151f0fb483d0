"""Replaying an incident: build the state before, run the steps in order, measure the outcomes.

``Replayer`` knows the actions that need no particular protocol. A protocol's own reader, vault or margin rule
is a subclass in this folder, named by incident in ``registry``. Everything is computed from the file's facts.
The same attack may be run against another reader: see ``readers`` and ``run``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import ClassVar

from oracles.node import Node, View, evaluate, read, walk
from oracles.reading import Reading
from protocol.errors import BackstopError
from protocol.venues.venue import Venue
from scenarios.errors import NO_RESULT, StepError, UnknownActionError, UnusableFactsError
from scenarios.files.models import Incident
from scenarios.incidents.actions import Actions
from scenarios.incidents.build import build_venues
from scenarios.incidents.outcomes import Missing, compare
from scenarios.incidents.readers import Reader, Stake
from scenarios.result import (
    Finding,
    NodeRecord,
    Point,
    Posting,
    Replay,
    Series,
    StepRecord,
    TransactionRecord,
)


@dataclass(frozen=True, slots=True)
class Watch:
    """A figure sampled after every step for the pictures."""

    name: str
    unit: str
    panel: str
    value: Callable[[], Decimal | None]


class Replayer(Actions):
    """The replay of one incident.

    Attributes
    ----------
    oracle
        The graph that the protocol reads, if the incident has one. A rule asks it here and nowhere else, so
        that another reader can take its place.
    answers
        What the graph said before the first step, and when the protocol asked.
    offered
        The readers against which the attack may be run again.
    reserves_after
        By step: each venue's reserves.
    units_of
        Units of the figures that the file asks to predict, by name.
    """

    units_of: ClassVar[Mapping[str, str]] = {}

    def __init__(self, incident: Incident) -> None:
        super().__init__(incident)
        self.oracle: Node | None = None
        self.answers: list[Reading] = []
        self.offered: tuple[Reader, ...] = ()
        self.reserves_after: dict[int, dict[str, Mapping[str, int]]] = {}
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self._steps: list[StepRecord] = []
        self._transactions: list[TransactionRecord] = []
        self._samples: dict[int, list[Point]] = {}
        self._opened_at = 0
        self._nodes: tuple[NodeRecord, ...] = ()

    # What a subclass changes

    def build(self) -> None:
        """Put the state before into the world: venues, and what ``state_before`` gives an actor by asset."""
        for name, venue in build_venues(self.facts).items():
            self.add_venue(name, venue)
        for actor in self.incident.actors:
            if self.facts.has("state_before", actor):
                for asset, amount in self.facts.items("state_before", actor):
                    if asset in self.world.decimals:
                        self.world.fund(self.world.wallet(actor), asset, self.units(asset, amount))

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return this incident's own outcomes by name; names by convention need no entry here."""
        return {}

    def watches(self) -> list[Watch]:
        """Return what is sampled after every step."""
        return []

    def extra_series(self) -> list[Series]:
        """Return further pictures, after the run."""
        return []

    def close(self) -> None:
        """Do what the file leaves out at the end of the attack; by default nothing."""

    def finish(self) -> None:
        """Derive findings after the last step."""

    def readers(self) -> list[Reader]:
        """Return other readers (and limits) for this protocol, asked for once after ``build``."""
        return []

    def stake(self) -> Stake:
        """Return what the attacker and the protocol have won or lost after the last step."""
        return Stake(None, None, "", "this replay has no rule that counts a profit")

    # The run

    def run(self, reader: str = "") -> Replay:
        """Build, replay and measure.

        Parameters
        ----------
        reader
            Name of one of ``readers``, to be put in place of what the protocol used.

        Raises
        ------
        StepError
            If a step cannot be done.
        UnusableFactsError
            If the facts before or after the steps lead to no result.
        """
        try:
            return self._run(reader)
        except NO_RESULT as cause:
            raise UnusableFactsError(cause, self.incident.facts.document.file) from cause

    def _run(self, reader: str) -> Replay:
        with self.world.transaction("state before"):
            self.build()
        self.world.committed.clear()
        self.offered = tuple(self.readers())
        if reader:
            self._read_with(next(one for one in self.offered if one.name == reader))
        self._ask()
        watches = self.watches()
        self._sample("before", watches)
        for step in self.incident.steps:
            self._one_step(step.n, step.actor or "attacker", step.action, watches)
        if self._open is not None:
            self._guarded(self._last_step(), "close", self._close_transaction)
        self.finish()
        return self._result(watches)

    def _read_with(self, reader: Reader) -> None:
        node = reader.change()
        if node is not None:
            self.oracle = node

    def view_before(self) -> View:
        """Return what the graph could see before the attack."""
        return self.world.view()

    def _ask(self) -> None:
        """Keep what the graph says before the first step."""
        if self.oracle is not None:
            self.answers.append(read(self.oracle, self.view_before()))

    def answer_multiple(self) -> Decimal | None:
        """Return the last answer that the protocol got over the one before; None where either is none."""
        if len(self.answers) < 2:
            return None
        first, last = self.answers[0], self.answers[-1]
        if not first.ok or not last.ok or first.price == 0:
            return None
        return exact_decimal(last.price / first.price)

    def required_price(self, asset: str) -> Fraction:
        """Ask the graph for a price that a rule cannot do without, and keep its readings.

        Raises
        ------
        OracleRefusedError
            If the graph refuses.
        """
        reading = self.read_oracle()
        assert reading is not None
        return accepted(reading, asset)

    def _last_step(self) -> int:
        return self.incident.steps[-1].n

    def _one_step(self, n: int, actor: str, action: str, watches: list[Watch]) -> None:
        do = getattr(self, f"do_{action}", None)
        if do is None:
            raise self._located(n, action, UnknownActionError(action, self.known_actions()))
        if self._open is None:
            self._open = self.world.transaction(f"step {n}").begin()
            self._opened_at = n

        def run() -> None:
            mark = self.world.state.ledger.mark()
            summary = do(self.facts.step(n), actor)
            self._steps.append(StepRecord(n, actor, action, summary))
            self.received.setdefault(n, self._received_since(mark, actor))
            if self._open is not None and not self._open.open_loans():
                self._commit()

        self._guarded(n, action, run)
        self.reserves_after[n] = {
            name: dict(value.reserves())
            for name, value in self.world.state.values.items()
            if isinstance(value, Venue)
        }
        self._sample(f"{n} {action}", watches)

    def _guarded(self, n: int, action: str, run: Callable[[], None]) -> None:
        try:
            run()
        except (BackstopError, *NO_RESULT) as cause:
            if self._open is not None:
                self._open.undo()
                self._open = None
            refusal = cause if isinstance(cause, BackstopError) else UnusableFactsError(cause)
            raise self._located(n, action, refusal) from cause

    def _located(self, n: int, action: str, cause: BackstopError) -> StepError:
        step = self.facts.step(n)
        where = step.document.locate((*step.root, "action"))
        return StepError(f"{where.file}:{where.line}:{where.column}", n, action, cause)

    def _close_transaction(self) -> None:
        self.close()
        self._commit()

    def _commit(self) -> None:
        assert self._open is not None
        committed = self._open.commit()
        self._open = None
        postings = tuple(Posting(p.source, p.target, p.asset, p.amount, p.memo) for p in committed.postings)
        steps = [step for step in self._steps if step.n >= self._opened_at]
        name = ", ".join(dict.fromkeys(step.action for step in steps))
        self._transactions.append(TransactionRecord(name, self._opened_at, postings))

    def _received_since(self, mark: int, actor: str) -> dict[str, int]:
        got: dict[str, int] = {}
        for posting in self.world.state.ledger.since(mark):
            if posting.target == actor:
                got[posting.asset] = got.get(posting.asset, 0) + posting.amount
        return got

    def known_actions(self) -> tuple[str, ...]:
        """Return the names of the actions this replay has a rule for."""
        return tuple(sorted(name[3:] for name in dir(self) if name.startswith("do_")))

    # Sampling and results

    def read_oracle(self) -> Reading | None:
        """Evaluate the graph now and keep its readings for the drawing."""
        if self.oracle is None:
            return None
        readings = evaluate(self.oracle, self.world.view())
        self._nodes = tuple(
            NodeRecord(
                node.id[:12],
                node.kind,
                node.label,
                tuple(parent.id[:12] for parent in node.parents),
                _reading_text(readings[node.id]),
                "ok" if readings[node.id].ok else "refused",
            )
            for node in walk(self.oracle)
        )
        self.answers.append(readings[self.oracle.id])
        return self.answers[-1]

    def oracle_price(self) -> Decimal | None:
        """Return the graph's answer now as a decimal; None if it refuses."""
        if self.oracle is None:
            return None
        reading = read(self.oracle, self.world.view())
        return exact_decimal(reading.price) if reading.ok else None

    def spot(self, venue: str, base: str, quote: str) -> Decimal:
        """Return quote per base by the venue's reserves."""
        reserves = self.world.venue(venue).reserves()
        return self.whole(quote, reserves[quote]) / self.whole(base, reserves[base])

    def _sample(self, label: str, watches: list[Watch]) -> None:
        for index, watch in enumerate(watches):
            value = watch.value()
            if value is not None:
                self._samples.setdefault(index, []).append(Point(label, value))

    def _result(self, watches: list[Watch]) -> Replay:
        if self.oracle is not None and not self._nodes:
            self.read_oracle()
        incident = self.incident
        series = [
            Series(watch.name, watch.unit, watch.panel, tuple(self._samples.get(index, ())))
            for index, watch in enumerate(watches)
        ]
        values = {**self._conventional(), **self.measures()}
        return Replay(
            id=incident.id,
            title=incident.title,
            protocol=incident.protocol,
            date=str(incident.date_utc),
            chain=incident.chain if isinstance(incident.chain, str) else ", ".join(incident.chain),
            mechanism=tuple(incident.mechanism_class),
            level=incident.replay_level,
            outcomes=compare(incident, values, self.units_of),
            series=(*series, *self.extra_series()),
            steps=tuple(self._steps),
            transactions=tuple(self._transactions),
            nodes=self._nodes,
            findings=tuple(self.findings),
            references=dict(incident.references),
            decimals=dict(self.world.decimals),
            notes=tuple(self.notes),
        )

    def _conventional(self) -> dict[str, Decimal | Missing]:
        """Return outcomes whose name says what they are: ``usdc_from_step_3``, ``pool_dai_after_step_2``."""
        values: dict[str, Decimal | Missing] = {}
        for n, got in self.received.items():
            for asset, units in got.items():
                values[f"{self.display(asset).lower()}_from_step_{n}"] = self.whole(asset, units)
                if asset.endswith(".LP"):
                    values[f"lp_minted_step_{n}"] = values["lp_minted"] = self.whole(asset, units)
        for n, venues in self.reserves_after.items():
            holders = Counter(asset for reserves in venues.values() for asset in reserves)
            for venue, reserves in venues.items():
                for asset, units in reserves.items():
                    whole = self.whole(asset, units)
                    values[f"{venue}_{asset.lower()}_after_step_{n}"] = whole
                    if holders[asset] == 1:
                        values[f"pool_{asset.lower()}_after_step_{n}"] = whole
                        values[f"pool_{asset.lower()}_after"] = whole
        return values


class OracleRefusedError(BackstopError):
    """The protocol asked its oracle and got a refusal."""

    code = "oracle-refused"
    exit_code = 2


def accepted(reading: Reading, asset: str) -> Fraction:
    """Return the price of a reading.

    Raises
    ------
    OracleRefusedError
        If it is a refusal.
    """
    if reading.refusal is not None:
        raise OracleRefusedError(f"price of {asset}: {reading.refusal.message}", asset=asset)
    return reading.price


def exact_decimal(value: Fraction) -> Decimal:
    """Return a fraction as a decimal with 60 significant digits."""
    return Context(prec=60).divide(Decimal(value.numerator), Decimal(value.denominator))


def _reading_text(reading: Reading) -> str:
    if reading.refusal is not None:
        return reading.refusal.message
    price = exact_decimal(reading.price)
    return f"{price:.8g}" if price else "0"
