"""Nodes that let a reading pass or refuse it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Literal

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse


@dataclass(frozen=True)
class Staleness(Node):
    """Refuse a reading older than ``max_age`` seconds, without a time, or from the future.

    Parameters
    ----------
    max_age
        Seconds; an age of exactly ``max_age`` passes.
    """

    kind: ClassVar[str] = "staleness"
    max_age: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the parent's reading or the refusal with both numbers."""
        (reading,) = readings
        if not reading.ok:
            return reading.under(self.id, reading)
        if reading.publish_time is None:
            return refuse(self.id, Reason.STALE, "the reading has no publish time", reading)
        age = view.time - reading.publish_time
        if age < 0:
            return refuse(
                self.id, Reason.FROM_FUTURE, f"published {-age} s after the reader's clock", reading, age=age
            )
        if age > self.max_age:
            return refuse(
                self.id,
                Reason.STALE,
                f"{age} s old, at most {self.max_age} s allowed",
                reading,
                age=age,
                max_age=self.max_age,
            )
        return reading.under(self.id, reading)

    @property
    def label(self) -> str:
        """The limit in words."""
        return f"not older than {self.max_age} s"


@dataclass(frozen=True)
class DeviationLimit(Node):
    """Let the first parent pass while it agrees with the second; else the third, or refuse.

    The denominator is the named one: production code differs (Synthetix and Drift's guard divide by the
    primary, GMX by the reference), and it makes the guard asymmetric.

    Parameters
    ----------
    limit
        Largest relative difference that passes.
    relative_to
        ``first`` or ``second``.
    """

    kind: ClassVar[str] = "deviation-limit"
    limit: Fraction
    relative_to: Literal["first", "second"] = "first"

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the first parent, the third, or the refusal with both prices."""
        del view
        first, second, *rest = readings
        for reading in (first, second):
            if not reading.ok:
                return reading.under(self.id, *readings)
        base = abs(first.price if self.relative_to == "first" else second.price)
        difference = abs(first.price - second.price)
        if difference <= self.limit * base:
            return first.under(self.id, *readings)
        if rest:
            return rest[0].under(self.id, *readings)
        return refuse(
            self.id,
            Reason.DEVIATED,
            f"{float(first.price):.8g} and {float(second.price):.8g} differ by over {float(self.limit):.4g}",
            *readings,
            first=str(first.price),
            second=str(second.price),
        )

    @property
    def label(self) -> str:
        """The limit in words."""
        return f"within {float(self.limit):.2%} of the {self.relative_to}"


@dataclass(frozen=True)
class Bounds(Node):
    """Refuse a price outside fixed bounds, or clamp it into them.

    Clamping is what old aggregators' minimum answers did to LUNA in May 2022: the feed said 0.10 and was
    sold to.

    Parameters
    ----------
    lowest, highest
        Prices, inclusive.
    action
        ``refuse`` or ``clamp``.
    """

    kind: ClassVar[str] = "bounds"
    lowest: Fraction
    highest: Fraction
    action: Literal["refuse", "clamp"] = "refuse"

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the parent's reading, clamped or refused outside the bounds."""
        del view
        (reading,) = readings
        if not reading.ok or self.lowest <= reading.price <= self.highest:
            return reading.under(self.id, reading)
        if self.action == "clamp":
            bound = self.lowest if reading.price < self.lowest else self.highest
            scaled = bound * 10**reading.decimals
            value = scaled.numerator // scaled.denominator
            return replace(reading.under(self.id, reading), value=value, bid=None, ask=None)
        return refuse(
            self.id,
            Reason.OUT_OF_BOUNDS,
            f"{float(reading.price):.8g} lies outside {float(self.lowest):.8g}..{float(self.highest):.8g}",
            reading,
            price=str(reading.price),
        )


@dataclass(frozen=True)
class Positive(Node):
    """Refuse a price of zero or below."""

    kind: ClassVar[str] = "positive"

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the parent's reading or the refusal."""
        del view
        (reading,) = readings
        if reading.value is None or reading.value > 0:
            return reading.under(self.id, reading)
        return refuse(
            self.id, Reason.NOT_POSITIVE, f"the price is {reading.value}", reading, price=reading.value
        )


