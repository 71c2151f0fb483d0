"""Checks of the medians: API3, and the Cosmos family (Connect, Band, dYdX, Chainlink's deviation test)."""

from __future__ import annotations

from typing import cast

from oracles.medians import median_api3, median_dydx, weighted_median_band, weighted_median_connect
from oracles.sources.chainlink import deviates
from oracles.sources.connect import median_connect, provider_price
from scenarios.verify.oracles_support import cases, expected, integers, items, outcome, rows
from scenarios.verify.tally import Checker, Document, Tally, integer

BAND_AVAILABLE = 3


def check_api3(document: Document) -> Tally:
    """Check ``api3_median`` files: median of int256."""
    tally = Tally()
    for index, (values, want) in enumerate(rows(document, "cases")):
        tally.check("median", f"cases[{index}]", integer(want), median_api3(integers(values)))
    return tally


def _band(entries: list[list[int]]) -> object:
    quotes = [(power, price, time) for status, power, price, time in entries if status == BAND_AVAILABLE]
    got = outcome(lambda: weighted_median_band(quotes))
    return got if isinstance(got, int) else "error"


def _entries(value: object) -> list[list[int]]:
    return [integers(entry) for entry in items(value)]


def check_cosmos(document: Document) -> Tally:
    """Check ``cosmos_medians`` files, all five lists."""
    tally = Tally()
    for index, (decimals, prices, want, printed) in enumerate(rows(document, "connect_median")):
        providers = [provider_price(cast("str", text)) for text in items(prices)]
        value = median_connect(providers)
        where = f"connect_median[{index}]"
        tally.check("connect_median", where, integer(want), value.scaled_to_zero(integer(decimals)))
        tally.check("connect_median.printed", where, printed, value.significant(25))
    for index, (votes, want) in enumerate(rows(document, "connect_vote_weighted")):
        pairs = [(price, weight) for price, weight in _entries(votes)]
        tally.check(
            "connect_vote_weighted",
            f"connect_vote_weighted[{index}]",
            expected(want),
            weighted_median_connect(pairs),
        )
    for index, (entries, want) in enumerate(rows(document, "band")):
        tally.check("band", f"band[{index}]", expected(want), _band(_entries(entries)))
    for index, case in enumerate(cases(document, "band_repo")):
        got = _band(_entries(case["infos"]))
        tally.check("band_repo", f"band_repo[{index}]", expected(case["expected"]), got)
    for index, (values, want) in enumerate(rows(document, "dydx_median")):
        tally.check("dydx_median", f"dydx_median[{index}]", integer(want), median_dydx(integers(values)))
    for index, (threshold, old, new, want) in enumerate(rows(document, "libocr_deviation")):
        got = deviates(integer(old), integer(new), integer(threshold))
        tally.check("libocr_deviation", f"libocr_deviation[{index}]", want, got)
    return tally


CHECKERS: dict[str, Checker] = {"api3_median": check_api3, "cosmos_medians": check_cosmos}
