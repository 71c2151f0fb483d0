"""Pictures of runs and sweeps: what they hold, not how they look."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_crash import pool_crash
from protocol_texts import changed
from scenarios.report.drawings.contagion import MOST_ACCOUNTS, ContagionGraph, merge_small
from scenarios.report.drawings.frontier import Frontier, FrontierPoint, frontier
from scenarios.report.drawings.gains import MOST_BARS, Gains, largest
from scenarios.report.drawings.health import HealthOverTime
from scenarios.report.drawings.losses import LossWaterfall
from scenarios.report.drawings.sweep_map import SweepMap, compact, sweep_maps
from scenarios.report.drawings.timeline import MOST_ROWS, Liquidations
from scenarios.report.pages.page import Drawing
from scenarios.report.pages.sweep import sweep_page
from scenarios.simulation.contagion import Link, Place
from scenarios.simulation.run import RunResult, run_path
from scenarios.simulation.sweep import SweepPoint, SweepResult

HOSTILE = "</svg><script>alert(1)</script> $x_1$ & \u202e"
NUMBERS = st.integers(-1000, 1000).map(float)


@pytest.fixture(scope="module")
def crash() -> RunResult:
    return run_path(pool_crash())


def texts(drawing: Drawing) -> list[str]:
    """Return the texts of a picture; it is well-formed and the same twice."""
    svg = drawing.svg("s1")
    assert svg == drawing.svg("s1")
    return ["".join(element.itertext()).strip() for element in ElementTree.fromstring(svg).iter("text")]


def test_the_timeline_shows_the_largest_accounts_with_their_volume(crash: RunResult) -> None:
    found = texts(Liquidations(crash.events, 1 / 6, crash.steps))
    named = [text for text in found if text.startswith(("borrowers", "looper"))]
    assert len(named) == MOST_ROWS
    assert any(text.startswith("looper") for text in named)
    assert "loss paid by others" in found


def test_the_waterfall_adds_up(crash: RunResult) -> None:
    paid = {"insurance fund": crash.metrics.insurance_paid, "depositors": crash.metrics.socialised}
    found = texts(LossWaterfall(paid, "USD"))
    assert {"all losses", "insurance fund", "depositors"} <= set(found)
    shares = [float(text.split("  ")[1].removesuffix(" %")) for text in found if text.endswith(" %")]
    assert sum(shares) == pytest.approx(100, abs=0.2)


@given(st.dictionaries(st.text(max_size=5), st.integers(-(10**9), 10**9), min_size=1, max_size=30))
def test_bars_of_gains_leave_nobody_out(found: dict[str, int]) -> None:
    bars = largest({name: Fraction(value) for name, value in found.items()})
    assert sum(value for _, value in bars) == sum(found.values())
    assert len(bars) <= MOST_BARS + 1
    named = [value for name, value in bars if name in found]
    assert named == sorted(named)


def test_gains_are_drawn(crash: RunResult) -> None:
    found = texts(Gains(crash.gains, "USD"))
    assert "markets outside" in found
    assert f"{len(crash.gains) - MOST_BARS} other parties" in found


def test_health_is_drawn(crash: RunResult) -> None:
    assert "accounts below 1" in texts(HealthOverTime(crash.health, 1 / 6))


def test_small_accounts_are_drawn_as_one(crash: RunResult) -> None:
    merged = merge_small(crash.links)
    accounts = {end.name for link in merged for end in (link.source, link.target) if end.kind == "account"}
    assert len(accounts) == MOST_ACCOUNTS + 1
    assert "71 other accounts" in accounts
    for relation in {link.relation for link in crash.links}:
        before = sum(link.amount for link in crash.links if link.relation == relation)
        assert sum(link.amount for link in merged if link.relation == relation) == before
    assert {"WETH/USDC", "WETH", "keeper", "insurance fund", "depositors"} <= set(
        texts(ContagionGraph(merged))
    )


def test_hostile_names_stay_text() -> None:
    links = [
        Link(Place("source", HOSTILE), Place("price", HOSTILE), "priced from", Decimal(1)),
        Link(Place("price", HOSTILE), Place("account", HOSTILE), "exposed to", Decimal(1)),
    ]
    cells = [[1.0, None], [2.0, 3.0]]
    for drawing in (
        ContagionGraph(links),
        LossWaterfall({HOSTILE: Decimal(3)}, HOSTILE),
        SweepMap(HOSTILE, (HOSTILE, HOSTILE), [HOSTILE, "b"], ["c", HOSTILE], cells),
        Frontier([FrontierPoint(HOSTILE, 1, 2), FrontierPoint("b", 2, 3)], HOSTILE, HOSTILE),
    ):
        assert "<script" not in drawing.svg("s1")
        assert texts(drawing)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=30))
def test_nothing_beats_the_frontier(pairs: list[tuple[float, float]]) -> None:
    points = [FrontierPoint(str(n), cost, gain) for n, (cost, gain) in enumerate(pairs)]
    best = frontier(points)
    for kept in best:
        assert not any(
            p.cost <= kept.cost and p.gain >= kept.gain and (p.cost, p.gain) != (kept.cost, kept.gain)
            for p in points
        )
    for point in points:
        assert any(kept.cost <= point.cost and kept.gain >= point.gain for kept in best)


def sweep(points: list[tuple[tuple[object, ...], float]], names: tuple[str, ...], grid: bool) -> SweepResult:
    made = tuple(SweepPoint(values, (answer,)) for values, answer in points)
    return SweepResult("t", "w", names, ("bad debt",), made, grid)


def test_a_map_has_the_first_axis_down_and_one_map_for_each_setting_of_a_third() -> None:
    points: list[tuple[tuple[object, ...], float]] = [
        ((a, b, c), 100 * a + 10 * b + c) for a in (1, 2, 3) for b in (1, 2) for c in (1, 2)
    ]
    first, second = sweep_maps(sweep(points, ("a", "b", "c"), grid=True), [("bad debt", "low")])
    assert first.title == "bad debt at c 1"
    assert second.title == "bad debt at c 2"
    assert first.cells == [[111, 121], [211, 221], [311, 321]]
    assert {"111", "321"} <= set(texts(first))
    assert sweep_maps(sweep(points, ("a", "b", "c"), grid=False), [("bad debt", "low")]) == []
    assert sweep_maps(sweep([((1,), 2.0)], ("a",), grid=True), [("bad debt", "low")]) == []


@pytest.mark.parametrize(
    ("value", "text"), [(0.4226, "0.423"), (0, "0"), (345_451, "345k"), (-2_500_000, "-2.5M"), (57, "57")]
)
def test_figures_in_cells_are_short(value: float, text: str) -> None:
    assert compact(value) == text


def test_a_sweep_of_one_number_is_a_curve_and_of_a_switch_a_table_only() -> None:
    file = changed("lending-crash")
    numbers = sweep([((1,), 2.0), ((Decimal("1.5"),), 3.0)], ("a",), grid=True)
    assert [section.title for section in sweep_page(file, numbers).sections] == ["Curves", "Every setting"]
    switch = sweep([((True,), 2.0), ((False,), 3.0)], ("a",), grid=True)
    assert [section.title for section in sweep_page(file, switch).sections] == ["Every setting"]
