"""What a check finds, by path; its place in the text is looked up afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scenarios.files.positions import Path
from scenarios.files.vocabulary import COMMON_ASSETS


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem by path; fields as in `scenarios.files.errors.Problem`.

    ``at_key`` points at the key instead of its value.
    """

    code: str
    path: Path
    message: str
    expected: str | None = None
    suggestion: str | None = None
    at_key: bool = False
    got: str | None = None


def shown(value: object) -> str:
    """Return a value as a message prints it; collections by their kind."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else str(value)


def mapping_at(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Return a mapping field, or an empty one where the file has something else."""
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def symbols_of(data: Mapping[str, object]) -> frozenset[str]:
    """Return the symbols a file may use; empty if it declares no assets, then any will do."""
    declared = mapping_at(data, "assets")
    return frozenset((*declared, *COMMON_ASSETS)) if declared else frozenset()
