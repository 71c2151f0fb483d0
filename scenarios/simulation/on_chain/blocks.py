"""Steps in blocks: agents decide, their transactions wait in the pool, proposers include or do not.

Everything decided in a step is sent before the step's last block; what does not fit, cannot pay or comes too
late waits for the blocks of later steps. Signed prices and swaps are carried out as signed; any other agent's
transaction runs its ``act`` on the state that it finds, and reverts where that does nothing. Reverted
transactions pay for their gas; nobody pays for a bundle that is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from protocol.errors import RuleError
from scenarios.agents.sandwich import Sandwicher
from scenarios.blocks import BlockRecord, Bundle, Pending
from scenarios.blocks.chain import Chain, SavedChain
from scenarios.files.protocol_chain import ChainFile
from scenarios.simulation.names import GAS_OF
from scenarios.simulation.on_chain.bids import Bid, open_bid, outbid
from scenarios.simulation.on_chain.build import GAS, wei
from scenarios.simulation.on_chain.surround import surround
from scenarios.simulation.on_chain.wishes import COMPETING, Deed, Trial, Wish, carry_out_or_revert

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Event, Simulation
    from scenarios.world import World

MILLISECONDS = 1_000
BUMP_LEAST = Fraction(1, 10)
MOST_WAIT = 100_000
"""Slots that an attacker waits for his own ones."""


class NoControlError(RuleError):
    """The attacker's proposer does not get enough slots in a row."""

    code = "no-control"

    def __init__(self, proposer: str, slots: int) -> None:
        super().__init__(
            f"{proposer} has no {slots} slots in a row within {MOST_WAIT}; give it a larger share",
            proposer=proposer,
            slots=slots,
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction of an agent in the pool.

    Parameters
    ----------
    since
        Unix second at which the agent first sent what this one replaces, or this one.
    """

    pending: Pending
    wish: Wish
    since: int
    bundle: str = ""


@dataclass(frozen=True, slots=True)
class Included:
    """What a block did with a transaction, for the measures.

    Parameters
    ----------
    fee
        Wei.
    waited
        Seconds since it was first sent.
    """

    sender: str
    kind: str
    fee: int
    waited: int
    reverted: bool


@dataclass(slots=True)
class Blocks:
    """The chain of one run, and what is on its way."""

    game: Simulation
    settings: ChainFile
    chain: Chain
    sent: dict[str, Sent] = field(default_factory=dict)
    included: list[Included] = field(default_factory=list)
    missed: int = 0
    passed: int = 0
    expired: int = 0
    greatest_base_fee: int = 0
    _history: list[Fraction] = field(default_factory=list)
    _produced: dict[str, list[Event]] = field(default_factory=dict)
    _sent: int = 0

    def step(self, prices: Mapping[str, Decimal]) -> None:
        """Let the step's blocks pass; outside prices move, and agents decide, before the last one."""
        file = self.game.file
        for _ in range(file.run.step_seconds // file.run.block_seconds - 1):
            self.slot()
        for asset, price in prices.items():
            self.game.set_outside(asset, price)
        self.decide()
        self.slot()

    def wait(self, seconds: int) -> None:
        """Let the slots of some seconds pass, rounded up; outside prices stand, agents decide once a step."""
        run = self.game.file.run
        for number in range(1, -(-seconds // run.block_seconds) + 1):
            if number % (run.step_seconds // run.block_seconds) == 0:
                self.decide()
            self.slot()

    def stress(self) -> float:
        """Return the fall of the followed asset over its calm measure, at least 1."""
        congestion = self.settings.congestion
        if congestion is None or not congestion.follows or len(self._history) < 2:
            return 1.0
        first = self._history[max(len(self._history) - 1 - congestion.window, 0)]
        fall = 1 - self._history[-1] / first
        return max(1.0, float(fall / Fraction(congestion.calm)))

    # Decisions

    def decide(self) -> None:
        """Ask every agent, let bids be made, and send."""
        game, base_fee = self.game, self.chain.base_fee
        congestion = self.settings.congestion
        if congestion is not None and congestion.follows:
            self._history.append(game.outside[congestion.follows])
        native = game.outside[self.settings.native]
        trial, bids = Trial(game, self.chain.slot_seconds), list[Bid]()
        with trial.open():
            for name, agent in game.file.agents.items():
                sender, waiting = self.settings.sender(name), self.sent.get(name)
                if waiting is not None and not waiting.bundle and not sender.bump:
                    if not waiting.pending.channel and waiting.pending.tip(base_fee) >= 0:
                        trial.apply(waiting.wish)
                    continue
                trial.observe(name, agent)
                wish = trial.decide(name, agent)
                if wish is None:
                    continue
                bid = open_bid(
                    wish, sender, game.balance(GAS_OF + name, self.settings.native), native, base_fee
                )
                cost = bid.cost(base_fee)
                if sender.rational and agent.transaction_kind in COMPETING and cost > max(bid.gain, 0):
                    trial.note(name, "stayed away", gain=_whole(bid.gain), gas_cost=_whole(cost))
                    continue
                bids.append(bid)
                if self._is_pending(bid):
                    trial.apply(wish)
        outbid(bids, base_fee)
        for bid in sorted(bids, key=lambda bid: bool(bid.sender.follows)):
            self._send(bid)
        for name, agent in game.file.agents.items():
            if isinstance(agent, Sandwicher):
                surround(game, self, name, agent)

    def _is_pending(self, bid: Bid) -> bool:
        """Say whether others see it coming: public, in time for the next block, able to pay its base fee."""
        base_fee, sender = self.chain.base_fee, bid.sender
        in_time = sender.latency <= self.chain.slot_seconds * MILLISECONDS
        return not sender.channel and in_time and bid.fee_cap(base_fee) >= base_fee

    def _send(self, bid: Bid) -> None:
        """Put a bid's transaction into the pool; it replaces what its sender has waiting, if it may."""
        name, waiting = bid.wish.name, self.sent.get(bid.wish.name)
        cap, tip, since = bid.fee_cap(self.chain.base_fee), bid.tip, self.game.world.time
        if waiting is not None and not waiting.bundle:
            raised = 1 + max(Fraction(bid.sender.bump), BUMP_LEAST)
            tip = max(tip, -int(-waiting.pending.priority_fee * raised // 1))
            cap = max(cap, tip, -int(-waiting.pending.max_fee * raised // 1))
            if not bid.may_pay(tip, cap):
                return
            since = waiting.since
        self._take_back(name)
        self._sent += 1
        pending = Pending(
            f"{name} {self._sent}",
            name,
            self.action(bid.wish, f"{name} {self._sent}"),
            bid.gas,
            cap,
            tip,
            self.game.world.time * MILLISECONDS,
            bid.sender.latency,
            bid.sender.channel,
            kind=bid.wish.agent.transaction_kind,
            payer=GAS_OF + name,
        )
        bundle = ""
        if bid.sender.follows:
            bundle = f"{pending.name} in its bundle"
            leader = self.sent.get(bid.sender.follows)
            first = () if leader is None or leader.bundle else (leader.pending.name,)
            block = self.game.world.block + 1
            self.chain.submit(Bundle(bundle, (*first, pending), name, 0, pending.channel, block))
        else:
            self.chain.submit(pending)
        self.sent[name] = Sent(pending, bid.wish, since, bundle)

    def _take_back(self, name: str) -> None:
        waiting = self.sent.pop(name, None)
        if waiting is not None:
            self.chain.pool.remove(waiting.bundle or waiting.pending.name)

    def action(self, deed: Deed, transaction: str) -> Callable[[World], None]:
        """Return what a transaction does in a block; its events wait until it is known to stand."""

        def act(_: World) -> None:
            self._produced[transaction] = carry_out_or_revert(self.game, deed)

        return act

    # Blocks

    def slot(self) -> BlockRecord:
        """Let one slot pass; write into the log what became of whom."""
        game = self.game
        record = self.chain.next_slot(self.stress())
        self.passed += 1
        self.missed += record.missed
        self.expired += len(record.expired)
        self.greatest_base_fee = max(self.greatest_base_fee, record.base_fee)
        if record.missed:
            game.record(record.proposer, "missed block", slot=record.slot)
        for receipt in record.receipts:
            game.events += self._produced.pop(receipt.name, [])
            waited, sent = receipt.waited // MILLISECONDS, self.sent.get(receipt.sender)
            if sent is not None and sent.pending.name == receipt.name:
                del self.sent[receipt.sender]
                waited = game.world.time - sent.since
            self.included.append(
                Included(receipt.sender, receipt.kind, receipt.fee, waited, bool(receipt.reverted))
            )
            why = {"why": receipt.reverted} if receipt.reverted else {}
            game.record(
                receipt.sender,
                "reverted" if receipt.reverted else "included",
                block=record.number,
                position=receipt.position,
                fee=_whole(receipt.fee),
                waited=waited,
                **why,
            )
        self._produced.clear()
        for name in [n for n, s in self.sent.items() if (s.bundle or s.pending.name) not in self.chain.pool]:
            del self.sent[name]
        return record

    # Attacks

    def attack_block(self, *, controlled: bool) -> None:
        """Let a slot of an attack pass: agents decide and are included, unless the attacker proposes it."""
        self.decide()
        if controlled:
            self.chain.controlled_slot(self.stress())
        else:
            self.slot()

    def gas_of_attack(self, attacker: str) -> Fraction:
        """Return what a transaction of an attack pays now, in money: gas at base fee and tip."""
        sender, settings = self.settings.sender(attacker), self.settings
        gas, tip = sender.gas or GAS["attack"], wei(sender.tip)
        return self.game.value(settings.native, gas * (self.chain.base_fee + tip))

    def wait_for_control(self, slots: int) -> int:
        """Let quiet slots pass until the attacker's proposer has the next ``slots``; return how many.

        Raises
        ------
        NoControlError
            If that does not happen within ``MOST_WAIT`` slots.
        """
        name = self.settings.attacker
        if not name:
            return 0
        first = self.chain.schedule.next_control(name, self.chain.slot + 1, slots, MOST_WAIT)
        if first is None:
            raise NoControlError(name, slots)
        waited = first - self.chain.slot - 1
        self.chain.skip(waited)
        self.game.record(name, "control", slots=slots, waited=waited)
        return waited

    def save(self) -> SavedBlocks:
        """Return where everything stands; the world is saved by its owner."""
        copy = replace(self, sent=dict(self.sent), included=list(self.included))
        copy._history = list(self._history)
        return SavedBlocks(copy, self.chain.save())

    def load(self, saved: SavedBlocks) -> None:
        """Put everything back."""
        old = saved.blocks
        self.sent, self.included = dict(old.sent), list(old.included)
        self.missed, self.passed, self.expired = old.missed, old.passed, old.expired
        self.greatest_base_fee, self._sent = old.greatest_base_fee, old._sent
        self._history = list(old._history)
        self.chain.load(saved.chain)


@dataclass(frozen=True, slots=True)
class SavedBlocks:
    """What ``Blocks.load`` puts back."""

    blocks: Blocks
    chain: SavedChain


def _whole(amount: int) -> Decimal:
    """Return whole native tokens of an amount in wei."""
    return Decimal(amount).scaleb(-18)
