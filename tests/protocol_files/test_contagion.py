"""Who passes a shock to whom, and the health of accounts over time."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pool_crash import pool_crash
from protocol.liquidation.view import Judgement
from protocol_texts import changed
from scenarios.simulation.contagion import Link, Place, contagion, reach, sources_of
from scenarios.simulation.observe import MOST_HEALTH, health_of
from scenarios.simulation.run import RunResult, run_path


@pytest.fixture(scope="module")
def crash() -> RunResult:
    return run_path(pool_crash())


def total(links: tuple[Link, ...], relation: str) -> Decimal:
    return sum((link.amount for link in links if link.relation == relation), Decimal(0))


def test_links_carry_what_the_events_say(crash: RunResult) -> None:
    metrics = crash.metrics
    assert metrics.liquidations > 50
    assert metrics.socialised > 0
    assert total(crash.links, "liquidated by") == metrics.liquidated
    assert total(crash.links, "lost by") == metrics.insurance_paid + metrics.socialised == metrics.bad_debt


def test_keepers_sales_on_the_pool_that_is_read_close_a_loop(crash: RunResult) -> None:
    (pool,) = reach(crash.links)
    assert pool.source == "WETH/USDC"
    assert pool.loop
    assert pool.accounts == 81
    assert pool.liquidated == crash.metrics.liquidated


def test_a_feed_has_no_loop_and_a_constant_no_place() -> None:
    result = run_path(changed("lending-crash", run={"steps": 2, "step_seconds": 3600, "runs": 2}))
    (feed,) = reach(result.links)
    assert (feed.source, feed.loop) == ("ETH/USD", False)
    assert Place("price", "USDC") not in {link.source for link in result.links}


def test_sources_are_found_through_guards_and_medians() -> None:
    file = changed("four-samples")
    for node in file.oracle.prices.values():
        for source in sources_of(file, node):
            assert source in {getattr(n, "feed", None) for n in file.oracle.nodes.values()} | set(file.venues)
    assert sources_of(changed("lending-crash"), "fresh eth") == ("ETH/USD",)


def test_exposures_of_a_perpetual_belong_to_its_underlying() -> None:
    result = run_path(changed("perpetual-crash"))
    exposed = [link for link in result.links if link.relation == "exposed to"]
    assert {link.source.name for link in exposed} == {"BTC"}
    bob = next(link for link in exposed if link.target.name == "bob")
    assert Decimal(1_799_000) < bob.amount < Decimal(1_801_000)  # 150,000 USDC at 12 times


def test_without_events_there_are_prices_only() -> None:
    file = changed("lending-crash")
    assert contagion(file, {}, []) == (
        Link(Place("source", "ETH/USD"), Place("price", "WETH"), "priced from", Decimal(0)),
    )


@pytest.mark.parametrize(
    ("equity", "excess", "health"),
    [(150, 50, "1.5"), (100, 0, "1"), (50, -50, "0.5"), (-10, -30, "-0.5"), (7, 7, "100"), (-3, -3, "0")],
)
def test_health_is_equity_over_requirement(equity: int, excess: int, health: str) -> None:
    assert health_of(Judgement(equity, excess, excess)) == Decimal(health)


def test_health_counts_the_accounts_that_are_short(crash: RunResult) -> None:
    assert [sample.step for sample in crash.health] == list(range(-1, 16))
    for sample in crash.health:
        assert list(sample.percentiles) == sorted(sample.percentiles)
        assert sample.lowest <= sample.percentiles[0] <= MOST_HEALTH
        assert (sample.lowest < 1) == (sample.short > 0)
    assert crash.health[0].short == 0
    assert max(sample.short for sample in crash.health) > 10
