"""Every rule that has a contract, against what the contract answered."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from margin_samples import CHECKERS, full_files, sample, sample_names

# What a sample must hold at least, so that an empty or half-read file cannot pass.
LEAST = {
    "aave_v3_sample": 1_000,
    "compound_iii_sample": 900,
    "derive_maths_sample": 1_000,
    "derive_own_cases_sample": 400,
    "derive_pmrm2_sample": 2_000,
    "derive_pmrm_sample": 1_200,
    "derive_srm_sample": 800,
    "other_projects_unit_tables": 112,
    "simm_sample": 900,
    "synthetix_perps_sample": 5_000,
}


def test_every_checker_has_a_sample() -> None:
    assert sample_names() == sorted(LEAST)
    assert len(LEAST) == len(CHECKERS)


@pytest.mark.parametrize("name", sorted(LEAST))
def test_sample_matches_to_the_last_unit(name: str) -> None:
    document = sample(name.removesuffix("_sample"))
    tally = CHECKERS[document["format"]](document)
    assert tally.first_mismatch is None
    assert tally.mismatched == 0
    assert tally.cases >= LEAST[name]


def bumped(value: Any) -> Any:
    """The same structure with its first number changed by one unit (floats by 1e-6)."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * (1 + 1e-6) + 1e-6
    if isinstance(value, list):
        return [bumped(value[0]), *value[1:]] if value else [0]
    if isinstance(value, dict):
        key = next(iter(value))
        return value | {key: bumped(value[key])}
    return f"{value}?"


@pytest.mark.parametrize(
    ("prefix", "path"),
    [
        ("derive_maths", ("D", "black76", 20, 5)),
        ("derive_maths", ("D", "ln_reverts", 0, 1)),
        ("derive_srm", ("cases", 3, "o", "mi")),
        ("derive_pmrm", ("cases", 3, "o", "sc")),
        ("derive_pmrm2", ("cases", 3, "o", "im")),
        ("derive_pmrm2", ("edge_cases", 10, "o")),
        ("derive_own_cases", ("srm", "cases", 2, "o", "im")),
        ("synthetix_perps", ("cases", 3, "o", "acct")),
        ("synthetix_perps", ("cases", 3, "o", "order", "fill")),
        ("aave_v3", ("cases", 3, "o", "acct")),
        ("compound_iii", ("cases", 3, "o", "res")),
        ("simm", ("cases", 3, "o", "total")),
        ("other_projects_unit_tables", ("mango_v4", "cases", 1, "expected_init_health")),
        ("other_projects_unit_tables", ("dydx_v4", "initial_margin", 1, "expected")),
    ],
)
def test_checker_notices_one_wrong_figure(prefix: str, path: tuple[Any, ...]) -> None:
    document = copy.deepcopy(sample(prefix))
    at = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = bumped(at[path[-1]])
    tally = CHECKERS[document["format"]](document)
    assert tally.mismatched >= 1
    assert tally.first_mismatch is not None


@pytest.mark.long
@pytest.mark.parametrize("path", full_files(), ids=lambda path: path.name)
def test_full_file_matches_to_the_last_unit(path: Path) -> None:
    document = json.loads(path.read_text())
    if document["format"] not in CHECKERS:
        pytest.skip("liquidation, not margin")
    tally = CHECKERS[document["format"]](document)
    assert tally.first_mismatch is None
    assert tally.cases > 100
