from __future__ import annotations

from math import isnan

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.venues.uniswap_v3.arrays import LadderArrays, RangeArrays
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.swapping import HIGHEST_LIMIT, LOWEST_LIMIT
from uniswap_v3_pools import pools

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@given(pools(trades=2), st.booleans(), SHARES)
def test_a_ladder_stays_within_its_bound(pool: UniswapV3Pool, down: bool, shares: list[float]) -> None:
    assume(pool.sqrt_price_x96 not in (LOWEST_LIMIT, HIGHEST_LIMIT))
    largest = pool.quoter().ranges(down, 10**45).ins[-1]
    amounts = [min(max(int(largest**share), 1), largest) for share in shares if largest]
    ladder = LadderArrays.from_pool(pool, down, 10**45)
    out = ladder.amount_out(amounts)
    bound = ladder.bound(amounts, out)
    for amount, got, most in zip(amounts, out.tolist(), bound.tolist(), strict=True):
        if not isnan(got):
            assert abs(pool.quoter().exact_in(down, amount)[1] - int(got)) <= most + 1


@given(st.lists(pools(most_positions=3), min_size=1, max_size=5), st.booleans(), st.floats(0, 1))
def test_ranges_of_many_pools_stay_within_their_bound(
    many: list[UniswapV3Pool], down: bool, share: float
) -> None:
    ranges = RangeArrays.from_pools(many)
    amounts = [max(int(capacity * share), 1) for capacity in ranges.capacity_in(down).tolist()]
    out = ranges.amount_out(down, amounts)
    bound = ranges.bound(down, out)
    for pool, amount, got, most in zip(many, amounts, out.tolist(), bound.tolist(), strict=True):
        if not isnan(got):
            assert abs(pool.quoter().exact_in(down, amount)[1] - int(got)) <= most + 1


def test_beyond_the_range_there_is_no_figure() -> None:
    pool = UniswapV3Pool.create("A", "B", 3000).initialise(1 << 96, time=1)
    pool = pool.mint("owner", -60, 60, 10**18, time=1)[2]
    ranges = RangeArrays.from_pools([pool, pool])
    capacity = ranges.capacity_in(True)
    out = ranges.amount_out(True, np.array([capacity * 0.5, capacity * 2]))
    assert out.shape == (2, 2)
    assert np.isfinite(out[0]).all()
    assert np.isnan(out[1]).all()
    ladder = LadderArrays.from_pool(pool, True, 10**30)
    assert np.isnan(ladder.amount_out(float(ladder.ins[-1]) * 2))
