"""An LP token by the pool's invariant instead of its reserves: a swap leaves the product where it was."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.venues.uniswap_v2 import UniswapV2Pair

DECIMALS = 18


@dataclass(frozen=True)
class FairLpToken(Node):
    """2 * sqrt(k * p0 * p1) / supply: what the pool is worth once arbitrage has brought it to p0 / p1.

    Source of the rule: Alpha Homora's fair LP pricing (``UniswapV2Oracle.sol``). k is of the current
    reserves, so gifts and fees count, but a swap can only raise it by its fee. The prices must come from
    elsewhere: parents that read the same pool's spot give the naive price back.

    Parameters
    ----------
    venue, assets, asset_decimals
        The V2 pair and its two assets, in the order of the two parents.
    share_decimals
        Of the LP token.
    """

    kind: ClassVar[str] = "lp-token-fair"
    venue: str
    assets: tuple[str, str]
    asset_decimals: tuple[int, int]
    share_decimals: int = 18

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the fair value of one LP token at 18 decimals, rounded down."""
        for reading in readings:
            if not reading.ok:
                return reading.under(self.id, *readings)
        pair = view.venue(self.venue)
        if not isinstance(pair, UniswapV2Pair) or pair.total_supply == 0:
            return refuse(self.id, Reason.NO_DATA, f"{self.venue} has no LP supply")
        reserves = pair.reserves()
        product = 1
        for asset, reading in zip(self.assets, readings, strict=True):
            price = reading.at_decimals_down(DECIMALS)
            if price < 0:
                return refuse(self.id, Reason.NOT_POSITIVE, f"the price of {asset} is below zero", *readings)
            product *= reserves[asset] * price
        total = 2 * isqrt(product // 10 ** sum(self.asset_decimals))
        value = total * 10**self.share_decimals // pair.total_supply
        return Reading(self.id, value, DECIMALS, view.time, synthetic_time=True, children=readings)

    @property
    def label(self) -> str:
        """What is priced and how."""
        return f"LP of {self.venue} by its product"
