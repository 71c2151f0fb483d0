"""JSON into plain data with exact numbers; a second look at the text finds the place of every value."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import Decimal

from scenarios.files.positions import Path, Reading
from scenarios.files.scalars import ScalarError, not_finite_error, read_number

_LEXEME = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}:,]|[^\s\[\]{}:,"]++', re.DOTALL)
_NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})


class Lines:
    """Line and column, from 1, of an offset into a text."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def at(self, offset: int) -> tuple[int, int]:
        """Return the line and column of the character at ``offset``."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, at: tuple[int, int]) -> int:
        """Return the offset of a line and column."""
        return self._starts[at[0] - 1] + at[1] - 1


@dataclass(slots=True)
class _Open:
    path: Path
    is_object: bool
    index: int = 0
    key: str | None = None
    key_at: tuple[int, int] | None = None
    seen: dict[str, int] = field(default_factory=dict)

    def next(self) -> Path:
        return (*self.path, (self.key or "") if self.is_object else self.index)


def _number(text: str) -> int | Decimal:
    try:
        return read_number(text)
    except ScalarError:
        return 0  # the scan has reported it, with its place


def _scan(text: str, reading: Reading) -> None:
    lines = Lines(text)
    stack: list[_Open] = []
    for match in _LEXEME.finditer(text):
        lexeme, at = match.group(), lines.at(match.start())
        top = stack[-1] if stack else None
        if lexeme in {"}", "]"}:
            if stack:
                stack.pop()
        elif lexeme == ",":
            if top is not None:
                top.index, top.key = top.index + 1, None
        elif lexeme == ":":
            continue
        elif top is not None and top.is_object and top.key is None:
            _key(lexeme, at, top, reading)
        else:
            path, key_at = (top.next(), top.key_at) if top is not None else ((), None)
            reading.add(path, at, key_at)
            if lexeme in {"{", "["}:
                stack.append(_Open(path, lexeme == "{"))
            elif lexeme[0] != '"':
                _literal(lexeme, at, path, reading)


def _key(lexeme: str, at: tuple[int, int], top: _Open, reading: Reading) -> None:
    try:
        top.key = str(json.loads(lexeme))
    except ValueError:
        top.key = lexeme
    top.key_at = at
    if top.key in top.seen:
        reading.report(
            "duplicate-key",
            f"the key {top.key!r} stands here twice (first in line {top.seen[top.key]})",
            at,
            top.next(),
        )
    top.seen.setdefault(top.key, at[0])


def _literal(lexeme: str, at: tuple[int, int], path: Path, reading: Reading) -> None:
    try:
        if lexeme in _NOT_FINITE:
            raise not_finite_error(lexeme)
        if lexeme[0] in "-0123456789":
            read_number(lexeme)
    except ScalarError as error:
        reading.report_scalar(error, at, path)


def read_json(text: str, reading: Reading) -> object:
    """Return the value of ``text``; places and problems go to ``reading``.

    Raises
    ------
    FileError
        Syntax, depth or size; duplicate keys and NaN are only noted.
    """
    _scan(text, reading)
    try:
        return json.loads(text, parse_int=_number, parse_float=_number, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        reading.problems.clear()
        message = error.msg[0].lower() + error.msg[1:]
        reading.fail("syntax", f"not valid JSON: {message}", (error.lineno, error.colno))
