"""Our Uniswap V1 exchange beside the real one (Vyper bytecode in ``@uniswap/v2-periphery``)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from anvil_node import AnvilNode
from evm_chains import IN_PROCESS, AnvilChain, fast_chain, volume
from twins import Operation, drive
from uniswap_v1_twins import ExchangeTwins, random_operation

Count = Callable[[str, Counter[str]], None]
FAMILY = "Uniswap V1" + (" (pyrevm)" if IN_PROCESS else " (anvil)")


def make(dice: random.Random) -> ExchangeTwins:
    return ExchangeTwins(fast_chain())


WEI = st.integers(0, 2**90) | st.integers(0, 10**6)
UNITS = st.integers(0, 2**160) | st.integers(0, 10**6)
MILLIONTHS = st.integers(0, 1_300_000)


class ExchangeMachine(RuleBasedStateMachine):
    twins: ExchangeTwins

    @initialize(ether=st.integers(10**9 - 1, 10**24), tokens=st.integers(0, 10**30))
    def deploy(self, ether: int, tokens: int) -> None:
        self.twins = make(random.Random())
        self.do("add", ether, tokens)

    def do(self, name: str, *arguments: int) -> None:
        self.twins.apply(Operation(name, arguments))

    @rule(ether=WEI)
    def sell_ether(self, ether: int) -> None:
        self.do("sell_ether", ether)

    @rule(tokens=UNITS)
    def sell_tokens(self, tokens: int) -> None:
        self.do("sell_tokens", tokens)

    @rule(part=MILLIONTHS, bound=WEI)
    def buy_tokens(self, part: int, bound: int) -> None:
        self.do("buy_tokens", self.twins.model.token_reserve * part // 1_000_000, bound)

    @rule(part=MILLIONTHS, bound=UNITS)
    def buy_ether(self, part: int, bound: int) -> None:
        self.do("buy_ether", self.twins.model.ether_reserve * part // 1_000_000, bound)

    @rule(ether=WEI, most=UNITS)
    def add(self, ether: int, most: int) -> None:
        self.do("add", ether, most)

    @rule(part=MILLIONTHS)
    def remove(self, part: int) -> None:
        self.do("remove", self.twins.model.total_supply * part // 1_000_000)

    @rule(ether=WEI, tokens=UNITS)
    def donate(self, ether: int, tokens: int) -> None:
        self.do("donate", ether, tokens)

    @rule(side=st.integers(0, 1), exact_out=st.integers(0, 1), amount=UNITS)
    def quote(self, side: int, exact_out: int, amount: int) -> None:
        self.do("quote", side, exact_out, amount)


TestExchangeMachine = ExchangeMachine.TestCase
TestExchangeMachine.settings = settings(max_examples=volume(20), stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("seed", [101, 102])
def test_random_operations_equal_the_real_exchange(seed: int, count_operations: Count) -> None:
    counts = drive(make, random_operation, seed=seed, operations=volume(3_000))
    count_operations(FAMILY, counts)
    if not IN_PROCESS:
        return  # too few operations for the figures below
    for name in ("sell_ether", "sell_tokens", "buy_tokens", "buy_ether", "add", "remove"):
        assert counts[f"{name} held"] > 100
        assert counts[f"{name} refused"] > 10


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 5))
def test_many_random_operations_equal_the_real_exchange(seed: int, count_operations: Count) -> None:
    count_operations(FAMILY, drive(make, random_operation, seed=seed, operations=volume(25_000)))


@pytest.mark.node
def test_a_node_agrees(anvil_node: AnvilNode, count_operations: Count) -> None:
    counts = drive(
        lambda dice: ExchangeTwins(AnvilChain(anvil_node)),
        random_operation,
        seed=7,
        operations=200,
        per_world=100,
    )
    count_operations("Uniswap V1 (anvil)", counts)


def test_the_first_shares_are_the_whole_balance() -> None:
    twins = make(random.Random())
    assert twins.apply(Operation("donate", (12345, 0)))
    assert twins.apply(Operation("add", (10**9, 5)))
    assert twins.model.total_supply == 10**9 + 12345
