"""What waits for a block: transactions, bundles and the pool that holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from scenarios.blocks.fees import effective_tip
from scenarios.errors import ParameterError, ScenarioError
from scenarios.world import World

REPLACEMENT_PERCENT = 10


class PoolError(ScenarioError):
    """A transaction cannot enter the pool, or is not there."""

    code = "pool"


@dataclass(frozen=True, slots=True)
class Pending:
    """A transaction on its way.

    Parameters
    ----------
    name
        Unique in the pool.
    sender
        Transactions of one sender are included in the order of submission, as nonces demand.
    action
        What it does to the world; a ``BackstopError`` reverts it.
    gas
        Used whatever happens.
    max_fee, priority_fee
        Wei per gas: cap of the whole price, and bid above the base fee.
    submitted
        Unix milliseconds at which the sender sends it.
    latency
        Milliseconds from there until proposers see it: the keeper's own delay and the network's.
    channel
        Empty: public. Otherwise only proposers connected to this private channel see it.
    last_block
        Highest block number in which it may stand; None: for ever.
    kind
        For the record: ``user``, ``oracle``, ``keeper``, ...
    payer
        Account that pays for the gas; empty: the sender.
    """

    name: str
    sender: str
    action: Callable[[World], None]
    gas: int
    max_fee: int
    priority_fee: int
    submitted: int
    latency: int = 0
    channel: str = ""
    last_block: int | None = None
    kind: str = "user"
    payer: str = ""

    def __post_init__(self) -> None:
        for what, value, least in (
            ("gas", self.gas, 1),
            ("max_fee", self.max_fee, 0),
            ("priority_fee", self.priority_fee, 0),
            ("latency", self.latency, 0),
        ):
            if value < least:
                raise ParameterError(f"{what} of {self.name}", value, f"at least {least}")

    @property
    def visible(self) -> int:
        """Unix milliseconds from which proposers see it."""
        return self.submitted + self.latency

    def tip(self, base_fee: int) -> int:
        """Return what the proposer gets per gas; below zero it cannot be included."""
        return effective_tip(self.max_fee, self.priority_fee, base_fee)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Transactions that stand side by side, in this order, or not at all.

    A name stands for a public transaction in the pool: (front, victim's name, back) is a sandwich. Where one
    of the bundle's own transactions reverts, the whole is undone and costs nothing; named ones may revert.

    Parameters
    ----------
    name
        Unique in the pool.
    parts
        Own transactions and names of public ones.
    payer, bid
        Who pays the proposer how many wei for including it.
    channel
        As of a transaction; empty: every proposer sees it.
    block
        The one block number in which it may stand; None: the next that takes it.
    """

    name: str
    parts: tuple[Pending | str, ...]
    payer: str
    bid: int = 0
    channel: str = ""
    block: int | None = None

    def __post_init__(self) -> None:
        if not self.own():
            raise ParameterError(f"parts of {self.name}", len(self.parts), "at least one own transaction")
        if self.bid < 0:
            raise ParameterError(f"bid of {self.name}", self.bid, "at least 0")

    def own(self) -> tuple[Pending, ...]:
        """Return the transactions that the bundle brings."""
        return tuple(part for part in self.parts if isinstance(part, Pending))

    def named(self) -> tuple[str, ...]:
        """Return the names of the public transactions that it surrounds."""
        return tuple(part for part in self.parts if isinstance(part, str))


class Pool:
    """What waits, in the order of submission; a sender's queue is in that order too."""

    def __init__(self) -> None:
        self._waiting: dict[str, Pending] = {}
        self._order: dict[str, int] = {}
        self._bundles: dict[str, Bundle] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._bundles)

    def __contains__(self, name: str) -> bool:
        return name in self._waiting or name in self._bundles

    def copy(self) -> Pool:
        """Return a pool with the same contents, which are immutable."""
        other = Pool()
        other._waiting = dict(self._waiting)
        other._order = dict(self._order)
        other._bundles = dict(self._bundles)
        other._count = self._count
        return other

    def add(self, item: Pending | Bundle) -> None:
        """Put a transaction or bundle in.

        Raises
        ------
        PoolError
            The name is taken.
        """
        own = [part.name for part in item.own()] if isinstance(item, Bundle) else []
        for name in (item.name, *own):
            if name in self:
                raise PoolError(f"{name} is in the pool already", name=name)
        self._count += 1
        self._order[item.name] = self._count
        if isinstance(item, Bundle):
            self._bundles[item.name] = item
        else:
            self._waiting[item.name] = item

    def reprice(self, name: str, max_fee: int, priority_fee: int) -> None:
        """Replace a transaction by the same one at higher fees, in its old place of the sender's queue.

        Raises
        ------
        PoolError
            It is not waiting, or a fee is not at least 10 % higher (rule of public pools, rounded up).
        """
        old = self.waiting(name)
        for what, now, then in (
            ("max_fee", max_fee, old.max_fee),
            ("priority_fee", priority_fee, old.priority_fee),
        ):
            if now * 100 < then * (100 + REPLACEMENT_PERCENT):
                raise PoolError(
                    f"{name}: {what} {now} is not {REPLACEMENT_PERCENT} % above {then}", name=name, fee=now
                )
        self._waiting[name] = replace(old, max_fee=max_fee, priority_fee=priority_fee)

    def waiting(self, name: str) -> Pending:
        """Return a waiting transaction."""
        if name not in self._waiting:
            raise PoolError(f"no transaction {name} is waiting", name=name)
        return self._waiting[name]

    def remove(self, name: str) -> None:
        """Take a transaction or bundle out: included, cancelled or expired."""
        self._waiting.pop(name, None)
        self._bundles.pop(name, None)
        self._order.pop(name, None)

    def expire(self, block: int) -> list[str]:
        """Take out what may not stand in ``block`` or later; return the names."""
        late = [p.name for p in self._waiting.values() if p.last_block is not None and p.last_block < block]
        late += [b.name for b in self._bundles.values() if b.block is not None and b.block < block]
        for name in late:
            self.remove(name)
        return late

    def bundles(self) -> Iterator[tuple[int, Bundle]]:
        """Yield bundles with their order of submission."""
        return ((self._order[name], bundle) for name, bundle in self._bundles.items())

    def queues(self, visible: Callable[[Pending], bool]) -> dict[str, list[tuple[int, Pending]]]:
        """Return each sender's transactions in order, up to the first that is not visible."""
        queues: dict[str, list[tuple[int, Pending]]] = {}
        stopped: set[str] = set()
        for name, pending in self._waiting.items():
            if pending.sender in stopped:
                continue
            if visible(pending):
                queues.setdefault(pending.sender, []).append((self._order[name], pending))
            else:
                stopped.add(pending.sender)
        return queues
