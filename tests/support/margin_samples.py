"""Samples of the margin vectors, and the full set where BACKSTOP_VECTORS names a folder that holds it."""

from __future__ import annotations

import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from scenarios.verify import margin_derive, margin_lending, margin_simm, margin_synthetix, margin_tables
from scenarios.verify.tally import Checker

SAMPLES = Path(__file__).parent.parent / "vectors" / "margin"
CHECKERS: dict[str, Checker] = (
    margin_derive.CHECKERS
    | margin_lending.CHECKERS
    | margin_simm.CHECKERS
    | margin_synthetix.CHECKERS
    | margin_tables.CHECKERS
)


@cache
def sample(prefix: str) -> Any:
    """One sample, parsed; not to be changed."""
    (path,) = [p for p in SAMPLES.glob("*.json.gz") if p.name.startswith((f"{prefix}_sample", f"{prefix}."))]
    return json.loads(gzip.decompress(path.read_bytes()))


def sample_names() -> list[str]:
    return sorted(path.name.removesuffix(".json.gz") for path in SAMPLES.glob("*.json.gz"))


def full_files() -> list[Path]:
    """The full files of the margin folder."""
    folder = os.environ.get("BACKSTOP_VECTORS")
    if not folder:
        return []
    return [p for p in sorted(Path(folder).rglob("*.json")) if p.parent.name == "margin"]
