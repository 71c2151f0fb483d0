"""Checks across fields of an incident, on plain data, so that all of them run whatever else is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scenarios.files.positions import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem by path, before its place in the text is looked up."""

    code: str
    path: Path
    message: str
    expected: str | None = None
    suggestion: str | None = None
    at_key: bool = False
    got: str | None = None


def check_incident(data: Mapping[str, object]) -> list[Finding]:
    """Return every problem that the model's shape does not show."""
    return []
