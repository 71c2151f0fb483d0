from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ObservationTooOldError, UnsafeValueError
from protocol.venues.uniswap_v3.observations import Observation, ObservationRing
from protocol.venues.uniswap_v3.oracle_library import (
    block_starting_tick_and_liquidity,
    consult,
    oldest_observation_seconds_ago,
)
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import sqrt_ratio_at_tick
from uniswap_v3_pools import START

TICKS = st.integers(-887272, 887272)
LIQUIDITY = st.integers(0, (1 << 128) - 1)
STEPS = st.lists(st.tuples(st.integers(1, 10**5), TICKS, LIQUIDITY), min_size=1, max_size=40)
# Starts before and at the wrap of the 32-bit clock.
STARTS = st.one_of(st.integers(0, (1 << 32) - 1), st.integers((1 << 32) - 10**5, (1 << 32) - 1))


@given(STARTS, st.integers(1, 60), STEPS, st.integers(0, 10**6))
def test_any_reading_equals_the_written_history(
    start: int, cardinality: int, steps: list[tuple[int, int, int]], ago: int
) -> None:
    ring = ObservationRing.initialised(start).grow(cardinality)
    now, sums = start, [(start, 0)]
    tick, liquidity = 100, 10**9
    for seconds, new_tick, new_liquidity in steps:
        now += seconds
        ring = ring.write(now, tick, liquidity)
        sums.append((now, sums[-1][1] + tick * seconds))
        tick, liquidity = new_tick, new_liquidity
    kept = sums[-min(ring.cardinality, len(sums)) :]
    assert len(ring) == len(kept)
    target = now - ago
    if target < kept[0][0]:
        with pytest.raises(ObservationTooOldError):
            ring.observe(now, ago, tick, liquidity)
        return
    before = max(entry for entry in kept if entry[0] <= target)
    after = min((entry for entry in kept if entry[0] >= target), default=before)
    got, _ = ring.observe(now, ago, tick, liquidity)
    if before[0] == after[0]:
        assert got == before[1]
    else:
        slope = abs(after[1] - before[1]) // (after[0] - before[0])
        slope = slope if after[1] >= before[1] else -slope
        assert got == before[1] + slope * (target - before[0])


@given(STEPS)
def test_only_the_first_write_of_a_second_counts(steps: list[tuple[int, int, int]]) -> None:
    ring = ObservationRing.initialised(START).grow(5)
    now = START
    for seconds, tick, liquidity in steps:
        now += seconds
        ring = ring.write(now, tick, liquidity)
        assert ring.write(now, -tick, 1) is ring
        assert ring.write(now + (1 << 32), tick, liquidity) is ring


def test_a_write_shares_all_other_chunks() -> None:
    ring = ObservationRing.initialised(START).grow(2000)
    for second in range(1, 2100):
        ring = ring.write(START + second, second, 1)
    assert len(ring) == 2000
    after = ring.write(START + 5000, 0, 1)
    shared = sum(a is b for a, b in zip(ring.chunks, after.chunks, strict=True))
    assert shared == len(ring.chunks) - 1
    assert ring.at(after.index) != after.at(after.index)


def test_slots_show_what_the_contract_stores() -> None:
    ring = ObservationRing.initialised(START).grow(3)
    assert ring.at(0) == (START, 0, 0, True)
    assert ring.at(2) == (1, 0, 0, False)
    assert ring.at(3) == (0, 0, 0, False)
    with pytest.raises(UnsafeValueError):
        ring.at(65535)


def test_a_ring_from_its_slots_reads_the_same() -> None:
    ring = ObservationRing.initialised(START).grow(300)
    for second in range(1, 700):
        ring = ring.write(START + 7 * second, second, 10**6)
    again = ObservationRing.from_observations(list(ring), ring.index, ring.cardinality, ring.cardinality_next)
    assert again == ring
    for index, cardinality, following in ((300, 300, 300), (5, 299, 300), (5, 300, 299), (5, 300, 65536)):
        with pytest.raises(UnsafeValueError):
            ObservationRing.from_observations(list(ring), index, cardinality, following)
    with pytest.raises(UnsafeValueError):
        ObservationRing.from_observations([Observation(1, 0, 0)], -1, 1, 1)


def test_readers_of_a_pool() -> None:
    pool = UniswapV3Pool.create("A", "B", 500).initialise(sqrt_ratio_at_tick(100), time=START)
    pool = pool.mint("owner", -10_000, 10_000, 10**20, time=START)[2]
    pool = pool.increase_observation_cardinality_next(10)
    _, _, pool = pool.swap_to_limit(True, 10**30, sqrt_ratio_at_tick(-201), time=START + 100)
    assert pool.tick == -201
    tick, liquidity = block_starting_tick_and_liquidity(pool, time=START + 100)
    assert tick == 100
    assert abs(liquidity - 10**20) <= 1
    assert block_starting_tick_and_liquidity(pool, time=START + 101) == (-201, 10**20)
    assert oldest_observation_seconds_ago(pool, time=START + 150) == 150
    # 100 seconds at tick 100, then 50 at tick -201: the mean -0.33 goes down to -1.
    assert consult(pool, 150, time=START + 150)[0] == -1
