"""Vault shares: ERC-4626 with virtual shares, plain ERC-4626, and Yearn's older price per share.

Source of the rules: OpenZeppelin ``ERC4626.sol`` (5.x: one virtual asset and 10**offset virtual shares),
Solmate ``ERC4626.sol`` (none, and no deposit that mints nothing), Yearn ``yVault.sol`` (the form of 2020).
Amounts round against the caller. A donation raises the assets and mints nothing: it lifts the price of a
share, which is the inflation attack on a first depositor and a lever on whoever reads the price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self

from protocol.errors import (
    DivisionByZeroError,
    InsufficientLiquidityError,
    StateError,
    UnsafeValueError,
    ZeroAmountError,
)
from protocol.fixed_point import UINT256_MAX, mul_div_down, mul_div_up
from protocol.venues.checks import require_known, require_not_negative, require_positive
from protocol.venues.venue import State, Trade, state_int, state_str


@dataclass(frozen=True, slots=True)
class VaultShare:
    """An ERC-4626 vault as a value.

    Parameters
    ----------
    asset, share
        Names of the underlying asset and of the share.
    total_assets
        Units that the vault counts as its own.
    total_supply
        Shares in circulation.
    virtual_assets, virtual_shares
        Added to both before any conversion: 1 and 10**offset in OpenZeppelin 5, 0 and 0 in plain vaults.
    refuse_nothing
        Whether a deposit that mints no share, or a redemption that pays nothing, reverts (Solmate).
    deposit_limit
        Most assets the vault may hold through deposits.
    """

    asset: str
    share: str
    total_assets: int = 0
    total_supply: int = 0
    virtual_assets: int = 1
    virtual_shares: int = 1
    refuse_nothing: bool = False
    deposit_limit: int = UINT256_MAX

    def __post_init__(self) -> None:
        if min(self.total_assets, self.total_supply, self.virtual_assets, self.virtual_shares) < 0:
            raise StateError("amounts", "not negative", self)
        if (self.virtual_assets == 0) != (self.virtual_shares == 0):
            raise StateError("virtual_assets, virtual_shares", "both zero or both above", self)

    @property
    def assets(self) -> tuple[str, ...]:
        """The underlying asset and the share."""
        return (self.asset, self.share)

    def reserves(self) -> Mapping[str, int]:
        """Return the assets; shares are minted and burned, not held."""
        return {self.asset: self.total_assets}

    def _terms(self) -> tuple[int, int]:
        return self.total_assets + self.virtual_assets, self.total_supply + self.virtual_shares

    def to_shares_down(self, assets: int) -> int:
        """Return the shares that ``assets`` are worth."""
        held, supply = self._terms()
        return assets if supply == 0 else mul_div_down(assets, supply, held)

    def to_shares_up(self, assets: int) -> int:
        """Return the shares that cover ``assets``."""
        held, supply = self._terms()
        return assets if supply == 0 else mul_div_up(assets, supply, held)

    def to_assets_down(self, shares: int) -> int:
        """Return the assets that ``shares`` are worth."""
        held, supply = self._terms()
        return shares if supply == 0 else mul_div_down(shares, held, supply)

    def to_assets_up(self, shares: int) -> int:
        """Return the assets that cover ``shares``."""
        held, supply = self._terms()
        return shares if supply == 0 else mul_div_up(shares, held, supply)

    def max_deposit(self) -> int:
        """Return the most assets that ``deposit`` takes."""
        if self.deposit_limit == UINT256_MAX:
            return UINT256_MAX
        return max(self.deposit_limit - self.total_assets, 0)

    def max_mint(self) -> int:
        """Return the most shares that ``mint`` gives."""
        return UINT256_MAX if self.deposit_limit == UINT256_MAX else self.to_shares_down(self.max_deposit())

    def max_withdraw(self, shares_held: int) -> int:
        """Return the most assets that a holder of ``shares_held`` may withdraw."""
        return self.to_assets_down(min(shares_held, self.total_supply))

    def max_redeem(self, shares_held: int) -> int:
        """Return the most shares that a holder of ``shares_held`` may redeem."""
        return min(shares_held, self.total_supply)

    def deposit(self, assets: int) -> tuple[int, Self]:
        """Hand in exactly ``assets``; return (shares minted, rounded down, vault).

        Raises
        ------
        UnsafeValueError
            Above ``max_deposit``.
        ZeroAmountError
            ZERO_SHARES, in vaults that refuse it.
        """
        require_not_negative("assets", assets)
        if assets > (most := self.max_deposit()):
            raise UnsafeValueError("assets deposited", assets, 0, most)
        shares = self.to_shares_down(assets)
        if shares == 0 and self.refuse_nothing:
            raise ZeroAmountError("shares minted")
        return shares, self._moved(assets, shares)

    def mint(self, shares: int) -> tuple[int, Self]:
        """Mint exactly ``shares``; return (assets paid, rounded up, vault).

        Raises
        ------
        UnsafeValueError
            Beyond the most that may be minted.
        """
        require_not_negative("shares", shares)
        if shares > (most := self.max_mint()):
            raise UnsafeValueError("shares minted", shares, 0, most)
        assets = self.to_assets_up(shares)
        return assets, self._moved(assets, shares)

    def withdraw(self, assets: int) -> tuple[int, Self]:
        """Take out exactly ``assets``; return (shares burned, rounded up, vault).

        Raises
        ------
        InsufficientLiquidityError
            For more than there is.
        """
        require_not_negative("assets", assets)
        shares = self.to_shares_up(assets)
        self._require_covered(assets, shares)
        return shares, self._moved(-assets, -shares)

    def redeem(self, shares: int) -> tuple[int, Self]:
        """Burn exactly ``shares``; return (assets paid, rounded down, vault).

        Raises
        ------
        InsufficientLiquidityError, ZeroAmountError
            For more than there is; for shares worth nothing, in vaults that refuse it.
        """
        require_not_negative("shares", shares)
        assets = self.to_assets_down(shares)
        self._require_covered(assets, shares)
        if assets == 0 and self.refuse_nothing:
            raise ZeroAmountError("assets redeemed")
        return assets, self._moved(-assets, -shares)

    def donate(self, assets: int) -> Self:
        """Receive ``assets`` for nothing: a transfer, a yield, or a price manipulation."""
        require_not_negative("assets donated", assets)
        return replace(self, total_assets=self.total_assets + assets)

    def lose(self, assets: int) -> Self:
        """Lose ``assets``: a strategy's loss, shared by all holders.

        Raises
        ------
        InsufficientLiquidityError
            For more than the vault has.
        """
        require_not_negative("assets lost", assets)
        if assets > self.total_assets:
            raise InsufficientLiquidityError(self.asset, assets, self.total_assets)
        return replace(self, total_assets=self.total_assets - assets)

    def _require_covered(self, assets: int, shares: int) -> None:
        if shares > self.total_supply:
            raise InsufficientLiquidityError(self.share, shares, self.total_supply)
        if assets > self.total_assets:
            raise InsufficientLiquidityError(self.asset, assets, self.total_assets)

    def _moved(self, assets: int, shares: int) -> Self:
        return replace(self, total_assets=self.total_assets + assets, total_supply=self.total_supply + shares)

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return the shares for a deposit, or the assets for a redemption."""
        require_known(self.assets, sell, buy)
        require_positive("amount in", amount_in)
        if sell == self.asset:
            return self.to_shares_down(amount_in)
        return self.to_assets_down(amount_in)

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Deposit or redeem; the vault keeps no clock, so ``time`` is ignored."""
        del time
        require_known(self.assets, sell, buy)
        require_positive("amount in", amount_in)
        out, after = self.deposit(amount_in) if sell == self.asset else self.redeem(amount_in)
        return Trade(sell, buy, amount_in, out), after

    def price_per_share(self, scale: int) -> int:
        """Return the assets for ``scale`` shares (10**decimals for one whole share), rounded down."""
        return self.to_assets_down(scale)

    def to_state(self) -> State:
        """Return the state as plain data."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the vault from ``to_state``'s data."""
        return cls(
            asset=state_str(state, "asset"),
            share=state_str(state, "share"),
            total_assets=state_int(state, "total_assets", 0),
            total_supply=state_int(state, "total_supply", 0),
            virtual_assets=state_int(state, "virtual_assets", 1),
            virtual_shares=state_int(state, "virtual_shares", 1),
            refuse_nothing=bool(state.get("refuse_nothing", False)),
            deposit_limit=state_int(state, "deposit_limit", UINT256_MAX),
        )


def openzeppelin(
    asset: str, share: str, *, offset: int = 0, total_assets: int = 0, total_supply: int = 0
) -> VaultShare:
    """Return a vault under OpenZeppelin 5's rules with a decimals offset."""
    return VaultShare(asset, share, total_assets, total_supply, 1, 10**offset)


def plain(asset: str, share: str, *, total_assets: int = 0, total_supply: int = 0) -> VaultShare:
    """Return a vault under Solmate's rules: no virtual amounts, no mint of nothing."""
    return VaultShare(asset, share, total_assets, total_supply, 0, 0, refuse_nothing=True)


def yearn(asset: str, share: str, *, total_assets: int = 0, total_supply: int = 0) -> VaultShare:
    """Return a vault under the rules of Yearn's ``yVault``: no virtual amounts, a mint of nothing passes."""
    return VaultShare(asset, share, total_assets, total_supply, 0, 0)


def full_price_per_share(vault: VaultShare) -> int:
    """Return Yearn's ``getPricePerFullShare``: balance * 10**18 / supply, which reverts without supply."""
    if vault.total_supply == 0:
        raise DivisionByZeroError("price per full share")
    return vault.total_assets * 10**18 // vault.total_supply
