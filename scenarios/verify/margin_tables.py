"""Check dYdX v4, Mango v4 and Drift v2 against the numbers of their own unit tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from math import isclose
from typing import Any

from protocol.fixed_point.context import EXACT
from protocol.fixed_point.float64 import FLOAT64
from protocol.margin.judgement import Check, Level, Prices
from protocol.margin.presets import drift_v2
from protocol.margin.presets.dydx_v4 import (
    Position,
    SubAccount,
    Tier,
    bankruptcy_quote,
    fillable_price,
    insurance_delta,
)
from protocol.margin.presets.mango_v4 import MangoAccount, PerpHolding, SpotOrders, TokenTerms
from scenarios.verify.tally import Checker, Document, Tally

SUBTICKS = 10**8
"""Subticks times base quantums per quote quantum in dYdX's test market."""
HEALTH_TOLERANCE = 1e-8


def _sub_account(row: Mapping[str, Any]) -> SubAccount[int]:
    positions = tuple(
        Position(
            str(p["perp"]),
            p["base_quantums"],
            p["price"],
            0,
            p["atomic_resolution"],
            Tier(p["im_ppm"], p["mm_fraction_ppm"], 0, 0),
            0,
        )
        for p in row["positions"]
    )
    return SubAccount(row["usdc"], positions)


def _bankruptcy(row: Mapping[str, Any]) -> object:
    return bankruptcy_quote(_sub_account(row), str(row["perp"]), row["deltaQuantums"])


def _fillable(row: Mapping[str, Any]) -> object:
    config = row["config"]
    price = fillable_price(_sub_account(row), str(row["perp"]), config["ba"], config["smmr"])
    return [price.numerator, price.denominator]


def _insurance(row: Mapping[str, Any]) -> object:
    side = 1 if row["isBuy"] else -1
    quote = row["fillAmount"] * row["subticks"] // SUBTICKS
    return insurance_delta(
        _sub_account(row), str(row["perp"]), side * row["fillAmount"], -side * quote, row["config"]["fee"]
    )


def _requirements(row: Mapping[str, Any]) -> object:
    tier = Tier(row["im_ppm"], row["mm_fraction_ppm"], row["oi_lower"], row["oi_upper"])
    position = Position(
        "0",
        row["base_quantums"],
        row["price"],
        row["exponent"],
        row["atomic_resolution"],
        tier,
        row["open_interest"],
    )
    return list(position.requirements(EXACT, position.quantums))


def _initial(row: Mapping[str, Any]) -> object:
    tier = Tier(row["im_ppm"], 0, row["oi_lower"], row["oi_upper"])
    return tier.initial_up(EXACT, row["notional"], row["oi_notional"])


def _expected(row: Mapping[str, Any]) -> object:
    if "expected_im" in row:
        return [row["expected_im"], row["expected_mm"]]
    expected = row["expected"]
    if isinstance(expected, list):
        reduced = Fraction(*expected)
        return [reduced.numerator, reduced.denominator]
    return expected


DYDX: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "bankruptcy_price": _bankruptcy,
    "fillable_price": _fillable,
    "insurance_fund_delta": _insurance,
    "margin_requirements": _requirements,
    "initial_margin": _initial,
}

DRIFT: Mapping[str, Callable[..., object]] = {
    "size_discount_asset_weight": partial(drift_v2.size_discount, EXACT),
    "size_premium_liability_weight": partial(drift_v2.size_premium, EXACT),
    "base_amount_to_cover_shortage": drift_v2.base_to_cover_shortage,
    "liability_transfer_to_cover_shortage": drift_v2.liability_to_cover_shortage,
    "liability_transfer_implied_by_asset": drift_v2.liability_for_asset_up,
    "asset_transfer_for_liability": drift_v2.asset_for_liability_down,
}


def _mango(section: Mapping[str, Any], case: Mapping[str, Any]) -> float:
    """Return the initial health of one of Mango's cases."""
    number = FLOAT64.whole
    banks = case.get("bank", [[0, 0, 0, 0, 0]] * 3)
    names = [str(token["index"]) for token in section["tokens"]]
    tokens = []
    for name, token, balance, bank in zip(
        names, section["tokens"], case.get("t", [0, 0, 0]), banks, strict=True
    ):
        deposits, borrows, deposit_start, borrow_start, potential = map(number, bank)
        asset, liability = map(number, token["init"])
        terms = TokenTerms(
            Prices.single(FLOAT64, number(token["price"])),
            asset,
            liability,
            asset,
            liability,
            deposits + potential,
            borrows,
            deposit_start,
            borrow_start,
        )
        tokens.append((name, number(balance), terms))
    orders = []
    for key, index, ask, bid in (("o12", 1, "ask12", "bidinv12"), ("o13", 2, "ask13", "bidinv13")):
        if key in case:
            quote, base = map(number, case[key])
            orders.append(
                SpotOrders(
                    names[index],
                    names[0],
                    base,
                    quote,
                    base * number(case[ask]) if ask in case else number(-1),
                    quote * number(case[bid]) if bid in case else number(-1),
                )
            )
    perps = []
    if "p" in case:
        perp = section["perp"]
        lots, quote, bids, asks = map(number, case["p"])
        lot = number(perp["base_lot"])
        asset, liability = map(number, perp["init_base_weights"])
        perps.append(
            PerpHolding(
                str(perp["settle_token"]),
                Prices.single(FLOAT64, number(perp["price"])),
                lots * lot,
                quote,
                bids * lot,
                asks * lot,
                asset,
                liability,
                asset,
                liability,
                number(perp["init_overall_asset_weight"]),
            )
        )
    account = MangoAccount(tuple(tokens), tuple(orders), tuple(perps))
    return float(account.judge(FLOAT64, Check(Level.INITIAL)).excess)


def check_tables(document: Document) -> Tally:
    """Check an ``other_projects_unit_tables`` file: every row."""
    tally = Tally()
    data: Any = document
    for table, rule in DYDX.items():
        for index, row in enumerate(data["dydx_v4"][table]):
            tally.check_call(f"dydx {table}", f"dydx.{table}[{index}]", _expected(row), partial(rule, row))
    for table, function in DRIFT.items():
        for index, row in enumerate(data["drift_v2"][table]):
            tally.check_call(
                f"drift {table}",
                f"drift.{table}[{index}]",
                row[-1],
                partial(function, *row[:-1]),
            )
    for index, case in enumerate(data["mango_v4"]["cases"]):
        expected = case["expected_init_health"]
        got = _mango(data["mango_v4"], case)
        same = isclose(expected, got, rel_tol=HEALTH_TOLERANCE, abs_tol=HEALTH_TOLERANCE)
        tally.check("mango health", f"mango[{index}]", expected, expected if same else got)
    return tally


CHECKERS: dict[str, Checker] = {"other-unit-tables/1": check_tables}
