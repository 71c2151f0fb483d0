"""Concessions where a curve ends or a clamp begins."""

from __future__ import annotations

from fractions import Fraction

import pytest

from preset_world import E6, E18, PERP, USD, judge, market
from protocol.fixed_point import WAD
from protocol.liquidation.presets.catalogue import takeable
from protocol.liquidation.pricers import Absorb, FallingAccount, Fillable, Growing
from protocol.liquidation.view import WHOLE_ACCOUNT, Judgement, Kind, Part, View

POSITION = Part(Kind.POSITION, PERP)
DERIVE = FallingAccount(Fraction(95, 100), Fraction(70, 100), 900, 43_200, 3_600)


def view(equity: int, excess: int, elapsed: int = 0, **balances: int) -> View:
    judged = Judgement(equity * WAD, excess * WAD, excess * WAD)
    return View("a", balances, market(2000), USD, judged, judge, frozenset({PERP}), elapsed)


@pytest.mark.parametrize(
    ("elapsed", "asked"),
    [(0, "0.95"), (450, "0.825"), (900, "0.7"), (900 + 21_600, "0.35"), (900 + 43_200, "0"), (10**6, "0")],
)
def test_the_solvent_curve_of_derive(elapsed: int, asked: str) -> None:
    assert 1 - DERIVE.concession(view(100, -10, elapsed), WHOLE_ACCOUNT) == Fraction(asked)


@pytest.mark.parametrize(("elapsed", "paid"), [(0, 100), (1_800, 175), (3_600, 250), (10**6, 250)])
def test_the_insolvent_curve_of_derive(elapsed: int, paid: int) -> None:
    """From the negative value, 100, to the maintenance shortfall, 250, in an hour."""
    priced = 1 - DERIVE.concession(view(-100, -250, elapsed), WHOLE_ACCOUNT)
    assert priced * -100 == -paid


def test_a_growing_fee_waits_and_stops() -> None:
    fee = Growing(Fraction(1, 100), Fraction(1, 10_000), after=600, most=Fraction(5, 100))
    for elapsed, expected in ((0, "0.01"), (600, "0.01"), (700, "0.02"), (1000, "0.05"), (10**6, "0.05")):
        assert fee.concession(view(1, -1, elapsed), POSITION) == Fraction(expected)


@pytest.mark.parametrize(
    ("equity", "part"), [(1_000, 0), (1_500, 0), (500, Fraction(1, 2)), (0, 1), (-700, 1)]
)
def test_the_fillable_price_ends_at_the_mark_and_at_the_whole_spread(equity: int, part: Fraction) -> None:
    """Of a requirement of 1,000: 3/2 of 5 %, by the part of it that is gone, which is none to all."""
    account = view(equity, equity - 1_000, **{PERP: 10 * E18})
    assert Fillable().concession(account, POSITION) == part * Fraction(75, 1000)


@pytest.mark.parametrize(("equity", "paid"), [(300, 200), (100, 0), (50, 0), (0, 0), (-5, 0)])
def test_absorption_pays_out_nothing_below_its_penalty(equity: int, paid: int) -> None:
    """5 % of 2,000 of collateral is 100."""
    account = view(equity, -1, ETH=E18, USD=-(2000 - equity) * E6)
    concession = Absorb(Fraction(5, 100)).concession(account, WHOLE_ACCOUNT)
    assert (1 - concession) * equity == paid


@pytest.mark.parametrize(
    ("equity", "taken"), [(667, False), (600, False), (599, True), (0, True), (-1, False)]
)
def test_the_backstop_vault_takes_below_two_thirds_and_not_below_zero(equity: int, taken: bool) -> None:
    """Of a requirement of 900, two thirds are 600."""
    assert takeable(view(equity, equity - 900)) is taken
