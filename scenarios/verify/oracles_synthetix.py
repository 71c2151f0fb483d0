"""Checks of Synthetix v3's oracle manager: reducers and breakers."""

from __future__ import annotations

from functools import partial
from typing import cast

from oracles.sources.synthetix import (
    NodeOutput,
    Operation,
    deviation_breaker,
    reduce_outputs,
    staleness_breaker,
)
from scenarios.verify.oracles_support import expected, integers, items, outcome, rows
from scenarios.verify.tally import Checker, Document, Tally, integer


def _outputs(value: object) -> list[NodeOutput]:
    return [NodeOutput(*integers(pair)) for pair in items(value)]


def _check_output(tally: Tally, group: str, where: str, want: object, got: object) -> None:
    if isinstance(got, NodeOutput) and isinstance(want, list):
        price, timestamp = integers(want)
        tally.check(f"{group}.price", where, price, got.price)
        tally.check(f"{group}.timestamp", where, timestamp, got.timestamp)
    else:
        tally.check(f"{group}.error", where, expected(want), got)


def check_reducers(document: Document) -> Tally:
    """Check ``synthetix_reducers`` files."""
    tally = Tally()
    for index, (operation, parents, want) in enumerate(rows(document, "cases")):
        got = outcome(partial(reduce_outputs, cast("Operation", operation), _outputs(parents)))
        _check_output(tally, str(operation), f"cases[{index}]", want, got)
    return tally


def check_breakers(document: Document) -> Tally:
    """Check ``synthetix_breakers`` files."""
    tally = Tally()
    for index, (kind, tolerance, parents, now, want) in enumerate(rows(document, "cases")):
        outputs = _outputs(parents)
        if kind == "PRICE_DEVIATION":
            got = outcome(partial(deviation_breaker, integer(tolerance), outputs))
        else:
            got = outcome(partial(staleness_breaker, integer(tolerance), integer(now), outputs))
        _check_output(tally, str(kind), f"cases[{index}]", want, got)
    return tally


CHECKERS: dict[str, Checker] = {
    "synthetix_breakers": check_breakers,
    "synthetix_reducers": check_reducers,
}
