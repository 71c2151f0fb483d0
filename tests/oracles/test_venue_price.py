"""Geometric means of V3 pools, averages that Curve pools keep, and prices at the margin."""

from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.node import View, read
from oracles.sources.venue_price import GeometricTwap, MarginalPrice, PoolAverage
from protocol.venues.curve import CryptoParameters, Tricrypto2
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import sqrt_ratio_at_tick

E18 = 10**18
TICKS = st.integers(-200_000, 200_000)


def pool_at(tick: int, time: int) -> UniswapV3Pool:
    pool = UniswapV3Pool.create("A", "B", 3000).initialise(sqrt_ratio_at_tick(tick), time=time)
    pool = pool.increase_observation_cardinality_next(100)
    return pool.mint("others", -887_220, 887_220, 10**24, time=time)[2]


def moved_to(pool: UniswapV3Pool, tick: int, time: int) -> UniswapV3Pool:
    target = sqrt_ratio_at_tick(tick)
    down = target < pool.sqrt_price_x96
    return pool if target == pool.sqrt_price_x96 else pool.swap_to_limit(down, 10**60, target, time=time)[2]


@given(TICKS, TICKS, st.integers(1, 1799))
@settings(max_examples=60, deadline=None)
def test_the_mean_is_geometric_over_the_window(first: int, second: int, seconds: int) -> None:
    pool = moved_to(pool_at(first, 1_000), second, 10_000 - seconds)
    price = float(read(GeometricTwap("p", "A", 1800, 18, 18), View(10_000, venues={"p": pool})).price)
    share = seconds / 1800
    expected = exp(log(1.0001) * (first * (1 - share) + second * share))
    # The mean tick is rounded toward negative infinity: up to one tick below, and 18 decimals of the answer.
    assert expected / 1.000101 - 1e-18 <= price <= expected * 1.000101 + 1e-18
    other = float(read(GeometricTwap("p", "B", 1800, 18, 18), View(10_000, venues={"p": pool})).price)
    assert other * price == pytest.approx(1, rel=1e-8 + 2e-18 / min(price, other))


def test_a_window_before_the_first_observation_is_refused() -> None:
    pool = pool_at(0, 9_000)
    reading = read(GeometricTwap("p", "A", 1800, 18, 6), View(10_000, venues={"p": pool}))
    assert reading.refusal is not None
    assert not read(PoolAverage("p", "A", "B"), View(10_000, venues={"p": pool})).ok


def test_decimals_are_those_of_the_tokens() -> None:
    # Token 0 with 6 decimals, token 1 with 18, raw price 1e12 / 2000: a whole token 0 is 0.0005.
    tick = round(log(1e12 / 2000) / log(1.0001))
    view = View(10_000, venues={"p": pool_at(tick, 1_000)})
    assert float(read(GeometricTwap("p", "A", 600, 6, 18), view).price) == pytest.approx(0.0005, rel=1e-4)
    assert float(read(MarginalPrice("p", "B", "A", 18, 6), view).price) == pytest.approx(2000, rel=1e-4)


def test_a_pool_average_follows_by_its_half_time() -> None:
    rule = 3 * 10**6, 30 * 10**6, 5 * 10**14, 2 * 10**12, 490 * 10**12, 600
    parameters = CryptoParameters(1_707_629, 11_809_167_828_997, *rule)
    prices = (50_000 * E18, 2_000 * E18)
    pool = Tricrypto2.empty(("USD", "BTC", "ETH"), (10**12, 10**10, 1), parameters, prices, 1_000)
    pool = pool.add_liquidity((10**13, 2 * 10**10, 5_000 * E18), time=1_000)[1]
    node = PoolAverage("p", "ETH", "USD")
    assert read(node, View(2_000, venues={"p": pool})).price == 2_000
    assert float(read(PoolAverage("p", "ETH", "BTC"), View(2_000, venues={"p": pool})).price) == 0.04
    pool = pool.swap("USD", "ETH", 5 * 10**11, time=2_000)[1]
    last = pool.last_prices[1] / E18
    assert last > 2_010
    later = pool.swap("USD", "BTC", 10**6, time=2_600)[1]
    average = float(read(node, View(2_600, venues={"p": later})).price)
    assert average == pytest.approx((2_000 + last) / 2, rel=1e-6), "half the way after the half-time"
