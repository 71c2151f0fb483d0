"""What borrowing costs, as a function of how much of a pool is lent out.

Rates are per second with 18 decimals; utilisation has 18 decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from protocol.errors import UnsafeValueError
from protocol.fixed_point import WAD, div_to_zero, mul_div_down

YEAR = 31_536_000
LN_2 = 693_147_180_559_945_309
LN_WEI = -41_446_531_673_892_822_312
EXP_UPPER = 93_859_467_695_000_404_319
EXP_UPPER_VALUE = 57_716_089_161_558_943_949_701_069_502_944_508_345_128_422_502_756_744_429_568


class InterestModel(Protocol):
    """Return the mean rate over a period and the model's state after it."""

    def rate(self, utilisation: int, state: int, elapsed: int) -> tuple[int, int]:
        """Return (mean rate per second over ``elapsed`` seconds, state afterwards)."""
        ...


def utilisation_down(borrowed: int, supplied: int) -> int:
    """Return borrowed over supplied, 18 decimals; 0 for an empty pool."""
    return mul_div_down(borrowed, WAD, supplied) if supplied else 0


def compounded_down(rate: int, elapsed: int) -> int:
    """Return e^(rate x time) - 1 by its first three terms, 18 decimals, each rounded down (Morpho)."""
    first = rate * elapsed
    second = first * first // (2 * WAD)
    third = second * first // (3 * WAD)
    return first + second + third


@dataclass(frozen=True, slots=True)
class Kinked:
    """Two straight lines that meet at the kink (Compound, Aave); no state.

    Parameters
    ----------
    base
        Rate at utilisation 0.
    slope_low, slope_high
        Rise per unit of utilisation below and above the kink.
    kink
        Utilisation, 18 decimals.
    """

    base: int
    slope_low: int
    slope_high: int
    kink: int

    @classmethod
    def per_year(cls, base: int, slope_low: int, slope_high: int, kink: int) -> Kinked:
        """Return the model from yearly figures, each divided by 365 days and rounded down."""
        return cls(base // YEAR, slope_low // YEAR, slope_high // YEAR, kink)

    def rate(self, utilisation: int, state: int, elapsed: int) -> tuple[int, int]:
        """Return the rate at this utilisation (comet ``getBorrowRate``: products rounded down)."""
        if utilisation <= self.kink:
            return self.base + self.slope_low * utilisation // WAD, state
        steep = self.slope_high * (utilisation - self.kink) // WAD
        return self.base + self.slope_low * self.kink // WAD + steep, state


@dataclass(frozen=True, slots=True)
class Adaptive:
    """A curve whose height moves toward a target utilisation (Morpho's AdaptiveCurveIrm).

    Source of the rule: morpho-org/morpho-blue-irm ``AdaptiveCurveIrm.sol`` and ``ExpLib.sol``. The state is
    the rate at target; 0 means that none was stored yet.

    Parameters
    ----------
    target
        Utilisation aimed at.
    steepness
        Rate at utilisation 1 over the rate at target, 18 decimals.
    speed
        Growth of the rate at target per second at full error.
    initial, least, most
        Rate at target at first, and its bounds.
    """

    target: int = WAD * 9 // 10
    steepness: int = 4 * WAD
    speed: int = 50 * WAD // YEAR
    initial: int = WAD * 4 // 100 // YEAR
    least: int = WAD // 1000 // YEAR
    most: int = 2 * WAD // YEAR

    def rate(self, utilisation: int, state: int, elapsed: int) -> tuple[int, int]:
        """Return the mean rate over start, middle and end, and the rate at target at the end."""
        norm = WAD - self.target if utilisation > self.target else self.target
        error = div_to_zero((utilisation - self.target) * WAD, norm)
        if state == 0:
            return self._curve(self.initial, error), self.initial
        linear = div_to_zero(self.speed * error, WAD) * elapsed
        if linear == 0:
            return self._curve(state, error), state
        end = self._grown(state, linear)
        middle = self._grown(state, div_to_zero(linear, 2))
        mean = div_to_zero(state + end + 2 * middle, 4)
        return self._curve(mean, error), end

    def _curve(self, at_target: int, error: int) -> int:
        factor = WAD - div_to_zero(WAD * WAD, self.steepness) if error < 0 else self.steepness - WAD
        return div_to_zero((div_to_zero(factor * error, WAD) + WAD) * at_target, WAD)

    def _grown(self, start: int, linear: int) -> int:
        grown = div_to_zero(start * exponential(linear), WAD)
        return min(max(grown, self.least), self.most)


def exponential(x: int) -> int:
    """Return e^x, 18 decimals, by a second-order polynomial around multiples of ln 2 (Morpho ``wExp``)."""
    if x < LN_WEI:
        return 0
    if x >= EXP_UPPER:
        return EXP_UPPER_VALUE
    rounding = -(LN_2 // 2) if x < 0 else LN_2 // 2
    power = div_to_zero(x + rounding, LN_2)
    rest = x - power * LN_2
    result = WAD + rest + div_to_zero(div_to_zero(rest * rest, WAD), 2)
    return result << power if power >= 0 else result >> -power


def require_share(what: str, value: int) -> None:
    """Raise unless ``value`` is a share between 0 and 1, 18 decimals.

    Raises
    ------
    UnsafeValueError
        Otherwise.
    """
    if not 0 <= value <= WAD:
        raise UnsafeValueError(what, value, 0, WAD)
