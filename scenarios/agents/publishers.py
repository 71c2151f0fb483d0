"""Oracle publishers: honest, lazy and colluding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction as Exact
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from scenarios.agents.agent import Agent
from scenarios.agents.seeing import venue_price
from scenarios.agents.signed import SignedPrice
from scenarios.files.quantities import NotNegative, Positive

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


class Publisher(Agent):
    """Publish the outside price, or the price of a venue, when it has moved enough or time has passed.

    A lazy publisher has a long ``heartbeat`` and a wide ``deviation``; a noisy one an ``error``.
    """

    transaction_kind: ClassVar[str] = "oracle"
    signs: ClassVar[bool] = True

    type: Literal["publisher"] = "publisher"
    feed: str
    asset: str
    deviation: NotNegative = Field(Decimal(0), description="Relative move after which it publishes.")
    heartbeat: Annotated[int, Field(ge=0, strict=True)] = Field(0, description="Seconds; 0: every step.")
    error: NotNegative = Field(Decimal(0), description="Relative standard deviation of what it says.")
    venue: str = Field("", description="A venue whose price it copies instead of the outside price.")
    quote: str = Field("", description="Quote asset of that venue.")

    def act(self, game: Simulation, me: str) -> None:
        """Publish where due."""
        signed = self.sign(game, me)
        if signed is not None:
            signed.execute(game, me)

    def sign(self, game: Simulation, me: str) -> SignedPrice | None:
        """Return what it says now, where that is due."""
        last = game.newest(self.feed)
        price = self.price(game)
        if self.error:
            price *= Exact(Decimal(f"{1 + float(self.error) * game.streams[me].normal():.9f}"))
        moved = abs(price / Exact(last.value, 10**last.decimals) - 1) if last.value else Exact(1)
        overdue = game.world.time - last.time >= self.heartbeat
        if price > 0 and (overdue or moved >= max(Exact(self.deviation), Exact(1, 10**12))):
            return SignedPrice(self.feed, price)
        return None

    def price(self, game: Simulation) -> Exact:
        """Return what it sees: the outside price, or a venue's."""
        if not self.venue:
            return game.outside[self.asset]
        return venue_price(game, self.venue, self.asset, self.quote) or Exact(0)


class ColludingPublisher(Agent):
    """Publish a multiple of the outside price from a step on: one of the minority in an attack."""

    transaction_kind: ClassVar[str] = "oracle"
    signs: ClassVar[bool] = True

    type: Literal["colluding-publisher"] = "colluding-publisher"
    feed: str
    asset: str
    factor: Positive = Field(description="What it says over what is true.")
    from_step: Annotated[int, Field(ge=0, strict=True)] = 0

    def act(self, game: Simulation, me: str) -> None:
        """Tell the truth until ``from_step``."""
        self.sign(game, me).execute(game, me)

    def sign(self, game: Simulation, me: str) -> SignedPrice:
        """Return what it says now."""
        factor = Exact(self.factor) if game.step >= self.from_step else Exact(1)
        return SignedPrice(self.feed, game.outside[self.asset] * factor)
