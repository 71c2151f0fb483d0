"""The oracle graph: identity by hash, refusals as values, one pass."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles.guards import Staleness
from oracles.node import Node, Sample, View, evaluate, read, walk
from oracles.reading import Reading, Reason
from oracles.reducers import FirstOf, Latest, Median, median_down
from oracles.sources.constant import Constant
from oracles.sources.feed import FeedSample
from oracles.sources.pool import CumulativeTwap, LpTokenByReserves, Observation, SpotPool
from oracles.sources.vault_share import Reciprocal, VaultSharePrice
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.vault_share import yearn

E = 10**18


def feed_view(time: int, *samples: tuple[int, int]) -> View:
    return View(time, feeds={"f": tuple(Sample(t, v, 8) for t, v in samples)})


def test_equal_graphs_are_the_same_graph() -> None:
    def graph(max_age: int) -> Node:
        return Median(parents=(Staleness(max_age, parents=(FeedSample("f"),)), Constant("c", 5)))

    assert graph(60).id == graph(60).id
    assert graph(60).id != graph(61).id
    assert len({node.id for node in walk(graph(60))}) == 4


def test_a_node_cannot_be_changed_so_a_cycle_cannot_be_written() -> None:
    node = Median(parents=(Constant("c", 5),))
    with pytest.raises(FrozenInstanceError):
        node.parents = (node,)  # type: ignore[misc]


def test_a_shared_parent_is_read_once() -> None:
    calls: list[int] = []

    class Counting(Constant):
        def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
            calls.append(1)
            return super().read(view, readings)

    shared = Counting("c", 7)
    graph = Median(parents=(Latest(parents=(shared,)), FirstOf(parents=(shared,)), shared))
    assert read(graph, View(0)).value == 7
    assert len(calls) == 1


@given(st.lists(st.integers(-(10**30), 10**30), min_size=1, max_size=9))
def test_median_rules(values: list[int]) -> None:
    lower, upper, mean = (median_down(values, rule) for rule in ("lower", "upper", "mean-down"))
    ordered = sorted(values)
    assert lower == ordered[(len(values) - 1) // 2]
    assert upper == ordered[len(values) // 2]
    assert mean == (lower + upper) // 2


def test_median_needs_its_minimum_and_keeps_the_oldest_time() -> None:
    graph = Median(minimum_sources=2, parents=(FeedSample("f"), FeedSample("f", 1), FeedSample("missing")))
    reading = read(graph, feed_view(100, (10, 5), (20, 9)))
    assert (reading.value, reading.publish_time, len(reading.children)) == (5, 10, 3)
    refused = read(graph, feed_view(15, (10, 5), (20, 9)))
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.TOO_FEW_SOURCES


@pytest.mark.parametrize(("time", "reason"), [(160, None), (161, Reason.STALE)])
def test_staleness_at_its_limit(time: int, reason: Reason | None) -> None:
    reading = read(Staleness(60, parents=(FeedSample("f"),)), feed_view(time, (100, 5)))
    assert (reading.refusal.reason if reading.refusal else None) is reason


def test_a_fallback_catches_a_refusal() -> None:
    graph = FirstOf(parents=(Staleness(60, parents=(FeedSample("f"),)), Constant("peg", E)))
    assert read(graph, feed_view(120, (100, 5))).value == 5
    assert read(graph, feed_view(500, (100, 5))).value == E
    nothing = read(FirstOf(parents=(FeedSample("f"),)), View(0))
    assert nothing.refusal is not None


def test_spot_and_lp_prices_follow_the_reserves() -> None:
    pair = UniswapV2Pair("DAI", "WETH", 2_000 * E, 4 * E, total_supply=80 * E)
    view = View(0, venues={"p": pair})
    assert read(SpotPool("p", "WETH", "DAI", 18, 18), view).value == 500 * E
    parents = (Constant("DAI", E), Constant("ETH", 500 * E))
    lp = LpTokenByReserves("p", ("DAI", "WETH"), (18, 18), parents=parents)
    assert read(lp, view).value == 50 * E
    doubled = LpTokenByReserves("p", ("WETH",), (18,), parents=parents[1:])
    assert read(doubled, view).value == 50 * E
    _, moved = pair.swap("DAI", "WETH", 2_000 * E)
    assert (read(lp, View(0, venues={"p": moved})).value or 0) > 60 * E


def test_the_average_starts_at_the_stored_observation() -> None:
    pair = UniswapV2Pair("A", "B", 10 * E, 20 * E, time_last=100)
    node = CumulativeTwap("p", "A", "m", 18, 18)
    stored = Observation(100, pair.price0_cumulative, pair.price1_cumulative)
    assert read(node, View(700, venues={"p": pair}, memory={"m": stored})).value == 2 * E
    _, moved = pair.swap("B", "A", 20 * E, time=700)
    at_trade = moved.accumulate(700)
    late = Observation(700, at_trade.price0_cumulative, at_trade.price1_cumulative)
    spot = read(SpotPool("p", "A", "B", 18, 18), View(713, venues={"p": moved})).value
    assert abs((read(node, View(713, venues={"p": moved}, memory={"m": late})).value or 0) - (spot or 0)) <= 1
    honest = read(node, View(713, venues={"p": moved}, memory={"m": stored})).value or 0
    assert 2 * E < honest < 3 * E
    assert not read(node, View(100, venues={"p": pair}, memory={"m": stored})).ok
    assert not read(node, View(700, venues={"p": pair})).ok


def test_a_vault_share_and_its_reciprocal() -> None:
    vault = yearn("A", "S", total_assets=3 * E, total_supply=2 * E)
    view = View(0, vaults={"v": vault})
    assert read(VaultSharePrice("v", parents=(Constant("A", 2 * E),)), view).value == 3 * E
    assert read(Reciprocal(parents=(VaultSharePrice("v"),)), view).value == 10**36 // (3 * E // 2)
    empty = View(0, vaults={"v": yearn("A", "S", total_supply=2 * E)})
    refused = read(Reciprocal(parents=(VaultSharePrice("v"),)), empty)
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.REVERTED


def test_every_reading_of_a_graph_is_kept() -> None:
    graph = Median(parents=(Constant("a", 1), Constant("b", 2), Constant("c", 9)))
    readings = evaluate(graph, View(0))
    assert len(readings) == 4
    assert readings[graph.id].value == 2
