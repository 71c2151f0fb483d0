"""Our Uniswap V3 pool beside the real pool, made by the real factory."""

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
from evm_chains import IN_PROCESS, AnvilChain, fast_chain, volume
from protocol.venues.uniswap_v3.swapping import default_limit
from protocol.venues.uniswap_v3.tick_math import MAX_SQRT_RATIO, sqrt_ratio_at_tick
from twins import Operation, drive
from uniswap_v3_operations import RandomPool, random_operation
from uniswap_v3_twins import PoolTwins

Count = Callable[[str, Counter[str]], None]
FAMILY = "Uniswap V3" + (" (pyrevm)" if IN_PROCESS else " (anvil)")
TIMES = (1_700_000_000, 2**32 - 5000)
ONE = 1 << 96


def make(dice: random.Random) -> RandomPool:
    return RandomPool(dice, fast_chain(dice.choice(TIMES)))


def pool_at_one(*, fee: int = 3000, spacing: int = 60) -> PoolTwins:
    twins = PoolTwins(fast_chain(), fee, spacing)
    assert twins.apply(Operation("initialise", (ONE,)))
    return twins


OWNER = st.integers(0, 1)
STEPS = st.integers(-12, 12)
LIQUIDITY = st.integers(0, 10**6) | st.integers(0, 10**24) | st.integers(0, 2**128 - 1)
UNITS = st.integers(-(10**6), 10**6) | st.integers(-(10**24), 10**24) | st.integers(-(2**255), 2**255 - 1)
EXTRA = st.sampled_from((0, 0, 0, 0, -1, 1, 10**18))
MILLIONTHS = st.integers(0, 1_100_000)


