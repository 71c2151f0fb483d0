"""Figures of the real contracts; a sample by default, whole files where BACKSTOP_VECTORS names a folder."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from oracle_vectors import checked, sample, whole_files
from scenarios.verify.uniswap_v3 import CHECKERS

# Figures in the committed samples, counted from the files: an unread list would show here.
FIGURES = {
    "uniswap_v3_oracle_library": 4982,
    "uniswap_v3_oracle_periphery": 1649,
    "uniswap_v3_pool_oracle": 8482,
}


@pytest.mark.parametrize("name", sorted(CHECKERS))
def test_sample_equals_the_contract(name: str) -> None:
    assert checked(CHECKERS, name).cases == FIGURES[name]


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(CHECKERS))
def test_whole_files_equal_the_contract(name: str) -> None:
    for tally in whole_files(CHECKERS, name):
        assert tally.cases > FIGURES[name]


def figures(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List where the integers of a nested value are."""
    if isinstance(value, list):
        return [found for place, item in enumerate(value) for found in figures(item, (*path, place))]
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [path]
    try:
        int(value, 0)
    except ValueError:
        return []
    return [path]


def tampered(document: dict[str, Any], name: str, row: int, path: tuple[Any, ...]) -> dict[str, Any]:
    changed = copy.deepcopy({**document, name: document[name][row : row + 1]})
    target: Any = changed[name][0]
    for step in path[:-1]:
        target = target[step]
    value = target[path[-1]]
    target[path[-1]] = (int(value, 0) if isinstance(value, str) else value) + 1
    return changed


@pytest.mark.parametrize(
    ("name", "part", "expected"),
    [
        ("consult", "uniswap_v3_oracle_periphery", [(5,), (6,)]),
        ("quote_at_tick", "uniswap_v3_oracle_periphery", [(3,)]),
        ("sqrt_ratio_at_tick", "uniswap_v3_oracle_periphery", [(1,)]),
        ("tick_at_sqrt_ratio", "uniswap_v3_oracle_periphery", [(1,)]),
        ("weighted_mean_tick", "uniswap_v3_oracle_periphery", [(1,)]),
        ("chained_price", "uniswap_v3_oracle_periphery", [(2,)]),
    ],
)
def test_a_changed_figure_of_a_row_is_found(name: str, part: str, expected: list[tuple[int]]) -> None:
    document = sample(part)
    rows = document[name]
    row = next(n for n, r in enumerate(rows) if set(expected) <= set(figures(r)))
    for path in expected:
        assert CHECKERS[part](tampered(document, name, row, path)).mismatched == 1


def test_a_changed_observation_is_found() -> None:
    document = sample("uniswap_v3_oracle_library")
    case = document["cases"][0]
    places = [
        ("ops", n, 1, m, column)
        for n, (kind, *rest) in enumerate(case["ops"])
        if kind == "o"
        for m, query in enumerate(rest[0])
        if len(query) == 3
        for column in (1, 2)
    ]
    assert places
    for path in [*places, *(("end", place) for place in range(4))]:
        changed = tampered(document, "cases", 0, path)
        assert CHECKERS["uniswap_v3_oracle_library"](changed).mismatched == 1, path


def test_a_changed_pool_figure_is_found() -> None:
    document = sample("uniswap_v3_pool_oracle")
    events = document["cases"][0]["events"]
    places: list[tuple[Any, ...]] = []
    for n, event in enumerate(events):
        if event[0] == "query":
            places += [("events", n, 1, m, *p) for m, q in enumerate(event[1]) for p in figures(q[2:], ())]
            places += [("events", n, 2, 1), *(("events", n, 3, 1, *p) for p in figures(event[3][1]))]
        else:
            places += [("events", n, place) for place in range(len(event) - 5, len(event))]
            places += [("events", n, 2)] if event[0] != "init" else []
    # ``figures(q[2:])`` counts from the first expected column.
    places = [(*p[:4], p[4] + 2, *p[5:]) if p[2] == 1 and len(p) > 4 else p for p in places]
    assert len(places) > 50
    for path in places:
        changed = tampered(document, "cases", 0, path)
        assert CHECKERS["uniswap_v3_pool_oracle"](changed).mismatched >= 1, path


def test_a_changed_reason_is_found() -> None:
    document = sample("uniswap_v3_oracle_periphery")
    for name, column in (("weighted_mean_tick", 1), ("chained_price", 2)):
        row = next(r for r in document[name] if isinstance(r[column], str) and not r[column].startswith("-"))
        changed = {**document, name: [[*row[:column], 0, *row[column + 1 :]]]}
        assert CHECKERS["uniswap_v3_oracle_periphery"](changed).mismatched == 1
