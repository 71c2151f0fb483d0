"""Private flow, bundles and control: sandwiches, and blocks in a row."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from block_chains import ETH, GWEI, SEED, chain, names, rich_world, send
from protocol.errors import RuleError
from protocol.venues.uniswap_v2 import UniswapV2Pair
from scenarios.blocks import BlockRecord, Bundle, Chain, Proposer, Schedule
from scenarios.errors import ParameterError
from scenarios.world import World


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
