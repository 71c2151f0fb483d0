"""Opening a YAML, TOML or JSON file safely, and finding every value's line and column again."""

from __future__ import annotations

import stat
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path as FilePath
from typing import cast

from scenarios.files.errors import FileError, Problem
from scenarios.files.positions import Location, Path, Reading, follow, to_pointer

MAX_BYTES = 5_000_000
"""Largest file that is read."""

_READERS = {
    ".yaml": "scenarios.files.read_yaml:read_yaml",
    ".yml": "scenarios.files.read_yaml:read_yaml",
    ".json": "scenarios.files.read_json:read_json",
    ".toml": "scenarios.files.read_toml:read_toml",
}
_HIDDEN = frozenset({"Cc", "Cf", "Cs"})
_HIDDEN_BUT_FINE = frozenset("\n\t\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data with the place of every value; equal to another document if the data are equal.

    Parameters
    ----------
    data
        Mappings, lists, text, booleans, integers and `decimal.Decimal`; never a float.
    file
        The file as the user named it.
    key_places, value_places
        Line and column by path.
    folder
        From which other files are named; that of ``file`` if not given.
    """

    data: Mapping[str, object]
    file: str = field(default="<data>", compare=False)
    key_places: Mapping[Path, tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)
    value_places: Mapping[Path, tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)
    folder: FilePath | None = field(default=None, compare=False, repr=False)

    def beside(self, name: str) -> FilePath:
        """Return the path of a file that this one names."""
        return (self.folder or FilePath(self.file).parent) / name

    def locate(self, pointer: str | Path, *, key: bool = False) -> Location:
        """Return the place of a value, or of its nearest existing parent.

        Parameters
        ----------
        pointer
            JSON Pointer (``/steps/0/amount``) or path.
        key
            Give the place of the key instead of the value's.
        """
        path = follow(self.data, pointer if isinstance(pointer, str) else to_pointer(pointer))
        while path and path not in self.value_places:
            path = path[:-1]
        line, column = self.value_places.get(path, (1, 1))
        if key:
            line, column = self.key_places.get(path, (line, column))
        return Location(self.file, line, column)


def load_document(path: str | FilePath) -> Document:
    """Read a file by its ending: ``.yaml``, ``.yml``, ``.json`` or ``.toml``.

    Raises
    ------
    FileError
        The file is missing, a folder, empty, binary, too large, too deep, or not valid; all problems that
        can be found in one pass are reported together.
    """
    where = FilePath(path)
    _format_of(str(path))
    try:
        status = where.stat()
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise FileError([Problem("not-a-file", f"this is {what}", str(path), expected="a file")])
        if status.st_size > MAX_BYTES:
            raise FileError([_too_large(str(path), status.st_size)])
        with where.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise FileError([Problem("no-file", "there is no such file", str(path))]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FileError([Problem("unreadable", f"cannot be read: {reason}", str(path))]) from error
    return parse_document(content, str(path))


def parse_document(content: bytes, file: str) -> Document:
    """Parse the bytes of a file; ``file`` gives the format by its ending and the name in messages.

    Raises
    ------
    FileError
        As in `load_document`.
    """
    module, _, function = _READERS[_format_of(file)].partition(":")
    if len(content) > MAX_BYTES:
        raise FileError([_too_large(file, len(content))])
    reading = Reading(file)
    read = cast("Callable[[str, Reading], object]", getattr(import_module(module), function))
    data = read(_decode(content, reading), reading)
    if not isinstance(data, dict) and not reading.problems:
        reading.report(
            "not-a-mapping", "the file holds no fields", (1, 1), expected="a mapping of fields to values"
        )
    _check_characters(data, (), reading)
    if reading.problems:
        raise FileError(reading.problems)
    return Document(cast("Mapping[str, object]", data), file, reading.keys, reading.values)


def _format_of(file: str) -> str:
    ending = FilePath(file).suffix.lower()
    if ending not in _READERS:
        raise FileError(
            [
                Problem(
                    "format",
                    "the format of this file is not known",
                    file,
                    expected="a name that ends in .yaml, .yml, .json or .toml",
                )
            ]
        )
    return ending


def _too_large(file: str, size: int) -> Problem:
    return Problem("too-large", f"the file has {size:,} bytes", file, expected=f"at most {MAX_BYTES:,} bytes")


def _decode(content: bytes, reading: Reading) -> str:
    if not content.strip():
        reading.fail("empty", "the file is empty", (1, 1))
    zero = content.find(b"\0")
    bad = None
    text = ""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bad = error.start
    if zero >= 0 or bad is not None:
        first = min(index for index in (zero, bad) if index is not None and index >= 0)
        before = content[:first].decode("utf-8", "replace")
        at = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        reading.fail("encoding", "the file is binary or not in UTF-8", at, expected="UTF-8 text")
    return text.replace("\r\n", "\n")


def _check_characters(data: object, path: Path, reading: Reading) -> None:
    """Refuse characters that would act on a terminal or hide in a name."""
    if isinstance(data, str):
        _check_text(data, path, reading, "the text", reading.values)
    elif isinstance(data, dict):
        for key, value in data.items():
            _check_text(key, (*path, key), reading, "the name", reading.keys)
            _check_characters(value, (*path, key), reading)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            _check_characters(value, (*path, index), reading)


def _check_text(
    text: str, path: Path, reading: Reading, what: str, places: Mapping[Path, tuple[int, int]]
) -> None:
    if text.isascii() and text.isprintable():
        return
    for char in text:
        name_break = what == "the name" and char in "\n\t"
        if name_break or (unicodedata.category(char) in _HIDDEN and char not in _HIDDEN_BUT_FINE):
            reading.report(
                "control-character",
                f"{what} holds the hidden character U+{ord(char):04X}",
                places.get(path) or reading.values.get(path),
                path,
                expected="printable text",
            )
            return
