"""How sources behave over time: the measured surprises, and rules that were read but have no figures."""

from __future__ import annotations

from fractions import Fraction

import pytest

from oracles.guards import (
    Bounds,
    ConfidenceLimit,
    DeviationLimit,
    Freeze,
    MinimumSources,
    Positive,
    RateOfChange,
)
from oracles.node import Node, Sample, View, read
from oracles.reading import Reason
from oracles.sources.api3 import Beacon, newer_of, update_set
from oracles.sources.capo import RatioCap, new_snapshot
from oracles.sources.chainlink import ChainlinkFeed, Ocr2Aggregator, ReportRule
from oracles.sources.chronicle import Poke, Scribe
from oracles.sources.connect import changes_price, stake_weighted
from oracles.sources.constant import Constant
from oracles.sources.drift import TwapState
from oracles.sources.feed import DelayedSample, FeedSample
from oracles.sources.gmx import FACTOR, GmxReport, GmxRule
from oracles.sources.hyperliquid import ExponentialAverage, MarkInputs, oracle_price, validator_price
from oracles.sources.maker import DelayedPrice, Osm
from oracles.sources.mango import StablePrice
from oracles.sources.pyth import (
    PythCumulative,
    PythFeed,
    PythPrice,
    cumulative_twap,
    newer,
    not_older_than,
    parse_in_window,
)
from oracles.sources.pyth_aggregate import published_status
from oracles.sources.reflector import ReflectorPrices, cross_price_down
from oracles.sources.sequencer import SequencerUp, SequencerUptime
from oracles.sources.switchboard import Submissions
from oracles.sources.synthetix import NodeOutput, reduce_outputs, staleness_breaker
from oracles.sources.synthetix_uniswap import SynthetixUniswap
from oracles.sources.tellor import TellorFeed, TellorReports, minimum_stake
from oracles.sources.uma import Assertion, UmaFeed, minimum_bond
from protocol.errors import (
    DivisionByZeroError,
    OracleError,
    OracleFutureError,
    OracleOrderError,
    OracleRangeError,
    OracleStaleError,
    OracleTooFewError,
    OracleUnauthorisedError,
)
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from uniswap_v3_pools import trade

HOUR = 3600
E18 = 10**18


def reason(node: Node, view: View) -> Reason | None:
    refusal = read(node, view).refusal
    return refusal.reason if refusal else None


def feed(**values: tuple[int, int]) -> View:
    """Feeds with 18 decimals at time 1,000: name = (whole price, age)."""
    return View(1000, feeds={name: (Sample(1000 - age, v * E18),) for name, (v, age) in values.items()})


# Measured surprises


def test_an_osm_delay_may_be_one_second() -> None:
    """Measured: a value taken at hh:59:59 is current at the next full hour."""
    osm = Osm().poke(10 * HOUR - 1, DelayedPrice(7 * E18, True))
    assert osm.current.has is False
    later = osm.poke(10 * HOUR, DelayedPrice(9 * E18, True))
    assert later.current.value == 7 * E18
    with pytest.raises(OracleError, match="OSM/not-passed"):
        later.poke(11 * HOUR - 1, DelayedPrice(1, True))
    assert osm.poke(12 * HOUR, DelayedPrice()) == osm, "a source without a value changes nothing"


def test_mango_stable_price_growth_and_its_drift_when_updates_are_rare() -> None:
    """Measured on the program: 2x after 5,000 s, 1.78x after an hour; 0.213 after 48 hourly updates."""
    model = StablePrice.reset(1.0, 0)
    for step in range(1, 501):
        model = model.update(10 * step, 1000.0)
        if step == 360:
            assert model.price == pytest.approx(1.78, abs=0.005)
        if step == 499:
            assert model.price < 2.0
    assert model.price >= 2.0
    rare = StablePrice.reset(1.0, 0)
    for hour in range(1, 49):
        rare = rare.update(hour * HOUR, 1.0)
    assert rare.delay_price == pytest.approx(0.213, abs=0.0005)
    often = StablePrice.reset(1.0, 0)
    for step in range(1, 6 * 48 + 1):
        often = often.update(600 * step, 1.0)
    assert often.delay_price == pytest.approx(1.0, abs=1e-12)


