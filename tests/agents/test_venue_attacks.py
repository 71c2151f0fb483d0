"""Attacks on venues of every kind, with answers known in advance."""

from __future__ import annotations

import copy
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from protocol_texts import changed
from scenarios.attackers.attacker import AttackResult
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_checks import open_protocol
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation, run_path
from venue_texts import KINDS, file_with


def attack(file: ProtocolFile, name: str) -> AttackResult:
    return file.attacks[name].execute(open_simulation(file, seed_of(file), 0))


def twap(blocks: int, controlled: int | None = None, **changes: object) -> AttackResult:
    file = changed(
        "concentrated-twap",
        attacks__pump__blocks=blocks,
        attacks__pump__controlled_blocks=blocks if controlled is None else controlled,
        **changes,
    )
    return attack(file, "pump")


def test_a_void_beyond_the_range_sells_the_geometric_mean() -> None:
    one, two, three = (twap(blocks) for blocks in (1, 2, 3))
    assert 0 < one.profit < two.profit < three.profit
    # The pump runs through the void for nothing: it costs the fees of buying the range and selling it back.
    assert one.loss == two.loss
    assert float(one.loss) < 0.01 * 600_000 * 2
    assert not three.refused
    # Of the mean: 887,272 ticks of price 1.0001^ticks for one block in 150, from the tick of 0.005.
    mean = 1.0001 ** ((887_272 + 52_984) / 150)
    borrowed = [e for e in one.events if e.kind == "borrow" and e.details["asset"] == "USDC"]
    deposit = Fraction(60_000 * 10)
    assert float(borrowed[0].details["amount"]) == pytest.approx(float(deposit) * mean * 0.6, rel=0.01)


def test_full_range_liquidity_or_arbitrageurs_end_it() -> None:
    document = open_protocol("concentrated-twap")
    ranges: list[Any] = copy.deepcopy(document.data["venues"]["TOKEN/WETH"]["ranges"])  # type: ignore[index]
    ranges.append({"amounts": {"TOKEN": 20000, "WETH": 100}})
    changes: dict[str, object] = {"venues__TOKEN/WETH__ranges": ranges}
    for pump in (1e5, 2e6, 5e7):
        assert twap(3, attacks__pump__pump=int(pump), **changes).profit < 0
    assert twap(2, controlled=0).profit < 0


def test_the_lower_of_feed_and_pool_ends_the_flash_loan() -> None:
    assert attack(changed("stablecoin-depeg"), "pool").profit < 0
    alone: dict[str, object] = {"oracle__prices__USDC": "pool price"}
    assert attack(changed("stablecoin-depeg", **alone), "pool").profit > 10**6


def test_a_faster_feed_leaves_less_bad_debt_in_a_depeg() -> None:
    def bad_debt(deviation: str) -> Decimal:
        file = changed("stablecoin-depeg", agents__feed__deviation=deviation, run__steps=40)
        return run_path(file, keep_series=False).metrics.bad_debt

    assert bad_debt("0.005") < bad_debt("0.05")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"stableswap", "order_book"}])
def test_a_spot_price_of_any_pool_is_moved_by_a_flash_loan(kind: str) -> None:
    venue = KINDS[kind](Random(3))
    nodes = {
        "dollar": {"type": "constant", "price": 1},
        "spot": {"type": "spot-pool", "venue": kind, "base": "ETH", "quote": "USDC", "parents": ["dollar"]},
    }
    strategy = {
        "type": "flash-loan-manipulation",
        "venue": kind,
        "collateral": "ETH",
        "quote": "USDC",
        "borrow": ["USDC"],
        "deposit": 500000,
    }
    profits = []
    for cap, pump in ((None, 0), (None, 1), (0, 1)):
        held = float(max(Decimal(str(v)) for v in _amounts(venue).values() if v))
        usdc = min(held, 10**8) * 2 * pump
        listings = {
            "ETH": {"collateral_factor": "0.8", "borrowable": False},
            "USDC": {"cash": 3000000} | ({} if cap is None else {"borrow_cap": cap}),
        }
        loans = {"half_spread": 0, "flash_liquidity": {"USDC": 10**10}}
        file = file_with(
            {kind: venue},
            oracle={"nodes": nodes, "prices": {"ETH": "spot", "USDC": "dollar"}},
            attacks={"pump": strategy | {"pump": int(usdc)}},
            listings=listings,
            outside=loans,
        )
        result = attack(file, "pump")
        assert sum(result.paid_by.values()) + result.profit == 0
        profits.append(result.profit)
    honest, pumped, capped = profits
    # Without the pump four fifths of the collateral are borrowed: a loss if it is left behind.
    assert honest <= 0
    assert pumped > 10**5
    assert capped <= 0


def _amounts(venue: dict[str, Any]) -> dict[str, Any]:
    if "ranges" in venue:
        return dict(venue["ranges"][0]["amounts"])
    return dict(venue["reserves"])


def test_a_thin_book_is_pumped_and_a_position_limit_ends_it() -> None:
    asks = [[str(Decimal("20") + Decimal(step) / 2), "500"] for step in range(160)]
    bids = [[str(Decimal("19.9") - Decimal(step) / 10), "500"] for step in range(50)]
    book = {
        "type": "order-book",
        "base": "MNGO",
        "quote": "USDC",
        "lot": "1",
        "tick": "0.1",
        "bids": bids,
        "asks": asks,
    }
    assets = {"MNGO": {"decimals": 6, "price": 20}, "USDC": {"decimals": 6, "price": 1}}
    nodes = {
        "dollar": {"type": "constant", "price": 1},
        "book": {
            "type": "spot-pool",
            "venue": "book",
            "base": "MNGO",
            "quote": "USDC",
            "parents": ["dollar"],
        },
    }
    strategy = {
        "type": "thin-market-pump",
        "market": "MNGO-PERP",
        "venue": "book",
        "base": "MNGO",
        "quote": "USDC",
        "borrow": ["USDC"],
        "position": 5000000,
        "margin": 2000000,
        "pump": 4000000,
        "updates": 1,
    }

    def result(limit: int | None) -> AttackResult:
        market: dict[str, Any] = {"underlying": "MNGO", "maximum_leverage": 5}
        if limit is not None:
            market["position_limit"] = limit
        file = file_with(
            {"book": book},
            assets=assets,
            oracle={"nodes": nodes, "prices": {"MNGO": "book", "USDC": "dollar"}},
            listings={"USDC": {"collateral_factor": "0.9", "cash": 50000000}},
            outside={"half_spread": 0, "flash_liquidity": {"USDC": 100000000}},
            perpetuals={"MNGO-PERP": market},
            margin={"preset": "mango-v3"},
            liquidation={"preset": "mango"},
            attacks={"pump": strategy},
        )
        return attack(file, "pump")

    free, limited = result(None), result(2000)
    assert free.profit > 10**6
    assert limited.profit < 0
    bought = next(e for e in free.events if e.kind == "trade")
    assert bought.details["bought"] > 50000, "levels of the book are taken in order"
