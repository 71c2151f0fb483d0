"""What a source or node says: a value with its time and origin, or a refusal with its reason.

A refusal is a reading too, so a fallback node may catch it and an action table may decide on it. Native
integers are kept as the source gives them; ``decimals`` says where the point is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction
from typing import Literal, Self

from protocol.errors import (
    OracleDeviationError,
    OracleError,
    OracleFutureError,
    OracleNotSupportedError,
    OracleOrderError,
    OracleRangeError,
    OracleStaleError,
    OracleTooFewError,
    OracleUnauthorisedError,
    RuleError,
)


class Reason(Enum):
    """Why a node gives no value."""

    NO_DATA = "no-data"
    STALE = "stale"
    NOT_POSITIVE = "not-positive"
    REVERTED = "reverted"
    TOO_FEW_SOURCES = "too-few-sources"
    DEVIATED = "deviated"
    FROM_FUTURE = "from-future"
    UNCERTAIN = "uncertain"
    OUT_OF_BOUNDS = "out-of-bounds"
    MOVED_TOO_FAST = "moved-too-fast"
    SEQUENCER_DOWN = "sequencer-down"
    FROZEN = "frozen"
    UNAUTHORISED = "unauthorised"
    NOT_SUPPORTED = "not-supported"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A typed reason with the numbers that explain it."""

    reason: Reason
    message: str
    details: tuple[tuple[str, int | str], ...] = ()


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure a source is, in the value's own units and what the number means there."""

    width: int
    meaning: Literal["standard-deviation", "quartile", "half-spread"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading.

    Parameters
    ----------
    source
        Id of the node that gave it.
    value
        Native integer, quote units per whole base times 10**decimals; None for a refusal.
    decimals
        Position of the point.
    publish_time
        Unix second at which the source formed the value; None where it has no time.
    synthetic_time
        Whether the reader made that time up (spot pools say "now").
    round
        Round or sequence id where the source has one.
    bid, ask
        Same units as ``value`` where the source gives both sides.
    confidence
        Where the source gives one.
    refusal
        Why there is no value.
    children
        The readings it came from.
    """

    source: str
    value: int | None = None
    decimals: int = 18
    publish_time: int | None = None
    synthetic_time: bool = False
    round: int | None = None
    bid: int | None = None
    ask: int | None = None
    confidence: Confidence | None = None
    refusal: Refusal | None = None
    children: tuple[Reading, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.refusal is None and self.value is not None

    @property
    def price(self) -> Fraction:
        """The value as an exact fraction; only for a reading that is ``ok``."""
        if self.value is None:
            raise ValueError(f"{self.source} refused: {self.refusal}")
        return Fraction(self.value, 10**self.decimals)

    def at_decimals_down(self, decimals: int) -> int:
        """Return the value with another number of decimals, rounded toward negative infinity."""
        scaled = self.price * Fraction(10) ** decimals
        return int(scaled.numerator // scaled.denominator)

    def under(self, source: str, *children: Reading) -> Self:
        """Return the same reading as said by the node ``source``."""
        return replace(self, source=source, children=children)


def refuse(source: str, reason: Reason, message: str, *children: Reading, **details: int | str) -> Reading:
    """Return a refusal."""
    return Reading(source, refusal=Refusal(reason, message, tuple(details.items())), children=children)


REASONS: tuple[tuple[type[OracleError], Reason], ...] = (
    (OracleStaleError, Reason.STALE),
    (OracleFutureError, Reason.FROM_FUTURE),
    (OracleTooFewError, Reason.TOO_FEW_SOURCES),
    (OracleUnauthorisedError, Reason.UNAUTHORISED),
    (OracleOrderError, Reason.REVERTED),
    (OracleRangeError, Reason.OUT_OF_BOUNDS),
    (OracleDeviationError, Reason.DEVIATED),
    (OracleNotSupportedError, Reason.NOT_SUPPORTED),
)


def refuse_error(source: str, error: RuleError, *children: Reading) -> Reading:
    """Return the refusal that a contract's revert means to its reader."""
    reason = next((reason for kind, reason in REASONS if isinstance(error, kind)), Reason.REVERTED)
    details: dict[str, int | str] = {
        key: value if isinstance(value, int) else str(value) for key, value in error.details.items()
    }
    return refuse(source, reason, error.message, *children, **details)
