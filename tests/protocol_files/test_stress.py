"""Stress tests, sweeps and comparisons: the same for every number of workers, intervals by known cases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from protocol.errors import BackstopError
from protocol_texts import changed
from scenarios.files.protocol_checks import open_protocol
from scenarios.simulation.compare import DifferentMarketsError, compare
from scenarios.simulation.run import Metrics
from scenarios.simulation.stress import _figures, stress
from scenarios.simulation.sweep import AxisError, read_axis, sweep, with_values

SHORT = {"steps": 6, "step_seconds": 3600, "runs": 20, "seed": 7}


def test_workers_and_chunks_change_nothing() -> None:
    file = changed("lending-crash", run=SHORT)
    one, two = stress(file, runs=20), stress(file, runs=20, workers=2)
    assert one.digest == two.digest
    assert one == two
    assert stress(file, runs=18).rows == one.rows[:18]
    assert stress(file, runs=20, master=8).digest != one.digest


def test_folder_keeps_what_is_done(tmp_path: Path) -> None:
    file = changed("lending-crash", run=SHORT)
    short = stress(file, runs=8, folder=tmp_path)
    longer = stress(file, runs=12, folder=tmp_path)
    assert longer.rows[:8] == short.rows
    assert longer == stress(file, runs=12)
    names = [figure.name for figure in longer.estimates]
    assert names[0].startswith("VaR 95 %")
    worst = sorted(float(row.bad_debt) for row in longer.rows)
    # The 95th percentile of 12 runs is the largest: ceil(0.95 * 12) = 12.
    assert longer.estimates[0].value == worst[-1]


def test_a_lower_factor_is_safer_on_the_same_paths() -> None:
    risky = changed("lending-crash", run=SHORT, agents__keeper__funds={"USDC": 1000})
    safe = changed("lending-crash", run=SHORT)
    found = compare(risky, safe, runs=12)
    lines = {line.name: line for line in found.lines}
    # More capital for keepers on the same paths: at least as much is liquidated, no more is left short.
    assert lines["liquidated"].difference >= 0
    assert lines["unserved"].difference <= 0
    with pytest.raises(DifferentMarketsError):
        compare(risky, changed("lending-crash", run=SHORT, market={"volatility": {"WETH": 1}}))


def test_sweep_over_a_cap_is_monotone() -> None:
    axis = read_axis("listings.USDC.cash=10000..1000000:3")
    found = sweep(open_protocol("four-samples"), [axis], attack="two samples")
    assert [point.values for point in found.points] == [
        (Decimal(10000),),
        (Decimal(505000),),
        (Decimal(1000000),),
    ]
    profits = [point.answers[0] for point in found.points]
    assert profits == sorted(profits)
    # A borrowed dollar costs 1 / (factor 0.8 x greatest false price 1000) of collateral that is left behind.
    assert profits[2] - profits[0] == pytest.approx(990_000 * (1 - 1 / 800), rel=1e-5)


def test_axes_are_read_and_wrong_ones_refused() -> None:
    assert read_axis("a.b=1,0.5,x").values == (1, Decimal("0.5"), "x")
    for text in ("a.b", "a=", "=1", "a=1..2", "a=1..2:1", "a=x..2:3"):
        with pytest.raises(AxisError):
            read_axis(text)
    with pytest.raises(AxisError, match="did you mean listings"):
        with_values(open_protocol("four-samples"), {("listing", "USDC", "cash"): 1})
    with pytest.raises(BackstopError):
        with_values(open_protocol("four-samples"), {("listings", "USDC", "cash"): "much"})


def test_hypercube_stratifies_every_axis() -> None:
    axes = [read_axis("fees.transaction=0,100"), read_axis("listings.USDC.cash=1000,2000")]
    document = open_protocol("four-samples")
    data = dict(document.data) | {"fees": {"transaction": 1}}
    document = type(document)(data, document.file, document.key_places, document.value_places)
    found = sweep(document, axes, runs=1, latin=8)
    for axis, low, high in ((0, 0, 100), (1, 1000, 2000)):
        cells = sorted(int((float(str(p.values[axis])) - low) / (high - low) * 8) for p in found.points)
        assert cells == list(range(8))
    assert found.points == sweep(document, axes, runs=1, latin=8).points


def test_whole_numbers_of_a_hypercube_get_equal_shares_and_both_ends() -> None:
    axes = [read_axis("run.seed=1,6")]
    found = sweep(open_protocol("four-samples"), axes, runs=1, latin=12)
    assert sorted(point.values[0] for point in found.points) == [n for n in range(1, 7) for _ in range(2)]


ROW = Metrics(
    **dict.fromkeys(("bad_debt", "liquidated", "insurance_paid", "socialised", "oracle_error"), Decimal(0)),
    **dict.fromkeys(("liquidations", "accounts_liquidated", "unserved", "refusals"), 0),
    utilisation=Decimal(0),
)


def test_what_was_never_seen_has_no_bound_above_and_nothing_is_below_zero() -> None:
    def measured(losses: list[int]) -> dict[str, tuple[float | None, float | None]]:
        rows = [replace(ROW, bad_debt=Decimal(loss)) for loss in losses]
        return {figure.name: (figure.low, figure.high) for figure in _figures(rows, (), "USD")}

    never, once = measured([0] * 60), measured([0] * 59 + [9000])
    for name in ("bad debt", "mean of the worst 5 %: insolvent debt"):
        assert never[name] == (0.0, None)
        low, high = once[name]
        assert low == 0.0
        assert high is not None
        assert high > 150
