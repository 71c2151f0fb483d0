"""The donation-prone vault: rounding in the vault's favour, and what a gift does."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.errors import InsufficientLiquidityError, RuleError, ZeroAmountError
from protocol.vaults.share_vault import ShareVault

MAX_ASSETS = 10**28
vaults = st.builds(
    ShareVault,
    st.just("A"),
    st.just("S"),
    st.integers(1, MAX_ASSETS),
    st.integers(1, MAX_ASSETS),
    st.sampled_from((0, 1000)),
    st.sampled_from((0, 1)),
)


@given(vaults, st.integers(1, MAX_ASSETS))
def test_deposit_then_redeem_never_pays_more_than_was_put_in(vault: ShareVault, assets: int) -> None:
    try:
        shares, after = vault.deposit(assets)
    except RuleError:
        return
    paid, _ = after.redeem(shares)
    assert paid <= assets


@given(vaults, st.integers(1, MAX_ASSETS))
def test_mint_costs_at_least_what_the_shares_redeem_for(vault: ShareVault, shares: int) -> None:
    paid, after = vault.mint(shares)
    back, _ = after.redeem(shares)
    assert back <= paid


@given(vaults, st.integers(0, MAX_ASSETS))
def test_a_gift_never_lowers_the_price_per_share(vault: ShareVault, gift: int) -> None:
    assert vault.donate(gift).price_per_share() >= vault.price_per_share()


@given(vaults, st.integers(1, MAX_ASSETS))
def test_others_never_lose_by_a_deposit(vault: ShareVault, assets: int) -> None:
    held = vault.total_shares
    before = vault.to_assets_down(held)
    try:
        _, after = vault.deposit(assets)
    except RuleError:
        return
    assert after.to_assets_down(held) >= before


@given(st.integers(10**6, 10**24), st.integers(10**6, 10**24))
def test_a_gift_equal_to_the_assets_doubles_the_price(assets: int, shares: int) -> None:
    assume(assets * 10**18 >= shares)
    vault = ShareVault("A", "S", assets, shares)
    assert abs(vault.donate(assets).price_per_share() - 2 * vault.price_per_share()) <= 1


def test_resupply_numbers() -> None:
    # ResupplyFi_exp.sol: 2,000 crvUSD into an empty vault with 1,000 dead shares; 1e36 / price floors to 0.
    vault = ShareVault("crvUSD", "S", 0, 0, dead_shares=1000, virtual_assets=1).donate(2000 * 10**18)
    paid, vault = vault.mint(1)
    assert paid == 2 * 10**18 + 1
    assert 10**36 // vault.price_per_share() == 0


def test_refusals() -> None:
    vault = ShareVault("A", "S", 100, 10)
    with pytest.raises(ZeroAmountError):
        vault.deposit(0)
    with pytest.raises(ZeroAmountError):
        vault.deposit(9)
    with pytest.raises(InsufficientLiquidityError):
        vault.redeem(11)
