"""Checks of Morpho's adaptive interest: the exponential, and mean and new rate over a period."""

from __future__ import annotations

from protocol.vaults.interest import Adaptive, exponential, utilisation_down
from scenarios.verify.rows import integers, rows_of
from scenarios.verify.tally import Checker, Document, Tally


def check_adaptive(document: Document) -> Tally:
    """Check a ``morpho-adaptive-rate`` file."""
    tally = Tally()
    for index, row in enumerate(rows_of(document["exp"])):
        x, expected = integers(row)
        tally.check("exponential", f"exp[{index}]", expected, exponential(x))
    model = Adaptive()
    for index, row in enumerate(rows_of(document["rates"])):
        borrowed, supplied, state, elapsed, mean, after = integers(row)
        got = model.rate(utilisation_down(borrowed, supplied), state, elapsed)
        tally.check("mean rate", f"rates[{index}].mean", mean, got[0])
        tally.check("rate at target", f"rates[{index}].after", after, got[1])
    return tally


CHECKERS: dict[str, Checker] = {"morpho-adaptive-rate/1": check_adaptive}
