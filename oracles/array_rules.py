"""Each kind of node over arrays of ticks; see :mod:`oracles.arrays`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from oracles.guards import (
    Bounds,
    DeviationLimit,
    MinimumSources,
    Positive,
    RateOfChange,
    Staleness,
)
from oracles.node import Node
from oracles.reducers import Cross, Estimator, FirstOf, Latest, Median, Product, Quotient, WeightedMedian
from oracles.sources.constant import Constant
from oracles.weighted_median import weighted_median
from protocol.errors import UnknownNameError

Floats: TypeAlias = NDArray[np.float64]
Times: TypeAlias = NDArray[np.int64]
Leaves: TypeAlias = NDArray[np.int16]

NO_TIME = np.iinfo(np.int64).min
MIXED = -1


@dataclass(frozen=True, slots=True)
class ArrayReading:
    """One node's readings over the ticks.

    Parameters
    ----------
    value
        [ticks] whole units of price; NaN is a refusal.
    time
        [ticks] publish time in seconds; ``NO_TIME`` where there is none.
    leaf
        [ticks] index of the leaf a selected value came from; -1 where values were combined.
    """

    value: Floats
    time: Times
    leaf: Leaves


Rule: TypeAlias = Callable[[Node, Times, list[ArrayReading]], ArrayReading]
NodeT = TypeVar("NodeT", bound=Node)
RULES: dict[type[Node], Rule] = {}


def _rule(
    kind: type[NodeT],
) -> Callable[[Callable[[NodeT, Times, list[ArrayReading]], ArrayReading]], Rule]:
    def register(function: Callable[[NodeT, Times, list[ArrayReading]], ArrayReading]) -> Rule:
        rule = cast("Rule", function)
        RULES[kind] = rule
        return rule

    return register


def supported_kinds() -> tuple[str, ...]:
    """Return the kinds of node that have an array form."""
    return tuple(sorted(kind.kind for kind in RULES))


def _stacked(parents: list[ArrayReading]) -> tuple[Floats, Times, Leaves]:
    return (
        np.stack([parent.value for parent in parents], axis=1),
        np.stack([parent.time for parent in parents], axis=1),
        np.stack([parent.leaf for parent in parents], axis=1),
    )


def _oldest(values: Floats, times: Times) -> Times:
    """Return the oldest time among the answers; ``NO_TIME`` where one of them has none."""
    latest = np.iinfo(np.int64).max
    oldest: Times = np.where(np.isnan(values), latest, times).min(axis=1)
    return np.where(oldest == latest, NO_TIME, oldest)


def _column(array: NDArray[np.generic], index: NDArray[np.intp]) -> NDArray[np.generic]:
    taken: NDArray[np.generic] = np.take_along_axis(array, index[:, None], axis=1)[:, 0]
    return taken


def _chosen(parents: list[ArrayReading], index: NDArray[np.intp], valid: NDArray[np.bool_]) -> ArrayReading:
    """Return the ``index``-th parent's reading where ``valid``, else a refusal."""
    values, times, leaves = _stacked(parents)
    return ArrayReading(
        np.where(valid, cast("Floats", _column(values, index)), np.nan),
        np.where(valid, cast("Times", _column(times, index)), NO_TIME),
        np.where(valid, cast("Leaves", _column(leaves, index)), MIXED).astype(np.int16),
    )


def _keep(reading: ArrayReading, passes: NDArray[np.bool_]) -> ArrayReading:
    return ArrayReading(
        np.where(passes, reading.value, np.nan),
        np.where(passes, reading.time, NO_TIME),
        np.where(passes, reading.leaf, MIXED).astype(np.int16),
    )


