"""Uniswap V2: gifts, skim, sync, flash swaps, the protocol fee, and the reader above the pair."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import (
    DivisionByZeroError,
    InsufficientLiquidityError,
    InvariantError,
    NegativeAmountError,
    OverflowedError,
    PeriodNotElapsedError,
    UninitialisedPoolError,
    UnknownAssetError,
    ZeroAmountError,
)
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.uniswap_v2_oracle import DAY, SimpleOracle, current_cumulative_prices

PAIR = UniswapV2Pair("A", "B", 10**6, 4 * 10**6, total_supply=2 * 10**6, time_last=1000)
AMOUNTS = st.integers(1, 10**12)


def test_a_gift_moves_no_price_until_somebody_syncs() -> None:
    gifted = PAIR.donate({"A": 500})
    assert gifted.reserves() == PAIR.reserves()
    assert gifted.quote("B", "A", 1000) == PAIR.quote("B", "A", 1000)
    assert gifted.sync(time=1000).reserves() == {"A": 10**6 + 500, "B": 4 * 10**6}


def test_skim_takes_the_gift_and_leaves_the_pair_as_it_was() -> None:
    amount0, amount1, after = PAIR.donate({"A": 500, "B": 7}).skim()
    assert (amount0, amount1, after) == (500, 7, PAIR)


def test_the_next_swap_may_spend_the_gift() -> None:
    free = PAIR.quote("A", "B", 500)
    after = PAIR.donate({"A": 500}).swap_out(0, free, time=1000)
    assert after.reserves() == {"A": 10**6 + 500, "B": 4 * 10**6 - free}


def test_the_next_mint_counts_the_gift() -> None:
    shares, after = PAIR.donate({"A": 1000, "B": 4000}).mint(time=1000)
    assert (shares, after.total_supply) == (2000, 2 * 10**6 + 2000)


def test_burn_pays_from_balances_so_a_gift_is_shared() -> None:
    plain = PAIR.burn(1000, time=1000)[:2]
    gifted = PAIR.donate({"A": 10**6}).burn(1000, time=1000)[:2]
    assert (plain, gifted) == ((500, 2000), (1000, 2000))


@given(amount=AMOUNTS)
def test_one_unit_more_than_the_router_asks_breaks_the_product(amount: int) -> None:
    out = PAIR.quote("A", "B", amount)
    paid = PAIR.donate({"A": amount})
    if out:
        paid.swap_out(0, out, time=1000)
    for more in range(1, 3):
        if PAIR.quote_exact_out("A", "B", min(out + more, 4 * 10**6 - 1)) > amount + 1:
            with pytest.raises((InvariantError, InsufficientLiquidityError)):
                paid.swap_out(0, out + more, time=1000)


def test_flash_swaps_are_paid_in_the_callback() -> None:
    with pytest.raises(ZeroAmountError):
        PAIR.swap_out(10**5, 0, time=1000)
    with pytest.raises(InvariantError):
        PAIR.swap_out(10**5, 0, paid_in_callback={"A": 10**5}, time=1000)
    fee_paid = -(-(10**5) * 1000 // 997)
    after = PAIR.swap_out(10**5, 0, paid_in_callback={"A": fee_paid}, time=1000)
    assert after.reserve0 == 10**6 + fee_paid - 10**5


def test_a_pair_that_holds_less_than_it_believes_cannot_pay() -> None:
    short = replace(PAIR, balance1=1000)
    with pytest.raises(InsufficientLiquidityError):
        short.swap_out(0, 1001, paid_in_callback={"A": 10**9}, time=1000)
    with pytest.raises(NegativeAmountError):
        short.skim()


def test_liquidity_of_an_emptied_side_divides_by_zero() -> None:
    with pytest.raises(DivisionByZeroError):
        UniswapV2Pair("A", "B", 0, 5, balance0=5, balance1=9, total_supply=10).mint()


def test_balances_beyond_112_bits_are_refused() -> None:
    with pytest.raises(OverflowedError):
        PAIR.donate({"A": 1 << 112}).sync(time=1000)


def test_the_oracle_reads_its_window_not_the_last_price() -> None:
    oracle = SimpleOracle.deploy(PAIR)
    moved = PAIR.donate({"B": 12 * 10**6}).sync(time=1000 + DAY - 1)
    with pytest.raises(PeriodNotElapsedError):
        oracle.update(moved, 1000 + DAY - 1)
    updated = oracle.update(moved, 1000 + DAY)
    # 86399 s at 4 and 1 s at 16.
    assert updated.price0_average == ((4 << 112) * (DAY - 1) + (16 << 112)) // DAY
    assert updated.consult_down("A", 10**6) == (4 * (DAY - 1) + 16) * 10**6 // DAY
    assert updated.consult_down("B", 10**6) == 10**6 * updated.price1_average >> 112
    assert SimpleOracle.from_state(updated.to_state()) == updated


def test_the_oracle_refuses_what_the_contract_refuses() -> None:
    empty = UniswapV2Pair("A", "B", 0, 0)
    with pytest.raises(UninitialisedPoolError):
        SimpleOracle.deploy(empty)
    with pytest.raises(DivisionByZeroError):
        current_cumulative_prices(empty, 1)
    oracle = replace(SimpleOracle.deploy(PAIR), price0_average=2**224 - 1)
    with pytest.raises(OverflowedError):
        oracle.consult_down("A", 2**33)
    with pytest.raises(UnknownAssetError):
        oracle.consult_down("C", 1)
