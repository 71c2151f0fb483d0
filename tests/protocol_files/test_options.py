"""Options as instruments of a simulation: marks, judgements of the exact rules, a crash with sold options."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import erf, exp, log, sqrt
from typing import Any

import pytest

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.margin.holdings import (
    ExpiryHolding,
    MarketHolding,
    OptionHolding,
    PerpHolding,
    Portfolio,
    TokenHolding,
)
from protocol.margin.judgement import INITIAL, MAINTENANCE
from protocol.margin.presets.derive_deployed import STANDARD, portfolio_2
from protocol.pricing.black76 import exact_prices
from protocol_texts import read
from scenarios.files.errors import FileError
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.conditions import Conditions
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation, run_path, step_once

MONTH, WEEK = 30 * 86_400, 7 * 86_400
VOLATILITY = 8 * WAD // 10


def desk(preset: str, **changes: object) -> ProtocolFile:
    data: dict[str, Any] = {
        "title": "a desk",
        "assets": {"ETH": {"decimals": 18, "price": 2000}, "USDC": {"decimals": 6, "price": 1}},
        "oracle": {
            "nodes": {
                "eth": {"type": "feed", "feed": "ETH/USD", "asset": "ETH"},
                "dollar": {"type": "constant", "price": 1},
            },
            "prices": {"ETH": "eth", "USDC": "dollar"},
        },
        "listings": {"USDC": {"borrowable": False}, "ETH": {"borrowable": False}},
        "perpetuals": {"ETH-PERP": {"underlying": "ETH", "maximum_leverage": 10}},
        "options": {
            "month call 2200": {"underlying": "ETH", "type": "call", "strike": 2200, "expiry": MONTH},
            "month put 1800": {"underlying": "ETH", "type": "put", "strike": 1800, "expiry": MONTH},
            "week call 2100": {"underlying": "ETH", "type": "call", "strike": 2100, "expiry": WEEK},
        },
        "margin": {"preset": preset, "settlement": "USDC"},
        "liquidation": {"preset": "derive"},
        "waterfall": ["insurance-fund", "socialise", "deficit"],
        "market": {"volatility": {"ETH": "0.8"}},
        "accounts": {
            "desk": {
                "balances": {"USDC": 20_000, "ETH": 3},
                "positions": {
                    "ETH-PERP": 2,
                    "month call 2200": -5,
                    "month put 1800": 3,
                    "week call 2100": -4,
                },
            }
        },
        "agents": {
            "feed": {"type": "publisher", "feed": "ETH/USD", "asset": "ETH"},
            "keeper": {"type": "keeper", "funds": {"USDC": 500_000}},
        },
        "run": {"steps": 10, "step_seconds": 3600, "seed": 3},
    }
    return read(data | changes)


def closed_form(forward: float, strike: float, years: float, call: bool) -> float:
    """Black's formula in floats, written here anew."""
    total = 0.8 * sqrt(years)
    d1 = log(forward / strike) / total + total / 2

    def normal(x: float) -> float:
        return (1 + erf(x / sqrt(2))) / 2

    sign = 1 if call else -1
    return sign * (forward * normal(sign * d1) - strike * normal(sign * (d1 - total))) * exp(0)


def test_marks_are_blacks_formula_and_lose_time_value() -> None:
    game = open_simulation(desk("derive-srm"), seed_of(desk("derive-srm")), 0)
    market = game.protocol.market()
    for name, strike, seconds, call in (
        ("month call 2200", 2200, MONTH, True),
        ("month put 1800", 1800, MONTH, False),
        ("week call 2100", 2100, WEEK, True),
    ):
        wanted = closed_form(2000, strike, seconds / 31_536_000, call)
        assert float(market.price(name).exact) == pytest.approx(wanted, rel=1e-9)
        assert float(game.unit_values()[name] * 10**6) == pytest.approx(wanted, rel=1e-9)
    game.advance(3 * 86_400)
    wanted = closed_form(2000, 2100, 4 * 86_400 / 31_536_000, call=True)
    assert float(game.protocol.market().price("week call 2100").exact) == pytest.approx(wanted, rel=1e-9)