@_rule(Constant)
def _constant(node: Constant, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del parents
    value = np.full(len(clock), node.value / 10**node.decimals)
    return ArrayReading(value, clock, np.full(len(clock), MIXED, np.int16))


@_rule(Median)
def _median(node: Median, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del clock
    values, times, leaves = _stacked(parents)
    order = np.argsort(values, axis=1, kind="stable")
    count = np.count_nonzero(~np.isnan(values), axis=1)
    low = _column(order, np.maximum(count - 1, 0) // 2).astype(np.intp)
    high = _column(order, np.minimum(count // 2, values.shape[1] - 1)).astype(np.intp)
    enough = count >= max(node.minimum_sources, 1)
    below, above = cast("Floats", _column(values, low)), cast("Floats", _column(values, high))
    if node.even == "lower":
        above, high = below, low
    elif node.even == "upper":
        below, low = above, high
    leaf = np.where(enough & (low == high), cast("Leaves", _column(leaves, low)), MIXED)
    # Halved before they are added, so that no pair of doubles overflows.
    middle = np.where(low == high, below, below / 2 + above / 2)
    return ArrayReading(
        np.where(enough, middle, np.nan),
        np.where(enough, _oldest(values, times), NO_TIME),
        leaf.astype(np.int16),
    )


@_rule(WeightedMedian)
def _weighted(node: WeightedMedian, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del clock
    values, times, leaves = _stacked(parents)
    weights = np.array(node.weights, dtype=np.float64)
    median, source = weighted_median(values, weights)
    answered = np.where(np.isnan(values), 0.0, weights).sum(axis=1)
    enough = (source >= 0) & (answered >= node.minimum_weight)
    leaf = np.where(enough, cast("Leaves", _column(leaves, np.maximum(source, 0))), MIXED)
    return ArrayReading(
        np.where(enough, median, np.nan),
        np.where(enough, _oldest(values, times), NO_TIME),
        leaf.astype(np.int16),
    )


@_rule(Estimator)
def _estimator(node: Estimator, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del clock
    values, times, _ = _stacked(parents)
    count = np.count_nonzero(~np.isnan(values), axis=1)
    enough = count >= max(node.minimum_sources, 1)
    ordered = np.sort(values, axis=1)
    place = np.arange(values.shape[1])
    last = np.maximum(count - 1, 0)[:, None]
    cut = np.zeros(len(count), np.int64)
    match node.estimate:
        case "minimum":
            estimate = ordered[:, 0]
        case "maximum":
            estimate = np.take_along_axis(ordered, last, axis=1)[:, 0]
        case "mean" | "trimmed-mean" | "winsorised-mean":
            if node.estimate != "mean":
                cut = count * node.cut.numerator // node.cut.denominator
            inside = (place >= cut[:, None]) & (place <= last - cut[:, None])
            if node.estimate == "winsorised-mean":
                moved = np.clip(place, cut[:, None], np.maximum(last - cut[:, None], 0))
                ordered = np.take_along_axis(ordered, moved, axis=1)
                inside = place <= last
            total = np.where(inside, ordered, 0.0).sum(axis=1)
            estimate = total / np.maximum(inside.sum(axis=1), 1)
        case _:
            raise UnknownNameError(
                "array form", node.estimate, ("mean", "minimum", "maximum", "trimmed-mean")
            )
    return ArrayReading(
        np.where(enough, estimate, np.nan),
        np.where(enough, _oldest(values, times), NO_TIME),
        np.full(len(count), MIXED, np.int16),
    )


@_rule(Latest)
def _latest(node: Latest, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del node, clock
    values, times, _ = _stacked(parents)
    usable = ~np.isnan(values) & (times != NO_TIME)
    newest = np.where(usable, times, NO_TIME).argmax(axis=1)
    return _chosen(parents, newest, np.asarray(usable.any(axis=1)))


@_rule(FirstOf)
def _first_of(node: FirstOf, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del node, clock
    answered = ~np.isnan(_stacked(parents)[0])
    return _chosen(parents, answered.argmax(axis=1), np.asarray(answered.any(axis=1)))


def _combined(parents: list[ArrayReading], powers: Sequence[int]) -> ArrayReading:
    values, times, _ = _stacked(parents)
    product = np.ones(len(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        for column, power in enumerate(powers):
            product = product * values[:, column] if power > 0 else product / values[:, column]
    valid = np.isfinite(product)
    # Unlike a median, a combination needs every parent's time.
    oldest = np.where(valid, times.min(axis=1), NO_TIME)
    return ArrayReading(np.where(valid, product, np.nan), oldest, np.full(len(values), MIXED, np.int16))


@_rule(Product)
def _product(node: Product, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del node, clock
    return _combined(parents, [1] * len(parents))


@_rule(Quotient)
def _quotient(node: Quotient, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del node, clock
    return _combined(parents, [1, *[-1] * (len(parents) - 1)])


@_rule(Cross)
def _cross(node: Cross, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del clock
    return _combined(parents, [1 if side == "multiply" else -1 for side in (node.first, node.second)])


@_rule(Staleness)
def _staleness(node: Staleness, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    (reading,) = parents
    timed = reading.time != NO_TIME
    age = np.where(timed, clock - np.where(timed, reading.time, 0), -1)
    return _keep(reading, (age >= 0) & (age <= node.max_age))


@_rule(Positive)
def _positive(node: Positive, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del node, clock
    (reading,) = parents
    return _keep(reading, reading.value > 0)


@_rule(Bounds)
def _bounds(node: Bounds, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del clock
    (reading,) = parents
    low, high = float(node.lowest), float(node.highest)
    if node.action == "clamp":
        return ArrayReading(np.clip(reading.value, low, high), reading.time, reading.leaf)
    return _keep(reading, (reading.value >= low) & (reading.value <= high))


@_rule(DeviationLimit)
def _deviation(node: DeviationLimit, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del clock
    first, second, *rest = parents
    base = np.abs(first.value if node.relative_to == "first" else second.value)
    near = np.abs(first.value - second.value) <= float(node.limit) * base
    kept = _keep(first, near)
    if not rest:
        return kept
    both = ~np.isnan(first.value) & ~np.isnan(second.value)
    return _chosen([first, rest[0]], np.where(near, 0, 1), both)


@_rule(RateOfChange)
def _rate(node: RateOfChange, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del clock
    now, earlier = parents
    known = (now.time != NO_TIME) & (earlier.time != NO_TIME)
    elapsed = np.where(known, np.maximum(now.time - np.where(known, earlier.time, 0), 0), 0)
    allowed = (float(node.free_move) + float(node.limit_per_second) * elapsed) * np.abs(earlier.value)
    slow = known & (np.abs(now.value - earlier.value) <= allowed)
    return _keep(now, slow | np.isnan(earlier.value))


@_rule(MinimumSources)
def _minimum_sources(node: MinimumSources, clock: Times, parents: list[ArrayReading]) -> ArrayReading:
    del clock
    candidate, *witnesses = parents
    causes = node.causes or tuple(str(index) for index in range(len(witnesses)))
    alive = np.zeros(len(candidate.value), np.int64)
    for cause in sorted(set(causes)):
        group = [w for w, name in zip(witnesses, causes, strict=True) if name == cause]
        alive += (~np.isnan(_stacked(group)[0])).any(axis=1)
    return _keep(candidate, alive >= node.minimum)
