"""Prices read from pools: spot, the V2 cumulative average, and LP tokens by reserves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.fixed_point import Q112, wrap_uint
from protocol.venues.uniswap_v2 import UniswapV2Pair

DECIMALS = 18


@dataclass(frozen=True)
class SpotPool(Node):
    """Reserve over reserve at this very moment: whoever trades just before the read sets it.

    Parameters
    ----------
    venue, base, quote
        Where, and which price: quote units per whole base.
    base_decimals, quote_decimals
        Of the two tokens.
    """

    kind: ClassVar[str] = "spot-pool"
    venue: str
    base: str
    quote: str
    base_decimals: int
    quote_decimals: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return floor(quote reserve / base reserve) at 18 decimals."""
        del readings
        reserves = view.venue(self.venue).reserves()
        base, quote = reserves[self.base], reserves[self.quote]
        if base == 0 or quote == 0:
            return refuse(self.id, Reason.NO_DATA, f"{self.venue} has an empty side")
        value = quote * 10 ** (self.base_decimals + DECIMALS) // (base * 10**self.quote_decimals)
        return Reading(self.id, value, DECIMALS, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """Pair and place."""
        return f"{self.quote}/{self.base} spot on {self.venue}"


@dataclass(frozen=True, slots=True)
class Observation:
    """What a V2 oracle contract stored: a cumulative price and when."""

    time: int
    price0_cumulative: int
    price1_cumulative: int


@dataclass(frozen=True)
class CumulativeTwap(Node):
    """The average of a V2 pair since the last stored observation.

    Source of the rule: Uniswap V2's cumulative prices as Keep3r-style oracles read them. The window is
    whatever has passed since ``memory``'s observation: if anyone may store one, it may be seconds long.

    Parameters
    ----------
    venue, base
        The pair, and which of its tokens is priced.
    memory
        Name of the stored observation in the view.
    base_decimals, quote_decimals
        Of the two tokens.
    """

    kind: ClassVar[str] = "cumulative-twap"
    venue: str
    base: str
    memory: str
    base_decimals: int
    quote_decimals: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the average price over the window, rounded down at 18 decimals."""
        del readings
        pair = view.venue(self.venue)
        stored = view.memory.get(self.memory)
        if not isinstance(pair, UniswapV2Pair) or not isinstance(stored, Observation):
            return refuse(self.id, Reason.NO_DATA, f"no observation of {self.venue} is stored")
        elapsed = wrap_uint(view.time - stored.time, 32)
        if elapsed == 0:
            return refuse(self.id, Reason.NO_DATA, "no time has passed since the observation", elapsed=0)
        now = pair.accumulate(view.time)
        if self.base == pair.token0:
            difference = wrap_uint(now.price0_cumulative - stored.price0_cumulative, 256)
        else:
            difference = wrap_uint(now.price1_cumulative - stored.price1_cumulative, 256)
        average = difference // elapsed
        value = average * 10 ** (self.base_decimals + DECIMALS) // (Q112 * 10**self.quote_decimals)
        return Reading(self.id, value, DECIMALS, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """What is averaged."""
        return f"{self.base} average on {self.venue} since the last observation"


@dataclass(frozen=True)
class LpTokenByReserves(Node):
    """An LP token as its share of the pool's *current* reserves at the parents' prices.

    The naive form: exact as accounting, and movable by one trade, since a one-sided swap raises the value of
    the two reserves together. One parent prices the first asset only and doubles it (Cheese Bank); two
    parents price both (Warp).

    Parameters
    ----------
    venue, assets, asset_decimals
        The pool and the assets that the parents price, in the same order.
    share_decimals
        Of the LP token.
    """

    kind: ClassVar[str] = "lp-token-by-reserves"
    venue: str
    assets: tuple[str, ...]
    asset_decimals: tuple[int, ...]
    share_decimals: int = 18

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return value of the reserves over the supply, at 18 decimals, rounded down."""
        for reading in readings:
            if not reading.ok:
                return reading.under(self.id, *readings)
        pair = view.venue(self.venue)
        if not isinstance(pair, UniswapV2Pair) or pair.total_supply == 0:
            return refuse(self.id, Reason.NO_DATA, f"{self.venue} has no LP supply")
        reserves = pair.reserves()
        total = 0
        for asset, decimals, reading in zip(self.assets, self.asset_decimals, readings, strict=True):
            price = reading.at_decimals_down(DECIMALS)
            total += reserves[asset] * price // 10**decimals
        if len(self.assets) == 1:
            total *= 2
        value = total * 10**self.share_decimals // pair.total_supply
        return Reading(self.id, value, DECIMALS, view.time, synthetic_time=True, children=readings)

    @property
    def label(self) -> str:
        """What is priced and how."""
        return f"LP of {self.venue} by its reserves"
