"""Sizes exactly at their thresholds, where one unit decides."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest

from preset_world import E6, E18, ETH, PERP, USD, judge, market
from protocol.fixed_point import WAD
from protocol.liquidation.exchange import offer
from protocol.liquidation.selectors import LargestLoan
from protocol.liquidation.sizers import CappedPosition, CloseFactor, RestoreHealth, ShareOfFunds, Slices
from protocol.liquidation.view import WHOLE_ACCOUNT, Judgement, Kind, Part, View

POSITION = Part(Kind.POSITION, PERP)
LOAN = Part(Kind.LOAN, ETH, USD)
HALF = Fraction(1, 2)


def view(price: int, judged: Judgement | None = None, **balances: int) -> View:
    at = market(price)
    return View("a", balances, at, USD, judged or judge(balances, at), judge, frozenset({PERP}))


def dollars(amount: int) -> int:
    return amount * WAD


@pytest.mark.parametrize(
    ("debt", "short", "expected"),
    [
        # Health is 1 - shortfall over debt: exactly 0.95 lets all be repaid, a unit of value above only half.
        (4_000, dollars(200), 4_000),
        (4_000, dollars(200) - 1, 2_000),
        # Exactly 2,000 is not small, a raw unit less is.
        (2_000, 1, 1_000),
    ],
)
def test_close_factor_at_its_thresholds(debt: int, short: int, expected: int) -> None:
    rule = CloseFactor(HALF, Fraction(95, 100), small=dollars(2000), dust=dollars(1000))
    account = view(2000, Judgement(0, -short, -short), ETH=4 * E18, USD=-debt * E6)
    assert rule.size(account, LOAN, Fraction(5, 100)) == expected * E6
    smaller = view(2000, Judgement(0, -1, -1), ETH=4 * E18, USD=-2000 * E6 + 1)
    assert rule.size(smaller, LOAN, Fraction(5, 100)) == 2000 * E6 - 1


def test_dust_exactly_at_the_bound_may_be_left() -> None:
    """Half of 3,000 leaves 1,500; a bound of 1,500 is kept, one of a unit of value more takes a cent less."""
    account = view(2000, Judgement(0, -1, -1), ETH=4 * E18, USD=-3000 * E6)
    for dust, expected in ((dollars(1500), 1500 * E6), (dollars(1500) + 1, 1500 * E6 - 1)):
        assert CloseFactor(HALF, Fraction(0), dust=dust).size(account, LOAN, Fraction(0)) == expected


def test_dust_of_collateral_counts_with_the_bonus() -> None:
    """2,000 of collateral keep 1,000 if 1,000 / 1.25 = 800 are repaid, not the 1,000 of half."""
    account = view(2000, Judgement(0, -1, -1), ETH=E18, USD=-2000 * E6)
    rule = CloseFactor(HALF, Fraction(0), dust=dollars(1000))
    assert rule.size(account, LOAN, Fraction(1, 4)) == 800 * E6


def test_no_size_that_leaves_no_dust_waits() -> None:
    account = view(2000, Judgement(0, -1, -1), ETH=4 * E18, USD=-2000 * E6)
    assert CloseFactor(HALF, Fraction(0), dust=dollars(5000)).size(account, LOAN, Fraction(0)) == 0


def test_restoring_health_takes_not_a_unit_too_much() -> None:
    account = view(1990, ETH=10 * E18, USD=-16_000 * E6)
    part = LargestLoan().select(account)
    assert part is not None
    size = RestoreHealth().size(account, part, Fraction(5, 100))

    def release(units: int) -> int:
        return account.after(offer(account, part, units, Fraction(5, 100)).change()).release

    assert 0 < size < 16_000 * E6
    assert release(size - 1) < 0 <= release(size)


def test_slices_begin_above_the_bound() -> None:
    rule = Slices(Fraction(1, 5), dollars(100_000), 30)
    for units, expected in ((50 * E18, 50 * E18), (50 * E18 + 1, 10 * E18 + 1)):
        assert rule.size(view(2000, PERP=units), POSITION, Fraction(0)) == expected


@pytest.mark.parametrize(("tenths", "closed"), [(5, 5), (30, 5), (200, 20), (20_000, 500)])
def test_a_capped_position_closes_neither_too_little_nor_too_much(tenths: int, closed: int) -> None:
    """A tenth, but at least 1,000 and at most 100,000, at 2,000 a unit; sizes in tenths of a unit."""
    rule = CappedPosition(Fraction(1, 10), dollars(1000), dollars(100_000))
    account = view(2000, PERP=tenths * E18 // 10)
    assert rule.size(account, POSITION, Fraction(0)) == closed * E18 // 10


def test_a_pool_takes_the_share_of_its_scarcest_asset() -> None:
    funds: Mapping[str, int] = {USD: 50, ETH: 20}
    account = view(2000, Judgement(0, -1, -1), USD=-100, ETH=-100)
    assert ShareOfFunds(funds.__getitem__).size(account, WHOLE_ACCOUNT, Fraction(0)) == WAD // 5


def test_a_share_of_an_account_is_paid_up_for_a_liquidator_and_down_for_the_protocol() -> None:
    account = view(2000, Judgement(10 * WAD // E6, -1, -1), USD=10)
    for taker, paid in ((False, 4), (True, 3)):
        assert offer(account, WHOLE_ACCOUNT, WAD // 3, Fraction(0), for_taker=taker).paid == {USD: paid}
