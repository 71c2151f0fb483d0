"""Blocks over a world: order, gas, bundles, congestion, latency."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import RuleError
from protocol.venues.uniswap_v2 import UniswapV2Pair
from scenarios.blocks import BlockRecord, Bundle, Chain, Demand, FeeRule, Pending, Proposer, Schedule
from scenarios.blocks.chain import BURNED
from scenarios.blocks.pending import PoolError
from scenarios.errors import ParameterError
from scenarios.seeds import Seed
from scenarios.world import World

GWEI, ETH = 10**9, 10**18
SEED = Seed(4, "chain")


def nothing(world: World) -> None:
    pass


def refuse(world: World) -> None:
    raise RuleError("never")


def send(
    name: str,
    tip: int = 1,
    sender: str = "",
    action: Callable[[World], None] = nothing,
    gas: int = 100_000,
    cap: int = 1_000 * GWEI,
    **more,
) -> Pending:
    return Pending(
        name, sender or f"sender of {name}", action, gas, cap, tip, more.pop("submitted", 0), **more
    )


def chain(
    *proposers: Proposer, run: int = 0, world: World | None = None, missed: float = 0.0, **more
) -> Chain:
    schedule = Schedule(proposers or (Proposer("builder"),), SEED.stream(run, "proposers"), missed)
    return Chain(world or World({}), schedule, **more)


def names(record: BlockRecord) -> list[str]:
    return [receipt.name for receipt in record.receipts]


def rich_world(*accounts: str, ether: int = 100 * ETH) -> World:
    world = World({"ETH": 18, "TOKEN": 18})
    for account in accounts:
        world.wallet(account)
        world.fund(account, "ETH", ether)
    return world


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


# Private flow and bundles


def test_private_flow_reaches_connected_proposers_only() -> None:
    connected = Proposer("connected", 0.5, channels=frozenset({"relay"}))
    made = chain(connected, Proposer("other", 0.5))
    made.submit(send("hidden", 99, channel="relay"))
    while not (record := made.next_slot()).receipts:
        assert record.proposer == "other"
    assert record.proposer == "connected"


def pool_world() -> World:
    world = rich_world("victim", "attacker")
    pair = UniswapV2Pair("TOKEN", "ETH", 1_000 * ETH, 1_000 * ETH)
    world.add_venue("pair", pair)
    world.fund("attacker", "TOKEN", ETH)
    return world


def victim_swap(least: int) -> Callable[[World], None]:
    def action(world: World) -> None:
        trade = world.swap("victim", "pair", "ETH", "TOKEN", 50 * ETH)
        if trade.amount_out < least:
            raise RuleError("too little received")

    return action


def sandwich(least: int, front: int, bid: int = 0) -> tuple[World, BlockRecord]:
    world = pool_world()
    made = chain(world=world, gas_asset="ETH", base_fee=GWEI)
    bought: list[int] = []

    def buy(world: World) -> None:
        bought.append(world.swap("attacker", "pair", "ETH", "TOKEN", front).amount_out)

    def sell(world: World) -> None:
        got = world.swap("attacker", "pair", "TOKEN", "ETH", bought[-1]).amount_out
        if got <= front:
            raise RuleError("no profit")

    made.submit(
        send("swap", 50 * GWEI, "victim", victim_swap(least)),
        Bundle(
            "sandwich",
            (send("front", 0, "attacker", buy), "swap", send("back", 0, "attacker", sell)),
            "attacker",
            bid,
        ),
    )
    return world, made.next_slot()


def test_sandwich_stands_around_the_victim_and_pays() -> None:
    alone = pool_world()
    alone.venue("pair").quote("ETH", "TOKEN", 50 * ETH)
    fair = alone.venue("pair").quote("ETH", "TOKEN", 50 * ETH)
    world, record = sandwich(fair * 90 // 100, 40 * ETH, bid=ETH)
    assert names(record) == ["front", "swap", "back"]
    assert {receipt.bundle for receipt in record.receipts} == {"sandwich"}
    assert world.balance("victim", "TOKEN") < fair
    gas = 2 * 100_000 * GWEI
    profit = world.balance("attacker", "ETH") - 100 * ETH + gas + ETH
    assert profit > 2 * ETH
    assert world.balance("attacker", "TOKEN") == ETH
    assert world.balance("builder", "ETH") == ETH + 100_000 * 50 * GWEI


def test_victim_with_a_tight_limit_spoils_the_sandwich_whole() -> None:
    fair = pool_world().venue("pair").quote("ETH", "TOKEN", 50 * ETH)
    world, record = sandwich(fair, 40 * ETH, bid=ETH)
    # Inside the bundle the victim would revert and the back run not profit: nothing of it happens
    assert names(record) == ["swap"]
    assert record.receipts[0].reverted == ""
    assert world.balance("victim", "TOKEN") == fair
    assert world.balance("attacker", "ETH") == 100 * ETH
    assert [committed.name for committed in world.committed] == ["gas of swap", "swap"]


def test_the_better_bundle_wins_the_only_victim() -> None:
    world = rich_world("victim", "one", "two")
    made = chain(world=world, gas_asset="ETH")
    made.submit(send("trade", 5, "victim"))
    for name, bid in (("one", ETH), ("two", 2 * ETH)):
        made.submit(Bundle(name, (send(f"{name} front", 0, name), "trade"), name, bid))
    assert names(made.next_slot()) == ["two front", "trade"]
    assert names(made.next_slot()) == []
    assert world.balance("one", "ETH") == 100 * ETH


def test_proposer_puts_his_own_bundle_first() -> None:
    own = Proposer("builder", channels=frozenset({"own"}), favours=frozenset({"attacker"}))
    world = rich_world("victim", "attacker", "other")
    made = chain(own, world=world, gas_asset="ETH")
    made.submit(
        send("trade", 5, "victim"),
        Bundle("rival", (send("r", 0, "other"), "trade"), "other", 3 * ETH),
        Bundle("mine", (send("m", 0, "attacker"), "trade"), "attacker", 0, "own"),
    )
    assert names(made.next_slot())[:2] == ["m", "trade"]


def test_a_bundle_may_not_skip_a_nonce_or_its_block() -> None:
    made = chain()
    made.submit(send("v1", 1, "victim"), send("v2", 1, "victim"))
    made.submit(Bundle("skips", (send("f", 0, "x"), "v2"), "x", 9))
    made.submit(Bundle("both", (send("g", 0, "y"), "v1", "v2"), "y", 0, block=1))
    made.submit(Bundle("late", (send("h", 0, "z"),), "z", 0, block=3))
    assert names(made.next_slot()) == ["g", "v1", "v2"]
    assert names(made.next_slot()) == []
    third = made.next_slot()
    assert names(third) == ["h"]
    with pytest.raises(ParameterError):
        Bundle("empty", ("v1",), "x")


def test_several_blocks_of_control_keep_others_out() -> None:
    """An attacker with three blocks in a row moves a pool, holds it, and moves it back unarbitraged."""
    world = pool_world()
    world.wallet("arbitrageur")
    world.fund("arbitrageur", "ETH", 100 * ETH)
    world.fund("arbitrageur", "TOKEN", 100 * ETH)
    captor = Proposer("captor", 0.1, censors=frozenset({"arbitrageur"}), favours=frozenset({"attacker"}))
    schedule = Schedule((captor, Proposer("honest", 0.9)), SEED.stream(0, "p")).with_control("captor", 2, 3)
    made = Chain(world, schedule)
    price: list[float] = []
    for slot in range(1, 7):
        if slot == 2:
            made.submit(
                send("move", 0, "attacker", lambda w: w.swap("attacker", "pair", "ETH", "TOKEN", 90 * ETH))
            )
        if slot > 2 and "close" not in made.pool and len(price) < 5:
            made.submit(
                send(
                    "close",
                    99,
                    "arbitrageur",
                    lambda w: w.swap("arbitrageur", "pair", "TOKEN", "ETH", 80 * ETH),
                )
            )
        made.next_slot()
        reserves = world.venue("pair").reserves()
        price.append(reserves["ETH"] / reserves["TOKEN"])
    assert price[0] == 1.0
    assert price[1] == price[2] == price[3] > 1.15
    assert price[4] < 1.05  # the first honest block


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
