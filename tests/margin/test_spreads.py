"""Ranges by underlying, calendar charges and inter-commodity credits, by hand and as properties."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.fixed_point.float64 import FLOAT64
from protocol.margin.calendar import Calendar, deltas
from protocol.margin.fit import fit
from protocol.margin.grid_margin import GridMargin
from protocol.margin.holdings import (
    ExpiryHolding,
    FutureHolding,
    MarketHolding,
    OptionHolding,
    PerpHolding,
    Portfolio,
)
from protocol.margin.judgement import INITIAL, MAINTENANCE
from protocol.margin.moves import moved
from protocol.margin.presets.grids import PLAIN, span
from protocol.margin.presets.registry import Kind, preset
from protocol.margin.scenarios import Stretch
from protocol.margin.spread_credits import SpreadCredit

YEAR = 365 * 86_400
SPAN = span("0.16", "0.04", "0.01")


def expiry(
    years: float, size: float = 0, *options: OptionHolding[int], forward: int = 1_000
) -> ExpiryHolding[int]:
    future = FutureHolding(round(size * 10**9) * 10**9, 0) if size else None
    return ExpiryHolding(int(years * YEAR), 0, forward * WAD, 0, WAD, WAD, WAD, options, future)


def market(name: str, perp: float, *expiries: ExpiryHolding[int]) -> MarketHolding[int]:
    held = PerpHolding(round(perp * 10**9) * 10**9, 1_000 * WAD, WAD, 0) if perp else None
    return MarketHolding(name, 1_000 * WAD, WAD, held, 0, expiries)


def needed(rule: GridMargin[int], *markets: MarketHolding[int]) -> float:
    return rule.judge(EXACT, Portfolio(0, WAD, markets), MAINTENANCE).requirement / WAD


def test_each_underlying_has_its_own_range() -> None:
    wide = replace(SPAN, stretches=(("ALT", Stretch(2 * WAD, WAD)),))
    assert needed(wide, market("BTC", 1)) == 160
    assert needed(wide, market("ALT", 1)) == 320
    assert needed(wide, market("ALT", -1), market("BTC", 1)) == 480
    # The tail of twice the range would fall below zero at four times it: it stops there, 35 % counted.
    assert needed(
        replace(SPAN, stretches=(("ALT", Stretch(4 * WAD, WAD)),)), market("ALT", 1)
    ) == pytest.approx(640)


def test_volatility_has_its_own_range() -> None:
    straddle = [OptionHolding(1_000 * WAD, WAD // 2, -WAD, call) for call in (True, False)]
    held = market("BTC", 0, expiry(0.25, 0, *straddle))
    calm = replace(SPAN, naked_share=0)
    assert needed(replace(calm, stretches=(("BTC", Stretch(WAD, 3 * WAD)),)), held) > needed(calm, held)
    tiny = replace(calm, stretches=(("BTC", Stretch(WAD // 1000, WAD)),))
    assert needed(tiny, held) < needed(calm, held)


def test_a_future_against_the_perpetual_loses_nothing_in_a_grid() -> None:
    spread = market("BTC", -1, expiry(0.5, 1))
    assert needed(SPAN, spread) == 0
    # A carry of 10 % a year for half a year: 5 % of 1,000.
    assert needed(replace(SPAN, calendar=Calendar(WAD // 10, 0)), spread) == pytest.approx(50)
    assert needed(replace(SPAN, calendar=Calendar(0, WAD // 100)), spread) == pytest.approx(10)


def test_two_expiries_risk_what_parts_them() -> None:
    rule = replace(SPAN, calendar=Calendar(WAD // 10, 0))
    assert needed(rule, market("BTC", 0, expiry(0.5, 1), expiry(1.0, -1))) == pytest.approx(50)
    assert needed(rule, market("BTC", 0, expiry(0.5, -1), expiry(0.5, 1))) == 0


def test_deltas_by_expiry() -> None:
    call = OptionHolding(1_000 * WAD, WAD // 2, 10 * WAD, True)
    held = market("BTC", 2, expiry(0.25, -3), expiry(0.25, 0, call))
    spot, future, option = (delta / WAD for delta in deltas(EXACT, held))
    assert (spot, future) == (2_000, -3_000)
    # N(d1) with d1 = sigma sqrt(t) / 2 = 0.125.
    assert option == pytest.approx(10_000 * 0.549738, rel=1e-4)


def test_credits_give_back_a_share_of_opposite_deltas() -> None:
    pair = SpreadCredit("BTC", "ETH", WAD // 2, WAD)
    rule = replace(SPAN, credits=(pair,))
    # 2,000 against 1,000 dollars: half of the risk of 1,000 on both sides.
    assert needed(rule, market("BTC", 2), market("ETH", -1)) == 480 - 160
    assert needed(rule, market("BTC", 2), market("ETH", 1)) == 480
    by_two = replace(SPAN, credits=(replace(pair, ratio=2 * WAD),))
    assert needed(by_two, market("BTC", 2), market("ETH", -1)) == 480 - (80 + 160) / 2


def test_a_delta_serves_one_pair_in_order_of_priority() -> None:
    pairs = (SpreadCredit("BTC", "ETH", WAD, WAD), SpreadCredit("BTC", "SOL", WAD, WAD))
    held = (market("BTC", 1), market("ETH", -1), market("SOL", -1))
    assert needed(replace(SPAN, credits=pairs), *held) == 480 - 320
    assert needed(replace(SPAN, credits=pairs[::-1]), *held) == 480 - 320


def test_volatility_earns_no_credit_and_the_short_minimum_stays() -> None:
    straddle = [OptionHolding(1_000 * WAD, WAD // 2, -WAD, call) for call in (True, False)]
    pair = (SpreadCredit("BTC", "ETH", WAD, WAD),)
    flat = market("BTC", 0, expiry(0.25, 0, *straddle))
    hedged = replace(
        flat, perp=PerpHolding(int(deltas(EXACT, flat)[1] * -WAD // (1_000 * WAD)), 1_000 * WAD, WAD, 0)
    )
    short = market("ETH", -1)
    assert needed(replace(SPAN, credits=pair), hedged, short) == pytest.approx(
        needed(SPAN, hedged, short), rel=1e-3
    )
    far = OptionHolding(9_000 * WAD, WAD // 2, -100 * WAD, True)
    minimum = market("BTC", 1, expiry(0.01, 0, far))
    assert needed(replace(SPAN, credits=pair), minimum, short) >= 1_000


SIZES = st.integers(-5_000, 5_000).map(lambda thousandths: thousandths / 1_000)


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, SIZES, SIZES, st.integers(0, 100), st.integers(0, 20))
def test_spreads_in_both_planes(
    near: float, far: float, bitcoin: float, ether: float, rate: int, carry: int
) -> None:
    pair = SpreadCredit("BTC", "ETH", WAD * rate // 100, WAD * 3 // 2)
    rule = replace(
        SPAN,
        stretches=(("ETH", Stretch(WAD * 5 // 4, 2 * WAD)),),
        calendar=Calendar(WAD * carry // 100, WAD // 100),
        credits=(pair,),
    )
    call = OptionHolding(1_100 * WAD, WAD // 2, round(near * 10**9) * 10**9, True)
    held = Portfolio(
        0, WAD, (market("BTC", bitcoin, expiry(0.1, near, call), expiry(0.5, far)), market("ETH", ether))
    )
    exact = rule.judge(EXACT, held, INITIAL)
    array = FLOAT64.load(rule).judge(FLOAT64, FLOAT64.load(held), INITIAL)
    assert float(array.excess) == pytest.approx(exact.excess / WAD, abs=1e-6)
    plain = replace(rule, credits=()).judge(EXACT, held, INITIAL)
    assert exact.excess >= plain.excess
    without = replace(rule, credits=(), calendar=None).judge(EXACT, held, INITIAL)
    assert plain.excess <= without.excess


def test_rules_that_know_no_expiry_of_futures_read_them_as_perpetuals() -> None:
    held = Portfolio(0, WAD, (market("BTC", 1, expiry(0.5, 2, forward=1_100)),))
    fitted = fit(preset("deribit-standard"), held, frozenset({Kind.FUTURE, Kind.PERPETUAL})).portfolio
    perp = fitted.markets[0].perp
    assert perp is not None
    assert perp.size == WAD + 2 * 1_100 * WAD // 1_000
    assert fitted.markets[0].expiries == ()
    kept = fit(preset("span"), held, frozenset({Kind.FUTURE, Kind.PERPETUAL})).portfolio
    assert kept == held
    there = moved(held, {"BTC": WAD * 11 // 10})
    future = there.markets[0].expiries[0].future
    assert future is not None
    assert future.unsettled == 2 * 110 * WAD
    assert PLAIN.judge(EXACT, there, MAINTENANCE).equity == (2 * 110 + 100) * WAD
