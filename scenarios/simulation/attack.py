"""Optimise the parameters of a given attack strategy: the same file and seed give the same answer.

Differential evolution over the declared ranges finds the region, a pattern search the last digits. Profit has
cliffs (caps, cash, refusals), so nothing here uses a gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from scenarios.attackers.attacker import Attacker, AttackResult, Range
from scenarios.errors import ScenarioError
from scenarios.files.errors import closest
from scenarios.files.protocol import ProtocolFile
from scenarios.seeds import Seed, scenario_hash
from scenarios.simulation.run import open_simulation

SMALLEST_STEP = 1e-5
FIRST_STEP = 0.05


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best that a strategy can do.

    Parameters
    ----------
    name
        In the file.
    best
        At the best parameters found.
    given
        With the file's own parameters.
    evaluations
        Attacks tried.
    ranges
        What was searched.
    seed
        Of the search.
    """

    name: str
    best: AttackResult
    given: AttackResult
    evaluations: int
    ranges: dict[str, Range]
    seed: int

    @property
    def pays(self) -> bool:
        """Whether the attack earns anything."""
        return self.best.profit > 0


class UnknownStrategyError(ScenarioError):
    """The file describes no attack of this name."""

    code = "unknown-strategy"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        near = closest(name, known)
        hint = f"; did you mean {near}?" if near else ""
        there = ", ".join(known) or "none"
        what = f"no attack {name!r} in this file" if name else "which attack of this file is not said"
        super().__init__(f"{what}; there is {there}{hint}", name=name, known=known)


def strategy_of(file: ProtocolFile, name: str | None) -> tuple[str, Attacker]:
    """Return an attack of the file by name or type; the only one where ``name`` is None."""
    if name is None and len(file.attacks) == 1:
        name = next(iter(file.attacks))
    if name is not None and name not in file.attacks:
        name = next((key for key, entry in file.attacks.items() if entry.type == name), name)
    if name is None or name not in file.attacks:
        raise UnknownStrategyError(name or "", tuple(file.attacks))
    return name, file.attacks[name]


def optimise(
    file: ProtocolFile,
    name: str | None = None,
    *,
    seed: int | None = None,
    generations: int = 30,
    population: int = 12,
) -> Optimum:
    """Return the optimum of a strategy.

    Parameters
    ----------
    name
        Of the attack in the file; may be left out where there is one.
    seed
        Of the search; the file's if None.
    generations, population
        Of differential evolution; the population is per parameter.
    """
    key, strategy = strategy_of(file, name)
    seed = file.run.seed if seed is None else seed
    game = open_simulation(file, Seed(seed, scenario_hash(file.title)), run=0)
    ranges = strategy.ranges()
    tried: dict[tuple[Decimal, ...], Fraction] = {}

    def values(place: Sequence[float]) -> tuple[Decimal, ...]:
        return tuple(bounds.at(float(x)) for bounds, x in zip(ranges.values(), place, strict=True))

    def profit(place: Sequence[float]) -> Fraction:
        chosen = values(place)
        if chosen not in tried:
            tried[chosen] = strategy.at(dict(zip(ranges, chosen, strict=True))).execute(game).profit
        return tried[chosen]

    given = strategy.execute(game)
    if not ranges:
        return Optimum(key, given, given, 1, ranges, seed)
    start = [_place(bounds, getattr(strategy, field)) for field, bounds in ranges.items()]
    place = _evolve(profit, len(ranges), start, seed, generations, population)
    place = _refine(profit, place)
    best = strategy.at(dict(zip(ranges, values(place), strict=True))).execute(game)
    if given.profit > best.profit:
        best = given
    return Optimum(key, best, given, len(tried) + 1, ranges, seed)


def _place(bounds: Range, value: Decimal | int) -> float:
    """Return where in [0, 1] a value stands, cut to the range."""
    from math import log  # noqa: PLC0415 - one use

    low, high, here = float(bounds.low), float(bounds.high), float(value)
    here = min(max(here, low), high)
    if high == low:
        return 0.0
    return log(here / low) / log(high / low) if bounds.log else (here - low) / (high - low)


def _evolve(
    profit: Callable[[Sequence[float]], Fraction],
    size: int,
    start: Sequence[float],
    seed: int,
    generations: int,
    population: int,
) -> list[float]:
    from scipy.optimize import Bounds, differential_evolution  # noqa: PLC0415 - heavy

    def cost(place: Iterable[float]) -> float:
        return -float(profit([float(x) for x in place]))

    found = differential_evolution(
        cost,
        Bounds([0.0] * size, [1.0] * size),
        rng=seed % 2**32,
        x0=list(start),
        maxiter=generations,
        popsize=population,
        tol=1e-6,
        polish=False,
        init="sobol",
    )
    return [float(x) for x in found.x]


def _refine(profit: Callable[[Sequence[float]], Fraction], place: list[float]) -> list[float]:
    """Climb by steps along each parameter, halved where none helps."""
    best, step = profit(place), FIRST_STEP
    while step >= SMALLEST_STEP:
        better = False
        for index in range(len(place)):
            for sign in (1.0, -1.0):
                tried = list(place)
                tried[index] = min(1.0, max(0.0, tried[index] + sign * step))
                value = profit(tried)
                if value > best:
                    best, place, better = value, tried, True
        if not better:
            step /= 2
    return place
