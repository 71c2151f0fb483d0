"""Engines with accounts of another shape, reached from the common portfolio: by hand, and in both planes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import UnfitPortfolioError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.fixed_point.float64 import FLOAT64
from protocol.margin.accounts.aave import AAVE, AAVE_WSTETH
from protocol.margin.accounts.compound import COMET_USDC
from protocol.margin.accounts.drift import DRIFT
from protocol.margin.accounts.dydx import DYDX
from protocol.margin.accounts.euler import EULER_PRIME
from protocol.margin.accounts.isolated import GMX, IsolatedTiers
from protocol.margin.accounts.mango import MANGO
from protocol.margin.accounts.synthetix import SYNTHETIX
from protocol.margin.fit import fit
from protocol.margin.holdings import MarketHolding, MarketTotals, PerpHolding, Portfolio, TokenHolding
from protocol.margin.judgement import INITIAL, MAINTENANCE, Check, Level
from protocol.margin.presets.hyperliquid import HYPERLIQUID
from protocol.margin.presets.registry import Kind, preset

FILL = Check(Level.FILL)


def held(
    cash: float = 0,
    *,
    base: dict[str, float] | None = None,
    perps: dict[str, tuple[float, float]] | None = None,
    tokens: dict[str, tuple[float, float]] | None = None,
    totals: MarketTotals[int] | None = None,
) -> Portfolio[int]:
    """Holdings in whole units: base, perpetuals as (size, unsettled), tokens as (amount, price)."""
    price = {"BTC": 60_000, "ETH": 3_000}
    base, perps = base or {}, perps or {}
    markets = []
    for name, spot in price.items():
        if name in base or name in perps:
            size, gain = perps.get(name, (0, 0))
            perp = PerpHolding(wad(size), spot * WAD, WAD, wad(gain)) if name in perps else None
            markets.append(MarketHolding(name, spot * WAD, WAD, perp, wad(base.get(name, 0)), (), totals))
    rows = tuple(TokenHolding(n, wad(a), wad(p), WAD) for n, (a, p) in (tokens or {}).items())
    return Portfolio(wad(cash), WAD, tuple(markets), rows)


def wad(value: float) -> int:
    return round(value * 10**6) * 10**12


def dollars(amount: int) -> float:
    return amount / WAD


# By hand


def test_aave_by_hand() -> None:
    """10,000 dollars and 2 BTC against 20 ETH: 0.80 and 0.70 to borrow, 0.85 and 0.75 until liquidation."""
    account = held(10_000, base={"BTC": 2, "ETH": -20})
    assert dollars(AAVE.judge(EXACT, account, INITIAL).equity) == 10_000 + 120_000 - 60_000
    # The pool averages its ratios to four digits before it weighs.
    assert dollars(AAVE.judge(EXACT, account, INITIAL).excess) == pytest.approx(
        8_000 + 84_000 - 60_000, abs=13
    )
    health = AAVE.judge(EXACT, account, MAINTENANCE)
    assert dollars(health.excess) == 8_500 + 90_000 - 60_000
    assert dollars(health.charges["haircut of BTC"]) == 30_000


@given(st.integers(0, 40_000_000), st.integers(0, 10**9), st.integers(20_000_000, 60_000_000))
def test_aave_fails_maintenance_where_the_health_factor_is_below_one(
    cash: int, bitcoin: int, ether: int
) -> None:
    account = held(cash / 1_000, base={"BTC": bitcoin / 10**9, "ETH": -ether / 10**6})
    health = AAVE.account(EXACT, account).data(EXACT).health
    assert (AAVE.judge(EXACT, account, MAINTENANCE).excess < 0) == (health < WAD)


def test_an_efficiency_mode_counts_more_and_lends_only_its_own() -> None:
    account = held(0, base={"ETH": -10}, tokens={"wstETH": (10, 3_600)})
    assert dollars(AAVE_WSTETH.judge(EXACT, account, INITIAL).excess) == 36_000 * 0.935 - 30_000
    assert dollars(AAVE_WSTETH.judge(EXACT, account, MAINTENANCE).excess) == 36_000 * 0.955 - 30_000
    with pytest.raises(UnfitPortfolioError, match="does not lend BTC"):
        AAVE_WSTETH.judge(EXACT, held(0, base={"BTC": -1}, tokens={"wstETH": (10, 3_600)}), INITIAL)
    with pytest.raises(UnfitPortfolioError, match="does not lend cash"):
        AAVE_WSTETH.judge(EXACT, held(-1, tokens={"wstETH": (10, 3_600)}), INITIAL)


def test_compound_by_hand() -> None:
    account = held(-50_000, base={"BTC": 1, "ETH": 10})
    assert dollars(COMET_USDC.judge(EXACT, account, INITIAL).excess) == 42_000 + 24_750 - 50_000
    assert dollars(COMET_USDC.judge(EXACT, account, MAINTENANCE).excess) == 46_200 + 26_850 - 50_000


@given(st.integers(-300_000, 100_000), st.integers(0, 5), st.integers(0, 60))
def test_compound_has_the_contracts_sign(cash: int, bitcoin: int, ether: int) -> None:
    account = held(cash, base={"BTC": bitcoin, "ETH": ether})
    for check in (INITIAL, MAINTENANCE):
        contract = COMET_USDC.account(EXACT, account).judge(EXACT, check).excess
        assert (COMET_USDC.judge(EXACT, account, check).excess < 0) == (contract < 0)


def test_euler_by_hand() -> None:
    account = held(10_000, base={"ETH": -10}, tokens={"wstETH": (10, 3_600), "DOGE": (1, 1)})
    assert dollars(EULER_PRIME.judge(EXACT, account, INITIAL).excess) == 8_300 + 36_000 * 0.91 - 30_000
    assert dollars(EULER_PRIME.judge(EXACT, account, MAINTENANCE).excess) == 8_500 + 36_000 * 0.93 - 30_000
    assert EULER_PRIME.judge(EXACT, held(-5_100, base={"ETH": 2}), MAINTENANCE).excess == -1  # a violation
    with pytest.raises(UnfitPortfolioError, match="one debt"):
        EULER_PRIME.judge(EXACT, held(-1, base={"ETH": -1}), INITIAL)
    free = EULER_PRIME.judge(EXACT, held(100, base={"ETH": 1}), INITIAL)
    assert free.excess == free.equity == 3_100 * WAD


def test_synthetix_by_hand() -> None:
    """1 BTC: rate 1/12,500 * 1.54 + 2 %, 15 dollars more, and a keeper's reward of 30 dollars at most."""
    answer = SYNTHETIX.judge(EXACT, held(10_000, perps={"BTC": (-1, -500)}), INITIAL)
    rate = 1.54 / 12_500 + 0.02
    reward = 60_000 * 0.0003
    assert dollars(answer.equity) == 9_500
    assert dollars(answer.excess) == pytest.approx(9_500 - 60_000 * rate - 15 - reward)
    maintenance = SYNTHETIX.judge(EXACT, held(10_000, perps={"BTC": (-1, -500)}), MAINTENANCE)
    assert dollars(maintenance.excess) == pytest.approx(9_500 - 60_000 * rate * 0.28 - 15 - reward)


