"""The rule for node types that have none: ask the node itself.

The node's own ``read`` is called with its parents' readings distorted in every combination, least distorted
first, and the combinations that meet the demand become the formula. Exact for medians with weights, quorums
and guards; a lower bound on what a node can do where the attacker should give each parent a different value
(means): such types deserve a rule.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

from oracles.corruption.demand import Analysis, Demand, Wish, rule_for
from oracles.corruption.formula import Formula, all_of, any_of
from oracles.node import Node
from oracles.reading import Reading, Reason, refuse
from protocol.errors import UnsupportedNodeError

MOST_PARENTS = 5
"""Parents whose combinations are tried."""
EXTREME = 1000
"""A distortion that stands for any."""


def distorted(reading: Reading, demand: Demand, now: int) -> Reading:
    """Return a reading as it is once it meets the demand."""
    if demand.wish == "refuse":
        return refuse(reading.source, Reason.NO_DATA, "stopped by the attacker")
    if demand.wish == "old":
        return replace(reading, publish_time=now - int(demand.amount))
    scaled = demand.amount * 10**reading.decimals
    up = demand.wish == "at-least"
    value = -(-scaled.numerator // scaled.denominator) if up else scaled.numerator // scaled.denominator
    time = reading.publish_time if reading.publish_time is None else now
    return replace(reading, value=int(value), publish_time=time, refusal=None)


@rule_for(Node)  # type: ignore[type-abstract] # for every type without a rule of its own
def probe(analysis: Analysis, node: Node, demand: Demand) -> Formula:
    """Return the combinations of demands on the parents that meet ``demand``.

    Raises
    ------
    UnsupportedNodeError
        The node has more parents than can be tried.
    """
    if len(node.parents) > MOST_PARENTS:
        raise UnsupportedNodeError(node.kind, len(node.parents), MOST_PARENTS)
    now = analysis.view.time
    choices = [_choices(analysis, node, parent, demand) for parent in node.parents]
    found: list[dict[int, Demand]] = []
    for combination in sorted(product(*choices), key=lambda each: sum(wish is not None for wish in each)):
        acted = {n: wish for n, wish in enumerate(combination) if wish is not None}
        if any(smaller.items() <= acted.items() for smaller in found):
            continue
        readings = [analysis.readings[parent.id] for parent in node.parents]
        for n, wish in acted.items():
            readings[n] = distorted(readings[n], wish, now)
        if demand.met_by(node.read(analysis.view, tuple(readings)), now):
            found.append(acted)
    options = (
        all_of(*(analysis.formula(node.parents[n], wish) for n, wish in acted.items())) for acted in found
    )
    return any_of(*options)


def _choices(analysis: Analysis, node: Node, parent: Node, demand: Demand) -> list[Demand | None]:
    """Return what to ask of a parent: nothing, silence, the demanded price, the same factor, extremes."""
    reading = analysis.readings[parent.id]
    wishes: list[Demand | None] = [None]
    if not reading.ok:
        return wishes
    wishes.append(Demand("refuse"))
    if demand.wish == "old":
        return [*wishes, demand]
    mine = analysis.readings[node.id]
    if demand.wish == "refuse":
        far = [Demand("at-least", reading.price * EXTREME), Demand("at-most", reading.price / EXTREME)]
        small = [Demand("at-least", reading.price * 2), Demand("at-most", reading.price / 2)]
        return [*wishes, *small, *far]
    amounts: dict[Fraction, None] = {}
    if mine.ok and mine.price > 0:
        amounts[reading.price * demand.amount / mine.price] = None
        other = mine.price / demand.amount * reading.price
        opposite: Wish = "at-most" if demand.wish == "at-least" else "at-least"
        wishes.append(Demand(opposite, other, demand.fresh))
    if reading.price and Fraction(1, 10) < demand.amount / reading.price < 10 * EXTREME:
        amounts[demand.amount] = None
    amounts[reading.price * EXTREME if demand.wish == "at-least" else reading.price / EXTREME] = None
    return [*wishes, *(demand.at(amount) for amount in amounts)]
