"""How real oracles behave over time where a reader would not expect it."""

from __future__ import annotations

import pytest

from oracles.node import Node, View, read
from oracles.reading import Reason
from oracles.sources.api3 import Beacon, update_set
from oracles.sources.capo import RatioCap, new_snapshot
from oracles.sources.drift import TwapState
from oracles.sources.maker import DelayedPrice, Osm
from oracles.sources.mango import StablePrice
from oracles.sources.synthetix import NodeOutput, reduce_outputs, staleness_breaker
from oracles.sources.synthetix_uniswap import SynthetixUniswap
from protocol.errors import OracleError, OracleRangeError, OracleStaleError
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from uniswap_v3_pools import trade

HOUR = 3600
E18 = 10**18


def reason(node: Node, view: View) -> Reason | None:
    refusal = read(node, view).refusal
    return refusal.reason if refusal else None


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
