"""JELLY and POPCAT: what leaving positions to a backstop vault earns, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest

from protocol.fixed_point import WAD
from protocol.liquidation.view import WHOLE_ACCOUNT, Judgement, View
from protocol.market_state import Price
from protocol_texts import changed
from scenarios.attackers.attacker import AttackResult
from scenarios.attackers.vaults import VaultDumping
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.attack import optimise
from scenarios.simulation.market import seed_of
from scenarios.simulation.names import VAULT
from scenarios.simulation.run import open_simulation

ATTACK = "dump on the vault"
TRIGGERS = (20_000, 50_000, 70_000)
SQUEEZES = (10_000, 100_000, 900_000)
POSITIONS = (50_000, 4_000_000)


def executed(file: ProtocolFile, **values: object) -> AttackResult:
    strategy = file.attacks[ATTACK]
    assert isinstance(strategy, VaultDumping)
    chosen = strategy.at({key: Decimal(str(value)) for key, value in values.items()})
    return chosen.execute(open_simulation(file, seed_of(file), 0))


def best_on_grid(file: ProtocolFile) -> Fraction:
    return max(
        executed(file, position=position, trigger=trigger, squeeze=squeeze).profit
        for position in POSITIONS
        for trigger in TRIGGERS
        for squeeze in SQUEEZES
    )


def test_the_vault_pays_for_the_abandoned_short() -> None:
    result = executed(changed("jelly"))
    assert not result.refused
    assert result.profit > 5_000_000
    kinds = [event.kind for event in result.events]
    assert kinds.index("liquidation") < kinds.index("borrow")
    # All that the attacker gains comes from the vault; what others gain is what the pushes cost.
    assert result.paid_by["backstop vault"] < -result.profit
    others = sum(gain for name, gain in result.paid_by.items() if name != "backstop vault")
    assert others == -result.paid_by["backstop vault"] - result.profit
    assert result.bad_debt == 0


def test_what_the_vault_loses_is_the_move_of_the_price_it_took_over_at() -> None:
    result = executed(changed("jelly"))
    prices = [event.details["price"] for event in result.events if event.kind == "publication"]
    taken_at, closed_at = (Fraction(Decimal(str(price))) for price in prices)
    # 400 million contracts; the margin that fell to the vault with them is a part of its result.
    margin = Fraction(4_000_000) / 5 - 400_000_000 * (taken_at - Fraction(1, 100))
    expected = 400_000_000 * (closed_at - taken_at) - margin
    assert float(-result.paid_by["backstop vault"]) == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize("share", ["0", "0.0005", "0.001"])
def test_a_smaller_share_of_the_vault_kills_it(share: str) -> None:
    file = changed("jelly", backstop_vault__most_share=share)
    assert best_on_grid(file) <= 0
    # The account that the vault has no room for is closed against its own other side instead.
    result = executed(file)
    assert [event for event in result.events if event.kind == "deleveraged"]


def test_a_search_finds_no_way_around_the_share() -> None:
    file = changed("jelly", backstop_vault__most_share="0.001")
    assert not optimise(file, generations=2, population=4).pays


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("backstop_vault__most_share", ["0", "0.002", "0.01", "0.1", "1"]),
        ("backstop_vault__most_loss", ["0", "0.001", "0.01", "0.1", "1"]),
        ("backstop_vault__unwinds", ["0", "0.1", "0.5", "1"]),
        ("perpetuals__JELLY-PERP__open_interest_cap", [1_000_000, 40_000_000, 400_000_000]),
        ("perpetuals__JELLY-PERP__position_limit", [1_000_000, 40_000_000, 400_000_000]),
    ],
)
def test_raising_a_cap_never_lowers_the_optimum(field: str, values: list[object]) -> None:
    optima = [best_on_grid(changed("jelly", **{field: value})) for value in values]
    for lower, higher in pairwise(optima):
        assert higher >= lower
    assert optima[0] <= 0
    assert optima[-1] > 5_000_000


@pytest.mark.parametrize("loss", ["0.001", "0.01", "0.03"])
def test_a_vault_that_is_deleveraged_loses_what_it_may_and_no_more(loss: str) -> None:
    # A vault that only holds pays when it is closed against the winner, at the price of its greatest loss.
    file = changed("jelly", backstop_vault={"cash": 200_000_000, "most_loss": loss})
    result = executed(file)
    assert float(-result.paid_by["backstop vault"]) == pytest.approx(200_000_000 * float(loss), abs=0.01)
    assert result.profit < 200_000_000 * Fraction(loss)
    closed = [event for event in result.events if event.kind == "deleveraged"]
    assert [(event.actor, event.details["against"]) for event in closed] == [("attacker", "backstop vault")]


def test_nobody_pays_while_the_vault_neither_unwinds_nor_is_deleveraged() -> None:
    result = executed(changed("jelly", backstop_vault={"cash": 200_000_000}))
    assert result.profit < 0
    assert result.bad_debt == 0


def popcat(file: ProtocolFile, **values: object) -> ProtocolFile:
    """Return the file with longs opened at a supported price, and nobody who sells into the support."""
    strategy = file.attacks[ATTACK]
    chosen: Mapping[str, object] = {"side": "long", "support": 400_000, "trigger": 63_000, "squeeze": 203_000}
    longs = VaultDumping.model_validate(strategy.model_dump() | chosen | values)
    agents = {name: agent for name, agent in file.agents.items() if name != "arbitrageur"}
    return file.model_copy(update={"attacks": {ATTACK: longs}, "agents": agents})


def test_longs_opened_at_a_supported_price_are_left_to_the_vault() -> None:
    result = executed(popcat(changed("jelly")))
    assert not result.refused
    assert result.profit > 1_000_000
    assert result.paid_by["backstop vault"] < -result.profit
    game = open_simulation(changed("jelly"), seed_of(changed("jelly")), 0)
    assert game.world.balance(VAULT, "JELLY-PERP") == 0, "a what-if leaves no trace"
    small = popcat(changed("jelly", backstop_vault__most_share="0.0005"))
    assert executed(small).profit < 100_000
    assert executed(popcat(changed("jelly", backstop_vault__most_share="0"))).profit <= 0


def test_two_sides_against_a_market_maker_cost_its_spread() -> None:
    maker = {
        "type": "market-maker",
        "funds": {"USDC": 20_000_000},
        "market": "JELLY-PERP",
        "most_position": 400_000_000,
        "half_spread": "0.01",
    }
    agents = dict(changed("jelly").model_dump(mode="json")["agents"])
    file = changed("jelly", agents={**agents, "maker": maker})
    alone = executed(file)
    strategy = file.attacks[ATTACK].model_copy(update={"maker": "maker"})
    matched = strategy.execute(open_simulation(file, seed_of(file), 0))
    # Selling one per cent below and buying one per cent above the mark, on four million dollars.
    assert float(alone.profit - matched.profit) == pytest.approx(80_000, rel=0.02)
    assert float(matched.paid_by["maker"]) == pytest.approx(80_000, rel=0.02)


@pytest.mark.parametrize(("dollar", "part"), [("1", "1"), ("0.5", "0.5"), ("0.25", "0.25"), ("2", "1")])
def test_the_room_of_the_vault_is_its_cash_at_the_price_of_the_settlement_asset(
    dollar: str, part: str
) -> None:
    file = changed("jelly", backstop_vault={"cash": 1000, "most_share": 1})
    protocol = open_simulation(file, seed_of(file), 0).protocol
    market = protocol.market_at({"JELLY": Price.of("0.01"), "USDC": Price.of(dollar)})
    (room,) = (rule.sizer for rule in protocol.machine.policy.rules if rule.taker == VAULT)
    # 100,000 contracts of one cent are 1,000 of money, against a thousand tokens of the vault's.
    held = {"JELLY-PERP": 100_000 * 10**6}
    judged = Judgement(-1, -1, -1)
    view = View("loser", held, market, "USDC", judged, lambda _, __: judged, frozenset({"JELLY-PERP"}))
    assert room.size(view, WHOLE_ACCOUNT, Fraction(0)) == int(Decimal(part) * WAD)
