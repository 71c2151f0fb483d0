"""Array forms of V3 quotes, to screen many pools or many trades; float64, never for a contract's amount.

Prices here are plain square roots of token 1 units per token 0 unit (not X96). The largest difference to
the exact form has a bound that each form computes beside its result: the contract rounds the input after
fee, the price and the output, each by less than one unit of its own, and float64 adds ``RELATIVE_BOUND``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np

from protocol.fixed_point import Q96
from protocol.venues.uniswap_v3.quoter import Quoter
from protocol.venues.uniswap_v3.state import PoolState
from protocol.venues.uniswap_v3.swap_math import FEE_SCALE
from protocol.venues.uniswap_v3.tick_math import MAX_TICK, MIN_TICK, sqrt_ratio_at_tick

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = "NDArray[np.float64]"

RELATIVE_BOUND = 4e-15
"""Relative part of the bound on an output."""


def out_within_range(
    sqrt_price: ArrayLike, liquidity: ArrayLike, paid: ArrayLike, zero_for_one: bool
) -> Floats:
    """Return outputs within one range of constant liquidity.

    Parameters
    ----------
    sqrt_price, liquidity
        Of the range; they broadcast with ``paid``.
    paid
        Units sold, after the fee.
    zero_for_one
        Direction.
    """
    price, depth, paid = (np.asarray(x, dtype=np.float64) for x in (sqrt_price, liquidity, paid))
    if zero_for_one:
        moved = paid * price
        return np.asarray(depth * price * (moved / (depth + moved)), dtype=np.float64)
    return np.asarray(paid * (depth / (price * (price * depth + paid))), dtype=np.float64)


def rounding_within_range(sqrt_price: ArrayLike, liquidity: ArrayLike, zero_for_one: bool) -> Floats:
    """Return what the contract's three roundings can take off an output, in units."""
    price, depth = (np.asarray(x, dtype=np.float64) for x in (sqrt_price, liquidity))
    if zero_for_one:
        return np.asarray(1 + price**2 + depth * (1 + price) / Q96, dtype=np.float64)
    return np.asarray(1 + (1 + depth / Q96) / price**2, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class RangeArrays:
    """Many pools, each reduced to the range of constant liquidity around its price.

    Parameters
    ----------
    sqrt_price, liquidity, keep
        Shape (pools,); ``keep`` is the part of an input that counts, for example 0.997.
    room_down, room_up
        How far each square-root price is from the ends of its range: the next initialised tick or end of
        a bitmap word. Taken from the integers, because the difference of two floats would lose digits.
    """

    sqrt_price: Floats
    liquidity: Floats
    keep: Floats
    room_down: Floats
    room_up: Floats

    @classmethod
    def from_pools(cls, pools: Sequence[PoolState]) -> Self:
        """Read the present range of each pool."""
        rooms = []
        for pool in pools:
            pool.require_initialised()
            price = pool.sqrt_price_x96
            rooms.append([abs(price - _range_end(pool, down)) / Q96 for down in (True, False)])
        room_down, room_up = np.array(rooms, dtype=np.float64).reshape(-1, 2).T
        return cls(
            np.array([pool.sqrt_price_x96 / Q96 for pool in pools], dtype=np.float64),
            np.array([pool.liquidity for pool in pools], dtype=np.float64),
            np.array([1 - pool.fee / FEE_SCALE for pool in pools], dtype=np.float64),
            room_down,
            room_up,
        )

    def capacity_in(self, zero_for_one: bool) -> Floats:
        """Return the input, fee included, that moves each price to the end of its range."""
        if zero_for_one:
            lower = self.sqrt_price - self.room_down
            cost = self.liquidity * (self.room_down / (self.sqrt_price * lower))
        else:
            cost = self.liquidity * self.room_up
        return cost / self.keep

    def amount_out(self, zero_for_one: bool, amount_in: ArrayLike) -> Floats:
        """Return outputs for ``amount_in``, of shape (pools,) or (..., pools); NaN beyond a pool's range."""
        amounts = np.asarray(amount_in, dtype=np.float64)
        out = out_within_range(self.sqrt_price, self.liquidity, amounts * self.keep, zero_for_one)
        return np.where(amounts <= self.capacity_in(zero_for_one), out, np.nan)

    def bound(self, zero_for_one: bool, amount_out: Floats) -> Floats:
        """Return the bound on the difference between ``amount_out`` and the exact output, in units."""
        return (
            rounding_within_range(self.sqrt_price, self.liquidity, zero_for_one) + RELATIVE_BOUND * amount_out
        )


def _range_end(pool: PoolState, zero_for_one: bool) -> int:
    tick, initialised, price = pool.tick, False, pool.sqrt_price_x96
    # At the very end of a bitmap word the range ahead is the next word's.
    while price == pool.sqrt_price_x96 and not initialised and MIN_TICK < tick < MAX_TICK:
        stop, initialised = pool.ticks.next_stop(tick, pool.tick_spacing, zero_for_one)
        stop = min(max(stop, MIN_TICK), MAX_TICK)
        tick, price = stop - 1 if zero_for_one else stop, sqrt_ratio_at_tick(stop)
    return price


@dataclass(frozen=True, slots=True)
class LadderArrays:
    """One pool and direction: all ranges up to some amount, for many trades at once.

    Parameters
    ----------
    zero_for_one
        Direction.
    keep
        Part of an input that counts.
    ins, outs
        Shape (ranges + 1,): what the ranges before cost (fee included) and pay.
    sqrt_price, liquidity
        Shape (ranges,): where each range starts, and its liquidity.
    """

    zero_for_one: bool
    keep: float
    ins: Floats
    outs: Floats
    sqrt_price: Floats
    liquidity: Floats

    @classmethod
    def from_pool(cls, pool: PoolState, zero_for_one: bool, largest_in: int) -> Self:
        """Read the ranges that inputs up to ``largest_in`` units touch."""
        ranges = Quoter(pool).ranges(zero_for_one, largest_in)
        return cls(
            zero_for_one,
            1 - pool.fee / FEE_SCALE,
            np.array(ranges.ins, dtype=np.float64),
            np.array(ranges.outs, dtype=np.float64),
            np.array([price / Q96 for price in ranges.prices[:-1]], dtype=np.float64),
            np.array(ranges.liquidities, dtype=np.float64),
        )

    def _range(self, amounts: Floats) -> NDArray[np.intp]:
        return np.clip(np.searchsorted(self.ins, amounts) - 1, 0, len(self.liquidity) - 1)

    def amount_out(self, amount_in: ArrayLike) -> Floats:
        """Return outputs for ``amount_in`` of any shape; NaN beyond the ranges read."""
        amounts = np.asarray(amount_in, dtype=np.float64)
        k = self._range(amounts)
        paid = (amounts - self.ins[k]) * self.keep
        out = out_within_range(self.sqrt_price[k], self.liquidity[k], paid, self.zero_for_one)
        # A narrow range can cost a whole unit that its liquidity does not need.
        out = np.minimum(self.outs[k] + out, self.outs[k + 1])
        return np.where(amounts <= self.ins[-1], out, np.nan)

    def bound(self, amount_in: ArrayLike, amount_out: Floats) -> Floats:
        """Return the bound on the difference between ``amount_out`` and the exact output, in units."""
        k = self._range(np.asarray(amount_in, dtype=np.float64))
        rounding = rounding_within_range(self.sqrt_price[k], self.liquidity[k], self.zero_for_one)
        return rounding + RELATIVE_BOUND * amount_out
