"""Every node of the oracle graph that a protocol file can name."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, get_args

import pytest

from scenarios.files.errors import FileError
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_oracle import OracleNode
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation, step_once
from scenarios.simulation.simulation import Simulation
from venue_texts import ASSETS, file_with

ASSETS_HERE = ASSETS | {"vETH": {"decimals": 18, "price": 2100}}
VENUES: dict[str, Any] = {
    "pair": {"type": "constant-product", "reserves": {"ETH": 1000, "USDC": 2000000}},
    "v3": {
        "type": "concentrated",
        "token0": "ETH",
        "token1": "USDC",
        "ranges": [{"amounts": {"ETH": 1000, "USDC": 2000000}}],
    },
    "tri": {"type": "cryptoswap", "reserves": {"USDC": 5000000, "BTC": 100, "ETH": 2500}},
    "bal": {
        "type": "weighted",
        "reserves": {"ETH": 800, "USDC": 400000},
        "weights": {"ETH": "0.8", "USDC": "0.2"},
    },
}
VAULTS = {"vault": {"asset": "ETH", "share": "vETH", "total_assets": 105, "total_supply": 100}}
FEEDS = {name: {"type": "feed", "feed": name, "asset": "ETH"} for name in ("a", "b", "c")}
MEAN = {"type": "twap", "base": "ETH", "window": 1800, "parents": ["dollar"]}
CAPPED = {"type": "capped-rate", "yearly_growth": "0.1", "parents": ["a", "rate"]}
INDEX = {"type": "exchange-index", "maximum_age": 3600}
POOL = {"base": "ETH", "quote": "USDC", "parents": ["dollar"]}
NODES: dict[str, tuple[dict[str, Any], float]] = {
    "delayed": ({"type": "delayed", "feed": "a", "asset": "ETH", "delay": 60}, 2000),
    "spot": ({"type": "spot-pool", "venue": "pair", **POOL}, 2000),
    "spot on v3": ({"type": "spot-pool", "venue": "v3", **POOL}, 2000),
    "spot on tri": ({"type": "spot-pool", "venue": "tri", **POOL}, 2000),
    "spot on bal": ({"type": "spot-pool", "venue": "bal", **POOL}, 2000),
    "average": (
        {"type": "twap", "venue": "pair", "base": "ETH", "window": 1800, "parents": ["dollar"]},
        2000,
    ),
    "mean": (MEAN | {"venue": "v3"}, 2000),
    "kept": ({"type": "pool-average", "venue": "tri", **POOL}, 2000),
    "share": ({"type": "vault-share", "vault": "vault", "parents": ["a"]}, 2100),
    "own books": ({"type": "vault-share-own-books", "vault": "vault", "parents": ["a"]}, 2100),
    # sqrt(1000 * 2,000,000) raw units of the square root: 2 sqrt(k p0 p1) over sqrt(k).
    "fair": ({"type": "lp-fair", "venue": "pair", "parents": ["a", "dollar"]}, 4_000_000 / (2e9**0.5 * 1e-6)),
    "naive": (
        {"type": "lp-by-reserves", "venue": "pair", "assets": ["ETH"], "parents": ["a"]},
        4_000_000 / (2e9**0.5 * 1e-6),
    ),
    "rate capped": (
        {"type": "capped-rate", "yearly_growth": "0.1", "start": "1.05", "parents": ["a", "rate"]},
        2000 * 1.05,
    ),
    "stable capped": ({"type": "capped-stable", "cap": "1.04", "parents": ["rate"]}, 1.04),
    "breaker": ({"type": "rate-of-change", "limit_per_second": "0.0001", "parents": ["a", "delayed"]}, 2000),
    "witnesses": (
        {"type": "minimum-sources", "minimum": 2, "causes": ["x", "y"], "parents": ["a", "b", "c"]},
        2000,
    ),
    "frozen": ({"type": "freeze", "switch": "stop", "parents": ["a", "dollar"]}, 2000),
    "cross": ({"type": "cross", "parents": ["a", "rate"]}, 2000 / 1.05),
    "index": (
        {"type": "exchange-index", "weights": [1, 2, 3], "maximum_age": 3600, "parents": ["a", "b", "c"]},
        2000,
    ),
    "median": ({"type": "median", "parents": ["a", "b", "c"], "minimum_sources": 3}, 2000),
    "weighted": ({"type": "weighted-median", "weights": [1, 1, 5], "parents": ["a", "b", "c"]}, 2000),
    "trimmed": (
        {"type": "estimator", "estimate": "trimmed-mean", "cut": "0.34", "parents": ["a", "b", "c"]},
        2000,
    ),
    "newest": ({"type": "latest", "parents": ["a", "b"]}, 2000),
    "fallback": ({"type": "first-of", "parents": ["doubtful", "a"]}, 2000),
    "product": ({"type": "product", "parents": ["a", "rate"]}, 2100),
    "quotient": ({"type": "quotient", "parents": ["a", "rate"]}, 2000 / 1.05),
    "above zero": ({"type": "positive", "parents": ["a"]}, 2000),
    "fresh": ({"type": "staleness", "max_age": 3600, "parents": ["a"]}, 2000),
    "agreed": ({"type": "deviation-limit", "limit": "0.02", "parents": ["a", "spot"]}, 2000),
    "bounded": ({"type": "bounds", "lowest": 1, "highest": 1500, "action": "clamp", "parents": ["a"]}, 1500),
}
BASIC = {
    "dollar": {"type": "constant", "price": 1},
    "rate": {"type": "constant", "price": "1.05"},
    # A feed has no confidence: the guard refuses, and a fallback can catch it.
    "doubtful": {"type": "confidence-limit", "limit": "0.01", "parents": ["a"]},
} | FEEDS


def graph(price: str = "a", extra: dict[str, Any] | None = None, **changes: object) -> ProtocolFile:
    nodes = BASIC | {name: entry for name, (entry, _) in NODES.items()} | (extra or {})
    prices = {"ETH": price, "USDC": "dollar"}
    oracle = {"nodes": nodes, "prices": prices}
    return file_with(VENUES, assets=ASSETS_HERE, vaults=VAULTS, oracle=oracle, **changes)


def opened(**changes: Any) -> Simulation:
    file = graph(**changes)
    return open_simulation(file, seed_of(file), 0)


def test_every_type_of_the_schema_is_tried_here() -> None:
    types = {get_args(m.model_fields["type"].annotation) for m in get_args(get_args(OracleNode)[0])}
    known = {word for words in types for word in words}
    assert known == {str(entry["type"]) for entry in (*BASIC.values(), *(e for e, _ in NODES.values()))}


@pytest.mark.parametrize("name", NODES)
def test_every_node_says_its_price(name: str) -> None:
    game = opened(price=name)
    game.advance(100)
    price = game.oracle_price("ETH")
    assert price is not None
    # Average ticks and small trades are within a basis point; the rest is exact but for the last digits.
    assert float(price) == pytest.approx(NODES[name][1], rel=1.5e-4)


def test_a_guardian_freezes_and_thaws() -> None:
    agents = {
        "guardian": {"type": "guardian", "switch": "stop", "asset": "ETH", "limit": "0.05", "latency": 1}
    }
    game = opened(price="frozen", agents=agents)
    game.publish("feed", "a", Fraction(3000))
    step_once(game, {}, 0)
    assert game.oracle_price("ETH") == 3000
    step_once(game, {}, 1)
    assert game.oracle_price("ETH") == 1, "the second parent while frozen"
    game.publish("feed", "a", Fraction(2000))
    assert [event.kind for event in game.events if event.actor == "guardian"] == ["frozen"]


def test_a_circuit_breaker_refuses_and_a_cap_holds() -> None:
    game = opened(price="breaker")
    game.advance(100)
    game.publish("feed", "a", Fraction(2500))
    assert game.oracle_price("ETH") is None
    year = opened(price="mine", extra={"mine": CAPPED})
    assert year.oracle_price("ETH") == 2000, "the rate of 1.05 counts from 1 at the start"
    year.world.time += 365 * 86_400 // 4
    # The cap is kept in millionths a second: 10 % a year is 3,170,979,198 of 1e18, times 1e6, rounded down.
    assert float(year.oracle_price("ETH") or 0) == pytest.approx(2000 * 1.025, rel=1e-9)
    lent = opened(price="own books")
    with lent.transaction("gift"):
        lent.world.wallet("giver")
        lent.world.fund("giver", "ETH", 100 * 10**18)
        lent.world.donate("giver", "vault", 100 * 10**18)
    assert float(lent.oracle_price("ETH") or 0) == pytest.approx(2100, rel=1e-9), "gifts do not count"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"type": "twap", "venue": "tri", "base": "ETH", "window": 60}, "constant-product or concentrated"),
        ({"type": "pool-average", "venue": "v3", "base": "ETH", "quote": "USDC"}, "a cryptoswap venue"),
        ({"type": "lp-fair", "venue": "v3", "parents": ["a", "b"]}, "a constant-product venue"),
        ({"type": "lp-fair", "venue": "pair", "parents": ["a"]}, "at least 2 items"),
        ({"type": "spot-pool", "venue": "v3", "base": "BTC", "quote": "USDC"}, "no asset of v3 'BTC'"),
        ({"type": "exchange-index", "weights": [1], "parents": ["a", "b"]}, "one weight per parent"),
        ({"type": "minimum-sources", "minimum": 1, "causes": ["x"], "parents": ["a", "b", "c"]}, "one cause"),
        ({"type": "staleness", "max_age": 1, "parents": ["a", "b"]}, "2 parents"),
        ({"type": "deviation-limit", "limit": 1, "parents": ["a"]}, "1 parents; expected 2 or 3"),
        ({"type": "vault-share-own-books", "vault": "vaul"}, "did you mean vault"),
        ({"type": "freez", "switch": "x", "parents": ["a"]}, "did you mean freeze"),
    ],
)
def test_mistakes_are_named(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(FileError, match=message):
        graph(extra={"mine": entry})
