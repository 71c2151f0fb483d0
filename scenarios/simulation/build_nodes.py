"""Nodes of a protocol file's oracle graph out of their entries, over parents that are built already."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from oracles.guards import ConfidenceLimit, Freeze, MinimumSources, RateOfChange
from oracles.node import Node
from oracles.reducers import Cross, Product
from oracles.sources.capo import CappedRatio, CappedStable, RatioCap
from oracles.sources.constant import Constant
from oracles.sources.exchange_index import ExchangeIndex
from oracles.sources.feed import DelayedSample, FeedSample
from oracles.sources.lp_fair import FairLpToken
from oracles.sources.pool import CumulativeTwap, LpTokenByReserves, SpotPool
from oracles.sources.vault_share import VaultSharePrice, VaultShareWithoutGifts
from oracles.sources.venue_price import GeometricTwap, MarginalPrice, PoolAverage
from scenarios.files import protocol_oracle as o
from scenarios.files import protocol_parts as f
from scenarios.files.oracle_cost import NodeFile
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_venues import ConcentratedFile, assets_of
from scenarios.oracle_cost_build import build_node
from scenarios.simulation.names import PRICE_DECIMALS
from scenarios.world import gifts_to

START = 1_700_000_000
"""Unix second of the first block; averages of pools have run for a long time by then."""


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


def build_source(file: ProtocolFile, name: str, entry: o.SourceNode, parents: tuple[Node, ...]) -> Node:
    """Return a source, in money where the file gives a parent that prices its quote asset."""
    places = {asset: held.decimals for asset, held in file.assets.items()}
    match entry:
        case f.ConstantFile():
            return Constant(name, int(entry.price.scaleb(PRICE_DECIMALS)), PRICE_DECIMALS)
        case f.FeedFile():
            return FeedSample(entry.feed, entry.back)
        case f.DelayedFile():
            return DelayedSample(entry.feed, entry.delay)
        case f.SpotFile():
            plain = isinstance(file.venues[entry.venue], f.ConstantProductFile)
            kind = SpotPool if plain else MarginalPrice
            pair = places[entry.base], places[entry.quote]
            return _priced(kind(entry.venue, entry.base, entry.quote, *pair), parents)
        case f.TwapFile():
            return _priced(_average(file, name, entry, places), parents)
        case f.VaultRateFile():
            vault = file.vaults[entry.vault]
            return VaultSharePrice(entry.vault, places[vault.share], places[vault.asset], parents=parents)
        case o.VaultBooksFile():
            vault = file.vaults[entry.vault]
            pair = places[vault.share], places[vault.asset]
            return _priced(VaultShareWithoutGifts(entry.vault, gifts_to(entry.vault), *pair), parents)
        case o.PoolAverageFile():
            return _priced(PoolAverage(entry.venue, entry.base, entry.quote), parents)
        case o.FairLpFile():
            first, second = assets_of(file.venues[entry.venue])
            pair = places[first], places[second]
            return FairLpToken(entry.venue, (first, second), pair, parents=parents)
        case o.ReservesLpFile():
            decimals = tuple(places[asset] for asset in entry.assets)
            assets = tuple(entry.assets)
            return LpTokenByReserves(entry.venue, assets, decimals, parents=parents)


def _average(file: ProtocolFile, name: str, entry: f.TwapFile, places: dict[str, int]) -> Node:
    venue = file.venues[entry.venue]
    quote = next(asset for asset in assets_of(venue) if asset != entry.base)
    pair = places[entry.base], places[quote]
    if isinstance(venue, ConcentratedFile):
        return GeometricTwap(entry.venue, entry.base, entry.window, *pair)
    return CumulativeTwap(entry.venue, entry.base, memory_of(name), *pair)


def memory_of(name: str) -> str:
    """Return under which name a TWAP node's stored observation is kept."""
    return f"observation of {name}"


def build_over(entry: o.GuardNode | NodeFile, parents: tuple[Node, ...]) -> Node:
    """Return a reducer or guard over its parents."""
    match entry:
        case o.CappedRateFile():
            growth = int(entry.yearly_growth * 10_000)
            cap = RatioCap(int(entry.start.scaleb(PRICE_DECIMALS)), START, growth)
            return CappedRatio(cap, parents=parents)
        case o.CappedStableFile():
            return CappedStable(int(entry.cap.scaleb(PRICE_DECIMALS)), parents=parents)
        case o.RateOfChangeFile():
            limits = Fraction(entry.limit_per_second), Fraction(entry.free_move)
            return RateOfChange(*limits, parents=parents)
        case o.ConfidenceFile():
            return ConfidenceLimit(Fraction(entry.limit), parents=parents)
        case o.MinimumSourcesFile():
            return MinimumSources(entry.minimum, tuple(entry.causes), parents=parents)
        case o.FreezeFile():
            return Freeze(entry.switch, parents=parents)
        case o.CrossFile():
            return Cross(entry.first, entry.second, parents=parents)
        case o.IndexFile():
            weights, band = tuple(entry.weights), Fraction(entry.band)
            rule = (entry.outliers, entry.minimum, entry.maximum_age)
            return ExchangeIndex(weights, band, *rule, parents=parents)
        case _:
            return build_node(entry, parents)


def _priced(source: Node, parents: tuple[Node, ...]) -> Node:
    """Return the source in money: times the price of its quote asset, where the file gives one."""
    return Product(parents=(source, *parents)) if parents else source