def test_averaged_timestamps_hide_a_stale_parent() -> None:
    """A parent s seconds stale among n adds s/n to the age that a later breaker sees, or nothing."""
    parents = [NodeOutput(100, 10_000)] * 4 + [NodeOutput(100, 0)]
    assert reduce_outputs("MEAN", parents).timestamp == 8_000
    assert reduce_outputs("MEDIAN", parents).timestamp == 10_000
    assert staleness_breaker(2_000, 10_000, [reduce_outputs("MEAN", parents)]).price == 100
    members = [Beacon(5, 10_000), Beacon(6, 10_000), Beacon(7, 1)]
    assert update_set(Beacon(), members) == Beacon(6, 10_000)


def test_drift_five_minute_average_is_replaced_after_five_minutes() -> None:
    state = TwapState(10**6, 0, 10**6, 0)
    assert state.oracle_twap_at(300, 1_500_000) == 1_500_000
    assert 10**6 < state.oracle_twap_at(30, 1_500_000) < 1_060_000


def test_a_capo_snapshot_below_the_truth_forces_a_discount() -> None:
    """March 2026: the snapshot ratio was rate-limited, its timestamp was not; the cap fell 2.85 % below."""
    true_ratio = 1_228_000_000_000_000_000
    cap = RatioCap(true_ratio * 9715 // 10_000, 1_700_000_000, 968)
    price = cap.answer_to_zero(1_700_000_000, 3000 * 10**8, true_ratio, 18)
    honest = 3000 * 10**8 * true_ratio // E18
    assert 1 - price / honest == pytest.approx(0.0285, abs=1e-4)
    with pytest.raises(OracleStaleError, match="InvalidRatioTimestamp"):
        new_snapshot(cap, cap, 1_800_000_000, 7 * 86400)
    with pytest.raises(OracleRangeError, match="SnapshotRatioIsZero"):
        new_snapshot(None, RatioCap(0, 1, 1), 10, 0)


# Chainlink


def test_report_rule() -> None:
    rule = ReportRule(HOUR, 5_000_000)
    assert rule.due(0, None, 0, 0)
    assert rule.due(HOUR + 1, 0, 1000, 1000)
    assert not rule.due(HOUR, 0, 1000, 1000)
    assert rule.due(1, 0, 1000, 1005)
    assert not rule.due(1, 0, 1000, 1004)


def test_an_answer_outside_the_range_makes_the_feed_stale() -> None:
    aggregator = Ocr2Aggregator(4, 1, 10, 100).transmit(1000, 1, 999, [50, 50, 50], [0, 1])
    with pytest.raises(OracleRangeError, match="median is out of min-max range"):
        aggregator.transmit(2000, 2, 1999, [1, 1, 1], [0, 1])
    for signers, text in (([0, 0], "non-unique"), ([0, 4], "signature error")):
        with pytest.raises(OracleUnauthorisedError, match=text):
            aggregator.transmit(2000, 2, 1999, [50, 50, 50], signers)
    reading = read(ChainlinkFeed("m"), View(9000, memory={"m": aggregator}))
    assert (reading.value, reading.publish_time, reading.round) == (50, 1000, 1)
    assert reason(ChainlinkFeed("m"), View(1, memory={"m": Ocr2Aggregator(4, 1, 10, 100)})) is Reason.NO_DATA


def test_sequencer_grace() -> None:
    node = SequencerUp("up", 300, parents=(Constant("c", 5),))

    def at(now: int, stored: SequencerUptime) -> Reason | None:
        return reason(node, View(now, memory={"up": stored}))

    down = SequencerUptime(0, 100).update(1, 500)
    assert at(600, down) is Reason.SEQUENCER_DOWN
    up = down.update(0, 700)
    assert at(1000, up) is Reason.SEQUENCER_DOWN
    assert at(1001, up) is None
    assert up.update(0, 900) == up, "the same status changes nothing"
    assert up.update(1, 600) == up, "an older message is ignored"
    # An invalid round reads as zeros, "up since 1970".
    assert at(1001, SequencerUptime(0, 0)) is Reason.NO_DATA
    assert at(1001, SequencerUptime(0, 1, initialised=False)) is Reason.NO_DATA


# Signed data


def test_pyth_store_and_age() -> None:
    old, new = PythPrice(1, 1, -8, 100), PythPrice(2, 1, -8, 101)
    assert newer(None, old) == old
    assert newer(old, new) == new
    assert newer(new, old) == new
    assert newer(old, PythPrice(9, 1, -8, 100)) == old, "the same time does not replace"
    assert not_older_than(old, 160, 60) == old
    assert not_older_than(old, 40, 60) == old, "a price from the future passes"
    with pytest.raises(OracleStaleError):
        not_older_than(old, 161, 60)
    with pytest.raises(OracleError, match="PriceFeedNotFoundWithinRange"):
        parse_in_window((old, new), 102, 200)
    view = View(161, memory={"m": old})
    assert reason(PythFeed("m", 60), view) is Reason.STALE
    assert reason(PythFeed("m", 60), View(39, memory={"m": old})) is Reason.FROM_FUTURE


def test_pyth_positive_exponent_and_published_status() -> None:
    reading = read(PythFeed("m"), View(1, memory={"m": PythPrice(12, 1, 3, 1)}))
    assert (reading.value, reading.decimals) == (12_000, 0)
    assert published_status(300, 100, 1) == 1
    assert published_status(-300, 101, 1) == 4
    assert cumulative_twap(PythCumulative(0, 0, 0, 10), PythCumulative(-25, 31, 3, 20)) == (-2, 3, 300_000)
    with pytest.raises(DivisionByZeroError):
        cumulative_twap(PythCumulative(0, 0, 0, 10), PythCumulative(5, 5, 0, 10))


def test_chronicle_pokes_and_challenges() -> None:
    scribe = Scribe(frozenset("abc"), 2).poke(100, Poke(5, 90), "ab")
    assert scribe.stored == Poke(5, 100), "the stored age is the block time"
    with pytest.raises(OracleStaleError):
        scribe.poke(200, Poke(6, 100), "ab")
    with pytest.raises(OracleFutureError):
        scribe.poke(200, Poke(6, 201), "ab")
    for signers in ("a", "abc", "aa", "ax"):
        with pytest.raises(OracleUnauthorisedError):
            scribe.poke(200, Poke(6, 150), signers)
    pending = scribe.optimistic_poke(200, Poke(6, 150))
    assert pending.current(200 + 1200) == Poke(5, 100)
    assert pending.current(200 + 1201) == Poke(6, 200)
    assert pending.challenge(300, valid=False).current(9999) == Poke(5, 100)
    assert pending.challenge(300, valid=True).current(301) == Poke(6, 200)
    with pytest.raises(OracleError, match="InChallengePeriod"):
        pending.optimistic_poke(300, Poke(7, 250))
    with pytest.raises(OracleError, match="NoOpPokeToChallenge"):
        pending.challenge(200 + 1201, valid=False)


def test_api3_beacons() -> None:
    beacon = Beacon().update(1000, 5, 1000 + 3599)
    with pytest.raises(OracleFutureError):
        Beacon().update(1000, 5, 1000 + 3600)
    with pytest.raises(OracleStaleError):
        beacon.update(9000, 6, beacon.timestamp)
    # A set's time may go backwards; only an unchanged pair is refused.
    assert update_set(Beacon(9, 50), [Beacon(1, 10), Beacon(4, 13)]) == Beacon(2, 11)
    with pytest.raises(OracleError, match="Does not update"):
        update_set(Beacon(2, 11), [Beacon(1, 10), Beacon(4, 13)])
    with pytest.raises(OracleTooFewError):
        update_set(Beacon(), [beacon])
    assert newer_of(Beacon(1, 5), Beacon(2, 6)).value == 2
    assert newer_of(Beacon(1, 5), Beacon(2, 5)).value == 1
    with pytest.raises(OracleError):
        newer_of(Beacon(), Beacon())


def test_tellor_readers_must_wait() -> None:
    """BonqDAO: one reporter sets the value at once; a reader who waits gives others time to dispute."""
    reports = TellorReports(((1000, 5 * E18),)).submit(9000, 10**9 * E18)
    now = View(9001, memory={"m": reports})
    assert read(TellorFeed("m", delay=0), now).price == 10**9
    assert read(TellorFeed("m"), now).price == 5
    disputed = View(9000 + 1201, memory={"m": reports.dispute(9000)})
    assert read(TellorFeed("m"), disputed).price == 5
    with pytest.raises(OracleOrderError):
        reports.submit(9000, 1)
    # 1,500 dollars of a token at 15 dollars are 100 tokens.
    assert minimum_stake(10 * E18, 1500 * E18, 15 * E18) == 100 * E18
    assert minimum_stake(10 * E18, 1500 * E18, 1500 * E18) == 10 * E18


def test_uma_disputes_and_settlement() -> None:
    assertion = Assertion(E18, 1000, 200)
    feed_of = UmaFeed("m")
    assert reason(feed_of, View(1000 + 7199, memory={"m": assertion})) is Reason.NO_DATA
    assert read(feed_of, View(1000 + 7200, memory={"m": assertion})).price == 1
    with pytest.raises(OracleError, match="expired"):
        assertion.dispute(1000 + 7200, 200)
    with pytest.raises(OracleRangeError):
        assertion.dispute(1001, 199)
    disputed = assertion.dispute(1000 + 7199, 200)
    assert disputed.settled(10**9) is None
    assert disputed.resolve(0).settled(1) == 0
    assert minimum_bond(100) == 200


def test_switchboard_scan_and_median() -> None:
    stored = Submissions(((90, 1), (95, 2), (99, 3), (100, 10), (0, 0), (100, 7)), 0)
    assert stored.value(100, 10, 1, True) == 3, "the upper median, up to the first empty entry"
    assert stored.value(100, 5, 1, True) == 3
    with pytest.raises(OracleTooFewError):
        stored.value(100, 5, 4, True)
    with pytest.raises(OracleTooFewError):
        stored.value(3, 10, 1, True)  # the unsigned lower bound wraps
    with pytest.raises(OracleRangeError):
        Submissions(((100, -5),), 0).value(100, 5, 1, True)


def test_gmx_spread_reduction_and_checks() -> None:
    report = GmxReport(1000, 1011, 1000)
    assert report.reduced(0) == report
    assert report.reduced(FACTOR) == GmxReport(1005, 1006, 1000)
    assert report.reduced(FACTOR // 2) == GmxReport(1002, 1009, 1000)
    rule = GmxRule()
    with pytest.raises(OracleStaleError):
        rule.check(1301, report, None)
    with pytest.raises(OracleRangeError):
        rule.check(1000, GmxReport(5, 4, 1000), None)
    with pytest.raises(OracleOrderError):
        rule.check_all(1100, {"a": report, "b": GmxReport(1, 1, 1061)}, {})
    assert set(rule.check_all(1100, {"a": report, "b": GmxReport(1, 1, 1060)}, {"a": 1005})) == {"a", "b"}


# Validators and exchanges


def test_connect_power_threshold_and_dydx_minimum_change() -> None:
    assert stake_weighted([(5, 666), (7, 0)], 1000) is None
    assert stake_weighted([(5, 667)], 1000) == 5
    assert stake_weighted([], 0) is None
    assert changes_price(1_000_000, 1_001_000, 1000)
    assert not changes_price(1_000_000, 1_000_999, 1000)


def test_hyperliquid_median_and_mark() -> None:
    assert validator_price({"Binance": 10, "OKX": 30, "Bybit": 40, "Kraken": 50, "Elsewhere": 1}) == 30
    assert oracle_price([(10, 3), (30, 3), (20, 1)]) == 20
    inputs = MarkInputs(100, 2, 90, 110, 105, (99, 101), None, 0)
    assert inputs.mark() == 102
    assert MarkInputs(100, None, 90, 110, 105, (99, 101), 200, 0).mark() == 105
    assert MarkInputs(100, None, 90, 110, 105, (99, 101), None, 0).mark() == 102
    with pytest.raises(OracleTooFewError):
        MarkInputs(100, None, None, 1, 1, (), None, 0).mark()
    average = ExponentialAverage(150)
    assert average.value is None
    for _ in range(100):
        average = average.update(5.0, 3.0)
    assert average.value == pytest.approx(5.0)


def test_reflector_grid_and_means() -> None:
    prices = ReflectorPrices()
    for k, price in enumerate((10, 11, 0, 14), start=1):
        prices = prices.store(300 * k, 300 * k, price)
    assert prices.last_price(1200 + 599) == (14, 1200)
    assert prices.last_price(1200 + 600) is None
    assert prices.mean_to_zero(1200, 1) == 14
    assert prices.mean_to_zero(1200, 2) is None, "a missing sample"
    assert prices.mean_to_zero(1200 + 361, 1) is None
    for bad in (1200, 1501, 1800):
        with pytest.raises(OracleOrderError):
            prices.store(1500, bad, 5)
    assert cross_price_down(3 * 10**14, 2 * 10**14) == 15 * 10**13
    assert cross_price_down(0, 5) is None
    assert cross_price_down(10**38, 10**14) == 10**38


def test_a_uniswap_node_says_now_and_is_moved_by_one_trade_given_time() -> None:
    """A pool at tick 0 prices 1 to 1; its time is the block's, so no staleness guard above it can fire."""
    pool = UniswapV3Pool.create("A", "B", 3000).initialise(1 << 96, time=1000)
    pool = pool.mint("owner", -60_000, 60_000, 10**18, time=1000)[2].increase_observation_cardinality_next(9)
    node = SynthetixUniswap("pool", "A", 600, 18, 18)
    quiet = read(node, View(10_000, venues={"pool": pool}))
    assert (quiet.value, quiet.publish_time, quiet.synthetic_time) == (E18, 10_000, True)
    assert reason(node, View(1_100, venues={"pool": pool})) is Reason.REVERTED, "the pool is younger"
    moved = trade(pool, False, 10**18, 10_000)
    assert read(node, View(10_000, venues={"pool": moved})).value == E18, "a trade in this very second"
    later = read(node, View(10_300, venues={"pool": moved})).value
    full = read(node, View(10_600, venues={"pool": moved})).value
    assert later is not None
    assert full is not None
    assert E18 < later < full
    # Half of the window at the new tick: the square root of the full move.
    assert later * later == pytest.approx(full * E18, rel=2e-4)


# Guards


def test_deviation_is_relative_to_the_named_price() -> None:
    view = feed(a=(100, 0), b=(150, 0), c=(7, 0))
    a, b, c = (FeedSample(name) for name in "abc")
    limit = Fraction(2, 5)
    assert reason(DeviationLimit(limit, "first", parents=(a, b)), view) is Reason.DEVIATED
    assert reason(DeviationLimit(limit, "second", parents=(a, b)), view) is None
    assert read(DeviationLimit(limit, parents=(a, b, c)), view).price == 7
    assert reason(DeviationLimit(Fraction(1, 2), parents=(a, b)), view) is None, "exactly the limit passes"


def test_bounds_refuse_or_clamp() -> None:
    low, high = Fraction(1, 10), Fraction(5)
    view = feed(a=(7, 0), b=(0, 0), c=(5, 0))
    assert reason(Bounds(low, high, parents=(FeedSample("a"),)), view) is Reason.OUT_OF_BOUNDS
    assert read(Bounds(low, high, parents=(FeedSample("c"),)), view).price == 5
    assert read(Bounds(low, high, "clamp", parents=(FeedSample("a"),)), view).price == 5
    assert read(Bounds(low, high, "clamp", parents=(FeedSample("b"),)), view).price == low
    assert reason(Positive(parents=(FeedSample("b"),)), view) is Reason.NOT_POSITIVE


def test_confidence_limit() -> None:
    node = ConfidenceLimit(Fraction(1, 100), parents=(PythFeed("m"),))
    assert reason(node, View(1, memory={"m": PythPrice(1000, 10, -8, 1)})) is None
    assert reason(node, View(1, memory={"m": PythPrice(1000, 11, -8, 1)})) is Reason.UNCERTAIN
    assert (
        reason(ConfidenceLimit(Fraction(1), parents=(FeedSample("a"),)), feed(a=(1, 0))) is Reason.UNCERTAIN
    )


def test_rate_of_change() -> None:
    node = RateOfChange(Fraction(1, 1000), parents=(FeedSample("a"), FeedSample("b")))
    assert reason(node, feed(a=(110, 0), b=(100, 100))) is None
    assert reason(node, feed(a=(111, 0), b=(100, 100))) is Reason.MOVED_TOO_FAST
    assert reason(node, feed(a=(110, 0), b=(100, 99))) is Reason.MOVED_TOO_FAST
    assert reason(node, feed(a=(110, 0))) is None, "nothing earlier is known"


def test_common_causes_count_once() -> None:
    parents = tuple(FeedSample(name) for name in "aabc")
    view = feed(a=(1, 0), b=(1, 0), c=(1, 0))
    assert reason(MinimumSources(3, parents=parents), view) is None
    shared = MinimumSources(3, ("usdt", "usdt", "usd"), parents=parents)
    assert reason(shared, view) is Reason.TOO_FEW_SOURCES


def test_freeze_and_delay() -> None:
    view = feed(a=(1, 0), b=(2, 0))
    frozen = View(view.time, feeds=view.feeds, memory={"off": True})
    a, b = FeedSample("a"), FeedSample("b")
    assert reason(Freeze("off", parents=(a,)), frozen) is Reason.FROZEN
    assert read(Freeze("off", parents=(a, b)), frozen).price == 2
    assert read(Freeze("off", parents=(a, b)), view).price == 1
    samples = (Sample(100, E18), Sample(200, 2 * E18))
    delayed = DelayedSample("a", 50)
    assert read(delayed, View(249, feeds={"a": samples})).price == 1
    assert read(delayed, View(250, feeds={"a": samples})).price == 2
    assert reason(delayed, View(149, feeds={"a": samples})) is Reason.NO_DATA
