"""Price curves of Dutch auctions over lots: how the asking price falls with time.

Source of the three curves: makerdao/dss ``src/abaci.sol``. Prices and factors are rays (27 decimals).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from protocol.errors import OverflowedError, UnsafeValueError
from protocol.fixed_point import RAY, to_uint


class Decay(Protocol):
    """A price falling from ``top`` with the seconds since the start."""

    def price_down(self, top: int, elapsed: int) -> int:
        """Return the price after ``elapsed`` seconds, rounded down."""
        ...


def power_half_up(base: int, exponent: int) -> int:
    """Return ``base`` to the power ``exponent`` in rays, each product rounded half up.

    Source: ``rpow`` of abaci.sol, squaring from the least significant bit; a factor of 2**128 or more
    reverts.
    """
    if base == 0:
        return 0 if exponent else RAY
    result = base if exponent % 2 else RAY
    exponent //= 2
    while exponent:
        if base >> 128:
            raise OverflowedError("rpow base", base, 128)
        base = (to_uint(base * base + RAY // 2, 256, "rpow square")) // RAY
        if exponent % 2:
            result = (to_uint(result * base + RAY // 2, 256, "rpow product")) // RAY
        exponent //= 2
    return result


@dataclass(frozen=True, slots=True)
class LinearDecrease:
    """Fall in a straight line to zero at ``duration`` seconds (``LinearDecrease``)."""

    duration: int

    def price_down(self, top: int, elapsed: int) -> int:
        """Return the price after ``elapsed`` seconds, rounded down."""
        if elapsed >= self.duration:
            return 0
        share = (self.duration - elapsed) * RAY // self.duration
        return to_uint(top * share, 256, "price") // RAY


@dataclass(frozen=True, slots=True)
class StairstepExponentialDecrease:
    """Multiply by ``cut`` once every ``step`` seconds (``StairstepExponentialDecrease``)."""

    cut: int
    step: int

    def __post_init__(self) -> None:
        if not 0 <= self.cut <= RAY:
            raise UnsafeValueError("cut", self.cut, 0, RAY)
        if self.step < 1:
            raise UnsafeValueError("step", self.step, 1, 1 << 64)

    def price_down(self, top: int, elapsed: int) -> int:
        """Return the price after ``elapsed`` seconds, rounded down."""
        return to_uint(top * power_half_up(self.cut, elapsed // self.step), 256, "price") // RAY


@dataclass(frozen=True, slots=True)
class ExponentialDecrease:
    """Multiply by ``cut`` every second (``ExponentialDecrease``)."""

    cut: int

    def __post_init__(self) -> None:
        if not 0 <= self.cut <= RAY:
            raise UnsafeValueError("cut", self.cut, 0, RAY)

    def price_down(self, top: int, elapsed: int) -> int:
        """Return the price after ``elapsed`` seconds, rounded down."""
        return to_uint(top * power_half_up(self.cut, elapsed), 256, "price") // RAY
