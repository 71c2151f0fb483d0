"""Mango, Drift, Hyperliquid, dYdX and Synthetix by hand, each figure worked out on paper."""

from __future__ import annotations

from fractions import Fraction

import pytest

from preset_world import E6, E18, PERP, USD, WATERFALL, held, judge, long, market, setup
from protocol.errors import NotLiquidatableError, UnsafeValueError
from protocol.ledger import Account, Kind, quote_of
from protocol.liquidation.presets import catalogue
from protocol.liquidation.pricers import FixedBonus
from protocol.liquidation.recent import LONGEST_WINDOW
from protocol.liquidation.sizers import Windowed
from protocol.liquidation.stages import Stage

FEE = Fraction(1, 100)


def test_mango_closes_just_what_restores_the_release_level() -> None:
    """10 long from 2000 with 900 margin, at 1950: equity 400, short of 5 % of 19,500.

    Closing x units at a fee of 1 % leaves 400 - 19.5 x against 6 % of 1950 (10 - x), so x = 770 / 97.5.
    """
    machine = setup(catalogue.mango(WATERFALL, fee=FEE), USD=900 * E6)
    long(machine, 10, 2000)
    machine.step("p:a", "p:keeper", market(1950), 0)
    assert float(10 - held(machine, "p:a", PERP)) == pytest.approx(770 / 97.5, abs=1e-8)
    assert judge(machine.book.balances("p:a"), market(1950)).release >= 0


def test_drift_allows_a_share_that_grows() -> None:
    """A tenth at once, all after the time: of the 770 / 97.5 units of the Mango test."""
    needed = 770 / 97.5
    policy = catalogue.drift(WATERFALL)
    for wait, share in ((0, 0.1), (27, 0.55), (54, 1.0)):
        machine = setup(policy, USD=900 * E6)
        long(machine, 10, 2000)
        machine.flag("p:a", market(1950), 0)
        machine.step("p:a", "p:keeper", market(1950), wait)
        assert float(10 - held(machine, "p:a", PERP)) == pytest.approx(needed * share, rel=1e-6)


def test_drift_counts_what_was_freed() -> None:
    """Two calls in one second free no more than one; a later one frees only what the ramp has grown by."""
    machine = setup(catalogue.drift(WATERFALL), USD=900 * E6)
    long(machine, 10, 2000)
    machine.step("p:a", "p:keeper", market(1950), 0)
    assert float(10 - held(machine, "p:a", PERP)) == pytest.approx(77 / 97.5, rel=1e-6)
    again = machine.step("p:a", "p:keeper", market(1950), 0)
    assert again.size <= E18 // 10**9  # what rounding to whole units left of the share
    machine.step("p:a", "p:keeper", market(1950), 27)
    assert float(10 - held(machine, "p:a", PERP)) == pytest.approx(770 * 0.55 / 97.5, rel=1e-6)


def test_hyperliquid_slices_then_all_and_vault() -> None:
    """150 long from 2000 is 300,000: a fifth first; for 30 s after it orders are for all, then for a fifth.

    By the documentation: the engine itself is not public, so there are no answers of real code to hold it to.
    """
    policy = catalogue.hyperliquid(WATERFALL, "p:vault", FixedBonus(Fraction(0)))
    for wait, left in ((0, 0), (29, 0), (30, 96)):
        machine = setup(policy, USD=29_400 * E6)
        long(machine, 150, 2000)
        at = market(1899)  # equity 14,250 of 14,242.5 needed: healthy
        with pytest.raises(NotLiquidatableError):
            machine.step("p:a", "p:keeper", at, 0)
        at = market(1890)  # equity 12,900 of 14,175: short, above two thirds
        machine.step("p:a", "p:keeper", at, 0)
        assert held(machine, "p:a", PERP) == 120
        # A fifth at the mark costs nothing: 12,900 against 5 % of 226,800 is enough again.
        assert machine.case("p:a").stage is Stage.ACTIVE  # but not for the release level
        machine.step("p:a", "p:keeper", at, wait)
        assert held(machine, "p:a", PERP) == left
    # An account that was saved and falls again within the 30 s is still sold whole.
    machine = setup(policy, USD=29_400 * E6)
    long(machine, 150, 2000)
    machine.step("p:a", "p:keeper", market(1890), 0)
    machine.step("p:a", "p:keeper", market(1950), 10)
    assert machine.case("p:a").stage is Stage.HEALTHY
    machine.step("p:a", "p:keeper", market(1875), 20)  # 11,100 of 11,250, of which two thirds are 7,500
    assert held(machine, "p:a", PERP) == 0
    # Below two thirds of maintenance the vault takes positions and margin; the owner is left with nothing.
    machine = setup(policy, USD=29_400 * E6)
    long(machine, 150, 2000)
    step = machine.step("p:a", "p:keeper", market(1850), 0)
    assert step.taker == "p:vault"
    assert not machine.book.balances("p:a")
    assert held(machine, "p:vault", PERP) == 150


