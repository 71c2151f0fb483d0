"""Counting matches and mismatches of one vector file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from protocol.errors import RuleError

Document: TypeAlias = Mapping[str, object]
"""A vector file as parsed JSON."""


def integer(value: object) -> int:
    """Return an integer column: a JSON number, a decimal string or a 0x string."""
    if isinstance(value, str):
        return int(value, 0) if value.lower().lstrip("-").startswith("0x") else int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError(f"an integer expected, got {value!r}")


@dataclass(slots=True)
class Tally:
    """Matches and mismatches of one file; one check is one expected figure of the real contract.

    ``largest_error`` is the largest absolute difference in the last unit over all integer checks.
    """

    cases: int = 0
    mismatched: int = 0
    largest_error: int = 0
    first_mismatch: str | None = None
    by_group: dict[str, int] = field(default_factory=dict)

    @property
    def matched(self) -> int:
        """Checks that agreed."""
        return self.cases - self.mismatched

    def check(self, group: str, where: str, expected: object, got: object) -> None:
        """Count one comparison; ``where`` finds the row again (for example ``observe[17].tick``)."""
        self.cases += 1
        self.by_group[group] = self.by_group.get(group, 0) + 1
        if expected == got:
            return
        self.mismatched += 1
        if isinstance(expected, int) and isinstance(got, int):
            self.largest_error = max(self.largest_error, abs(expected - got))
        if self.first_mismatch is None:
            self.first_mismatch = f"{group} {where}: expected {expected!r}, got {got!r}"

    def check_call(self, group: str, where: str, expected: object, call: Callable[[], object]) -> None:
        """Compare a call that may revert; a typed refusal counts as the text ``revert``.

        ``expected`` is the value, or the string ``revert`` where the real contract reverted.
        """
        try:
            got = call()
        except RuleError:
            got = "revert"
        self.check(group, where, expected, got)


Checker: TypeAlias = Callable[[Document], Tally]
"""Reads a document and compares every expected figure in it."""
