"""A vault whose share price is what it holds over its shares, so that a plain transfer moves it.

Covers the Yearn form (price per share = assets * 10**decimals / shares), and the form with dead shares and
virtual assets of LlamaLend and ERC-4626 with an offset: assets = shares * (held + 1) / (shares + dead).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from protocol.errors import InsufficientLiquidityError
from protocol.fixed_point import mul_div_down, mul_div_up
from protocol.venues.checks import require_not_negative, require_positive


@dataclass(frozen=True, slots=True)
class ShareVault:
    """Shares over one asset.

    Parameters
    ----------
    asset, share
        Names of what is held and of the claim on it.
    total_assets, total_shares
        Raw units.
    dead_shares, virtual_assets
        Added to each side of the ratio (0 and 0 in the Yearn form, 1000 and 1 in LlamaLend's).
    """

    asset: str
    share: str
    total_assets: int
    total_shares: int
    dead_shares: int = 0
    virtual_assets: int = 0

    def to_assets_down(self, shares: int) -> int:
        """Return the assets that ``shares`` are worth; an empty Yearn vault is one to one."""
        denominator = self.total_shares + self.dead_shares
        if denominator == 0:
            return shares
        return mul_div_down(shares, self.total_assets + self.virtual_assets, denominator)

    def to_shares_down(self, assets: int) -> int:
        """Return the shares that ``assets`` buy."""
        if self.total_shares + self.dead_shares == 0:
            return assets
        return mul_div_down(
            assets, self.total_shares + self.dead_shares, self.total_assets + self.virtual_assets
        )

    def to_assets_up(self, shares: int) -> int:
        """Return the assets that must be paid for exactly ``shares``."""
        denominator = self.total_shares + self.dead_shares
        if denominator == 0:
            return shares
        return mul_div_up(shares, self.total_assets + self.virtual_assets, denominator)

    def price_per_share(self, decimals: int = 18) -> int:
        """Return the assets of one whole share: what integrations read as its price."""
        return self.to_assets_down(10**decimals)

    def deposit(self, assets: int) -> tuple[int, Self]:
        """Deposit ``assets``; return (shares minted, vault)."""
        require_positive("assets", assets)
        shares = self.to_shares_down(assets)
        require_positive("shares minted", shares)
        return shares, self._change(assets, shares)

    def mint(self, shares: int) -> tuple[int, Self]:
        """Mint exactly ``shares``; return (assets paid, vault)."""
        require_positive("shares", shares)
        assets = self.to_assets_up(shares)
        return assets, self._change(assets, shares)

    def redeem(self, shares: int) -> tuple[int, Self]:
        """Redeem ``shares``; return (assets paid out, vault)."""
        require_positive("shares", shares)
        if shares > self.total_shares:
            raise InsufficientLiquidityError(self.share, shares, self.total_shares)
        assets = self.to_assets_down(shares)
        return assets, self._change(-assets, -shares)

    def donate(self, assets: int) -> Self:
        """Receive a plain transfer: the price of every share rises."""
        require_not_negative("donation", assets)
        return replace(self, total_assets=self.total_assets + assets)

    def _change(self, assets: int, shares: int) -> Self:
        return replace(self, total_assets=self.total_assets + assets, total_shares=self.total_shares + shares)
