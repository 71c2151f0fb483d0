"""Vector files of the Curve venues: the samples in the repository, and the full set where it is at hand."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent.parent / "vectors"
FULL_ENVIRONMENT = "BACKSTOP_VECTORS"


def sample_paths(prefix: str) -> list[Path]:
    """Return the samples in the repository whose names begin with ``prefix``."""
    return sorted(VECTORS.rglob(f"{prefix}*.json.gz"))


def full_paths(prefix: str) -> list[Path]:
    """Return the full files below the folder named by ``BACKSTOP_VECTORS``."""
    folder = os.environ.get(FULL_ENVIRONMENT)
    return sorted(Path(folder).rglob(f"{prefix}*.json*")) if folder else []


def load(path: Path) -> dict[str, Any]:
    """Read a vector file, compressed or not."""
    raw = path.read_bytes()
    document = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    assert isinstance(document, dict)
    return document
