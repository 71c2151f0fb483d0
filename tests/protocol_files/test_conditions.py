"""Depth outside that dries up with volatility, and implied volatility that moves with spot."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import UnknownNameError
from scenarios.book_orders import order_book
from scenarios.files.errors import FileError
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.conditions import Conditions
from scenarios.simulation.market import conditions_at, draw, draw_paths, seed_of
from scenarios.simulation.outside import OutsideDepth
from scenarios.simulation.run import open_simulation, run_path
from scenarios.simulation.simulation import Simulation
from venue_texts import file_with

DEPTH = {"calm": {"ETH": 1000000}, "reference": "0.5", "band": "0.02", "floor": "0.1"}
BOOK = {"type": "order-book", "base": "ETH", "quote": "USDC", "lot": "0.001", "tick": "0.01"}
MONEY = st.integers(1, 10**8)


def trading(**changes: Any) -> Simulation:
    outside = {"half_spread": "0.001", "depth": DEPTH}
    file = file_with({}, outside=outside, **changes)
    game = open_simulation(file, seed_of(file), 0)
    game.world.wallet("hand")
    game.world.fund("hand", "ETH", 10**21)
    game.world.fund("hand", "USDC", 10**13)
    return game


def test_a_sale_moves_the_price_by_its_share_of_the_depth() -> None:
    game = trading()
    # 200,000 of 1,000,000 within 2 %: the price falls by 0.4 %, so the average is 0.2 % lower.
    with game.transaction("sale"):
        got = game.trade_outside("hand", "ETH", "USDC", 100 * 10**18)
    assert got / 10**6 == pytest.approx(200_000 * (1 - 0.002) * 0.999, rel=1e-9)
    with game.transaction("second sale"):
        more = game.trade_outside("hand", "ETH", "USDC", 100 * 10**18)
    assert more / 10**6 == pytest.approx(200_000 * (1 - 0.006) * 0.999, rel=1e-9)
    # A purchase of m costs m (1 - slope u + slope m / 2).
    with game.transaction("purchase"):
        bought = game.trade_outside("hand", "USDC", "ETH", 100_000 * 10**6)
    slope, before, paid = 0.02 / 1e6, 400_000, 99_900
    start = 1 - slope * before
    worth = (sqrt(start * start + 2 * slope * paid) - start) / slope
    assert bought / 10**18 * 2000 == pytest.approx(worth, rel=1e-9)
    game.begin_step(Conditions({"ETH": 0.1}))
    with game.transaction("in a storm"):
        got = game.trade_outside("hand", "ETH", "USDC", 100 * 10**18)
    assert got / 10**6 == pytest.approx(200_000 * (1 - 0.02) * 0.999, rel=1e-9)


@given(MONEY, MONEY, st.integers(10**4, 10**9))
@settings(max_examples=100, deadline=None)
def test_a_round_trip_outside_gains_nothing(first: int, sold: int, depth: int) -> None:
    market = OutsideDepth(Fraction(2, 100), {"ETH": Fraction(depth)})
    before = Fraction(min(sold, depth * 20))
    money = market.proceeds("ETH", Fraction(first), before)
    assert 0 <= money <= first
    room = max(50 * depth - before, 0)
    back = market.bought("ETH", money, before + min(Fraction(first), room))
    assert back <= first
    assert float(back) == pytest.approx(float(min(Fraction(first), room)), rel=1e-6, abs=1e-6)


def test_a_refused_transaction_leaves_no_impact() -> None:
    game = trading()
    with game.attempt("hand", "sell all and more"):
        game.trade_outside("hand", "ETH", "USDC", 100 * 10**18)
        game.trade_outside("hand", "ETH", "USDC", 10**24)
    assert game.events[-1].kind == "refused"
    with game.transaction("sale"):
        got = game.trade_outside("hand", "ETH", "USDC", 100 * 10**18)
    assert got / 10**6 == pytest.approx(200_000 * 0.998 * 0.999, rel=1e-9)


def stormy(**changes: Any) -> ProtocolFile:
    crash = {"script": "black-thursday-2020-03-12", "assets": {"ETH": "ETH"}, "at_step": 10}
    market = {"model": "brownian", "volatility": {"ETH": "0.3"}, "shocks": [crash]}
    run = {"steps": 40, "step_seconds": 3600, "seed": 4}
    outside = {"half_spread": "0.001", "depth": DEPTH}
    return file_with(
        {"book": BOOK}, market=market | changes.pop("market", {}), run=run, outside=outside, **changes
    )


def test_depth_dries_up_in_the_crash_and_so_do_quotes() -> None:
    maker = {"type": "book-maker", "funds": {"ETH": 1000, "USDC": 2000000}, "venue": "book", "size": 10}
    file = stormy(agents={"maker": maker})
    path = draw(file, seed_of(file), range(1))
    assert path is not None
    shares = [conditions_at(file, path.of(0), step).depth["ETH"] for step in range(40)]
    assert shares[5] > 0.5
    assert min(shares[22:37]) < 0.35 * shares[5]
    assert all(0.1 <= share <= 1 for share in shares)
    game = open_simulation(file, seed_of(file), 0)
    quoted = []
    for share in (1.0, 0.2):
        game.begin_step(Conditions({"ETH": share}))
        with game.transaction("quotes"):
            file.agents["maker"].act(game, "maker")
        quoted.append(sum(order.quantity for order in order_book(game.world, "book").asks))
    assert quoted == [50 * 10**18, 10 * 10**18]
    assert sum(game.wealth().parties.values()) == 0
    result = run_path(file, keep_series=False)
    assert abs(sum(result.gains.values())) < 1


def test_implied_volatility_rises_as_spot_falls() -> None:
    surface = {"level": {"ETH": "0.6"}, "spot_beta": 2, "reversion": 0}
    crash = {"script": "black-thursday-2020-03-12", "assets": {"ETH": "ETH"}, "at_step": 0}
    calm = {"surface": surface, "shocks": [crash], "volatility": {"ETH": 0}}
    file = stormy(market=calm)
    path = draw(file, seed_of(file), range(1))
    assert path is not None
    game = open_simulation(file, seed_of(file), 0)
    month = 30 * 86_400
    assert game.volatility("ETH", Fraction(2000), month) == pytest.approx(0.6, rel=1e-12)
    step = 25
    game.begin_step(conditions_at(file, path.of(0), step))
    game.outside["ETH"] = Fraction(float(path.prices[step, 0, 0]))
    # The level moves by spot to the power of -2: 194.97 fell to 95.87 in 26 hours.
    at_the_money = game.volatility("ETH", game.outside["ETH"], month)
    assert at_the_money == pytest.approx(0.6 * (194.97 / 95.87) ** 2, rel=1e-9)
    # Negative skew: puts below the forward cost more than calls above it.
    low, high = (
        game.volatility("ETH", game.outside["ETH"] * k, month) for k in (Fraction(8, 10), Fraction(12, 10))
    )
    assert low > high
    with pytest.raises(UnknownNameError, match="implied volatility"):
        game.volatility("BTC", Fraction(1), month)


def test_depth_changes_no_price_path() -> None:
    outside = {"half_spread": "0.001"}
    with_depth, without = stormy(), stormy()
    without = without.model_copy(update={"outside": file_with({}, outside=outside).outside})
    one, two = (draw_paths(file, seed_of(file), range(2)) for file in (with_depth, without))
    assert one is not None
    assert two is not None
    assert one.tobytes() == two.tobytes()


def test_depth_needs_an_asset_and_a_reference() -> None:
    with pytest.raises(FileError, match="did you mean ETH"):
        file_with({}, outside={"depth": {"calm": {"EHT": 1}, "reference": 1}})
    with pytest.raises(FileError, match="no value for ETH"):
        file_with({}, outside={"depth": {"calm": {"ETH": 1}, "reference": {"BTC": 1}}})
