"""What is asked of a node, and the registry of rules that turn it into what is asked of its parents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, TypeAlias

from oracles.corruption.formula import FREE, IMPOSSIBLE, Act, Formula
from oracles.corruption.models import CostModel
from oracles.node import Node, View
from oracles.reading import Reading
from protocol.errors import MissingCostModelError

Wish: TypeAlias = Literal["at-least", "at-most", "refuse", "old"]


@dataclass(frozen=True, slots=True)
class Demand:
    """A wish about one node.

    Parameters
    ----------
    wish
        ``at-least`` or ``at-most`` a price, to ``refuse``, or to be ``old``.
    amount
        The price, or the age in seconds; 0 for a refusal.
    fresh
        Whether a price must also be published now, so that no guard and no newer source is in its way.
    """

    wish: Wish
    amount: Fraction = Fraction(0)
    fresh: bool = False

    def met_by(self, reading: Reading, now: int) -> bool:
        """Return whether a reading already fulfils it."""
        if self.wish == "refuse":
            return not reading.ok
        if self.wish == "old":
            known = reading.publish_time is not None and not reading.synthetic_time
            return reading.ok and known and now - (reading.publish_time or 0) >= self.amount
        if not reading.ok or (self.fresh and reading.publish_time != now):
            return False
        return reading.price >= self.amount if self.wish == "at-least" else reading.price <= self.amount

    def at(self, amount: Fraction) -> Demand:
        """Return the same wish for another amount."""
        return replace(self, amount=amount)

    def now(self) -> Demand:
        """Return the same wish for a price published now."""
        return replace(self, fresh=True)


@dataclass(frozen=True)
class Analysis:
    """One graph, one moment, the prices of its sources: turns demands into formulas.

    Parameters
    ----------
    view
        The moment.
    readings
        The honest reading of every node, by id.
    models
        Cost models of the sources, by node id.
    """

    view: View
    readings: Mapping[str, Reading]
    models: Mapping[str, CostModel]
    _known: dict[tuple[str, Demand], Formula] = field(default_factory=dict, repr=False)

    def formula(self, node: Node, demand: Demand) -> Formula:
        """Return what must be bought so that ``node`` meets ``demand``."""
        key = (node.id, demand)
        if key not in self._known:
            self._known[key] = self._fresh(node, demand)
        return self._known[key]

    def _fresh(self, node: Node, demand: Demand) -> Formula:
        reading = self.readings[node.id]
        if demand.met_by(reading, self.view.time):
            return FREE
        if not node.parents:
            return self.act(node, demand)
        rule = next(RULES[kind] for kind in type(node).__mro__ if kind in RULES)
        return rule(self, node, demand)

    def act(self, node: Node, demand: Demand, *, honest: Fraction | None = None) -> Formula:
        """Return what makes the source ``node`` itself meet ``demand``, as its cost model says.

        Parameters
        ----------
        honest
            The source's own honest value if it is not the node's reading.

        Raises
        ------
        MissingCostModelError
            If the source has no cost model.
        """
        reading = self.readings[node.id]
        if node.id not in self.models:
            raise MissingCostModelError(node.label, node.id)
        model = self.models[node.id]
        if demand.wish == "refuse":
            return _act(node, "refuse", demand.amount, model.refuse())
        if demand.wish == "old":
            if reading.publish_time is None or reading.synthetic_time:
                return IMPOSSIBLE
            return _act(node, "old", demand.amount, model.quiet(int(demand.amount)))
        value = honest if honest is not None else (reading.price if reading.ok else Fraction(0))
        if value <= 0 or (demand.fresh and reading.publish_time is None):
            return IMPOSSIBLE
        factor = float(demand.amount / value)
        action = "up" if demand.wish == "at-least" else "down"
        return _act(node, action, demand.amount, model.move(factor)) if factor > 0 else IMPOSSIBLE


def _act(node: Node, action: str, amount: Fraction, inner: Formula) -> Formula:
    return IMPOSSIBLE if inner == IMPOSSIBLE else Act(node.id, action, amount, inner)


Rule: TypeAlias = Callable[[Analysis, Node, Demand], Formula]

RULES: dict[type[Node], Rule] = {}
"""Rules by node type; every node has that of ``Node``, the probe."""


def rule_for(kind: type[Node]) -> Callable[[Rule], Rule]:
    """Register a rule for a node type (a decorator)."""

    def register(rule: Rule) -> Rule:
        RULES[kind] = rule
        return rule

    return register
