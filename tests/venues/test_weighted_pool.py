"""Weighted pools: the power function's claims, value, and refusals; figures are in tests/verify."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import (
    DivisionByZeroError,
    InsufficientLiquidityError,
    StateError,
    UnknownAssetError,
    UnsafeValueError,
)
from protocol.fixed_point import WAD
from protocol.venues.log_exp import (
    MAX_EXPONENT,
    MIN_EXPONENT,
    div_down,
    div_up,
    exp,
    power,
    power_down,
    power_up,
)
from protocol.venues.weighted_pool import MINIMUM_SHARES, WeightedPool

BASE = st.integers(10**14, 10**24)
EXPONENT = st.integers(10**15, 4 * WAD)
POOL = WeightedPool(
    ("A", "B", "C"),
    (5 * 10**17, 3 * 10**17, 2 * 10**17),
    (10**24, 2 * 10**23, 10**12),
    (18, 18, 6),
    10**16,
    10**23,
)
SHARES = st.integers(10**12, 10**22)


def true_power(x: int, y: int) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return (Decimal(x) / WAD) ** (Decimal(y) / WAD) * WAD


@given(x=BASE, y=EXPONENT)
def test_the_error_margin_covers_the_true_power(x: int, y: int) -> None:
    for shortcuts in (True, False):
        try:
            low, high = power_down(x, y, shortcuts=shortcuts), power_up(x, y, shortcuts=shortcuts)
        except UnsafeValueError:
            return
        assert low <= true_power(x, y) <= high


def test_domain_of_the_power() -> None:
    assert power(0, 0) == power(5, 0) == WAD
    assert power(0, 1) == 0
    for x, y in ((1 << 255, 1), (WAD, 1 << 254), (10**40, 3 * WAD)):
        with pytest.raises(UnsafeValueError):
            power(x, y)
    for x in (MAX_EXPONENT + 1, MIN_EXPONENT - 1):
        with pytest.raises(UnsafeValueError):
            exp(x)
    for divide in (div_down, div_up):
        with pytest.raises(DivisionByZeroError):
            divide(1, 0)


@given(amount=st.integers(10**6, 3 * 10**23))
def test_swaps_never_lower_the_invariant(amount: int) -> None:
    # Its own rounding is within 10**-14 per token, so compare with that much room.
    after = POOL.swap("A", "B", amount)[1]
    assert after.invariant() >= POOL.invariant() * (10**12 - 1) // 10**12


@given(amount=st.integers(10**9, 5 * 10**22))
def test_exact_output_costs_at_least_what_buys_it(amount: int) -> None:
    cost = POOL.quote_exact_out("A", "B", amount)
    got = POOL.quote("A", "B", cost)
    # Both directions add the power's margin of 10**-14 of the balance against the trader.
    assert abs(got - amount) <= 10**10 + amount // 10**12


@given(shares=SHARES)
def test_joins_and_exits_give_no_profit(shares: int) -> None:
    for token in POOL.tokens:
        paid, joined = POOL.join_single(token, shares)
        back, _ = joined.exit_single(token, shares)
        assert back <= paid
    paid_all, joined = POOL.join_proportional(shares)
    back_all, left = joined.exit_proportional(shares)
    assert all(back_all[token] <= paid_all[token] for token in POOL.tokens)
    assert left.total_supply == POOL.total_supply
    minted, joined = POOL.join_exact({"A": shares})
    burned, _ = joined.exit_exact({"A": shares})
    assert burned >= minted


def test_the_thirty_percent_limits() -> None:
    with pytest.raises(UnsafeValueError):
        POOL.quote("A", "B", 10**24 * 4 // 10)
    with pytest.raises(UnsafeValueError):
        POOL.quote_exact_out("A", "B", 2 * 10**23 * 3 // 10 + 1)
    assert POOL.quote_exact_out("A", "B", 2 * 10**23 * 3 // 10) > 0


def test_funding_locks_the_minimum() -> None:
    empty = WeightedPool(("A", "B"), (WAD // 2, WAD // 2), (0, 0))
    shares, funded = empty.initialise([10**20, 10**20])
    assert funded.total_supply == shares + MINIMUM_SHARES
    assert abs(funded.total_supply - 2 * 10**20) < 10**9
    with pytest.raises(UnsafeValueError):
        funded.initialise([1, 1])
    with pytest.raises(UnsafeValueError):
        empty.initialise([10, 10])


def test_refusals() -> None:
    with pytest.raises(UnknownAssetError):
        POOL.join_single("D", 1)
    with pytest.raises(InsufficientLiquidityError):
        POOL.exit_proportional(POOL.total_supply + 1)
    with pytest.raises(InsufficientLiquidityError):
        POOL.exit_exact({"C": 10**12 + 1})
    for weights, balances, decimals, fee in (
        ((WAD // 2, WAD // 2 - 1), (1, 1), (18, 18), 0),
        ((WAD - 10**15, 10**15), (1, 1), (18, 18), 0),
        ((WAD // 2, WAD // 2), (1,), (18, 18), 0),
        ((WAD // 2, WAD // 2), (1, 1), (18, 19), 0),
        ((WAD // 2, WAD // 2), (1, 1), (18, 18), 2 * 10**17),
    ):
        with pytest.raises(StateError):
            WeightedPool(("A", "B"), weights, balances, decimals, fee)
