"""The oracle graph: immutable nodes, each identified by the hash of (type, parameters, parents).

Parents must exist before a node that names them, so a cycle cannot be written, and equal graphs are the same
graph. A source is a node without parents. Evaluation visits every node once, in one pass over the graph.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar, TypeVar

from oracles.reading import Reading
from protocol.errors import UnknownNameError
from protocol.venues.vault_share import VaultShare
from protocol.venues.venue import Venue

Stored = TypeVar("Stored")


@dataclass(frozen=True, slots=True)
class Sample:
    """One published value of a recorded or scripted feed."""

    time: int
    value: int
    decimals: int = 18
    round: int | None = None


@dataclass(frozen=True, slots=True)
class View:
    """All that a source may look at: one moment of a world, a recording or a chain.

    Parameters
    ----------
    time, block
        Of the reader.
    venues, vaults
        By name, as they are at that moment.
    feeds
        Published samples by feed, oldest first.
    memory
        What oracle contracts have stored (for example a TWAP's last observation), by name.
    """

    time: int
    block: int = 0
    venues: Mapping[str, Venue] = field(default_factory=dict)
    vaults: Mapping[str, VaultShare] = field(default_factory=dict)
    feeds: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    memory: Mapping[str, object] = field(default_factory=dict)

    def venue(self, name: str) -> Venue:
        """Return the venue called ``name``.

        Raises
        ------
        UnknownNameError
            With the names that are there.
        """
        if name not in self.venues:
            raise UnknownNameError("venue", name, tuple(self.venues))
        return self.venues[name]

    def stored(self, name: str, kind: type[Stored]) -> Stored | None:
        """Return what the oracle contract ``name`` has stored; None where there is nothing of this kind."""
        value = self.memory.get(name)
        return value if isinstance(value, kind) else None

    def vault(self, name: str) -> VaultShare:
        """Return the vault called ``name``.

        Raises
        ------
        UnknownNameError
            With the names that are there.
        """
        if name not in self.vaults:
            raise UnknownNameError("vault", name, tuple(self.vaults))
        return self.vaults[name]


@dataclass(frozen=True)
class Node(ABC):
    """A source, reducer or guard.

    Subclasses are frozen dataclasses whose fields other than ``parents`` are the parameters.
    """

    kind: ClassVar[str]
    parents: tuple[Node, ...] = field(default=(), kw_only=True)

    @abstractmethod
    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return this node's reading from ``view`` and its parents' ``readings``; must not raise for data."""

    @property
    def label(self) -> str:
        """A few words for drawings."""
        return self.kind

    def parameters(self) -> dict[str, object]:
        """Return the parameters as plain data: text, numbers, tuples and dataclasses of them."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name != "parents"}

    @cached_property
    def id(self) -> str:
        """SHA-256 of (type, parameters, parents' ids), in hexadecimal."""
        text = json.dumps(
            [self.kind, self.parameters(), [parent.id for parent in self.parents]],
            sort_keys=True,
            separators=(",", ":"),
        )
        return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, *(_plain(getattr(value, f.name)) for f in fields(value))]
    raise TypeError(f"a node parameter must be plain data (see parameters), not {value!r}")


def walk(output: Node) -> Iterator[Node]:
    """Yield every node once, parents before children."""
    seen: set[str] = set()
    stack: list[tuple[Node, bool]] = [(output, False)]
    while stack:
        node, parents_done = stack.pop()
        if node.id in seen:
            continue
        if parents_done:
            seen.add(node.id)
            yield node
        else:
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(node.parents))


def evaluate(output: Node, view: View) -> dict[str, Reading]:
    """Return the reading of every node that ``output`` depends on, by id, ``output``'s own included."""
    readings: dict[str, Reading] = {}
    for node in walk(output):
        readings[node.id] = node.read(view, tuple(readings[parent.id] for parent in node.parents))
    return readings


def read(output: Node, view: View) -> Reading:
    """Return the reading of ``output``."""
    return evaluate(output, view)[output.id]
