"""Two incidents at venue level: the figures printed by FlashSyn (ICSE 2024), within their own tolerances."""

from __future__ import annotations

import pytest

from protocol.venues.curve import StableSwapPool
from protocol.venues.curve.stableswap_liquidity import calc_withdraw_one_coin
from scenarios.verify.curve_recorded import (
    LP_SUPPLY,
    STRATEGY_SHARE,
    harvest_invested,
    harvest_pool,
    three_pool,
)

USDC = USDT = 10**6
DAI = 10**18


def tokens(pool: StableSwapPool, coin: str, unit: int = 10**6) -> int:
    return pool.reserves()[coin] // unit


def test_harvest_fusdc_first_cycle() -> None:
    cash, supply = 72_825_240, 127_588_335
    pool = harvest_pool(59_730_435, 48_068_621)
    assert harvest_invested(pool) // USDC == pytest.approx(52_212_225, abs=1)

    first, pool = pool.swap("USDT", "USDC", 17_222_012 * USDT)
    assert first.amount_out // USDC == pytest.approx(17_216_702, abs=3)
    assert tokens(pool, "yUSDC") == pytest.approx(44_935_335, abs=3)
    assert tokens(pool, "yUSDT") == pytest.approx(64_784_125, abs=3)
    invested = harvest_invested(pool) // USDC
    assert invested == pytest.approx(51_096_307, abs=5)

    deposit = 49_977_468
    shares = deposit * supply // (cash + invested)
    assert shares == pytest.approx(51_456_280, abs=5)
    cash, supply = cash + deposit, supply + shares

    third, pool = pool.swap("USDC", "USDT", 17_239_234 * USDC)
    assert third.amount_out // USDT == pytest.approx(17_230_746, abs=3)
    assert tokens(pool, "yUSDC") == pytest.approx(59_746_834, abs=3)
    invested = harvest_invested(pool) // USDC
    assert invested == pytest.approx(52_213_993, abs=5)

    withdrawn = shares * (cash + invested) // supply
    assert withdrawn == pytest.approx(50_298_683, abs=20)
    profit = withdrawn - deposit
    profit += first.amount_out // USDC - 17_239_234 + third.amount_out // USDT - 17_222_012
    assert profit == pytest.approx(307_418, rel=2e-4)


def test_harvest_needs_the_zaps_own_fee_rule() -> None:
    """The pool's imbalance rule instead of the zap's misses the printed valuation by thousands."""
    pool = harvest_pool(59_730_435, 48_068_621)
    generic, _ = calc_withdraw_one_coin(pool, LP_SUPPLY * STRATEGY_SHARE // 10**9, "yUSDC")
    assert abs(generic // USDC - 52_212_225) > 1_000


def test_value_defi_exchanges() -> None:
    second, after = three_pool(66_200_676, 108_657_373, 81_078_543).swap("DAI", "USDC", 91_000_000 * DAI)
    assert second.amount_out // USDC == pytest.approx(90_285_002, abs=3)
    assert tokens(after, "DAI", DAI) == pytest.approx(157_200_676, abs=3)

    third, after = three_pool(157_200_676, 18_354_306, 81_078_543).swap("USDT", "USDC", 31_000_000 * USDT)
    assert third.amount_out // USDC == pytest.approx(17_331_353, abs=20)
    assert tokens(after, "USDC") == pytest.approx(1_019_486, abs=20)

    fifth, _ = three_pool(157_200_676, 1_019_486, 112_078_543).swap("USDC", "USDT", 17_331_353 * USDC)
    assert fifth.amount_out // USDT == pytest.approx(30_940_127, abs=50)
    sixth, _ = three_pool(157_200_676, 18_350_839, 81_132_224).swap("USDC", "DAI", 90_285_002 * USDC)
    assert sixth.amount_out // DAI == pytest.approx(90_927_026, abs=50)
