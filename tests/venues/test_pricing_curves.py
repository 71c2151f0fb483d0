"""The exponential reserve, bonding curves and depots beside their closed forms."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import (
    InsufficientLiquidityError,
    NegativeAmountError,
    OverflowedError,
    StateError,
    UnknownAssetError,
    UnsafeValueError,
)
from protocol.venues.bancor_formula import largest_exponent, power_down
from protocol.venues.bonding_curve import BondingCurve
from protocol.venues.exponential_reserve import ExponentialReserve
from protocol.venues.fixed_price import FixedPriceDepot

E18 = 10**18
RATE, MINIMUM = 0.00252, 0.0037
RESERVE = ExponentialReserve(
    "sUSD",
    ExponentialReserve.to_fixed_point(Fraction("0.00252")),
    ExponentialReserve.to_fixed_point(Fraction("0.0037")),
    ether_reserve=906_580_000_000_000_000,
    token_reserve=10**24,
)
ETHER_IN = st.floats(0.01, 540)
TOKENS_IN = st.floats(10, 20_000)
HELD = st.floats(0, 500)


def bought(held: float, ether: float) -> float:
    """Integral of 1 / (p * exp(r * k)) over held..held + ether."""
    return math.exp(-RATE * held) * -math.expm1(-RATE * ether) / (RATE * MINIMUM)


def sold(held: float, tokens: float) -> float:
    return math.log1p(RATE * MINIMUM * math.exp(RATE * held) * tokens) / RATE


@given(held=HELD, ether=ETHER_IN)
def test_buying_follows_the_integral(held: float, ether: float) -> None:
    reserve = replace(RESERVE, ether_reserve=int(held * E18), token_reserve=10**26)
    got = reserve.quote("ETH", "sUSD", int(ether * E18)) / E18
    # 2**-40 in the growth r * dE and in p_min are the coarsest steps of the contract.
    step = 2.0**-40
    room = 4 * step / min(RATE * ether, 1) + 2 * step / MINIMUM + 4 * step / RATE
    assert got == pytest.approx(bought(held, ether), rel=room)


@given(held=HELD, tokens=TOKENS_IN)
def test_selling_follows_the_logarithm(held: float, tokens: float) -> None:
    reserve = replace(RESERVE, ether_reserve=int((held + 1000) * E18))
    got = reserve.quote("sUSD", "ETH", int(tokens * E18)) / E18
    growth = RATE * MINIMUM * math.exp(RATE * (held + 1000)) * tokens
    step = 2.0**-40
    room = 50 * step / min(growth, 1) + 2 * step / MINIMUM + 4 * step / RATE
    assert got == pytest.approx(sold(held + 1000, tokens), rel=room)


def test_eighteen_small_trades_pay_like_one_large_but_for_rounding() -> None:
    reserve, total = RESERVE, 0
    for _ in range(18):
        trade, reserve = reserve.swap("ETH", "sUSD", 20 * E18)
        total += trade.amount_out
    assert total == pytest.approx(RESERVE.quote("ETH", "sUSD", 360 * E18), rel=1e-8)
    price = MINIMUM * math.exp(RATE * 360.90658)
    assert reserve.spot_price() / E18 == pytest.approx(price, rel=1e-8)


def test_the_reserve_refuses_outside_caps_prices_and_stock() -> None:
    capped = replace(RESERVE, buy_cap=20 * E18)
    capped.quote("ETH", "sUSD", 20 * E18)
    with pytest.raises(UnsafeValueError):
        capped.quote("ETH", "sUSD", 20 * E18 + 10**6)
    # The *average* price is what is bounded: 4 % above the minimum is passed by a trade of 30 ETH or so.
    bounded = replace(RESERVE, maximum_price=E18 * 385 // 100_000)
    bounded.quote("ETH", "sUSD", 10 * E18)
    with pytest.raises(UnsafeValueError):
        bounded.quote("ETH", "sUSD", 60 * E18)
    with pytest.raises(InsufficientLiquidityError):
        replace(RESERVE, token_reserve=100 * E18).swap("ETH", "sUSD", E18)
    with pytest.raises(UnsafeValueError):
        RESERVE.quote("ETH", "sUSD", 10**28 + 1)


def test_impossible_parameters_are_refused() -> None:
    for change in ({"rate_fp": 0}, {"fee_bps": 10_000}, {"minimum_rate_price": 0}):
        with pytest.raises(StateError):
            ExponentialReserve.from_state({**RESERVE.to_state(), **change})


def test_the_fee_comes_off_the_tokens_on_both_ways() -> None:
    charged = replace(RESERVE, fee_bps=100)
    free = RESERVE.quote("ETH", "sUSD", E18)
    trade, after = charged.swap("ETH", "sUSD", E18)
    assert trade.amount_out == pytest.approx(free * 0.99, rel=1e-9)
    assert trade.fee == pytest.approx(free * 0.01, rel=1e-6)
    back, _ = after.swap("sUSD", "ETH", trade.amount_out)
    assert back.amount_out < E18


def true_purchase(curve: BondingCurve, deposit: int) -> Decimal:
    with localcontext() as context:
        context.prec = 80
        growth = (1 + Decimal(deposit) / curve.reserve_balance) ** (Decimal(curve.ratio_ppm) / 10**6)
        return curve.supply * (growth - 1)


def true_sale(curve: BondingCurve, amount: int) -> Decimal:
    with localcontext() as context:
        context.prec = 80
        kept = (1 - Decimal(amount) / curve.supply) ** (Decimal(10**6) / curve.ratio_ppm)
        return curve.reserve_balance * (1 - kept)


EMN = BondingCurve("DAI", "EMN", 14_753_434 * E18, 1_362_803_143 * E18, 999_000)
EAAVE = BondingCurve("EMN", "eAAVE", 101_168_899 * E18, 318_070 * E18, 500_000)


@pytest.mark.parametrize("curve", [EMN, EAAVE], ids=["EMN", "eAAVE"])
@given(part=st.floats(1e-9, 0.9))
def test_the_curve_is_the_power_law_from_below(curve: BondingCurve, part: float) -> None:
    deposit, amount = int(curve.reserve_balance * part), int(curve.supply * part)
    minted = curve.quote(curve.reserve, curve.token, deposit)
    paid = curve.quote(curve.token, curve.reserve, amount)
    # The series stops after 33 terms: at exponents up to ln(10) / ratio it loses x**34 / 34! of the power.
    assert 0 <= true_purchase(curve, deposit) - minted <= 1 + Decimal(curve.supply) / 10**17
    assert 0 <= true_sale(curve, amount) - paid <= 1 + Decimal(curve.reserve_balance) / 10**17


def test_burning_without_paying_makes_the_rest_worth_more() -> None:
    """The flaw of Eminence: eAAVE burned the EMN it took, and EMN's reserve never heard of it."""
    bought_emn, emn = EMN.swap("DAI", "EMN", 15_000_000 * E18)
    half = bought_emn.amount_out // 2
    _, eaave = EAAVE.swap("EMN", "eAAVE", half)
    assert eaave.reserve_balance == EAAVE.reserve_balance + half
    burned = emn.claim(half)
    assert (burned.supply, burned.reserve_balance) == (emn.supply - half, emn.reserve_balance)
    assert burned.quote("EMN", "DAI", half) > emn.quote("EMN", "DAI", half)
    assert burned.award(half) == emn
    with pytest.raises(InsufficientLiquidityError):
        emn.claim(emn.supply + 1)
    with pytest.raises(NegativeAmountError):
        emn.award(-1)


