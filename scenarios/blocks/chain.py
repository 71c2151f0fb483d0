"""The chain: takes what waits, lets a proposer order it, and applies it to a world.

One slot at a time: time passes, the slot may be missed, else its proposer fills a block with bundles, then
with the best-paying (or first-come) of senders' next transactions and everybody else's gas, until the limit.
A reverted transaction pays for its gas; one that cannot pay is never included. All of it is a function of
the world, what was submitted, and the run's streams.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from protocol.errors import BackstopError
from protocol.ledger import Account
from protocol.transaction import Transaction
from scenarios.blocks.demand import Demand, Lot
from scenarios.blocks.fees import FeeRule, effective_tip
from scenarios.blocks.pending import Bundle, Pending, Pool
from scenarios.blocks.proposers import Proposer, Schedule
from scenarios.errors import ParameterError
from scenarios.seeds import Stream
from scenarios.world import World

BURNED = "burned"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction in a block.

    Parameters
    ----------
    position
        In the block, among the simulated transactions.
    fee
        Wei paid in all, burned part included.
    reverted
        Code and message of the error; empty where it went through.
    waited
        Milliseconds since it was submitted.
    bundle
        Of which bundle it was a part.
    """

    name: str
    sender: str
    kind: str
    position: int
    gas: int
    fee: int
    reverted: str
    waited: int
    bundle: str = ""


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """A slot: a block, or the lack of one.

    Parameters
    ----------
    number
        Of the block; of the block before where the slot was missed.
    base_fee
        Wei per gas in this block.
    gas_used, background_gas
        In all, and by everybody else.
    expired
        Names that may not be included any more.
    """

    slot: int
    number: int
    time: int
    proposer: str
    missed: bool
    base_fee: int
    gas_used: int
    background_gas: int
    receipts: tuple[Receipt, ...]
    expired: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SavedChain:
    """Where a chain stood; ``load`` puts it back. The world is saved by its owner."""

    slot: int
    base_fee: int
    pool: Pool
    schedule: Schedule
    lots: tuple[Lot, ...]
    demand_drawn: tuple[int, tuple[float, ...]]


@dataclass(slots=True)
class _Building:
    """A block in the making."""

    proposer: Proposer
    base_fee: int
    gas_left: int
    background: int = 0
    receipts: list[Receipt] = field(default_factory=list)


