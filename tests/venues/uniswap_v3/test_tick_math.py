from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given

from protocol.errors import UnsafeValueError
from protocol.fixed_point import Q96
from protocol.venues.uniswap_v3.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    max_liquidity_per_tick,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from uniswap_v3_pools import ANY_TICK, SQRT_PRICE


@given(ANY_TICK)
def test_ratio_is_the_power_of_the_base(tick: int) -> None:
    with localcontext() as context:
        context.prec = 60
        true = Decimal("1.0001") ** (Decimal(tick) / 2) * Q96
        # Twenty products below one are cut at 2**-128 each, the last step rounds up; a positive tick is the
        # inverse of its negative, which enlarges the cuts by the ratio itself.
        cuts = 20 * true / 2**128 * (true / Q96 if tick > 0 else Q96 / true)
        assert abs(sqrt_ratio_at_tick(tick) - true) <= 1 + cuts


@given(SQRT_PRICE)
def test_tick_is_the_greatest_not_above_the_price(price: int) -> None:
    tick = tick_at_sqrt_ratio(price)
    assert sqrt_ratio_at_tick(tick) <= price < sqrt_ratio_at_tick(tick + 1)


def test_ends_of_the_range() -> None:
    assert (sqrt_ratio_at_tick(MIN_TICK), sqrt_ratio_at_tick(MAX_TICK)) == (MIN_SQRT_RATIO, MAX_SQRT_RATIO)
    assert tick_at_sqrt_ratio(MIN_SQRT_RATIO) == MIN_TICK
    assert tick_at_sqrt_ratio(MAX_SQRT_RATIO - 1) == MAX_TICK - 1
    for tick in (MIN_TICK - 1, MAX_TICK + 1):
        with pytest.raises(UnsafeValueError):
            sqrt_ratio_at_tick(tick)
    for price in (MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO):
        with pytest.raises(UnsafeValueError):
            tick_at_sqrt_ratio(price)


# Figures of the contract's own test file, test/Tick.spec.ts.
@pytest.mark.parametrize(
    ("spacing", "most"),
    [
        (10, 1917569901783203986719870431555990),
        (60, 11505743598341114571880798222544994),
        (200, 38350317471085141830651933667504588),
    ],
)
def test_most_liquidity_per_tick(spacing: int, most: int) -> None:
    assert max_liquidity_per_tick(spacing) == most
