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


def euler_figures(document: Any) -> int:
    return sum(2 + len(case["liquidate"]) for case in document["cases"])


def liquity_figures(document: Any) -> int:
    steps = [step for case in document["cases"] for step in case["steps"]]
    return sum(1 + (0 if "err" in step else 2 + ("out" in step)) for step in steps)


def flip_figures(document: Any) -> int:
    steps = [step for case in document["cases"] for step in case["steps"]]
    return sum(1 if "err" in step else 4 for step in steps)


def gmx_figures(document: Any) -> int:
    return 4 * len(document["cases"])


def table_figures(document: Any) -> int:
    drift = document["drift_v2"]
    return (
        3 * len(document["mango_v4"]["cases"])
        + len(drift["funding_for_loss"])
        + len(drift["deposit_index_for_loss"])
    )


STORED: dict[str, tuple[str, Callable[[Any], int]]] = {
    "maker_clipper.json.gz": ("maker-dog-clipper/1", clipper_figures),
    "derive_auction.json.gz": ("derive-dutch-auction/1", derive_figures),
    "euler_v2.json.gz": ("euler-v2-liquidation/1", euler_figures),
    "liquity_v1.json.gz": ("liquity-troves/1", liquity_figures),
    "maker_flip.json.gz": ("maker-flipper/1", flip_figures),
    "gmx_v2.json.gz": ("gmx-v2-positions/1", gmx_figures),
    "unit_tables.json": ("liquidation-unit-tables/1", table_figures),
}
LEAST = {"unit_tables.json": 60}
LARGER = ("maker_clipper.json.gz", "derive_auction.json.gz")
"""Files of which a larger set exists elsewhere."""


def change(name: str, document: Any) -> None:
    """Falsify one figure."""
    match name.partition(".")[0]:
        case "maker_clipper":
            document["cases"][0]["steps"][0]["after"]["kpr"] += 1
        case "derive_auction":
            document["auctions"][0]["so"]["mm"] += 1
        case "euler_v2":
            next(c for c in document["cases"] if not isinstance(c["most"], str))["most"][1] += 1
        case "liquity_v1":
            next(s for s in document["cases"][0]["steps"] if "pool" in s)["pool"][4] += 1
        case "maker_flip":
            next(s for s in document["cases"][0]["steps"] if "err" not in s)["dai"][0] += 1
        case "gmx_v2":
            document["cases"][0]["remaining"] += 1
        case _:
            document["mango_v4"]["cases"][1][3][1] += 1


def load(name: str) -> Any:
    raw = (VECTORS / name).read_bytes()
    return json.loads(gzip.decompress(raw) if name.endswith(".gz") else raw)


@pytest.mark.parametrize("name", STORED)
def test_stored_vectors_match_to_the_last_unit(name: str) -> None:
    (result,) = verify_paths([VECTORS / name])
    assert result.first_mismatch is None
    assert (result.largest_error, result.mismatched) == (0, 0)
    assert result.format == STORED[name][0]
    assert result.cases == result.matched == STORED[name][1](load(name))
    assert result.cases > LEAST.get(name, 500)


def test_every_stored_file_is_in_the_table_and_described() -> None:
    files = {path.name for path in VECTORS.iterdir() if is_vector_file(path.name)}
    assert files == set(STORED)
    for name in files:
        assert f"`{name}`" in (VECTORS / "README.md").read_text()
        assert (VECTORS / name).stat().st_size < 150_000


@pytest.mark.parametrize("name", STORED)
def test_a_changed_figure_is_found(name: str) -> None:
    document = load(name)
    change(name, document)
    result = check_document(name, STORED[name][0], document)
    assert result.mismatched == 1


@pytest.mark.long
@pytest.mark.parametrize("name", LARGER)
def test_full_sets(name: str) -> None:
    folder = os.environ.get("BACKSTOP_VECTORS")
    if not folder:
        pytest.skip("BACKSTOP_VECTORS names no folder of full sets")
    stem = name.removesuffix(".json.gz")
    paths = [p for p in Path(folder).rglob(f"{stem}*") if is_vector_file(p.name)]
    assert paths
    for result in verify_paths(paths):
        assert (result.mismatched, result.first_mismatch) == (0, None)
