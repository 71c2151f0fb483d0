"""A grid or a Latin hypercube over any values of a protocol file."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from scenarios.errors import ScenarioError
from scenarios.files.document import Document
from scenarios.files.errors import closest
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_checks import read_protocol
from scenarios.files.scalars import read_plain
from scenarios.simulation.attack import optimise
from scenarios.simulation.stress import stress


@dataclass(frozen=True, slots=True)
class Axis:
    """A value of the file and what it is set to.

    Parameters
    ----------
    path
        Keys from the top, for example ``listings``, ``WETH``, ``collateral_factor``.
    values
        Plain data.
    """

    path: tuple[str, ...]
    values: tuple[object, ...]

    @property
    def name(self) -> str:
        """The last two keys."""
        return ".".join(self.path[-2:])


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One setting and its answers."""

    values: tuple[object, ...]
    answers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SweepResult:
    """A sweep: names of what was set, names of what was measured, every point in order.

    ``grid`` says whether the points are all combinations of the values, not a hypercube.
    """

    title: str
    what: str
    names: tuple[str, ...]
    measures: tuple[str, ...]
    points: tuple[SweepPoint, ...]
    grid: bool = True


class AxisError(ScenarioError):
    """A ``--set`` cannot be read or names nothing in the file."""

    code = "axis"


def read_axis(text: str) -> Axis:
    """Read ``listings.WETH.borrow_cap=1000,2000`` or ``...=1000..5000:5`` (five even steps).

    Raises
    ------
    AxisError
        If the text has no ``=``, no values or a broken range.
    """
    path, sign, given = text.partition("=")
    if not sign or not path or not given:
        raise AxisError(f"{text!r}: expected PATH=VALUE,VALUE or PATH=LOW..HIGH:COUNT")
    if ".." in given:
        ends, _, count = given.partition(":")
        low, _, high = ends.partition("..")
        try:
            first, last, steps = Decimal(low), Decimal(high), int(count)
        except (ArithmeticError, ValueError):
            raise AxisError(f"{text!r}: expected PATH=LOW..HIGH:COUNT with numbers") from None
        if steps < 2:
            raise AxisError(f"{text!r}: a range needs at least 2 steps")
        values = tuple(first + (last - first) * step / (steps - 1) for step in range(steps))
        return Axis(tuple(path.split(".")), values)
    return Axis(tuple(path.split(".")), tuple(read_plain(word) for word in given.split(",")))


def with_values(document: Document, values: Mapping[tuple[str, ...], object]) -> ProtocolFile:
    """Return the file with some values set; a last key that is missing is added.

    Raises
    ------
    AxisError
        If a path leaves the file.
    FileError
        If the file is not valid with them.
    """
    data = copy.deepcopy(dict(document.data))
    for path, value in values.items():
        here: object = data
        for depth, key in enumerate(path[:-1]):
            if not isinstance(here, dict) or key not in here:
                known = [str(name) for name in here] if isinstance(here, dict) else []
                near = closest(key, known)
                hint = f"; did you mean {near}?" if near else ""
                raise AxisError(
                    f"{'.'.join(path)}: there is no {'.'.join(path[: depth + 1])} in the file{hint}"
                )
            here = here[key]
        if not isinstance(here, dict):
            raise AxisError(f"{'.'.join(path)}: {'.'.join(path[:-1])} has no fields")
        here[path[-1]] = value
    return read_protocol(replace(document, data=data))


def sweep(
    document: Document,
    axes: Sequence[Axis],
    *,
    attack: str | None = None,
    runs: int | None = None,
    master: int | None = None,
    workers: int = 1,
    latin: int = 0,
    generations: int = 30,
    progress: Callable[[int, int], None] | None = None,
) -> SweepResult:
    """Measure every combination of the axes, or ``latin`` points of a hypercube over their ends.

    Parameters
    ----------
    attack
        Name of an attack whose optimum is measured; a stress test if None.
    latin
        Number of Latin hypercube points; 0 for the whole grid.
    generations
        Of the search for an attack's optimum.
    """
    base = read_protocol(document)
    combinations = list(itertools.product(*(axis.values for axis in axes)))
    if latin:
        combinations = _hypercube(axes, latin, base.run.seed if master is None else master)
    points = []
    for done, combination in enumerate(combinations, 1):
        file = with_values(document, dict(zip((axis.path for axis in axes), combination, strict=True)))
        answers: tuple[float, ...]
        if attack is not None:
            best = optimise(file, attack, seed=master, generations=generations).best
            answers = (float(best.profit), float(best.loss), float(best.capital), float(best.bad_debt))
        else:
            answers = tuple(
                e.value for e in stress(file, runs=runs, master=master, workers=workers).estimates
            )
        points.append(SweepPoint(combination, answers))
        if progress is not None:
            progress(done, len(combinations))
    if attack is not None:
        measures: tuple[str, ...] = ("profit", "loss", "capital", "bad debt")
        what = f"optimum of {attack!r} at each"
    else:
        estimates = stress(base, runs=1, master=master).estimates
        measures = tuple(estimate.name for estimate in estimates)
        count = base.run.runs if runs is None else runs
        what = f"{count} runs each, on the same paths where the market is the same"
    names = tuple(axis.name for axis in axes)
    return SweepResult(base.title, what, names, measures, tuple(points), not latin)


def _hypercube(axes: Sequence[Axis], count: int, seed: int) -> list[tuple[object, ...]]:
    from scipy.stats.qmc import LatinHypercube  # noqa: PLC0415 - heavy

    rows = []
    for place in LatinHypercube(len(axes), rng=seed % 2**32).random(count):
        row: list[object] = []
        for axis, x in zip(axes, place, strict=True):
            numbers = [value for value in axis.values if isinstance(value, int | Decimal)]
            if len(numbers) != len(axis.values) or len(numbers) < 2:
                raise AxisError(f"{axis.name}: a hypercube needs a lowest and a highest number")
            row.append(_between(min(numbers), max(numbers), float(x)))
        rows.append(tuple(row))
    return rows


def _between(low: int | Decimal, high: int | Decimal, part: float) -> int | Decimal:
    """Return the value at ``part`` of a range; whole numbers get equal shares of it, both ends too."""
    if isinstance(low, int) and isinstance(high, int):
        return min(high, low + int(part * (high - low + 1)))
    value = Decimal(f"{float(low) + (float(high) - float(low)) * part:.6g}")
    return min(max(value, Decimal(low)), Decimal(high))
