"""Connect (Slinky) and dYdX: provider prices, the sidecar's median, the chain's stake-weighted median.

Source: skip-mev/connect pkg/math, oracle/market aggregation; dydxprotocol/v4-chain. The 64-bit float median
is measured; the power threshold and dYdX's minimum change are read, not executed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from oracles.big_float import BigFloat
from oracles.medians import weighted_median_connect
from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.errors import OracleTooFewError

POWER_THRESHOLD = Fraction(667, 1000)
MILLION = 10**6


def provider_price(text: str) -> BigFloat:
    """Read a provider's price: ``a``, ``a*inv`` (inverted) or ``a*b`` (times the index price ``b``)."""
    price, _, operation = text.partition("*")
    value = BigFloat.parse(price)
    if operation == "inv":
        return BigFloat.from_float(1.0) / value
    return value * BigFloat.parse(operation) if operation else value


def median_connect(prices: Sequence[BigFloat]) -> BigFloat:
    """Return the sidecar's median: 64-bit mantissa, two middle values added and halved.

    Raises
    ------
    OracleTooFewError
        Of no prices.
    """
    if not prices:
        raise OracleTooFewError("EmptyMedian", "no provider price")
    ordered = sorted(prices, key=lambda price: price.value)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / BigFloat.from_int(2)


def stake_weighted(votes: Sequence[tuple[int, int]], bonded: int) -> int | None:
    """Return the chain's price of (price, power) votes; None where under 66.7 % of ``bonded`` voted."""
    power = sum(weight for _, weight in votes)
    # LegacyDec keeps 18 decimals, half to even.
    share = Fraction(round(Fraction(power * 10**18, bonded)), 10**18) if bonded else Fraction(0)
    if not votes or share < POWER_THRESHOLD:
        return None
    return weighted_median_connect(votes)


def changes_price(old: int, new: int, minimum_change_ppm: int) -> bool:
    """Whether dYdX stores the new price: |new - old| >= floor(old x ppm / 1e6)."""
    return abs(new - old) >= old * minimum_change_ppm // MILLION


@dataclass(frozen=True)
class ConnectMedian(Node):
    """The sidecar's market price over provider parents, with minimum providers.

    Parents that refuse are dropped, as the sidecar drops old or failed providers. The parents' decimals
    become decimal strings, which are what the sidecar parses.

    Parameters
    ----------
    minimum_providers
        Fewer drop the market.
    decimals
        Of the integer the validator posts; truncated.
    """

    kind: ClassVar[str] = "connect-median"
    minimum_providers: int = 3
    decimals: int = 8

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the truncated median; its time is the oldest provider's."""
        del view
        answers = [reading for reading in readings if reading.ok]
        if len(answers) < max(self.minimum_providers, 1):
            return refuse(
                self.id,
                Reason.TOO_FEW_SOURCES,
                f"{len(answers)} providers answered, {self.minimum_providers} needed",
                *readings,
                answered=len(answers),
                needed=self.minimum_providers,
            )
        value = median_connect([BigFloat.rounded(reading.price, 64) for reading in answers])
        times = [reading.publish_time for reading in answers if reading.publish_time is not None]
        oldest = min(times) if len(times) == len(answers) else None
        return Reading(self.id, value.scaled_to_zero(self.decimals), self.decimals, oldest, children=readings)
