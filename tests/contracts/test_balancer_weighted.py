"""Our weighted pool beside the real Balancer V2 vault and pools of the first and third factory."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from anvil_node import AnvilNode
from balancer_twins import WeightedTwins, random_operation, random_pool
from evm_chains import IN_PROCESS, AnvilChain, fast_chain, volume
from twins import Operation, drive

Count = Callable[[str, Counter[str]], None]
FAMILY = "Balancer V2 weighted" + (" (pyrevm)" if IN_PROCESS else " (anvil)")
WAD = 10**18
HALVES = (WAD // 2, WAD // 2)


def make(dice: random.Random) -> WeightedTwins:
    return random_pool(dice, fast_chain())


UNITS = st.integers(0, 10**6) | st.integers(0, 10**30) | st.integers(0, 2**113)
MILLIONTHS = st.integers(0, 1_000_000)


class WeightedMachine(RuleBasedStateMachine):
    """Two tokens of 18 and 6 decimals."""

    twins: WeightedTwins

    @initialize(
        weight=st.sampled_from((WAD // 2, WAD // 5, WAD // 3)) | st.integers(WAD // 100, WAD - WAD // 100),
        fee=st.sampled_from((10**12, 3 * 10**15, 10**17)),
        third=st.booleans(),
        amounts=st.tuples(st.integers(1, 10**27), st.integers(1, 10**15)),
    )
    def deploy(self, weight: int, fee: int, third: bool, amounts: tuple[int, int]) -> None:
        self.twins = WeightedTwins(fast_chain(), (weight, WAD - weight), (18, 6), fee, third=third)
        self.do("initialise", *amounts)

    def do(self, name: str, *arguments: int) -> None:
        self.twins.apply(Operation(name, arguments))

    def part(self, side: int, part: int) -> int:
        return self.twins.model.balances[side] * part // 1_000_000

    def shares(self, part: int) -> int:
        return self.twins.own_shares * part // 1_000_000

    @rule(side=st.integers(0, 1), part=st.integers(0, 310_000), exact_out=st.booleans())
    def trade_part(self, side: int, part: int, exact_out: bool) -> None:
        given = self.part(1 - side if exact_out else side, part)
        if self.twins.model.total_supply:
            self.do("buy" if exact_out else "swap", side, 1 - side, given)

    @rule(side=st.integers(0, 1), units=UNITS, exact_out=st.booleans())
    def trade(self, side: int, units: int, exact_out: bool) -> None:
        if self.twins.model.total_supply:
            self.do("buy" if exact_out else "swap", side, 1 - side, units)

    @rule(part0=MILLIONTHS, part1=MILLIONTHS)
    def join(self, part0: int, part1: int) -> None:
        if self.twins.model.total_supply:
            self.do("join", self.part(0, part0), self.part(1, part1))

    @rule(side=st.integers(0, 1), part=st.integers(0, 2_500_000))
    def join_single(self, side: int, part: int) -> None:
        if self.twins.model.total_supply:
            self.do("join_single", side, self.shares(part))

    @rule(part0=MILLIONTHS, part1=MILLIONTHS)
    def exit(self, part0: int, part1: int) -> None:
        if self.twins.model.total_supply:
            self.do("exit", self.part(0, part0), self.part(1, part1))

    @rule(side=st.integers(0, 1), part=MILLIONTHS)
    def exit_single(self, side: int, part: int) -> None:
        if self.twins.model.total_supply:
            self.do("exit_single", side, self.shares(part))

    @rule(part=MILLIONTHS)
    def exit_all(self, part: int) -> None:
        if self.twins.model.total_supply:
            self.do("exit_all", self.shares(part))


TestWeightedMachine = WeightedMachine.TestCase
TestWeightedMachine.settings = settings(max_examples=volume(30), stateful_step_count=20, deadline=None)


@pytest.mark.parametrize("seed", [101, 102])
def test_random_operations_equal_the_real_pool(seed: int, count_operations: Count) -> None:
    counts = drive(make, random_operation, seed=seed, operations=volume(2_500), per_world=200)
    count_operations(FAMILY, counts)
    if not IN_PROCESS:
        return  # too few operations for the figures below
    for name in ("swap", "buy"):
        assert counts[f"{name} held"] > 200
        assert counts[f"{name} refused"] > 30
    for name in ("join", "join_single", "join_all", "exit", "exit_single", "exit_all"):
        assert counts[f"{name} held"] > 30


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 9))
def test_many_random_operations_equal_the_real_pool(seed: int, count_operations: Count) -> None:
    count_operations(
        FAMILY, drive(make, random_operation, seed=seed, operations=volume(15_000), per_world=200)
    )


@pytest.mark.node
def test_a_node_agrees(anvil_node: AnvilNode, count_operations: Count) -> None:
    counts = drive(
        lambda dice: random_pool(dice, AnvilChain(anvil_node)),
        random_operation,
        seed=7,
        operations=200,
        per_world=50,
    )
    count_operations("Balancer V2 weighted (anvil)", counts)


def test_a_balance_beyond_112_bits_is_refused_by_both() -> None:
    twins = WeightedTwins(fast_chain(), HALVES, (18, 18), 10**12, third=True)
    assert twins.apply(Operation("initialise", (2**112 - 1, 10**18)))
    assert not twins.apply(Operation("swap", (0, 1, 1)))


@pytest.mark.parametrize("change", [{"fee": 2 * 10**12}, {"shortcuts": False}], ids=["fee", "power function"])
def test_another_pool_is_noticed(change: dict[str, int]) -> None:
    twins = WeightedTwins(fast_chain(), HALVES, (18, 18), 10**12, third=True)
    assert twins.apply(Operation("initialise", (10**24, 10**24)))
    twins.model = replace(twins.model, **change)
    with pytest.raises(AssertionError, match=r"model .*, contract"):
        twins.apply(Operation("swap", (0, 1, 10**23)))
