"""What the oracle checkers share: reading columns and turning a call into its expected form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from protocol.errors import DivisionByZeroError, OracleError, OverflowedError, RuleError
from scenarios.verify.tally import Document, integer

OVERFLOW_PANIC = "Panic(0x11)"
DIVISION_PANIC = "Panic(0x12)"


def rows(document: Document, name: str) -> Sequence[Sequence[object]]:
    """Return the list of rows called ``name``, empty where the file has none."""
    return cast("Sequence[Sequence[object]]", document.get(name, ()))


def cases(document: Document, name: str = "cases") -> Sequence[Mapping[str, object]]:
    """Return the list of keyed cases called ``name``."""
    return cast("Sequence[Mapping[str, object]]", document.get(name, ()))


def items(value: object) -> Sequence[object]:
    """Return a column that holds a list."""
    if not isinstance(value, list | tuple):
        raise TypeError(f"a list expected, got {value!r}")
    return value


def integers(value: object) -> list[int]:
    """Return a column that holds a list of integers."""
    return [integer(item) for item in items(value)]


def is_integer(value: object) -> bool:
    """Whether a column is an integer in one of the three spellings, rather than an error name."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return True
    if not isinstance(value, str):
        return False
    try:
        integer(value)
    except ValueError:
        return False
    return True


def expected(value: object) -> object:
    """Return an expected column: an integer where it is one, a list of such, else the text or flag."""
    if isinstance(value, list | tuple):
        return [expected(item) for item in value]
    return integer(value) if is_integer(value) else value


def outcome(call: Callable[[], object]) -> object:
    """Return the call's value, or the contract's own name of its refusal."""
    try:
        return call()
    except OracleError as error:
        return error.reason
    except OverflowedError:
        return OVERFLOW_PANIC
    except DivisionByZeroError:
        return DIVISION_PANIC
    except RuleError as error:
        return error.code
