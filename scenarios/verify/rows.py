"""Reading rows of vector files, and comparing many named figures of one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from protocol.errors import RuleError
from scenarios.verify.tally import Document, Tally, integer

Row: TypeAlias = Sequence[object]


def rows_of(value: object) -> Sequence[Row]:
    """Return a list of a vector file."""
    if not isinstance(value, list):
        raise TypeError(f"a list expected, got {type(value).__name__}")
    return value


def integers(value: object) -> tuple[int, ...]:
    """Return a list of integer columns."""
    return tuple(integer(item) for item in rows_of(value))


def cases_of(document: Document) -> Sequence[Mapping[str, object]]:
    """Return the ``cases`` of a vector file."""
    cases = document["cases"]
    if not isinstance(cases, list):
        raise TypeError("cases: a list expected")
    return cases


def check_figures(
    tally: Tally, where: str, expected: Mapping[str, object], got: Mapping[str, Callable[[], object]]
) -> None:
    """Compare every named figure; a tuple counts as one check per element, a refusal never agrees."""
    for name, want in expected.items():
        try:
            have = got[name]()
        except RuleError as error:
            have = error.code
        if isinstance(want, tuple) and isinstance(have, tuple) and len(want) == len(have):
            for k, (one, other) in enumerate(zip(want, have, strict=True)):
                tally.check(name, f"{where}.{name}[{k}]", one, other)
        else:
            tally.check(name, f"{where}.{name}", want, have)
