"""Blocks over a world: order, gas, time, congestion, latency."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from block_chains import ETH, GWEI, SEED, chain, names, refuse, rich_world, send
from scenarios.blocks import BlockRecord, Demand, FeeRule, Proposer
from scenarios.blocks.chain import BURNED
from scenarios.blocks.pending import PoolError
from scenarios.world import World

# Order


def test_priority_fee_orders_senders_and_nonces_order_within_one() -> None:
    made = chain()
    made.submit(send("a1", 5, "a"), send("a2", 90, "a"), send("b", 50), send("c", 70), send("tie", 50))
    assert names(made.next_slot()) == ["c", "b", "tie", "a1", "a2"]


def test_a_sequencer_takes_what_came_first() -> None:
    made = chain(Proposer("sequencer", ordering="arrival"))
    made.submit(
        send("late", 90, submitted=900), send("first", 1, submitted=10), send("second", 5, latency=20)
    )
    assert names(made.next_slot()) == ["first", "second", "late"]


def test_favoured_and_censored_senders() -> None:
    made = chain(Proposer("captured", favours=frozenset({"friend"}), censors=frozenset({"enemy"})))
    made.submit(send("x", 500), send("poor", 0, "friend"), send("gone", 999, "enemy"))
    assert names(made.next_slot()) == ["poor", "x"]
    assert "gone" in made.pool


@settings(max_examples=60, deadline=None)
@given(
    sent=st.lists(
        st.tuples(
            st.integers(0, 5),  # sender
            st.integers(0, 30),  # tip
            st.integers(20_000, 9_000_000),  # gas
            st.integers(GWEI // 2, 3 * GWEI),  # cap
            st.integers(0, 30_000),  # latency in milliseconds
        ),
        max_size=25,
    ),
    load=st.sampled_from([0.0, 0.5, 3.0]),
)
def test_every_block_obeys_the_rules(sent, load) -> None:
    fees = FeeRule()
    made = chain(demand=Demand(load=load, tip=10, headroom=1.0), demand_stream=SEED.stream(0, "demand"))
    for i, (sender, tip, gas, cap, latency) in enumerate(sent):
        made.submit(send(f"t{i}", tip, f"s{sender}", gas=gas, cap=cap, latency=latency))
    waiting = {
        f"t{i}": (f"s{s}", tip, gas, cap, latency) for i, (s, tip, gas, cap, latency) in enumerate(sent)
    }
    before = made.base_fee
    for _ in range(6):
        record = made.next_slot()
        assert record.base_fee == before
        before = made.base_fee
        assert (
            record.gas_used == record.background_gas + sum(r.gas for r in record.receipts) <= fees.gas_limit
        )
        assert before == fees.next_base_fee(record.base_fee, record.gas_used)
        assert [r.position for r in record.receipts] == list(range(len(record.receipts)))
        for receipt in record.receipts:
            sender, tip, gas, cap, latency = waiting[receipt.name]
            paid = min(tip, cap - record.base_fee)
            assert paid >= 0
            assert receipt.fee == gas * (record.base_fee + paid)
            assert latency <= record.time * 1_000
            earlier = [name for name, (other, *_) in waiting.items() if other == sender]
            assert receipt.name == earlier[0], "a nonce was skipped"
            # No sender whose next transaction fits and pays more was passed over
            del waiting[receipt.name]
        heads: dict[str, str] = {}
        for name, (sender, *_) in waiting.items():
            heads.setdefault(sender, name)
        room = fees.gas_limit - record.gas_used
        for name in heads.values():
            _, tip, gas, cap, latency = waiting[name]
            visible = latency <= record.time * 1_000
            assert not visible or cap < record.base_fee or gas > room, f"{name} was left out"


def test_higher_tip_is_never_later_among_single_transactions() -> None:
    made = chain(fees=FeeRule(1_000_000))
    made.submit(*(send(f"t{i}", (i * 37) % 100, gas=200_000) for i in range(20)))
    order: list[int] = []
    while len(order) < 20:
        block = made.next_slot()
        assert len(block.receipts) <= 5
        order += [(int(name[1:]) * 37) % 100 for name in names(block)]
    assert order == sorted(order, reverse=True)


# Gas


def test_gas_is_paid_burned_and_kept_on_revert() -> None:
    world = rich_world("user", "payer")
    made = chain(world=world, gas_asset="ETH", base_fee=10 * GWEI)
    made.submit(
        send("good", 2 * GWEI, "user", gas=50_000), send("bad", 3 * GWEI, "payer", refuse, gas=70_000)
    )
    record = made.next_slot()
    assert [(r.name, r.reverted) for r in record.receipts] == [("bad", "rule: never"), ("good", "")]
    assert world.balance("user", "ETH") == 100 * ETH - 50_000 * 12 * GWEI
    assert world.balance("payer", "ETH") == 100 * ETH - 70_000 * 13 * GWEI
    assert world.balance(BURNED, "ETH") == 120_000 * 10 * GWEI
    assert world.balance("builder", "ETH") == 50_000 * 2 * GWEI + 70_000 * 3 * GWEI


def test_who_cannot_pay_is_not_included_and_holds_up_his_own_queue() -> None:
    world = rich_world("poor", ether=1)
    made = chain(world=world, gas_asset="ETH")
    made.submit(send("p1", 9, "poor"), send("p2", 9, "poor"))
    assert names(made.next_slot()) == []
    world.fund("poor", "ETH", ETH)
    assert names(made.next_slot()) == ["p1", "p2"]


def test_cap_below_the_base_fee_waits_until_it_falls() -> None:
    made = chain(base_fee=100 * GWEI)
    made.submit(send("cheap", 1, cap=50 * GWEI))
    waited = 0
    while names(made.next_slot()) != ["cheap"]:
        waited += 1
    assert waited == 6  # empty blocks: 100 * (7/8)^6 = 44.9


def test_reprice_wants_a_tenth_more() -> None:
    made = chain()
    made.submit(send("slow", 100, cap=1_000))
    for cap, tip in ((1_099, 110), (1_100, 109)):
        with pytest.raises(PoolError):
            made.pool.reprice("slow", cap, tip)
    made.pool.reprice("slow", 1_100, 110)
    assert made.pool.waiting("slow").priority_fee == 110
    with pytest.raises(PoolError):
        made.pool.reprice("unknown", 1, 1)
    with pytest.raises(PoolError):
        made.submit(send("slow"))


# Time


def test_latency_and_expiry() -> None:
    made = chain()
    made.submit(send("keeper", latency=12_001), send("brief", cap=0, last_block=2))
    first, second, third = (made.next_slot() for _ in range(3))
    assert names(first) == []
    assert names(second) == ["keeper"]
    assert second.receipts[0].waited == 24_000
    assert (second.expired, third.expired) == ((), ("brief",))


def test_missed_slots_pass_time_but_bring_no_block() -> None:
    world = World({}, time=1_000, block=7)
    made = chain(world=world, missed=0.5)
    made.submit(send("x"))
    blocks = 0
    for slot in range(1, 41):
        record = made.next_slot()
        blocks += not record.missed
        assert (record.slot, record.time, record.number) == (slot, 1_000 + 12 * slot, 7 + blocks)
        assert (names(record) == ["x"]) == (blocks == 1 and not record.missed)
    assert 5 < blocks < 35


def test_oracle_update_and_keeper_wait_when_everybody_hurries() -> None:
    def waits(stress: float, tip: int) -> int:
        made = chain(
            demand=Demand(load=0.9, tip=2 * GWEI, headroom=20.0),
            demand_stream=SEED.stream(3, "demand"),
            base_fee=20 * GWEI,
        )
        for _ in range(5):
            made.next_slot(stress)
        sent = made.world.time * 1_000
        made.submit(send("update", tip, gas=400_000, kind="oracle", submitted=sent))
        for _ in range(200):
            for receipt in made.next_slot(stress).receipts:
                return receipt.waited // 12_000
        return 200

    assert waits(1.0, 2 * GWEI) == 1
    assert waits(8.0, 2 * GWEI) > 5
    assert waits(8.0, 500 * GWEI) == 1


def test_stress_raises_the_base_fee() -> None:
    fees = {}
    for stress in (1.0, 6.0):
        made = chain(demand=Demand(load=0.9, headroom=10.0), demand_stream=SEED.stream(1, "demand"))
        for _ in range(40):
            made.next_slot(stress)
        fees[stress] = made.base_fee
    assert fees[6.0] > 5 * fees[1.0]


# Determinism


def test_a_run_repeats_and_runs_differ() -> None:
    def history(run: int) -> list[BlockRecord]:
        made = chain(
            Proposer("a", 0.5), Proposer("b", 0.5), run=run, missed=0.1,
            demand=Demand(load=1.2), demand_stream=SEED.stream(run, "demand"),
        )  # fmt: skip
        records = []
        for i in range(30):
            made.submit(send(f"t{i}", i % 7 * GWEI, f"s{i % 4}", gas=3_000_000))
            records.append(made.next_slot(1.0 + i / 10))
        return records

    assert history(1) == history(1)
    assert history(1) != history(2)
