"""Figures of the real liquidation contracts, on stored subsamples; full sets by BACKSTOP_VECTORS."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenarios.verify.registry import is_vector_file
from scenarios.verify.run import check_document, verify_paths

VECTORS = Path(__file__).parent.parent / "vectors" / "liquidation"


def clipper_figures(document: Any) -> int:
    steps = [step for case in document["cases"] for step in case["steps"]]
    return sum(1 + ("q" in step) + len(step["after"]) for step in steps)


def derive_figures(document: Any) -> int:
    auctions = document["auctions"]
    steps = [step for auction in auctions for step in auction.get("steps", ())]
    return len(document["discount"]) + len(auctions) + sum(len(step["q"]) + 2 for step in steps)


STORED: dict[str, tuple[str, Callable[[Any], int]]] = {
    "maker_clipper.json.gz": ("maker-dog-clipper/1", clipper_figures),
    "derive_auction.json.gz": ("derive-dutch-auction/1", derive_figures),
}


def load(name: str) -> Any:
    return json.loads(gzip.decompress((VECTORS / name).read_bytes()))


@pytest.mark.parametrize("name", STORED)
def test_stored_vectors_match_to_the_last_unit(name: str) -> None:
    (result,) = verify_paths([VECTORS / name])
    assert result.first_mismatch is None
    assert (result.largest_error, result.mismatched) == (0, 0)
    assert result.format == STORED[name][0]
    assert result.cases == result.matched == STORED[name][1](load(name)) > 500


def test_every_stored_file_is_in_the_table_and_described() -> None:
    files = {path.name for path in VECTORS.iterdir() if is_vector_file(path.name)}
    assert files == set(STORED)
    for name in files:
        assert f"`{name}`" in (VECTORS / "README.md").read_text()
        assert (VECTORS / name).stat().st_size < 150_000


@pytest.mark.parametrize("name", STORED)
def test_a_changed_figure_is_found(name: str) -> None:
    document = load(name)
    if "cases" in document:
        document["cases"][0]["steps"][0]["after"]["kpr"] += 1
    else:
        document["auctions"][0]["so"]["mm"] += 1
    result = check_document(name, STORED[name][0], document)
    assert result.mismatched == 1


@pytest.mark.long
@pytest.mark.parametrize("name", STORED)
def test_full_sets(name: str) -> None:
    folder = os.environ.get("BACKSTOP_VECTORS")
    if not folder:
        pytest.skip("BACKSTOP_VECTORS names no folder of full sets")
    stem = name.removesuffix(".json.gz")
    paths = [p for p in Path(folder).rglob(f"{stem}*") if is_vector_file(p.name)]
    assert paths
    for result in verify_paths(paths):
        assert (result.mismatched, result.first_mismatch) == (0, None)
