"""Publishers of recorded history, and guardians who freeze a feed."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from fractions import Fraction as Exact
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from scenarios.agents.agent import Agent
from scenarios.files.quantities import Positive
from scenarios.files.recorded import RecordedFile

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation

DIGITS = 12


class RecordedPublisher(Agent):
    """Publish what a file recorded, row by row as its times come: the first row is the run's start.

    Prices are scaled so that the first one is the asset's price in the file; equal prices stay as they were.
    """

    type: Literal["recorded-publisher"] = "recorded-publisher"
    feed: str
    asset: str
    prices: RecordedFile

    def act(self, game: Simulation, me: str) -> None:
        """Publish the newest row that is due, if it has not been published."""
        table = self.prices.table()
        column = table.assets.index(self.prices.columns[self.asset]) if len(table.assets) > 1 else 0
        elapsed = (game.step + 1) * game.file.run.step_seconds
        row = bisect_right(table.times.tolist(), int(table.times[0]) + elapsed) - 1
        first, now = (_exact(float(table.prices[place, column])) for place in (0, row))
        price = now * Exact(game.file.price(self.asset)) / first
        done = f"recorded row of {me}"
        if game.world.state.values.get(done, 0) != row:
            game.world.state.values[done] = row
            game.publish(me, self.feed, price)


class Guardian(Agent):
    """Freeze a switch of the oracle graph while the oracle's price is far from outside, some steps late."""

    type: Literal["guardian"] = "guardian"
    switch: str = Field(description="Of `freeze` nodes.")
    asset: str
    limit: Positive = Field(description="Relative distance of the oracle's price from outside.")
    latency: Annotated[int, Field(ge=0, strict=True)] = Field(
        0, description="Steps between the distance and the freeze."
    )

    def act(self, game: Simulation, me: str) -> None:
        """Freeze or thaw."""
        values, seen = game.world.state.values, f"alarm of {me}"
        price = game.oracle_price(self.asset)
        far = price is not None and abs(price / game.outside[self.asset] - 1) > Exact(self.limit)
        frozen = values.get(self.switch) is True
        if not far:
            values.pop(seen, None)
            if frozen and price is not None:
                values[self.switch] = False
                game.record(me, "thawed", switch=self.switch)
            return
        since = values.get(seen, game.step)
        assert isinstance(since, int)
        values[seen] = since
        if not frozen and game.step - since >= self.latency:
            values[self.switch] = True
            game.record(me, "frozen", switch=self.switch)


def _exact(price: float) -> Exact:
    return Exact(Decimal(f"{price:.{DIGITS}g}"))
