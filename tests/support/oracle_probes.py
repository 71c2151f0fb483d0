"""One probe per oracle node: a graph, and a view in which everything it reads comes from one price.

The price is an integer number of 1e-8 units, so every probe knows what its node must say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from oracles.guards import (
    Bounds,
    ConfidenceLimit,
    DeviationLimit,
    Freeze,
    MinimumSources,
    Positive,
    RateOfChange,
    Staleness,
)
from oracles.node import Node, View
from oracles.reducers import (
    Cross,
    Estimate,
    Estimator,
    FirstOf,
    Latest,
    Median,
    Product,
    Quotient,
    WeightedMedian,
)
from oracles.sources.api3 import Api3Feed, Beacon
from oracles.sources.asset_source import AssetSource
from oracles.sources.band import BandFeed, ValidatorPrice
from oracles.sources.capo import CappedRatio, CappedStable, RatioCap
from oracles.sources.chainlink import AggregatorProxy, ChainlinkFeed
from oracles.sources.chronicle import ChronicleFeed, Poke, Scribe
from oracles.sources.connect import ConnectMedian
from oracles.sources.constant import Constant
from oracles.sources.drift_guard import DriftGuard, DriftMarket
from oracles.sources.euler import EulerQuote, PythAdapter
from oracles.sources.exchange_index import ExchangeIndex
from oracles.sources.feed import DelayedSample, FeedSample
from oracles.sources.gmx import GmxFeed
from oracles.sources.hyperliquid import HyperliquidMark, MarkInputs
from oracles.sources.lp_fair import FairLpToken
from oracles.sources.maker import DelayedPrice, MakerMedian, MakerMedianFeed, Osm, OsmFeed
from oracles.sources.mango import MangoStablePrice, StablePrice
from oracles.sources.pool import CumulativeTwap, LpTokenByReserves, SpotPool
from oracles.sources.pyth import PythFeed, PythPrice
from oracles.sources.pyth_aggregate import PublisherBoard, PublisherQuote, PythPublishers
from oracles.sources.pyth_ema import PythEma
from oracles.sources.redstone import RedstoneFeed
from oracles.sources.reflector import ReflectorFeed
from oracles.sources.sequencer import SequencerUp
from oracles.sources.switchboard import Submissions, SwitchboardFeed
from oracles.sources.synthetix import (
    SynthetixChainlink,
    SynthetixDeviation,
    SynthetixPyth,
    SynthetixReducer,
    SynthetixStaleness,
)
from oracles.sources.tellor import TellorCurrentValue, TellorFeed, TellorReports
from oracles.sources.uma import Assertion, UmaFeed
from oracles.sources.vault_share import Reciprocal, VaultSharePrice, VaultShareWithoutGifts
from oracles.sources.venue_price import MarginalPrice
from probe_views import (
    ViewOf,
    aggregator,
    euler_pyth_view,
    euler_router,
    euler_view,
    fair_view,
    feeds,
    five,
    gift_view,
    gmx,
    lp_view,
    memory,
    pool_view,
    redstone,
    reflector,
    registry_view,
    vault_view,
)


@dataclass(frozen=True)
class Probe:
    """A graph and how to feed it.

    Parameters
    ----------
    build
        Makes the graph afresh.
    view
        (price in 1e-8, now, age in seconds) to the view.
    power
        The node says price ** power.
    timed
        Whether the reading's time is ``now - age``; else it says "now".
    tolerance
        Allowed relative distance beyond one unit of the reading's last place.
    confident
        Whether the reading carries a confidence.
    """

    name: str
    build: Callable[[], Node]
    view: ViewOf
    power: int = 1
    timed: bool = True
    tolerance: Fraction = Fraction(0)
    confident: bool = False


def estimator(estimate: Estimate) -> Probe:
    return Probe(estimate, lambda: Estimator(estimate, parents=five()), feeds)


SOURCES: tuple[Probe, ...] = (
    Probe("spot-pool", lambda: SpotPool("p", "A", "B", 18, 18), pool_view, timed=False),
    Probe("marginal-price", lambda: MarginalPrice("p", "A", "B", 18, 18), pool_view, timed=False),
    Probe("cumulative-twap", lambda: CumulativeTwap("p", "A", "m", 18, 18), pool_view, timed=False),
    Probe("feed-sample", lambda: FeedSample("a"), feeds),
    Probe("delayed-sample", lambda: DelayedSample("a", 0), feeds),
    Probe("vault-share", lambda: VaultSharePrice("v"), vault_view, timed=False),
    Probe("vault-share-own-books", lambda: VaultShareWithoutGifts("v", "gifts"), gift_view, timed=False),
    Probe("chainlink", lambda: ChainlinkFeed("m"), memory(aggregator)),
    Probe(
        "chainlink-proxy",
        lambda: ChainlinkFeed("m"),
        memory(lambda price, time: AggregatorProxy((aggregator(price, time),))),
    ),
    Probe(
        "pyth",
        lambda: PythFeed("m"),
        memory(lambda price, time: PythPrice(price, 3, -8, time)),
        confident=True,
    ),
    Probe(
        "pyth-publishers",
        lambda: PythPublishers("m"),
        memory(
            lambda price, time: PublisherBoard(
                100, time, -8, tuple(PublisherQuote(price, 1, 1, 100) for _ in range(4)), 3
            )
        ),
        confident=True,
    ),
    Probe(
        "maker-median",
        lambda: MakerMedianFeed("m"),
        memory(lambda price, time: MakerMedian(frozenset(), 1, price * 10**10, time)),
    ),
    Probe(
        "maker-osm",
        lambda: OsmFeed("m"),
        memory(lambda price, time: Osm(3600, DelayedPrice(price * 10**10, True), poked_at=time)),
    ),
    Probe(
        "chronicle",
        lambda: ChronicleFeed("m"),
        memory(lambda price, time: Scribe(frozenset(), 1, Poke(price * 10**10, time))),
    ),
    Probe("redstone", lambda: RedstoneFeed("m", "F"), redstone),
    Probe("api3", lambda: Api3Feed("m"), memory(lambda price, time: Beacon(price * 10**10, time))),
    Probe(
        "tellor",
        lambda: TellorFeed("m", delay=-1),
        memory(lambda price, time: TellorReports(((time, price * 10**10),))),
    ),
    Probe(
        "tellor-current-value",
        lambda: TellorCurrentValue("m"),
        memory(lambda price, time: TellorReports(((time, price * 10**10),))),
    ),
    Probe(
        "uma",
        lambda: UmaFeed("m"),
        memory(lambda price, time: Assertion(price * 10**10, time - 7200, 1)),
    ),
    Probe(
        "switchboard",
        lambda: SwitchboardFeed("m"),
        memory(lambda price, time: Submissions(((990, price * 10**10),) * 3, time)),
    ),
    Probe(
        "band",
        lambda: BandFeed("m"),
        memory(lambda price, time: (ValidatorPrice("available", 5, price * 10, time),) * 3),
    ),
    Probe("gmx", lambda: GmxFeed("m", "T"), gmx, confident=True),
    Probe(
        "hyperliquid-mark",
        lambda: HyperliquidMark("m"),
        memory(lambda price, time: MarkInputs(price, 0, price, price, price, (price, price), None, time)),
    ),
    Probe("reflector", lambda: ReflectorFeed("m"), reflector),
    Probe("reflector-mean", lambda: ReflectorFeed("m", 3), reflector),
    Probe(
        "mango-stable-price",
        lambda: MangoStablePrice("m"),
        memory(lambda price, time: StablePrice.reset(price / 10**8, time)),
        tolerance=Fraction(1, 2**52),
    ),
    Probe(
        "pyth-average",
        lambda: PythFeed("m"),
        memory(lambda price, time: PythEma(-8).update(price, 100, 5000).price_at(time)),
        tolerance=Fraction(1, 2**24),
        confident=True,
    ),
    Probe(
        "synthetix-pyth",
        lambda: SynthetixPyth("m"),
        memory(lambda price, time: PythPrice(price, 3, -8, time)),
    ),
    Probe("synthetix-chainlink", lambda: SynthetixChainlink("a"), feeds),
    Probe("synthetix-chainlink-average", lambda: SynthetixChainlink("a", 3600), feeds),
    Probe("euler-router", euler_router, euler_view, timed=False),
    Probe(
        "euler-pyth",
        lambda: EulerQuote(PythAdapter("m", "b", "q", 18, 18, 900, 100), "b", "q", 18, 18),
        euler_pyth_view,
        timed=False,
    ),
)

NODES: tuple[Probe, ...] = (
    Probe(
        "lp-token-by-reserves",
        lambda: LpTokenByReserves("p", ("A",), (18,), parents=(FeedSample("a"),)),
        lp_view,
        timed=False,
    ),
    Probe(
        "lp-token-fair",
        lambda: FairLpToken("p", ("A", "B"), (18, 18), parents=(FeedSample("a"), FeedSample("b"))),
        fair_view,
        timed=False,
    ),
    Probe(
        "asset-source",
        lambda: AssetSource("A", ("first", "second"), "source", parents=(FeedSample("a"), FeedSample("r"))),
        registry_view,
    ),
    Probe("median", lambda: Median("mean-down", 3, parents=five()), feeds),
    Probe("weighted-median", lambda: WeightedMedian((3, 2, 2, 1, 1), 5, parents=five()), feeds),
    *(
        estimator(estimate)
        for estimate in ("mean", "trimmed-mean", "winsorised-mean", "huber", "minimum", "maximum")
    ),
    Probe("latest", lambda: Latest(parents=five()), feeds),
    Probe("first-of", lambda: FirstOf(parents=five()), feeds),
    Probe("product", lambda: Product(parents=(FeedSample("b"), FeedSample("r"))), feeds),
    Probe("product-square", lambda: Product(parents=(FeedSample("b"), FeedSample("b"))), feeds, power=2),
    Probe("quotient", lambda: Quotient(parents=(FeedSample("r"), FeedSample("b"))), feeds, power=-1),
    Probe("cross", lambda: Cross(parents=(FeedSample("b"), FeedSample("r"))), feeds),
    Probe(
        "cross-invert", lambda: Cross("invert", parents=(FeedSample("b"), FeedSample("r"))), feeds, power=-1
    ),
    Probe(
        "reciprocal",
        lambda: Reciprocal(36, 18, parents=(FeedSample("b"),)),
        feeds,
        power=-1,
        timed=False,
    ),
    Probe("connect-median", lambda: ConnectMedian(3, 8, parents=five()), feeds, tolerance=Fraction(1, 2**62)),
    Probe("exchange-index", lambda: ExchangeIndex((3, 2, 2, 1, 1), maximum_age=10**9, parents=five()), feeds),
    Probe("synthetix-median", lambda: SynthetixReducer("MEDIAN", parents=five()), feeds),
    Probe("synthetix-mean", lambda: SynthetixReducer("MEAN", parents=five()), feeds),
    Probe("synthetix-recent", lambda: SynthetixReducer("RECENT", parents=five()), feeds),
    Probe(
        "synthetix-div",
        lambda: SynthetixReducer("DIVDECIMAL", parents=(FeedSample("r"), FeedSample("b"))),
        feeds,
        power=-1,
    ),
    Probe("synthetix-deviation", lambda: SynthetixDeviation(10**16, parents=five()[:2]), feeds),
    Probe("synthetix-staleness", lambda: SynthetixStaleness(10**9, parents=five()[:1]), feeds),
    Probe(
        "capped-ratio",
        lambda: CappedRatio(RatioCap(2 * 10**18, 1, 500), parents=(FeedSample("a"), FeedSample("r"))),
        feeds,
    ),
    Probe("capped-stable", lambda: CappedStable(10**40, parents=(FeedSample("a"),)), feeds),
    Probe(
        "drift-guard",
        lambda: DriftGuard("market", "MarginCalc", parents=five()[:1]),
        lambda price, now, age: View(
            now,
            block=7,
            feeds=feeds(price, now, age).feeds,
            memory={"market": DriftMarket(max(price // 100, 1))},
        ),
    ),
    Probe("staleness", lambda: Staleness(10**9, parents=(FeedSample("a"),)), feeds),
    Probe("positive", lambda: Positive(parents=(FeedSample("a"),)), feeds),
    Probe("deviation-limit", lambda: DeviationLimit(Fraction(1, 100), parents=five()[:2]), feeds),
    Probe("bounds", lambda: Bounds(Fraction(0), Fraction(10**30), parents=(FeedSample("a"),)), feeds),
    Probe(
        "confidence-limit",
        lambda: ConfidenceLimit(Fraction(10**9), parents=(PythFeed("m"),)),
        memory(lambda price, time: PythPrice(price, 3, -8, time)),
        confident=True,
    ),
    Probe("rate-of-change", lambda: RateOfChange(Fraction(1, 100), parents=five()[:2]), feeds),
    Probe("minimum-sources", lambda: MinimumSources(2, parents=five()[:4]), feeds),
    Probe("freeze", lambda: Freeze("off", parents=five()[:1]), feeds),
    Probe("sequencer-up", lambda: SequencerUp("uptime", parents=five()[:1]), feeds),
)

CONSTANT = Constant("one", 10**18)
PROBES = (*SOURCES, *NODES)
