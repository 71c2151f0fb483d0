"""Where each value of a document stands, and what a reader found wrong while reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from scenarios.files.errors import FileError, Problem
from scenarios.files.scalars import ScalarError

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the top of the document."""

MAX_DEPTH = 32
"""Levels of nesting; the deepest known incident has 4."""
MAX_NODES = 100_000
"""Keys, values and items of one file."""


def to_pointer(path: Path) -> str:
    """Return the JSON Pointer (RFC 6901) of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


ABSENT = object()
"""What `child` returns where nothing is."""


def child(data: object, part: str | int) -> object:
    """Return what stands under a key or an index, or `ABSENT`."""
    if isinstance(data, Mapping):
        return data.get(part, ABSENT)
    if isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data):
        return data[part]
    return ABSENT


def follow(data: object, pointer: str) -> Path:
    """Return the path that ``pointer`` names, as far as ``data`` has it."""
    path: list[str | int] = []
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(data, Mapping) and key in data:
            data = data[key]
            path.append(key)
        elif isinstance(data, list) and key.isdecimal() and int(key) < len(data):
            data = data[int(key)]
            path.append(int(key))
        else:
            break
    return tuple(path)


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file; ``line`` and ``column`` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(slots=True)
class Reading:
    """What a reader collects: the places of keys and values, and the problems.

    ``add`` counts nodes and depth, so that every format has the same limits.
    """

    file: str
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: Path, value: tuple[int, int], key: tuple[int, int] | None = None) -> None:
        """Note where the value (and its key) at ``path`` starts."""
        if len(path) > MAX_DEPTH:
            self.fail("too-deep", f"nested more than {MAX_DEPTH} levels deep", value, path[:3])
        if len(self.values) >= MAX_NODES:
            self.fail("too-many-nodes", f"more than {MAX_NODES} values in one file", value)
        self.values.setdefault(path, value)
        if key is not None:
            self.keys.setdefault(path, key)

    def report(
        self,
        code: str,
        message: str,
        at: tuple[int, int] | None,
        path: Path = (),
        *,
        expected: str | None = None,
        got: str | None = None,
        suggestion: str | None = None,
    ) -> None:
        """Note a problem and go on."""
        line, column = at if at is not None else (None, None)
        self.problems.append(
            Problem(code, message, self.file, line, column, to_pointer(path), expected, got, suggestion)
        )

    def report_scalar(self, error: ScalarError, at: tuple[int, int], path: Path) -> None:
        """Note a scalar that cannot be read."""
        self.report(error.code, error.message, at, path, expected=error.expected, suggestion=error.suggestion)

    def fail(
        self,
        code: str,
        message: str,
        at: tuple[int, int] | None = None,
        path: Path = (),
        *,
        expected: str | None = None,
    ) -> NoReturn:
        """Note a problem after which reading cannot go on.

        Raises
        ------
        FileError
            With all problems so far.
        """
        self.report(code, message, at, path, expected=expected)
        raise FileError(self.problems)
