"""The margin rule of a protocol file as weights and rates, where it is linear in prices."""

from __future__ import annotations

from fractions import Fraction

from protocol.errors import BookError
from protocol.fixed_point import WAD
from protocol.margin.book.linear import Weights
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.margin_inputs import maintenance_of, threshold_of


def linear_weights(file: ProtocolFile, *, initial: bool = False) -> Weights:
    """Return the weights at maintenance or initial margin; assets are listings, instruments perpetuals.

    Lending rules count collateral in part and debt in full; Mango v3 and Hyperliquid without tiers count the
    settlement asset in full and charge one over the leverage.

    Raises
    ------
    BookError
        If the preset is not one of these.
    """
    preset = file.margin.preset
    if preset not in {"loan-to-value", "aave-v3", "mango-v3", "hyperliquid"}:
        raise BookError("margin", f"{preset} is not linear in prices")
    owned = []
    for asset, listing in file.listings.items():
        share = Fraction(listing.collateral_factor) if initial else threshold_of(listing)
        if preset == "hyperliquid":
            share = Fraction(listing.collateral_factor)
        if preset in {"mango-v3", "hyperliquid"} and asset == file.margin.settlement:
            share = Fraction(1)
        owned.append(int(share * WAD))
    rates = []
    for market in file.perpetuals.values():
        leverage = Fraction(market.maximum_leverage) if initial else maintenance_of(market)
        rates.append(int(WAD / leverage))
    return Weights(tuple(owned), (WAD,) * len(owned), tuple(rates))
