"""Synthetix v3 oracle-manager: reducers with their timestamps, breakers, and the Chainlink average.

Source: Synthetixio/synthetix-v3 protocol/oracle-manager/contracts/nodes (measured on NodeModule). Every
output is (int256 price with 18 decimals, timestamp). Averages also average the timestamps, which hides a
stale parent from a later staleness breaker; one failing parent fails the node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from oracles.medians import INT256_MAX, INT256_MIN
from oracles.node import Node, Sample, View
from oracles.reading import Reading, Reason, refuse, refuse_error
from oracles.sources.pyth import PythPrice
from protocol.errors import (
    OracleDeviationError,
    OracleRangeError,
    OracleStaleError,
    OracleTooFewError,
    OverflowedError,
    RuleError,
)
from protocol.fixed_point import WAD, div_to_zero

DECIMALS = 18

Operation = Literal["RECENT", "MIN", "MAX", "MEAN", "MEDIAN", "MUL", "DIV", "MULDECIMAL", "DIVDECIMAL"]


class NodeOutput(NamedTuple):
    """A node's price (18 decimals) and timestamp."""

    price: int
    timestamp: int


def _checked(value: int) -> int:
    if not INT256_MIN <= value <= INT256_MAX:
        raise OverflowedError("price", value, 256)
    return value


def _mean_time(outputs: Sequence[NodeOutput]) -> int:
    return sum(output.timestamp for output in outputs) // len(outputs)


def _recent(outputs: Sequence[NodeOutput]) -> NodeOutput:
    newest = NodeOutput(0, 0)
    for output in outputs:
        if output.timestamp > newest.timestamp:
            newest = output
    return newest


def _minimum(outputs: Sequence[NodeOutput]) -> NodeOutput:
    return min(outputs, key=lambda output: output.price)


def _maximum(outputs: Sequence[NodeOutput]) -> NodeOutput:
    return max(outputs, key=lambda output: output.price)


def _mean(outputs: Sequence[NodeOutput]) -> NodeOutput:
    total = 0
    for output in outputs:
        total = _checked(total + output.price)
    return NodeOutput(div_to_zero(total, len(outputs)), _mean_time(outputs))


