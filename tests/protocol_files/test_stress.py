"""Stress tests, sweeps and comparisons: the same for every number of workers, intervals by known cases."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol.errors import BackstopError
from protocol_texts import changed
from scenarios.files.protocol_checks import open_protocol
from scenarios.simulation.compare import DifferentMarketsError, compare
from scenarios.simulation.stress import mean, percentile, share, stress
from scenarios.simulation.sweep import AxisError, read_axis, sweep, with_values

SHORT = {"steps": 6, "step_seconds": 3600, "runs": 20, "seed": 7}


def test_workers_and_chunks_change_nothing() -> None:
    file = changed("lending-crash", run=SHORT)
    one, two = stress(file, runs=20), stress(file, runs=20, workers=2)
    assert one.digest == two.digest
    assert one == two
    assert stress(file, runs=18).rows == one.rows[:18]
    assert stress(file, runs=20, master=8).digest != one.digest


def test_percentile_is_the_order_statistic_with_its_interval() -> None:
    values = [float(n) for n in range(1, 101)]
    found = percentile("x", "", list(reversed(values)))
    assert found.value == 95
    # Binomial(100, 0.95): 2.5 % and 97.5 % quantiles are 90 and 99.
    assert (found.low, found.high) == (90, 100)
    assert percentile("x", "", values[:20]).high is None


def test_mean_and_share_intervals() -> None:
    found = mean("x", "", [1.0, 2.0, 3.0, 4.0])
    # t(3, 0.975) = 3.1824463; deviation sqrt(5/3); half-width 3.1824463 * 1.2909944 / 2.
    assert found.value == 2.5
    assert found.high == pytest.approx(2.5 + 2.0542597, abs=1e-6)
    wilson = share("x", [True] * 3 + [False] * 7)
    assert (wilson.low, wilson.high) == (
        pytest.approx(0.1077914, abs=1e-6),
        pytest.approx(0.6032219, abs=1e-6),
    )
    assert share("x", [False] * 5).low == 0


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
