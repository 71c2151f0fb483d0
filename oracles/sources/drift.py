"""Drift: time-weighted averages, the clamp before them, normalisation toward mark, and oracle validity.

Source: drift-labs/protocol-v2 programs/drift/src/math/{stats,amm,oracle}.rs (measured). Prices have 6
decimals and are i64. The state NonPositive is unreachable here: a price of zero fails with a math error, a
negative one with a casting error, so the whole instruction fails before any action table sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from protocol.errors import DivisionByZeroError, OracleRangeError, OverflowedError
from protocol.fixed_point import div_to_zero

INT64_MAX = (1 << 63) - 1
UINT64_MAX = (1 << 64) - 1
FIVE_MINUTES = 300
DEFAULT_CLAMP = 3
MARK_BAND = 4000
MILLION = 10**6

ValidityName = Literal[
    "NonPositive",
    "TooVolatile",
    "TooUncertain",
    "StaleForMargin",
    "InsufficientDataPoints",
    "StaleForAMM",
    "Valid",
]


def _int64(value: int, what: str = "price") -> int:
    if not -INT64_MAX - 1 <= value <= INT64_MAX:
        raise OverflowedError(what, value, 64)
    return value


def weighted_average(first: int, second: int, first_weight: int, second_weight: int) -> int:
    """Return the weighted average, truncated, then biased by one toward the heavier product.

    A weight of zero returns the other value. The bias applies where the second weight exceeds 1; its sign
    comes from comparing the weighted products, not the values; an average of zero is never biased down.

    Raises
    ------
    OverflowedError
        Outside i64.
    """
    total = _int64(first_weight + second_weight, "weight")
    if first_weight == 0:
        return second
    if second_weight == 0:
        return first
    one, two = first * first_weight, second * second_weight
    bias = 0
    if second_weight > 1:
        bias = (two > one) - (two < one)
    average = _int64(div_to_zero(one + two, total))
    return average if average == 0 and bias < 0 else _int64(average + bias)


def new_twap(price: int, now: int, last_twap: int, last_time: int, period: int) -> int:
    """Return the average after a sample, weighted by seconds since the last and the rest of ``period``."""
    since = max(0, now - last_time)
    return weighted_average(price, last_twap, since, max(1, period - since))


def sanitise_to_zero(new_price: int, last_twap: int, clamp: int | None = None) -> int:
    """Return the price moved into ``last_twap`` +- trunc(``last_twap`` / ``clamp``).

    Parameters
    ----------
    clamp
        10, 5, 2 for tiers A, B, C; None means 3; 0 means no clamp, and so does a zero average.
    """
    if last_twap == 0:
        return new_price
    denominator = DEFAULT_CLAMP if clamp is None else clamp
    spread = _int64(new_price - last_twap)
    if denominator == 0:
        return new_price
    band = div_to_zero(last_twap, denominator)
    if abs(spread) <= abs(band):
        return new_price
    return _int64(last_twap + band if new_price > last_twap else last_twap - band)


@dataclass(frozen=True, slots=True)
class TwapState:
    """The averages of one market at one period.

    Parameters
    ----------
    mark_twap, mark_time, oracle_twap, oracle_time
        Stored averages (6 decimals) and their times.
    period
        Seconds; 300 for the five-minute average, else the funding period.
    """

    mark_twap: int
    mark_time: int
    oracle_twap: int
    oracle_time: int
    period: int = FIVE_MINUTES

    def oracle_twap_at(self, now: int, price: int) -> int:
        """Return the new oracle average; after an outage the price is first blended with the mark average.

        With 300 s or more since the last update one sample replaces the five-minute average.
        """
        since = max(1 if self.period == 0 else 0, now - self.oracle_time)
        rest = max(0, self.period - since)
        blended = price
        if self.mark_time > self.oracle_time:
            invalid_for = self.mark_time - self.oracle_time
            blended = weighted_average(self.mark_twap, price, invalid_for, max(1, self.period - invalid_for))
        return weighted_average(blended, self.oracle_twap, since, rest)


def normalise(price: int, confidence: int, mark_price: int) -> int:
    """Return the oracle price moved toward mark within its confidence, keeping 2.5 bp from mark."""
    band = mark_price // MARK_BAND
    width = _int64(confidence, "confidence")
    if mark_price > price:
        return min(max(mark_price - band, price), _int64(price + width))
    return max(min(mark_price + band, price), _int64(price - width))


@dataclass(frozen=True, slots=True)
class GuardRails:
    """Validity limits of the protocol's state account; defaults are the published ones."""

    stale_for_amm: int = 10
    stale_for_margin: int = 120
    confidence_limit: int = 20_000
    volatility_ratio: int = 5


@dataclass(frozen=True, slots=True)
class OracleSample:
    """What a market's oracle account says, and how this market reads it.

    Parameters
    ----------
    price, confidence
        6 decimals.
    delay
        Slots since it was published.
    sufficient
        Whether enough publishers contributed.
    confidence_multiplier
        Of the market's tier: 1, 1, 2, 10, 50, 50.
    stable_pull
        Pyth stable-coin feeds may be three times as old for margin.
    immediate_override, low_risk_override
        Slots that replace the limit of immediate and of low-risk AMM fills; 0 means none, and then every
        immediate fill counts as stale. Negative values count as zero slots.
    """

    price: int
    confidence: int
    delay: int
    sufficient: bool = True
    confidence_multiplier: int = 1
    stable_pull: bool = False
    immediate_override: int = 0
    low_risk_override: int = 0


@dataclass(frozen=True, slots=True)
class Validity:
    """The state of an oracle; the two flags only qualify ``StaleForAMM``."""

    name: ValidityName
    immediate: bool = False
    low_risk: bool = False

    def __str__(self) -> str:
        if self.name != "StaleForAMM":
            return self.name
        return f"{self.name}:{str(self.immediate).lower()},{str(self.low_risk).lower()}"


def validity(sample: OracleSample, last_twap: int, rails: GuardRails) -> Validity:
    """Return the most severe state that applies.

    Raises
    ------
    DivisionByZeroError
        A price of zero (the program's ``MathError``).
    OracleRangeError
        A negative price (``CastingFailure``).
    OverflowedError
        Confidence x 1e6 outside u64 (``MathError``).
    """
    low, high = min(last_twap, sample.price), max(last_twap, sample.price)
    volatile = div_to_zero(high, max(low, 1)) > rails.volatility_ratio
    scaled = sample.confidence * MILLION
    if scaled > UINT64_MAX:
        raise OverflowedError("confidence", scaled, 64)
    if sample.price < 0:
        raise OracleRangeError("CastingFailure", price=sample.price)
    if sample.price == 0:
        raise DivisionByZeroError("confidence over price")
    uncertain = scaled // sample.price > rails.confidence_limit * sample.confidence_multiplier
    margin_limit = rails.stale_for_margin * (3 if sample.stable_pull else 1)
    # Without an override every immediate fill counts as stale.
    immediate = not sample.immediate_override or sample.delay > max(sample.immediate_override, 0)
    amm_limit = max(sample.low_risk_override, 0) if sample.low_risk_override else rails.stale_for_amm
    low_risk = sample.delay > amm_limit
    if volatile:
        return Validity("TooVolatile")
    if uncertain:
        return Validity("TooUncertain")
    if sample.delay > margin_limit:
        return Validity("StaleForMargin")
    if not sample.sufficient:
        return Validity("InsufficientDataPoints")
    if immediate or low_risk:
        return Validity("StaleForAMM", immediate, low_risk)
    return Validity("Valid")
