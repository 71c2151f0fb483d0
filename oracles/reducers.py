"""Nodes that make one reading of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal, TypeAlias

from oracles import medians
from oracles.medians import median, weighted_median_lower
from oracles.node import Node, View
from oracles.reading import Confidence, Reading, Reason, refuse
from oracles.robust import huber_down, mean_down, trimmed_mean_down, winsorised_mean_down

EvenRule: TypeAlias = medians.EvenRule


def median_down(values: list[int], even: EvenRule) -> int:
    """Return the median of integers at one scale; :func:`oracles.medians.median` with a list."""
    return median(values, even)


@dataclass(frozen=True)
class Median(Node):
    """The median of the parents that answer, at the largest number of decimals among them.

    Parameters
    ----------
    even
        The even-count rule: production code disagrees, and it decides what half of the sources can do.
    minimum_sources
        Fewer answers than this refuse.
    """

    kind: ClassVar[str] = "median"
    even: EvenRule = "lower"
    minimum_sources: int = 1

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the median; its time is the oldest among the answers."""
        del view
        answers = [reading for reading in readings if reading.ok]
        if len(answers) < max(self.minimum_sources, 1):
            return _too_few(self, readings, len(answers))
        decimals = max(reading.decimals for reading in answers)
        value = median([reading.at_decimals_down(decimals) for reading in answers], self.even)
        return Reading(self.id, value, decimals, _oldest(answers), children=readings)

    @property
    def label(self) -> str:
        """The rule in words."""
        return f"median ({self.even})"


@dataclass(frozen=True)
class Latest(Node):
    """The answer with the greatest publish time; the first of equals."""

    kind: ClassVar[str] = "latest"

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the newest answer that has a time."""
        del view
        answers = [reading for reading in readings if reading.ok and reading.publish_time is not None]
        if not answers:
            return _too_few(self, readings, 0)
        newest = max(answers, key=lambda reading: reading.publish_time or 0)
        return newest.under(self.id, *readings)


@dataclass(frozen=True)
class FirstOf(Node):
    """The first parent that answers: a fallback order."""

    kind: ClassVar[str] = "first-of"

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the first answer; if none answers, the last refusal explains."""
        del view
        for reading in readings:
            if reading.ok:
                return reading.under(self.id, *readings)
        return _too_few(self, readings, 0)


@dataclass(frozen=True)
class WeightedMedian(Node):
    """The lower weighted median of the parents that answer: first value with half of the answering weight.

    Parameters
    ----------
    weights
        One per parent. A parent that refuses takes its weight with it, which makes the others stronger.
    minimum_weight
        Less answering weight than this refuses.
    """

    kind: ClassVar[str] = "weighted-median"
    weights: tuple[int, ...]
    minimum_weight: int = 1

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the weighted median; its time is the oldest among the answers."""
        del view
        pairs = [(r, weight) for r, weight in zip(readings, self.weights, strict=True) if r.ok]
        weight = sum(weight for _, weight in pairs)
        if not pairs or weight < self.minimum_weight:
            return refuse(
                self.id,
                Reason.TOO_FEW_SOURCES,
                f"weight {weight} of {sum(self.weights)} answered, {self.minimum_weight} needed",
                *readings,
                answered=weight,
                needed=self.minimum_weight,
            )
        answers = [reading for reading, _ in pairs]
        decimals = max(reading.decimals for reading in answers)
        value = weighted_median_lower([(r.at_decimals_down(decimals), w) for r, w in pairs])
        return Reading(self.id, value, decimals, _oldest(answers), children=readings)


Estimate = Literal["mean", "trimmed-mean", "winsorised-mean", "huber", "minimum", "maximum"]


@dataclass(frozen=True)
class Estimator(Node):
    """A statistic of the parents that answer, at the largest number of decimals among them.

    Parameters
    ----------
    estimate
        Which; every one rounds down. ``minimum`` and ``maximum`` are the worst-of rules: any one source
        decides.
    cut
        Share cut per side by the trimmed and Winsorised mean.
    minimum_sources
        Fewer answers than this refuse.
    """

    kind: ClassVar[str] = "estimator"
    estimate: Estimate
    cut: Fraction = Fraction(1, 4)
    minimum_sources: int = 1

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the estimate; its time is the oldest among the answers."""
        del view
        answers = [reading for reading in readings if reading.ok]
        if len(answers) < max(self.minimum_sources, 1):
            return _too_few(self, readings, len(answers))
        decimals = max(reading.decimals for reading in answers)
        value = self._value([reading.at_decimals_down(decimals) for reading in answers])
        return Reading(self.id, value, decimals, _oldest(answers), children=readings)

    def _value(self, values: Sequence[int]) -> int:
        match self.estimate:
            case "mean":
                return mean_down(values)
            case "trimmed-mean":
                return trimmed_mean_down(values, self.cut)
            case "winsorised-mean":
                return winsorised_mean_down(values, self.cut)
            case "huber":
                return huber_down(values)
            case "minimum":
                return min(values)
            case "maximum":
                return max(values)

    @property
    def label(self) -> str:
        """The statistic."""
        return self.estimate


