"""Figures of the real contracts: every stored file, and the full sets where they are at hand."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from scenarios.verify.registry import checkers, format_of, is_vector_file
from scenarios.verify.run import MAX_BYTES, exit_code, find_files, read_document, verify_paths

VECTORS = Path(__file__).parent.parent / "vectors"
# What was counted in the files themselves when they were stored: a checker that skips rows fails here.
STORED = {
    "oracles/uniswap_v2_cumulative.json.gz": ("uniswap_v2_cumulative", "steps", 3),
    "oracles/uniswap_v2_simple_oracle.json.gz": ("uniswap_v2_simple_oracle", "updates", 3),
    "venues/balancer_weighted_pool.json.gz": ("balancer-weighted-pool/1", "ops", 1),
    "venues/kyber_exponential_reserve.json.gz": ("kyber-exponential-reserve/1", "rows", 1),
    "venues/bancor_bonding_curve.json.gz": ("bancor-bonding-curve/1", "lists", 1),
}


def expected_figures(name: str) -> int:
    """Count the expected figures of a file with nothing but its own lists."""
    document = json.loads(gzip.decompress((VECTORS / name).read_bytes()))
    match STORED[name][1]:
        case "steps":
            return 3 * sum(len(case["steps"]) for case in document["cases"])
        case "updates":
            updates = [e for case in document["cases"] for e in case if e[0] == "update"]
            return sum(3 + len(update[5]) for update in updates)
        case "ops":
            return sum(1 + len(case["ops"]) for case in document["cases"])
        case "rows":
            return sum(len(case["rows"]) for case in document["cases"])
    return sum(len(document[key]) for key in ("power", "purchase", "sale"))


@pytest.mark.parametrize("name", STORED)
def test_stored_vectors_match_to_the_last_unit(name: str) -> None:
    (result,) = verify_paths([VECTORS / name])
    assert result.first_mismatch is None
    assert result.largest_error == 0
    assert result.format == STORED[name][0]
    assert result.cases == result.matched == expected_figures(name) == sum(result.groups.values())
    assert exit_code([result]) == 0


def test_every_stored_file_has_a_checker() -> None:
    """``backstop verify tests/vectors`` is the README's first check of the claim."""
    files = list(find_files([VECTORS]))
    assert len(files) > 40
    for path in files:
        assert format_of(str(path), read_document(path, MAX_BYTES)) in checkers()


def test_stored_files_are_small_and_described() -> None:
    for name in STORED:
        path = VECTORS / name
        assert path.stat().st_size < 100_000
        assert f"`{path.name}`" in (path.parent / "README.md").read_text()


@pytest.mark.long
@pytest.mark.parametrize("stem", ["uniswap_v2_cumulative", "uniswap_v2_simple_oracle"])
def test_full_sets(stem: str) -> None:
    folder = os.environ.get("BACKSTOP_VECTORS")
    if not folder:
        pytest.skip("BACKSTOP_VECTORS names no folder of full sets")
    paths = [p for p in Path(folder).rglob(f"{stem}*") if is_vector_file(p.name)]
    assert paths
    for result in verify_paths(paths):
        assert (result.mismatched, result.first_mismatch) == (0, None)