class Chain:
    """Slots over a world.

    Parameters
    ----------
    world
        What transactions change; its ``time`` and ``block`` are set here.
    schedule
        Who proposes.
    fees
        Gas limit and base-fee rule.
    slot_seconds
        Between slots.
    base_fee
        Of the first block, in wei per gas.
    demand, demand_stream
        Everybody else; both or neither.
    gas_asset
        Asset in which gas is paid, in wei; empty: gas is counted, not paid.
    on_slot
        Called when a slot's time has come, before anything stands in its block.
    """

    def __init__(
        self,
        world: World,
        schedule: Schedule,
        fees: FeeRule | None = None,
        slot_seconds: int = 12,
        base_fee: int = 1_000_000_000,
        demand: Demand | None = None,
        demand_stream: Stream | None = None,
        gas_asset: str = "",
        on_slot: Callable[[], None] | None = None,
    ) -> None:
        if slot_seconds < 1 or base_fee < 0:
            raise ParameterError("slot_seconds, base_fee", (slot_seconds, base_fee), "at least 1 and 0")
        if (demand is None) != (demand_stream is None):
            raise ParameterError("demand and its stream", None, "given together")
        self.world = world
        self.schedule = schedule
        self.fees = fees or FeeRule()
        self.slot_seconds = slot_seconds
        self.base_fee = base_fee
        self.pool = Pool()
        self.slot = 0
        self.gas_asset = gas_asset
        self._on_slot = on_slot
        self._demand = demand
        self._demand_stream = demand_stream
        self._lots: list[Lot] = []
        if gas_asset:
            accounts = {account.name for account in world.state.ledger.accounts()}
            for name in (BURNED, *(proposer.name for proposer in schedule.proposers)):
                if name not in accounts:
                    world.state.ledger.open(Account(name))

    def submit(self, *items: Pending | Bundle) -> None:
        """Put transactions and bundles into the pool."""
        for item in items:
            self.pool.add(item)

    def next_slot(self, stress: float = 1.0) -> BlockRecord:
        """Let one slot pass; return what happened.

        Parameters
        ----------
        stress
            Volatility over its calm value, which drives everybody else's demand.
        """
        self._pass_time()
        self._arrive(stress)
        if self.schedule.is_missed(self.slot):
            proposer = self.schedule.proposer(self.slot)
            return BlockRecord(
                self.slot, self.world.block, self.world.time, proposer.name, True, self.base_fee, 0, 0, (), ()
            )
        self.world.block += 1
        expired = tuple(self.pool.expire(self.world.block))
        block = _Building(self.schedule.proposer(self.slot), self.base_fee, self.fees.gas_limit)
        self._include_bundles(block)
        self._include_rest(block)
        used = self.fees.gas_limit - block.gas_left
        self.base_fee = self.fees.next_base_fee(self.base_fee, used)
        return BlockRecord(
            self.slot, self.world.block, self.world.time, block.proposer.name, False, block.base_fee, used,
            block.background, tuple(block.receipts), expired,
        )  # fmt: skip

    def controlled_slot(self, stress: float = 1.0) -> None:
        """Let a slot pass whose proposer includes nothing of what waits; everybody else's demand piles up."""
        self._pass_time()
        self._arrive(stress)
        self.world.block += 1
        self.pool.expire(self.world.block)
        self.base_fee = self.fees.next_base_fee(self.base_fee, 0)

    def skip(self, slots: int) -> None:
        """Let quiet slots pass: time and block numbers, at an unchanged base fee and with no block built."""
        for _ in range(slots):
            self._pass_time()
            self.world.block += 1

    def save(self) -> SavedChain:
        """Return where the chain stands."""
        stream = self._demand_stream
        drawn: tuple[int, tuple[float, ...]] = (0, ()) if stream is None else stream.drawn()
        return SavedChain(self.slot, self.base_fee, self.pool.copy(), self.schedule, tuple(self._lots), drawn)

    def load(self, saved: SavedChain) -> None:
        """Put the chain back to where it stood."""
        self.slot, self.base_fee = saved.slot, saved.base_fee
        self.pool, self.schedule, self._lots = saved.pool.copy(), saved.schedule, list(saved.lots)
        if self._demand_stream is not None:
            self._demand_stream.reset(*saved.demand_drawn)

    def _pass_time(self) -> None:
        self.slot += 1
        self.world.time += self.slot_seconds
        if self._on_slot is not None:
            self._on_slot()

    def _arrive(self, stress: float) -> None:
        """Let everybody else send; drop the lots that have waited too long."""
        if self._demand is None or self._demand_stream is None:
            return
        oldest = self.slot - self._demand.patience
        self._lots = [lot for lot in self._lots if lot.slot >= oldest]
        self._lots += self._demand.lots(
            self.slot, self.base_fee, self.fees.gas_target, stress, self._demand_stream
        )

    def _allowed(self, block: _Building, pending: Pending) -> bool:
        return (
            pending.visible <= self.world.time * 1_000
            and block.proposer.sees(pending.channel)
            and pending.sender not in block.proposer.censors
        )

    # Bundles

    def _include_bundles(self, block: _Building) -> None:
        favoured = block.proposer.favours
        offers = [
            (bundle.payer not in favoured, -self._worth(block, bundle), order, bundle)
            for order, bundle in self.pool.bundles()
            if block.proposer.sees(bundle.channel)
            and bundle.payer not in block.proposer.censors
            and (bundle.block is None or bundle.block == self.world.block)
        ]
        for _, _, _, bundle in sorted(offers, key=lambda offer: offer[:3]):
            self._include_bundle(block, bundle)

    def _worth(self, block: _Building, bundle: Bundle) -> int:
        """Return what a bundle pays the proposer per 2**32 gas, bid and tips of its own transactions."""
        gas = sum(part.gas for part in bundle.own())
        tips = sum(part.gas * part.tip(block.base_fee) for part in bundle.own())
        return ((bundle.bid + tips) << 32) // gas

    def _include_bundle(self, block: _Building, bundle: Bundle) -> None:
        parts: list[Pending] = []
        queues = self.pool.queues(lambda pending: self._allowed(block, pending))
        for part in bundle.parts:
            if isinstance(part, str):
                queue = [pending for _, pending in queues.get(self._sender(part), [])]
                # Only the sender's next transaction may stand here, counting those already in this bundle.
                following = [pending for pending in queue if pending not in parts]
                if not following or following[0].name != part:
                    return
                part = following[0]  # noqa: PLW2901 - the name gives way to what it names
            parts.append(part)
        own = {part.name for part in bundle.own()}
        if any(p.tip(block.base_fee) < 0 or p.visible > self.world.time * 1_000 for p in parts):
            return
        if sum(part.gas for part in parts) > block.gas_left:
            return
        committed = len(self.world.committed)
        whole = Transaction(self.world.state, f"bundle {bundle.name}").begin()
        receipts: list[Receipt] = []
        try:
            for part in parts:
                receipt = self._apply(block, part, len(block.receipts) + len(receipts), bundle.name)
                if receipt is None or (receipt.reverted and part.name in own):
                    raise _BundleDroppedError(bundle.name)
                receipts.append(receipt)
            if bundle.bid and self.gas_asset:
                self.world.move(bundle.payer, block.proposer.name, self.gas_asset, bundle.bid, "bundle bid")
            whole.commit()
        except BackstopError:
            whole.undo()
            del self.world.committed[committed:]
            return
        block.receipts += receipts
        block.gas_left -= sum(part.gas for part in parts)
        for part in parts:
            self.pool.remove(part.name)
        self.pool.remove(bundle.name)

    def _sender(self, name: str) -> str:
        return self.pool.waiting(name).sender if name in self.pool else ""

    # The rest

    def _include_rest(self, block: _Building) -> None:
        queues = self.pool.queues(lambda pending: self._allowed(block, pending))
        heap: list[tuple[tuple[int, ...], int, str]] = []
        for sender, queue in queues.items():
            self._offer(block, heap, sender, queue)
        lots = sorted(self._lots, key=lambda lot: self._lot_rank(block, lot), reverse=True)
        kept: list[Lot] = []
        while heap or lots:
            if lots and (not heap or self._lot_rank(block, lots[-1]) < heap[0][0]):
                lot = lots.pop()
                payable = effective_tip(lot.max_fee, lot.priority_fee, block.base_fee) >= 0
                if payable and lot.gas <= block.gas_left:
                    block.gas_left -= lot.gas
                    block.background += lot.gas
                else:
                    kept.append(lot)
                continue
            _, _, sender = heapq.heappop(heap)
            _, pending = queues[sender].pop(0)
            # What does not fit or cannot pay keeps its place, and the sender's later ones wait behind it.
            if pending.gas > block.gas_left:
                continue
            receipt = self._apply(block, pending, len(block.receipts), "")
            if receipt is None:
                continue
            block.receipts.append(receipt)
            block.gas_left -= pending.gas
            self.pool.remove(pending.name)
            self._offer(block, heap, sender, queues[sender])
        self._lots = kept

    def _offer(
        self,
        block: _Building,
        heap: list[tuple[tuple[int, ...], int, str]],
        sender: str,
        queue: Iterable[tuple[int, Pending]],
    ) -> None:
        """Put a sender's next transaction among the candidates if it can pay the base fee."""
        for order, pending in queue:
            if pending.tip(block.base_fee) >= 0:
                later = 0 if sender in block.proposer.favours else 1
                if block.proposer.ordering == "arrival":
                    heapq.heappush(heap, ((later, pending.visible), order, sender))
                else:
                    heapq.heappush(
                        heap, ((later, -pending.tip(block.base_fee), pending.visible), order, sender)
                    )
            return

    def _lot_rank(self, block: _Building, lot: Lot) -> tuple[int, ...]:
        sent = (self.world.time - (self.slot - lot.slot) * self.slot_seconds) * 1_000
        if block.proposer.ordering == "arrival":
            return (1, sent)
        return (1, -effective_tip(lot.max_fee, lot.priority_fee, block.base_fee), sent)

    def _apply(self, block: _Building, pending: Pending, position: int, bundle: str) -> Receipt | None:
        """Charge for the gas and run the action; return None where the sender cannot pay."""
        tip = pending.tip(block.base_fee) * pending.gas
        burned = block.base_fee * pending.gas
        if self.gas_asset and tip + burned:
            payer = pending.payer or pending.sender
            if self.world.balance(payer, self.gas_asset) < tip + burned:
                return None
            with self.world.transaction(f"gas of {pending.name}"):
                if burned:
                    self.world.move(payer, BURNED, self.gas_asset, burned, "base fee")
                if tip:
                    self.world.move(payer, block.proposer.name, self.gas_asset, tip, "priority fee")
        reverted = ""
        try:
            with self.world.transaction(pending.name):
                pending.action(self.world)
        except BackstopError as error:
            reverted = f"{error.code}: {error.message}"
        waited = self.world.time * 1_000 - pending.submitted
        return Receipt(
            pending.name, pending.sender, pending.kind, position, pending.gas, tip + burned, reverted, waited,
            bundle,
        )  # fmt: skip


class _BundleDroppedError(BackstopError):
    """An own transaction of a bundle reverted or could not pay: nothing of it happened."""

    code = "bundle-dropped"

    def __init__(self, name: str) -> None:
        super().__init__(f"bundle {name} dropped", bundle=name)
