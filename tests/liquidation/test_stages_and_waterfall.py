"""The stages, and who pays in which order."""

from __future__ import annotations

import pytest

from preset_world import E6, E18, USD, WATERFALL, market, setup
from protocol.errors import NotLiquidatableError, TransitionError, WaterfallExhaustedError
from protocol.ledger import Account, Kind, Ledger
from protocol.liquidation.presets import catalogue
from protocol.liquidation.stages import Stage, advance
from protocol.liquidation.waterfall import Fund, Socialise, Waterfall


def test_stages_cannot_be_jumped() -> None:
    assert advance("a", Stage.FLAGGED, Stage.ACTIVE) is Stage.ACTIVE
    assert advance("a", Stage.ACTIVE, Stage.ACTIVE) is Stage.ACTIVE
    for stage, wanted in (
        (Stage.HEALTHY, Stage.ACTIVE),
        (Stage.HEALTHY, Stage.CLOSED),
        (Stage.FLAGGED, Stage.INSOLVENT),
        (Stage.CLOSED, Stage.ACTIVE),
    ):
        with pytest.raises(TransitionError):
            advance("a", stage, wanted)


def test_a_flag_is_lifted_when_the_price_returns() -> None:
    machine = setup(catalogue.aave(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    assert machine.flag("p:a", market(1990), 0) is Stage.FLAGGED
    assert machine.flag("p:a", market(2100), 5) is Stage.HEALTHY
    with pytest.raises(NotLiquidatableError):
        machine.flag("p:a", market(2100), 6)
    with pytest.raises(NotLiquidatableError):
        machine.step("p:a", "p:a", market(1990), 7)


def test_a_loss_that_nobody_pays_is_refused_and_undone() -> None:
    machine = setup(catalogue.euler(Waterfall((Fund("p:fund"),))), ETH=10 * E18, USD=-16_000 * E6)
    machine.book.post("world", "p:fund", USD, 500 * E6)
    before = dict(machine.book.balances("p:a"))
    with pytest.raises(WaterfallExhaustedError) as caught:
        machine.step("p:a", "p:keeper", market(1650), 0)
    assert caught.value.details["unpaid"] == 1475 * E6
    assert machine.book.balances("p:a") == before
    assert machine.case("p:a").stage is Stage.HEALTHY


def test_socialised_loss_is_shared_to_the_unit() -> None:
    book = Ledger()
    for name in ("p:l0", "p:l1", "p:l2", "p:debtor"):
        book.open(Account(name, Kind.MARGIN, "p"))
    book.open(Account("world", Kind.ISSUER))
    for name, units in (("p:l0", 1), ("p:l1", 2), ("p:l2", 4)):
        book.post("world", name, USD, units)
    claims = Socialise(lambda ledger, asset: {f"p:l{i}": ledger.balance(f"p:l{i}", asset) for i in range(3)})
    paid = Waterfall((claims,)).cover(book, "p:debtor", USD, 4)
    # 4 x (1, 2, 4) / 7 = 0.57, 1.14, 2.28: the unit left over goes to the largest fraction.
    assert [(p.payer, p.amount) for p in paid] == [("p:l0", 1), ("p:l1", 1), ("p:l2", 2)]
