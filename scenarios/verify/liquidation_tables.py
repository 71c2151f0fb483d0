"""Checks of figures that the authors of Mango v4 and Drift v2 expect in their own liquidation tests."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from protocol.liquidation.presets.drift import deposit_index_delta_for_loss, funding_deltas_for_loss
from protocol.liquidation.presets.mango import Perpetual, PerpetualTerms, Taken, liquidate
from scenarios.verify.tally import Checker, Document, Tally

TOLERANCE = Fraction(1, 100)
"""As in Mango's own test."""


def _liquidated(row: Any) -> Taken:
    _, (weight, overall), (settled, lots, quote), _, (most_lots, most_profit) = row
    long = Fraction(str(weight))
    terms = PerpetualTerms(Fraction(1), long, 2 - long, Fraction(str(overall)))
    before = Perpetual(lots, Fraction(str(quote)), Fraction(str(settled)))
    return liquidate(before, terms, most_lots, Fraction(most_profit))


def check_tables(document: Document) -> Tally:
    """Check a ``liquidation-unit-tables`` file: every row."""
    tally = Tally()
    data: Any = document
    for index, row in enumerate(data["mango_v4"]["cases"]):
        settled, lots, quote = row[3]
        after, where = _liquidated(row).after, f"mango_v4[{index}] {row[0]}"
        tally.check("mango lots", where, lots, after.lots)
        figures: list[tuple[str, float, Fraction]] = [
            ("quote", quote, after.quote),
            ("settle token", settled, after.settled),
        ]
        for name, expected, got in figures:
            same = abs(Fraction(str(expected)) - got) < TOLERANCE
            tally.check(f"mango {name}", where, expected, expected if same else float(got))
    for index, (loss, long, short, delta) in enumerate(data["drift_v2"]["funding_for_loss"]):
        where = f"drift_v2.funding_for_loss[{index}]"
        rule = partial(funding_deltas_for_loss, loss, long, short)
        tally.check_call("drift bankruptcy", where, delta if delta == "revert" else (delta, -delta), rule)
    for index, (*figures_in, expected) in enumerate(data["drift_v2"]["deposit_index_for_loss"]):
        where = f"drift_v2.deposit_index_for_loss[{index}]"
        tally.check("drift bankruptcy", where, expected, deposit_index_delta_for_loss(*figures_in))
    return tally


CHECKERS: dict[str, Checker] = {"liquidation-unit-tables/1": check_tables}