def quick_sort(outputs: list[NodeOutput], left: int, right: int) -> None:
    """Sort by price in place as the contract does: unstable, so ties decide the median's timestamp."""
    low, high = left, right
    if low == high:
        return
    pivot = outputs[left + (right - left) // 2].price
    while low <= high:
        while outputs[low].price < pivot:
            low += 1
        while pivot < outputs[high].price:
            high -= 1
        if low <= high:
            outputs[low], outputs[high] = outputs[high], outputs[low]
            low += 1
            high -= 1
    if left < high:
        quick_sort(outputs, left, high)
    if low < right:
        quick_sort(outputs, low, right)


def _median(outputs: Sequence[NodeOutput]) -> NodeOutput:
    ordered = list(outputs)
    quick_sort(ordered, 0, len(ordered) - 1)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else _mean(ordered[middle - 1 : middle + 1])


def _chain(step: Callable[[int, int], int]) -> Callable[[Sequence[NodeOutput]], NodeOutput]:
    def reduce(outputs: Sequence[NodeOutput]) -> NodeOutput:
        price = outputs[0].price
        for output in outputs[1:]:
            price = step(price, output.price)
        return NodeOutput(price, _mean_time(outputs))

    return reduce


def _divisor(price: int) -> int:
    if price == 0:
        raise OracleRangeError("InvalidPrice", price=price)
    return price


def _divide_decimal(a: int, b: int) -> int:
    divisor = _divisor(b)
    return _checked(div_to_zero(_checked(a * WAD), divisor))


_OPERATIONS: dict[Operation, Callable[[Sequence[NodeOutput]], NodeOutput]] = {
    "RECENT": _recent,
    "MIN": _minimum,
    "MAX": _maximum,
    "MEAN": _mean,
    "MEDIAN": _median,
    "MUL": _chain(lambda a, b: _checked(a * b)),
    "DIV": _chain(lambda a, b: _checked(div_to_zero(a, _divisor(b)))),
    "MULDECIMAL": _chain(lambda a, b: div_to_zero(_checked(a * b), WAD)),
    "DIVDECIMAL": _chain(_divide_decimal),
}


def reduce_outputs(operation: Operation, outputs: Sequence[NodeOutput]) -> NodeOutput:
    """Return a REDUCER node's output.

    Parameters
    ----------
    operation
        ``RECENT`` takes the strictly newest (the first of equals; all-zero times give price 0), ``MIN`` and
        ``MAX`` the first of equals; ``MUL`` and ``DIV`` work on the raw integers.
    outputs
        Of the parents, in order; at least two.

    Raises
    ------
    OverflowedError
        Where checked 256-bit arithmetic panics.
    OracleRangeError
        ``InvalidPrice`` for a divisor of zero.
    OracleTooFewError
        Of fewer than two parents; the contract refuses to register such a node.
    """
    if len(outputs) < 2:
        raise OracleTooFewError("InvalidNodeDefinition", parents=len(outputs))
    return _OPERATIONS[operation](outputs)


def deviation_breaker(tolerance: int, outputs: Sequence[NodeOutput]) -> NodeOutput:
    """Return the first output, or the third where the first two differ too much.

    Parameters
    ----------
    tolerance
        1e18 = 100 % of the first price; exclusive. Equal prices pass, even two zeros.
    outputs
        Two or three.

    Raises
    ------
    OracleDeviationError
        ``DeviationToleranceExceeded`` without a third parent.
    OracleRangeError
        ``InvalidInputPrice`` for a first price of zero without a third parent.
    """
    first, second = outputs[0], outputs[1]
    if first.price == second.price:
        return first
    if first.price == 0:
        if len(outputs) > 2:
            return outputs[2]
        raise OracleRangeError("InvalidInputPrice", price=0)
    difference = _checked(_checked(abs(_checked(first.price - second.price))) * WAD) // abs(first.price)
    if tolerance >= difference:
        return first
    if len(outputs) > 2:
        return outputs[2]
    raise OracleDeviationError("DeviationToleranceExceeded", deviation=difference, tolerance=tolerance)


def staleness_breaker(tolerance: int, now: int, outputs: Sequence[NodeOutput]) -> NodeOutput:
    """Return the first output if now <= timestamp + tolerance, else the second.

    Raises
    ------
    OracleStaleError
        ``StalenessToleranceExceeded`` without a second parent.
    """
    if now <= outputs[0].timestamp + tolerance:
        return outputs[0]
    if len(outputs) > 1:
        return outputs[1]
    raise OracleStaleError("StalenessToleranceExceeded", timestamp=outputs[0].timestamp, now=now)


def rescale_to_zero(price: int, decimals: int) -> int:
    """Return a price of ``decimals`` digits with 18, truncated toward zero."""
    if decimals > DECIMALS:
        return div_to_zero(price, 10 ** (decimals - DECIMALS))
    return _checked(price * 10 ** (DECIMALS - decimals))


def chainlink_average(interval: int, decimals: int, rounds: Sequence[Sample], now: int) -> NodeOutput:
    """Return a CHAINLINK node's output: the plain mean of the rounds since ``now - interval``.

    Called "TWAP" in the contract, but not weighted by time; it walks back from the latest round and stops
    at the first older one.

    Parameters
    ----------
    interval
        Seconds; 0 takes the latest answer.
    rounds
        Oldest first.

    Raises
    ------
    OracleTooFewError
        Without a round.
    """
    if not rounds:
        raise OracleTooFewError("empty", "the feed has no round")
    latest = rounds[-1]
    total, count = latest.value, 1
    if interval:
        for sample in reversed(rounds[:-1]):
            if sample.time < now - interval:
                break
            total, count = _checked(total + sample.value), count + 1
    return NodeOutput(rescale_to_zero(div_to_zero(total, count), decimals), latest.time)


def _outputs(readings: Sequence[Reading]) -> list[NodeOutput]:
    return [
        NodeOutput(rescale_to_zero(reading.value or 0, reading.decimals), reading.publish_time or 0)
        for reading in readings
    ]


def _combined(
    node: Node, readings: tuple[Reading, ...], rule: Callable[[list[NodeOutput]], NodeOutput]
) -> Reading:
    """Return what a rule makes of all parents; one refusal refuses."""
    for reading in readings:
        if not reading.ok:
            return reading.under(node.id, *readings)
    try:
        output = rule(_outputs(readings))
    except RuleError as error:
        return refuse_error(node.id, error, *readings)
    return Reading(node.id, output.price, DECIMALS, output.timestamp, children=readings)


@dataclass(frozen=True)
class SynthetixReducer(Node):
    """A REDUCER node over its parents; one refusal refuses."""

    kind: ClassVar[str] = "synthetix-reducer"
    operation: Operation

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return price and (averaged) timestamp."""
        del view
        return _combined(self, readings, lambda outputs: reduce_outputs(self.operation, outputs))

    @property
    def label(self) -> str:
        """The operation."""
        return self.operation


@dataclass(frozen=True)
class SynthetixDeviation(Node):
    """A PRICE_DEVIATION_CIRCUIT_BREAKER; all parents are evaluated: a failing fallback breaks all."""

    kind: ClassVar[str] = "synthetix-deviation"
    tolerance: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the first parent, the third, or the refusal."""
        del view
        return _combined(self, readings, lambda outputs: deviation_breaker(self.tolerance, outputs))


@dataclass(frozen=True)
class SynthetixStaleness(Node):
    """A STALENESS_CIRCUIT_BREAKER; the second parent is asked only where the first is stale."""

    kind: ClassVar[str] = "synthetix-staleness"
    tolerance: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the first parent, the second, or the refusal."""
        if not readings[0].ok:
            return readings[0].under(self.id, *readings)
        fresh = view.time <= (readings[0].publish_time or 0) + self.tolerance
        if not fresh and len(readings) > 1 and not readings[1].ok:
            return readings[1].under(self.id, *readings)
        usable = readings if all(reading.ok for reading in readings) else readings[:1]
        try:
            output = staleness_breaker(self.tolerance, view.time, _outputs(usable))
        except RuleError as error:
            return refuse_error(self.id, error, *readings)
        return Reading(self.id, output.price, DECIMALS, output.timestamp, children=readings)


@dataclass(frozen=True)
class SynthetixChainlink(Node):
    """A CHAINLINK node over a feed's rounds in the view."""

    kind: ClassVar[str] = "synthetix-chainlink"
    feed: str
    interval: int = 0

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the mean of the rounds in the interval, at the latest round's time."""
        del readings
        rounds = [sample for sample in view.feeds.get(self.feed, ()) if sample.time <= view.time]
        if not rounds:
            return refuse(self.id, Reason.NO_DATA, f"feed {self.feed!r} has no round")
        try:
            output = chainlink_average(self.interval, rounds[-1].decimals, rounds, view.time)
        except RuleError as error:
            return refuse_error(self.id, error)
        return Reading(self.id, output.price, DECIMALS, output.timestamp, round=rounds[-1].round)


@dataclass(frozen=True)
class SynthetixPyth(Node):
    """A PYTH node: the stored price cut to 18 decimals, its confidence dropped (read, not executed).

    Parameters
    ----------
    feed
        Name of the stored :class:`PythPrice`; of its average for the contract's ``useEma``.
    """

    kind: ClassVar[str] = "synthetix-pyth"
    feed: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return price and publish time of ``getPriceUnsafe``: no age is checked."""
        del readings
        stored = view.stored(self.feed, PythPrice)
        if stored is None:
            return refuse(self.id, Reason.NO_DATA, f"no Pyth price {self.feed!r}")
        shift = DECIMALS + stored.exponent
        price = stored.price * 10 ** max(shift, 0)
        return Reading(self.id, div_to_zero(price, 10 ** max(-shift, 0)), DECIMALS, stored.publish_time)
