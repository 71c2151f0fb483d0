"""What an agent signs before it is included: a price, or a swap with a limit.

Where a file has blocks, time passes between a decision and its inclusion. What stands here was fixed at the
decision; everything else that an agent does is a function that runs when it is included.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from protocol.errors import SlippageError

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


class Signed(Protocol):
    """Something that can be carried out later."""

    def execute(self, game: Simulation, me: str) -> None:
        """Do it now."""
        ...


@dataclass(frozen=True, slots=True)
class SignedPrice:
    """A price for a feed; however late it arrives, this is what it says."""

    feed: str
    price: Fraction

    def execute(self, game: Simulation, me: str) -> None:
        """Publish it."""
        game.publish(me, self.feed, self.price)


@dataclass(frozen=True, slots=True)
class SignedSwap:
    """A swap of ``units`` that is refused where it would bring less than ``least`` (raw units)."""

    venue: str
    sell: str
    buy: str
    units: int
    least: int = 0

    def execute(self, game: Simulation, me: str) -> None:
        """Swap.

        Raises
        ------
        SlippageError
            If it would bring less than the limit.
        """
        got = game.swap(me, self.venue, self.sell, self.buy, self.units).amount_out
        if got < self.least:
            raise SlippageError(f"{self.buy} bought on {self.venue}", got, self.least)
