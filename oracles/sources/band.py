"""Band feeds: validators post prices, the chain takes a median that favours fresh power.

Source: bandprotocol/chain x/feeds/types/median.go (median measured). One fresh validator can outweigh three
older ones of more power in total.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from oracles.medians import weighted_median_band
from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse, refuse_error
from protocol.errors import RuleError

DECIMALS = 9


@dataclass(frozen=True, slots=True)
class ValidatorPrice:
    """One validator's signal: status, power, price (u64), time."""

    status: Literal["unsupported", "unavailable", "available"]
    power: int
    price: int
    time: int


@dataclass(frozen=True)
class BandFeed(Node):
    """The chain's price of the validator prices in the view's memory (a tuple of :class:`ValidatorPrice`)."""

    kind: ClassVar[str] = "band"
    feed: str
    decimals: int = DECIMALS

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the median of the available prices at the newest one's time."""
        del readings
        prices = [
            price
            for price in view.stored(self.feed, tuple) or ()
            if isinstance(price, ValidatorPrice) and price.status == "available"
        ]
        if not prices:
            return refuse(self.id, Reason.NO_DATA, f"no available price of {self.feed!r}")
        try:
            value = weighted_median_band([(price.power, price.price, price.time) for price in prices])
        except RuleError as error:
            return refuse_error(self.id, error)
        return Reading(self.id, value, self.decimals, max(price.time for price in prices))
