"""What every Curve pool shares: coin positions, scaled balances, checked subtraction, the ramp of A."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from protocol.errors import OverflowedError, StateError, UnknownAssetError
from protocol.fixed_point import UINT256_MAX, WAD, to_uint
from protocol.venues.venue import State, state_int, state_ints

FEE_SCALE = 10**10
"""Fees and shares of fees are parts of 1e10."""


def positions(coins: tuple[str, ...], sell: str, buy: str) -> tuple[int, int]:
    """Return the positions of two different coins.

    Raises
    ------
    UnknownAssetError
        For a coin that is not among them, or the same coin twice.
    """
    try:
        i, j = coins.index(sell), coins.index(buy)
    except ValueError:
        raise UnknownAssetError(buy if sell in coins else sell, coins) from None
    if i == j:
        raise UnknownAssetError(buy, tuple(coin for coin in coins if coin != sell))
    return i, j


def position(coins: tuple[str, ...], coin: str) -> int:
    """Return the position of one coin.

    Raises
    ------
    UnknownAssetError
        For a coin that is not among them.
    """
    if coin not in coins:
        raise UnknownAssetError(coin, coins)
    return coins.index(coin)


def scaled(balances: Sequence[int], rates: Sequence[int]) -> tuple[int, ...]:
    """Return floor(balance * rate / 1e18) per coin, the contracts' ``xp``.

    Raises
    ------
    OverflowedError
        If a product has more than 256 bits.
    """
    values = [balance * rate for balance, rate in zip(balances, rates, strict=True)]
    if max(values) > UINT256_MAX:
        raise OverflowedError("balance * rate", max(values), 256)
    return tuple(value // WAD for value in values)


def value_down(amount: int, rate: int) -> int:
    """Return floor(amount * rate / 1e18), the value of one coin's raw units."""
    product = amount * rate
    return (product if product <= UINT256_MAX else to_uint(product, 256, "amount * rate")) // WAD


def minus(a: int, b: int, what: str) -> int:
    """Return a - b; below zero the contract reverts."""
    return a - b if a >= b else to_uint(a - b, 256, what)


def replaced(values: tuple[int, ...], k: int, value: int) -> tuple[int, ...]:
    """Return ``values`` with the k-th one replaced."""
    return (*values[:k], value, *values[k + 1 :])


def optional_ints(state: State, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """Return a list of integers of a state, or the default where the key is absent."""
    values = state_ints(state, key) if key in state else default
    if len(values) != len(default):
        raise StateError(key, f"{len(default)} integers", values)
    return values


@dataclass(frozen=True, slots=True)
class Ramp:
    """A parameter on its way from one value to another, linear in time (``_A``, ``_A_gamma``).

    Parameters
    ----------
    start, end
        Values at ``time_start`` and from ``time_end`` on.
    time_start, time_end
        Unix seconds.
    """

    start: int
    end: int
    time_start: int
    time_end: int

    def at(self, time: int) -> int:
        """Return the value at Unix second ``time`` as the stableswap contracts round it."""
        if time >= self.time_end:
            return self.end
        passed = minus(time, self.time_start, "time since the ramp began")
        whole = self.time_end - self.time_start
        if self.end > self.start:
            return self.start + (self.end - self.start) * passed // whole
        return self.start - (self.start - self.end) * passed // whole

    def weighted_at(self, time: int) -> int:
        """Return the value at ``time`` as the crypto pools round it: a weighted mean, rounded down."""
        if time >= self.time_end:
            return self.end
        passed = minus(time, self.time_start, "time since the ramp began")
        whole = self.time_end - self.time_start
        return (self.start * (whole - passed) + self.end * passed) // whole

    def to_state(self) -> State:
        """Return the ramp as plain data."""
        return {
            "start": self.start,
            "end": self.end,
            "time_start": self.time_start,
            "time_end": self.time_end,
        }

    @classmethod
    def from_state(cls, state: object) -> Self | None:
        """Build the ramp from ``to_state``'s data; nothing gives nothing."""
        if state is None:
            return None
        if not isinstance(state, dict):
            raise StateError("ramp", "a mapping", state)
        return cls(*(state_int(state, key) for key in ("start", "end", "time_start", "time_end")))


def ramp_state(ramp: Ramp | None) -> State | None:
    """Return an optional ramp as plain data."""
    return None if ramp is None else ramp.to_state()
