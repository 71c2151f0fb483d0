"""What agents see of a venue: its price in money, and how far that is from outside."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from protocol.venues.spot_price import spot_price

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


def venue_price(game: Simulation, venue: str, base: str, quote: str) -> Fraction | None:
    """Return the money that a whole ``base`` is worth at the margin of a venue; None where it has no price.

    The quote asset counts at its outside price.
    """
    raw = spot_price(game.world.venue(venue), base, quote)
    if raw is None:
        return None
    decimals = game.world.decimals
    return raw * game.outside[quote] * Fraction(10) ** (decimals[base] - decimals[quote])


def gaps(game: Simulation, venue: str) -> Iterator[Fraction]:
    """Yield the relative distance from outside of each asset's price in the venue's last one."""
    *others, quote = game.world.venue(venue).assets
    for base in others:
        price = venue_price(game, venue, base, quote)
        if price is not None:
            yield abs(price / game.outside[base] - 1)
