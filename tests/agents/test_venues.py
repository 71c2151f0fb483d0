"""Arbitrage, liquidity and attacks on every kind of venue that a protocol file can name."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.venues.order_book import OrderBook
from protocol.venues.spot_price import spot_price
from protocol.venues.venue import Venue
from scenarios.agents.sizing import (
    against_price,
    best_sized,
    between,
    largest_sale,
    lots_for,
    quote_or_zero,
)
from scenarios.simulation.build_venues import build_venue
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation, run_path, step_once
from venue_texts import KINDS, base_of, fee_band, file_with

every_kind = pytest.mark.parametrize("kind", KINDS)
SEEDS = st.integers(0, 2**32)
MOVES = st.integers(-300, 300)  # thousandths by which the outside price moves


def arbitrageur(venue: str, against: str = "outside", base: str = "") -> dict[str, Any]:
    return {
        "type": "arbitrageur",
        "funds": {base or base_of(venue): 10**9, "USDC": 10**12},
        "venue": venue,
        "against": against,
        "base": base or base_of(venue),
        "quote": "USDC",
    }


@every_kind
@given(seed=SEEDS, move=MOVES)
@settings(max_examples=12, deadline=None)
def test_arbitrage_closes_the_gap_to_the_fee_band(kind: str, seed: int, move: int) -> None:
    file = file_with({kind: KINDS[kind](Random(seed))}, agents={"arb": arbitrageur(kind)})
    game = open_simulation(file, seed_of(file), 0)
    base = base_of(kind)
    # Weighted pools take 30 % of a balance in one trade: what is farther away takes more than one.
    steps = 6 if kind == "weighted" else 2
    part = Decimal(move) / (10 if base == "DAI" else 1)
    price = file.price(base) * (1 + part / 1000)
    for step in range(steps):
        step_once(game, {base: price}, step)
    low, high = fee_band(game, kind)
    slack = 1 + Fraction(1, 10**4)
    assert low / slack <= game.outside[base] <= high * slack
    before = len(game.events)
    step_once(game, {base: price}, steps)
    traded = [event for event in game.events[before:] if event.kind == "trade" and event.details["sold"] > 0]
    worth = sum(float(event.details["sold"]) for event in traded if event.details["asset"] == "USDC")
    # A crypto pool moves its own prices after a trade; what is left to do is nothing beside the pool.
    assert worth < 1 + game.world.venue(kind).reserves()["USDC"] / 10**10, "inside the band nothing pays"
    assert sum(game.wealth().parties.values()) == 0
    assert game.balance("arb", "USDC") + game.balance("arb", base) > 0


@every_kind
@given(seed=SEEDS, percent=st.integers(70, 140), other=st.lists(st.floats(0.01, 3), min_size=5, max_size=5))
@settings(max_examples=12, deadline=None)
def test_no_other_size_gains_more(kind: str, seed: int, percent: int, other: list[float]) -> None:
    file = file_with({kind: KINDS[kind](Random(seed))})
    venue, base = build_venue(file, file.venues[kind], 0), base_of(kind)
    for sell, buy in ((base, "USDC"), ("USDC", base)):
        spot = spot_price(venue, sell, buy)
        assert spot is not None
        rate = Fraction(percent, 100) / spot
        profit = partial(profit_of, venue, sell, buy, rate)
        most = min(10**33, largest_sale(venue, sell))
        size = against_price(venue, sell, buy, rate, most)
        best = profit(size)
        assert best >= 0
        slack = 4 * rate + 4 + best / 10**9
        if isinstance(venue, OrderBook):
            slack += rate * venue.lot + venue.cost(venue.best_ask() or 0, venue.lot)
        for factor in other:
            assert profit(min(int(size * factor), most)) <= best + slack


def profit_of(venue: Venue, sell: str, buy: str, rate: Fraction, units: int) -> Fraction:
    got = quote_or_zero(venue, sell, buy, units)
    if isinstance(venue, OrderBook) and got:
        # Of a book's input only whole lots are taken.
        units = venue.swap(sell, buy, units)[0].amount_in
    return got * rate - units if units > 0 else Fraction(0)


@every_kind
@given(seed=SEEDS, percent=st.integers(101, 140))
@settings(max_examples=8, deadline=None)
def test_the_bound_of_a_search_holds_and_is_near(kind: str, seed: int, percent: int) -> None:
    file = file_with({kind: KINDS[kind](Random(seed))})
    venue, base = build_venue(file, file.venues[kind], 0), base_of(kind)
    spot = spot_price(venue, base, "USDC")
    assert spot is not None
    rate = Fraction(percent, 100) / spot
    most = min(10**30, largest_sale(venue, base))

    def profit(units: int) -> Fraction:
        return quote_or_zero(venue, base, "USDC", units) * rate - units

    if isinstance(venue, OrderBook):
        lots = lots_for(venue, base, most)
        found = best_sized(lambda n: profit(n * venue.lot), lots, Fraction(2))
        exact = profit(against_price(venue, base, "USDC", rate, most))
    else:
        found = best_sized(profit, most, 2 * rate + 2)
        exact = profit(against_price(venue, base, "USDC", rate, most))
    assert exact <= found.bound
    assert found.profit <= found.bound
    # The two lines meet within a few millionths of the best profit; rounding is the rest.
    assert found.bound - found.profit <= found.profit / 1000 + 16 * (2 * rate + 2)


PAIRS = [("concentrated", "order_book"), ("weighted", "concentrated"), ("cryptoswap", "constant_product")]


@pytest.mark.parametrize(("first", "second"), PAIRS)
@given(seed=SEEDS, percent=st.integers(85, 118))
@settings(max_examples=6, deadline=None)
def test_arbitrage_between_venues_of_any_kind(first: str, second: str, seed: int, percent: int) -> None:
    draw = Random(seed)
    venues = {first: KINDS[first](draw), second: KINDS[second](draw)}
    agents = {"arb": arbitrageur(first, second), "back": arbitrageur(second, first)}
    file = file_with(venues, agents=agents)
    game = open_simulation(file, seed_of(file), 0)
    game.world.wallet("hand")
    game.world.fund("hand", "ETH", 10**24)
    game.world.fund("hand", "USDC", 10**18)
    target = Fraction(percent, 100) / (spot_price(game.world.venue(first), "ETH", "USDC") or 1)
    with game.attempt("hand", "push"):
        venue = game.world.venue(first)
        units = between_hand = against_price(venue, "ETH", "USDC", target, 10**24)
        if not between_hand:
            units = against_price(venue, "USDC", "ETH", 1 / target, 10**18)
        game.swap("hand", first, *(("ETH", "USDC") if between_hand else ("USDC", "ETH")), units)
    for step in range(4):
        step_once(game, {}, step)
    low, high = fee_band(game, first)
    other_low, other_high = fee_band(game, second)
    slack = 1 + Fraction(1, 10**4)
    assert low <= other_high * slack
    assert other_low <= high * slack
    for sell, buy in (("ETH", "USDC"), ("USDC", "ETH")):
        size = between(game.world.venue(first), game.world.venue(second), sell, buy, 10**24)
        got = quote_or_zero(game.world.venue(first), sell, buy, size)
        gain = quote_or_zero(game.world.venue(second), buy, sell, got) - size
        assert game.value(sell, gain) < 10, "nothing worth while is left"


@every_kind
def test_the_price_at_the_margin_is_that_of_small_trades(kind: str) -> None:
    for seed in range(5):
        file = file_with({kind: KINDS[kind](Random(seed))})
        venue, base = build_venue(file, file.venues[kind], 0), base_of(kind)
        price = spot_price(venue, base, "USDC")
        assert price is not None
        back = spot_price(venue, "USDC", base)
        assert back is not None
        assert float(price * back) == pytest.approx(1, rel=1e-6)
        if isinstance(venue, OrderBook):
            continue
        units = venue.reserves()[base] // 10**5
        trade, _ = venue.swap(base, "USDC", units)
        fee = trade.fee if trade.fee_asset == "USDC" else 0
        taken = units - (trade.fee if trade.fee_asset == base else 0)
        assert float((trade.amount_out + fee) / (taken * price)) == pytest.approx(1, rel=1e-3)


def test_agents_on_every_venue_conserve_everything() -> None:
    draw = Random(8)
    venues = {kind: make(draw) for kind, make in KINDS.items()}
    agents: dict[str, Any] = {}
    for kind in KINDS:
        base = base_of(kind)
        agents[f"trader {kind}"] = {
            "type": "trader",
            "funds": {base: 300 if base == "ETH" else 600000, "USDC": 600000, "BTC": 10},
            "venue": kind,
            "size": 20000,
            "probability": "0.9",
        }
        agents[f"arb {kind}"] = arbitrageur(kind)
    for kind in ("constant_product", "stableswap", "weighted", "cryptoswap"):
        agents[f"lp {kind}"] = {
            "type": "liquidity-provider",
            "funds": {"ETH": 100, "USDC": 10**9, "DAI": 10**9, "BTC": 100},
            "venue": kind,
            "asset": base_of(kind),
            "leave_at": "0.02",
        } | ({"funds": {"DAI": 5000, "USDC": 10**9}} if kind == "stableswap" else {})
    agents["range"] = {
        "type": "range-provider",
        "funds": {"ETH": 50, "USDC": 100000},
        "venue": "concentrated",
        "width": "0.02",
    }
    agents["quotes"] = {
        "type": "book-maker",
        "funds": {"ETH": 50, "USDC": 100000},
        "venue": "order_book",
        "size": 2,
    }
    market = {"model": "brownian", "volatility": {"ETH": "1.5", "DAI": "0.05", "BTC": "1"}}
    run = {"steps": 30, "step_seconds": 3600, "seed": 2}
    file = file_with(venues, agents=agents, market=market, run=run)
    result = run_path(file, keep_series=False)
    # Each of the parties is rounded to a cent.
    assert abs(sum(result.gains.values())) < Decimal("0.5")
    kinds = {event.kind for event in result.events}
    assert {"trade", "liquidity added", "liquidity removed"} <= kinds
    for kind in KINDS:
        assert any(event.details.get("venue") == kind for event in result.events if event.kind == "trade")
        assert result.gains.get(f"arb {kind}", Decimal(0)) >= 0, "an arbitrageur takes no risk"
    assert result.gains == run_path(file, keep_series=False).gains


def test_a_range_provider_earns_the_fees_of_its_share_and_follows_the_price() -> None:
    pool = {
        "type": "concentrated",
        "token0": "ETH",
        "token1": "USDC",
        "fee": "0.003",
        "ranges": [{"amounts": {"ETH": 1000, "USDC": 2000000}}],
    }
    agents = {
        "range": {
            "type": "range-provider",
            "funds": {"ETH": 1000, "USDC": 2000000},
            "venue": "pool",
            "width": "0.05",
        }
    }
    file = file_with({"pool": pool}, agents=agents)
    game = open_simulation(file, seed_of(file), 0)
    before = game.wealth().parties
    whole = game.world.venue("pool").liquidity  # type: ignore[attr-defined]
    mine = int(next(e.details["liquidity"] for e in game.events if e.kind == "liquidity added"))
    game.world.wallet("hand")
    game.world.fund("hand", "USDC", 10_000 * 10**6)
    with game.transaction("there and back"):
        got = game.swap("hand", "pool", "USDC", "ETH", 10_000 * 10**6).amount_out
        game.swap("hand", "pool", "ETH", "USDC", got)
    # Two trades of 10,000 pay 0.3 % each; liquidity in range shares it. Back at the price, fees are the gain.
    gain = game.wealth().parties["range"] - before["range"]
    assert float(gain) == pytest.approx(60 * mine / whole, rel=0.01)
    events = len(game.events)
    game.world.fund("hand", "USDC", 10**13)
    with game.transaction("away"):
        game.swap("hand", "pool", "USDC", "ETH", 3_000_000 * 10**6)
    step_once(game, {}, 0)
    moved = [event for event in game.events[events:] if event.actor == "range"]
    assert [event.kind for event in moved] == ["trade", "liquidity added"]
    tick = game.world.venue("pool").tick  # type: ignore[attr-defined]
    assert moved[1].details["lower"] <= tick < moved[1].details["upper"]
