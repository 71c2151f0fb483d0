"""Euler V2's liquidation by hand; the stored vectors hold it to the contract's own text."""

from __future__ import annotations

import pytest

from protocol.errors import LiquidationSizeError, NotLiquidatableError, UnknownNameError
from protocol.fixed_point import WAD
from protocol.liquidation.presets.euler import LiquidationTerms, greatest, liquidate
from protocol.margin.presets.euler_v2 import EulerAccount, VaultCollateral, debt_up, fixed_ratio

TERMS = LiquidationTerms(2000)


def account(middle: int) -> EulerAccount[int]:
    """Return a debt of 850 against one ether at ``middle`` that counts 85 %."""
    vault = VaultCollateral("WETH", WAD, middle, middle, fixed_ratio(8_000, 8_500))
    return EulerAccount((vault,), 850 * 10**6, 860 * WAD, 850 * WAD)


def test_the_discount_grows_with_the_shortfall() -> None:
    with pytest.raises(NotLiquidatableError):
        greatest(account(1_001 * WAD), "WETH", TERMS)
    shallow, deep = (greatest(account(x * WAD), "WETH", TERMS) for x in (990, 900))
    assert shallow.discount_factor == 990 * 8_500 * WAD // (850 * 10_000)
    assert deep.discount_factor < shallow.discount_factor
    # 850 / 0.99 dollars of collateral for the whole debt.
    assert shallow.repay == 850 * 10**6
    assert shallow.seized / WAD == pytest.approx(850 / 0.99 / 990)


def test_what_collateral_cannot_repay_falls_on_depositors() -> None:
    done = liquidate(account(500 * WAD), "WETH", TERMS)
    assert done.discount_factor == 8 * WAD // 10
    assert (done.seized, done.repay, done.socialised) == (WAD, 400 * 10**6, 450 * 10**6)
    # Half of it leaves collateral behind, and with it the debt.
    half = liquidate(account(500 * WAD), "WETH", TERMS, repay=200 * 10**6)
    assert (half.seized, half.socialised) == (WAD // 2, 0)
    kept = LiquidationTerms(2000, socialises=False)
    assert liquidate(account(500 * WAD), "WETH", kept).socialised == 0


def test_refusals_and_worthless_collateral() -> None:
    short = account(500 * WAD)
    with pytest.raises(LiquidationSizeError, match="E_ExcessiveRepayAmount"):
        liquidate(short, "WETH", TERMS, repay=400 * 10**6 + 1)
    with pytest.raises(LiquidationSizeError, match="E_MinYield"):
        liquidate(short, "WETH", TERMS, least_seized=WAD + 1)
    with pytest.raises(NotLiquidatableError, match="E_LiquidationCoolOff"):
        greatest(short, "WETH", LiquidationTerms(2000, cool_off=60), 1_059, checked_at=1_000)
    for name, terms in (("WBTC", TERMS), ("WETH", LiquidationTerms(2000, unrecognised=frozenset({"WETH"})))):
        with pytest.raises(UnknownNameError):
            greatest(short, name, terms)
    assert (greatest(account(0), "WETH", TERMS).repay, greatest(account(0), "WETH", TERMS).seized) == (0, WAD)
    assert [debt_up(owed) for owed in (0, 1, 2**31, 2**31 + 1)] == [0, 1, 1, 2]
