"""Two designs on the same paths: the paired difference of every measure."""

from __future__ import annotations

from dataclasses import dataclass, fields

from scenarios.errors import ScenarioError
from scenarios.files.protocol import ProtocolFile
from scenarios.runs.statistics import mean
from scenarios.simulation.market import market_hash
from scenarios.simulation.run import Metrics
from scenarios.simulation.stress import stress


@dataclass(frozen=True, slots=True)
class Line:
    """One measure: both means, their difference (second less first), and its 95 % interval."""

    name: str
    first: float
    second: float
    difference: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two designs on ``runs`` common paths."""

    titles: tuple[str, str]
    runs: int
    seed: int
    lines: tuple[Line, ...]


class DifferentMarketsError(ScenarioError):
    """Two files describe different markets, so their runs cannot be paired."""

    code = "different-markets"

    def __init__(self, first: str, second: str) -> None:
        super().__init__(
            f"{first!r} and {second!r} differ in starting prices, market or step: give both the same market",
            first=first,
            second=second,
        )


def compare(
    first: ProtocolFile,
    second: ProtocolFile,
    *,
    runs: int | None = None,
    master: int | None = None,
    workers: int = 1,
) -> Comparison:
    """Return the comparison.

    Raises
    ------
    DifferentMarketsError
        If the two markets are not the same.
    """
    if market_hash(first) != market_hash(second) or first.run.steps != second.run.steps:
        raise DifferentMarketsError(first.title, second.title)
    count = first.run.runs if runs is None else runs
    seed = first.run.seed if master is None else master
    one = stress(first, runs=count, master=seed, workers=workers)
    two = stress(second, runs=count, master=seed, workers=workers)
    lines = []
    for field in fields(Metrics):
        a = [float(getattr(row, field.name)) for row in one.rows]
        b = [float(getattr(row, field.name)) for row in two.rows]
        gap = mean(field.name, [y - x for x, y in zip(a, b, strict=True)])
        interval = None if gap.low is None or gap.high is None else (gap.low, gap.high)
        name = field.name.replace("_", " ")
        lines.append(Line(name, sum(a) / count, sum(b) / count, gap.value, interval))
    return Comparison((first.title, second.title), count, seed, tuple(lines))
