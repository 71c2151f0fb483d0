"""Presets without vectors, against their documentation's formulas and numbers worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.fixed_point.float64 import FLOAT64
from protocol.margin.credit_line import CreditLine
from protocol.margin.holdings import (
    ExpiryHolding,
    MarketHolding,
    OptionHolding,
    PerpHolding,
    Portfolio,
    TokenHolding,
)
from protocol.margin.judgement import INITIAL, MAINTENANCE, Check, Level, Prices, PriceView
from protocol.margin.presets import drift_v2
from protocol.margin.presets.deribit_standard import DERIBIT_STANDARD
from protocol.margin.presets.dydx_v4 import LARGE, MID, Position, SubAccount, liquidatable
from protocol.margin.presets.euler_v2 import EulerAccount, Ramp, VaultCollateral, fixed_ratio
from protocol.margin.presets.gmx_v2 import IsolatedPosition, MarketTerms, price_impact
from protocol.margin.presets.grids import GRIDS, PARADEX, PLAIN, span, tims
from protocol.margin.presets.hyperliquid import (
    HYPERLIQUID,
    LIQUIDATION_RATIO,
    BorrowableToken,
    adl_rank,
    liquidation_price,
    median_price,
    portfolio_ratio,
)
from protocol.margin.presets.simm import Sensitivity, crypto_class
from protocol.margin.presets.tiered_cross import (
    BINANCE_BTC,
    BYBIT_BTC_COLLATERAL,
    TieredCross,
    unified_ratio,
)
from protocol.margin.value_at_risk import (
    dynamic_rates,
    ewma_volatility,
    expected_shortfall,
    filtered_returns,
    historical,
    parametric,
    parametric_shortfall,
    procyclicality,
)
from protocol.margin.weights import Slice, root_of_size, slice_rate, sliced


def perps(*rows: tuple[str, int, int, int], cash: int = 0, tokens: tuple[TokenHolding[int], ...] = ()):
    """Perpetuals as (underlying, size, price, unsettled) in whole units."""
    markets = tuple(
        MarketHolding(name, price * WAD, WAD, PerpHolding(size * WAD, price * WAD, WAD, gain * WAD), 0, ())
        for name, size, price, gain in rows
    )
    return Portfolio(cash * WAD, WAD, markets, tokens)


# Tiers


@given(st.integers(0, 10**9))
def test_slices_are_the_published_rate_times_notional_minus_deduction(notional: int) -> None:
    tiers = ((0, WAD // 100), (10**6, WAD // 50), (10**7, WAD // 20))
    slices = tuple(Slice(lower * WAD, rate) for lower, rate in tiers)
    deduction, rate, published = 0, tiers[0][1], tiers[0][1]
    for lower, tier_rate in tiers[1:]:
        deduction_here = lower * (tier_rate - rate)
        rate = tier_rate
        if notional >= lower:
            deduction += deduction_here
            published = tier_rate
    assert sliced(EXACT, notional * WAD, slices) == notional * published - deduction
    assert slice_rate(EXACT, notional * WAD, slices) == published


def test_bybit_collateral_example() -> None:
    # 10 at 0.98, then 0.95, 0.90, 0.85, 0.80, and nothing above 50.
    assert sliced(EXACT, 60 * WAD, BYBIT_BTC_COLLATERAL) == WAD * 448 // 10
    rule = TieredCross((("BTC", BINANCE_BTC),), (("BTC", BYBIT_BTC_COLLATERAL),))
    held = perps(("BTC", -10, 50_000, 0), tokens=(TokenHolding("BTC", 60 * WAD, 50_000 * WAD, WAD),))
    answer = rule.judge(EXACT, held, MAINTENANCE)
    assert answer.equity == 3_000_000 * WAD
    assert answer.excess == 2_240_000 * WAD - 2_000 * WAD
    assert unified_ratio(EXACT, answer) == 1_120 * WAD


def test_hyperliquid_tiers() -> None:
    held = perps(("BTC", 5_000, 60_000, 0), ("ETH", -1_000, 3_000, 0), cash=10_000_000)
    initial = HYPERLIQUID.judge(EXACT, held, INITIAL)
    # 150 m at 1/40, 150 m at 1/20; 3 m at 1/25.
    assert initial.charges == {"BTC": 11_250_000 * WAD, "ETH": 120_000 * WAD}
    assert HYPERLIQUID.judge(EXACT, held, MAINTENANCE).charges["ETH"] == 60_000 * WAD


@given(st.floats(1, 1e5), st.floats(0.01, 100), st.booleans(), st.floats(0.001, 0.2), st.floats(5, 50))
def test_hyperliquid_liquidation_price_is_where_equity_meets_maintenance(
    price: float, size: float, long: bool, margin: float, leverage: float
) -> None:
    whole = FLOAT64.whole
    signed = size if long else -size
    equity = price * size * (margin + 1 / leverage)
    available = equity - price * size / leverage
    got = float(liquidation_price(FLOAT64, *map(whole, (price, signed, available, leverage))))
    assert equity + signed * (got - price) == pytest.approx(size * got / leverage, rel=1e-9)


def test_hyperliquid_portfolio_margin_and_ranking() -> None:
    cash = BorrowableToken(-30_000 * WAD, WAD, 0, 10**6 * WAD, 10**9 * WAD)
    coin = BorrowableToken(WAD, 60_000 * WAD, WAD // 2, 0, 20 * WAD)
    # (20 + 1,000 + 30,000) / (60,000 * 0.75)
    ratio = portfolio_ratio(EXACT, cash, coin, 1_000 * WAD)
    assert ratio == 31_020 * WAD // 45_000
    assert ratio < LIQUIDATION_RATIO
    assert median_price(EXACT, 3, 1, 2) == median_price(EXACT, 2, 3, 1) == 2
    long = adl_rank(EXACT, 120 * WAD, 100 * WAD, 1_000 * WAD, 100 * WAD, WAD)
    short = adl_rank(EXACT, 120 * WAD, 100 * WAD, 1_000 * WAD, 100 * WAD, -WAD)
    assert (long, short) == (12 * WAD, 10 * (WAD * 100 // 120))


# Grids


def test_paradex_has_its_published_scenarios() -> None:
    assert len(PARADEX.scenarios) == 24
    spots = sorted({s.spot for s in PARADEX.scenarios})
    assert spots[0] == 34 * WAD // 100
    assert spots[-1] == 6 * WAD
    # A long of one at 50,000: 16 % of it; the tails count 0.24 * 66 % = 15.84 % and 0.48 * 33 %.
    answer = PARADEX.judge(EXACT, perps(("BTC", 1, 50_000, 0)), INITIAL)
    assert answer.requirement == 8_000 * WAD
    assert PARADEX.judge(EXACT, perps(("BTC", 1, 50_000, 0)), MAINTENANCE).requirement == 4_000 * WAD


def test_paradex_least_delta_charge() -> None:
    """A perfect hedge of perpetual and base still pays 1 % of the hedged notional."""
    held = perps(("BTC", -1, 50_000, 0))
    held = replace(held, markets=(replace(held.markets[0], base=WAD),))
    assert PARADEX.judge(EXACT, held, INITIAL).requirement == 500 * WAD


def test_span_has_sixteen_scenarios_and_counts_a_third_of_extremes() -> None:
    rule = span("0.12", "0.05", "0")
    assert len(rule.scenarios) == 16
    # Full range 12 %, extreme 24 % * 35 % = 8.4 %.
    assert rule.judge(EXACT, perps(("BTC", 1, 1_000, 0)), MAINTENANCE).requirement == 120 * WAD


def test_span_short_option_minimum_is_a_floor() -> None:
    far = OptionHolding(9_000 * WAD, WAD // 2, -WAD, True)
    expiry = ExpiryHolding(86_400, 0, 3_000 * WAD, 0, WAD, WAD, WAD, (far,))
    held = Portfolio(0, WAD, (MarketHolding("ETH", 3_000 * WAD, WAD, None, 0, (expiry,)),))
    assert span("0.1", "0.05", "0.01").judge(EXACT, held, MAINTENANCE).excess == -30 * WAD


def test_tims_range() -> None:
    rule = tims("-0.08", "0.06")
    long, short = (rule.judge(EXACT, perps(("X", n, 100, 0)), MAINTENANCE).requirement for n in (1, -1))
    assert (long, short) == (8 * WAD, 6 * WAD)
    assert len(rule.scenarios) == 10


def test_grid_haircuts() -> None:
    rule = replace(PLAIN, haircuts=(("BTC", BYBIT_BTC_COLLATERAL),))
    tokens = (TokenHolding("BTC", 60 * WAD, 1_000 * WAD, WAD), TokenHolding("DOGE", WAD, WAD, WAD))
    answer = rule.judge(EXACT, Portfolio(0, WAD, (), tokens), MAINTENANCE)
    assert answer.equity == 60_001 * WAD
    assert answer.excess == 44_800 * WAD


def test_every_grid_has_a_scenario_for_each_side() -> None:
    for name, rule in GRIDS.items():
        assert any(s.spot < WAD for s in rule.scenarios), name
        assert any(s.spot > WAD for s in rule.scenarios), name


def test_deribit_standard_margin() -> None:
    spot = 10_000 * WAD

    def sold(strike: int, *, call: bool) -> Portfolio[int]:
        option = OptionHolding(strike * WAD, 0, -WAD, call)
        expiry = ExpiryHolding(86_400, 0, spot, 0, WAD, WAD, WAD, (option,))
        return Portfolio(0, WAD, (MarketHolding("BTC", spot, WAD, None, 0, (expiry,)),))

    def excess(held: Portfolio[int], check: Check) -> float:
        return DERIBIT_STANDARD.judge(EXACT, held, check).excess / 1e18

    # Two per cent out of the money: 13 %; ten per cent: the least, 10 %; maintenance 7.5 %. Marks are zero.
    assert excess(sold(10_200, call=True), INITIAL) == pytest.approx(-1_300)
    assert excess(sold(11_000, call=True), INITIAL) == pytest.approx(-1_000)
    assert excess(sold(11_000, call=True), MAINTENANCE) == pytest.approx(-750)
    assert excess(sold(9_800, call=False), INITIAL) == pytest.approx(-1_300)
    # A future of 100 BTC: 2 % + 100 * 0.005 % = 2.5 %.
    assert excess(perps(("BTC", 100, 10_000, 0)), INITIAL) == pytest.approx(-25_000)


# dYdX, Drift


def test_dydx_tiers_by_open_interest() -> None:
    assert LARGE.fraction_down(EXACT, 10**18) == 50_000
    assert [MID.fraction_down(EXACT, x * 10**12) for x in (20, 35, 50)] == [100_000, 550_000, 10**6]
    position = Position("BTC", 10**8, 50_000, 0, -8, LARGE, 0)
    account = SubAccount(-48_600 * 10**6, (position,))
    # Equity 1,400; initial 2,500; maintenance 1,500.
    assert account.judge(EXACT, INITIAL).excess == -1_100 * 10**6
    assert account.judge(EXACT, MAINTENANCE).excess == -100 * 10**6
    assert liquidatable(account)
    assert not liquidatable(SubAccount(-48_500 * 10**6, (position,)))


def test_drift_reads_the_worse_price_for_initial_margin_only() -> None:
    usdc = drift_v2.SpotHolding(
        1_000 * 10**6, 6, drift_v2.StrictPrice(10**6, 10**6), 10**4, 10**4, 10**4, 10**4, 0, 0, 0
    )
    sol = drift_v2.SpotHolding(
        -5 * 10**9, 9, drift_v2.StrictPrice(100 * 10**6, 120 * 10**6), 8_000, 9_000, 12_000, 11_000, 0, 0, 0
    )
    account = drift_v2.DriftAccount((usdc, sol), ())
    assert account.judge(EXACT, INITIAL).excess == (1_000 - 5 * 120 * 12 // 10) * 10**6
    assert account.judge(EXACT, MAINTENANCE).excess == (1_000 - 550) * 10**6


def test_drift_perpetual_with_orders_and_profit() -> None:
    quote = drift_v2.StrictPrice(10**6, 10**6)
    perp = drift_v2.PerpHolding(
        10**9, 500 * 10**6, 100 * 10**6, quote, 1_000, 500, 0, 10**4, bids=2 * 10**9, asks=10**9, orders=2
    )
    # Three units with the bids filled at 100: 10 % of 300 and two cents.
    assert perp.requirement(EXACT, Level.INITIAL) == 30 * 10**6 + 20_000
    assert perp.requirement(EXACT, Level.FILL) == 22_500_000 + 20_000
    assert perp.requirement(EXACT, Level.MAINTENANCE) == 15 * 10**6 + 20_000
    assert perp.weighted_profit(EXACT, Level.INITIAL) == 100 * 10**6
    assert perp.weighted_profit(EXACT, Level.MAINTENANCE) == 500 * 10**6
    assert replace(perp, profit=-7 * 10**6).weighted_profit(EXACT, Level.INITIAL) == -7 * 10**6


# Euler, GMX


def euler(middle: int) -> EulerAccount[int]:
    vault = VaultCollateral("WETH", WAD, middle * 99 // 100, middle, fixed_ratio(8_000, 8_500))
    return EulerAccount((vault,), 850 * 10**6, 860 * WAD, 850 * WAD)


def test_euler_borrows_at_bid_and_ask_and_liquidates_at_the_middle() -> None:
    account = euler(1_000 * WAD)
    assert account.judge(EXACT, INITIAL).excess == 792 * WAD - 860 * WAD
    assert account.judge(EXACT, MAINTENANCE).excess == 0
    ramp = Ramp(7_000, 8_000, initial=9_000, until=200, duration=100)
    assert [ramp.liquidation(EXACT, t) for t in (100, 150, 200, 300)] == [9_000, 8_500, 8_000, 8_000]
    raised = Ramp(7_000, 9_000, initial=8_000, until=200, duration=100)
    assert raised.liquidation(EXACT, 100) == 9_000


def test_gmx_counts_harmful_impact_only_and_caps_it() -> None:
    terms = MarketTerms(WAD, WAD // 200, WAD // 400, 0, WAD // 100, 2 * WAD, 1, 1)
    position = IsolatedPosition(10_000 * WAD, -400 * WAD, 500 * WAD, WAD, -300 * WAD, 10 * WAD, 0)
    # 500 - 400 - min(300, 1 % of 10,000) - 10 = -10.
    assert position.remaining(EXACT, terms) == -10 * WAD
    assert replace(position, impact=300 * WAD).remaining(EXACT, terms) == 90 * WAD
    assert position.judge(EXACT, terms, MAINTENANCE).excess == -35 * WAD
    # Opening: 500 against half a per cent of 10,000; unrealised results do not count.
    assert position.judge(EXACT, terms, INITIAL).excess == 450 * WAD
    crowded = replace(terms, open_interest_factor=WAD // 10**8)
    big = replace(position, open_interest=10**7 * WAD)
    assert big.judge(EXACT, crowded, INITIAL).excess == 500 * WAD - 1_000 * WAD


def test_gmx_price_impact() -> None:
    whole = FLOAT64.whole
    terms = MarketTerms(*map(whole, (1, 0.01, 0.01, 0, 0.01, 2, 1e-9, 3e-9)))

    def impact(before: float, after: float, *, crosses: bool = False) -> float:
        return float(price_impact(FLOAT64, whole(before), whole(after), terms, crosses=crosses))

    assert impact(1e6, 2e6) == pytest.approx(3e-9 * (1e12 - 4e12))
    assert impact(2e6, 1e6) == pytest.approx(1e-9 * (4e12 - 1e12))
    assert impact(1e6, 1e6, crosses=True) == pytest.approx(1e-9 * 1e12 - 3e-9 * 1e12)


# Price views, credit, distributions


def test_price_views_are_the_worse_side() -> None:
    prices = Prices(100, 90, 99, 102, 5)
    owned = {view: prices.seen(EXACT, view, owned=True) for view in PriceView}
    owed = {view: prices.seen(EXACT, view, owned=False) for view in PriceView}
    assert owned[PriceView.CONSERVATIVE] == 90
    assert owed[PriceView.CONSERVATIVE] == 100
    assert (owned[PriceView.BID_ASK], owed[PriceView.BID_ASK]) == (99, 102)
    assert (owned[PriceView.WIDENED], owed[PriceView.WIDENED]) == (95, 105)
    assert owned[PriceView.MARK] == owed[PriceView.MARK] == 100
    for view in PriceView:
        assert owned[view] <= owed[view]


def test_credit_line() -> None:
    line = CreditLine(1_000_000 * WAD, 100_000 * WAD, 50_000 * WAD)
    assert line.call(EXACT, 1_200_000 * WAD, 50_000 * WAD) == 200_000 * WAD
    assert line.call(EXACT, 1_050_000 * WAD, 50_000 * WAD) == 0
    assert line.call(EXACT, 500_000 * WAD, 250_000 * WAD) == -200_000 * WAD
    assert line.excess(EXACT, 0, 900_000 * WAD) == 50_000 * WAD


def test_historical_measures_on_a_known_distribution() -> None:
    profits = np.arange(-100.0, 0.0)[np.random.default_rng(1).permutation(100)]
    assert historical(profits, 0.99) == 99.0
    assert historical(profits, 0.95) == 95.0
    assert expected_shortfall(profits, 0.95) == 98.0
    assert historical(np.stack([profits, 2 * profits]), 0.95).tolist() == [95.0, 190.0]


def test_parametric_measures() -> None:
    covariance = np.array([[0.04, 0.02], [0.02, 0.09]])
    exposure = np.array([100.0, -50.0])
    deviation = np.sqrt(exposure @ covariance @ exposure)
    assert parametric(exposure, covariance, 0.99) == pytest.approx(norm.ppf(0.99) * deviation)
    tail = norm.pdf(norm.ppf(0.975)) / 0.025 * deviation
    assert parametric_shortfall(exposure, covariance, 0.975) == pytest.approx(tail)


@given(st.integers(0, 2**32 - 1))
def test_expected_shortfall_is_sub_additive(seed: int) -> None:
    first, second = np.random.default_rng(seed).standard_t(3, (2, 200))
    together = expected_shortfall(first + second, 0.95)
    assert together <= expected_shortfall(first, 0.95) + expected_shortfall(second, 0.95) + 1e-9


def test_dynamic_margin_is_calmer_than_its_model() -> None:
    volatility = np.concatenate([np.full(50, 0.02), np.linspace(0.02, 0.06, 10), np.full(50, 0.03)])
    model = 3 * volatility
    rates = dynamic_rates(volatility, multiple=3.0, floor=0.05, stressed=0.18)
    assert np.all(rates >= model - 1e-15)
    assert rates[0] == pytest.approx(1.25 * 0.06)
    assert rates[59] == pytest.approx(0.18)
    assert procyclicality(rates) < procyclicality(model)
    slow = dynamic_rates(volatility, multiple=3.0, floor=0.05, stressed=0.18, greatest_step=0.1)
    steps = slow[1:] / slow[:-1]
    assert steps.max() <= 1.1 + 1e-12
    assert steps.min() >= 0.9 - 1e-12


def test_volatility_filter() -> None:
    returns = np.random.default_rng(3).normal(0, 0.01, 500)
    returns[-1] = 0.10
    filtered = filtered_returns(returns, 0.94)
    # After a jump the whole past is scaled up to the new volatility.
    assert filtered.std() > 2 * returns[:-1].std()
    constant = np.full(100, 0.02)
    np.testing.assert_allclose(ewma_volatility(constant, 0.94), 0.02)
    np.testing.assert_allclose(filtered_returns(constant, 0.94), 0.02)


def test_crypto_class_gives_spreads_credit_and_piles_none() -> None:
    risk = crypto_class()

    def delta(btc: float, eth: float) -> float:
        return risk.delta([Sensitivity("BTC", "crypto", btc), Sensitivity("ETH", "crypto", eth)])

    alone = delta(1_000, 0) + delta(0, 1_000)
    assert delta(1_000, -1_000) < 0.6 * alone
    assert delta(1_000, 1_000) > 0.94 * alone
    independent = crypto_class(correlations={frozenset({"BTC", "ETH"}): 0.0})
    rows = [Sensitivity("BTC", "crypto", 1_000), Sensitivity("ETH", "crypto", 1_000)]
    assert independent.delta(rows) == pytest.approx(np.hypot(delta(1_000, 0), delta(0, 1_000)))


def test_root_of_size() -> None:
    assert root_of_size(EXACT, 400 * WAD, WAD // 100, WAD // 10) == WAD // 5
    assert root_of_size(EXACT, WAD, WAD // 100, WAD // 10) == WAD // 10
