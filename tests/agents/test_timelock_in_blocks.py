"""A timelock on a chain: time passes in slots, and what happens in blocks happens in it."""

from __future__ import annotations

from typing import Any

import pytest

from protocol_texts import changed
from scenarios.files.protocol_rules import ListingFile
from scenarios.simulation import governance
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation
from scenarios.simulation.simulation import Simulation

TIMELOCK = 3600


def waiting(timelock: int = TIMELOCK, **chain: Any) -> Simulation:
    """Return a game with a passed proposal, on a chain, with a publisher of ether's price."""
    file = changed(
        "governance-listing",
        governance__timelock=timelock,
        oracle__nodes__ether={"type": "feed", "feed": "ETH/USD", "asset": "WETH"},
        agents={"feed": {"type": "publisher", "feed": "ETH/USD", "asset": "WETH"}},
        run={"steps": 5, "step_seconds": 60, "block_seconds": 12},
        chain={"native": "WETH", "base_fee": 20, **chain},
    )
    game = open_simulation(file, seed_of(file), 0)
    game.world.wallet("attacker")
    game.world.fund("attacker", "VOTE", game.units("VOTE", file.governance.supply or 0))
    with game.transaction("propose"):
        governance.begin_block(game.world)
        listing = ListingFile(collateral_factor=file.attacks["listing"].collateral_factor)  # type: ignore[attr-defined]
        governance.propose(game, "attacker", "COIN", listing, "coin by its pool")
        governance.vote(game, "attacker")
    return game


@pytest.mark.parametrize("missed", ["0", "0.2"])
def test_the_timelock_is_slots_some_of_them_missed(missed: str) -> None:
    game = waiting(missed=missed)
    assert game.blocks is not None
    time, block = game.world.time, game.world.block
    assert governance.wait_timelock(game) == TIMELOCK
    assert game.world.time - time == TIMELOCK
    assert game.blocks.passed == TIMELOCK // 12
    assert game.world.block - block == game.blocks.passed - game.blocks.missed
    assert (game.blocks.missed > 0) is (missed != "0")
    # Empty blocks lower the base fee by an eighth each.
    assert game.blocks.chain.base_fee < 20 * 10**9


def test_agents_send_and_are_included_in_the_timelock() -> None:
    game = waiting()
    game.set_outside("WETH", 1500)
    governance.wait_timelock(game)
    included = [event for event in game.events if event.kind == "included"]
    assert {event.actor for event in included} == {"feed"}
    assert game.oracle_price("WETH") == 1500
    assert [event for event in game.events if event.kind == "publication"]


def test_a_timelock_of_no_whole_number_of_slots_is_over_in_the_last_one() -> None:
    game = waiting(timelock=100)
    assert governance.wait_timelock(game) == 108
    with game.transaction("execute"):
        governance.execute(game, "attacker")
    assert "COIN" in game.protocol.listings()
