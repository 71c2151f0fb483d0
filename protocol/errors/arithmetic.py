"""Errors of integer arithmetic."""

from __future__ import annotations

from protocol.errors.base import RuleError


class OverflowedError(RuleError):
    """A value left the integer type in which the contract keeps it."""

    code = "overflow"

    def __init__(self, what: str, value: int, bits: int) -> None:
        super().__init__(f"{what} = {value} does not fit {bits} bits", what=what, value=value, bits=bits)


class DivisionByZeroError(RuleError):
    """A contract divided by zero."""

    code = "division-by-zero"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: division by zero", what=what)
