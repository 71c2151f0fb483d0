"""Who pays a trade's fee, what a refused transaction uses up, and when an account is judged again."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import CapExceededError, RuleError
from protocol.fixed_point import WAD
from protocol_texts import changed, lending, read
from scenarios.agents.basis import BasisTrader
from scenarios.attackers.governance import GovernanceListing
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_rules import ListingFile
from scenarios.simulation.carry.trading import index_of, mark_of, trade_on_venue
from scenarios.simulation.governance import DECIDED, Decided
from scenarios.simulation.market import seed_of
from scenarios.simulation.names import FUND
from scenarios.simulation.on_chain.blocks import Blocks
from scenarios.simulation.run import open_simulation, run_path
from scenarios.simulation.simulation import Simulation

PERPETUAL_PRESETS = (
    "mango-v3",
    "mango-v4",
    "drift-v2",
    "dydx-v4",
    "gmx-v2",
    "synthetix-perps-v3",
    "hyperliquid",
    "derive-standard",
    "derive-portfolio",
    "deribit-standard",
    "deribit",
    "paradex",
    "span",
    "tims-narrow",
)
PRICE = 60_000
GREATEST_SIZE = 10**6
MOVES = st.sampled_from([1e-4, 1e-3, 1e-2, 0.1])


def opened(file: ProtocolFile) -> Simulation:
    return open_simulation(file, seed_of(file), 0)


# Fees


@pytest.mark.parametrize("buys", [True, False])
def test_the_taker_pays_the_fee_on_either_side(buys: bool) -> None:
    game = opened(changed("perpetual-crash", fees={"perpetual": "0.001"}))
    with game.transaction("deposit"):
        game.protocol.deposit("ann", "USDC", game.balance("ann", "USDC"))
    protocol = game.protocol
    before = {name: protocol.balances(name)["USDC"] for name in ("ann", "maker")}
    fund, sides = game.world.balance(FUND, "USDC"), ("ann", "maker") if buys else ("maker", "ann")
    with game.transaction("trade"):
        protocol.trade(*sides, "BTC-PERP", 10**8, Fraction(PRICE), "ann")
    assert protocol.balances("maker")["USDC"] == before["maker"]
    assert before["ann"] - protocol.balances("ann")["USDC"] == 60 * 10**6
    assert game.world.balance(FUND, "USDC") - fund == 60 * 10**6


def test_a_trader_who_sells_to_a_maker_pays_the_fee() -> None:
    agents = {
        "maker": {
            "type": "market-maker",
            "market": "BTC-PERP",
            "most_position": 400,
            "funds": {"USDC": 10**7},
        },
        "ann": {
            "type": "perpetual-trader",
            "maker": "maker",
            "leverage": 2,
            "side": "short",
            "probability": "0.999",
            "funds": {"USDC": 100_000},
        },
    }
    game = opened(changed("perpetual-crash", agents=agents, fees={"perpetual": "0.001"}))
    with game.transaction("act"):
        game.file.agents["ann"].act(game, "ann")
    assert game.protocol.balances("ann")["BTC-PERP"] < 0
    assert game.protocol.balances("maker")["USDC"] == 10**7 * 10**6
    assert game.protocol.balances("ann")["USDC"] < 100_000 * 10**6


# What a refused transaction uses up


def test_a_refused_transaction_gives_back_what_may_be_traded_outside() -> None:
    outside = {"half_spread": 0, "most_per_step": {"ETH": 10}}
    game = opened(read(lending(outside=outside)))
    game.world.fund(game.world.wallet("me"), "ETH", 100 * WAD)
    with game.attempt("me", "sell and fail"):
        assert game.trade_outside("me", "ETH", "USDC", 8 * WAD) == 16_000 * 10**6
        raise RuleError("no")
    assert game.left_outside("me", "ETH") == 10 * WAD
    with game.attempt("me", "sell"):
        game.trade_outside("me", "ETH", "USDC", 8 * WAD)
    assert game.left_outside("me", "ETH") == 2 * WAD
    point = game.snapshot()
    with game.attempt("me", "sell more"):
        game.trade_outside("me", "ETH", "USDC", 8 * WAD)
    assert game.left_outside("me", "ETH") == 0
    game.restore(point)
    assert game.left_outside("me", "ETH") == 2 * WAD


# Judged again


@pytest.mark.parametrize("preset", PERPETUAL_PRESETS)
@given(
    exponent=st.floats(-2, 6),
    long=st.booleans(),
    spare=st.floats(1e-6, 1e-1),
    move=MOVES,
    up=st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_an_account_is_kept_as_safe_only_while_it_is(
    preset: str, exponent: float, long: bool, spare: float, move: float, up: bool
) -> None:
    game = _GAMES.setdefault(preset, _game(preset))
    point = game.snapshot()
    size = int(min(10**exponent, GREATEST_SIZE) * 10**8) * (1 if long else -1)
    sides = ("outside", "protocol:a") if long else ("protocol:a", "outside")
    world, protocol = game.world, game.protocol
    world.move(*sides, "BTC-PERP", abs(size))
    world.move(*reversed(sides), "BTC-PERP/quote", abs(size) * PRICE // 100)
    needed = -protocol.judge("a").excess // 10**12 + int(abs(size) * PRICE // 100 * spare)
    if needed > 0:
        world.fund("protocol:a", "USDC", needed)
    protocol.liquidatable()
    game.publish("feed", "BTC/USD", Fraction(PRICE) * (1 + Fraction(move) * (1 if up else -1)))
    short = protocol.judge("a").excess < 0
    assert protocol.liquidatable() == (("a",) if short else ())
    game.restore(point)


_GAMES: dict[str, Simulation] = {}


def _game(preset: str) -> Simulation:
    game = opened(changed("perpetual-crash", margin={"preset": preset}, liquidation={}, agents={}, market={}))
    game.protocol.account("a")
    return game


def test_leverage_below_one_is_judged_again_in_time() -> None:
    file = changed(
        "perpetual-crash",
        agents={},
        market={},
        accounts={"a": {"balances": {"USDC": 5_010_000}, "positions": {"BTC-PERP": -1}}},
        **{"perpetuals__BTC-PERP__maximum_leverage": "0.006"},
    )
    game = opened(file)
    # One over twice 0.006 is 83.3 times the notional of 60,000: 5,000,000.
    assert game.protocol.liquidatable() == ()
    game.publish("feed", "BTC/USD", Fraction(60_150))
    assert game.protocol.judge("a").excess < 0
    assert game.protocol.liquidatable() == ("a",)


def test_an_index_that_leaves_its_mark_has_positions_judged_again() -> None:
    venue = {"type": "virtual-amm", "depth": 1_000}
    file = changed(
        "perpetual-crash",
        margin={"preset": "derive-portfolio"},
        liquidation={},
        agents={},
        market={},
        accounts={"a": {"balances": {"USDC": 1}, "positions": {"BTC-PERP": 1}}},
        **{"perpetuals__BTC-PERP__venue": venue, "perpetuals__BTC-PERP__margin_price": "mark"},
    )
    game = opened(file)
    lacks = -game.protocol.judge("a").excess // 10**12
    game.world.fund("protocol:a", "USDC", lacks + 10**6)
    assert game.protocol.liquidatable() == ()
    # The rule's charges follow the index; the mark by which the position counts stands still.
    game.publish("feed", "BTC/USD", Fraction(70_000))
    assert game.protocol.judge("a").excess < 0
    assert game.protocol.liquidatable() == ("a",)


def test_a_vote_that_lowers_a_factor_has_everybody_judged_again() -> None:
    accounts = {"debtor": {"balances": {"ETH": 10, "USDC": -15_000}}}
    game = opened(read(lending(accounts=accounts)))
    assert game.protocol.liquidatable() == ()
    point = game.snapshot()
    listing = ListingFile.model_validate({"collateral_factor": "0.5", "borrowable": False})
    game.world.state.values[DECIDED] = {"ETH": Decided(listing, "spot")}
    assert game.protocol.liquidatable() == ("debtor",)
    game.restore(point)
    assert game.protocol.liquidatable() == ()


def test_a_listing_without_price_stops_only_who_holds_it() -> None:
    data = lending(accounts={"debtor": {"balances": {"USDC": -15_000, "ETH": 10}}})
    data["margin"] = {"preset": "aave-v3"}
    data["assets"]["OLD"] = {"decimals": 18, "price": 1}
    data["oracle"]["nodes"]["old"] = {
        "type": "feed",
        "feed": "OLD/USD",
        "asset": "OLD",
    }
    data["oracle"]["prices"]["OLD"] = "old"
    data["listings"]["OLD"] = {"collateral_factor": "0.5", "borrowable": False}
    game = opened(read(data))
    del game.world.state.values["OLD/USD"]
    assert game.oracle_price("OLD") is None
    assert game.protocol.liquidatable() == ()
    assert game.protocol.judge("debtor").excess > 0


# Markets of their own


def test_a_basis_trader_stops_where_its_own_trade_leaves_what_it_asks() -> None:
    market = {
        "underlying": "BTC",
        "decimals": 8,
        "maximum_leverage": 20,
        "venue": {"type": "skew", "skew_scale": 10_000},
        "funding": {"rule": "clamped", "interest": 0, "clamp": 0, "cap": "0.5"},
    }
    basis = {
        "type": "basis-trader",
        "market": "BTC-PERP",
        "least_return": "0.5",
        "most_position": 1_000,
        "funds": {"USDC": 10**9},
    }
    file = changed(
        "perpetual-crash",
        perpetuals={"BTC-PERP": market},
        agents={"basis": basis},
        market={},
        accounts={"crowd": {"balances": {"USDC": 10**9}}},
    )
    game = opened(file)
    with game.transaction("crowd"):
        trade_on_venue(game.protocol, "crowd", "BTC-PERP", 100 * 10**8)
    index, mark = index_of(game.protocol, "BTC-PERP"), mark_of(game.protocol, "BTC-PERP")
    assert index is not None
    assert mark == index * (1 + Fraction(100, 10_000))
    expected = game.protocol.marks.mark_after("BTC-PERP", -30 * 10**8, index)
    agent = game.file.agents["basis"]
    assert isinstance(agent, BasisTrader)
    with game.transaction("act"):
        agent.act(game, "basis")
    sold = -game.protocol.balances("basis").get("BTC-PERP", 0)
    # Eight hours of premium, 1095 times a year: 0.5 a year is a premium of 0.0457 %, a skew of 4.57.
    assert sold == pytest.approx((100 - 10_000 * 0.5 / 1095) * 10**8, rel=1e-6)
    assert expected == index * (1 + Fraction(70, 10_000))


# On a chain


def test_bought_votes_count_on_a_chain_too() -> None:
    chain = {"native": "WETH", "base_fee": 0, "senders": {"default": {"gas_money": 0}}}
    file = changed("governance-listing", chain=chain)
    plain, blocks = changed("governance-listing").attacks["listing"], file.attacks["listing"]
    assert isinstance(blocks, GovernanceListing)
    result = blocks.execute(opened(file))
    assert not result.refused
    assert result.profit == plain.execute(opened(changed("governance-listing"))).profit


def test_the_blocks_of_an_attack_on_a_feed_are_slots_of_the_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = {"native": "ETH", "base_fee": 0, "senders": {"default": {"gas_money": 0}}}
    ether = {"decimals": 18, "price": 2000}
    game = opened(changed("four-samples", chain=chain, assets__ETH=ether))
    (attack,) = game.file.attacks.values()
    slots: list[int] = []
    passed = Blocks.slot

    def slot(blocks: Blocks) -> None:
        slots.append(blocks.chain.slot)
        passed(blocks)

    monkeypatch.setattr(Blocks, "slot", slot)
    result = attack.execute(game)
    assert not result.refused
    assert len(slots) == 2  # one for each sample


def test_a_supply_cap_binds_every_deposit() -> None:
    weth = {"collateral_factor": "0.8", "borrowable": False, "supply_cap": 10}
    listings = {"WETH": weth, "USDC": {"cash": 1000}}
    file = changed("lending-crash", listings=listings, agents={}, attacks={})
    game = open_simulation(file, seed_of(file), 0)
    game.world.wallet("whale")
    game.world.fund("whale", "WETH", 11 * 10**18)
    with game.transaction("to the cap"):
        game.protocol.deposit("whale", "WETH", 10 * 10**18)
    with pytest.raises(CapExceededError, match="supply cap"), game.transaction("beyond"):
        game.protocol.deposit("whale", "WETH", 1)
    assert game.protocol.supplied("WETH") == 10 * 10**18


@pytest.mark.parametrize(("heartbeat", "published"), [(3600, True), (3601, False)])
def test_a_heartbeat_is_due_when_it_has_passed(heartbeat: int, published: bool) -> None:
    feed = {"type": "publisher", "feed": "ETH/USD", "asset": "WETH", "deviation": 1, "heartbeat": heartbeat}
    file = changed("lending-crash", agents={"feed": feed}, attacks={}, run={"steps": 1, "step_seconds": 3600})
    events = run_path(file).events
    assert any(event.kind == "publication" for event in events) is published
