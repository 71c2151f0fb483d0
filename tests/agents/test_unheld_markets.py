"""A market without a price stops the judging of those who are in it, and of nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.errors import MissingPriceError
from protocol.market_state import MarketState, Price
from protocol_texts import lending, read
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation
from scenarios.simulation.simulation import Simulation

PRESETS = ("mango-v3", "mango-v4", "drift-v2", "dydx-v4", "synthetix-perps-v3", "hyperliquid")


def two_markets(preset: str) -> Simulation:
    """Return a game of a long in ether with ten times his money, and a short in bitcoin."""
    data: dict[str, Any] = lending(
        assets={
            "ETH": {"decimals": 18, "price": 2000},
            "BTC": {"decimals": 8, "price": 50000},
            "USDC": {"decimals": 6, "price": 1},
        },
        oracle={
            "nodes": {
                "dollar": {"type": "constant", "price": 1},
                "ether": {"type": "feed", "feed": "ETH/USD", "asset": "ETH"},
                "bitcoin": {"type": "feed", "feed": "BTC/USD", "asset": "BTC"},
            },
            "prices": {"ETH": "ether", "BTC": "bitcoin", "USDC": "dollar"},
        },
        listings={"USDC": {"borrowable": False}},
        perpetuals={
            "ETH-PERP": {"underlying": "ETH", "maximum_leverage": 20},
            "BTC-PERP": {"underlying": "BTC", "maximum_leverage": 20},
        },
        margin={"preset": preset, "settlement": "USDC"},
        liquidation={"preset": "dydx"},
        accounts={
            "long in ether": {"balances": {"USDC": 2000}, "positions": {"ETH-PERP": 10}},
            "short in bitcoin": {"balances": {"USDC": 5000}, "positions": {"BTC-PERP": "-0.5"}},
        },
    )
    file = read(data)
    return open_simulation(file, seed_of(file), 0)


def at(game: Simulation, **prices: int) -> MarketState:
    return game.protocol.market_at({name: Price.of(price) for name, price in prices.items()})


@pytest.mark.parametrize("preset", PRESETS)
def test_a_missing_price_of_an_unheld_market_stops_no_judging(preset: str) -> None:
    game = two_markets(preset)
    whole, without = at(game, ETH=1810, BTC=50_000, USDC=1), at(game, ETH=1810, USDC=1)
    alone = game.protocol.judge("long in ether", without)
    assert alone == game.protocol.judge("long in ether", whole)
    assert alone.excess < 0
    assert game.protocol.liquidatable(without) == ("long in ether",)
    with pytest.raises(MissingPriceError):
        game.protocol.judge("short in bitcoin", without)
