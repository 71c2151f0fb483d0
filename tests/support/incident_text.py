"""Incident files for tests: one base file, edits of it, and the same data written as JSON and TOML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from importlib.resources import files

import pytest

from scenarios.files.document import parse_document
from scenarios.files.errors import FileError, Problem
from scenarios.files.library import read_incident


def bundled_text(name: str) -> str:
    """Return the text of a bundled incident."""
    return (files("scenarios.incidents") / "facts" / f"{name}.yaml").read_text(encoding="utf-8")


BASE = bundled_text("warp-2020-12-17")


def edited(old: str, new: str, text: str = BASE) -> str:
    """Return ``text`` with exactly one place changed."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    return text.replace(old, new)


def place_of(needle: str, text: str) -> tuple[int, int]:
    """Return the line and column of the only ``needle`` in ``text``; a ``|`` in it marks the character."""
    shift = needle.index("|") if "|" in needle else 0
    plain = needle.replace("|", "", 1)
    assert text.count(plain) == 1, f"{plain!r} stands {text.count(plain)} times"
    before = text[: text.index(plain) + shift]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def problems_of(text: str, file: str = "bad.yaml") -> tuple[Problem, ...]:
    """Load a wrong incident and return its problems."""
    with pytest.raises(FileError) as caught:
        read_incident(parse_document(text.encode(), file))
    assert caught.value.exit_code == 2
    assert caught.value.code == "file"
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return caught.value.problems


def as_json(value: object) -> str:
    """Write plain data as JSON, numbers with all their digits."""
    if isinstance(value, Mapping):
        return "{" + ",\n ".join(f"{json.dumps(key)}: {as_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_json, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def as_toml(data: Mapping[str, object]) -> str:
    """Write plain data as TOML: tables for mappings, arrays of tables for lists of mappings."""
    lines = [f"{_toml_key(key)} = {_toml(value)}" for key, value in data.items() if not _is_table(value)]
    for key, value in data.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{_toml_key(key)}]"]
            lines += [f"{_toml_key(name)} = {_toml(item)}" for name, item in value.items()]
        elif _is_table(value):
            assert isinstance(value, list)
            for item in value:
                lines += ["", f"[[{_toml_key(key)}]]"]
                lines += [f"{_toml_key(name)} = {_toml(part)}" for name, part in item.items()]
    return "\n".join(lines) + "\n"


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
    )


def _toml_key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").isalnum() else json.dumps(key)


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml_key(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return as_json(value)
