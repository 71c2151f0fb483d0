"""Listings by vote: what a captured vote earns, and which guard ends it or bounds it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest

from protocol.errors import CapExceededError, RuleError
from protocol_texts import changed, lending, read
from scenarios.attackers.attacker import AttackResult
from scenarios.attackers.governance import GovernanceListing
from scenarios.files.errors import FileError
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_rules import ListingFile
from scenarios.simulation import governance
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation
from scenarios.simulation.simulation import Simulation

NAME = "governance-listing"
LENT = 3_000_000 + 500 * 2000
PUMPS = (1_000, 200_000, 2_000_000, 15_000_000)
DEPOSITS = (1_000, 50_000, 1_000_000)


def opened(file: ProtocolFile) -> Simulation:
    return open_simulation(file, seed_of(file), 0)


def executed(file: ProtocolFile, **values: object) -> AttackResult:
    strategy = file.attacks["listing"]
    assert isinstance(strategy, GovernanceListing)
    flash = values.pop("flash_votes", None)
    if flash is not None:
        strategy = strategy.model_copy(update={"flash_votes": flash})
    chosen = strategy.at({key: Decimal(str(value)) for key, value in values.items()})
    return chosen.execute(opened(file))


def best_on_grid(file: ProtocolFile) -> Fraction:
    return max(executed(file, pump=p, deposit=d).profit for p in PUMPS for d in DEPOSITS)


def test_bought_votes_list_the_coin_and_empty_the_lender() -> None:
    result = executed(changed(NAME))
    assert not result.refused
    # Everything that was lent is gone and a pledge worth little stays behind: the hole is others' loss. The
    # votes are kept and cost only capital.
    assert result.paid_by["bad debt"] == -result.bad_debt
    assert 0.9 * LENT < result.bad_debt < LENT
    assert 0.9 * LENT < result.profit < LENT
    assert float(result.capital) == pytest.approx(500_000 * 0.05 + 50_000, rel=1e-6)
    kinds = [event.kind for event in result.events]
    assert [kinds.index(kind) for kind in ("proposal", "vote", "listed", "borrow")] == sorted(
        kinds.index(kind) for kind in ("proposal", "vote", "listed", "borrow")
    )
    assert result.profit + sum(result.paid_by.values()) == 0


def test_too_few_votes_end_it() -> None:
    assert "proposal-refused" in executed(changed(NAME), votes="0.0399").refused
    assert not executed(changed(NAME), votes="0.04").refused
    opposed = changed(NAME, governance__against="0.05")
    assert "too few votes" in executed(opposed, votes="0.05").refused
    assert not executed(opposed, votes="0.0501").refused


def test_votes_of_a_flash_loan_count_only_without_a_snapshot() -> None:
    held = executed(changed(NAME), flash_votes=True)
    assert "too few votes" in held.refused
    assert held.profit <= 0
    counted = executed(changed(NAME, governance__flash_votes=True), flash_votes=True)
    assert not counted.refused
    assert counted.profit > 0.9 * LENT
    # Nothing but the coin is own capital then.
    assert float(counted.capital) == pytest.approx(50_000, rel=1e-6)


@pytest.mark.parametrize(
    ("delay", "timelock", "pays"), [(3600, 86_400, False), (86_400, 86_400, False), (86_401, 86_400, True)]
)
def test_a_guardian_needs_the_timelock(delay: int, timelock: int, *, pays: bool) -> None:
    result = executed(changed(NAME, governance__guardian_delay=delay, governance__timelock=timelock))
    assert (result.profit > 0) is pays
    assert ("cancelled" in result.refused) is not pays


def test_a_longer_timelock_leaves_less_where_lenders_leave() -> None:
    profits = []
    for days in (0, 1, 2, 4):
        file = changed(NAME, governance__timelock=days * 86_400, governance__exit_per_day="0.25")
        result = executed(file)
        profits.append(result.profit)
        assert result.profit + sum(result.paid_by.values()) == 0
    for shorter, longer in pairwise(profits):
        assert longer < shorter
    # After four days everything has left.
    assert profits[-1] < 0


@pytest.mark.parametrize(
    ("limit", "values"),
    [
        ("debt_ceiling", [0, 10_000, 500_000, 10_000_000]),
        ("supply_cap_value", [0, 1_000, 20_000, 1_000_000]),
    ],
)
def test_raising_a_limit_never_lowers_the_optimum(limit: str, values: list[int]) -> None:
    optima = [best_on_grid(changed(NAME, governance__limits={limit: value})) for value in values]
    for lower, higher in pairwise(optima):
        assert higher >= lower
    assert optima[0] <= 0
    assert optima[-1] > 0.9 * LENT


def test_the_debt_ceiling_bounds_the_debt_to_the_unit() -> None:
    file = changed(NAME, governance__limits={"debt_ceiling": 123_456})
    borrowed = executed(file)
    drawn = sum(
        Fraction(Decimal(str(e.details["amount"]))) * {"USDC": 1, "WETH": 2000}[str(e.details["asset"])]
        for e in borrowed.events
        if e.kind == "borrow"
    )
    assert 123_456 - Fraction(1, 10**6) <= drawn <= 123_456


def test_a_limit_on_the_factor_refuses_the_proposal() -> None:
    result = executed(changed(NAME, governance__limits={"collateral_factor": "0.5"}))
    assert "cap-exceeded" in result.refused
    assert not executed(
        changed(NAME, governance__limits={"collateral_factor": "0.5"}), collateral_factor="0.5"
    ).refused


def test_without_a_token_anybody_lists() -> None:
    open_to_all = executed(changed(NAME, governance={"limits": {}}))
    assert not open_to_all.refused
    assert open_to_all.profit > 0.9 * LENT
    isolated = executed(changed(NAME, governance={"limits": {"debt_ceiling": 20_000}}))
    assert isolated.profit < 20_000


def test_isolated_collateral_stands_alone() -> None:
    data = lending(accounts={"a": {"balances": {"ETH": 10}}})
    data["listings"]["ETH"]["debt_ceiling"] = 5_000
    data["listings"]["USDC"]["collateral_factor"] = "0.5"
    game = opened(read(data))
    game.world.wallet("a")
    with game.transaction("within"):
        game.protocol.withdraw("a", "USDC", 5_000 * 10**6)
    assert game.protocol.most_withdrawal("a", "USDC") == 0
    with pytest.raises(CapExceededError, match="debt against ETH"), game.transaction("beyond"):
        game.protocol.withdraw("a", "USDC", 1)
    # With other collateral beside it nothing may be owed at all.
    second = opened(read(data))
    second.world.wallet("a")
    second.world.fund("a", "USDC", 10**9)
    with second.transaction("second collateral"):
        second.protocol.deposit("a", "USDC", 10**9)
    assert second.protocol.most_withdrawal("a", "USDC") == 10**9


def test_a_listing_is_undone_with_its_transaction() -> None:
    game = opened(changed(NAME, governance={"limits": {}}))
    listing = ListingFile(collateral_factor=Decimal("0.5"), borrowable=False)

    def list_and_fail() -> None:
        with game.transaction("undone"):
            governance.propose(game, "me", "COIN", listing, "coin by its pool")
            governance.execute(game, "me")
            assert "COIN" in game.protocol.listings()
            assert game.oracle_price("COIN") == Fraction(1, 100)
            game.protocol.listing("NOTHING")

    with pytest.raises(RuleError, match="NOTHING"):
        list_and_fail()
    assert "COIN" not in game.protocol.listings()
    assert game.oracle_price("COIN") is None


def test_a_file_whose_votes_have_no_supply_is_refused() -> None:
    with pytest.raises(FileError, match="votes need the token's supply"):
        changed(NAME, governance={"token": "VOTE"})
    with pytest.raises(FileError, match="there is no asset 'VOTES'"):
        changed(NAME, governance={"token": "VOTES", "supply": 1})
