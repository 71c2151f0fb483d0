"""Aave, Compound and Euler by hand: each figure follows from the rule of the source."""

from __future__ import annotations

from fractions import Fraction

import pytest

from preset_world import E6, E18, ETH, USD, WATERFALL, held, market, setup
from protocol.liquidation.presets import catalogue
from protocol.liquidation.stages import Stage
from protocol.liquidation.waterfall import Basis


def test_aave_half_then_all() -> None:
    """10 ETH at 1990 count 15,920 against a debt of 16,000: health 0.995, so half is repaid at 5 %."""
    machine = setup(catalogue.aave(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    step = machine.step("p:a", "p:keeper", market(1990), 0)
    assert held(machine, "p:a", USD) == -8000
    assert held(machine, "p:a", ETH) == pytest.approx(10 - 8000 * 1.05 / 1990)
    assert step.stages == (Stage.FLAGGED, Stage.ACTIVE, Stage.HEALTHY)
    # At 1880 health is 0.94: all of it goes, and what is left of the collateral stays with the owner.
    machine = setup(catalogue.aave(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    machine.step("p:a", "p:keeper", market(1880), 0)
    assert held(machine, "p:a", USD) == 0
    assert held(machine, "p:a", ETH) == pytest.approx(10 - 16_000 * 1.05 / 1880)


def test_compound_absorbs_all_and_pays_out_the_rest() -> None:
    """10 ETH at 1990 at a penalty of 5 % are 18,905; less a debt of 16,000 the owner gets 2,905."""
    machine = setup(catalogue.compound(WATERFALL, "p:vault"), ETH=10 * E18, USD=-16_000 * E6)
    before = held(machine, "p:vault", ETH)
    machine.step("p:a", "p:keeper", market(1990), 0)
    assert held(machine, "p:a", ETH) == 0
    assert held(machine, "p:a", USD) == 2905
    assert held(machine, "p:vault", ETH) - before == 10
    # At 1,500 the collateral is worth less than the debt: the reserves bear it, the owner gets nothing.
    machine = setup(catalogue.compound(WATERFALL, "p:vault"), ETH=10 * E18, USD=-16_000 * E6)
    step = machine.step("p:a", "p:keeper", market(1500), 0)
    assert not machine.book.balances("p:a")
    assert step.stages[-1] is Stage.CLOSED
    assert step.payments == ()
    assert held(machine, "p:vault", USD) == 10**9 - 16_000


def test_euler_discount_is_the_shortfall() -> None:
    """Counted 15,200 of 16,000 at 1900: factor 0.95, so the keeper gets 1/0.95 of what he repays."""
    machine = setup(catalogue.euler(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    machine.step("p:a", "p:keeper", market(1900), 0)
    assert held(machine, "p:a", USD) == 0
    assert held(machine, "p:a", ETH) == pytest.approx(float(10 - 16_000 / Fraction(95, 100) / 1900))
    # At 1650 the discount stops at 15 %: 16,000 / 0.85 is more than the collateral, which all goes, and
    # 16,500 x 0.85 = 14,025 are repaid; the rest is a deficit.
    machine = setup(catalogue.euler(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    (step,) = machine.run("p:a", "p:keeper", market(1650), 0)
    assert [(p.payer, p.amount, p.basis) for p in step.payments] == [("p:deficit", 1975 * E6, Basis.EQUITY)]


def test_the_fund_pays_before_the_deficit_is_booked() -> None:
    machine = setup(catalogue.euler(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    machine.book.post("world", "p:fund", USD, 500 * E6)
    (step,) = machine.run("p:a", "p:keeper", market(1650), 0)
    assert [(p.payer, p.amount) for p in step.payments] == [
        ("p:fund", 500 * E6),
        ("p:deficit", 1475 * E6),
    ]
    assert step.stages[-1] is Stage.CLOSED
