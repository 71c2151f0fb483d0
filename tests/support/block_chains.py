"""Chains of blocks with what is sent to them."""

from __future__ import annotations

from collections.abc import Callable

from protocol.errors import RuleError
from scenarios.blocks import BlockRecord, Chain, Pending, Proposer, Schedule
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