@dataclass(frozen=True)
class ConfidenceLimit(Node):
    """Refuse a reading whose confidence is too wide, or that has none.

    Parameters
    ----------
    limit
        Largest confidence over price that passes.
    """

    kind: ClassVar[str] = "confidence-limit"
    limit: Fraction

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the parent's reading or the refusal with the width."""
        del view
        (reading,) = readings
        if not reading.ok or reading.value is None:
            return reading.under(self.id, reading)
        if reading.confidence is None:
            return refuse(self.id, Reason.UNCERTAIN, "the reading has no confidence", reading)
        width = reading.confidence.width
        if width <= self.limit * abs(reading.value):
            return reading.under(self.id, reading)
        return refuse(
            self.id,
            Reason.UNCERTAIN,
            f"confidence {width} of {reading.value} is above {float(self.limit):.4g}",
            reading,
            width=width,
            price=reading.value,
        )


@dataclass(frozen=True)
class RateOfChange(Node):
    """Refuse a price that moved too fast since the second parent, an earlier reading.

    Parameters
    ----------
    limit_per_second
        Largest relative change a second.
    free_move
        Relative change that always passes.
    """

    kind: ClassVar[str] = "rate-of-change"
    limit_per_second: Fraction
    free_move: Fraction = Fraction(0)

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the first parent or the refusal; without an earlier reading nothing is known to refuse."""
        del view
        now, earlier = readings
        if not now.ok or not earlier.ok:
            return now.under(self.id, *readings)
        if now.publish_time is None or earlier.publish_time is None:
            return refuse(self.id, Reason.STALE, "a reading has no publish time", *readings)
        elapsed = max(now.publish_time - earlier.publish_time, 0)
        allowed = (self.free_move + self.limit_per_second * elapsed) * abs(earlier.price)
        if abs(now.price - earlier.price) <= allowed:
            return now.under(self.id, *readings)
        return refuse(
            self.id,
            Reason.MOVED_TOO_FAST,
            f"from {float(earlier.price):.8g} to {float(now.price):.8g} in {elapsed} s",
            *readings,
            elapsed=elapsed,
        )


@dataclass(frozen=True)
class MinimumSources(Node):
    """Let the first parent pass while enough independent witnesses (the other parents) answer.

    Parameters
    ----------
    minimum
        Distinct causes needed.
    causes
        Common cause of each witness, for example its data vendor or the stablecoin it quotes in: witnesses of
        one cause count once. Empty: every witness is its own cause.
    """

    kind: ClassVar[str] = "minimum-sources"
    minimum: int
    causes: tuple[str, ...] = ()

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the first parent or the refusal with the count."""
        del view
        candidate, *witnesses = readings
        causes = self.causes or tuple(str(index) for index in range(len(witnesses)))
        alive = {cause for witness, cause in zip(witnesses, causes, strict=True) if witness.ok}
        if len(alive) >= self.minimum:
            return candidate.under(self.id, *readings)
        return refuse(
            self.id,
            Reason.TOO_FEW_SOURCES,
            f"{len(alive)} independent sources answered, {self.minimum} needed",
            *readings,
            answered=len(alive),
            needed=self.minimum,
        )


@dataclass(frozen=True)
class Freeze(Node):
    """Refuse while a guardian has frozen the feed, or give the second parent (a last good price).

    Parameters
    ----------
    switch
        Name in the view's memory; frozen while it holds True.
    """

    kind: ClassVar[str] = "freeze"
    switch: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the first parent, or while frozen the second or a refusal."""
        if not view.stored(self.switch, bool):
            return readings[0].under(self.id, *readings)
        if len(readings) > 1:
            return readings[1].under(self.id, *readings)
        return refuse(self.id, Reason.FROZEN, f"{self.switch!r} is frozen", *readings)