class PoolMachine(RuleBasedStateMachine):
    """Ranges lie within twelve spacings of the first price, so that ranges share ends and overlap."""

    twins: PoolTwins

    @initialize(
        time=st.sampled_from(TIMES),
        kind=st.sampled_from(((500, 10), (3000, 60), (10_000, 200))),
        part=st.integers(0, 999_999),
    )
    def deploy(self, time: int, kind: tuple[int, int], part: int) -> None:
        self.twins = PoolTwins(fast_chain(time), *kind)
        low, high = sqrt_ratio_at_tick(-200), sqrt_ratio_at_tick(200)
        self.do("initialise", low + (high - low) * part // 1_000_000)

    def do(self, name: str, *arguments: int) -> None:
        self.twins.apply(Operation(name, arguments))

    def range(self, one: int, other: int) -> tuple[int, int]:
        spacing = self.twins.model.tick_spacing
        return min(one, other) * spacing, max(one, other) * spacing

    @rule(seconds=st.integers(0, 2**33) | st.integers(0, 20))
    def wait(self, seconds: int) -> None:
        self.do("wait", seconds)

    @rule(owner=OWNER, one=STEPS, other=STEPS, liquidity=LIQUIDITY, extras=st.tuples(EXTRA, EXTRA))
    def mint(self, owner: int, one: int, other: int, liquidity: int, extras: tuple[int, int]) -> None:
        self.do("mint", owner, *self.range(one, other), liquidity, *extras)

    @precondition(lambda self: self.twins.model.positions)
    @rule(data=st.data(), part=MILLIONTHS)
    def burn(self, data: st.DataObject, part: int) -> None:
        positions = self.twins.model.positions
        key = data.draw(st.sampled_from(sorted(positions)))
        liquidity = min(positions[key].liquidity * part // 1_000_000, 2**128 - 1)
        self.do("burn", self.twins.owners.index(key.owner), key.lower, key.upper, liquidity)

    @rule(owner=OWNER, one=STEPS, other=STEPS, asked=st.tuples(LIQUIDITY, LIQUIDITY))
    def collect(self, owner: int, one: int, other: int, asked: tuple[int, int]) -> None:
        self.do("collect", owner, *self.range(one, other), *asked)

    @rule(zero_for_one=st.booleans(), amount=UNITS, tick=st.integers(-3000, 3000), extra=EXTRA)
    def swap_to_tick(self, zero_for_one: bool, amount: int, tick: int, extra: int) -> None:
        self.do("swap", int(zero_for_one), amount, sqrt_ratio_at_tick(tick), extra)

    @rule(zero_for_one=st.booleans(), exact_out=st.booleans(), part=MILLIONTHS)
    def swap_part(self, zero_for_one: bool, exact_out: bool, part: int) -> None:
        pool = self.twins.model
        out = (pool.balance1 if zero_for_one else pool.balance0) * part // 1_000_000
        limit = default_limit(zero_for_one) if pool.tick_spacing >= 60 else pool.sqrt_price_x96
        if limit == pool.sqrt_price_x96:
            limit = limit * 9 // 10 if zero_for_one else min(limit * 11 // 10, MAX_SQRT_RATIO)
        self.do("swap", int(zero_for_one), -out if exact_out else out, limit, 0)

    @rule(part0=MILLIONTHS, part1=MILLIONTHS, extras=st.tuples(EXTRA, EXTRA))
    def flash(self, part0: int, part1: int, extras: tuple[int, int]) -> None:
        pool = self.twins.model
        self.do("flash", pool.balance0 * part0 // 1_000_000, pool.balance1 * part1 // 1_000_000, *extras)

    @rule(slots=st.integers(0, 12))
    def grow(self, slots: int) -> None:
        self.do("grow", slots)

    @rule(divisor0=st.sampled_from((0, 4, 7, 10, 3, 11)), divisor1=st.sampled_from((0, 4, 10)))
    def protocol_fee(self, divisor0: int, divisor1: int) -> None:
        self.do("protocol_fee", divisor0, divisor1)

    @rule(asked=st.tuples(LIQUIDITY, LIQUIDITY))
    def collect_protocol(self, asked: tuple[int, int]) -> None:
        self.do("collect_protocol", *asked)

    @rule(data=st.data())
    def observe(self, data: st.DataObject) -> None:
        ring, now = self.twins.model.observations, self.twins.chain.time
        oldest = (now - ring.oldest.time) % (1 << 32)
        self.do("observe", *data.draw(st.lists(st.integers(0, min(oldest + 1, 2**32 - 1)), max_size=3)))

    @rule(one=STEPS, other=STEPS)
    def inside(self, one: int, other: int) -> None:
        self.do("inside", *self.range(one, other))


TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = settings(max_examples=volume(30), stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("seed", [101, 102])
def test_random_operations_equal_the_real_pool(seed: int, count_operations: Count) -> None:
    counts = drive(make, random_operation, seed=seed, operations=volume(2_500))
    count_operations(FAMILY, counts)
    if not IN_PROCESS:
        return  # too few operations for the figures below
    for name in ("swap", "mint", "burn", "flash"):
        assert counts[f"{name} held"] > 30
        assert counts[f"{name} refused"] > 30


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 9))
def test_many_random_operations_equal_the_real_pool(seed: int, count_operations: Count) -> None:
    count_operations(FAMILY, drive(make, random_operation, seed=seed, operations=volume(15_000)))


@pytest.mark.node
def test_a_node_agrees(anvil_node: AnvilNode, count_operations: Count) -> None:
    counts = drive(
        lambda dice: RandomPool(dice, AnvilChain(anvil_node)),
        random_operation,
        seed=7,
        operations=300,
        per_world=100,
    )
    count_operations("Uniswap V3 (anvil)", counts)


@pytest.mark.skipif(not IN_PROCESS, reason="judges the driver, which is the same on a node but slow there")
def test_random_swaps_cross_ticks_and_wrap_the_oracle() -> None:
    """The driver is worth something only if it comes to the hard places."""
    most_crossed = wrapped = one_below = 0
    for world in range(5):
        dice = random.Random(f"places/{world}")
        twins = make(dice)
        for _ in range(250):
            operation = random_operation(dice, twins)
            before = twins.model
            twins.apply(operation)
            after = twins.model
            if operation.name == "swap" and after is not before:
                low, high = sorted((before.tick, after.tick))
                most_crossed = max(most_crossed, sum(low < tick <= high for tick in before.ticks))
                one_below += after.sqrt_price_x96 == sqrt_ratio_at_tick(after.tick + 1)
            wrapped += after.observations.index < before.observations.index
    assert most_crossed >= 4
    assert wrapped > 10
    assert one_below >= 3


def test_underpaid_callbacks_are_refused_by_both() -> None:
    twins = pool_at_one()
    assert not twins.apply(Operation("mint", (0, -600, 600, 10**18, -1, 0)))
    assert not twins.apply(Operation("mint", (0, -600, 600, 10**18, 0, -1)))
    assert twins.apply(Operation("mint", (0, -600, 600, 10**18, 0, 0)))
    assert not twins.apply(Operation("swap", (1, 10**15, default_limit(True), -1)))
    assert twins.apply(Operation("swap", (1, 10**15, default_limit(True), 0)))
    assert not twins.apply(Operation("flash", (10**12, 0, -1, 0)))
    assert twins.apply(Operation("flash", (10**12, 0, 0, 5)))


WRONG = {
    "price": {"sqrt_price_x96": ONE + 1},
    "liquidity": {"liquidity": 1},
    "fee growth": {"fee_growth_global1_x128": 1},
    "protocol fees": {"protocol_fees0": 1},
    "balance": {"balance1": 0},
    "positions": {"positions": {}},
}


@pytest.mark.parametrize("wrong", sorted(WRONG))
def test_the_comparison_notices(wrong: str) -> None:
    twins = pool_at_one()
    twins.apply(Operation("mint", (0, -600, 600, 10**18, 0, 0)))
    twins.model = replace(twins.model, **WRONG[wrong])
    with pytest.raises(AssertionError, match=r"model .*, contract"):
        twins.compare()


def test_a_pool_with_another_fee_is_noticed() -> None:
    twins = pool_at_one()
    twins.apply(Operation("mint", (0, -600, 600, 10**18, 0, 0)))
    twins.model = replace(twins.model, fee=2999)
    with pytest.raises(AssertionError, match="model returns"):
        twins.apply(Operation("swap", (1, 10**15, default_limit(True), 0)))
