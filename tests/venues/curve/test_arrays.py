"""The float64 stableswap form against the exact one: error and speed."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curve_pools import COINS, stableswap_pools
from protocol.errors import NotConvergedError
from protocol.fixed_point import WAD
from protocol.venues.curve import StableSwapPool
from protocol.venues.curve.arrays import ERROR_OF_D, amounts_out, invariant_d

THREE_POOL = StableSwapPool(
    coins=("DAI", "USDC", "USDT"),
    balances=(41_202_215 * 10**18, 108_658_258 * 10**6, 81_079_203 * 10**6),
    precisions=(1, 10**12, 10**12),
    amplification=200,
    fee=4_000_000,
    admin_fee=5 * 10**9,
)


def allowed_error(pool: StableSwapPool, buy: str) -> float:
    return 3 + ERROR_OF_D * pool.values()[1] * WAD / pool.rates[pool.coins.index(buy)]


@given(stableswap_pools(), st.lists(st.integers(100, 20_000_000), min_size=1, max_size=30))
def test_quotes_lie_within_the_stated_error(pool: StableSwapPool, parts: list[int]) -> None:
    amounts = [pool.balances[0] * part // 1_000_000 for part in parts]
    approximate = amounts_out(pool, COINS[0], COINS[1], np.array(amounts, dtype=np.float64))
    for amount, value in zip(amounts, approximate, strict=True):
        exact = pool.quote(COINS[0], COINS[1], amount)
        assert abs(float(value) - exact) <= allowed_error(pool, COINS[1])


def test_shape_is_kept_and_nothing_in_gives_nothing_out() -> None:
    out = amounts_out(THREE_POOL, "DAI", "USDC", np.zeros((3, 5)))
    assert out.shape == (3, 5)
    assert np.all(np.abs(out) <= allowed_error(THREE_POOL, "USDC"))
    assert amounts_out(THREE_POOL, "DAI", "USDC", np.zeros(0)).size == 0


def test_drained_side_keeps_its_digits() -> None:
    """Selling a hundred times the pool leaves a side near zero, where the plain root would cancel."""
    amount = 100 * THREE_POOL.balances[0]
    exact = THREE_POOL.quote("DAI", "USDC", amount)
    assert exact > THREE_POOL.balances[1] * 99 // 100
    value = amounts_out(THREE_POOL, "DAI", "USDC", np.array([float(amount)]))[0]
    assert abs(value - exact) <= allowed_error(THREE_POOL, "USDC")


def test_d_of_many_pools() -> None:
    generator = np.random.default_rng(7)
    tokens = generator.integers(1_000, 10_000_000, size=(200, 3))
    amplification = generator.integers(10, 2_000, size=200)
    found = invariant_d(tokens.astype(np.float64), amplification * 3.0)
    for row, a, d in zip(tokens, amplification, found, strict=True):
        pool = StableSwapPool(("a", "b", "c"), tuple(int(x) * WAD for x in row), (1, 1, 1), int(a), 0, 0)
        assert d == pytest.approx(pool.values()[1] / WAD, rel=1e-13)


def test_empty_side_is_refused() -> None:
    with np.errstate(all="ignore"), pytest.raises(NotConvergedError):
        invariant_d(np.array([[1.0, 0.0, 1.0]]), 600.0)


def test_a_hundred_times_faster_than_exact() -> None:
    rng = random.Random(3)
    amounts = [rng.randrange(10**18, 4 * 10**25) for _ in range(200_000)]
    array = np.array(amounts, dtype=np.float64)
    amounts_out(THREE_POOL, "DAI", "USDC", array[:5_000])
    THREE_POOL.quote("DAI", "USDC", amounts[0])
    ratios = []
    for _ in range(5):
        start = time.perf_counter()
        amounts_out(THREE_POOL, "DAI", "USDC", array)
        per_array_quote = (time.perf_counter() - start) / len(amounts)
        start = time.perf_counter()
        for amount in amounts[:5_000]:
            THREE_POOL.quote("DAI", "USDC", amount)
        ratios.append((time.perf_counter() - start) / 5_000 / per_array_quote)
    assert max(ratios) >= 100
