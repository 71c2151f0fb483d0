"""What it costs to corrupt the oracle of a file: plans, free moves, common upstreams, and the supremum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import inf, isfinite
from pathlib import Path

from oracles.corruption.free_move import free_moves
from oracles.corruption.profit import supremum
from oracles.corruption.search import Plan, Target, cheapest
from oracles.corruption.solve import Objective
from oracles.corruption.upstreams import independence, influence
from oracles.node import evaluate
from scenarios.files.oracle_cost import OracleCostFile, Sweep
from scenarios.files.oracle_cost_checks import load_oracle_cost
from scenarios.oracle_cost_build import Built, build, build_profit
from scenarios.result import NodeRecord, Point, Series

MOST_DRAWN = 12
"""Upstreams beyond which only the bought ones are drawn."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """One upstream that the attacker pays for."""

    upstream: str
    action: str
    loss: Decimal
    capital: Decimal
    blocks: int
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CostRow:
    """The cheapest way to one target by one measure.

    Parameters
    ----------
    target
        In words.
    factor
        Answer over honest answer; None for a stop.
    by
        Which measure is least, ``loss`` or ``capital``.
    possible
        Whether anything that can be bought reaches the target; if not, the rest is empty.
    loss, capital
        In the file's money.
    blocks
        Of the longest purchase.
    purchases, sources
        What is bought, and which sources then lie or fall silent.
    answer
        The oracle's answer under the attack; None where it is stopped.
    proven
        Whether the graph, read with the corrupted sources in place, reaches the target.
    """

    target: str
    factor: Decimal | None
    by: Objective
    possible: bool
    loss: Decimal | None = None
    capital: Decimal | None = None
    blocks: int = 0
    purchases: tuple[Purchase, ...] = ()
    sources: tuple[str, ...] = ()
    answer: Decimal | None = None
    proven: bool = False


@dataclass(frozen=True, slots=True)
class FreeRow:
    """Between which values a minority of one median's sources can put it for the price of lying."""

    node: str
    corrupt: int
    answering: int
    low: Decimal
    high: Decimal
    needed_up: int
    needed_down: int


@dataclass(frozen=True, slots=True)
class SupremumRow:
    """Where one profit pays most; ``gain`` above zero is unsafe."""

    profit_name: str
    factor: Decimal
    profit: Decimal
    cost: Decimal | None
    gain: Decimal | None
    safe: bool
    at_edge: bool


@dataclass(frozen=True, slots=True)
class OracleCost:
    """Everything found, as plain values.

    Parameters
    ----------
    honest
        The answer before the attack.
    rows, free_moves, suprema
        The tables.
    groups
        Sources that hang together through common upstreams.
    shared
        (upstream, sources that read it).
    bottlenecks
        Names that every corruption passes.
    series
        Cost and profits over the distortion.
    nodes
        The graph with its upstreams for the drawing; what the first target's plan buys or bends is marked.
    """

    title: str
    money: str
    honest: Decimal | None
    rows: tuple[CostRow, ...]
    free_moves: tuple[FreeRow, ...]
    groups: tuple[tuple[str, ...], ...]
    shared: tuple[tuple[str, tuple[str, ...]], ...]
    bottlenecks: tuple[str, ...]
    suprema: tuple[SupremumRow, ...]
    series: tuple[Series, ...]
    nodes: tuple[NodeRecord, ...]
    assumptions: tuple[str, ...]
    references: dict[str, str]

    @property
    def has_finding(self) -> bool:
        """Whether some profit exceeds the cost of corruption somewhere."""
        return any(not row.safe for row in self.suprema)


def run(file: str | Path, *, draw_target: int | None = None) -> OracleCost:
    """Compute the cost of corruption of the oracle that a file describes.

    Parameters
    ----------
    file
        Path, or the name of a shipped example.
    draw_target
        Index of the target whose weakest cut is marked in ``nodes``; the dearest possible one if None.

    Raises
    ------
    FileError
        The file is wrong; every problem with its place.
    CorruptionError
        The question has no answer, for example because the honest oracle refuses.
    """
    return analyse(load_oracle_cost(file), draw_target=draw_target)


def analyse(model: OracleCostFile, *, draw_target: int | None = None) -> OracleCost:
    """Compute the same for a model in memory."""
    built = build(model)
    readings = evaluate(built.output, built.view)
    plans: list[tuple[Target, Objective, Plan | None]] = []
    for wanted in model.targets:
        target = Target(None if wanted.factor is None else Fraction(wanted.factor))
        for objective in ("loss", "capital"):
            plan = cheapest(built.output, built.view, built.models, target, objective)
            plans.append((target, objective, plan))
    rows = tuple(_row(built, target, objective, plan) for target, objective, plan in plans)
    honest = readings[built.output.id]
    found = independence(built.output, built.models)
    costs, suprema = _suprema(model, built)
    return OracleCost(
        model.title,
        model.money,
        number(float(honest.price)) if honest.ok else None,
        rows,
        tuple(
            FreeRow(
                built.names[move.node],
                move.corrupt,
                move.answering,
                number(float(move.low)),
                number(float(move.high)),
                move.needed_up,
                move.needed_down,
            )
            for move in free_moves(built.output, built.view)
        ),
        tuple(tuple(built.names[source] for source in group) for group in found.groups),
        tuple((item.upstream, tuple(built.names[s] for s in item.sources)) for item in found.shared),
        tuple(built.names.get(name, name.removeprefix("upstream:")) for name in found.bottlenecks),
        suprema,
        costs,
        _nodes(built, _drawn(plans, draw_target), model.money),
        tuple(model.assumptions),
        dict(model.references),
    )


