"""Array forms beside the exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.venues.arrays import (
    BLOCK,
    OUTPUT_BOUND,
    constant_product_in,
    constant_product_out,
    constant_product_path,
    constant_product_price,
)
from protocol.venues.uniswap_v2 import UniswapV2Pair, amount_in_up, amount_out_down

RESERVE = st.integers(10**6, 10**30)
AMOUNT = st.integers(1, 10**30)


@given(st.lists(st.tuples(AMOUNT, RESERVE, RESERVE), min_size=1, max_size=20))
def test_outputs_and_inputs_are_within_the_bound(rows: list[tuple[int, int, int]]) -> None:
    amounts, ins, outs = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    got = constant_product_out(amounts, ins, outs)
    exact = np.array([float(amount_out_down(*row)) for row in rows])
    assert np.all(np.abs(got - exact) <= 1 + exact * OUTPUT_BOUND)
    takes = outs / 3
    cost = constant_product_in(takes, ins, outs)
    exact_in = np.array(
        [float(amount_in_up(int(take), row[1], row[2])) for take, row in zip(takes, rows, strict=True)]
    )
    # The exact form takes whole units out, so an input may differ by the price of one unit.
    unit = constant_product_price(outs, ins) * 4
    assert np.all(np.abs(cost - exact_in) <= 1 + unit + exact_in * OUTPUT_BOUND)


@pytest.mark.parametrize("shape", [(3 * BLOCK + 7,), (5, BLOCK // 2 + 3), (2, 2 * BLOCK), (3, 4, BLOCK // 5)])
def test_blocks_are_the_formula(shape: tuple[int, ...]) -> None:
    draw = np.random.default_rng(7)
    amounts = 10 ** draw.uniform(3, 20, shape)
    ins = 10 ** draw.uniform(10, 24, shape[-1:])
    counted = amounts * 0.997
    wanted = counted * 5e20 / (ins + counted)
    np.testing.assert_allclose(constant_product_out(amounts, ins, 5e20), wanted, rtol=1e-15 * 4)


def test_what_cannot_be_paid_costs_infinity() -> None:
    assert constant_product_in(np.array([10.0, 11.0, 9.0]), 10.0, 10.0).tolist()[:2] == [np.inf, np.inf]
    assert constant_product_out(0.0, 5.0, 7.0) == 0


@given(seed=st.integers(0, 2**32 - 1))
def test_a_path_stays_with_the_exact_pool(seed: int) -> None:
    steps, pools = 12, 3
    draw = np.random.default_rng(seed)
    sides = draw.choice([-1.0, 1.0], (steps, pools))
    amounts = np.floor(10 ** draw.uniform(12, 21, (steps, pools))) * sides
    reserves = np.floor(10 ** draw.uniform(20, 24, (2, pools)))
    outs, path0, path1 = constant_product_path(amounts, reserves[0], reserves[1])
    for pool in range(pools):
        pair = UniswapV2Pair("A", "B", int(reserves[0, pool]), int(reserves[1, pool]))
        for step in range(steps):
            sell, buy = ("A", "B") if amounts[step, pool] > 0 else ("B", "A")
            amount = int(abs(amounts[step, pool]))
            trade, pair = pair.swap(sell, buy, amount)
            assert abs(outs[step, pool] - trade.amount_out) <= 2 + trade.amount_out * 1e-11
        for path, reserve in ((path0, pair.reserve0), (path1, pair.reserve1)):
            assert abs(path[-1, pool] - reserve) <= reserve * 1e-12