def test_the_table_of_exponents_is_bancors() -> None:
    """Spot checks against the constants printed in Bancor's formula, ends and middle."""
    table = [largest_exponent(precision) for precision in range(32, 128)]
    assert f"{table[0]:034x}" == "1c35fedd14" + "f" * 24
    assert f"{table[62 - 32]:034x}" == "07" + "f" * 32
    assert f"{table[100 - 32]:034x}" == "019f0028ec1fff007f5a195a39dfffffff"
    assert f"{table[95]:034x}" == "00857ddf0117efa215952912839f6473e6"
    assert table == sorted(table, reverse=True)


def test_powers_beyond_the_formula_are_refused() -> None:
    with pytest.raises(UnsafeValueError):
        power_down(1 << 129, 1, 1, 1)
    with pytest.raises((UnsafeValueError, OverflowedError)):
        power_down(10**30, 1, 10**6, 1)
    with pytest.raises(UnsafeValueError):
        replace(EMN, ratio_ppm=10**6 + 1).quote("DAI", "EMN", 1)
    with pytest.raises(UnsafeValueError):
        EMN.quote("EMN", "DAI", EMN.supply + 1)


def test_a_depot_sells_at_its_price_until_it_is_empty() -> None:
    depot = FixedPriceDepot("ETH", "sUSD", 10**8, 372_719, 1000 * E18)
    trade, after = depot.swap("ETH", "sUSD", E18)
    assert trade.amount_out == int(E18 / Fraction("0.00372719"))
    most = depot.affordable_in()
    assert depot.swap("ETH", "sUSD", most)[1].stock_reserve >= 0
    with pytest.raises(InsufficientLiquidityError):
        depot.swap("ETH", "sUSD", most + 1)
    with pytest.raises(UnknownAssetError):
        after.quote("sUSD", "ETH", 1)
    assert after.restock(5).stock_reserve == after.stock_reserve + 5
    with pytest.raises(StateError):
        FixedPriceDepot("ETH", "sUSD", 0, 1, 1)
