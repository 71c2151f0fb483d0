"""Margin presets in a simulation: each judgement is that of the exact rule, and a crash ends in order."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.margin.judgement import INITIAL, MAINTENANCE, Check, Level, Prices
from protocol.margin.presets import drift_v2, dydx_v4, gmx_v2, mango_v4
from protocol.margin.presets.compound_iii import CollateralHolding, CometAccount
from protocol.margin.presets.derive_deployed import STANDARD
from protocol.margin.presets.euler_v2 import EulerAccount, Ramp, VaultCollateral
from protocol.margin.presets.synthetix_perps import (
    Collateral,
    KeeperTerms,
    MarketParameters,
    PerpAccount,
    PerpMarket,
    PerpPosition,
)
from protocol_texts import changed, lending, read
from scenarios.files.errors import FileError
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.margin_inputs import MarginRule
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import RunResult, open_simulation, run_path

PERPETUAL = {
    "mango-v3": "mango",
    "mango-v4": "mango",
    "drift-v2": "drift",
    "dydx-v4": "dydx",
    "gmx-v2": "gmx",
    "synthetix-perps-v3": "synthetix",
    "hyperliquid": "hyperliquid",
}
"""Liquidation design by margin preset."""
LENDING = {"loan-to-value": "maker", "aave-v3": "aave", "compound-v3": "compound", "euler-v2": "euler"}
SLOW_FALL = ["1"] * 3 + [str(round(Decimal("0.995") ** step, 6)) for step in range(1, 90)]
LONG, SHORT = 3 * 10**8, -2 * 10**8
MARK = 58_500


def held(preset: str, **more: object) -> tuple[MarginRule, dict[str, int], dict[str, int], Any]:
    """Return a rule, the balances of a long of 3 and of a short of 2 at 60,000, and a market at 58,500."""
    file = changed(
        "perpetual-crash",
        margin={"preset": preset},
        agents={},
        market={},
        accounts={
            "long": {"balances": {"USDC": 40_000}, "positions": {"BTC-PERP": 3}},
            "short": {"balances": {"USDC": 70_000}, "positions": {"BTC-PERP": -2}},
        },
        **more,
    )
    game = open_simulation(file, seed_of(file), 0)
    game.publish("feed", "BTC/USD", Fraction(MARK))
    protocol = game.protocol
    return protocol.rule, protocol.balances("long"), protocol.balances("short"), protocol.market()


def answers(rule: MarginRule, balances: dict[str, int], market: Any) -> tuple[int, int]:
    return rule.initial_excess(balances, market), rule.judge(balances, market).excess


def test_dydx_is_the_exact_rule() -> None:
    rule, long, short, market = held("dydx-v4")
    # Twenty times leverage is the large tier: 5 %, and 60 % of it.
    for balances, quote, quantums in ((long, 40_000 - 180_000, LONG), (short, 70_000 + 120_000, SHORT)):
        position = dydx_v4.Position("BTC", quantums, MARK * 10**18, -18, -8, dydx_v4.LARGE, 0)
        account = dydx_v4.SubAccount(quote * 10**6, (position,))
        wanted = tuple(account.judge(EXACT, check).excess * 10**12 for check in (INITIAL, MAINTENANCE))
        assert answers(rule, balances, market) == wanted
    # 40,000 - 4,500 of loss - 5 % of 175,500, and 3 % of it.
    assert answers(rule, long, market) == (26_725 * WAD, 30_235 * WAD)


def test_dydx_asks_for_more_as_open_interest_grows() -> None:
    terms = {"lower_cap": 100_000, "upper_cap": 251_000}
    rule, long, _, market = held("dydx-v4", **{"perpetuals__BTC-PERP__terms": terms})
    # Open interest 175,500 is half the way from 100,000 to 251,000: 5 % + 95 % / 2.
    assert rule.initial_excess(long, market) == (35_500 - Fraction("0.525") * 175_500) * WAD
    assert rule.judge(long, market).excess == 30_235 * WAD


def test_drift_is_the_exact_rule() -> None:
    rule, long, short, market = held("drift-v2", **{"perpetuals__BTC-PERP__terms": {"imf": 100}})
    dollar = drift_v2.StrictPrice(10**6, 10**6)
    for balances, cash, base, gain in ((long, 40_000, 3, -4_500), (short, 70_000, -2, 3_000)):
        perp = drift_v2.PerpHolding(
            base * 10**9, gain * 10**6, MARK * 10**6, dollar, 500, 250, 100, 10_000, 0, 0, 0
        )
        spot = drift_v2.SpotHolding(cash * 10**6, 6, dollar, 10_000, 10_000, 10_000, 10_000, 0, 0, 0)
        account = drift_v2.DriftAccount((spot,), (perp,))
        wanted = tuple(account.judge(EXACT, check).excess * 10**12 for check in (INITIAL, MAINTENANCE))
        assert answers(rule, balances, market) == wanted
    # A gain counts up to 100 dollars to open.
    assert rule.judge(short, market).excess - rule.initial_excess(short, market) > 2_900 * WAD


def test_mango_v4_is_the_exact_rule() -> None:
    rule, long, short, market = held("mango-v4")
    one = Prices.single(EXACT, WAD)
    dollar = mango_v4.TokenTerms(one, WAD, WAD, WAD, WAD, 0, 0, 0, 0)
    price, rates = Prices.single(EXACT, MARK * WAD), (95, 105, Fraction("97.5"), Fraction("102.5"))
    weights = tuple(int(rate * WAD / 100) for rate in rates)
    for balances, cash, base, cost in ((long, 40_000, 3, -180_000), (short, 70_000, -2, 120_000)):
        perp = mango_v4.PerpHolding("USDC", price, base * WAD, cost * WAD, 0, 0, *weights, WAD)  # type: ignore[arg-type]
        account = mango_v4.MangoAccount((("USDC", cash * WAD, dollar),), (), (perp,))
        wanted = tuple(account.judge(EXACT, check).excess for check in (INITIAL, MAINTENANCE))
        assert answers(rule, balances, market) == wanted
        end = account.judge(EXACT, Check(Level.LIQUIDATION_END)).excess
        assert rule.judge(balances, market).release == end


def test_gmx_is_the_exact_rule() -> None:
    rule, long, short, market = held("gmx-v2")
    terms = gmx_v2.MarketTerms(WAD, WAD // 20, WAD // 40, 6 * 10**7, 0, 0, 0, 0)
    for balances, cash, size, gain in ((long, 40_000, 180_000, -4_500), (short, 70_000, 120_000, 3_000)):
        position = gmx_v2.IsolatedPosition(size * WAD, gain * WAD, cash * WAD, WAD, 0, 0, 3 * MARK * WAD)
        first, kept = (position.judge(EXACT, terms, check).excess for check in (INITIAL, MAINTENANCE))
        assert answers(rule, balances, market) == (min(first, kept), kept)
    assert rule.judge(long, market).excess == (40_000 - 4_500 - 180_000 // 40) * WAD
    # Without a position nothing is asked for.
    assert rule.judge({"USDC": 5 * 10**5}, market).excess == WAD // 2


def test_synthetix_is_the_exact_rule() -> None:
    rule, long, short, market = held("synthetix-perps-v3")
    parameters = MarketParameters(
        maker_fee=10**12,
        taker_fee=5 * 10**14,
        greatest_size=10**48,
        greatest_velocity=0,
        skew_scale=12_500 * WAD,
        initial_ratio=154 * WAD // 100,
        maintenance_scalar=28 * WAD // 100,
        locked_ratio=0,
        limit_multiplier=15 * WAD // 10,
        window_seconds=30,
        flag_reward=3 * 10**14,
        least_position_margin=15 * WAD,
        least_initial_ratio=WAD // 20,
        greatest_discount=0,
        greatest_value=0,
        settlement_reward=0,
    )
    keeper = KeeperTerms(WAD, 30 * WAD, 3 * WAD // 10, 3 * WAD // 10, 3 * 10**14, 0, 0, 0, 0)
    state = PerpMarket(MARK * WAD, 0, 0, 0, 0, 0, parameters)
    for balances, cash, size in ((long, 40_000, 3), (short, 70_000, -2)):
        account = PerpAccount(
            (("BTC", state),),
            (PerpPosition("BTC", size * WAD, 60_000 * WAD, 0, 0),),
            (Collateral(cash * WAD, 0, 0, 0, 0, 0, dollar=True),),
            0,
            keeper,
            0,
        )
        wanted = tuple(account.judge(EXACT, check).excess for check in (INITIAL, MAINTENANCE))
        assert answers(rule, balances, market) == wanted
    assert 0 < rule.judge(long, market).excess < 35_500 * WAD


def lending_game(preset: str, **listing: object) -> tuple[MarginRule, dict[str, int], Any]:
    data = lending(accounts={"a": {"balances": {"ETH": 3, "USDC": -4000}}}, margin={"preset": preset})
    data["listings"]["ETH"] |= {"liquidation_threshold": "0.85"} | listing
    file = read(data)
    game = open_simulation(file, seed_of(file), 0)
    return game.protocol.rule, game.protocol.balances("a"), game.protocol.market()


def test_compound_is_the_exact_rule() -> None:
    rule, balances, market = lending_game("compound-v3")
    ether = CollateralHolding(
        "ETH", 18, 3 * 10**18, 2000 * 10**8, 8 * WAD // 10, 85 * WAD // 100, 95 * WAD // 100
    )
    account = CometAccount(-4000 * 10**6, 6, 10**8, (ether,))
    wanted = tuple(account.judge(EXACT, check).excess * 10**10 for check in (INITIAL, MAINTENANCE))
    assert answers(rule, balances, market) == wanted == (800 * WAD, 1100 * WAD)
    # One base asset: a debt in a collateral does not exist.
    assert rule.initial_excess({"USDC": 10**12, "ETH": -1}, market) < 0
    with pytest.raises(FileError, match="lends USDC only"):
        lending_game("compound-v3", borrowable=True)


def test_euler_is_the_exact_rule() -> None:
    rule, balances, market = lending_game("euler-v2")
    vault = VaultCollateral("ETH", 3 * 10**18, 6000 * WAD, 6000 * WAD, Ramp(8000, 8500, 0, 0, 0))
    account = EulerAccount((vault,), 4000 * 10**6, 4000 * WAD, 4000 * WAD)
    wanted = tuple(account.judge(EXACT, check).excess - 1 for check in (INITIAL, MAINTENANCE))
    assert answers(rule, balances, market) == wanted == (800 * WAD - 1, 1100 * WAD - 1)
    # Equality is a violation, and there is one debt at a time.
    assert rule.judge({"ETH": 10**18, "USDC": -1700 * 10**6}, market).excess == -1
    assert rule.initial_excess({"ETH": -1, "USDC": -1}, market) < 0


def test_derive_standard_is_the_exact_rule() -> None:
    rule, long, _, market = held("derive-srm", margin__settlement="USDC")
    terms = dict(STANDARD.markets)["BTC"]
    needed = 3 * MARK * WAD * terms.perp_maintenance // WAD
    assert rule.judge(long, market).excess == 35_500 * WAD - needed


def crash(preset: str, kept: int = 40, **more: object) -> RunResult:
    entries: dict[str, Any] = dict(changed("perpetual-crash").model_dump(mode="json")["agents"])
    for name in ("bob", "cyd", "dan"):
        entries[name]["leverage"] = 12
    entries["ann"]["leverage"] = 3
    values: dict[str, object] = {
        "margin__preset": preset,
        "liquidation": {"preset": PERPETUAL.get(preset, "")},
        "agents": entries,
        "insurance_fund": {},
        "backstop_vault": {"cash": 20_000_000},
        "market": {"script": {"BTC": SLOW_FALL}},
        "run": {"steps": 96, "step_seconds": 60, "seed": 11},
        "perpetuals__BTC-PERP__maintenance_leverage": kept,
    }
    return run_path(changed("perpetual-crash", **(values | more)), keep_series=False)


def require_order(result: RunResult) -> None:
    """Only accounts short of margin are liquidated, nobody gains from nothing, nobody is forgotten."""
    done = [event for event in result.events if event.kind == "liquidation"]
    assert done
    assert all(Decimal(str(event.details["excess_before"])) < 0 for event in done)
    assert abs(sum(result.gains.values())) < 1
    assert result.metrics.unserved == 0


@pytest.mark.parametrize("preset", PERPETUAL)
def test_a_crash_under_every_perpetual_preset_ends_in_order(preset: str) -> None:
    result = crash(preset)
    require_order(result)
    assert result.metrics.accounts_liquidated == 3
    assert all(result.gains[name] < 0 for name in ("bob", "cyd", "dan"))


@pytest.mark.parametrize("preset", PERPETUAL)
def test_raising_the_maintenance_ratio_never_raises_bad_debt(preset: str) -> None:
    debts = [crash(preset, kept).metrics.bad_debt for kept in (200, 60, 40)]
    for looser, stricter in pairwise(debts):
        assert stricter <= looser


PORTFOLIO = {"derive-srm": 6, "derive-pmrm2": 3, "deribit": 3, "tims-broad": 5}
"""Leverage that the traders can open with, by preset that judges whole portfolios."""


@pytest.mark.parametrize("preset", PORTFOLIO)
def test_a_crash_under_portfolio_presets_ends_in_order(preset: str) -> None:
    entries: dict[str, Any] = dict(changed("perpetual-crash").model_dump(mode="json")["agents"])
    for name in ("bob", "cyd", "dan"):
        entries[name]["leverage"] = PORTFOLIO[preset]
    entries["ann"]["leverage"] = 2
    result = crash(preset, liquidation={"preset": "derive"}, agents=entries)
    require_order(result)
    assert result.metrics.accounts_liquidated == 3
    assert result.metrics.bad_debt == 0


def lending_crash(preset: str, threshold: str) -> RunResult:
    steps = ["1", "0.9", "0.84", "0.8", "0.76", "0.72", "0.7", "0.66"]
    file: ProtocolFile = changed(
        "lending-crash",
        margin={"preset": preset},
        liquidation={"preset": LENDING[preset]},
        market={"script": {"WETH": steps}},
        run={"steps": 16, "step_seconds": 600, "seed": 3},
        listings__WETH__liquidation_threshold=threshold,
    )
    return run_path(file, keep_series=False)


@pytest.mark.parametrize("preset", LENDING)
def test_a_lower_threshold_never_raises_bad_debt(preset: str) -> None:
    results = [lending_crash(preset, threshold) for threshold in ("0.9", "0.825")]
    for result in results:
        require_order(result)
    for looser, stricter in pairwise(results):
        assert stricter.metrics.bad_debt <= looser.metrics.bad_debt


def test_unknown_terms_are_found_with_a_suggestion() -> None:
    with pytest.raises(FileError, match="no term of dydx-v4 'upper_capp'") as caught:
        changed(
            "perpetual-crash",
            margin={"preset": "dydx-v4"},
            **{"perpetuals__BTC-PERP__terms": {"upper_capp": 1}},
        )
    assert caught.value.problems[0].suggestion == "upper_cap"
    with pytest.raises(FileError, match="there is no term of hyperliquid"):
        changed("perpetual-crash", margin__terms={"flag_cost": 1})
    with pytest.raises(FileError, match="gmx-v2 judges one perpetual"):
        read(lending(margin={"preset": "gmx-v2"}))
