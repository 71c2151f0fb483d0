"""One venue of each kind as an entry of a protocol file, with random figures."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from protocol.venues.order_book import OrderBook
from protocol_texts import lending, read
from scenarios.agents.seeing import venue_price
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.simulation import Simulation

ASSETS: dict[str, dict[str, Any]] = {
    "ETH": {"decimals": 18, "price": 2000},
    "USDC": {"decimals": 6, "price": 1},
    "DAI": {"decimals": 18, "price": 1},
    "BTC": {"decimals": 8, "price": 50000},
}


def _whole(draw: Random, low: float, high: float) -> Decimal:
    """Return a number of six digits, even over its logarithm."""
    return Decimal(f"{low * (high / low) ** draw.random():.6g}")


def constant_product(draw: Random) -> dict[str, Any]:
    eth = _whole(draw, 10, 1e5)
    fee = draw.choice(("0.001", "0.003", "0.01"))
    return {"type": "constant-product", "reserves": {"ETH": eth, "USDC": eth * 2000}, "fee": fee}


def concentrated(draw: Random) -> dict[str, Any]:
    tokens = ("ETH", "USDC") if draw.random() < 0.5 else ("USDC", "ETH")
    price = Fraction(2000) if tokens[0] == "ETH" else Fraction(1, 2000)
    eth = _whole(draw, 10, 1e5)
    ranges: list[dict[str, Any]] = [{"amounts": {"ETH": eth, "USDC": eth * 2000}}]
    for _ in range(draw.randrange(4)):
        width = 1 + Fraction(_whole(draw, 0.01, 1))
        part = _whole(draw, 0.01, 1) * eth
        ends = {"lower": f"{float(price / width):.9g}", "upper": f"{float(price * width):.9g}"}
        ranges.append({**ends, "amounts": {"ETH": part, "USDC": part * 2000}})
    fee = draw.choice(("0.0005", "0.003", "0.01"))
    return {"type": "concentrated", "token0": tokens[0], "token1": tokens[1], "fee": fee, "ranges": ranges}


def stableswap(draw: Random) -> dict[str, Any]:
    size = _whole(draw, 1e4, 1e8)
    reserves = {"DAI": size * _whole(draw, 0.4, 2.5), "USDC": size}
    return {
        "type": "stableswap",
        "reserves": {name: f"{amount:.5f}" for name, amount in reserves.items()},
        "amplification": draw.randint(10, 2000),
        "fee": draw.choice(("0.0001", "0.0004", "0.003")),
    }


def weighted(draw: Random) -> dict[str, Any]:
    share = Decimal(draw.randint(20, 80)) / 100
    eth = _whole(draw, 10, 1e5)
    usdc = eth * 2000 * (1 - share) / share
    return {
        "type": "weighted",
        "reserves": {"ETH": eth, "USDC": f"{usdc:.6f}"},
        "weights": {"ETH": str(share), "USDC": str(1 - share)},
        "fee": draw.choice(("0.0005", "0.003", "0.01")),
    }


def cryptoswap(draw: Random) -> dict[str, Any]:
    size = _whole(draw, 1e5, 1e8)
    reserves = {"USDC": size, "BTC": size / 50000, "ETH": size / 2000}
    return {"type": "cryptoswap", "reserves": {name: f"{units:.6f}" for name, units in reserves.items()}}


def order_book(draw: Random) -> dict[str, Any]:
    ladder = {
        "half_spread": f"{_whole(draw, 0.0002, 0.005):.5f}",
        "spacing": f"{_whole(draw, 0.0005, 0.01):.5f}",
        "size": f"{_whole(draw, 1, 100):.3f}",
        "orders": draw.randint(3, 40),
    }
    return {
        "type": "order-book",
        "base": "ETH",
        "quote": "USDC",
        "lot": "0.001",
        "tick": "0.01",
        "ladder": ladder,
    }


KINDS: dict[str, Callable[[Random], dict[str, Any]]] = {
    make.__name__: make
    for make in (constant_product, concentrated, stableswap, weighted, cryptoswap, order_book)
}
BASES = {"stableswap": "DAI"}
"""What is priced in USDC: ether elsewhere."""


def base_of(kind: str) -> str:
    """Return what a venue of this kind trades against USDC."""
    return BASES.get(kind, "ETH")


def file_with(venues: dict[str, Any], **changes: object) -> ProtocolFile:
    """Return a lending file with other venues; its oracle is constant."""
    nodes = {"dollar": {"type": "constant", "price": 1}, "ether": {"type": "constant", "price": 2000}}
    oracle = {"nodes": nodes, "prices": {"ETH": "ether", "USDC": "dollar"}}
    base: dict[str, Any] = {"assets": ASSETS, "venues": venues, "oracle": oracle}
    return read(lending(**(base | changes)))


def fee_band(game: Simulation, venue: str) -> tuple[Fraction, Fraction]:
    """Return the prices in money between which no trade on a venue pays against its own price."""
    value = game.world.venue(venue)
    base = base_of(venue)
    if isinstance(value, OrderBook):
        unit = Fraction(10) ** (game.world.decimals[base] - 6) * game.outside["USDC"] / value.price_unit
        low, high = value.best_bid(), value.best_ask()
        return Fraction(low or 0) * unit, Fraction(high or 10**40) * unit
    price = venue_price(game, venue, base, "USDC")
    assert price is not None
    entry = game.file.venues[venue]
    # Tricrypto's fee never exceeds the one far from balance.
    keep = 1 - Fraction(getattr(entry, "out_fee", None) or getattr(entry, "fee", 0))
    return price * keep, price / keep
