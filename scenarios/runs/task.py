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
    plain = {
        name: str(value) if isinstance(value, int) and abs(value) >= LARGEST_EXACT_INTEGER else value
        for name, value in record.items()
    }
    plain["run"] = run
    return _CANONICAL.encode(plain)
