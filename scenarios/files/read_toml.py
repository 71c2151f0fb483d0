"""TOML into plain data with exact numbers; a second look at the text finds keys, addresses and dates."""

from __future__ import annotations

import datetime
import re
import tomllib
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from scenarios.files.errors import FileError
from scenarios.files.positions import MAX_DEPTH, Path, Reading
from scenarios.files.read_json import Lines
from scenarios.files.scalars import (
    ScalarError,
    based_number_error,
    is_based_number,
    is_number,
    not_finite_error,
    read_number,
)

_STRING = r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}" + r'|"(?:[^"\\\n]++|\\.)*+"?' + r"|'[^'\n]*+'?"
_SHAPE = re.compile(rf"{_STRING}|#[^\n]*+|(?:[\w-]++[ \t]*+\.[ \t]*+){{{MAX_DEPTH},}}|[\[\]{{}}]", re.DOTALL)
_TEXT = re.compile(_STRING, re.DOTALL)
_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_KEY = re.compile(rf"[ \t]*+({_STRING}|[\w-]++)[ \t]*+", re.DOTALL)
_LITERAL = re.compile(r"\d{4}-\d\d-\d\d[ Tt]\d\d:\d\d[^\s,\]}#]*+|[^\s,\]}#]++")
_NOT_FINITE = re.compile(r"[-+]?(?:inf|nan)")
_DATES = (datetime.datetime, datetime.date, datetime.time)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = ("overwrite", "declare", "mutate", "Duplicate")


class _Scanner:
    """Walk a text that the parser has accepted (or refused only for a key that stands twice)."""

    def __init__(self, text: str, reading: Reading) -> None:
        self.text = text
        self.reading = reading
        self.lines = Lines(text)
        self.offset = 0
        self.literals: dict[Path, str] = {}
        self.tables: dict[Path, int] = {}

    def run(self) -> None:
        table: Path = ()
        self.reading.add((), (1, 1))
        while self._skip() < len(self.text):
            if self.text.startswith("[[", self.offset):
                table = self._header(2)
            elif self.text[self.offset] == "[":
                table = self._header(1)
            else:
                self._assign(table)

    def find_key_that_stands_twice(self, end: tuple[int, int]) -> None:
        """Walk up to the place where the parser gave up, and raise if a key was seen twice."""
        self.text = self.text[: self.lines.offset(end)]
        self.run()
        if self.reading.problems:
            raise FileError(self.reading.problems)

    def _skip(self) -> int:
        blank = _BLANK.match(self.text, self.offset)
        self.offset = blank.end() if blank else self.offset
        return self.offset

    def _peek(self) -> str:
        return self.text[self._skip() : self.offset + 1]

    def _keys(self) -> list[tuple[str, tuple[int, int]]]:
        found: list[tuple[str, tuple[int, int]]] = []
        while match := _KEY.match(self.text, self.offset):
            word, at = match.group(1), self.lines.at(match.start(1))
            found.append((_unquoted(word), at))
            self.offset = match.end()
            if self.text[self.offset : self.offset + 1] != ".":
                break
            self.offset += 1
        return found

    def _header(self, brackets: int) -> Path:
        self.offset += brackets
        path: Path = ()
        keys = self._keys()
        for index, (word, at) in enumerate(keys):
            path = (*path, word)
            last = index == len(keys) - 1
            if last and brackets == 1 and path in self.reading.keys and path in self.tables:
                self._twice(word, at, path)
            self.reading.add(path, at, at)
            if last and brackets == 2:
                self.tables[path] = self.tables.get(path, 0) + 1
            if self.tables.get(path):
                path = (*path, self.tables[path] - 1)
                self.reading.add(path, at, at)
        if brackets == 1:
            self.tables.setdefault(path, 0)
        self.offset += brackets
        return path

    def _assign(self, table: Path) -> None:
        path = table
        keys = self._keys()
        if not keys:  # not reached on accepted text; never stand still
            self.offset += 1
            return
        at = keys[0][1]
        for index, (word, at) in enumerate(keys):
            path = (*path, word)
            if index < len(keys) - 1:
                self.reading.add(path, at, at)
            elif path in self.reading.keys:
                self._twice(word, at, path)
        self._skip()
        self.offset += 1  # the equals sign
        self._value(path, at)

    def _twice(self, word: str, at: tuple[int, int], path: Path) -> None:
        first = self.reading.keys[path][0]
        self.reading.report(
            "duplicate-key", f"the key {word!r} stands here twice (first in line {first})", at, path
        )

    def _value(self, path: Path, key_at: tuple[int, int] | None) -> None:
        opening = self._peek()
        at = self.lines.at(self.offset)
        self.reading.add(path, at, key_at)
        if opening == "[":
            self.offset += 1
            index = 0
            while self._peek() not in {"]", ""}:
                self._value((*path, index), None)
                index += 1
                self._comma()
            self.offset += 1
        elif opening == "{":
            self.offset += 1
            while self._peek() not in {"}", ""}:
                self._assign(path)
                self._comma()
            self.offset += 1
        elif text := _TEXT.match(self.text, self.offset):
            self.offset = text.end()
        elif literal := _LITERAL.match(self.text, self.offset):
            self.offset = literal.end()
            self.literals[path] = literal.group()
            self._check(literal.group(), at, path)
        else:
            self.offset += 1

    def _comma(self) -> None:
        if self._peek() == ",":
            self.offset += 1

    def _check(self, literal: str, at: tuple[int, int], path: Path) -> None:
        plain = literal.replace("_", "")
        try:
            if is_based_number(literal):
                raise based_number_error(literal)
            if _NOT_FINITE.fullmatch(literal):
                raise not_finite_error(literal)
            if is_number(plain):
                read_number(plain)
        except ScalarError as error:
            self.reading.report_scalar(error, at, path)


def _unquoted(word: str) -> str:
    if word[0] == '"':
        return next(iter(tomllib.loads(f"{word} = 0")))
    return word.strip("'")


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)  # the scan reports it, with its place


def _plain(value: object, path: Path, literals: dict[Path, str]) -> object:
    """Give dates and times back as the text that stands in the file."""
    if isinstance(value, dict):
        return {key: _plain(item, (*path, key), literals) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, (*path, index), literals) for index, item in enumerate(value)]
    if isinstance(value, _DATES):
        return literals.get(path, value.isoformat())
    return value


def _check_shape(text: str, reading: Reading) -> None:
    depth = 0
    for match in _SHAPE.finditer(text):
        token = match.group()
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token, 0)
        if depth > MAX_DEPTH or (token[0] not in "\"'#[]{}" and token.count(".") >= MAX_DEPTH):
            at = Lines(text).at(match.start())
            reading.fail("too-deep", f"nested more than {MAX_DEPTH} levels deep", at)


def read_toml(text: str, reading: Reading) -> object:
    """Return the table of ``text``; places and problems go to ``reading``.

    Dates and times stay the text that stands in the file.

    Raises
    ------
    FileError
        Syntax, depth, size or a key that stands twice; problems of single scalars are only noted.
    """
    _check_shape(text, reading)
    scanner = _Scanner(text, reading)
    try:
        data = tomllib.loads(text, parse_float=_decimal)
    except ValueError as error:
        _explain(str(error), scanner, reading)
    scanner.run()
    return _plain(data, (), scanner.literals)


def _explain(message: str, scanner: _Scanner, reading: Reading) -> NoReturn:
    place = _PLACE.search(message)
    if place is None:
        if "digits" in message:  # an integer beyond what Python converts
            reading.fail("number-size", "a number is too long", (1, 1))
        at = (1, 1)
    elif place.group(1):
        at = (int(place.group(1)), int(place.group(2)))
    else:
        at = scanner.lines.at(len(scanner.text.rstrip()))
    if any(word in message for word in _TWICE):
        scanner.find_key_that_stands_twice(at)
    what = message[: place.start()] if place else message
    reading.fail("syntax", f"not valid TOML: {what[:1].lower()}{what[1:]}", at)
