"""Who builds which block, and how each orders it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from scenarios.errors import ParameterError
from scenarios.seeds import Stream, weighted_index

Ordering = Literal["priority-fee", "arrival"]


@dataclass(frozen=True, slots=True)
class Proposer:
    """Someone who builds blocks.

    Parameters
    ----------
    name
        Also its account, where tips and bids go.
    share
        Of the slots, relative to the others'.
    ordering
        ``priority-fee`` as public builders do, ``arrival`` as a first-come sequencer does.
    channels
        Private order flow it is connected to.
    favours
        Senders whose transactions and bundles it puts first, whatever they pay.
    censors
        Senders that it leaves out.
    """

    name: str
    share: float = 1.0
    ordering: Ordering = "priority-fee"
    channels: frozenset[str] = frozenset()
    favours: frozenset[str] = frozenset()
    censors: frozenset[str] = frozenset()

    def sees(self, channel: str) -> bool:
        """Say whether it knows what is sent through a channel; the empty one is public."""
        return not channel or channel in self.channels


@dataclass(frozen=True, slots=True)
class Schedule:
    """Which proposer has which slot, and which slots are missed: functions of the slot alone.

    Parameters
    ----------
    proposers
        With their shares.
    stream
        Of the run: the same run has the same proposers under any parameters of the protocol.
    missed
        Probability that a slot brings no block.
    assigned
        Slots given to a named proposer, never missed: an attacker's several blocks in a row.
    """

    proposers: tuple[Proposer, ...]
    stream: Stream
    missed: float = 0.0
    assigned: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [proposer.name for proposer in self.proposers]
        if len(set(names)) != len(names) or not any(proposer.share > 0 for proposer in self.proposers):
            raise ParameterError("proposers", names, "different, one at least with a share")
        if not 0.0 <= self.missed < 1.0:
            raise ParameterError("missed", self.missed, "in [0, 1)")
        for name in self.assigned.values():
            self._named(name)

    def proposer(self, slot: int) -> Proposer:
        """Return who has the slot."""
        if slot in self.assigned:
            return self._named(self.assigned[slot])
        shares = [proposer.share for proposer in self.proposers]
        return self.proposers[weighted_index(shares, self.stream.at(slot, 0))]

    def is_missed(self, slot: int) -> bool:
        """Say whether the slot brings no block."""
        return slot not in self.assigned and self.stream.at(slot, 1) < self.missed

    def with_control(self, name: str, first_slot: int, slots: int) -> Schedule:
        """Return the schedule in which one proposer has ``slots`` slots in a row."""
        more = dict.fromkeys(range(first_slot, first_slot + slots), name)
        return Schedule(self.proposers, self.stream, self.missed, {**self.assigned, **more})

    def next_control(self, name: str, first_slot: int, slots: int, limit: int = 1_000_000) -> int | None:
        """Return the first of the next ``slots`` slots in a row that ``name`` has, within ``limit`` slots."""
        held = 0
        for slot in range(first_slot, first_slot + limit):
            held = held + 1 if self.proposer(slot).name == name else 0
            if held == slots:
                return slot - slots + 1
        return None

    def _named(self, name: str) -> Proposer:
        for proposer in self.proposers:
            if proposer.name == name:
                return proposer
        raise ParameterError("proposer", name, f"one of {', '.join(p.name for p in self.proposers)}")


def mean_wait_for_control(share: float, slots: int) -> float:
    """Return the expected slots until ``slots`` in a row were held: (1 - s^n) / (s^n (1 - s))."""
    if not 0.0 < share <= 1.0 or slots < 1:
        raise ParameterError("share, slots", (share, slots), "a share in (0, 1] and at least one slot")
    if share == 1.0:
        return float(slots)
    run = 1.0
    for _ in range(slots):
        run *= share
    return (1.0 - run) / (run * (1.0 - share))
