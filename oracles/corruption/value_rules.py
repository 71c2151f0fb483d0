"""Rules of the node types that compute with prices: means, products, reciprocals, priced holdings.

What must move can be spread over the parents in a continuum of ways; a few splits are tried, each of them
sufficient.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

from oracles.corruption.demand import Analysis, Demand, Wish, rule_for
from oracles.corruption.formula import IMPOSSIBLE, Formula, all_of, any_of, at_least, pick
from oracles.corruption.probe import MOST_PARENTS, probe
from oracles.corruption.rules import every, whole
from oracles.node import Node
from oracles.reducers import (
    Cross,
    Estimator,
    Product,
    Quotient,
)
from oracles.sources.pool import LpTokenByReserves
from oracles.sources.vault_share import Reciprocal, VaultSharePrice

_SPLITS = 8


@rule_for(Estimator)
def estimator_rule(analysis: Analysis, node: Node, demand: Demand) -> Formula:
    """Move one parent or all for an extreme; for a mean any of the parents, each by a share."""
    assert isinstance(node, Estimator)
    answering = [parent for parent in node.parents if analysis.readings[parent.id].ok]
    least = max(node.minimum_sources, 1)
    refusals = every(analysis, answering, Demand("refuse"))
    if demand.wish == "refuse":
        return at_least(len(answering) - least + 1, refusals)
    if demand.wish == "old" or demand.fresh or node.estimate not in {"mean", "minimum", "maximum"}:
        return probe(analysis, node, demand)
    if node.estimate != "mean":
        wanted = every(analysis, answering, demand)
        if (node.estimate == "maximum") == (demand.wish == "at-least"):
            return any_of(*wanted)
        # Whoever does not agree must be silent, and enough must answer.
        agree = [pick(f"{node.id} {p.id}", "counted", w) for p, w in zip(answering, wanted, strict=True)]
        silent = [pick(f"{node.id} {p.id}", "stopped", r) for p, r in zip(answering, refusals, strict=True)]
        each = (any_of(a, s) for a, s in zip(agree, silent, strict=True))
        return all_of(at_least(least, agree), *each)
    amount = whole(demand, [analysis.readings[parent.id].decimals for parent in answering])
    total = len(answering) * amount - sum(analysis.readings[parent.id].price for parent in answering)
    sizes = range(1, len(answering) + 1) if len(answering) <= MOST_PARENTS else (1, len(answering))
    options = []
    for size in sizes:
        for chosen in combinations(answering, size):
            values = [analysis.readings[parent.id].price for parent in chosen]
            # Equal shares, equal factors, and equal marginal cost of pools of one depth.
            for power in (0, 1, 2) if size > 1 and min(values) > 0 else (0,):
                weights = [value**power for value in values]
                parts = [
                    demand.at(value + total * weight / sum(weights))
                    for value, weight in zip(values, weights, strict=True)
                ]
                if all(part.amount > 0 for part in parts):
                    moves = (analysis.formula(p, d) for p, d in zip(chosen, parts, strict=True))
                    options.append(all_of(*moves))
    return any_of(*options)


@rule_for(Product)
@rule_for(Quotient)
@rule_for(Cross)
def product_rule(analysis: Analysis, node: Node, demand: Demand) -> Formula:
    """Move one factor by all of it, or two by a part each; a divisor moves the other way."""
    if demand.wish in {"refuse", "old"}:
        return any_of(*every(analysis, node.parents, demand))
    reading = analysis.readings[node.id]
    if not reading.ok or reading.price <= 0 or demand.fresh:
        return probe(analysis, node, demand)
    # Each rounding to a last unit is a part of the factor: ask for that much more.
    slack = 1 + Fraction(1, 10**12)
    factor = demand.amount / reading.price
    factor = factor * slack if demand.wish == "at-least" else factor / slack
    options = []
    for n in range(len(node.parents)):
        options.append(_power(analysis, node, n, demand, factor))
        for m in range(n + 1, len(node.parents)):
            for step in range(1, _SPLITS):
                part = _root(factor, step)
                options.append(
                    all_of(
                        _power(analysis, node, n, demand, part),
                        _power(analysis, node, m, demand, factor / part),
                    )
                )
    return any_of(*options)


def _power(analysis: Analysis, node: Node, n: int, demand: Demand, factor: Fraction) -> Formula:
    """Return what multiplies the product by ``factor`` through parent ``n``."""
    reading = analysis.readings[node.parents[n].id]
    inverted = isinstance(node, Quotient) and n > 0
    if isinstance(node, Cross):
        inverted = (node.first, node.second)[n] == "invert"
    if not inverted:
        return analysis.formula(node.parents[n], demand.at(reading.price * factor))
    turned: Wish = "at-most" if demand.wish == "at-least" else "at-least"
    return analysis.formula(node.parents[n], Demand(turned, reading.price / factor))


@rule_for(Reciprocal)
def reciprocal_rule(analysis: Analysis, node: Node, demand: Demand) -> Formula:
    """Turn the direction round, through the floor of the division."""
    assert isinstance(node, Reciprocal)
    (parent,) = node.parents
    if demand.wish in {"refuse", "old"}:
        return analysis.formula(parent, demand)
    reading = analysis.readings[parent.id]
    if not reading.ok:
        return IMPOSSIBLE
    digits = 10**node.numerator_digits
    wanted = demand.amount * 10**node.decimals
    if demand.wish == "at-least":
        # floor(N / x) >= k  <=>  x <= N / k
        at_most = digits // -(-wanted.numerator // wanted.denominator)
        return analysis.formula(parent, Demand("at-most", Fraction(at_most, 10**reading.decimals)))
    # floor(N / x) <= k  <=>  x > N / (k + 1)
    at_least_ = digits // (wanted.numerator // wanted.denominator + 1) + 1
    return analysis.formula(parent, Demand("at-least", Fraction(at_least_, 10**reading.decimals)))


@rule_for(VaultSharePrice)
@rule_for(LpTokenByReserves)
def priced_holding_rule(analysis: Analysis, node: Node, demand: Demand) -> Formula:
    """Move what the share holds, move the prices of what it holds, or a part of each."""
    if demand.wish == "refuse":
        own = analysis.act(node, demand) if node.id in analysis.models else IMPOSSIBLE
        return any_of(own, *every(analysis, node.parents, demand))
    reading = analysis.readings[node.id]
    if demand.wish == "old" or not reading.ok:
        return IMPOSSIBLE
    factor = demand.amount / reading.price
    options = []
    for step in range(_SPLITS + 1):
        by_price = _root(factor, step)
        by_self = factor / by_price
        parts = [
            analysis.formula(parent, demand.at(analysis.readings[parent.id].price * by_price))
            for parent in node.parents
        ]
        if step < _SPLITS:
            parts.append(analysis.act(node, demand.at(reading.price * by_self)))
        options.append(all_of(*parts))
    return any_of(*options)


def _root(factor: Fraction, step: int) -> Fraction:
    """Return about factor ** (step / 8), exactly the factor itself and 1 at the ends."""
    if step in {0, _SPLITS}:
        return factor if step else Fraction(1)
    return Fraction(float(factor) ** (step / _SPLITS))
