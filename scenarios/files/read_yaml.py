"""YAML into plain data, from parser events: no tags, no aliases, no recursion, exact scalars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from scenarios.files.positions import MAX_DEPTH, Path, Reading
from scenarios.files.scalars import ScalarError, read_plain

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_Node: TypeAlias = ScalarEvent | CollectionStartEvent


@dataclass(slots=True)
class _Open:
    """A collection being read."""

    value: dict[str, object] | list[object]
    path: Path
    flow: bool
    key: ScalarEvent | None = None
    skipped: bool = False
    note: tuple[str, int] | None = None
    """The last key and its value's first character, if it is an unquoted note."""
    seen: dict[str, int] = field(default_factory=dict)


def _place(event: Event) -> tuple[int, int]:
    mark = event.start_mark
    assert mark is not None  # every event of a parsed text has its marks
    return mark.line + 1, mark.column + 1


def _span(event: Event) -> tuple[int, int]:
    start, end = event.start_mark, event.end_mark
    assert start is not None
    assert end is not None
    return start.index, end.index


def _events(text: str, reading: Reading) -> Iterator[Event]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        lines = text.split("\n")
        line = lines[at[0] - 1] if at[0] <= len(lines) else ""
        what = " ".join(str(part) for part in (error.context, error.problem) if part)
        hint = None
        if "maximum nesting depth" in what:  # libyaml has a limit of its own, far above ours
            reading.fail("too-deep", f"nested more than {MAX_DEPTH} levels deep", at)
        if "\t" in line[: at[1]]:
            what, hint = "a tab in the indentation", "spaces"
        reading.fail("syntax", f"not valid YAML: {what}", at, expected=hint)
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        at = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        code = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
        reading.fail("control-character", f"the character U+{code:04X} is not allowed in a file", at)


class _Builder:
    """Plain data out of events."""

    def __init__(self, text: str, reading: Reading) -> None:
        self.text = text
        self.reading = reading
        self.stack: list[_Open] = []
        self.root: object = None
        self.documents = 0

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.reading.fail(
                    "syntax", "a second document in the file", _place(event), expected="one document"
                )
        elif isinstance(event, CollectionEndEvent):
            self.stack.pop()
        elif isinstance(event, AliasEvent):
            self._refuse("alias", "an alias (*name) is not allowed; write the value out", event)
        elif isinstance(event, ScalarEvent | CollectionStartEvent):
            self._node(event)

    def _refuse(self, code: str, message: str, event: Event) -> NoReturn:
        self.reading.fail(code, message, _place(event), self._path() if self.stack else ())

    def _node(self, event: _Node) -> None:
        if event.tag is not None:
            self._refuse("tag", f"a tag ({event.tag}) is not allowed; write a plain value", event)
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._key(top, event)
        else:
            self._value(top, event)

    def _key(self, top: _Open, event: _Node) -> None:
        if not isinstance(event, ScalarEvent):
            self._refuse("key", "a key must be one word, not a list or a mapping", event)
        name = event.value
        top.key = event
        top.skipped = name in top.seen
        if top.skipped:
            self.reading.report(
                "duplicate-key",
                f"the key {name!r} stands here twice (first in line {top.seen[name]})",
                _place(event),
                (*top.path, name),
            )
        else:
            top.seen[name] = _place(event)[0]

    def _path(self) -> Path:
        top = self.stack[-1]
        if isinstance(top.value, list):
            return (*top.path, len(top.value))
        return (*top.path, top.key.value) if top.key is not None else top.path

    def _value(self, top: _Open | None, event: _Node) -> None:
        path = self._path() if top is not None else ()
        if top is not None and self._continues_note(top, event):
            return
        at = _place(event)
        key = _place(top.key) if top is not None and top.key is not None else None
        if top is None or not top.skipped:
            self.reading.add(path, at, key)
        value: object
        opened: _Open | None = None
        if isinstance(event, CollectionStartEvent):
            if len(self.stack) >= MAX_DEPTH:
                self._refuse("too-deep", f"nested more than {MAX_DEPTH} levels deep", event)
            opened = _Open({} if isinstance(event, MappingStartEvent) else [], path, bool(event.flow_style))
            value = opened.value
        else:
            assert isinstance(event, ScalarEvent)
            value = self._scalar(event, at, path)
        if top is None:
            self.root = value
        elif isinstance(top.value, list):
            top.value.append(value)
        else:
            assert top.key is not None
            if not top.skipped:
                top.value[top.key.value] = value
            self._remember_note(top, event)
            top.key = None
        if opened is not None:
            self.stack.append(opened)

    def _scalar(self, event: ScalarEvent, at: tuple[int, int], path: Path) -> object:
        if event.style:
            return event.value
        try:
            return read_plain(event.value)
        except ScalarError as error:
            self.reading.report_scalar(error, at, path)
            return None

    def _remember_note(self, top: _Open, event: _Node) -> None:
        """Keep the start of an unquoted note, which a comma may cut inside ``{…}``."""
        assert top.key is not None
        top.note = None
        is_note = top.key.value == "note" or top.key.value.endswith("_note")
        if top.flow and is_note and isinstance(event, ScalarEvent) and not event.style:
            top.note = (top.key.value, _span(event)[0])

    def _continues_note(self, top: _Open, event: _Node) -> bool:
        """Put back what a comma cut off: in ``{note: first, second}`` YAML reads ``second`` as a key."""
        if top.note is None or top.key is None or not isinstance(event, ScalarEvent) or event.value:
            return False
        end = _span(top.key)[1]
        if event.style or top.key.style or ":" in self.text[end : _span(event)[0]]:
            return False
        name, start = top.note
        assert isinstance(top.value, dict)
        top.value[name] = " ".join(self.text[start:end].split())
        top.seen.pop(top.key.value, None)
        top.key = None
        return True


def read_yaml(text: str, reading: Reading) -> object:
    """Return the one document of ``text``; places and problems go to ``reading``.

    Mapping keys are text exactly as written. Inside ``{…}`` an unquoted ``note`` may hold commas.

    Raises
    ------
    FileError
        Syntax, alias, tag, depth or size; problems of single scalars are only noted.
    """
    builder = _Builder(text, reading)
    for event in _events(text, reading):
        builder.take(event)
    return builder.root
