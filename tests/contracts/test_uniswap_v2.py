"""Our Uniswap V2 pair beside the real pair, factory and router."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from anvil_node import AnvilNode
from evm_chains import IN_PROCESS, AnvilChain, RevertedError, fast_chain, volume
from twins import Operation, drive
from uniswap_v2_twins import PairTwins, random_operation

Count = Callable[[str, Counter[str]], None]
FAMILY = "Uniswap V2" + (" (pyrevm)" if IN_PROCESS else " (anvil)")
# Five thousand seconds before the pair's 32-bit clock wraps.
WRAP = 2**32 - 5000
TIMES = (1_700_000_000, WRAP)


def make(dice: random.Random) -> PairTwins:
    return PairTwins(fast_chain(dice.choice(TIMES)))


UNITS = st.integers(0, 2**112) | st.integers(0, 10**6) | st.integers(0, 2**160)
MILLIONTHS = st.integers(0, 1_300_000)


class PairMachine(RuleBasedStateMachine):
    """Amounts are free or a share of the reserves, so that hypothesis finds both kinds of edge."""

    twins: PairTwins

    @initialize(time=st.sampled_from(TIMES), bits0=st.integers(1, 111), bits1=st.integers(1, 111))
    def deploy(self, time: int, bits0: int, bits1: int) -> None:
        self.twins = PairTwins(fast_chain(time))
        self.do("mint", 2**bits0, 2**bits1)

    def do(self, name: str, *arguments: int) -> None:
        self.twins.apply(Operation(name, arguments))

    def part(self, side: int, millionths: int) -> int:
        pair = self.twins.model
        return (pair.reserve0, pair.reserve1)[side] * millionths // 1_000_000

    @rule(seconds=st.integers(0, 2**33) | st.integers(0, 20))
    def wait(self, seconds: int) -> None:
        self.do("wait", seconds)

    @rule(on=st.booleans())
    def fee(self, on: bool) -> None:
        self.do("fee", int(on))

    @rule(amount0=UNITS, amount1=UNITS)
    def donate(self, amount0: int, amount1: int) -> None:
        self.do("donate", amount0, amount1)

    @rule(side=st.integers(0, 1), amount=UNITS)
    def swap(self, side: int, amount: int) -> None:
        self.do("swap", side, amount)

    @rule(side=st.integers(0, 1), part=MILLIONTHS)
    def swap_part(self, side: int, part: int) -> None:
        self.do("swap", side, self.part(side, part))

    @rule(side=st.integers(0, 1), part=MILLIONTHS)
    def buy_part(self, side: int, part: int) -> None:
        self.do("buy", side, self.part(1 - side, part))

    @rule(part0=MILLIONTHS, part1=MILLIONTHS, paid=st.tuples(UNITS, UNITS, UNITS, UNITS))
    def take(self, part0: int, part1: int, paid: tuple[int, int, int, int]) -> None:
        self.do("take", self.part(0, part0), self.part(1, part1), *paid)

    @rule(part0=MILLIONTHS, part1=MILLIONTHS, inside=st.booleans(), extra=st.integers(-1, 1))
    def flash(self, part0: int, part1: int, inside: bool, extra: int) -> None:
        """Borrow both sides and pay each back with the fee, one unit more or less."""
        outs = self.part(0, part0), self.part(1, part1)
        back = [max(out * 1000 // 997 + extra, 0) for out in outs]
        self.do("take", *outs, *((0, 0, *back) if inside else (*back, 0, 0)))

    @rule(amount0=UNITS, amount1=UNITS)
    def mint(self, amount0: int, amount1: int) -> None:
        self.do("mint", amount0, amount1)

    @rule(part=MILLIONTHS)
    def mint_part(self, part: int) -> None:
        self.do("mint", self.part(0, part), self.part(1, part))

    @precondition(lambda self: self.twins.own_shares > 0)
    @rule(part=st.integers(0, 1_000_000))
    def burn(self, part: int) -> None:
        self.do("burn", self.twins.own_shares * part // 1_000_000)

    @rule()
    def skim(self) -> None:
        self.do("skim")

    @rule()
    def sync(self) -> None:
        self.do("sync")


TestPairMachine = PairMachine.TestCase
TestPairMachine.settings = settings(max_examples=volume(30), stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("seed", [101, 102])
def test_random_operations_equal_the_real_pair(seed: int, count_operations: Count) -> None:
    counts = drive(make, random_operation, seed=seed, operations=volume(4_000))
    count_operations(FAMILY, counts)
    if not IN_PROCESS:
        return  # too few operations for the figures below
    for name in ("swap", "buy", "take", "mint", "burn"):
        assert counts[f"{name} held"] > 100
        assert counts[f"{name} refused"] > 20


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 9))
def test_many_random_operations_equal_the_real_pair(seed: int, count_operations: Count) -> None:
    count_operations(FAMILY, drive(make, random_operation, seed=seed, operations=volume(25_000)))


@pytest.mark.node
def test_a_node_agrees(anvil_node: AnvilNode, count_operations: Count) -> None:
    counts = drive(
        lambda dice: PairTwins(AnvilChain(anvil_node)),
        random_operation,
        seed=7,
        operations=300,
        per_world=150,
    )
    count_operations("Uniswap V2 (anvil)", counts)


def test_shares_times_balance_overflows_in_both() -> None:
    # Found by reading: the remaining balance would fit, the contract's product does not.
    twins = PairTwins(fast_chain())
    assert twins.apply(Operation("mint", (2**111, 2**111)))
    assert twins.apply(Operation("donate", (2**150, 0)))
    assert not twins.apply(Operation("burn", (twins.own_shares,)))


def test_a_flash_swap_is_paid_in_the_callback_or_not_at_all() -> None:
    twins = PairTwins(fast_chain())
    twins.apply(Operation("mint", (10**18, 10**18)))
    assert twins.apply(Operation("take", (997, 0, 0, 0, 1000, 0)))
    assert not twins.apply(Operation("take", (997, 0, 0, 0, 999, 0)))
    assert not twins.apply(Operation("take", (997, 0, 0, 0, 0, 0)))


WRONG = {
    "an LP token too many": lambda pair: replace(pair, total_supply=pair.total_supply + 1),
    "a reserve one unit off": lambda pair: replace(pair, reserve1=pair.reserve1 - 1),
    "a clock that stands still": lambda pair: replace(pair, time_last=pair.time_last - 1),
}


@pytest.mark.parametrize("wrong", sorted(WRONG))
def test_the_comparison_notices(wrong: str) -> None:
    twins = PairTwins(fast_chain())
    twins.apply(Operation("mint", (10**18, 10**12)))
    twins.model = WRONG[wrong](twins.model)
    with pytest.raises(AssertionError, match=r"model .*, contract"):
        twins.compare()


def test_a_model_that_refuses_too_little_is_noticed() -> None:
    twins = PairTwins(fast_chain())
    twins.apply(Operation("mint", (10**18, 10**12)))
    twins.model = replace(twins.model, keep=998)  # a pair that charges 0.2 %
    with pytest.raises(AssertionError, match="contract"):
        twins.apply(Operation("swap", (0, 10**15)))


def test_a_failed_script_leaves_nothing_behind() -> None:
    twins = PairTwins(fast_chain())
    before = twins.contract_figures()
    with pytest.raises(RevertedError, match="UniswapV2: INSUFFICIENT_OUTPUT_AMOUNT"):
        twins.on_contract(Operation("take", (0, 0, 5, 5, 0, 0)))
    assert twins.contract_figures() == before