@dataclass(frozen=True)
class Product(Node):
    """The product of all parents at ``decimals``, rounded down once: a chain of exchange rates.

    Relative confidences add linearly, the cautious sum; the time is the oldest parent's, not their mean.
    """

    kind: ClassVar[str] = "product"
    decimals: int = 18

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the product, or the first refusal."""
        del view
        return _combined(self, readings, [1] * len(readings), self.decimals)


@dataclass(frozen=True)
class Quotient(Node):
    """The first parent over the product of the others at ``decimals``, rounded down once: a cross rate."""

    kind: ClassVar[str] = "quotient"
    decimals: int = 18

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the quotient; a divisor of zero refuses, as the contract's division reverts."""
        del view
        return _combined(self, readings, [1, *[-1] * (len(readings) - 1)], self.decimals)


@dataclass(frozen=True)
class Cross(Node):
    """Two parents quoted in a common asset (or one inverted), made into one pair.

    Parameters
    ----------
    first, second
        ``multiply`` takes the parent as it is, ``invert`` its reciprocal: (multiply, invert) is base/USD over
        quote/USD.
    decimals
        Of the result, rounded down once.
    """

    kind: ClassVar[str] = "cross"
    first: Literal["multiply", "invert"] = "multiply"
    second: Literal["multiply", "invert"] = "invert"
    decimals: int = 18

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the cross rate, or the first refusal."""
        del view
        powers = [1 if side == "multiply" else -1 for side in (self.first, self.second)]
        return _combined(self, readings, powers, self.decimals)


def _combined(node: Node, readings: tuple[Reading, ...], powers: list[int], decimals: int) -> Reading:
    value, relative = Fraction(10**decimals), Fraction(0)
    for reading, power in zip(readings, powers, strict=True):
        if not reading.ok:
            return reading.under(node.id, *readings)
        price = reading.price
        if price == 0 and power < 0:
            return refuse(node.id, Reason.REVERTED, "division by a price of zero", *readings)
        value *= price**power
        if reading.confidence is not None and reading.value:
            relative += Fraction(reading.confidence.width, abs(reading.value))
    answer = value.numerator // value.denominator
    meanings = [reading.confidence.meaning for reading in readings if reading.confidence is not None]
    confidence = Confidence(int(abs(value) * relative), meanings[0]) if meanings else None
    synthetic = all(reading.synthetic_time for reading in readings)
    return Reading(
        node.id,
        answer,
        decimals,
        _oldest(list(readings)),
        synthetic,
        confidence=confidence,
        children=readings,
    )


def _oldest(answers: list[Reading]) -> int | None:
    times = [reading.publish_time for reading in answers]
    known = [time for time in times if time is not None]
    return min(known) if len(known) == len(times) else None


def _too_few(node: Node, readings: tuple[Reading, ...], answered: int) -> Reading:
    needed = max(node.minimum_sources, 1) if isinstance(node, Median | Estimator) else 1
    return refuse(
        node.id,
        Reason.TOO_FEW_SOURCES,
        f"{answered} of {len(readings)} sources answered, {needed} needed",
        *readings,
        answered=answered,
        needed=needed,
    )
