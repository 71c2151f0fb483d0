"""Checks of Tellor's getDataBefore with disputed values."""

from __future__ import annotations

from typing import cast

from oracles.sources.tellor import TellorReports
from scenarios.verify.oracles_support import expected, integers, items, rows
from scenarios.verify.tally import Checker, Document, Tally, integer


def check_data_before(document: Document) -> Tally:
    """Check ``tellor_get_data_before`` files: found flag, value and timestamp of every query."""
    tally = Tally()
    for index, (reports, disputed, queries) in enumerate(rows(document, "cases")):
        pairs = sorted(cast("tuple[int, int]", tuple(integers(report))) for report in items(reports))
        stored = TellorReports(tuple(pairs), frozenset(integers(disputed)))
        for step, query in enumerate(items(queries)):
            asked, want = items(query)
            found = stored.data_before(integer(asked))
            got: list[object] = [False, "", 0] if found is None else [True, *found]
            where = f"cases[{index}].queries[{step}]"
            names = ("found", "value", "timestamp")
            for name, one, other in zip(names, items(expected(want)), got, strict=True):
                tally.check(name, where, one, other)
    return tally


CHECKERS: dict[str, Checker] = {"tellor_get_data_before": check_data_before}
