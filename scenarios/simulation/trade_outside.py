"""What trades in the markets outside bring, and how they move the price there."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from scenarios.simulation.outside import SOLD_OUTSIDE, TRADED_OUTSIDE

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


def rate_outside(game: Simulation, sell: str, buy: str) -> Fraction:
    """Return raw units of ``buy`` for one of ``sell``, after the half-spread and without impact."""
    rate = game.outside[sell] / game.outside[buy] * (1 - Fraction(game.file.outside.half_spread))
    return rate * Fraction(10) ** (game.world.decimals[buy] - game.world.decimals[sell])


def has_impact(game: Simulation, asset: str) -> bool:
    """Return whether trades of an asset move its price outside."""
    depth = game.file.outside.depth
    return depth is not None and asset in depth.calm


def quote_outside(game: Simulation, sell: str, buy: str, units: int) -> int:
    """Return what raw units bring: price, half-spread and, where the file has depth, impact."""
    if not (has_impact(game, sell) or has_impact(game, buy)):
        return int(units * rate_outside(game, sell, buy))
    depth, sold = game.conditions.outside_depth(game.file), sold_outside(game)
    none = Fraction(0)
    money = depth.proceeds(sell, game.value(sell, units), sold.get(sell, none))
    money *= 1 - Fraction(game.file.outside.half_spread)
    return game.worth(depth.bought(buy, money, sold.get(buy, none)), buy)


def sold_outside(game: Simulation) -> dict[str, Fraction]:
    """Return the net money sold in this step, by asset with depth."""
    sold = game.world.state.values.get(SOLD_OUTSIDE, {})
    assert isinstance(sold, dict)
    return sold


def note_outside(game: Simulation, sell: str, buy: str, units: int, bought: int) -> None:
    """Remember a trade for the impact of the next ones."""
    sold = dict(sold_outside(game))
    for asset, worth in ((sell, game.value(sell, units)), (buy, -game.value(buy, bought))):
        if has_impact(game, asset):
            sold[asset] = sold.get(asset, Fraction(0)) + worth
    if sold:
        game.world.state.values[SOLD_OUTSIDE] = sold


def traded_outside(game: Simulation) -> dict[tuple[str, str], int]:
    """Return the raw units traded in this step, by actor and asset."""
    traded = game.world.state.values.get(TRADED_OUTSIDE, {})
    assert isinstance(traded, dict)
    return traded


def note_traded(game: Simulation, actor: str, moved: Mapping[str, int]) -> None:
    """Remember raw units by asset for the bound of the step; a refused transaction takes it back."""
    traded = dict(traded_outside(game))
    for asset, units in moved.items():
        if units:
            traded[actor, asset] = traded.get((actor, asset), 0) + units
    if traded:
        game.world.state.values[TRADED_OUTSIDE] = traded
