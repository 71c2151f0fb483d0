"""Rules of the node types: which demands on the parents fulfil a demand on the node.

Every rule is sufficient: what it asks for makes the node meet the demand. The search proves each plan again
on the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from oracles.corruption.committees import reports_needed
from oracles.corruption.demand import Analysis, Demand, rule_for
from oracles.corruption.formula import FREE, IMPOSSIBLE, AtLeast, Formula, all_of, any_of, at_least, pick
from oracles.guards import Staleness
from oracles.node import Node
from oracles.reducers import (
    FirstOf,
    Latest,
    Median,
    WeightedMedian,
)

_SPLITS = 8


def every(analysis: Analysis, nodes: Sequence[Node], demand: Demand) -> list[Formula]:
    """Return the demand on each of the nodes."""
    return [analysis.formula(node, demand) for node in nodes]


def dated(analysis: Analysis, answering: Sequence[Node], demand: Demand) -> Formula:
    """Return what makes the oldest answer old, which dates a median."""
    if any(analysis.readings[parent.id].publish_time is None for parent in answering):
        return IMPOSSIBLE
    return any_of(*every(analysis, answering, demand))


def renewed(
    analysis: Analysis, answering: Sequence[Node], refusals: Sequence[Formula], demand: Demand
) -> list[Formula]:
    """Return what makes every answer fresh where a fresh one is asked: the oldest dates a median."""
    if not demand.fresh:
        return []
    return [
        any_of(
            analysis.formula(parent, demand),
            analysis.formula(parent, Demand("at-least", analysis.readings[parent.id].price, fresh=True)),
            refusal,
        )
        for parent, refusal in zip(answering, refusals, strict=True)
    ]


@rule_for(Median)
def median_rule(analysis: Analysis, node: Node, demand: Demand) -> Formula:
    """Move enough parents, or stop some so that fewer moved ones are enough."""
    assert isinstance(node, Median)
    answering = [parent for parent in node.parents if analysis.readings[parent.id].ok]
    count, least = len(answering), max(node.minimum_sources, 1)
    refusals = every(analysis, answering, Demand("refuse"))
    if demand.wish == "refuse":
        return at_least(count - least + 1, refusals)
    if demand.wish == "old":
        return dated(analysis, answering, demand)
    fresh = renewed(analysis, answering, refusals, demand)
    # To stop a parent that agrees gains nothing: one fewer counts, at most one fewer is needed.
    stops = [
        pick(f"{node.id} {parent.id}", "stopped", refusal)
        for parent, refusal in zip(answering, refusals, strict=True)
        if analysis.formula(parent, demand) != FREE
    ]
    options = []
    for stopped in range(min(count - least, len(stops)) + 1):
        moved = _moved(analysis, node, answering, demand, count - stopped)
        options.append(all_of(at_least(stopped, stops), moved, *fresh))
    return any_of(*options)


def _counted(analysis: Analysis, node: Node, parent: Node, demand: Demand) -> Formula:
    met = analysis.formula(parent, demand)
    return met if met == FREE else pick(f"{node.id} {parent.id}", "counted", met)


def _moved(
    analysis: Analysis, node: Median, parents: Sequence[Node], demand: Demand, counted: int
) -> Formula:
    """Return what brings the median of ``counted`` answers there: enough, or half of an even count."""
    upward = demand.wish == "at-least"
    if node.even not in {"lower", "upper"}:
        demand = demand.at(whole(demand, [analysis.readings[parent.id].decimals for parent in parents]))
    met = [_counted(analysis, node, parent, demand) for parent in parents]
    if node.even in {"lower", "upper"} or counted % 2:
        return at_least(
            reports_needed(counted, "upper" if node.even == "upper" else "lower", upward=upward), met
        )
    options = [at_least(counted // 2 + 1, met)]
    for n, honest in enumerate(parents):
        value = analysis.readings[honest.id].price
        beyond = demand.at(2 * demand.amount - value)
        if met[n] != FREE and beyond.amount > 0:
            others = [*parents[:n], *parents[n + 1 :]]
            far = [_counted(analysis, node, parent, beyond) for parent in others]
            kept = pick(f"{node.id} {honest.id}", "counted", FREE)
            options.append(all_of(at_least(counted // 2, far), kept))
        if honest.parents and met[n] != FREE:
            options += _halfway(analysis, node, parents, demand, n, counted)
    return any_of(*options)


def _halfway(
    analysis: Analysis, node: Median, parents: Sequence[Node], demand: Demand, n: int, counted: int
) -> list[Formula]:
    """Return ways in which parent ``n``, itself a reducer, comes a part of the way and the others further.

    A mean among its own sources may be moved half the way for a fraction of the price of the whole.
    """
    honest = analysis.readings[parents[n].id].price
    others = [*parents[:n], *parents[n + 1 :]]
    options = []
    for part in range(1, _SPLITS):
        near = demand.amount + (honest - demand.amount) * Fraction(part, _SPLITS)
        beyond = demand.at(2 * demand.amount - near)
        if beyond.amount > 0:
            far = [_counted(analysis, node, parent, beyond) for parent in others]
            close = _counted(analysis, node, parents[n], demand.at(near))
            options.append(all_of(at_least(counted // 2, far), close))
    return options


def whole(demand: Demand, decimals: Sequence[int]) -> Fraction:
    """Return the demanded price on the finer side of the last unit, so that no rounding of a mean matters."""
    scale = 10 ** max(decimals)
    scaled = demand.amount * scale
    up = demand.wish == "at-least"
    return Fraction(
        -(-scaled.numerator // scaled.denominator) if up else scaled.numerator // scaled.denominator, scale
    )


@rule_for(WeightedMedian)
def weighted_median_rule(analysis: Analysis, node: Node, demand: Demand) -> Formula:
    """Move a majority of the answering weight; a stopped parent takes its weight out of the total."""
    assert isinstance(node, WeightedMedian)
    pairs = zip(node.weights, node.parents, strict=True)
    weighted = [
        (weight, parent) for weight, parent in pairs if weight > 0 and analysis.readings[parent.id].ok
    ]
    weights, answering = [weight for weight, _ in weighted], [parent for _, parent in weighted]
    total, least = sum(weights), max(node.minimum_weight, 1)
    refusals = every(analysis, answering, Demand("refuse"))
    if demand.wish == "refuse":
        return AtLeast(total - least + 1, tuple(zip(weights, refusals, strict=True)))
    if demand.wish == "old":
        return dated(analysis, answering, demand)
    # The first value with 2 * cumulative >= total speaks, and the total is what is not stopped:
    # up, 2 * moved > total - stopped; down, 2 * moved >= total - stopped.
    parts: list[tuple[int, Formula]] = []
    heard: list[tuple[int, Formula]] = []
    for weight, parent, refusal in zip(weights, answering, refusals, strict=True):
        place, met = f"{node.id} {parent.id}", _counted(analysis, node, parent, demand)
        parts.append((2 * weight, met))
        heard.append((weight, pick(place, "counted", FREE)))
        if met != FREE:
            parts.append((weight, pick(place, "stopped", refusal)))
    needed = total + (demand.wish == "at-least")
    fresh = renewed(analysis, answering, refusals, demand)
    return all_of(AtLeast(needed, tuple(parts)), AtLeast(least, tuple(heard)), *fresh)


@rule_for(FirstOf)
def first_of_rule(analysis: Analysis, node: Node, demand: Demand) -> Formula:
    """Silence those that speak before, and let the next one meet the demand."""
    refusals = every(analysis, node.parents, Demand("refuse"))
    if demand.wish == "refuse":
        return all_of(*refusals)
    wanted = every(analysis, node.parents, demand)
    return any_of(*(all_of(*refusals[:n], wanted[n]) for n in range(len(wanted))))


@rule_for(Latest)
def latest_rule(analysis: Analysis, node: Node, demand: Demand) -> Formula:
    """Move one parent with a fresh time; those as fresh and before it must agree or be silent."""
    parents, now = node.parents, analysis.view.time
    refusals = every(analysis, parents, Demand("refuse"))
    if demand.wish == "refuse":
        return all_of(*refusals)
    wanted = every(analysis, parents, demand)
    if demand.wish == "old":
        # All that speak are old, and one speaks.
        return all_of(any_of(*wanted), *(any_of(w, r) for w, r in zip(wanted, refusals, strict=True)))
    published = every(analysis, parents, demand.now())
    options = []
    for n, parent in enumerate(parents):
        # Moved where it stands it is at least as new as before; published anew it is of now.
        ways = [(now, published[n])]
        time = analysis.readings[parent.id].publish_time
        if time is not None and not demand.fresh:
            ways.append((time, wanted[n]))
        for mine, way in ways:
            options.append(all_of(way, *_unbeaten(analysis, parents, demand, n, mine)))
    return any_of(*options)


def _unbeaten(
    analysis: Analysis, parents: Sequence[Node], demand: Demand, n: int, mine: int
) -> list[Formula]:
    """Return what lets parent ``n`` speak with time ``mine``; of equal times the first one speaks."""
    blockers = []
    for m, other in enumerate(parents):
        reading = analysis.readings[other.id]
        last = mine - 1 if m < n else mine
        if m != n and reading.ok and reading.publish_time is not None and reading.publish_time > last:
            older = Demand("old", Fraction(analysis.view.time - last))
            asked = (Demand("refuse"), demand, older)
            blockers.append(any_of(*(analysis.formula(other, each) for each in asked)))
    return blockers


@rule_for(Staleness)
def staleness_rule(analysis: Analysis, node: Node, demand: Demand) -> Formula:
    """Pass the parent; refusing takes a refusal, or a parent kept silent beyond the limit."""
    assert isinstance(node, Staleness)
    (parent,) = node.parents
    if demand.wish == "refuse":
        old = analysis.formula(parent, Demand("old", Fraction(node.max_age + 1)))
        return any_of(analysis.formula(parent, Demand("refuse")), old)
    if demand.wish == "old" and demand.amount > node.max_age:
        return IMPOSSIBLE
    # What is refused already passes again once it is published anew.
    return analysis.formula(parent, demand if analysis.readings[node.id].ok else demand.now())
