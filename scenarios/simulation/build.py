"""Venues, vaults and the oracle graph of a protocol file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isqrt

from oracles.node import Node
from oracles.reducers import Product
from oracles.sources.constant import Constant
from oracles.sources.feed import DelayedSample, FeedSample
from oracles.sources.pool import CumulativeTwap, SpotPool
from oracles.sources.vault_share import VaultSharePrice
from protocol.fixed_point import WAD
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.uniswap_v2 import FEE_SCALE, UniswapV2Pair
from protocol.venues.vault_share import VaultShare
from protocol.venues.venue import Venue
from protocol.venues.weighted_pool import WeightedPool
from scenarios.files import protocol_parts as f
from scenarios.files.protocol import ProtocolFile
from scenarios.incidents.build import CURVE_FEE_SCALE
from scenarios.oracle_cost_build import build_node

PRICE_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Average:
    """A TWAP node of the file that needs a stored observation.

    Parameters
    ----------
    memory
        Under which the observation is kept.
    venue
        The pair.
    window
        Seconds.
    anyone_may_update
        Whether agents may store observations.
    """

    memory: str
    venue: str
    window: int
    anyone_may_update: bool


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


def units_of(file: ProtocolFile, asset: str, whole: Decimal) -> int:
    """Return raw units of a whole amount, rounded toward zero."""
    return int(whole.scaleb(file.assets[asset].decimals))


def build_venue(file: ProtocolFile, venue: f.VenueFile, time: int) -> Venue:
    """Return the exact venue of an entry; a pair's averages begin at ``time``."""
    assets = tuple(venue.reserves)
    held = {asset: units_of(file, asset, amount) for asset, amount in venue.reserves.items()}
    decimals = tuple(file.assets[asset].decimals for asset in assets)
    match venue:
        case f.ConstantProductFile():
            first, second = assets
            keep = int(FEE_SCALE * (1 - venue.fee))
            supply = isqrt(held[first] * held[second])
            return UniswapV2Pair(
                first, second, held[first], held[second], total_supply=supply, keep=keep, time_last=time
            )
        case f.StableswapFile():
            return StableSwapPool(
                coins=assets,
                balances=tuple(held.values()),
                precisions=tuple(10 ** (18 - places) for places in decimals),
                amplification=venue.amplification,
                fee=int(venue.fee * CURVE_FEE_SCALE),
                admin_fee=0,
            )
        case f.WeightedFile():
            return WeightedPool(
                assets,
                tuple(int(venue.weights[asset] * WAD) for asset in assets),
                tuple(held.values()),
                decimals,
                int(venue.fee * WAD),
            )


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
            nodes[name] = _source(file, name, entry, parents, feeds, averages)
        return nodes[name]

    for name in file.oracle.nodes:
        node(name)
    prices = {asset: nodes[name] for asset, name in file.oracle.prices.items()}
    return Graph(nodes, prices, feeds, tuple(averages))


def _source(
    file: ProtocolFile,
    name: str,
    entry: f.OracleNode,
    parents: tuple[Node, ...],
    feeds: dict[str, str],
    averages: list[Average],
) -> Node:
    match entry:
        case f.ConstantFile():
            return Constant(name, int(entry.price.scaleb(PRICE_DECIMALS)), PRICE_DECIMALS)
        case f.FeedFile():
            feeds[entry.feed] = entry.asset
            return FeedSample(entry.feed, entry.back)
        case f.DelayedFile():
            feeds[entry.feed] = entry.asset
            return DelayedSample(entry.feed, entry.delay)
        case f.SpotFile():
            places = file.assets[entry.base].decimals, file.assets[entry.quote].decimals
            return _priced(SpotPool(entry.venue, entry.base, entry.quote, *places), parents)
        case f.TwapFile():
            memory = f"observation of {name}"
            averages.append(Average(memory, entry.venue, entry.window, entry.anyone_may_update))
            quote = next(a for a in file.venues[entry.venue].reserves if a != entry.base)
            places = file.assets[entry.base].decimals, file.assets[quote].decimals
            return _priced(CumulativeTwap(entry.venue, entry.base, memory, *places), parents)
        case f.VaultRateFile():
            vault = file.vaults[entry.vault]
            places = file.assets[vault.share].decimals, file.assets[vault.asset].decimals
            return VaultSharePrice(entry.vault, *places, parents=parents)
        case _:
            return build_node(entry, parents)


def _priced(source: Node, parents: tuple[Node, ...]) -> Node:
    """Return the source in money: times the price of its quote asset, where the file gives one."""
    return Product(parents=(source, *parents)) if parents else source
