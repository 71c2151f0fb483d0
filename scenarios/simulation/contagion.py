"""How a shock travels: from venues and feeds through prices to accounts, from them to keepers and payers.

Every link carries money: a price weighs what is exposed to it, an account what was liquidated of it, a payer
what it lost, a venue what keepers sold on it. Where sales go back to a venue that a price reads, the graph
has a loop: that is the cascade. A price that reads no source cannot be shocked and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias

from scenarios.agents.lending import money

if TYPE_CHECKING:
    from scenarios.files.protocol import ProtocolFile
    from scenarios.simulation.simulation import Event

Kind: TypeAlias = Literal["source", "price", "account", "keeper", "payer"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A node of the graph: what it is, and its name."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Link:
    """One way on which a shock travels.

    Parameters
    ----------
    relation
        ``priced from``, ``exposed to``, ``liquidated by``, ``lost by`` or ``sold on``, read backwards.
    amount
        Money; the greatest exposure of the path, or the sum of what happened.
    """

    source: Place
    target: Place
    relation: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Reach:
    """What lies behind a source.

    Parameters
    ----------
    accounts
        Accounts exposed to a price that reads it.
    exposure
        Their exposure, money.
    liquidated, lost
        What was liquidated of these accounts, and what others paid for them.
    loop
        Whether keepers' sales went back to it.
    """

    source: str
    accounts: int
    exposure: Decimal
    liquidated: Decimal
    lost: Decimal
    loop: bool


def contagion(
    file: ProtocolFile, exposures: Mapping[tuple[str, str], Fraction], events: Sequence[Event]
) -> tuple[Link, ...]:
    """Return the links of one path, the heaviest first within a relation.

    Parameters
    ----------
    exposures
        Money by account and asset.
    """
    exposed: dict[str, Fraction] = {}
    links: list[Link] = []
    read = {asset: sources_of(file, node) for asset, node in file.oracle.prices.items()}
    for (account, asset), amount in exposures.items():
        if read.get(asset):
            exposed[asset] = exposed.get(asset, Fraction(0)) + amount
            links.append(Link(Place("price", asset), Place("account", account), "exposed to", money(amount)))
    for asset, sources in read.items():
        for source in sources:
            weight = money(exposed.get(asset, Fraction(0)))
            links.append(Link(Place("source", source), Place("price", asset), "priced from", weight))
    links += _from_events(file, events)
    order = {"priced from": 0, "exposed to": 1, "liquidated by": 2, "sold on": 3, "lost by": 4}
    return tuple(
        sorted(links, key=lambda k: (order[k.relation], -k.amount, k.source, k.target)),
    )


def sources_of(file: ProtocolFile, node: str) -> tuple[str, ...]:
    """Return the venues, vaults and feeds that a node of the oracle reads, through all its parents."""
    found: dict[str, None] = {}
    waiting, seen = [node], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        entry = file.oracle.nodes[name]
        waiting += entry.parents
        for field in ("venue", "vault", "feed"):
            read = getattr(entry, field, None)
            if isinstance(read, str):
                found[read] = None
    return tuple(found)


def _from_events(file: ProtocolFile, events: Iterable[Event]) -> Iterable[Link]:
    """Yield what was liquidated, sold on venues by those who liquidate, and lost."""
    total: dict[tuple[Place, Place, str], Decimal] = {}
    keepers = {event.actor for event in events if event.kind == "liquidation"}

    def add(source: Place, target: Place, relation: str, amount: object) -> None:
        assert isinstance(amount, Decimal)
        key = source, target, relation
        total[key] = total.get(key, Decimal(0)) + amount

    for event in events:
        detail = event.details
        if event.kind == "liquidation":
            account = Place("account", str(detail["account"]))
            add(account, Place("keeper", event.actor), "liquidated by", detail["volume"])
        elif event.kind == "loss paid":
            account = Place("account", str(detail["account"]))
            add(account, Place("payer", event.actor), "lost by", detail["amount"])
        elif event.kind == "trade" and event.actor in keepers and detail.get("venue") in file.venues:
            asset, sold = str(detail["asset"]), detail["sold"]
            assert isinstance(sold, Decimal)
            worth = money(Fraction(sold) * Fraction(file.price(asset)))
            add(Place("keeper", event.actor), Place("source", str(detail["venue"])), "sold on", worth)
    for (source, target, relation), amount in total.items():
        yield Link(source, target, relation, amount)


def reach(links: Sequence[Link]) -> tuple[Reach, ...]:
    """Return what lies behind each source, the greatest exposure first."""
    import networkx as nx  # noqa: PLC0415 - heavy, and only a report needs it

    graph: nx.DiGraph[Place] = nx.DiGraph()
    for link in links:
        graph.add_edge(link.source, link.target)
    looped = {node for part in nx.strongly_connected_components(graph) if len(part) > 1 for node in part}
    found = []
    for source in sorted(node for node in graph if node.kind == "source"):
        prices = {link.target for link in links if link.source == source and link.relation == "priced from"}
        direct = [link for link in links if link.relation == "exposed to" and link.source in prices]
        accounts = {link.target for link in direct}

        def summed(relation: str, accounts: set[Place] = accounts) -> Decimal:
            return sum(
                (k.amount for k in links if k.relation == relation and k.source in accounts), Decimal(0)
            )

        found.append(
            Reach(
                source.name,
                len(accounts),
                sum((link.amount for link in direct), Decimal(0)),
                summed("liquidated by"),
                summed("lost by"),
                source in looped,
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.exposure, each.source)))
