"""What is run: a pure function of run indices that a worker anywhere can be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Protocol, TypeAlias, runtime_checkable

from scenarios.seeds import Seed

Value: TypeAlias = int | float | str | bool | None
Record: TypeAlias = Mapping[str, Value]
"""Named results of one run; ``run`` is added by the study."""

LARGEST_EXACT_INTEGER = 2**53
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
_CANONICAL_LINES = json.JSONEncoder(
    sort_keys=True, separators=(",\n", ":"), ensure_ascii=True, allow_nan=False
)


@runtime_checkable
class Task(Protocol):
    """Something that can be run many times.

    It is pickled to workers, so it is a module-level class of plain values. Its records may depend on itself,
    its seed and the run index, and on nothing else: not on the range they are asked in, not on a clock, not
    on what ran before.
    """

    @property
    def seed(self) -> Seed:
        """Master seed and scenario hash."""
        ...

    def describe(self) -> Mapping[str, object]:
        """Return everything that decides a record, as plain JSON data."""
        ...

    def __call__(self, runs: range) -> Iterable[Record]:
        """Return one record for each run, in order."""
        ...


def encode(run: int, record: Record) -> str:
    """Return a record as one line of canonical JSON.

    Integers of 2**53 and more become decimal strings, for many readers of JSON would round them; a float is
    written with the digits that give it back.

    Raises
    ------
    ValueError
        A float is not finite.
    """
    return _CANONICAL.encode(_plain(run, record))


def encode_all(first_run: int, records: Iterable[Record]) -> tuple[int, str]:
    """Return how many records of consecutive runs there are, and a line of ``encode`` for each.

    One call for all of them costs a third less. Strings are written with no line break in them, so that one
    stands only where one record or name ends and the next begins.
    """
    plain = [_plain(run, record) for run, record in enumerate(records, first_run)]
    text = _CANONICAL_LINES.encode(plain)[1:-1].replace("},\n{", "}\n{").replace(',\n"', ',"')
    if text.count("\n") != max(len(plain) - 1, 0):  # a value that is a list, which no record should have
        text = "\n".join(_CANONICAL.encode(record) for record in plain)
    return len(plain), text + "\n" if plain else ""


def _plain(run: int, record: Record) -> dict[str, Value]:
    plain = {
        name: str(value) if isinstance(value, int) and abs(value) >= LARGEST_EXACT_INTEGER else value
        for name, value in record.items()
    }
    plain["run"] = run
    return plain
