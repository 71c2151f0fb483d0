"""Vault shares: roundings, donations, the inflation attack with and without virtual shares."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import (
    DivisionByZeroError,
    InsufficientLiquidityError,
    StateError,
    UnsafeValueError,
    ZeroAmountError,
)
from protocol.fixed_point import UINT256_MAX
from protocol.venues.vault_share import VaultShare, full_price_per_share, openzeppelin, plain, yearn

ASSETS = st.integers(1, 10**30)
SUPPLY = st.integers(1, 10**30)
AMOUNT = st.integers(1, 10**24)
DONATION = st.integers(0, 10**30)
OFFSET = st.integers(0, 12)
VICTIM = st.integers(10**6, 10**24)


def vaults() -> st.SearchStrategy[VaultShare]:
    made = st.builds(
        lambda a, s, o: openzeppelin("A", "S", offset=o, total_assets=a, total_supply=s),
        ASSETS,
        SUPPLY,
        OFFSET,
    )
    return made | st.builds(lambda a, s: plain("A", "S", total_assets=a, total_supply=s), ASSETS, SUPPLY)


def test_openzeppelins_own_figures() -> None:
    """Test file ERC4626.test.js, "inflation attack: offset price by direct deposit of assets"."""
    for offset in (0, 6, 18):
        empty = openzeppelin("A", "S", offset=offset)
        assert empty.to_shares_down(10**18) == 10 ** (18 + offset)
        # One whole asset is donated to the empty vault: 10**offset virtual shares now own 1 + 10**18 units.
        gifted = empty.donate(10**18)
        shares, _ = gifted.deposit(10**18)
        assert shares == 10**18 * 10**offset // (10**18 + 1)


@given(vault=vaults(), amount=AMOUNT)
def test_every_rounding_favours_the_vault(vault: VaultShare, amount: int) -> None:
    assert vault.to_shares_up(amount) - vault.to_shares_down(amount) in (0, 1)
    assert vault.to_assets_up(amount) - vault.to_assets_down(amount) in (0, 1)
    assert vault.to_assets_down(vault.to_shares_down(amount)) <= amount
    assert vault.to_assets_up(vault.to_shares_up(amount)) >= amount
    cost, _ = vault.mint(amount)
    assert vault.to_shares_down(cost) >= amount
    # The value of a share never falls through a caller's own action.
    held, supply = vault.total_assets + vault.virtual_assets, vault.total_supply + vault.virtual_shares
    for _, after in filter(
        None, (_try(vault, name, amount) for name in ("deposit", "mint", "withdraw", "redeem"))
    ):
        new_held = after.total_assets + vault.virtual_assets
        new_supply = after.total_supply + vault.virtual_shares
        assert new_held * supply >= held * new_supply


def _try(vault: VaultShare, name: str, amount: int) -> tuple[int, VaultShare] | None:
    try:
        result: tuple[int, VaultShare] = getattr(vault, name)(amount)
    except (InsufficientLiquidityError, ZeroAmountError):
        return None
    return result


def test_the_inflation_attack_takes_the_first_deposit_of_an_unguarded_vault() -> None:
    vault = yearn("A", "S")
    own, vault = vault.deposit(1)
    vault = vault.donate(10**20)
    victim, vault = vault.deposit(10**20)
    assert victim == 0
    loot, _ = vault.redeem(own)
    assert loot - 10**20 - 1 == 10**20, "the whole deposit of the victim"
    with pytest.raises(ZeroAmountError):
        replace(vault, refuse_nothing=True).deposit(10**20)


@given(donation=DONATION, own=AMOUNT, victim=VICTIM, offset=OFFSET)
def test_with_virtual_shares_the_attacker_never_gains(
    donation: int, own: int, victim: int, offset: int
) -> None:
    vault = openzeppelin("A", "S", offset=offset)
    shares, vault = vault.deposit(own)
    vault = vault.donate(donation)
    _, vault = vault.deposit(victim)
    loot, _ = vault.redeem(shares)
    # loot < (held + 1) follows from floor(victim's shares) > exact - 1 and 10**offset >= 1.
    assert loot <= own + donation


@given(victim=VICTIM, offset=st.integers(1, 12))
def test_robbing_a_deposit_costs_ten_to_the_offset_times_as_much(victim: int, offset: int) -> None:
    """With one unit deposited, only a gift above victim * 10**offset leaves the victim without a share."""
    shares, vault = openzeppelin("A", "S", offset=offset).deposit(1)
    enough = victim * (shares + 10**offset) - 1
    assert vault.donate(enough - 1).deposit(victim)[0] == 1
    robbed, after = vault.donate(enough).deposit(victim)
    assert robbed == 0
    loot, _ = after.redeem(shares)
    assert 1 + enough - loot > victim * 10**offset // 2, "the attacker loses far more than the victim"


def test_a_plain_vault_starts_one_to_one_whatever_was_donated() -> None:
    vault = plain("A", "S").donate(77)
    assert vault.deposit(100)[0] == 100
    assert vault.deposit(100)[1].redeem(100)[0] == 177


def test_max_functions() -> None:
    vault = openzeppelin("A", "S", offset=3, total_assets=1000, total_supply=10**6)
    assert vault.max_deposit() == vault.max_mint() == UINT256_MAX
    assert vault.max_withdraw(500_000) == vault.to_assets_down(500_000)
    assert vault.max_redeem(500_000) == 500_000
    assert vault.redeem(vault.max_redeem(10**6))[0] == vault.max_withdraw(10**6)
    limited = replace(vault, deposit_limit=1500)
    assert limited.max_deposit() == 500
    limited.deposit(500)
    with pytest.raises(UnsafeValueError):
        limited.deposit(501)
    limited.mint(limited.max_mint())
    with pytest.raises(UnsafeValueError):
        limited.mint(limited.max_mint() + 1)
    assert replace(vault, deposit_limit=10).max_deposit() == 0


def test_more_than_there_is_cannot_leave() -> None:
    vault = plain("A", "S", total_assets=1000, total_supply=500)
    with pytest.raises(InsufficientLiquidityError):
        vault.redeem(501)
    with pytest.raises(InsufficientLiquidityError):
        vault.withdraw(1001)
    assert vault.withdraw(1000)[0] == 500
    with pytest.raises(InsufficientLiquidityError):
        vault.lose(1001)


def test_losses_and_gifts_move_the_price_per_share() -> None:
    vault = yearn("A", "S", total_assets=3 * 10**18, total_supply=2 * 10**18)
    assert full_price_per_share(vault) == vault.price_per_share(10**18) == 15 * 10**17
    assert full_price_per_share(vault.donate(10**18)) == 2 * 10**18
    assert full_price_per_share(vault.lose(10**18)) == 10**18
    with pytest.raises(DivisionByZeroError):
        full_price_per_share(yearn("A", "S"))


def test_half_virtual_vaults_do_not_exist() -> None:
    with pytest.raises(StateError):
        VaultShare("A", "S", virtual_assets=0, virtual_shares=10)
