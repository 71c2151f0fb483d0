"""The netting study: its figures, and its text beside them."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest


@cache
def study() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks/margin_netting.py"
    spec = importlib.util.spec_from_file_location("margin_netting", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("floor", ["0", "0.25"])
def test_the_study_on_recorded_prices(floor: str) -> None:
    rows = study().study(floor)
    assert any(row.hedge < 0 for row in rows)
    for row in rows:
        dust = 1e-9 * row.plain
        assert row.given <= row.plain + dust
        assert row.given >= float(floor) * row.plain - dust
        if row.hedge > 0:  # both long: at one nothing is saved, at zero most
            assert row.together == pytest.approx(row.plain)
            assert row.apart <= row.given <= row.together + dust
        elif row.hedge < 0:  # a hedge: at one most is saved, at zero it no longer hedges
            assert row.together <= row.given + dust
            assert row.given < row.apart < row.plain
        else:
            assert row.given == row.together == row.apart == row.plain


def test_the_study_shows_the_risk_and_what_a_floor_does() -> None:
    bare, floored = ({row.hedge: row for row in study().study(floor)} for floor in ("0", "0.25"))
    assert bare[-100].exceeded > 0
    assert bare[-100].worst_hour > bare[-100].given
    assert floored[-100].exceeded == 0
    assert all(floored[hedge].exceeded <= bare[hedge].exceeded for hedge in bare)


def test_the_study_s_text_holds_its_figures() -> None:
    text = (Path(__file__).parents[2] / "docs/studies/netting.md").read_text()
    for row in study().study("0"):
        cells = (row.plain, row.given, row.together, row.apart, row.worst_hour)
        plain, given, together, apart, worst = (f"{value:,.0f}" for value in cells)
        assert f"| {row.hedge} % | {plain} | {given} |" in text
        assert f"| {together} | {apart} | {worst} | {row.exceeded} |" in text