def number(value: float) -> Decimal:
    """Return a float as a decimal of twelve significant digits."""
    return Decimal(f"{value:.12g}")


def _row(built: Built, target: Target, objective: Objective, plan: Plan | None) -> CostRow:
    factor = None if target.factor is None else number(float(target.factor))
    if plan is None:
        return CostRow(target.label, factor, objective, False)
    purchases = tuple(
        Purchase(
            buy.upstream,
            buy.action,
            number(buy.cost.loss),
            number(buy.cost.capital),
            buy.cost.blocks,
            buy.cost.needs,
        )
        for buy in sorted(plan.answer.bought, key=lambda buy: buy.upstream)
    )
    return CostRow(
        target.label,
        factor,
        objective,
        True,
        number(plan.loss),
        number(plan.capital),
        plan.answer.blocks,
        purchases,
        tuple(name for node, name in built.names.items() if node in plan.sources),
        number(float(plan.reading.price)) if plan.reading.ok else None,
        plan.reached,
    )


def _suprema(model: OracleCostFile, built: Built) -> tuple[tuple[Series, ...], tuple[SupremumRow, ...]]:
    if model.sweep is None:
        return (), ()

    @cache
    def cost(factor: float) -> float:
        plan = cheapest(built.output, built.view, built.models, Target(Fraction(factor)))
        return inf if plan is None else plan.loss

    factors = _grid(model.sweep)
    panel, unit = "cost and profit over the distortion", model.money
    lines = [("cost of corruption", [cost(factor) for factor in factors])]
    rows = []
    for name, entry in model.profits.items():
        profit = build_profit(entry)
        lines.append((f"profit: {name}", [profit(factor) for factor in factors]))
        best = supremum(profit, cost, factors)
        reachable = isfinite(best.cost)
        rows.append(
            SupremumRow(
                name,
                number(best.factor),
                number(best.profit),
                number(best.cost) if reachable else None,
                number(best.gain) if reachable else None,
                best.gain <= 0,
                best.at_edge,
            )
        )
    series = tuple(
        Series(
            name,
            unit,
            panel,
            tuple(
                Point(f"x{factor:.4g}", number(value), number(factor))
                for factor, value in zip(factors, values, strict=True)
                if isfinite(value)
            ),
            "answer over honest answer",
        )
        for name, values in lines
    )
    return tuple(line for line in series if line.points), tuple(rows)


def _grid(sweep: Sweep) -> list[float]:
    first, last = float(sweep.first), float(sweep.last)
    steps = sweep.points - 1
    return [first * (last / first) ** (step / steps) for step in range(sweep.points)]


def _drawn(plans: Sequence[tuple[Target, Objective, Plan | None]], index: int | None) -> Plan | None:
    by_loss = [plan for _, objective, plan in plans if objective == "loss"]
    if index is not None:
        return by_loss[index]
    return max((plan for plan in by_loss if plan is not None), key=lambda plan: plan.loss, default=None)


def _nodes(built: Built, plan: Plan | None, money: str) -> tuple[NodeRecord, ...]:
    """Return upstreams, sources and nodes, those of the weakest cut marked.

    Where there are many upstreams only the bought ones are drawn.
    """
    readings = evaluate(built.output, built.view)
    bought = {} if plan is None else {buy.upstream: buy for buy in plan.answer.bought}
    bent = frozenset() if plan is None else plan.sources
    graph = influence(built.output, built.models)
    upstreams = [name for name, data in graph.nodes(data=True) if data["role"] == "upstream"]
    crowded = len(upstreams) > MOST_DRAWN
    hidden = {name for name in upstreams if crowded and graph.nodes[name]["label"] not in bought}
    records = []
    for name, data in graph.nodes(data=True):
        parents = tuple(parent for parent in graph.predecessors(name) if parent not in hidden)
        if name in hidden:
            continue
        if data["role"] == "upstream":
            buy = bought.get(data["label"])
            price = "" if buy is None else f"{buy.cost.loss:,.0f} {money}"
            status = "ok" if buy is None else f"bought, {buy.action}"
            records.append(NodeRecord(name, "upstream", data["label"], parents, price, status))
        else:
            reading = readings[name]
            text = f"{float(reading.price):.8g}" if reading.ok else "no answer"
            status = "corrupted" if name in bent else "ok"
            records.append(
                NodeRecord(
                    name, built.kinds.get(name, data["kind"]), built.names[name], parents, text, status
                )
            )
    return tuple(records)