def test_dydx_by_hand() -> None:
    account = held(5_000, perps={"BTC": (1, 200), "ETH": (-10, -100)})
    answer = DYDX.judge(EXACT, account, INITIAL)
    assert dollars(answer.equity) == 5_100
    assert dollars(answer.excess) == 5_100 - 90_000 * 0.05
    assert dollars(DYDX.judge(EXACT, account, MAINTENANCE).excess) == 5_100 - 90_000 * 0.03


def test_drift_by_hand() -> None:
    account = held(30_000, base={"ETH": 5, "BTC": -0.1}, perps={"BTC": (1, 1_000)})
    # 30,000 + 0.8 * 15,000 - 1.2 * 6,000 + 100 of the gain, less 20 % of 60,000.
    assert dollars(DRIFT.judge(EXACT, account, INITIAL).excess) == 30_000 + 12_000 - 7_200 + 100 - 12_000
    assert dollars(DRIFT.judge(EXACT, account, FILL).excess) == 30_000 + 12_000 - 7_200 + 100 - 7_500
    assert dollars(DRIFT.judge(EXACT, account, MAINTENANCE).excess) == 30_000 + 13_500 - 6_600 + 1_000 - 3_000


def test_mango_by_hand() -> None:
    account = held(30_000, base={"ETH": -5}, perps={"BTC": (1, 1_000)})
    # 1.2 * 15,000 owed; the perpetual's base at 0.95: 1,000 - 5 % of 60,000.
    assert dollars(MANGO.judge(EXACT, account, INITIAL).excess) == 30_000 - 18_000 + 1_000 - 3_000
    end = MANGO.judge(EXACT, account, Check(Level.LIQUIDATION_END))
    assert end.excess == MANGO.judge(EXACT, account, INITIAL).excess
    maintenance = MANGO.judge(EXACT, account, MAINTENANCE)
    assert dollars(maintenance.excess) == 30_000 - 16_500 + 1_000 - 1_500
    gaining = held(0, perps={"BTC": (1, 10_000)})
    assert dollars(MANGO.judge(EXACT, gaining, INITIAL).excess) == 0.9 * (10_000 - 3_000)


def test_gmx_by_hand() -> None:
    """0.5 % of size, more with open interest; closing costs 0.07 %; gains do not pay for other positions."""
    account = held(1_000, perps={"BTC": (1, 5_000), "ETH": (-10, -400)})
    maintenance = GMX.judge(EXACT, account, MAINTENANCE)
    assert dollars(maintenance.excess) == 1_000 - (150 + 400 + 21)
    assert dollars(maintenance.charges["BTC"]) == 0
    crowded = held(1_000, perps={"ETH": (-10, 0)}, totals=MarketTotals(0, 100_000 * WAD, 0, 0))
    # 300 million dollars short: 6e-11 of it, 1.8 % of size.
    assert dollars(GMX.judge(EXACT, crowded, INITIAL).excess) == pytest.approx(1_000 - 540)


