"""Every oracle rule against figures of the real contracts; whole files where BACKSTOP_VECTORS is set."""

from __future__ import annotations

import copy
from importlib import import_module
from typing import Any

import pytest

from oracle_vectors import checked, sample, whole_files
from scenarios.verify.tally import Checker

MODULES = (
    "adapters",
    "chainlink",
    "maker",
    "medians",
    "pyth",
    "redstone",
    "solana",
    "synthetix",
    "synthetix_nodes",
    "tellor",
)
CHECKERS: dict[str, Checker] = {
    prefix: checker
    for name in MODULES
    for prefix, checker in import_module(f"scenarios.verify.oracles_{name}").CHECKERS.items()
}
# How many figures of each committed sample are compared; that every column is among them is shown below by
# spoiling one figure of each.
FIGURES = {
    "aave_capo": 1212,
    "api3_median": 300,
    "chainlink_ocr2_aggregator": 817,
    "cosmos_medians": 904,
    "drift_oracle": 2400,
    "euler_price_oracle": 560,
    "maker_median_osm": 1323,
    "mango_stable_price": 3903,
    "pyth_aggregate_random": 1149,
    "pyth_aggregate_repo": 78,
    "pyth_ema_random": 4490,
    "pyth_ema_repo": 1848,
    "pyth_evm_utils": 1200,
    "redstone_payload": 137,
    "synthetix_breakers": 1457,
    "synthetix_reducers": 884,
    "tellor_get_data_before": 3993,
    "synthetix_chainlink_uniswap_nodes": 680,
}


@pytest.mark.parametrize("name", sorted(CHECKERS))
def test_sample_equals_the_contract(name: str) -> None:
    assert checked(CHECKERS, name).cases == FIGURES[name]


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(CHECKERS))
def test_whole_files_equal_the_contract(name: str) -> None:
    for tally in whole_files(CHECKERS, name):
        assert tally.cases > 0


Path_ = tuple[int | str, ...]

# Where the expected columns of each file are: (list, index of the column in a row, inner list or None).
EXPECTED_COLUMNS: dict[str, list[tuple[str, Path_]]] = {
    "aave_capo": [("stable", (2,)), ("cases", (8, 0, 3)), ("cases", (8, 0, 4)), ("cases", (7,))],
    "api3_median": [("cases", (1,))],
    "chainlink_ocr2_aggregator": [
        ("cases", ("transmits", 0, 5)),
        *(("cases", ("transmits", 0, 6, column)) for column in range(5)),
        *(("cases", ("proxy", "phase1_latest", column)) for column in range(5)),
        *(("cases", ("proxy", "phase1_rounds", 0, 1, column)) for column in range(5)),
        ("cases", ("proxy", "after_switch_latest", 0)),
        ("cases", ("proxy", "after_switch_old_round", 1)),
        ("cases", ("proxy", "phaseId")),
    ],
    "cosmos_medians": [
        ("connect_median", (2,)),
        ("connect_median", (3,)),
        ("connect_vote_weighted", (1,)),
        ("band", (1,)),
        ("band_repo", ("expected",)),
        ("dydx_median", (1,)),
        ("libocr_deviation", (3,)),
    ],
    "drift_oracle": [
        ("weighted_average", (4,)),
        ("new_twap", (5,)),
        ("sanitize", (3,)),
        ("oracle_twap", (8,)),
        ("normalise", (3,)),
        ("validity", (13,)),
    ],
    "euler_price_oracle": [
        ("scale", (6,)),
        ("pyth", (11,)),
        ("cross", (6,)),
        ("cross", (7,)),
        ("cross", (9,)),
        ("cross", (10,)),
    ],
    "mango_stable_price": [("cases", ("rows", 0, column)) for column in (2, 3, 4)],
    "pyth_aggregate_random": [("cases", (4, column)) for column in (0, 1, 2, 3)],
    "pyth_aggregate_repo": [("cases", ("expected", column)) for column in ("status", "price", "conf")],
    "pyth_ema_random": [("cases", (1, 0, column)) for column in (3, 4)],
    "pyth_ema_repo": [("cases", ("rows", 0, column)) for column in (4, 5)],
    "pyth_evm_utils": [("convertToUint", (3,)), ("deriveCrossRate", (5,))],
    "redstone_payload": [("cases", (5,))],
    "synthetix_breakers": [("cases", (4, 0)), ("cases", (4, 1))],
    "synthetix_chainlink_uniswap_nodes": [
        ("chainlink_twap", (4, 0)),
        ("chainlink_twap", (4, 1)),
        ("uniswap", (6,)),
    ],
    "synthetix_reducers": [("cases", (2, 0)), ("cases", (2, 1))],
    "tellor_get_data_before": [("cases", (2, 0, 1, column)) for column in (0, 1, 2)],
}


def spoil(document: dict[str, Any], where: str, path: Path_) -> bool:
    """Change one expected figure in the first row that has it; whether there is one."""
    for row in document[where]:
        holder: Any = row
        try:
            for step in path[:-1]:
                holder = holder[step]
            old = holder[path[-1]]
        except (IndexError, KeyError, TypeError):
            continue
        if isinstance(holder, str):
            continue
        holder[path[-1]] = (not old) if isinstance(old, bool) else _other(old)
        return True
    return False


def _other(value: Any) -> Any:
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return [_other(value[0]), *value[1:]]
    try:
        return str(int(value) + 1)
    except ValueError:
        return f"{value}?"


@pytest.mark.parametrize(
    ("name", "where", "path"),
    [
        pytest.param(name, where, path, id=f"{name}-{where}-{'.'.join(map(str, path))}")
        for name, columns in EXPECTED_COLUMNS.items()
        for where, path in columns
    ],
)
def test_a_wrong_expected_figure_is_found(name: str, where: str, path: Path_) -> None:
    document = copy.deepcopy(sample(name))
    assert spoil(document, where, path)
    tally = CHECKERS[name](document)
    assert tally.mismatched == 1, "one figure was spoilt"


@pytest.mark.parametrize("kind", ["median_poke", "osm_poke"])
def test_every_expected_column_of_maker_is_read(kind: str) -> None:
    columns = {"median_poke": (5, 6, 7), "osm_poke": (2, 3, 4, 5, 6, 7)}[kind]
    for column in columns:
        document = copy.deepcopy(sample("maker_median_osm"))
        event = next(e for case in document["cases"] for e in case["events"] if e[0] == kind)
        event[column] = (not event[column]) if isinstance(event[column], bool) else _other(event[column])
        assert CHECKERS["maker_median_osm"](document).mismatched == 1, column
