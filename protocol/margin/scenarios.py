"""Scenario grids: which moves of the market a portfolio is revalued under."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import ClassVar, Generic

from protocol.fixed_point.context import Context, N

THIRTY_DAYS = 30 * 86_400


class Move(IntEnum):
    """What happens to volatility in a scenario."""

    NONE = 0
    UP = 1
    DOWN = 2
    LINEAR_SKEW = 3
    ABSOLUTE_SKEW = 4


@dataclass(frozen=True, slots=True)
class Scenario(Generic[N]):
    """One move.

    Parameters
    ----------
    spot
        Multiplier of the underlying's price.
    move
        What volatility does, by the name of a ``Move``.
    weight
        Share of the loss that counts (the dampening of extreme moves).
    """

    spot: N
    move: str
    weight: N


@dataclass(frozen=True, slots=True)
class TermStructure(Generic[N]):
    """How strongly volatility moves by time to expiry: range * (30 days / time)**power.

    Parameters
    ----------
    up, down
        Range at thirty days.
    short_power, long_power
        Power up to thirty days and beyond.
    floor
        Least time in seconds.
    least_volatility
        An up move brings volatility at least here.
    """

    DECIMALS: ClassVar = {"floor": 0}

    up: N
    down: N
    short_power: N
    long_power: N
    floor: N
    least_volatility: N

    def multipliers(self, context: Context[N], seconds: N) -> tuple[N, N]:
        """Return the multipliers of volatility for an up and a down move; never below zero."""
        thirty = context.count(THIRTY_DAYS)
        ratio = context.quotient_down(thirty * context.unit, context.maximum(seconds, self.floor))
        power = context.where(seconds <= thirty, self.short_power, self.long_power)
        strength = context.power(ratio, power)
        up = context.unit + context.mul_down(self.up, strength)
        down = context.unit - context.mul_down(self.down, strength)
        return up, context.maximum(down, context.zero)


@dataclass(frozen=True, slots=True)
class Stretch(Generic[N]):
    """How much further than the grid says an underlying's price and its volatility move."""

    spot: N
    volatility: N

    def scenario(self, context: Context[N], scenario: Scenario[N]) -> Scenario[N]:
        """Return a scenario of this underlying; a price falls to zero at most."""
        move = context.mul_to_zero(scenario.spot - context.unit, self.spot)
        return replace(scenario, spot=context.maximum(context.unit + move, context.zero))

    def multipliers(self, context: Context[N], given: dict[str, N]) -> dict[str, N]:
        """Return multipliers of volatility of this underlying."""
        return {
            name: context.maximum(
                context.unit + context.mul_to_zero(multiplier - context.unit, self.volatility), context.zero
            )
            for name, multiplier in given.items()
        }


def grid(context: Context[N], spots: tuple[int, ...], moves: tuple[Move, ...]) -> tuple[Scenario[N], ...]:
    """Return every combination of spot multipliers (18 decimals) and volatility moves, at full weight."""
    return tuple(Scenario(context.of(spot), move.name, context.unit) for spot in spots for move in moves)
