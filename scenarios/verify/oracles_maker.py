"""Checks of Maker's Median and OSM: every poke and the state after it."""

from __future__ import annotations

from typing import cast

from oracles.sources.maker import MakerMedian, Osm, SignedValue, peek
from protocol.errors import RuleError
from scenarios.verify.oracles_support import cases, expected, integers, items
from scenarios.verify.tally import Checker, Document, Tally, integer


def _reason(error: RuleError) -> str:
    return getattr(error, "reason", error.code)


def check_median_osm(document: Document) -> Tally:
    """Check ``maker_median_osm`` files."""
    tally = Tally()
    for index, case in enumerate(cases(document)):
        signers = frozenset(cast("list[str]", case["signers"]))
        median = MakerMedian(signers, integer(case["bar"]))
        osm = Osm(integer(case["hop"]))
        for step, event in enumerate(items(case["events"])):
            name, now, *rest = items(event)
            where, got = f"cases[{index}].events[{step}]", ""
            if name == "median_poke":
                who, values, ages, want, value, age = rest
                triples = zip(integers(values), integers(ages), cast("list[str]", who), strict=True)
                try:
                    median = median.poke(integer(now), [SignedValue(*triple) for triple in triples])
                except RuleError as error:
                    got = _reason(error)
                tally.check("median.poke", where, want, got)
                tally.check("median.val", where, integer(value), median.value)
                tally.check("median.age", where, integer(age), median.age)
                continue
            want, *state = rest
            try:
                osm = osm.poke(integer(now), peek(median))
            except RuleError as error:
                got = _reason(error)
            tally.check("osm.poke", where, want, got)
            after = (osm.current.value, osm.current.has, osm.following.value, osm.following.has, osm.poked_at)
            for column, one, other in zip(
                ("cur", "curHas", "nxt", "nxtHas", "zzz"), state, after, strict=True
            ):
                tally.check(f"osm.{column}", where, expected(one), other)
    return tally


CHECKERS: dict[str, Checker] = {"maker_median_osm": check_median_osm}
