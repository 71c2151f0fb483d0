"""Statistical rules on the common portfolio against numpy and the closed formulas of sensitivities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from protocol.errors import UnfitPortfolioError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.fixed_point.float64 import FLOAT64
from protocol.margin.credit_line import CreditLine
from protocol.margin.credit_rule import OnCredit
from protocol.margin.fit import fit
from protocol.margin.holdings import (
    ExpiryHolding,
    MarketHolding,
    OptionHolding,
    PerpHolding,
    Portfolio,
    TokenHolding,
)
from protocol.margin.judgement import INITIAL, MAINTENANCE
from protocol.margin.presets.grids import PARADEX, correlated
from protocol.margin.presets.hyperliquid import HYPERLIQUID_PORTFOLIO, BorrowableToken, portfolio_ratio
from protocol.margin.presets.okx_portfolio import OkxPortfolio, okx_scenarios
from protocol.margin.presets.registry import Kind, preset
from protocol.margin.presets.simm import (
    CRYPTO_CORRELATIONS,
    CRYPTO_VOLATILITY,
    Sensitivity,
    crypto_class,
)
from protocol.margin.presets.simm_portfolio import SIMM_CRYPTO, VAR_CRYPTO
from protocol.margin.presets.tiered_cross import TieredCross, okx_discounts
from protocol.margin.statistical_margin import HistoricalMargin
from protocol.margin.value_at_risk import expected_shortfall, historical, parametric

PRICES = {"BTC": 60_000, "ETH": 3_000}


def perps(bitcoin: float, ether: float, cash: int = 0) -> Portfolio[int]:
    markets = tuple(
        MarketHolding(name, spot * WAD, WAD, PerpHolding(wad(size), spot * WAD, WAD, 0), 0, ())
        for (name, spot), size in zip(PRICES.items(), (bitcoin, ether), strict=True)
    )
    return Portfolio(cash * WAD, WAD, markets)


def options(*rows: tuple[str, float, float, float, bool]) -> Portfolio[int]:
    """Options as (underlying, days, strike over forward, amount, call) at 60 % volatility."""
    markets = []
    for name, days, moneyness, amount, call in rows:
        spot = PRICES[name]
        row = OptionHolding(wad(spot * moneyness), wad(0.6), wad(amount), call)
        expiry = ExpiryHolding(int(days * 86_400), 0, spot * WAD, 0, WAD, WAD, WAD, (row,))
        markets.append(MarketHolding(name, spot * WAD, WAD, None, 0, (expiry,)))
    return Portfolio(0, WAD, tuple(markets))


def wad(value: float) -> int:
    return round(value * 10**9) * 10**9


def needed(rule: Any, portfolio: Portfolio[int]) -> float:
    exact = rule.judge(EXACT, portfolio, INITIAL)
    array = FLOAT64.load(rule).judge(FLOAT64, FLOAT64.load(portfolio), INITIAL)
    assert float(array.excess) == pytest.approx(exact.excess / WAD, rel=1e-8, abs=1e-4)
    return float(exact.requirement / WAD)


SIZES = st.integers(-9_000, 9_000).map(lambda thousandths: thousandths / 1_000)


@settings(max_examples=50, deadline=None)
@given(SIZES, SIZES)
def test_normal_value_at_risk_is_that_of_the_array_rule(bitcoin: float, ether: float) -> None:
    daily = np.array([CRYPTO_VOLATILITY[name] for name in PRICES]) / np.sqrt(365)
    correlation = CRYPTO_CORRELATIONS[frozenset(PRICES)]
    covariance = np.outer(daily, daily) * np.array([[1, correlation], [correlation, 1]])
    exposures = np.array([bitcoin * 60_000, ether * 3_000])
    expected = float(parametric(exposures, covariance, 0.99))
    assert needed(VAR_CRYPTO, perps(bitcoin, ether)) == pytest.approx(expected, rel=1e-9, abs=1e-6)


MOVES = st.lists(st.tuples(st.integers(-300, 300), st.integers(-300, 300)), min_size=5, max_size=40).map(
    lambda rows: [(a / 1_000, b / 1_000) for a, b in rows]
)


@settings(max_examples=50, deadline=None)
@given(MOVES, SIZES, SIZES, st.integers(1, 4))
def test_historical_margin_is_the_ranked_loss(
    moves: list[tuple[float, float]], bitcoin: float, ether: float, worst: int
) -> None:
    rows = tuple((wad(a), wad(b)) for a, b in moves)
    profits = np.array([bitcoin * 60_000 * a + ether * 3_000 * b for a, b in moves])
    share = 1 - worst / len(moves)
    for shortfall, expected in (
        (False, historical(profits, share + 1 / len(moves))),
        (True, expected_shortfall(profits, share)),
    ):
        rule = HistoricalMargin(tuple(PRICES), rows, worst, shortfall)
        got = needed(rule, perps(bitcoin, ether))
        assert got == pytest.approx(max(float(expected), 0.0), rel=1e-9, abs=1e-6)


def test_options_are_revalued_under_past_moves() -> None:
    """A sold straddle loses on either side, which its delta does not show."""
    both = options(("BTC", 30, 1.0, -1, True))
    expiry = both.markets[0].expiries[0]
    put = replace(expiry.options[0], call=False)
    straddle = replace(
        both, markets=(replace(both.markets[0], expiries=(replace(expiry, options=(*expiry.options, put)),)),)
    )
    rule = HistoricalMargin(("BTC",), ((wad(-0.2),), (wad(0.2),), (0,)), 1, False)

    def worth(forward: float) -> float:
        total = 0.6 * np.sqrt(30 / 365)
        d1 = np.log(forward / 60_000) / total + total / 2
        return float(forward * (2 * norm.cdf(d1) - 1) - 60_000 * (2 * norm.cdf(d1 - total) - 1))

    worst = max(worth(48_000), worth(72_000)) - worth(60_000)
    assert needed(rule, straddle) == pytest.approx(worst, rel=1e-9)
    assert needed(VAR_CRYPTO, straddle) < 0.01 * 60_000


@pytest.mark.parametrize(
    "rows",
    [
        [("BTC", 30, 1.1, -2.0, True), ("ETH", 60, 0.9, 10.0, False)],
        [("BTC", 7, 1.0, 1.0, True), ("ETH", 7, 1.0, -20.0, True)],
        [("BTC", 90, 1.0, -1.0, True), ("ETH", 14, 1.0, -5.0, False)],
    ],
)
def test_the_quadratic_form_is_simm_s_on_closed_form_sensitivities(
    rows: list[tuple[str, float, float, float, bool]],
) -> None:
    sensitivities = []
    for name, days, moneyness, amount, call in rows:
        forward, years, sigma = PRICES[name], days / 365, 0.6
        d1 = -np.log(moneyness) / (sigma * np.sqrt(years)) + sigma * np.sqrt(years) / 2
        delta = amount * (norm.cdf(d1) if call else norm.cdf(d1) - 1) * forward
        vega = amount * forward * norm.pdf(d1) * np.sqrt(years)
        sensitivities += [
            Sensitivity(name, "crypto", delta / 100), Sensitivity(name, "crypto", vega / 100, days),
        ]  # fmt: skip
    expected = crypto_class().margin(sensitivities)
    answer = SIMM_CRYPTO.judge(EXACT, options(*rows), INITIAL)
    got = tuple(answer.charges[name] / WAD for name in ("delta", "vega", "curvature"))
    assert got == pytest.approx(expected, rel=2e-4, abs=0.01)
    assert needed(SIMM_CRYPTO, options(*rows)) == pytest.approx(sum(expected), rel=2e-4)


def test_an_underlying_without_numbers_is_refused() -> None:
    doge = perps(1, 0)
    doge = replace(doge, markets=(replace(doge.markets[0], underlying="DOGE"),))
    for rule in (VAR_CRYPTO, SIMM_CRYPTO, HistoricalMargin(("BTC",), ((0,),), 1, False)):
        with pytest.raises(UnfitPortfolioError, match="DOGE"):
            rule.judge(EXACT, doge, INITIAL)  # type: ignore[attr-defined]


# Venues' tables


def okx(**changes: int) -> OkxPortfolio[int]:
    terms = dict.fromkeys(("volatility_up", "volatility_down", "carry", "vega", "rate", "floor_share"), 0) | {
        "initial_factor": WAD * 13 // 10
    }
    return OkxPortfolio(okx_scenarios(EXACT, WAD), **(terms | changes))


def test_okx_charges_the_worst_of_three_and_adds_the_rest() -> None:
    rule = okx()
    assert len(rule.scenarios) == 23
    # MR6: 24 % of 60,000; with half of it counted MR1's 12 % is as much.
    assert rule.judge(EXACT, perps(1, 0), MAINTENANCE).requirement == 14_400 * WAD
    assert rule.judge(EXACT, perps(1, 0), INITIAL).requirement == 18_720 * WAD
    half = replace(rule, scenarios=okx_scenarios(EXACT, WAD // 2))
    assert half.judge(EXACT, perps(1, -1), MAINTENANCE).requirement == (7_200 + 360) * WAD
    floored = okx(floor_share=WAD // 2)
    assert floored.judge(EXACT, perps(1, 0), MAINTENANCE).requirement == 30_000 * WAD


def test_okx_parts_of_options() -> None:
    long = options(("BTC", 10, 1.0, 1.0, True))
    charges = okx(vega=WAD // 10, rate=WAD // 100).judge(EXACT, long, MAINTENANCE).charges
    value = 60_000 * (2 * norm.cdf(0.6 * np.sqrt(10 / 365) / 2) - 1)
    # At the money value is nearly linear in volatility: a tenth of it; a hundredth for ten days of rates.
    assert charges["vega"] / WAD == pytest.approx(value / 10, rel=1e-3)
    assert charges["rate"] / WAD == pytest.approx(value / 100 * 10 / 365, rel=1e-6)
    assert charges["MR2 theta"] == 0  # a day costs less than a move
    assert needed(okx(vega=WAD // 10, carry=WAD // 20, rate=WAD // 100), long) > 0


def test_hyperliquid_s_portfolio_margin_is_its_ratio() -> None:
    held = replace(perps(-1, 0, cash=-30_000), markets=(replace(perps(-1, 0).markets[0], base=2 * WAD),))
    cash = BorrowableToken(-30_000 * WAD, WAD, 0, 10**6 * WAD, 10**9 * WAD)
    coin = BorrowableToken(2 * WAD, 60_000 * WAD, WAD // 2, 0, 20 * WAD)
    margin = HYPERLIQUID_PORTFOLIO.perpetuals.requirement(EXACT, held.markets[0], MAINTENANCE)
    ratio = portfolio_ratio(EXACT, cash, coin, margin)
    answer = HYPERLIQUID_PORTFOLIO.judge(EXACT, held, MAINTENANCE)
    assert answer.excess / WAD == pytest.approx((0.95 - ratio / WAD) * 90_000)
    assert needed(HYPERLIQUID_PORTFOLIO, held) > 0


def test_binance_refuses_what_lies_above_its_known_tier() -> None:
    known = frozenset({Kind.PERPETUAL})
    only = replace(perps(5, 0), markets=perps(5, 0).markets[:1])
    assert fit(preset("binance"), only, known).portfolio == only
    with pytest.raises(UnfitPortfolioError, match="up to 300,000"):
        fit(preset("binance"), replace(only, markets=perps(5.01, 0).markets[:1]), known)


def test_okx_discounts_fall_by_two_hundredths_after_the_third() -> None:
    rates = [tier.rate for tier in okx_discounts((0, 10, 20, 30, 40))]
    assert [rate * 100 // WAD for rate in rates] == [90, 89, 88, 86, 84]


def test_coins_in_a_unified_account_count_by_slices_and_debts_in_full() -> None:
    rule = TieredCross((), (("BTC", okx_discounts((0, 1))),))
    held = MarketHolding("BTC", 60_000 * WAD, WAD, None, 2 * WAD, ())
    assert rule.judge(EXACT, Portfolio(0, WAD, (held,)), INITIAL).excess == (54_000 + 53_400) * WAD
    owed = replace(held, base=-WAD)
    assert rule.judge(EXACT, Portfolio(0, WAD, (owed,)), INITIAL).excess == -60_000 * WAD
    token = TokenHolding("BTC", 2 * WAD, 60_000 * WAD, WAD)
    assert rule.judge(EXACT, Portfolio(0, WAD, (), (token,)), INITIAL).excess == 107_400 * WAD


# What wraps a rule


def test_a_blend_lies_between_no_netting_and_netting() -> None:
    hedge = perps(1, -20)
    plain = PARADEX.judge(EXACT, hedge, INITIAL).requirement
    pairs = {("BTC", "ETH"): "1"}
    full = correlated(PARADEX, pairs, "0").judge(EXACT, hedge, INITIAL).requirement
    blend = correlated(PARADEX, pairs, "0", "0.4").judge(EXACT, hedge, INITIAL).requirement
    assert plain == 19_200 * WAD
    assert full == 0
    assert blend == plain * 4 // 10


def test_a_credit_line_carries_a_shortfall_and_small_calls_are_not_made() -> None:
    line = CreditLine(10_000 * WAD, 500 * WAD, 0)
    rule = OnCredit(VAR_CRYPTO, line)
    bare = VAR_CRYPTO.judge(EXACT, perps(10, 0), INITIAL)
    assert rule.judge(EXACT, perps(10, 0), INITIAL).excess == bare.excess + 10_000 * WAD
    short = perps(0, 0, cash=-10_400)
    assert rule.judge(EXACT, short, INITIAL).excess == 0
    assert rule.judge(EXACT, perps(0, 0, cash=-10_600), INITIAL).excess == -600 * WAD
