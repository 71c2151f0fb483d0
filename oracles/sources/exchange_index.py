"""An index of exchange spot prices with weights, outliers dropped or clamped to the median.

The scheme of centralised exchanges' index pages (read, not executed): constituents away from the median by
more than a few per cent lose their weight or count at the border, and stale ones drop out.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from oracles.medians import median
from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.errors import OracleTooFewError


def index_price_down(
    quotes: tuple[tuple[int, int], ...],
    band: Fraction,
    outliers: Literal["drop", "clamp"],
    minimum: int = 1,
) -> int:
    """Return the weighted mean of (price, weight), rounded down.

    Parameters
    ----------
    quotes
        At one scale; weights need not add up to anything.
    band
        Relative distance from the plain median beyond which a quote is an outlier.
    outliers
        ``drop`` takes its weight away, ``clamp`` counts it at the border of the band.
    minimum
        Fewer quotes left refuse.

    Raises
    ------
    OracleTooFewError
        Fewer than ``minimum`` quotes, or no weight, left.
    """
    centre = median([price for price, _ in quotes], "mean-down") if quotes else 0
    width = int(abs(centre) * band)
    low, high = centre - width, centre + width
    if outliers == "clamp":
        kept = [(min(max(price, low), high), weight) for price, weight in quotes]
    else:
        kept = [(price, weight) for price, weight in quotes if low <= price <= high]
    total = sum(weight for _, weight in kept)
    if len(kept) < minimum or total <= 0:
        raise OracleTooFewError("IndexNotAvailable", constituents=len(kept), needed=minimum)
    return sum(price * weight for price, weight in kept) // total


@dataclass(frozen=True)
class ExchangeIndex(Node):
    """The index over parents that are exchanges.

    Parameters
    ----------
    weights
        One per parent.
    band, outliers, minimum
        See :func:`index_price_down`.
    maximum_age
        Seconds beyond which a constituent drops out.
    """

    kind: ClassVar[str] = "exchange-index"
    weights: tuple[int, ...]
    band: Fraction = Fraction(5, 100)
    outliers: Literal["drop", "clamp"] = "clamp"
    minimum: int = 1
    maximum_age: int = 60

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the index at the oldest constituent's time."""
        fresh = [
            (reading, weight)
            for reading, weight in zip(readings, self.weights, strict=True)
            if reading.ok and reading.publish_time is not None and self._is_fresh(view, reading.publish_time)
        ]
        decimals = max((reading.decimals for reading, _ in fresh), default=0)
        quotes = tuple((reading.at_decimals_down(decimals), weight) for reading, weight in fresh)
        try:
            value = index_price_down(quotes, self.band, self.outliers, self.minimum)
        except OracleTooFewError as error:
            return refuse(self.id, Reason.TOO_FEW_SOURCES, error.message, *readings)
        oldest = min(reading.publish_time or 0 for reading, _ in fresh)
        return Reading(self.id, value, decimals, oldest, children=readings)

    def _is_fresh(self, view: View, publish_time: int) -> bool:
        return 0 <= view.time - publish_time <= self.maximum_age
