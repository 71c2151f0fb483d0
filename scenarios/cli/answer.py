"""What a command answers: text for people, or the JSON envelope for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from protocol.errors import BackstopError

SCHEMA_VERSION = 1
SAFE_INTEGER = 1 << 53


@dataclass(frozen=True, slots=True)
class Message:
    """An error or warning: ``code`` is stable across releases."""

    level: str
    code: str
    message: str
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a command.

    Parameters
    ----------
    data
        For ``--json``.
    show
        Prints the answer for people.
    exit_code
        0, or 1 for a finding, or 4 where evidence does not verify.
    errors, warnings
        Messages beside the data.
    """

    data: object
    show: Callable[[], None]
    exit_code: int = 0
    errors: tuple[Message, ...] = ()
    warnings: tuple[Message, ...] = ()

    @classmethod
    def failure(cls, error: BackstopError) -> Answer:
        """Return the answer that says what went wrong; a file's problems become one message each."""
        problems = error.details.get("problems")
        if isinstance(problems, tuple) and problems:
            messages = tuple(
                Message("error", problem.code, str(problem), _fields(problem)) for problem in problems
            )
        else:
            messages = (Message("error", error.code, error.message, error.details),)
        return cls(None, lambda: None, error.exit_code, messages)


def write_json(answer: Answer) -> None:
    """Print the one JSON document of a command."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "success": not answer.errors and answer.exit_code == 0,
        "data": plain(answer.data),
        "errors": plain(answer.errors),
        "warnings": plain(answer.warnings),
    }
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def plain(value: object) -> object:
    """Return JSON data in which no number loses a digit: large integers and all decimals are strings."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if -SAFE_INTEGER < value < SAFE_INTEGER else str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return plain(_fields(value))
    if isinstance(value, Fraction | Path):
        return str(value)
    return repr(value)


def _fields(value: object) -> dict[str, object]:
    if not is_dataclass(value):
        return {}
    return {field.name: getattr(value, field.name) for field in fields(value)}
