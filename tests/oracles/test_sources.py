"""Rules of sources that were read in the contracts but have no recorded figures."""

from __future__ import annotations

import pytest

from oracles.node import Node, View, read
from oracles.reading import Reason
from oracles.sources.api3 import Beacon, newer_of, update_set
from oracles.sources.chainlink import ChainlinkFeed, Ocr2Aggregator, ReportRule
from oracles.sources.chronicle import Poke, Scribe
from oracles.sources.connect import changes_price, stake_weighted
from oracles.sources.constant import Constant
from oracles.sources.gmx import FACTOR, GmxReport, GmxRule
from oracles.sources.hyperliquid import ExponentialAverage, MarkInputs, oracle_price, validator_price
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

HOUR = 3600
E18 = 10**18


def reason(node: Node, view: View) -> Reason | None:
    refusal = read(node, view).refusal
    return refusal.reason if refusal else None


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
