"""The cheapest way to move or stop an oracle graph, proven on the graph itself.

The demand on the output becomes a formula over purchases (`rules`, or `probe`), an integer program finds its
cheapest answer (`solve`), and the graph is then read again with the corrupted sources in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import oracles.corruption.rules
import oracles.corruption.value_rules  # noqa: F401 - the two and the probe register the rules of the node types
from oracles.corruption.demand import Analysis, Demand, Wish
from oracles.corruption.formula import Act, Formula
from oracles.corruption.models import CostModel
from oracles.corruption.probe import distorted
from oracles.corruption.solve import Answer, Objective, solve
from oracles.node import Node, View, evaluate, walk
from oracles.reading import Reading
from protocol.errors import NoHonestAnswerError

_WISHES: dict[str, Wish] = {"up": "at-least", "down": "at-most", "refuse": "refuse", "old": "old"}


@dataclass(frozen=True, slots=True)
class Target:
    """What the attacker wants of the output.

    Parameters
    ----------
    factor
        Answer over honest answer, above or below 1; None to stop it.
    """

    factor: Fraction | None

    @property
    def label(self) -> str:
        """In words."""
        if self.factor is None:
            return "stop the answer"
        return f"{'raise' if self.factor > 1 else 'lower'} the answer to x{float(self.factor):g}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The cheapest attack found.

    Parameters
    ----------
    target
        What it reaches.
    answer
        What to buy, and what the sources then say.
    reading
        The output with the corrupted sources in place.
    reached
        Whether that reading fulfils the target.
    """

    target: Target
    answer: Answer
    reading: Reading
    reached: bool

    @property
    def loss(self) -> float:
        """What the attacker does not get back."""
        return self.answer.loss

    @property
    def capital(self) -> float:
        """What must be at hand."""
        return self.answer.capital

    @property
    def sources(self) -> frozenset[str]:
        """Ids of the sources that are corrupted."""
        return frozenset(act.source for act in self.answer.acts)


def demand_of(target: Target, honest: Reading) -> Demand:
    """Return the demand on the output.

    Raises
    ------
    NoHonestAnswerError
        The output refuses already, so there is nothing to move by a factor.
    """
    if target.factor is None:
        return Demand("refuse")
    if not honest.ok or honest.price <= 0:
        raise NoHonestAnswerError(target.label, honest.refusal.message if honest.refusal else "not positive")
    wish: Wish = "at-least" if target.factor >= 1 else "at-most"
    return Demand(wish, honest.price * target.factor)


def attack_formula(output: Node, view: View, models: Mapping[str, CostModel], target: Target) -> Formula:
    """Return what must be bought to reach ``target``."""
    readings = evaluate(output, view)
    return Analysis(view, readings, models).formula(output, demand_of(target, readings[output.id]))


def cheapest(
    output: Node,
    view: View,
    models: Mapping[str, CostModel],
    target: Target,
    objective: Objective = "loss",
) -> Plan | None:
    """Return the cheapest plan, or None if no purchase reaches the target.

    Parameters
    ----------
    models
        Cost models by node id; a source without one raises when the search gets there.
    objective
        ``loss`` or ``capital``.

    Raises
    ------
    MissingCostModelError, UnsupportedNodeError, NoHonestAnswerError
        The question cannot be answered.
    """
    readings = evaluate(output, view)
    demand = demand_of(target, readings[output.id])
    answer = solve(Analysis(view, readings, models).formula(output, demand), objective)
    if answer is None:
        return None
    reading = read_under_attack(output, view, answer.acts)
    return Plan(target, answer, reading, demand.met_by(reading, view.time))


def read_under_attack(output: Node, view: View, acts: tuple[Act, ...]) -> Reading:
    """Return the output's reading when the acts replace what their sources say."""
    readings: dict[str, Reading] = {}
    for node in walk(output):
        reading = node.read(view, tuple(readings[parent.id] for parent in node.parents))
        mine = [act for act in acts if act.source == node.id]
        if mine:
            strongest = max(mine, key=lambda act: -act.amount if act.action == "down" else act.amount)
            reading = distorted(reading, Demand(_WISHES[strongest.action], strongest.amount), view.time)
        readings[node.id] = reading
    return readings[output.id]
