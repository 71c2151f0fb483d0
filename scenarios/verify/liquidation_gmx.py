"""Checks of GMX V2's positions: profit of the whole and of a part, what a close leaves, whether it is due."""

from __future__ import annotations

from protocol.liquidation.presets.gmx import profit_ratio_down
from protocol.liquidation.presets.gmx_positions import (
    ClosingTerms,
    GmxPosition,
    SideOfMarket,
    liquidatable,
    profit,
    remaining,
)
from scenarios.verify.rows import cases_of, integers
from scenarios.verify.tally import Checker, Document, Tally, integer


def check_gmx(document: Document) -> Tally:
    """Check a ``gmx-v2-positions`` file."""
    tally = Tally()
    for index, case in enumerate(cases_of(document)):
        size, tokens, collateral, long = integers(case["position"])
        position = GmxPosition(size, tokens, collateral, bool(long))
        side = SideOfMarket(*integers(case["market"]))
        price, impact, greatest, fees, least, factor, counts = integers(case["terms"])
        terms = ClosingTerms(price, impact, greatest, fees, least if counts else None, factor)
        where, part = f"cases[{index}]", integer(case["size"])
        tally.check("liquidatable", where, case["liquidatable"], int(liquidatable(position, side, terms)))
        tally.check("remaining", where, case["remaining"], remaining(position, side, terms))
        tally.check("profit", where, case["profit"], list(profit(position, side, part)))
        tally.check("factor", where, case["factor"], profit_ratio_down(side.profit, side.pool))
    return tally


CHECKERS: dict[str, Checker] = {"gmx-v2-positions/1": check_gmx}
