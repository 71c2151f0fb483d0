"""Our Curve pools against figures of the real contracts and of recorded mainnet calls."""

from __future__ import annotations

import copy
import os

import pytest

from curve_vectors import FULL_ENVIRONMENT, full_paths, load, sample_paths
from scenarios.verify.curve import CHECKERS

# At least so many checks in the sample: a file that silently lost its rows must not pass.
EXPECTED_CHECKS = {
    "curve_exp": 187,
    "curve_stableswap_first": 3000,
    "curve_tricrypto2": 5000,
    "curve_stableswap_ng_oracle": 4000,
    "curve_tricrypto_ng_oracle": 2300,
    "flashsyn_harvest_fusdc": 700,
    "flashsyn_valuedefi_3pool": 300,
    "flashsyn_warp": 50,
}


@pytest.mark.parametrize("prefix", sorted(CHECKERS))
def test_sample_agrees(prefix: str) -> None:
    paths = sample_paths(prefix)
    assert paths
    for path in paths:
        tally = CHECKERS[prefix](load(path))
        assert tally.mismatched == 0, tally.first_mismatch
        assert tally.cases >= EXPECTED_CHECKS[prefix]
        assert tally.largest_error <= (1 if prefix.startswith("flashsyn") else 0)


@pytest.mark.long
@pytest.mark.parametrize("prefix", sorted(CHECKERS))
def test_full_set_agrees(prefix: str) -> None:
    if not os.environ.get(FULL_ENVIRONMENT):
        pytest.skip(f"{FULL_ENVIRONMENT} names no folder of full vector files")
    paths = full_paths(prefix)
    if not paths:
        pytest.skip(f"no file {prefix}* in {FULL_ENVIRONMENT}")
    for path in paths:
        tally = CHECKERS[prefix](load(path))
        assert tally.cases > 0
        assert tally.mismatched == 0, tally.first_mismatch


def test_a_wrong_unit_is_found() -> None:
    document = load(sample_paths("curve_tricrypto_ng_oracle")[0])
    wrong = copy.deepcopy(document)
    event = wrong["cases"][0]["events"][1]
    event[4] = str(int(event[4]) + 1)
    tally = CHECKERS["curve_tricrypto_ng_oracle"](wrong)
    assert tally.mismatched == 1
    assert tally.largest_error == 1
    assert tally.first_mismatch is not None
    assert "cases[0].events[1].d" in tally.first_mismatch


def test_a_recorded_call_two_tokens_off_is_found() -> None:
    document = load(sample_paths("flashsyn_valuedefi_3pool")[0])
    document["actions"]["Curve_DAI2USDC"]["rows"][3][8] += 3
    tally = CHECKERS["flashsyn_valuedefi_3pool"](document)
    assert tally.mismatched == 1


def test_a_refusal_where_the_contract_accepted_is_found() -> None:
    document = load(sample_paths("curve_exp")[0])
    row = next(row for row in document["cases"] if row[1] == "revert")
    row[1] = "0"
    tally = CHECKERS["curve_exp"](document)
    assert tally.mismatched == 1
    assert "revert" in str(tally.first_mismatch)