def test_isolated_margin_never_asks_for_less_than_cross() -> None:
    account = held(20_000, perps={"BTC": (2, 9_000), "ETH": (-10, -400)})
    rule = IsolatedTiers(HYPERLIQUID)
    alone = rule.judge(EXACT, account, INITIAL)
    cross = HYPERLIQUID.judge(EXACT, account, INITIAL)
    assert dollars(alone.excess) == 20_000 - 0 - (1_200 + 400)
    assert dollars(cross.excess) == 28_600 - 3_000 - 1_200
    assert alone.excess < cross.excess


# In both planes, and as the registry knows them

AMOUNTS = st.integers(-20_000_000, 20_000_000).map(lambda millionths: millionths / 10**6)
OWNED = st.integers(0, 20_000_000).map(lambda millionths: millionths / 10**6)
MONEY = st.integers(-200_000, 500_000)


@settings(max_examples=60, deadline=None)
@given(MONEY, AMOUNTS, AMOUNTS, OWNED)
def test_lending_rules_agree_in_both_planes(cash: int, bitcoin: float, ether: float, staked: float) -> None:
    account = held(cash, base={"BTC": bitcoin, "ETH": ether}, tokens={"wstETH": (staked, 3_600)})
    gross = abs(cash) + abs(bitcoin) * 60_000 + abs(ether) * 3_000 + staked * 3_600
    for rule in (AAVE, AAVE_WSTETH, COMET_USDC, EULER_PRIME, DRIFT, MANGO):
        for check in (INITIAL, MAINTENANCE):
            try:
                exact = rule.judge(EXACT, account, check)
            except UnfitPortfolioError:
                continue
            array = FLOAT64.load(rule).judge(FLOAT64, FLOAT64.load(account), check)
            # Aave averages loan-to-values to four digits in integers, which the array plane does not.
            averaging = 1e-4 * gross if isinstance(rule, type(AAVE)) and check is INITIAL else 0.0
            band = 1e-5 + 1e-9 * gross + averaging
            assert float(array.excess) == pytest.approx(dollars(exact.excess), abs=band)
            assert float(array.equity) == pytest.approx(dollars(exact.equity), abs=band)


@settings(max_examples=60, deadline=None)
@given(MONEY, AMOUNTS, AMOUNTS, st.integers(-9_000, 9_000))
def test_perpetual_rules_agree_in_both_planes(cash: int, bitcoin: float, ether: float, gain: int) -> None:
    account = held(cash, perps={"BTC": (bitcoin, gain), "ETH": (ether, -gain)})
    gross = abs(cash) + abs(bitcoin) * 60_000 + abs(ether) * 3_000
    only_bitcoin = replace(account, markets=account.markets[:1])
    for rule in (SYNTHETIX, DYDX, DRIFT, MANGO, GMX, IsolatedTiers(HYPERLIQUID)):
        subject = only_bitcoin if rule is MANGO else account
        for check in (INITIAL, FILL, MAINTENANCE):
            exact = rule.judge(EXACT, subject, check)
            array = FLOAT64.load(rule).judge(FLOAT64, FLOAT64.load(subject), check)
            band = 1e-5 + 1e-9 * gross
            assert float(array.excess) == pytest.approx(dollars(exact.excess), abs=band)
        assert rule.judge(EXACT, subject, INITIAL).excess <= rule.judge(EXACT, subject, MAINTENANCE).excess


def test_what_a_rule_does_not_lend_or_list_is_refused() -> None:
    borrowed = held(1_000, base={"ETH": -1})
    with pytest.raises(UnfitPortfolioError, match="a debt of the underlying"):
        fit(preset("compound-iii"), borrowed, frozenset({Kind.DEBT}))
    unknown = replace(borrowed, markets=(replace(borrowed.markets[0], underlying="DOGE"),))
    with pytest.raises(UnfitPortfolioError, match="no parameters for DOGE"):
        fit(preset("aave-v3"), unknown, frozenset({Kind.DEBT}))
    with pytest.raises(UnfitPortfolioError, match="no parameters for ETH"):
        fit(preset("mango-v4"), held(0, perps={"ETH": (1, 0)}), frozenset({Kind.PERPETUAL}))


def test_collateral_without_terms_counts_for_nothing() -> None:
    account = held(1_000, base={"BTC": 1}, tokens={"DOGE": (100, 1)})
    fitted = fit(preset("aave-v3"), account, frozenset({Kind.BASE, Kind.TOKEN}))
    assert fitted.left_out == ("DOGE",)
    assert fitted.portfolio.tokens == ()
    assert fit(preset("dydx-v4"), account, frozenset({Kind.BASE})).left_out == ("BTC", "DOGE")


@pytest.mark.parametrize("wrapped", ["WETH", "WBTC"])
def test_wrapped_coins_are_listed_as_what_they_wrap(wrapped: str) -> None:
    account = held(0, tokens={wrapped: (1, 1_000)})
    fitted = fit(preset("aave-v3"), account, frozenset({Kind.TOKEN}))
    assert fitted.left_out == ()
    assert AAVE.judge(EXACT, fitted.portfolio, INITIAL).excess > 0
