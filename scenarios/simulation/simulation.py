"""One protocol file alive: what agents and attackers see and do, in transactions, with a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from oracles.node import Sample
from oracles.sources.pool import Observation
from protocol.errors import RuleError, UnknownNameError
from protocol.fixed_point import WAD
from protocol.ledger import quote_of
from protocol.transaction import FlashLoan, Transaction
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.venue import Trade
from scenarios.errors import PopulationError
from scenarios.files.protocol import ProtocolFile
from scenarios.seeds import Stream
from scenarios.simulation.build import PRICE_DECIMALS, build_graph, build_vault, build_venue, units_of
from scenarios.simulation.carry.charges import charge, charges_anything
from scenarios.simulation.conditions import Conditions, implied_volatility
from scenarios.simulation.governance import begin_block
from scenarios.simulation.opening import open_accounts
from scenarios.simulation.outside import SOLD_OUTSIDE, TRADED_OUTSIDE
from scenarios.simulation.protocol import Protocol
from scenarios.simulation.trade_outside import (
    note_outside,
    note_traded,
    quote_outside,
    rate_outside,
    traded_outside,
)
from scenarios.simulation.wealth import Wealth, measure, unit_values
from scenarios.world import OUTSIDE, Feed, World

if TYPE_CHECKING:
    from scenarios.simulation.on_chain.blocks import Blocks

START = 1_700_000_000
"""Unix second of the first block; averages of pools have run for a long time by then."""
OPENING = 10**6
"""Seconds for which feeds and pools have stood at their starting prices."""

Detail: TypeAlias = str | int | Decimal


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Parameters
    ----------
    step, time
        When; step -1 is the opening.
    actor
        Who.
    kind
        ``trade``, ``deposit``, ``borrow``, ``liquidation``, ``publication``, ``refused`` and so on.
    details
        Numbers, whole tokens and money.
    """

    step: int
    time: int
    actor: str
    kind: str
    details: Mapping[str, Detail]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What ``restore`` puts back."""

    mark: int
    values: Mapping[str, object]
    clock: tuple[int, int, int]
    outside: Mapping[str, Fraction]
    events: int
    committed: int


@dataclass(slots=True)
class Simulation:
    """A world with a protocol, its outside prices and its log.

    Parameters
    ----------
    file
        The checked file.
    streams
        Randomness by actor.
    blocks
        Where the file has a chain: how agents' decisions come into blocks.
    """

    file: ProtocolFile
    streams: Mapping[str, Stream] = field(default_factory=dict)
    world: World = field(init=False)
    protocol: Protocol = field(init=False)
    outside: dict[str, Fraction] = field(init=False)
    events: list[Event] = field(default_factory=list)
    step: int = -1
    blocks: Blocks | None = None
    conditions: Conditions = field(default_factory=Conditions)
    charges: bool = field(init=False)

    def __post_init__(self) -> None:
        file = self.file
        if file.population is not None:
            raise PopulationError(file.title)
        self.charges = charges_anything(file)
        world = World({name: asset.decimals for name, asset in file.assets.items()}, START, 0)
        self.world = world
        self.outside = {name: Fraction(asset.price) for name, asset in file.assets.items()}
        for name, venue in file.venues.items():
            world.add_venue(name, build_venue(file, venue, START - OPENING))
        for name, vault in file.vaults.items():
            world.add_venue(name, build_vault(file, vault))
        graph = build_graph(file)
        for feed, asset in graph.feeds.items():
            value = int(file.price(asset).scaleb(PRICE_DECIMALS))
            back = max((getattr(n, "back", 0) for n in file.oracle.nodes.values()), default=0)
            times = (*range(START - OPENING, START - OPENING + max(back, 1)), START)
            world.state.values[feed] = Feed(tuple(Sample(time, value, PRICE_DECIMALS) for time in times))
        self.protocol = Protocol(file, world, graph)
        for average in graph.averages:
            self._store(average.memory, average.venue, START - average.window)
        open_accounts(self)
        for name, agent in file.agents.items():
            world.wallet(name)
            for asset, amount in agent.funds.items():
                world.fund(name, asset, self.units(asset, amount))

    # Amounts and prices

    def units(self, asset: str, whole: Decimal | Fraction) -> int:
        """Return raw units of a whole amount, rounded toward zero."""
        if isinstance(whole, Decimal):
            return units_of(self.file, asset, whole)
        return int(whole * 10 ** self.world.decimals[asset])

    def whole(self, asset: str, units: int) -> Decimal:
        """Return a whole amount."""
        return Decimal(units).scaleb(-self.world.decimals[asset])

    def value(self, asset: str, units: int) -> Fraction:
        """Return the value at the outside price."""
        return self.outside[asset] * Fraction(units, 10 ** self.world.decimals[asset])

    def worth(self, money: Fraction, asset: str) -> int:
        """Return the raw units of ``asset`` that ``money`` buys at the outside price, rounded toward zero."""
        return int(money / self.outside[asset] * 10 ** self.world.decimals[asset])

    def balance(self, name: str, asset: str) -> int:
        """Return what a wallet holds, raw units."""
        return self.world.balance(name, asset)

    def oracle_price(self, asset: str) -> Fraction | None:
        """Return what the protocol believes; None where the oracle refuses."""
        price = self.protocol.market().prices.get(asset)
        return None if price is None else price.exact

    def worth_of(self, owner: str) -> Fraction:
        """Return the worth of a wallet and its margin account, with positions, at the outside prices."""
        book, values = self.world.state.ledger, self.unit_values()
        held = [*book.balances(owner).items(), *book.balances(self.protocol.account(owner)).items()]
        return sum((values[asset] * units for asset, units in held if asset in values), Fraction(0))

    def wealth(self, owners: Sequence[str] = ()) -> Wealth:
        """Return everybody's wealth at the outside prices; ``owners`` are one person."""
        return measure(self.world, self.unit_values(), owners)

    def unit_values(self) -> dict[str, Fraction]:
        """Return the value of one raw unit of everything on the ledger, at the outside prices."""
        perpetuals = {name: market.underlying for name, market in self.file.perpetuals.items()}
        values = unit_values(self.world, self.outside, perpetuals, self.file.margin.settlement)
        for name, option in self.protocol.options.items():
            mark = option.price(self.outside[option.underlying], self.protocol.elapsed())
            values[name] = mark / 10 ** self.world.decimals[name]
            values[quote_of(name)] = values[self.file.margin.settlement]
        return values

    # Time

    def advance(self, seconds: int, blocks: int = 1) -> None:
        """Let time pass; keepers of averages store observations that are due."""
        self.world.time += seconds
        self.world.block += blocks
        self.elapse(seconds)

    def elapse(self, seconds: int) -> None:
        """Do what happens by itself as a block begins: charges of time, and averages that are observed."""
        begin_block(self.world)
        if self.charges:
            charge(self, seconds)
        for average in self.protocol.graph.averages:
            self._keep_observation(average.memory, average.venue, average.window, average.anyone_may_update)

    def store_observation(self, memory: str) -> None:
        """Store an observation where anyone may: from the next second on the window begins here.

        Raises
        ------
        UnknownNameError
            If no such average of the file may be updated by anyone.
        """
        for average in self.protocol.graph.averages:
            if average.memory == memory and average.anyone_may_update:
                self._store(memory, average.venue, self.world.time)
                return
        raise UnknownNameError("open average", memory, self.open_averages())

    def open_averages(self) -> tuple[str, ...]:
        """Return the averages whose observation anyone may store."""
        return tuple(a.memory for a in self.protocol.graph.averages if a.anyone_may_update)

    def _store(self, memory: str, venue: str, time: int) -> None:
        pair = self.world.venue(venue)
        assert isinstance(pair, UniswapV2Pair)
        now = pair.accumulate(time)
        seen = Observation(time, now.price0_cumulative, now.price1_cumulative)
        self.world.state.values[memory] = seen
        log = f"log of {memory}"
        kept = self.world.state.values.get(log, ())
        assert isinstance(kept, tuple)
        self.world.state.values[log] = (*kept, seen)

    def _keep_observation(self, memory: str, venue: str, window: int, open_to_all: bool) -> None:
        """Observe the pair now and use the newest observation that is at least ``window`` old."""
        in_use = self.world.state.values[memory]
        assert isinstance(in_use, Observation)
        if open_to_all:
            if self.world.time - in_use.time >= 2 * window:
                self._store(memory, venue, self.world.time - window)
            return
        self._store(memory, venue, self.world.time)
        kept = self.world.state.values[f"log of {memory}"]
        assert isinstance(kept, tuple)
        old = [seen for seen in kept if self.world.time - seen.time >= window]
        self.world.state.values[memory] = old[-1] if old else kept[0]
        self.world.state.values[f"log of {memory}"] = kept[max(len(old) - 1, 0) :]

    def set_outside(self, asset: str, price: Decimal | Fraction) -> None:
        """Let the outside price of an asset be ``price``; what can be traded outside is fresh again."""
        self.outside[asset] = Fraction(price)
        self._fresh_outside()

    # Transactions and the log

    def transaction(self, name: str) -> Transaction:
        """Return a transaction: all or nothing, conservation and backing asserted."""
        return self.world.transaction(name)

    @contextmanager
    def attempt(self, actor: str, what: str) -> Iterator[Transaction]:
        """Run a transaction that may be refused: then nothing of it happened, and the log says why."""
        kept, transaction = len(self.events), self.transaction(f"{actor}: {what}")
        try:
            with transaction:
                yield transaction
        except RuleError as error:
            del self.events[kept:]
            self.record(actor, "refused", what=what, why=error.code, message=error.message)

    def record(self, actor: str, kind: str, **details: Detail) -> None:
        """Write an event."""
        self.events.append(Event(self.step, self.world.time, actor, kind, details))

    def snapshot(self) -> Snapshot:
        """Return a point to which ``restore`` can go back: a what-if costs no copy of the ledger."""
        world = self.world
        return Snapshot(
            world.state.ledger.mark(),
            dict(world.state.values),
            (world.time, world.block, self.step),
            dict(self.outside),
            len(self.events),
            len(world.committed),
        )

    def restore(self, point: Snapshot) -> None:
        """Put everything back; accounts opened since then stay, empty."""
        world = self.world
        world.state.ledger.roll_back(point.mark)
        world.state.values.clear()
        world.state.values.update(point.values)
        world.time, world.block, self.step = point.clock
        self.outside = dict(point.outside)
        del self.events[point.events :]
        del world.committed[point.committed :]

    # Actions beside the protocol's own

    def swap(self, actor: str, venue: str, sell: str, buy: str, units: int) -> Trade:
        """Sell raw units on a venue."""
        trade = self.world.swap(actor, venue, sell, buy, units)
        self.record(
            actor,
            "trade",
            venue=venue,
            sold=self.whole(sell, trade.amount_in),
            asset=sell,
            bought=self.whole(buy, trade.amount_out),
            for_asset=buy,
        )
        return trade

    def trade_outside(self, actor: str, sell: str, buy: str, units: int) -> int:
        """Sell raw units at the outside price less the half-spread; return what was bought.

        No more than the file's ``most_per_step`` of either asset is traded.
        """
        rate = rate_outside(self, sell, buy)
        for asset, per_unit in ((sell, Fraction(1)), (buy, rate)):
            left = self.left_outside(actor, asset)
            if left is not None:
                units = min(units, int(left / per_unit))
        bought = self.quote_outside(sell, buy, units)
        note_outside(self, sell, buy, units, bought)
        self.world.move(actor, OUTSIDE, sell, units, "sold outside")
        self.world.move(OUTSIDE, actor, buy, bought, "bought outside")
        note_traded(self, actor, {sell: units, buy: bought})
        if units:
            sold, got = self.whole(sell, units), self.whole(buy, bought)
            self.record(actor, "trade", venue="outside", sold=sold, asset=sell, bought=got, for_asset=buy)
        return bought

    def quote_outside(self, sell: str, buy: str, units: int) -> int:
        """Return what raw units bring outside: price, half-spread and, where the file has depth, impact."""
        return quote_outside(self, sell, buy, units)

    def begin_step(self, conditions: Conditions) -> None:
        """Let other conditions hold; what can be traded outside is fresh again."""
        self.conditions, self.protocol.implied.levels = conditions, conditions.level
        self._fresh_outside()

    def _fresh_outside(self) -> None:
        for memory in (SOLD_OUTSIDE, TRADED_OUTSIDE):
            self.world.state.values.pop(memory, None)

    def volatility(self, asset: str, strike: Decimal | Fraction, seconds: float) -> float:
        """Return the annualised implied volatility of a strike, in money, ``seconds`` before expiry.

        The forward is the outside price; the file's ``market.surface`` gives the level and the shape.
        """
        forward = self.outside[asset]
        return implied_volatility(self.file, self.conditions, asset, forward, Fraction(strike), seconds)

    def left_outside(self, actor: str, asset: str) -> int | None:
        """Return the raw units that an account may still trade outside in this step; None without a limit."""
        most = self.file.outside.most_per_step.get(asset)
        if most is None:
            return None
        return max(0, self.units(asset, most) - traded_outside(self).get((actor, asset), 0))

    def flash_loan(self, transaction: Transaction, actor: str, asset: str, units: int) -> FlashLoan:
        """Borrow for the length of a transaction, at most what the file's pools lend."""
        most = self.units(asset, self.file.outside.flash_liquidity.get(asset, Decimal(0)))
        lent = min(units, most)
        fee = -(-lent * int(self.file.fees.flash_loan * WAD) // WAD)
        return transaction.flash_loan(OUTSIDE, actor, asset, lent, fee)

    def publish(self, actor: str, feed: str, price: Fraction) -> None:
        """Write a sample to a feed."""
        value = self.world.state.values.get(feed)
        if not isinstance(value, Feed):
            raise UnknownNameError("feed", feed, tuple(self.protocol.graph.feeds))
        exact = price * 10**PRICE_DECIMALS
        sample = Sample(self.world.time, exact.numerator // exact.denominator, PRICE_DECIMALS)
        kept = value.samples[-KEPT_SAMPLES:]
        self.world.state.values[feed] = replace(value, samples=(*kept, sample))
        self.record(actor, "publication", feed=feed, price=whole_price(price))

    def newest(self, feed: str) -> Sample:
        """Return the newest sample of a feed."""
        value = self.world.state.values.get(feed)
        if not isinstance(value, Feed):
            raise UnknownNameError("feed", feed, tuple(self.protocol.graph.feeds))
        return value.samples[-1]


KEPT_SAMPLES = 4096
"""Samples of a feed that stay readable."""


def whole_price(price: Fraction) -> Decimal:
    """Return a price with twelve significant digits, for the log."""
    return Decimal(f"{float(price):.12g}")
