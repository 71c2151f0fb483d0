"""A cascade over a ledger and exact venues: every unit accounted for, every trade by the venue's own rule.

A round is a block: accounts short of margin are found at the block's marks, keepers act on them in the order
of their bids, what they seize is sold into the venues, and the next block's marks follow from the venues. It
ends when a block liquidates nothing and nobody who could come later is left: the fixed point.

A keeper tries his call first, as real ones do: where bonus less gas and less the impact of his own sale leave
him below his least profit, or he lacks the funds, nothing of it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from protocol.errors import NotWorthwhileError, RuleError
from protocol.ledger import Ledger
from protocol.liquidation.cascade.keepers import Keeper, in_order
from protocol.liquidation.costs import GasMarket, Toll
from protocol.liquidation.exchange import gain, offer
from protocol.liquidation.machine import Machine, Step
from protocol.liquidation.stages import Stage
from protocol.liquidation.view import View, value
from protocol.market_state import MarketState
from protocol.transaction import Transaction
from protocol.venues.venue import Venue

Marks: TypeAlias = Callable[[Mapping[str, Venue], int], MarketState]
"""How the protocol's prices follow from the venues at a second."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where a keeper sells an asset: a venue's name, its account on the ledger, and what he gets."""

    venue: str
    account: str
    proceeds: str


@dataclass(frozen=True, slots=True)
class Block:
    """What happened in one block.

    Parameters
    ----------
    now
        Second.
    market
        Marks at its start.
    steps
        Liquidation steps that moved anything, with the keeper of each.
    unserved
        Accounts short of margin that nobody acted on.
    tolls
        Gas paid, by keeper: for steps, and for calls that came after a rival's.
    """

    now: int
    market: MarketState
    steps: tuple[tuple[str, Step], ...]
    unserved: tuple[str, ...]
    tolls: tuple[tuple[str, Toll], ...] = ()


@dataclass(slots=True)
class Cascade:
    """The engine.

    Parameters
    ----------
    machine
        The protocol's liquidations.
    marks
        Prices from venues.
    outlets
        Where each asset is sold.
    keepers
        Who may come.
    block_seconds
        Time between blocks.
    gas
        Where gas is bought; None if calls cost nothing. What keepers say their gas costs is then posted.
    """

    machine: Machine
    marks: Marks
    outlets: Mapping[str, Outlet]
    keepers: tuple[Keeper, ...]
    block_seconds: int = 12
    gas: GasMarket | None = None
    _used: dict[str, int] = field(default_factory=dict)
    _tolls: list[tuple[str, Toll]] = field(default_factory=list)

    @property
    def book(self) -> Ledger:
        """The ledger."""
        return self.machine.book

    def venues(self) -> dict[str, Venue]:
        """Return the venues among the state's values."""
        return {name: v for name, v in self.machine.state.values.items() if isinstance(v, Venue)}

    def run(self, accounts: Sequence[str], now: int, *, most_blocks: int = 1000) -> tuple[Block, ...]:
        """Run blocks until nothing can happen any more; return them.

        Raises
        ------
        RuleError
            Never for a keeper who cannot or will not act: such accounts are reported as unserved.
        """
        blocks: list[Block] = []
        patience = max((keeper.latency for keeper in self.keepers), default=0)
        idle_since = now
        for _ in range(most_blocks):
            block = self.block(accounts, now)
            blocks.append(block)
            if block.steps:
                idle_since = now
            elif not block.unserved or now - idle_since > patience:
                break
            now += self.block_seconds
        return tuple(blocks)

    def block(self, accounts: Sequence[str], now: int) -> Block:
        """Do one block at second ``now``."""
        market = self.marks(self.venues(), now)
        self._used, self._tolls = {}, []
        steps: list[tuple[str, Step]] = []
        unserved: list[str] = []
        for account in accounts:
            if not self._short(account, market):
                continue
            self.machine.flag(account, market, now)
            done = self._serve(account, market, now)
            if done is None:
                unserved.append(account)
            else:
                steps.append(done)
        return Block(now, market, tuple(steps), tuple(unserved), tuple(self._tolls))

    def _short(self, account: str, market: MarketState) -> bool:
        judged = self.machine.judge(self.book.balances(account), market)
        running = self.machine.case(account).stage in {Stage.ACTIVE, Stage.INSOLVENT}
        return judged.excess < 0 or (running and judged.release < 0)

    def _serve(self, account: str, market: MarketState, now: int) -> tuple[str, Step] | None:
        view = self.machine.view(account, market, now)
        price, expected = self._gas_price(now), self.expected_gain(view)
        done: tuple[str, Step] | None = None
        for keeper in in_order(self.keepers):
            if self._used.get(keeper.account, 0) >= keeper.per_block:
                continue
            if not keeper.comes(expected, price, now, view.elapsed):
                continue
            if done is not None:
                self._too_late(keeper, market, now)
                continue
            step = self._try(keeper, account, market, now)
            if step is not None:
                self._used[keeper.account] = self._used.get(keeper.account, 0) + 1
                done = keeper.account, step
        return done

    def _gas_price(self, now: int) -> Fraction:
        return Fraction(1) if self.gas is None else self.gas.price(now)

    def _toll(self, keeper: Keeper, market: MarketState, now: int, share: Fraction) -> Toll | None:
        if self.gas is None:
            return None
        toll = self.gas.toll(market, keeper.cost(self._gas_price(now)) * share)
        return toll if toll.units else None

    def _try(self, keeper: Keeper, account: str, market: MarketState, now: int) -> Step | None:
        """Do the step and the sale; undo both and return None where that is not worth the keeper's while."""
        before = self._wealth(keeper.account, market)
        toll = self._toll(keeper, market, now, Fraction(1))
        try:
            with Transaction(self.machine.state, f"{keeper.account} liquidates {account}"):
                step = self.machine.step(account, keeper.account, market, now, toll=toll)
                if step.moved is not None and keeper.sells:
                    self._sell(keeper.account, step)
                profit = self._wealth(keeper.account, market) - before
                if (step.moved is None and not step.payments) or profit < keeper.least_profit:
                    raise NotWorthwhileError(keeper.account, account, float(profit), keeper.least_profit)
        except RuleError:
            return None
        if toll is not None:
            self._tolls.append((keeper.account, toll))
        return step

    def _too_late(self, keeper: Keeper, market: MarketState, now: int) -> None:
        """Let a rival of the keeper who acted pay for a call that reverts, as far as he has anything."""
        toll = self._toll(keeper, market, now, keeper.reverted)
        if toll is None:
            return
        try:
            with Transaction(self.machine.state, f"{keeper.account} comes too late"):
                p = toll.posting(keeper.account)
                self.book.post(p.source, p.target, p.asset, p.amount, p.memo)
        except RuleError:
            return
        self._tolls.append((keeper.account, toll))

    def _wealth(self, keeper: str, market: MarketState) -> Fraction:
        """Return the value of what a keeper owns at the block's marks."""
        cash = self.machine.cash
        held = self.book.balances(keeper).items()
        worth = (value(market, asset if asset in market.prices else cash, units) for asset, units in held)
        return sum(worth, Fraction(0))

    def expected_gain(self, view: View) -> Fraction:
        """Return the value that a caller gains by the next step at the marks, before gas and impact.

        Zero where the protocol's own account takes over.
        """
        for rule in self.machine.policy.rules:
            if rule.when is not None and not rule.when(view):
                continue
            part = rule.selector.select(view)
            if part is None:
                continue
            concession = rule.pricer.concession(view, part)
            size = rule.sizer.size(view, part, concession)
            if size <= 0:
                continue
            if rule.taker:
                return Fraction(0)
            return gain(view, offer(view, part, size, concession))
        return Fraction(0)

    def _sell(self, keeper: str, step: Step) -> None:
        """Sell what was seized, as far as there is an outlet for it."""
        assert step.moved is not None
        if step.taker != keeper:
            return
        for asset, units in step.moved.taken.items():
            outlet = self.outlets.get(asset)
            if outlet is None or units <= 0:
                continue
            venue = self.machine.state.values[outlet.venue]
            assert isinstance(venue, Venue)
            trade, after = venue.swap(asset, outlet.proceeds, units)
            self.book.post(keeper, outlet.account, asset, trade.amount_in, "sold by a keeper")
            self.book.post(outlet.account, keeper, outlet.proceeds, trade.amount_out, "sold by a keeper")
            self.machine.state.values[outlet.venue] = after
