"""Venues, vaults and the oracle graph of a protocol file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oracles.node import Node
from protocol.venues.vault_share import VaultShare
from scenarios.files import protocol_oracle as o
from scenarios.files import protocol_parts as f
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.build_nodes import Average, build_over, build_source, memory_of
from scenarios.simulation.build_venues import build_venue, units_of
from scenarios.simulation.names import PRICE_DECIMALS

__all__ = ["PRICE_DECIMALS", "Average", "Graph", "build_graph", "build_vault", "build_venue", "units_of"]


@dataclass(frozen=True, slots=True)
class Graph:
    """The oracle of a file.

    Parameters
    ----------
    nodes
        By the file's names.
    prices
        Node by asset.
    feeds
        Asset by feed.
    averages
        TWAPs that need observations.
    """

    nodes: Mapping[str, Node]
    prices: Mapping[str, Node]
    feeds: Mapping[str, str]
    averages: tuple[Average, ...]


def build_vault(file: ProtocolFile, vault: f.VaultFile) -> VaultShare:
    """Return the vault of an entry."""
    return VaultShare(
        vault.asset,
        vault.share,
        units_of(file, vault.asset, vault.total_assets),
        units_of(file, vault.share, vault.total_supply),
        virtual_assets=1 if vault.virtual_shares else 0,
        virtual_shares=vault.virtual_shares,
    )


def build_graph(file: ProtocolFile) -> Graph:
    """Return the oracle graph; the file's checks have shown that it has no cycle."""
    nodes: dict[str, Node] = {}
    feeds: dict[str, str] = {}
    averages: list[Average] = []

    def node(name: str) -> Node:
        if name not in nodes:
            entry = file.oracle.nodes[name]
            parents = tuple(node(parent) for parent in entry.parents)
            if isinstance(entry, o.SourceNode):
                nodes[name] = build_source(file, name, entry, parents)
            else:
                nodes[name] = build_over(entry, parents)
            if isinstance(entry, f.FeedFile | f.DelayedFile):
                feeds[entry.feed] = entry.asset
            pair = isinstance(entry, f.TwapFile) and file.venues[entry.venue].type == "constant-product"
            if isinstance(entry, f.TwapFile) and pair:
                memory, window = memory_of(name), entry.window
                averages.append(Average(memory, entry.venue, window, entry.anyone_may_update))
        return nodes[name]

    for name in file.oracle.nodes:
        node(name)
    prices = {asset: nodes[name] for asset, name in file.oracle.prices.items()}
    return Graph(nodes, prices, feeds, tuple(averages))
