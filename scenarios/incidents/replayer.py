"""Replaying an incident: build the state before, run the steps in order, measure the outcomes.

``Replayer`` knows the actions that need no particular protocol (flash loans, swaps, liquidity, transfers,
supply and borrow under a loan-to-value rule). A protocol's own reader, vault or margin rule is a subclass in
this folder, named by incident in ``registry``. Everything is computed from the file's facts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import ClassVar

from oracles.node import Node, evaluate, walk
from oracles.reading import Reading
from protocol.errors import BackstopError
from protocol.transaction import FlashLoan, Transaction
from protocol.venues.venue import Venue
from scenarios.errors import StepError, UnknownActionError
from scenarios.files.facts import Facts
from scenarios.files.models import Incident
from scenarios.incidents.build import build_venues
from scenarios.incidents.outcomes import Missing, compare
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
from scenarios.world import OUTSIDE, World, shares_of

EXACT = Context(prec=100)
WRAPPED = {"ETH": "WETH", "WETH": "ETH"}
LENDER = "flash lender"


@dataclass(frozen=True, slots=True)
class Watch:
    """A figure sampled after every step for the pictures."""

    name: str
    unit: str
    panel: str
    value: Callable[[], Decimal | None]


class Replayer:
    """The replay of one incident.

    Attributes
    ----------
    world
        What the steps change.
    oracle
        The graph that the protocol reads, if the incident has one.
    received
        By step: what the actor got, in raw units by asset.
    reserves_after
        By step: each venue's reserves.
    units_of
        Units of the figures that the file asks to predict, by name.
    """

    lender: ClassVar[str] = LENDER
    units_of: ClassVar[Mapping[str, str]] = {}

    def __init__(self, incident: Incident) -> None:
        self.incident = incident
        self.facts: Facts = incident.facts
        self.world = World(decimals=dict(self.facts_decimals()))
        self.oracle: Node | None = None
        self.received: dict[int, dict[str, int]] = {}
        self.reserves_after: dict[int, dict[str, Mapping[str, int]]] = {}
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self._steps: list[StepRecord] = []
        self._transactions: list[TransactionRecord] = []
        self._samples: dict[int, list[Point]] = {}
        self._open: Transaction | None = None
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

    # The run

    def run(self) -> Replay:
        """Build, replay and measure."""
        with self.world.transaction("state before"):
            self.build()
        self.world.committed.clear()
        watches = self.watches()
        self._sample("before", watches)
        for step in self.incident.steps:
            self._one_step(step.n, step.actor or "attacker", step.action, watches)
        if self._open is not None:
            self._guarded(self._last_step(), "close", self._close_transaction)
        self.finish()
        return self._result(watches)

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
        except BackstopError as cause:
            if self._open is not None:
                self._open.undo()
                self._open = None
            raise self._located(n, action, cause) from cause

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

    # Amounts and names

    def facts_decimals(self) -> dict[str, int]:
        """Return every declared asset's decimals."""
        declared = self.facts.mapping("assets") if self.facts.has("assets") else {}
        return {asset: self.facts.integer("assets", asset) for asset in declared}

    def add_venue(self, name: str, venue: Venue) -> None:
        """Put a venue into the world; its LP token has 18 decimals."""
        self.world.decimals[shares_of(name)] = 18
        self.world.add_venue(name, venue)

    def asset(self, name: str) -> str:
        """Return the declared asset meant by ``name``: ETH and WETH stand for each other."""
        if name not in self.world.decimals and WRAPPED.get(name) in self.world.decimals:
            return WRAPPED[name]
        return name

    def units(self, asset: str, amount: Decimal) -> int:
        """Return raw units of an amount of whole tokens, rounded down."""
        return int(EXACT.scaleb(amount, self.world.decimals[asset]))

    def whole(self, asset: str, units: int) -> Decimal:
        """Return whole tokens of raw units, exactly."""
        return EXACT.scaleb(Decimal(units), -self.world.decimals[asset])

    def step_units(self, step: Facts, asset: str, *path: str) -> int:
        """Return a step's amount in raw units; an amount may have more decimals than the asset keeps."""
        return self.units(asset, step.decimal(*path))

    def amounts(self, step: Facts) -> list[tuple[str, int]]:
        """Return the assets and raw units a step names, in any of the format's forms.

        ``asset`` with ``amount``; ``amounts`` by asset; or the assets themselves as keys.
        """
        if step.has("asset"):
            name = step.text("asset")
            return [(self.asset(name), self.step_units(step, self.asset(name), "amount"))]
        where = ("amounts",) if step.has("amounts") else ()
        found = [
            (self.asset(name), self.units(self.asset(name), amount))
            for name, amount in step.items(*where)
            if self.asset(name) in self.world.decimals
        ]
        if not found:
            step.decimal("amount")
        return found

    def spoken_units(self, step: Facts, holder: str, asset: str, key: str = "amount") -> int:
        """Return an amount given as a number or in words: ``all``, ``all bought``, ``all ... step 4``."""
        words = step.value(key)
        if not (isinstance(words, str) and words.startswith("all")):
            return self.step_units(step, asset, key)
        if match := re.search(r"step (\d+)", words):
            return self.received[int(match[1])].get(asset, 0)
        if words == "all bought":
            return self.received[max(n for n in self.received if n < step.integer("n"))].get(asset, 0)
        return self.world.balance(holder, asset)

    def text(self, asset: str, units: int) -> str:
        """Return an amount in words for summaries."""
        whole = self.whole(asset, units)
        return f"{whole:,.6f}".rstrip("0").rstrip(".") + f" {self.display(asset)}"

    def display(self, asset: str) -> str:
        """Return an asset's name as readers know it."""
        return "LP" if asset.endswith(".LP") else asset

    # Actions

    def do_flash_loan(self, step: Facts, actor: str) -> str:
        """Lend inside the transaction; the lender is funded with just what is lent."""
        self.world.wallet(actor)
        self.world.wallet(self.lender)
        lent = []
        for asset, units in self.amounts(step):
            fee = self.flash_fee(step, asset, units)
            self.world.fund(self.lender, asset, units)
            self.transaction().flash_loan(self.lender, actor, asset, units, fee)
            lent.append(self.text(asset, units))
        return f"borrows {' and '.join(lent)} for one transaction"

    def flash_fee(self, step: Facts, asset: str, units: int) -> int:
        """Return the fee of a flash loan in raw units: the step's ``fee_abs``, else none."""
        del units
        return self.step_units(step, asset, "fee_abs") if step.has("fee_abs") else 0

    def do_repay_flash_loan(self, step: Facts, actor: str) -> str:
        """Repay the flash loan of this asset."""
        asset = self.asset(step.text("asset"))
        loan = self.loan_of(asset)
        self.transaction().repay(loan, actor)
        return f"repays {self.text(asset, loan.owed)}"

    def loan_of(self, asset: str) -> FlashLoan:
        """Return the open flash loan of an asset."""
        for loan in self.transaction().open_loans():
            if loan.asset == asset:
                return loan
        raise BackstopError(f"no flash loan of {asset} is open")

    def transaction(self) -> Transaction:
        """Return the transaction that this step is part of."""
        assert self._open is not None
        return self._open

    def venue_name(self, step: Facts) -> str:
        """Return the step's venue; the only venue of the world where the step names none."""
        if step.has("venue"):
            return step.text("venue")
        venues = [name for name, value in self.world.state.values.items() if isinstance(value, Venue)]
        if len(venues) == 1:
            return venues[0]
        return step.text("venue")

    def do_swap(self, step: Facts, actor: str) -> str:
        """Sell on a venue; ``buy`` may be left out where the venue has two assets."""
        venue = self.venue_name(step)
        assets = self.world.venue(venue).assets
        sell = self.asset(step.text("sell"))
        others = [asset for asset in assets if asset != sell]
        buy = self.asset(step.text("buy")) if step.has("buy") or len(others) != 1 else others[0]
        units = self.spoken_units(step, actor, sell)
        trade = self.world.swap(self.world.wallet(actor), venue, sell, buy, units)
        return f"sells {self.text(sell, trade.amount_in)} for {self.text(buy, trade.amount_out)} on {venue}"

    def do_add_liquidity(self, step: Facts, actor: str) -> str:
        """Add one asset and the other in proportion."""
        venue = self.venue_name(step)
        assets = self.world.venue(venue).assets
        given = [a for a in assets if step.has(a) and step.value(a) != "in proportion"]
        asset = given[0] if given else assets[0]
        units = self.spoken_units(step, actor, asset, asset)
        shares, other = self.world.add_liquidity(actor, venue, asset, units)
        other_asset = next(a for a in assets if a != asset)
        self.received[step.integer("n")] = {shares_of(venue): shares}
        return (
            f"adds {self.text(asset, units)} and {self.text(other_asset, other)}, "
            f"receives {self.text(shares_of(venue), shares)}"
        )

    def do_transfer(self, step: Facts, actor: str) -> str:
        """Send tokens to another actor."""
        target = self.world.wallet(step.text("to"))
        moved = []
        for asset, units in self.amounts(step):
            self.world.move(actor, target, asset, units, "transfer")
            moved.append(self.text(asset, units))
        return f"sends {' and '.join(moved)} to {target}"

    def do_donate(self, step: Facts, actor: str) -> str:
        """Send assets to a vault for nothing."""
        asset, vault = self.asset(step.text("asset")), step.text("to")
        units = self.step_units(step, asset, "amount")
        self.world.donate(actor, vault, units)
        return f"gives {self.text(asset, units)} to {vault} for nothing"

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
        return readings[self.oracle.id]

    def oracle_price(self) -> Decimal | None:
        """Return the graph's answer now as a decimal; None if it refuses."""
        if self.oracle is None:
            return None
        reading = evaluate(self.oracle, self.world.view())[self.oracle.id]
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

    def buy_shortfall(self, actor: str, asset: str, short: int, price: Decimal, stables: list[str]) -> None:
        """Buy ``short`` units from outside at a market price in dollars, in stablecoins in this order."""
        due = Fraction(self.whole(asset, short)) * Fraction(price)
        for stable in stables:
            have = Fraction(self.whole(stable, self.world.balance(actor, stable)))
            pay = min(due, have)
            units = -int(-pay * 10 ** self.world.decimals[stable] // 1)
            self.world.move(actor, OUTSIDE, stable, units, f"paid for {asset} at the market price")
            due -= pay
            if due <= 0:
                break
        self.world.move(OUTSIDE, actor, asset, short, "bought at the market price")


def exact_decimal(value: Fraction) -> Decimal:
    """Return a fraction as a decimal with 60 significant digits."""
    return Context(prec=60).divide(Decimal(value.numerator), Decimal(value.denominator))


def _reading_text(reading: Reading) -> str:
    if reading.refusal is not None:
        return reading.refusal.message
    price = exact_decimal(reading.price)
    return f"{price:.8g}" if price else "0"
