"""Pushing a mark: what it earns, who pays, and that depth, caps and clamps never raise it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from protocol_texts import changed
from scenarios.attackers.attacker import AttackResult
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.attack import optimise
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation

PERP = "ETH-PERP"
PUSHES = (100_000, 400_000, 1_000_000, 2_500_000)
QUIET = {
    "feed": {"type": "publisher", "feed": "ETH/USD", "asset": "ETH"},
    "maker": {
        "type": "market-maker",
        "funds": {"USDC": 5_000_000},
        "market": PERP,
        "half_spread": "0.001",
        "most_position": 2000,
    },
}


def squeeze(**changes: Any) -> ProtocolFile:
    """Return the example without the basis trader and others; ``depth`` and so on by their last key."""
    places = {
        "depth": f"perpetuals__{PERP}__venue__depth",
        "cap": f"perpetuals__{PERP}__funding__cap",
        "mark_cap": f"perpetuals__{PERP}__mark_cap",
        "margin_price": f"perpetuals__{PERP}__margin_price",
        "funding": f"perpetuals__{PERP}__funding",
    }
    named = {places.get(key, key): value for key, value in changes.items()}
    return changed("funding-squeeze", **({"agents": QUIET} | named))


def executed(file: ProtocolFile, **values: object) -> AttackResult:
    strategy = file.attacks["squeeze"]
    chosen = strategy.at({key: Decimal(str(value)) for key, value in values.items()})
    return chosen.execute(open_simulation(file, seed_of(file), 0))


def collected(file: ProtocolFile) -> float:
    """Return the best of a grid of pushes that collect funding on 2 million for eight hours."""
    results = [executed(file, push=push, position=2_000_000, margin=2_000_000, steps=8) for push in PUSHES]
    return max(float(result.profit) for result in results)


def hunted(file: ProtocolFile) -> float:
    """Return the best of a grid of pushes that liquidate, with nothing held for funding."""
    return max(
        float(executed(file, push=push, position=1, margin=2_000_000, steps=0).profit) for push in PUSHES
    )


VICTIM = {"victim": {"balances": {"USDC": 40_000}, "positions": {PERP: -200}}}


def test_collecting_pays_what_the_maker_and_the_open_side_lose() -> None:
    result = executed(squeeze(), push=1_000_000, position=2_000_000, margin=2_000_000, steps=8)
    assert not result.refused
    # 500 of 5,000 virtual base lift the mark by 1 / 0.9^2 - 1; 1,000 short collect, the push's 500 pay.
    premium = 1 / 0.9**2 - 1
    collects = (1000 - 500) * 2000 * (premium - 0.0005)
    # The maker's spread on 2,000,000 twice, and fees of at most 0.05 % on six notionals of a million.
    assert collects - 2 * 2000 - 3500 < float(result.profit) < collects - 2 * 2000
    assert result.paid_by["maker"] < -result.profit
    assert result.profit + sum(result.paid_by.values()) == 0
    first = next(e for e in result.events if e.kind == "funding")
    assert float(Decimal(str(first.details["premium"]))) == pytest.approx(premium, rel=1e-6)
    assert float(Decimal(str(first.details["rate"]))) == pytest.approx((premium - 0.0005) / 8, rel=1e-6)


def test_a_push_alone_costs_the_fees_and_nothing_else() -> None:
    result = executed(squeeze(), push=1_000_000, position=1, margin=2_000_000, steps=0)
    # Five ten-thousandths of the cost and of the proceeds: 1,000,000 / (1 - 0.1) at the pushed prices.
    fees = 2 * 0.0005 * 1_000_000 / (1 - 0.1)
    assert float(-result.profit) == pytest.approx(fees + 6, abs=2)


def test_liquidating_pays_where_margin_looks_at_the_mark_and_not_at_the_index() -> None:
    mark = squeeze(accounts=VICTIM, mark_cap=None)
    # 200 short at 2,000 with 40,000. A push that leaves equity hands the account to the backstop vault ...
    gentle = executed(mark, push=400_000, position=1, margin=2_000_000, steps=0)
    assert [e.details["account"] for e in gentle.events if e.kind == "liquidation"] == ["victim"]
    assert float(gentle.paid_by["backstop vault"]) == pytest.approx(40_000, abs=1)
    # ... one that leaves none closes it against the winner: the attacker gets all that it had.
    result = executed(mark, push=1_000_000, position=1, margin=2_000_000, steps=0)
    assert float(result.paid_by["victim"]) == pytest.approx(-40_000, abs=1)
    fees = 0.0005 * 2 * 1_000_000 / (1 - 0.1)
    assert float(result.profit) == pytest.approx(40_000 - fees - 6, abs=2)
    index = squeeze(accounts=VICTIM, mark_cap=None, margin_price="index")
    assert hunted(index) < 0 < hunted(mark)


@pytest.mark.parametrize(
    ("what", "values"),
    [("depth", (2_500, 5_000, 20_000, 1_000_000)), ("cap", ("0.32", "0.08", "0.01", "0.001"))],
)
def test_depth_and_clamped_funding_never_raise_what_is_collected(
    what: str, values: tuple[object, ...]
) -> None:
    profits = [collected(squeeze(**{what: value})) for value in values]
    assert profits == sorted(profits, reverse=True)
    assert profits[0] > 0 > profits[-1]


@pytest.mark.parametrize(
    ("what", "values"),
    [("depth", (5_000, 20_000, 200_000)), ("mark_cap", ("0.5", "0.1", "0.02", "0"))],
)
def test_depth_and_a_cap_of_the_mark_never_raise_what_liquidations_bring(
    what: str, values: tuple[object, ...]
) -> None:
    base = {"accounts": VICTIM, "mark_cap": None}
    profits = [hunted(squeeze(**(base | {what: value}))) for value in values]
    assert profits == sorted(profits, reverse=True)
    assert profits[0] > 0 > profits[-1]


def test_without_funding_nothing_is_collected() -> None:
    assert collected(squeeze(funding=None)) < 0


def test_a_basis_trader_takes_the_push() -> None:
    full = changed("funding-squeeze")
    assert collected(full) < collected(squeeze()) / 4


def test_the_search_finds_at_least_the_grid_and_depth_ends_it() -> None:
    thin = optimise(squeeze(), "squeeze", generations=3, population=4)
    assert thin.pays
    assert thin.best.profit >= Fraction(collected(squeeze())) * Fraction(9, 10)
    deep = optimise(squeeze(depth=1_000_000), "squeeze", generations=2, population=3)
    assert deep.best.profit < thin.best.profit / 10
