from __future__ import annotations

import json

import pytest
from hypothesis import given

from protocol.errors import StateError
from protocol.fixed_point import Q96
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from uniswap_v3_pools import START, pools


@given(pools(trades=4))
def test_state_survives_json(pool: UniswapV3Pool) -> None:
    pool = pool.increase_observation_cardinality_next(7).set_fee_protocol(5, 6)
    again = UniswapV3Pool.from_state(json.loads(json.dumps(pool.to_state())))
    assert again == pool
    assert again.slot0 == pool.slot0
    assert again.to_state() == pool.to_state()


def test_an_uninitialised_pool_survives() -> None:
    pool = UniswapV3Pool.create("A", "B", 42, 3)
    assert UniswapV3Pool.from_state(pool.to_state()) == pool


def test_a_few_figures_are_enough_to_quote() -> None:
    pool = UniswapV3Pool.create("A", "B", 3000).initialise(Q96 + 5, time=START)
    pool = pool.mint("x", -600, 600, 10**20, time=START)[2].mint("y", -120, 60, 10**19, time=START)[2]
    sketch = {
        "token0": "A",
        "token1": "B",
        "fee": 3000,
        "tick_spacing": 60,
        "sqrt_price_x96": hex(Q96 + 5),
        "liquidity": str(pool.liquidity),
        "ticks": {
            str(index): [tick.liquidity_gross, tick.liquidity_net] for index, tick in pool.ticks.items()
        },
    }
    read = UniswapV3Pool.from_state(sketch)
    assert (read.tick, read.ticks.order, read.tick_bitmap) == (pool.tick, pool.ticks.order, pool.tick_bitmap)
    for amount in (1, 10**15, 10**18, 10**24):
        assert read.quote("A", "B", amount) == pool.quote("A", "B", amount)
    # Minting rounds every position up, the sketch every range.
    assert abs(read.balance0 - pool.balance0) <= 6
    assert abs(read.balance1 - pool.balance1) <= 6
    assert read.swap("A", "B", 10**24)[0].amount_out == pool.quote("A", "B", 10**24)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token0", 5),
        ("fee", 0.3),
        ("ticks", [1, 2]),
        ("ticks", {"60": [1]}),
        ("ticks", {"60": [1, 2, 3, 4, 5, 6, 7, 8]}),
        ("positions", {"a": 1}),
        ("positions", [["x", 1, 2]]),
        ("positions", [[1, 1, 2, 3, 4, 5, 6, 7]]),
        ("observations", 7),
        ("observations", [[1, 2]]),
        ("balance0", None),
    ],
)
def test_a_broken_state_is_refused(key: str, value: object) -> None:
    pool = UniswapV3Pool.create("A", "B", 3000).initialise(Q96, time=START)
    with pytest.raises(StateError):
        UniswapV3Pool.from_state({**pool.to_state(), key: value})
