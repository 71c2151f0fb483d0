"""Figures of the real contracts in ``tests/vectors/oracles``, and whole files where a folder has them."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from scenarios.verify.tally import Checker, Tally

SAMPLES = Path(__file__).parents[1] / "vectors" / "oracles"


def sample(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(gzip.decompress((SAMPLES / f"{name}.json.gz").read_bytes()))
    return loaded


def checked(checkers: Mapping[str, Checker], name: str) -> Tally:
    """Return the tally of a committed sample, every figure of which must agree."""
    tally = checkers[name](sample(name))
    assert tally.mismatched == 0, tally.first_mismatch
    return tally


def whole_files(checkers: Mapping[str, Checker], name: str) -> Iterator[Tally]:
    """Yield the tallies of all files of a kind in the folder that BACKSTOP_VECTORS names."""
    folder = os.environ.get("BACKSTOP_VECTORS")
    if not folder:
        pytest.skip("BACKSTOP_VECTORS names no folder")
    files = sorted(Path(folder).rglob(f"{name}*.json"))
    assert files
    for file in files:
        tally = checkers[name](json.loads(file.read_text()))
        assert tally.mismatched == 0, f"{file.name}: {tally.first_mismatch}"
        yield tally
