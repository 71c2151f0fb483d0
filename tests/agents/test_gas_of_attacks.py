"""What an attack's own transactions pay for gas on a chain."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from protocol_texts import changed
from scenarios.attackers.attacker import AttackResult
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation

GWEI = Fraction(1, 10**9)
ETHER = 2000


def executed(**chain: Any) -> AttackResult:
    """Return the listing attack, in which two transactions of the attacker stand, without a timelock."""
    on_chain = {"chain": {"native": "WETH", **chain}} if chain else {}
    file = changed("governance-listing", governance__timelock=0, **on_chain)
    return file.attacks["listing"].execute(open_simulation(file, seed_of(file), 0))


@pytest.mark.parametrize(("gas", "tip"), [(None, 0), (None, 3), (3_000_000, 0), (3_000_000, 50)], ids=str)
def test_each_transaction_pays_base_fee_and_tip(gas: int | None, tip: int) -> None:
    # The votes are bought a block before they are used: an empty block lowers the base fee by an eighth.
    sender = {"tip": tip} | ({} if gas is None else {"gas": gas})
    free, paid = executed(base_fee=0), executed(base_fee=80, senders={"attacker": sender})
    assert not paid.refused
    expected = 2 * (gas or 1_000_000) * (70 + tip) * GWEI * ETHER
    assert free.profit - paid.profit == expected
    assert paid.paid_by["transaction costs"] - free.paid_by["transaction costs"] == expected
    assert paid.loss - free.loss == expected
    assert paid.profit + sum(paid.paid_by.values()) == 0


def test_a_refused_transaction_pays_too() -> None:
    file = changed("governance-listing", governance__against="0.05", chain={"native": "WETH", "base_fee": 80})
    result = file.attacks["listing"].execute(open_simulation(file, seed_of(file), 0))
    assert "too few votes" in result.refused
    assert result.paid_by["transaction costs"] == 1 + 1_000_000 * 70 * GWEI * ETHER


def test_without_a_chain_only_the_fee_of_the_file_is_paid() -> None:
    assert executed().paid_by["transaction costs"] == 2
