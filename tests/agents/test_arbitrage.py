"""Arbitrage closes gaps to the fee band, and its sizes are the best there are."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol_texts import lending, read
from scenarios.agents.optimal import best_size, between_pairs, pair_against_price
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation, step_once

SMALLEST, LARGEST = 10**9, 10**24
RESERVES = st.integers(SMALLEST, LARGEST)
KEEPS = st.sampled_from((990, 997, 999))


@given(RESERVES, RESERVES, RESERVES, RESERVES, KEEPS, KEEPS)
@settings(max_examples=150, deadline=None)
def test_size_between_pairs_is_a_maximum(a1: int, b1: int, a2: int, b2: int, k1: int, k2: int) -> None:
    first = UniswapV2Pair("A", "B", a1, b1, keep=k1)
    second = UniswapV2Pair("A", "B", a2, b2, keep=k2)
    size = between_pairs(first, second, "A", "B", 10**30)

    def profit(x: int) -> int:
        got = first.quote("A", "B", x) if x else 0
        return (second.quote("B", "A", got) if got else 0) - x

    # Floors move a profit by the value of one unit of each asset, no more.
    slack = 2 + a2 // b2 + a1 // b1
    for other in (size * 99 // 100, size * 101 // 100, size - 1, size + 1):
        if other > 0:
            assert profit(other) <= profit(size) + slack


@given(RESERVES, RESERVES, st.integers(1, 400), KEEPS)
@settings(max_examples=150, deadline=None)
def test_size_against_a_price_leaves_the_marginal_price_there(
    reserve_in: int, reserve_out: int, percent: int, keep: int
) -> None:
    pair = UniswapV2Pair("A", "B", reserve_in, reserve_out, keep=keep)
    rate = Fraction(reserve_in, reserve_out) * percent / 100
    size = pair_against_price(pair, "A", "B", rate, 10**30)
    band = Fraction(1000, keep)
    if rate <= Fraction(reserve_in, reserve_out) * band:
        assert size == 0
    else:
        g = Fraction(keep, 1000)
        # d out / d in = g Rin Rout / (Rin + g x)^2, which must equal 1 / rate.
        marginal = g * reserve_in * reserve_out / (reserve_in + g * size) ** 2
        assert float(marginal * rate) == pytest.approx(1, rel=1e-6)


def test_golden_section_finds_an_integer_maximum() -> None:
    assert best_size(lambda x: Fraction(-((x - 123_456) ** 2) + 10), 10**9) == 123_456
    assert best_size(lambda x: Fraction(-x), 10**9) == 0


@given(
    st.integers(10, 10**6),
    st.integers(1, 10**5),
    st.sampled_from(["0", "0.001", "0.003", "0.01"]),
    st.integers(300, 3000),
)
@settings(max_examples=25, deadline=None)
def test_gap_of_any_pool_closes_to_the_fee_band(ether: int, price: int, fee: str, move: int) -> None:
    """Reserves, price, fee, and the outside price in thousandths of the pool's are drawn."""
    arb = {"type": "arbitrageur", "venue": "pair", "base": "ETH", "quote": "USDC"}
    data = lending(
        assets={"ETH": {"decimals": 18, "price": price}, "USDC": {"decimals": 6, "price": 1}},
        venues={
            "pair": {
                "type": "constant-product",
                "reserves": {"ETH": ether, "USDC": ether * price},
                "fee": fee,
            }
        },
        agents={"arb": arb | {"funds": {"ETH": 10 * ether, "USDC": 10 * ether * price}}},
    )
    file = read(data)
    game = open_simulation(file, seed_of(file), 0)
    step_once(game, {"ETH": Decimal(price) * move / 1000}, 0)
    reserves = game.world.venue("pair").reserves()
    gap = Fraction(reserves["USDC"] * 10**12, reserves["ETH"]) / game.outside["ETH"]
    band = (1 / (1 - Fraction(fee))) * (1 + Fraction(1, 10**5))
    assert 1 / band <= gap <= band
    if not 1 / band < Fraction(1000, move) < band:
        assert any(event.kind == "trade" for event in game.events)
        # Not beyond the outside price: the pool keeps the fee, so the gap ends between the band's edge and 1.
        assert (gap < 1 + Fraction(1, 10**5)) if move > 1000 else (gap > 1 - Fraction(1, 10**5))
    before = len(game.events)
    step_once(game, {}, 1)
    assert not [event for event in game.events[before:] if event.kind == "trade"]


@pytest.mark.parametrize("against", ["outside", "other"])
@pytest.mark.parametrize("move", ["0.7", "0.98", "0.999", "1.001", "1.05", "1.6"])
def test_gap_closes_to_the_fee_band(against: str, move: str) -> None:
    data = lending(
        agents={
            "arb": {
                "type": "arbitrageur",
                "funds": {"ETH": 10000, "USDC": 20000000},
                "venue": "pair",
                "against": against,
                "base": "ETH",
                "quote": "USDC",
            }
        }
    )
    file = read(data)
    game = open_simulation(file, seed_of(file), 0)
    fees = Fraction(1000, 997)
    if against == "outside":
        step_once(game, {"ETH": file.price("ETH") * type(file.price("ETH"))(move)}, 0)
        fair = game.outside["ETH"]
    else:
        # Another hand pushes the second pair; the arbitrageur then takes both pairs to the band.
        share = Fraction(move)
        game.world.fund("arb", "ETH", 0)
        with game.transaction("push"):
            game.world.wallet("hand")
            units = int(400 * 10**18 * abs(1 - share))
            sell, buy = ("ETH", "USDC") if share < 1 else ("USDC", "ETH")
            units = units if sell == "ETH" else units * 2000 // 10**12
            game.world.fund("hand", sell, units)
            game.swap("hand", "other", sell, buy, units)
        step_once(game, {}, 0)
        other = game.world.venue("other").reserves()
        fair = Fraction(other["USDC"] * 10**12, other["ETH"])
        fees *= fees
    reserves = game.world.venue("pair").reserves()
    gap = Fraction(reserves["USDC"] * 10**12, reserves["ETH"]) / fair
    slack = 1 + Fraction(1, 10**6)
    assert 1 / (fees * slack) <= gap <= fees * slack
    before = len(game.events)
    step_once(game, {}, 1)
    trades = [event for event in game.events[before:] if event.kind == "trade"]
    assert not trades, "inside the band nothing pays"
