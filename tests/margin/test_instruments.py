"""Instruments and pricing helpers against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import MissingPriceError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.fixed_point.float64 import FLOAT64
from protocol.instruments.futures import (
    InversePerpetual,
    LinearPerpetual,
    Quanto,
    inverse_bankruptcy,
    inverse_liquidation,
    linear_bankruptcy,
)
from protocol.instruments.instrument import Position, equity
from protocol.instruments.option import EuropeanOption
from protocol.instruments.tokens import Debt, PoolShare, Spot, YieldBearing
from protocol.pricing.basis import annualised_basis, fair_forward, sale_value
from protocol.pricing.funding import VelocityFunding, clamped_premium_rate, premium
from protocol.pricing.interest import KinkedRate, accrue_continuous, accrue_linear, utilisation
from protocol.pricing.settlement import split_forward

ENTRIES = st.integers(WAD, 10**6 * WAD)
LEVERAGES = st.integers(2 * WAD, 100 * WAD)
# One over a price is kept with 18 decimals, so a size of this many contracts can be off by this much coin.
CONTRACTS = 10**6 * WAD


@given(ENTRIES, LEVERAGES, st.booleans())
def test_linear_position_is_bankrupt_where_its_loss_is_its_margin(
    entry: int, leverage: int, long: bool
) -> None:
    perp = LinearPerpetual("P", "BTC", "USD")
    size = WAD if long else -WAD
    price = linear_bankruptcy(EXACT, entry, leverage, long=long)
    loss = -perp.value(EXACT, Position(size, entry), {"BTC": price, "USD": WAD})
    assert abs(loss - entry * WAD // leverage) <= entry // WAD + 2


@given(st.floats(10, 1e5), st.floats(1.5, 50), st.booleans())
def test_inverse_position_is_bankrupt_and_liquidated_where_the_closed_forms_say(
    entry: float, leverage: float, long: bool
) -> None:
    whole = FLOAT64.whole
    contracts = 1_000.0
    margin = contracts / (entry * leverage)
    size = whole(contracts if long else -contracts)
    perp = InversePerpetual("P", "BTC")

    def coin(price: float) -> float:
        return margin + float(perp.value(FLOAT64, Position(size, whole(entry)), {"BTC": whole(price)}))

    bankrupt = float(inverse_bankruptcy(FLOAT64, whole(entry), whole(leverage), long=long))
    assert coin(bankrupt) == pytest.approx(0, abs=1e-9 * margin)
    expected = entry * leverage / (leverage + 1 if long else leverage - 1)
    assert bankrupt == pytest.approx(expected)
    rate = 0.01
    price = float(inverse_liquidation(FLOAT64, whole(entry), whole(leverage), whole(rate), long=long))
    assert coin(price) == pytest.approx(rate * contracts / price, rel=1e-9)


def test_inverse_long_is_bankrupt_before_a_linear_one() -> None:
    """At ten times leverage: a fall of 1 in 11 against 1 in 10, a short a rise of 1 in 9."""
    inverse = [inverse_bankruptcy(EXACT, 9_900 * WAD, 10 * WAD, long=long) for long in (True, False)]
    assert inverse == [9_000 * WAD, 11_000 * WAD]
    linear = [linear_bankruptcy(EXACT, 9_900 * WAD, 10 * WAD, long=long) for long in (True, False)]
    assert linear == [8_910 * WAD, 10_890 * WAD]


def test_settlement_asset_moves_with_the_rest() -> None:
    """One coin as collateral and an inverse short of its value: the dollar value stays where it was."""
    entry = 50_000 * WAD
    held = [
        (Spot("BTC"), Position(WAD, 0)),
        (InversePerpetual("P", "BTC"), Position(-50_000 * WAD, entry)),
    ]
    for price in (25_000, 50_000, 75_000, 200_000):
        assert abs(equity(EXACT, held, {"BTC": price * WAD}) - 50_000 * WAD) < 10**10 * price


def test_quanto_pays_in_a_third_asset() -> None:
    quanto = Quanto("Q", "ETH", "BTC", WAD // 10**6)
    prices = {"ETH": 3_500 * WAD, "BTC": 60_000 * WAD}
    assert quanto.value(EXACT, Position(2 * WAD, 3_000 * WAD), prices) == WAD // 1000
    assert equity(EXACT, [(quanto, Position(2 * WAD, 3_000 * WAD))], prices) == 60 * WAD


def test_a_derivative_reads_its_own_mark_first() -> None:
    future = LinearPerpetual("BTC-DEC", "BTC", "USD", expiry=1_800_000_000)
    position = Position(WAD, 100 * WAD)
    assert future.value(EXACT, position, {"BTC": 110 * WAD}) == 10 * WAD
    assert future.value(EXACT, position, {"BTC": 110 * WAD, "BTC-DEC": 112 * WAD}) == 12 * WAD
    with pytest.raises(MissingPriceError):
        future.value(EXACT, position, {"ETH": WAD})


@given(st.integers(WAD, 10**9 * WAD), st.integers(1, 10**6))
def test_trading_against_a_pool_does_not_move_its_share_price(reserve: int, parts: int) -> None:
    prices = {"A": WAD, "B": 4 * WAD}
    other = reserve // 4
    bought = other * parts // (10**6 + parts)
    left = other - bought
    paid = reserve * other // left - reserve
    before = PoolShare("LP", ("A", "B"), (reserve, other), 100 * WAD, "USD").share_price(EXACT, prices)
    after = PoolShare("LP", ("A", "B"), (reserve + paid, left), 100 * WAD, "USD").share_price(EXACT, prices)
    assert abs(after - before) <= before // 10**12 + 10**3
    # At these prices the pool is in balance: a share is a hundredth of what it holds.
    assert abs(before - (reserve + 4 * other) // 100) <= before // 10**12 + 10**3


def test_yield_and_debt() -> None:
    staked = YieldBearing("wstETH", "ETH", WAD * 12 // 10)
    assert staked.value(EXACT, Position(5 * WAD, 0), {}) == 6 * WAD
    debt = Debt("loan", "USDC", WAD * 11 // 10)
    assert debt.value(EXACT, Position(-100 * WAD, WAD), {}) == -110 * WAD


def test_option_value_and_pay_off() -> None:
    option = EuropeanOption("C", "ETH", "ETH", 3_000 * WAD, True, 30 * 86_400, WAD // 2, WAD)
    prices = {"ETH": 3_000 * WAD}
    coin = option.value(EXACT, Position(10 * WAD, 0), prices)
    dollars = equity(EXACT, [(option, Position(10 * WAD, 0))], prices)
    # At the money a call is worth about 0.4 * sigma * sqrt(t) of the forward.
    assert coin / 1e18 / 10 == pytest.approx(0.3989 * 0.5 * np.sqrt(30 / 365), rel=5e-3)
    assert abs(dollars - coin * 3_000) <= 10**4
    assert option.pay_off(EXACT, Position(-2 * WAD, 0), 3_100 * WAD) == -200 * WAD
    assert option.pay_off(EXACT, Position(-2 * WAD, 0), 2_900 * WAD) == 0


# Funding, interest, settlement, basis


def test_velocity_funding_moves_with_skew_and_pays_against_it() -> None:
    day = VelocityFunding(50 * WAD, 100 * WAD, WAD // 10, 0, 0, 86_400)
    assert day.velocity(EXACT) == WAD // 20
    assert day.current_rate(EXACT) == WAD // 20
    # The mean of both rates over one day, at 2,000 dollars, against those who are long.
    assert day.current_value(EXACT, 2_000 * WAD) == -50 * WAD
    assert VelocityFunding(500 * WAD, 100 * WAD, WAD, 0, 0, 1).velocity(EXACT) == WAD
    assert VelocityFunding(500 * WAD, 0, WAD, 0, 0, 1).velocity(EXACT) == 0


@pytest.mark.parametrize(
    ("premium_bps", "expected_bps"), [(0, 1), (3, 1), (6, 1), (10, 5), (-3, 1), (-10, -5), (900, 400)]
)
def test_clamped_premium(premium_bps: int, expected_bps: int) -> None:
    """Interest 1 bp, clamp 5 bp, cap 400 bp: within the clamp the rate is the interest."""
    bp = WAD // 10**4
    assert clamped_premium_rate(EXACT, premium_bps * bp, bp, 5 * bp, 400 * bp) == expected_bps * bp


def test_premium_and_basis() -> None:
    assert premium(EXACT, 101 * WAD, 100 * WAD) == WAD // 100
    forward = fair_forward(EXACT, 100 * WAD, WAD // 10, WAD // 2)
    assert forward / 1e18 == pytest.approx(100 * np.exp(0.05))
    assert annualised_basis(EXACT, forward, 100 * WAD, WAD // 2) / 1e18 == pytest.approx(0.1)


def test_interest() -> None:
    curve = KinkedRate(WAD // 20, 0, WAD * 8 // 10, WAD * 475 // 100)
    assert curve.rate(EXACT, WAD // 2) == WAD // 20
    assert curve.rate(EXACT, WAD) == WAD
    assert utilisation(EXACT, 3 * WAD, 4 * WAD) == WAD * 3 // 4
    assert utilisation(EXACT, 0, 0) == 0
    year = 31_536_000
    assert accrue_linear(EXACT, WAD, WAD // 10, year) == WAD * 11 // 10
    assert accrue_continuous(EXACT, WAD, WAD // 10, year) / 1e18 == pytest.approx(np.exp(0.1))


@pytest.mark.parametrize(("seconds", "share"), [(7_200, 1.0), (1_800, 1.0), (900, 0.5), (0, 0.0)])
def test_settlement_average_fixes_the_part_that_has_passed(seconds: int, share: float) -> None:
    fixed, variable = split_forward(EXACT, 3_100 * WAD, 3_000 * WAD, seconds)
    assert variable == int(3_100 * share) * WAD
    assert fixed == int(3_000 * (1 - share)) * WAD


def test_a_sale_pays_spread_and_impact() -> None:
    # A tenth of the depth costs 5 % of the value in impact, and 1 % in spread.
    assert sale_value(EXACT, WAD, 100 * WAD, WAD // 100, 10 * WAD) == 94 * WAD
    assert sale_value(EXACT, -WAD, 100 * WAD, WAD // 100, 10 * WAD) == -106 * WAD
