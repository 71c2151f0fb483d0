"""Figures of papers out of simulated paths and blocks: few runs here, the full numbers in the long tests."""

from __future__ import annotations

import json
from math import sqrt

import pytest

from scenarios.cli.main import main
from scenarios.studies.average_prices import attack_pair, attack_pool, average_prices, outside_paths
from scenarios.studies.consecutive_blocks import (
    SHARES,
    proof_of_stake,
    proof_of_work,
    streaks,
    two_blocks_by_withholding,
)
from scenarios.studies.jumps_and_staleness import at_once, executed_late, put, stale_feed
from scenarios.studies.latency_choice import by_the_contract, extremes, latency_choice
from scenarios.studies.pool_aggregates import pool_aggregates
from scenarios.studies.registry import STUDIES, UnknownStudyError, study_of
from scenarios.studies.row import Row
from scenarios.studies.toxic_spiral import experiment, frontier


def require_agreement(rows: list[Row]) -> None:
    """Every published figure is met within its claim, and not by an interval that would admit anything."""
    assert rows
    for row in rows:
        assert row.agrees, row
        if row.published and row.low is not None and row.high is not None:
            assert row.high - row.low < 0.5 * abs(row.published), row


def test_average_prices() -> None:
    rows = list(average_prices(12))
    require_agreement(rows)
    assert [row.published for row in rows if row.quantity.endswith("attacked: loss")] == [
        6.4e6,
        9.75e6,
        16.2e6,
    ]


def test_an_attack_on_nothing_costs_nothing_and_moves_nothing() -> None:
    (outside,) = outside_paths(1, 40, 0.8)
    for run in (attack_pair, attack_pool):
        left = run(outside, 1000, {})
        assert left.loss == left.capital == 0
        assert left.reached == pytest.approx(1, abs=2e-4)


def test_spreading_a_small_move_is_cheaper_and_concentrating_a_large_one() -> None:
    """The best number of blocks lies at one end: all of them up to 57.3 %, one from 57.4 %."""
    still = [1.0] * 135
    for move, cheaper_spread in ((0.3, True), (1.0, False)):
        spread = attack_pair(still, 1e6, dict.fromkeys(range(135), 1 + move)).loss
        single = attack_pair(still, 1e6, {60: 1 + 135 * move}).loss
        assert (spread < single) is cheaper_spread


def test_consecutive_blocks() -> None:
    require_agreement(list(proof_of_work(400, SHARES[2:])))
    require_agreement(list(proof_of_stake(600)))


def test_waiting_has_its_law() -> None:
    """A miner with half of the hash rate waits (1 + 2p - p^2) / (2p^2 - p^3) = 14/3 blocks."""
    blocks, uncles = two_blocks_by_withholding(0.5, 4000)
    assert blocks.mean() == pytest.approx(14 / 3, rel=4 * blocks.std() / blocks.mean() / sqrt(4000))
    # What he finds and does not use are uncles: half of all blocks less two.
    assert uncles.mean() == pytest.approx(7 / 3 - 2, abs=4 * uncles.std() / sqrt(4000))
    # All slots of an epoch are one streak.
    assert streaks(0.999999, 3, 2).tolist() == pytest.approx([6750, 6750], abs=2)


def test_latency_choice() -> None:
    require_agreement([row for row in latency_choice(1000) if row.published])
    one, both, bound = by_the_contract(12, 50)
    assert (bound == 0).all()
    assert (both >= one).all()
    assert one.mean() > 0
    # A wider window is worth the root of its length.
    (high, _, last), (far, _, end) = extremes(3.0, 256, 4000), extremes(12.0, 256, 4000)
    assert (far - end).mean() / (high - last).mean() == pytest.approx(2, rel=0.08)


def test_pool_aggregates() -> None:
    rows = list(pool_aggregates(6))
    require_agreement(rows)
    assert len(rows) == 18


def test_toxic_spiral() -> None:
    require_agreement([*frontier("0.15", 40), *experiment()])


def test_jumps_at_once() -> None:
    require_agreement(list(at_once()))


def test_late_execution_costs_the_put() -> None:
    require_agreement(
        [row for row in executed_late(25) if "12%" in row.quantity and "600 s" not in row.quantity]
    )
    assert put(100.0, 90.0, 1e-9) == 0
    assert put(90.0, 100.0, 1e-9) == pytest.approx(10)


def test_a_late_feed_never_helps() -> None:
    first, *_, last = [row.simulated for row in stale_feed(3)]
    assert last >= first >= 0


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "toxic-spiral", "--runs", "25", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["data"]["toxic-spiral"]
    assert float(rows[-1]["published"]) == 4612.79
    assert rows[-1]["agrees"]
    assert main(["study", "toxic-spirals"]) == 2
    assert "did you mean toxic-spiral" in capsys.readouterr().err
    with pytest.raises(UnknownStudyError):
        study_of("nothing like it")


@pytest.mark.long
@pytest.mark.parametrize("name", STUDIES)
def test_full(name: str) -> None:
    study = study_of(name)
    require_agreement(list(study.rows(study.runs)))
