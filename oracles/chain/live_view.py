"""What live sources are made of: plans that end in parts of a view, and the view that they make together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from oracles.chain.calls import Plan
from oracles.chain.errors import ChainError
from oracles.chain.header import Block
from oracles.chain.reader import Reader, run_plans
from oracles.corruption.pools.curve import PoolCurve
from oracles.node import Node, Sample, View
from protocol.venues.vault_share import VaultShare
from protocol.venues.venue import Venue


@dataclass(frozen=True, slots=True)
class Found:
    """What a live source adds to a view, and the node that reads it."""

    node: Node
    feeds: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    venues: Mapping[str, Venue] = field(default_factory=dict)
    vaults: Mapping[str, VaultShare] = field(default_factory=dict)
    memory: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Before:
    """What a source reads at an earlier block.

    Parameters
    ----------
    name
        Under which the view's memory holds what ``plan`` makes.
    seconds
        How much older the block must be at least.
    plan
        Reads it.
    """

    name: str
    seconds: int
    plan: Callable[[Block], Plan[object]]


@dataclass(frozen=True, slots=True)
class LiveSource:
    """A named plan.

    Parameters
    ----------
    name
        Shown with the price.
    plan
        Reads the price.
    depth
        Reads what it takes to move the price (upwards, by a few per cent), for sources that are pools.
    before
        What else it needs from earlier blocks.
    """

    name: str
    plan: Callable[[Block], Plan[Found]]
    depth: Callable[[], Plan[PoolCurve]] | None = None
    before: tuple[Before, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveView:
    """A view of a block, with the node of every source that could be read and the error of every other."""

    block: Block
    view: View
    nodes: Mapping[str, Node]
    failures: Mapping[str, ChainError]


def read_view(reader: Reader, sources: Sequence[LiveSource]) -> LiveView:
    """Read all sources together at the reader's block."""
    made = run_plans(reader, [source.plan(reader.block) for source in sources])
    feeds: dict[str, tuple[Sample, ...]] = {}
    venues: dict[str, Venue] = {}
    vaults: dict[str, VaultShare] = {}
    memory: dict[str, object] = {}
    nodes: dict[str, Node] = {}
    failures: dict[str, ChainError] = {}
    for source, item in zip(sources, made, strict=True):
        if isinstance(item, ChainError):
            failures[source.name] = item
            continue
        nodes[source.name] = item.node
        feeds.update(item.feeds)
        venues.update(item.venues)
        vaults.update(item.vaults)
        memory.update(item.memory)
    for name, error in _read_earlier(reader, sources, memory):
        if nodes.pop(name, None) is not None:
            failures[name] = error
    block = reader.block
    return LiveView(
        block, View(block.timestamp, block.number, venues, vaults, feeds, memory), nodes, failures
    )


def _read_earlier(
    reader: Reader, sources: Sequence[LiveSource], memory: dict[str, object]
) -> list[tuple[str, ChainError]]:
    """Add to ``memory`` what sources need of earlier blocks; return the sources for which that failed."""
    wanted: dict[int, list[tuple[str, Before]]] = {}
    for source in sources:
        for before in source.before:
            wanted.setdefault(before.seconds, []).append((source.name, before))
    failed: list[tuple[str, ChainError]] = []
    for seconds, items in wanted.items():
        from oracles.chain.earlier import reader_before

        try:
            earlier = reader_before(reader, seconds)
            made = run_plans(earlier, [before.plan(earlier.block) for _, before in items])
        except ChainError as error:
            failed += [(name, error) for name, _ in items]
            continue
        for (name, before), item in zip(items, made, strict=True):
            if isinstance(item, ChainError):
                failed.append((name, item))
            else:
                memory[before.name] = item
    return failed
