"""The finding for a name that a protocol file uses and does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scenarios.files.errors import closest
from scenarios.files.findings import Finding
from scenarios.files.positions import Path


def known(
    path: Path, name: str, names: Iterable[str], what: str, *, at_key: bool = False
) -> Iterator[Finding]:
    """Yield a finding unless ``name`` is one of ``names``."""
    found = list(names)
    if name not in found:
        expected = "one of " + ", ".join(found) if found else None
        suggestion = closest(name, found)
        yield Finding("unknown-name", path, f"there is no {what} {name!r}", expected, suggestion, at_key)