def holdings(spot: int, gain: int, elapsed: int, cash: int, *, base: bool) -> Portfolio[int]:
    """Return the desk's portfolio written by hand, with what its options brought in as cash."""
    month = ExpiryHolding(
        MONTH - elapsed,
        0,
        spot * WAD,
        0,
        WAD,
        WAD,
        WAD,
        (
            OptionHolding(2200 * WAD, VOLATILITY, -5 * WAD, call=True),
            OptionHolding(1800 * WAD, VOLATILITY, 3 * WAD, call=False),
        ),
    )
    week = ExpiryHolding(
        WEEK - elapsed,
        0,
        spot * WAD,
        0,
        WAD,
        WAD,
        WAD,
        (OptionHolding(2100 * WAD, VOLATILITY, -4 * WAD, call=True),),
    )
    perp = PerpHolding(2 * WAD, spot * WAD, WAD, gain * WAD)
    ether = 3 * WAD
    holding = MarketHolding("ETH", spot * WAD, WAD, perp, ether if base else 0, (week, month))
    tokens = () if base else (TokenHolding("ETH", ether, spot * WAD, WAD),)
    return Portfolio(cash, WAD, (holding,), tokens)


@pytest.mark.parametrize(("preset", "base"), [("derive-srm", True), ("derive-pmrm2", False)])
def test_the_desk_is_judged_by_the_exact_rule(preset: str, *, base: bool) -> None:
    file = desk(preset)
    game = open_simulation(file, seed_of(file), 0)
    call, put = (exact_prices(MONTH, WAD, VOLATILITY, 2000 * WAD, k * WAD) for k in (2200, 1800))
    week = exact_prices(WEEK, WAD, VOLATILITY, 2000 * WAD, 2100 * WAD)
    # Premiums are whole raw units of the settlement asset, rounded down as they were paid.
    brought = (5 * call[0] // 10**12) - (3 * put[1] // 10**12) + (4 * week[0] // 10**12)
    cash = 20_000 * WAD + brought * 10**12
    rule = STANDARD if base else portfolio_2("ETH", "0.02", "0.01")
    for spot, elapsed, more in ((2000, 0, 0), (1700, 86_400, 86_400), (2600, 3 * 86_400, 2 * 86_400)):
        game.advance(more)
        game.publish("feed", "ETH/USD", Fraction(spot))
        portfolio = holdings(spot, 2 * (spot - 2000), elapsed, cash, base=base)
        first, kept = (rule.judge(EXACT, portfolio, check) for check in (INITIAL, MAINTENANCE))
        balances, market = game.protocol.balances("desk"), game.protocol.market()
        assert game.protocol.rule.initial_excess(balances, market) == first.excess
        judged = game.protocol.judge("desk", market)
        assert (judged.excess, judged.equity) == (kept.excess, kept.equity)


@pytest.mark.parametrize("preset", ["derive-srm", "derive-pmrm2"])
def test_a_squeeze_liquidates_sold_calls_and_conserves(preset: str) -> None:
    steps = ["1", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9"]
    accounts = {
        "seller": {"balances": {"USDC": 8_000}, "positions": {"month call 2200": -12}},
        "hedged": {"balances": {"USDC": 8_000, "ETH": 12}, "positions": {"month call 2200": -6}},
    }
    options = {
        "month call 2200": {
            "underlying": "ETH",
            "type": "call",
            "strike": 2200,
            "expiry": MONTH,
            "volatility": "0.8",
        }
    }
    file = desk(preset, accounts=accounts, market={"script": {"ETH": steps}}, options=options)
    result = run_path(file, keep_series=False)
    done = [event for event in result.events if event.kind == "liquidation"]
    assert {event.details["account"] for event in done} == {"seller"}
    assert all(Decimal(str(event.details["excess_before"])) < 0 for event in done)
    assert sum(Decimal(str(event.details["volume"])) for event in done) > 0
    assert abs(sum(result.gains.values())) < 1
    # The account is sold before it is worth less than nothing, so nobody else pays.
    assert result.metrics.bad_debt == 0
    assert result.metrics.unserved == 0
    game = open_simulation(file, seed_of(file), 0)
    for step, multiple in enumerate(steps):
        step_once(game, {"ETH": 2000 * Decimal(multiple)}, step)
    book = game.world.state.ledger
    assert sum(book.balance(a.name, "month call 2200") for a in book.accounts()) == 0
    sold = {name: game.protocol.balances(name).get("month call 2200", 0) for name in accounts}
    assert -12 * 10**6 < sold["seller"] <= 0
    assert sold["hedged"] == -6 * 10**6


def test_options_ask_for_a_rule_that_judges_them() -> None:
    with pytest.raises(FileError, match="hyperliquid judges no options"):
        desk("hyperliquid")
    with pytest.raises(FileError, match="it expires within the run"):
        desk("derive-srm", run={"steps": 1000, "step_seconds": 3600})
    with pytest.raises(FileError, match="no volatility of ETH"):
        desk("derive-srm", market={})
    with pytest.raises(FileError, match="there is no market of derive-srm 'SOL'"):
        desk(
            "derive-srm",
            assets={
                "ETH": {"decimals": 18, "price": 2000},
                "SOL": {"decimals": 9, "price": 2000},
                "USDC": {"decimals": 6, "price": 1},
            },
            oracle={
                "nodes": {"one": {"type": "constant", "price": 1}},
                "prices": {"ETH": "one", "USDC": "one", "SOL": "one"},
            },
            perpetuals={"ETH-PERP": {"underlying": "SOL", "maximum_leverage": 10}},
        )


SURFACE = {"level": {"ETH": "0.7"}, "spot_beta": -2, "reversion": 0, "skew": "-0.3"}


def surface_desk(**changes: object) -> ProtocolFile:
    market = {"volatility": {"ETH": "0.8"}, "surface": SURFACE}
    return desk("derive-pmrm2", **{"market": market, **changes})


def test_options_follow_the_surface_unless_they_have_their_own_volatility() -> None:
    file = surface_desk()
    options = {name: entry.model_dump(exclude_none=True) for name, entry in file.options.items()}
    options["month put 1800"]["volatility"] = Decimal("0.5")
    game = open_simulation(surface_desk(options=options), seed_of(file), 0)
    name, strike, forward = "month call 2200", 2200, 2000

    def wanted(volatility: float) -> float:
        call, _ = exact_prices(MONTH, WAD, int(volatility * WAD), forward * WAD, strike * WAD)
        return call / WAD

    for level in (0.7, 1.1):
        game.begin_step(Conditions(level={} if level == 0.7 else {"ETH": level}))
        smile = game.volatility("ETH", Decimal(strike), MONTH)
        assert smile != pytest.approx(level, rel=1e-3)  # off the money: the skew counts
        assert float(game.protocol.market().price(name).exact) == pytest.approx(wanted(smile), rel=1e-9)
        assert float(game.unit_values()[name] * 10**6) == pytest.approx(wanted(smile), rel=1e-9)
        _, put = exact_prices(MONTH, WAD, WAD // 2, forward * WAD, 1800 * WAD)
        assert game.protocol.market().price("month put 1800").exact == Fraction(put, WAD)


def test_a_seller_of_options_is_worse_off_where_volatility_rises() -> None:
    game = open_simulation(surface_desk(), seed_of(surface_desk()), 0)
    calm = game.protocol.judge("desk").excess
    game.begin_step(Conditions(level={"ETH": 1.4}))
    assert game.protocol.judge("desk").excess < calm
    game.begin_step(Conditions())
    assert game.protocol.judge("desk").excess == calm


def test_a_falling_market_moves_the_marks_of_a_run_and_gains_still_add_up() -> None:
    file = surface_desk(agents={"feed": {"type": "publisher", "feed": "ETH/USD", "asset": "ETH"}})
    with_surface, without = run_path(file), run_path(desk("derive-pmrm2", agents=file.model_dump()["agents"]))
    assert with_surface.gains != without.gains
    assert abs(sum(with_surface.gains.values())) <= Decimal("0.05")


def test_options_are_exposed_to_the_price_of_their_underlying() -> None:
    accounts = {"desk": {"balances": {"USDC": 90_000}, "positions": {"month call 2200": -5}}}
    result = run_path(desk("derive-srm", accounts=accounts, agents={}))
    (link,) = [link for link in result.links if link.relation == "exposed to"]
    assert (link.source.name, link.target.name) == ("ETH", "desk")
    greatest = max(v for s in result.series if s.name == "outside" and s.unit == "USD/ETH" for v in s.values)
    assert float(link.amount) == pytest.approx(5 * float(greatest), rel=1e-6)
