"""Base fees against published cases; proposers against their shares."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.blocks import Demand, FeeRule, Proposer, Schedule, mean_wait_for_control
from scenarios.blocks.fees import effective_tip
from scenarios.errors import ParameterError
from scenarios.seeds import Seed

# go-ethereum consensus/misc/eip1559: parent base fee, limit, used, next base fee
PUBLISHED = [
    (1_000_000_000, 20_000_000, 10_000_000, 1_000_000_000),
    (1_000_000_000, 20_000_000, 9_000_000, 987_500_000),
    (1_000_000_000, 20_000_000, 11_000_000, 1_012_500_000),
]


@pytest.mark.parametrize(("base_fee", "limit", "used", "after"), PUBLISHED)
def test_published_base_fees(base_fee: int, limit: int, used: int, after: int) -> None:
    assert FeeRule(limit).next_base_fee(base_fee, used) == after


@settings(deadline=None)
@given(st.integers(0, 10**15), st.integers(0, 30_000_000))
def test_base_fee_moves_by_an_eighth_at_most(base_fee: int, used: int) -> None:
    after = FeeRule().next_base_fee(base_fee, used)
    assert base_fee - base_fee // 8 <= after <= base_fee + max(base_fee // 8, 1)
    assert (after > base_fee) == (used > 15_000_000)


@settings(deadline=None)
@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_nobody_pays_more_than_the_cap(cap: int, tip: int, base_fee: int) -> None:
    paid = effective_tip(cap, tip, base_fee)
    assert paid <= tip
    assert base_fee + paid <= cap


def schedule(run: int, missed: float = 0.0) -> Schedule:
    proposers = (Proposer("honest", 0.7), Proposer("attacker", 0.3), Proposer("idle", 0.0))
    return Schedule(proposers, Seed(1, "blocks").stream(run, "proposers"), missed)


def test_shares_and_missed_slots_are_met() -> None:
    """Within five standard errors."""
    made = schedule(0, 0.1)
    n = 20_000
    held = [made.proposer(slot).name for slot in range(n)]
    assert abs(held.count("attacker") / n - 0.3) < 5 * math.sqrt(0.21 / n)
    assert "idle" not in held
    missed = [slot for slot in range(n) if made.is_missed(slot)]
    assert abs(len(missed) / n - 0.1) < 5 * math.sqrt(0.09 / n)
    both = sum(held[slot] == "attacker" for slot in missed)
    assert abs(both / len(missed) - 0.3) < 5 * math.sqrt(0.21 / len(missed))


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_wait_for_several_blocks_in_a_row(slots: int) -> None:
    waits = []
    for run in range(400):
        first = schedule(run).next_control("attacker", 1, slots)
        assert first is not None
        waits.append(first + slots - 1)  # slots until the last of them
    mean = math.fsum(waits) / len(waits)
    spread = math.sqrt(math.fsum((w - mean) ** 2 for w in waits) / len(waits))
    assert abs(mean - mean_wait_for_control(0.3, slots)) < 5 * spread / math.sqrt(len(waits))


def test_published_waits() -> None:
    """A share of 1 %: two in a row in 1.4 days, three in 140 days, of 12 seconds a slot."""
    days = 7_200
    assert mean_wait_for_control(0.01, 2) / days == pytest.approx(1.4, abs=0.01)
    assert mean_wait_for_control(0.01, 3) / days == pytest.approx(140, rel=0.01)
    assert mean_wait_for_control(1.0, 4) == 4


def test_control_is_given_and_the_rest_stands() -> None:
    plain, held = schedule(5, 0.5), schedule(5, 0.5).with_control("attacker", 10, 4)
    for slot in range(40):
        if 10 <= slot < 14:
            assert held.proposer(slot).name == "attacker"
            assert not held.is_missed(slot)
        else:
            assert held.proposer(slot) == plain.proposer(slot)
            assert held.is_missed(slot) == plain.is_missed(slot)
    assert schedule(0).next_control("idle", 0, 1, limit=100) is None


@pytest.mark.parametrize(
    "build",
    [
        lambda: Schedule((), Seed(0, "").stream(0, "p")),
        lambda: Schedule((Proposer("a"), Proposer("a")), Seed(0, "").stream(0, "p")),
        lambda: Schedule((Proposer("a"),), Seed(0, "").stream(0, "p"), 1.0),
        lambda: Schedule((Proposer("a"),), Seed(0, "").stream(0, "p"), 0.0, {3: "b"}),
        lambda: FeeRule(1),
        lambda: FeeRule(denominator=0),
        lambda: Demand(load=-1.0),
        lambda: mean_wait_for_control(0.0, 1),
    ],
)
def test_refusals(build) -> None:
    with pytest.raises(ParameterError):
        build()


def test_demand_grows_with_stress_on_the_same_numbers() -> None:
    demand = Demand(load=0.8, load_elasticity=1.0, tip_elasticity=2.0)
    calm = demand.lots(1, 10**9, 15_000_000, 1.0, Seed(1, "d").stream(0, "demand"))
    wild = demand.lots(1, 10**9, 15_000_000, 3.0, Seed(1, "d").stream(0, "demand"))
    assert sum(lot.gas for lot in calm) == pytest.approx(12_000_000, rel=1e-5)
    assert sum(lot.gas for lot in wild) == pytest.approx(36_000_000, rel=1e-5)
    for a, b in zip(calm, wild, strict=True):
        assert b.priority_fee == pytest.approx(9 * a.priority_fee, rel=1e-6)
    assert Demand(load=0.0).lots(1, 10**9, 15_000_000, 1.0, Seed(1, "d").stream(0, "demand")) == []
