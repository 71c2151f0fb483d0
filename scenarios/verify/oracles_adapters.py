"""Checks of protocol adapters: Euler's scale utilities, adapters and router, and Aave's caps."""

from __future__ import annotations

from functools import partial

from oracles.node import Sample, View
from oracles.sources.capo import RatioCap, new_snapshot, stable_answer
from oracles.sources.euler import (
    ChainlinkAdapter,
    CrossAdapter,
    EulerRouter,
    PythAdapter,
    ResolvedVault,
    Scale,
)
from oracles.sources.pyth import PythPrice
from protocol.errors import RuleError
from protocol.venues.vault_share import yearn
from scenarios.verify.oracles_support import expected, integers, items, outcome, rows
from scenarios.verify.tally import Checker, Document, Tally, integer


def _scale(row: list[int], inverse: bool) -> int:
    amount, price, base, quote, feed = row
    return Scale.of(base, quote, feed).out_amount_down(amount, price, inverse)


def _pyth(row: list[int], amount: int, inverse: bool) -> int:
    base_decimals, quote_decimals, age, confidence, price, width, exponent, published, now = row
    adapter = PythAdapter("feed", "base", "quote", base_decimals, quote_decimals, age, confidence)
    view = View(now, memory={"feed": PythPrice(price, width, exponent, published)})
    base, quote = ("quote", "base") if inverse else ("base", "quote")
    return adapter.quote_down(view, amount, base, quote)


NOW = 1_800_000_000


def _check_cross(tally: Tally, where: str, row: list[object]) -> None:
    decimals, feed_decimals, answers, staleness, ages, amount, forward, backward, rate, into, out = row
    base, cross, quote = integers(decimals)
    feeds = {
        name: (Sample(NOW - age, answer, digits),)
        for name, answer, age, digits in zip(
            ("bc", "cq"), integers(answers), integers(ages), integers(feed_decimals), strict=True
        )
    }
    first, second = integers(feed_decimals)
    limit = integer(staleness)
    adapter = CrossAdapter(
        "base",
        "cross",
        "quote",
        ChainlinkAdapter("bc", "base", "cross", base, cross, first, limit),
        ChainlinkAdapter("cq", "cross", "quote", cross, quote, second, limit),
    )
    numerator, denominator = integers(rate)
    vault = yearn("base", "vault", total_assets=numerator, total_supply=denominator)
    view = View(NOW, feeds=feeds, vaults={"vault": vault})
    router = EulerRouter((("base", "quote", adapter),), (ResolvedVault("vault", "base"),))
    calls = {
        "cross.forward": (forward, partial(adapter.quote_down, view, integer(amount), "base", "quote")),
        "cross.backward": (backward, partial(adapter.quote_down, view, integer(amount), "quote", "base")),
        "router.from_vault": (into, partial(router.quote_down, view, integer(amount), "vault", "quote")),
        "router.into_vault": (out, partial(router.quote_down, view, integer(amount), "quote", "vault")),
    }
    for group, (want, call) in calls.items():
        tally.check(group, where, expected(want), outcome(call))


def check_euler(document: Document) -> Tally:
    """Check ``euler_price_oracle`` files."""
    tally = Tally()
    for index, row in enumerate(rows(document, "scale")):
        got = outcome(partial(_scale, integers(row[:5]), bool(row[5])))
        tally.check("scale", f"scale[{index}]", expected(row[6]), got)
    for index, row in enumerate(rows(document, "pyth")):
        got = outcome(partial(_pyth, integers(row[:9]), integer(row[9]), bool(row[10])))
        tally.check("pyth", f"pyth[{index}]", expected(row[11]), got)
    for index, row in enumerate(rows(document, "cross")):
        _check_cross(tally, f"cross[{index}]", list(row))
    return tally


def check_capo(document: Document) -> Tally:
    """Check ``aave_capo`` files: construction, growth, answers, caps."""
    tally = Tally()
    for index, row in enumerate(rows(document, "cases")):
        _, ratio_decimals, _, _, delay, parameters, built, growth, *queries = row
        where = f"cases[{index}]"
        cap = RatioCap(*integers(parameters))
        got: object
        try:
            got = new_snapshot(None, cap, integer(built), integer(delay)).growth_per_second_scaled
        except RuleError:
            got = "constructor reverted"
        tally.check("growth", where, expected(growth), got)
        for step, query in enumerate(items(queries[0]) if queries else ()):
            time, base, ratio, answer, capped = items(query)
            at = f"{where}.queries[{step}]"
            price = cap.answer_to_zero(integer(time), integer(base), integer(ratio), integer(ratio_decimals))
            tally.check("answer", at, integer(answer), price)
            tally.check("capped", at, capped, cap.is_capped(integer(time), integer(ratio)))
    for index, row in enumerate(rows(document, "stable")):
        price, limit, want = integers(row)
        tally.check("stable", f"stable[{index}]", want, stable_answer(price, limit))
    return tally


CHECKERS: dict[str, Checker] = {"aave_capo": check_capo, "euler_price_oracle": check_euler}
