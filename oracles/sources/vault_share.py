"""A vault share by what the vault says it converts to: whoever can donate can raise it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse

DECIMALS = 18


@dataclass(frozen=True)
class VaultSharePrice(Node):
    """Assets of one whole share, times the parent's price of the asset where there is a parent.

    Parameters
    ----------
    vault
        Name of the vault in the view.
    share_decimals, asset_decimals
        Of share and asset.
    """

    kind: ClassVar[str] = "vault-share"
    vault: str
    share_decimals: int = 18
    asset_decimals: int = 18

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return convert-to-assets of one share, at 18 decimals, rounded down."""
        assets = view.vault(self.vault).price_per_share(10**self.share_decimals)
        value = assets * 10**DECIMALS // 10**self.asset_decimals
        for reading in readings:
            if not reading.ok:
                return reading.under(self.id, *readings)
            value = value * reading.at_decimals_down(DECIMALS) // 10**DECIMALS
        return Reading(self.id, value, DECIMALS, view.time, synthetic_time=True, children=readings)

    @property
    def label(self) -> str:
        """Which share."""
        return f"assets per share of {self.vault}"


@dataclass(frozen=True)
class VaultShareWithoutGifts(Node):
    """Assets of one whole share by the vault's own books: deposits and redemptions, but no gift.

    Parameters
    ----------
    vault
        Name of the vault in the view.
    gifts
        Name in the view's memory of the assets (raw units) that came as gifts; absent means none.
    share_decimals, asset_decimals
        Of share and asset.
    """

    kind: ClassVar[str] = "vault-share-own-books"
    vault: str
    gifts: str
    share_decimals: int = 18
    asset_decimals: int = 18

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return convert-to-assets of one share without the gifts, at 18 decimals, rounded down."""
        del readings
        vault, gifts = view.vault(self.vault), view.stored(self.gifts, int) or 0
        booked = replace(vault, total_assets=max(vault.total_assets - gifts, 0))
        assets = booked.price_per_share(10**self.share_decimals)
        value = assets * 10**DECIMALS // 10**self.asset_decimals
        return Reading(self.id, value, DECIMALS, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """Which share."""
        return f"assets per share of {self.vault} by its own books"


@dataclass(frozen=True)
class Reciprocal(Node):
    """floor(10**numerator_digits / parent): how a pair turns a price into an exchange rate.

    Parameters
    ----------
    numerator_digits
        36 in Resupply's pair, which makes any price above 1e36 a rate of zero.
    decimals
        Of the result.
    """

    kind: ClassVar[str] = "reciprocal"
    numerator_digits: int = 36
    decimals: int = 18

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the floored quotient; a parent of zero refuses (division by zero reverts)."""
        (reading,) = readings
        if not reading.ok:
            return reading.under(self.id, reading)
        if reading.value == 0:
            return refuse(self.id, Reason.REVERTED, "division by a price of zero", reading)
        assert reading.value is not None
        value = 10**self.numerator_digits // reading.value
        return Reading(self.id, value, self.decimals, view.time, synthetic_time=True, children=(reading,))

    @property
    def label(self) -> str:
        """The formula."""
        return f"floor(1e{self.numerator_digits} / price)"
