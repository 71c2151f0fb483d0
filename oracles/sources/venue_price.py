"""Prices of venues without constant product: at the margin, and the averages that pools keep themselves."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse, refuse_error
from protocol.errors import RuleError
from protocol.fixed_point import WAD
from protocol.venues.curve.stableswap_ng import StableSwapNG
from protocol.venues.curve.tricrypto2 import Tricrypto2
from protocol.venues.curve.tricrypto_ng import TricryptoNG
from protocol.venues.spot_price import Q192, spot_price
from protocol.venues.uniswap_v3.oracle_library import mean_tick_down
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import sqrt_ratio_at_tick

DECIMALS = 18


@dataclass(frozen=True)
class MarginalPrice(Node):
    """What the next unit trades at, fees apart, at this very moment: whoever trades before the read sets it.

    Parameters
    ----------
    venue, base, quote
        Where, and which price: quote units per whole base.
    base_decimals, quote_decimals
        Of the two tokens.
    """

    kind: ClassVar[str] = "marginal-price"
    venue: str
    base: str
    quote: str
    base_decimals: int
    quote_decimals: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the price at 18 decimals, rounded down; refuse where the venue has none."""
        del readings
        try:
            price = spot_price(view.venue(self.venue), self.base, self.quote)
        except RuleError as error:
            return refuse_error(self.id, error)
        if price is None:
            return refuse(self.id, Reason.NO_DATA, f"{self.venue} has no price")
        value = _scaled_down(price, self.base_decimals, self.quote_decimals)
        return Reading(self.id, value, DECIMALS, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """Pair and place."""
        return f"{self.quote}/{self.base} at the margin of {self.venue}"


@dataclass(frozen=True)
class GeometricTwap(Node):
    """The time-weighted geometric mean of a Uniswap V3 pool: 1.0001 to the mean tick of a window.

    Source of the rule: ``consult`` of V3's ``OracleLibrary.sol``, the mean tick rounded toward negative
    infinity; the price at that tick is exact up to the square root's own rounding. A pump of one block counts
    with its logarithm times the block's share of the window.

    Parameters
    ----------
    venue, base
        The pool, and which of its tokens is priced.
    window
        Seconds; the pool must have observations that old.
    base_decimals, quote_decimals
        Of the two tokens.
    """

    kind: ClassVar[str] = "geometric-twap"
    venue: str
    base: str
    window: int
    base_decimals: int
    quote_decimals: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the mean price at 18 decimals, rounded down; refuse where ``observe`` would revert."""
        del readings
        pool = view.venue(self.venue)
        if not isinstance(pool, UniswapV3Pool):
            return refuse(self.id, Reason.NO_DATA, f"{self.venue} is no concentrated pool")
        try:
            (before, now), _ = pool.observe((self.window, 0), time=view.time)
            root = sqrt_ratio_at_tick(mean_tick_down(before, now, self.window))
        except RuleError as error:
            return refuse_error(self.id, error)
        price = Fraction(root * root, Q192)
        price = price if self.base == pool.token0 else 1 / price
        value = _scaled_down(price, self.base_decimals, self.quote_decimals)
        return Reading(self.id, value, DECIMALS, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """What is averaged and how long."""
        return f"{self.base} geometric mean on {self.venue} over {self.window} s"


@dataclass(frozen=True)
class PoolAverage(Node):
    """The moving average that a Curve pool keeps of its own price (``price_oracle``).

    Parameters
    ----------
    venue, base, quote
        The pool and two of its coins; the average of each is in coin 0.
    """

    kind: ClassVar[str] = "pool-average"
    venue: str
    base: str
    quote: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the average of base over that of quote at 18 decimals, rounded down."""
        del readings
        pool = view.venue(self.venue)
        if not isinstance(pool, Tricrypto2 | TricryptoNG | StableSwapNG):
            return refuse(self.id, Reason.NO_DATA, f"{self.venue} keeps no average")
        places = [pool.assets.index(coin) for coin in (self.base, self.quote)]
        try:
            upper, lower = (WAD if k == 0 else pool.price_oracle(k - 1, view.time) for k in places)
        except RuleError as error:
            return refuse_error(self.id, error)
        if not lower:
            return refuse(self.id, Reason.NO_DATA, f"{self.venue} has no average of {self.quote}")
        return Reading(self.id, upper * WAD // lower, DECIMALS, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """Whose average."""
        return f"{self.quote}/{self.base} average kept by {self.venue}"


def _scaled_down(raw: Fraction, base_decimals: int, quote_decimals: int) -> int:
    whole = raw * Fraction(10) ** (base_decimals - quote_decimals + DECIMALS)
    return whole.numerator // whole.denominator
