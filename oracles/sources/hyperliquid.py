"""Hyperliquid: a venue-weighted spot median, a stake-weighted one over it, and the mark price.

Source: the documentation pages hypercore/oracle and trading/robust-price-indices (read; there is no public
code). Tie rules and missing-venue rules are not published: the lower weighted median is assumed here, and
``mean-down`` for the even mark.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from oracles.medians import median, weighted_median_lower
from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.errors import OracleTooFewError

VENUE_WEIGHTS: Mapping[str, int] = {
    "Binance": 3,
    "OKX": 2,
    "Bybit": 2,
    "Kraken": 1,
    "Kucoin": 1,
    "Gate": 1,
    "MEXC": 1,
    "Hyperliquid": 1,
}
BASIS_WINDOW, PERPETUAL_WINDOW = 150, 30
DECIMALS = 8


def validator_price(quotes: Mapping[str, int]) -> int:
    """Return one validator's oracle price: the weighted median of the venues that list the asset."""
    return weighted_median_lower(
        [(price, VENUE_WEIGHTS[venue]) for venue, price in quotes.items() if venue in VENUE_WEIGHTS]
    )


def oracle_price(validators: Sequence[tuple[int, int]]) -> int:
    """Return the stake-weighted median of (price, stake)."""
    return weighted_median_lower(validators)


@dataclass(frozen=True, slots=True)
class ExponentialAverage:
    """numerator / denominator, both multiplied by exp(-dt / window) before a sample of weight dt is added.

    Binary floats: the documented formula has an exponential and no published rounding.
    """

    window: float
    numerator: float = 0.0
    denominator: float = 0.0

    def update(self, sample: float, elapsed: float) -> Self:
        """Take a sample that held for ``elapsed`` seconds."""
        decay = math.exp(-elapsed / self.window)
        return type(self)(
            self.window, self.numerator * decay + sample * elapsed, self.denominator * decay + elapsed
        )

    @property
    def value(self) -> float | None:
        """The average; None before the first sample."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True, slots=True)
class MarkInputs:
    """What the mark price is made of, all at 8 decimals.

    Parameters
    ----------
    oracle
        Oracle price.
    basis_average
        150 s average of (mid - oracle); None before it exists.
    best_bid, best_ask, last_trade
        Of the perpetual's own book; None where empty.
    perpetual_mids
        Mid prices of the perpetual on other exchanges.
    mark_average
        30 s average of the second input, used where exactly two inputs exist.
    time
        Seconds.
    """

    oracle: int
    basis_average: int | None
    best_bid: int | None
    best_ask: int | None
    last_trade: int | None
    perpetual_mids: tuple[int, ...]
    mark_average: int | None
    time: int

    def mark(self) -> int:
        """Return the median of the inputs that exist.

        Raises
        ------
        OracleTooFewError
            Where there is none.
        """
        inputs: list[int] = []
        if self.basis_average is not None:
            inputs.append(self.oracle + self.basis_average)
        book = [price for price in (self.best_bid, self.best_ask, self.last_trade) if price is not None]
        if len(book) == 3:
            inputs.append(median(book, "lower"))
        if self.perpetual_mids:
            inputs.append(median(self.perpetual_mids, "mean-down"))
        if len(inputs) == 2 and self.mark_average is not None:
            inputs.append(self.mark_average)
        if not inputs:
            raise OracleTooFewError("NoMarkInput", "no input of the mark price exists")
        return median(inputs, "mean-down")


@dataclass(frozen=True)
class HyperliquidMark(Node):
    """The mark price of the inputs in the view's memory."""

    kind: ClassVar[str] = "hyperliquid-mark"
    inputs: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the mark price, or refuse without inputs."""
        del readings
        stored = view.stored(self.inputs, MarkInputs)
        if stored is None:
            return refuse(self.id, Reason.NO_DATA, f"no mark inputs {self.inputs!r}")
        try:
            value = stored.mark()
        except OracleTooFewError as error:
            return refuse(self.id, Reason.NO_DATA, error.message)
        return Reading(self.id, value, DECIMALS, stored.time)
