"""A cascade over a ledger and exact venues: every unit accounted for, every trade by the venue's own rule.

A round is a block: accounts short of margin are found at the block's marks, keepers act on them in the order
of their bids, what they seize is sold into the venues, and the next block's marks follow from the venues. It
ends when a block liquidates nothing and nobody who could come later is left: the fixed point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from protocol.errors import RuleError
from protocol.ledger import Ledger
from protocol.liquidation.cascade.keepers import Keeper, in_order
from protocol.liquidation.exchange import offer
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
    """

    now: int
    market: MarketState
    steps: tuple[tuple[str, Step], ...]
    unserved: tuple[str, ...]


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
    gas_price
        Multiple of the normal gas price at a second; None for 1 always.
    """

    machine: Machine
    marks: Marks
    outlets: Mapping[str, Outlet]
    keepers: tuple[Keeper, ...]
    block_seconds: int = 12
    gas_price: Callable[[int], Fraction] | None = None
    _used: dict[str, int] = field(default_factory=dict)

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
        self._used = {}
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
        return Block(now, market, tuple(steps), tuple(unserved))

    def _short(self, account: str, market: MarketState) -> bool:
        judged = self.machine.judge(self.book.balances(account), market)
        running = self.machine.case(account).stage in {Stage.ACTIVE, Stage.INSOLVENT}
        return judged.excess < 0 or (running and judged.release < 0)

    def _serve(self, account: str, market: MarketState, now: int) -> tuple[str, Step] | None:
        view = self.machine.view(account, market, now)
        gas = self.gas_price(now) if self.gas_price is not None else Fraction(1)
        for keeper in in_order(self.keepers):
            if self._used.get(keeper.account, 0) >= keeper.per_block:
                continue
            if not keeper.comes(self.expected_gain(view), gas, now, view.elapsed):
                continue
            try:
                with Transaction(self.machine.state, f"{keeper.account} liquidates {account}"):
                    step = self.machine.step(account, keeper.account, market, now)
                    if step.moved is not None and keeper.sells:
                        self._sell(keeper.account, step)
            except RuleError:
                continue
            if step.moved is None and not step.payments:
                continue
            self._used[keeper.account] = self._used.get(keeper.account, 0) + 1
            return keeper.account, step
        return None

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
            moved = offer(view, part, size, concession)
            taken = sum((self._value(view, a, n) for a, n in moved.taken.items()), Fraction(0))
            paid = sum((self._value(view, a, n) for a, n in moved.paid.items()), Fraction(0))
            return taken - paid
        return Fraction(0)

    @staticmethod
    def _value(view: View, asset: str, units: int) -> Fraction:
        known = asset if asset in view.market.prices else view.cash
        return value(view.market, known, units)

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