def test_dydx_price_lies_between_the_mark_and_bankruptcy() -> None:
    """10 long from 2000 with 1,400 margin at 1900: equity 400 of 950.

    ABR = 1 - 400/950, concession = ABR x 1.5 x 5 % = 4.342 %; a tenth, one unit, is sold.
    """
    machine = setup(catalogue.dydx(WATERFALL), USD=1400 * E6)
    long(machine, 10, 2000)
    step = machine.step("p:a", "p:keeper", market(1900), 0, seed=3)
    assert step.size == E18
    assert step.moved is not None
    price = float(Fraction(step.moved.paid[quote_of(PERP)], E6))
    assert price == pytest.approx(1900 * (1 - (1 - 400 / 950) * 1.5 * 0.05), abs=1e-5)
    # That is below 1,860, where a tenth of the equity is lost: the insurance fund pays the difference.
    assert [p.payer for p in step.payments] == ["p:deficit"]
    assert float(step.payments[0].amount / E6) == pytest.approx(1860 - price, abs=1e-5)
    assert step.after.equity == pytest.approx(360 * E18, rel=1e-6)


def test_synthetix_windows() -> None:
    """Four units per window of 30 s: 4, then nothing, then 4 more, then the last 2."""
    machine = setup(catalogue.synthetix(WATERFALL, {PERP: 4 * E18}, "p:vault"), USD=1400 * E6)
    long(machine, 10, 2000)
    left = []
    for now in (0, 10, 30, 60):
        machine.step("p:a", "p:keeper", market(1870), now)
        left.append(held(machine, "p:a", PERP))
    assert left == [6, 6, 2, 0]


def test_synthetix_windows_do_not_add_up_and_are_shared() -> None:
    """Whoever waits ten windows still closes one; what another account closed in it counts."""
    machine = setup(catalogue.synthetix(WATERFALL, {PERP: 4 * E18}, "p:vault"), USD=1400 * E6)
    long(machine, 10, 2000)
    machine.book.open(Account("p:b", Kind.MARGIN, "p"))
    machine.book.post("world", "p:b", USD, 280 * E6)
    machine.book.post("p:lenders", "p:b", PERP, 2 * E18)
    machine.book.post("p:b", "p:lenders", quote_of(PERP), 4000 * E6)
    machine.flag("p:a", market(1870), 0)
    machine.step("p:a", "p:keeper", market(1870), 300)
    assert held(machine, "p:a", PERP) == 6
    assert machine.step("p:b", "p:keeper", market(1870), 310).moved is None
    machine.step("p:b", "p:keeper", market(1870), 330)
    machine.step("p:a", "p:keeper", market(1870), 340)
    assert (held(machine, "p:a", PERP), held(machine, "p:b", PERP)) == (4, 0)
    for seconds in (0, LONGEST_WINDOW + 1):
        with pytest.raises(UnsafeValueError):
            Windowed({PERP: 1}, seconds)
