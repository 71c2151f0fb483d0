"""Checks of Pyth: publisher aggregation, moving average, EVM conversions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from oracles.sources.pyth import convert_to_uint_down, cross_rate_down
from oracles.sources.pyth_aggregate import PublisherQuote, PythAggregate, aggregate
from oracles.sources.pyth_ema import PythEma
from scenarios.verify.oracles_support import cases, expected, integers, items, outcome, rows
from scenarios.verify.tally import Checker, Document, Tally, integer


def _quotes(value: object) -> list[PublisherQuote]:
    return [PublisherQuote(*integers(quote)) for quote in items(value)]


def check_aggregate_random(document: Document) -> Tally:
    """Check ``pyth_aggregate_random`` files."""
    tally = Tally()
    for index, (slot, minimum, latency, quotes, want) in enumerate(rows(document, "cases")):
        result = aggregate(integer(slot), integer(minimum), integer(latency), _quotes(quotes))
        got: list[object] = [result.status, result.quotes]
        if result.status == "trading":
            got += [result.price, result.confidence]
        for name, one, other in zip(
            ("status", "quotes", "price", "confidence"), items(expected(want)), got, strict=False
        ):
            tally.check(name, f"cases[{index}]", one, other)
        tally.check("columns", f"cases[{index}]", len(items(want)), len(got))
    return tally


def check_aggregate_repo(document: Document) -> Tally:
    """Check ``pyth_aggregate_repo`` files: the published cases."""
    tally = Tally()
    for index, case in enumerate(cases(document)):
        want = case["expected"]
        assert isinstance(want, dict)
        result: PythAggregate = aggregate(
            integer(case["slot"]),
            integer(case["min_pub"]),
            integer(case["max_latency"]),
            _quotes(case["quotes"]),
        )
        where = f"cases[{index}] {case['src']}"
        tally.check("status", where, want["status"], result.status)
        if "price" in want and result.status == "trading":
            tally.check("price", where, expected(want["price"]), result.price)
            tally.check("confidence", where, expected(want["conf"]), result.confidence)
        elif "price" in want:
            # An aggregation that fails keeps the account's old, here zero, price.
            tally.check("price", where, expected(want["price"]), 0)
            tally.check("confidence", where, expected(want["conf"]), 0)
    return tally


def _ema_rows(tally: Tally, where: str, exponent: int, entries: Sequence[Sequence[int]]) -> None:
    state = PythEma(exponent)
    for step, (price, confidence, slots, want_price, want_confidence) in enumerate(entries):
        state = state.update(price, confidence, slots)
        tally.check("price", f"{where}[{step}]", want_price, state.price.value)
        tally.check("confidence", f"{where}[{step}]", want_confidence, state.confidence.value)


def check_ema_random(document: Document) -> Tally:
    """Check ``pyth_ema_random`` files: state is carried along the rows."""
    tally = Tally()
    for index, (exponent, entries) in enumerate(rows(document, "cases")):
        _ema_rows(tally, f"cases[{index}]", integer(exponent), [integers(row) for row in items(entries)])
    return tally


def check_ema_repo(document: Document) -> Tally:
    """Check ``pyth_ema_repo`` files: the published cases, with the exponent in every row."""
    tally = Tally()
    for index, case in enumerate(cases(document)):
        entries = [integers(row) for row in items(case["rows"])]
        if not entries:
            continue
        exponents = {row[2] for row in entries}
        if len(exponents) != 1:
            raise ValueError(f"one account has one exponent, got {sorted(exponents)}")
        without = [[*row[:2], *row[3:]] for row in entries]
        _ema_rows(tally, f"cases[{index}]", exponents.pop(), without)
    return tally


def check_evm_utils(document: Document) -> Tally:
    """Check ``pyth_evm_utils`` files: convertToUint and deriveCrossRate."""
    tally = Tally()
    for name, rule in (("convertToUint", convert_to_uint_down), ("deriveCrossRate", cross_rate_down)):
        for index, row in enumerate(rows(document, name)):
            got = outcome(partial(rule, *integers(row[:-1])))
            tally.check(name, f"{name}[{index}]", expected(row[-1]), got)
    return tally


CHECKERS: dict[str, Checker] = {
    "pyth_aggregate_random": check_aggregate_random,
    "pyth_aggregate_repo": check_aggregate_repo,
    "pyth_ema_random": check_ema_random,
    "pyth_ema_repo": check_ema_repo,
    "pyth_evm_utils": check_evm_utils,
}
