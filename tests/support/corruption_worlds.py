"""Oracle graphs whose sources have fixed costs, drawn at random or made; every combination can be tried."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import inf

from hypothesis import strategies as st

from oracles.corruption.formula import Cost
from oracles.corruption.models import Fixed
from oracles.guards import Staleness
from oracles.node import Node, Sample, View, read
from oracles.reducers import Estimator, FirstOf, Latest, Median, WeightedMedian
from oracles.sources.feed import FeedSample

NOW = 10_000
MAX_AGE = 60
LONG_AGO, A_WHILE_AGO = NOW - 5_000, NOW - 30
ONE = 10**18
NAMES = "abcde"


@dataclass(frozen=True)
class World:
    """A graph, its feeds and their fixed costs."""

    output: Node
    values: dict[str, int]
    move: dict[str, int]
    silence: dict[str, int]

    def view(self, changed: dict[str, Sample] | None = None) -> View:
        feeds = {name: (Sample(NOW - 5 - n, value),) for n, (name, value) in enumerate(self.values.items())}
        return View(NOW, feeds={**feeds, **{name: (sample,) for name, sample in (changed or {}).items()}})

    def models(self) -> dict[str, Fixed]:
        return {
            FeedSample(name).id: Fixed(
                name, Cost(self.move[name], 2 * self.move[name]), Cost(self.silence[name], 0)
            )
            for name in self.values
        }

    def by_trying_everything(self, factor: Fraction | None) -> float:
        """Return the least loss over every combination, with the feeds themselves changed."""
        honest = read(self.output, self.view())
        wanted = [honest.price * factor] if factor else []
        levels = [*wanted, Fraction(10**6), Fraction(1, 10**6)]
        least = inf
        for choice in product(range(3 + len(levels)), repeat=len(self.values)):
            cost, changed = 0, {}
            for name, n in zip(self.values, choice, strict=True):
                if n in {1, 2}:
                    cost += self.silence[name]
                    changed[name] = Sample(LONG_AGO if n == 1 else A_WHILE_AGO, self.values[name])
                elif n > 2:
                    cost += self.move[name]
                    scaled = levels[n - 3] * ONE
                    up = factor is None or factor > 1
                    changed[name] = Sample(NOW, -(-scaled // 1) if up else scaled // 1)
            if cost >= least:
                continue
            got = read(self.output, self.view(changed))
            if factor is None:
                reached = not got.ok
            else:
                reached = got.ok and (got.price >= wanted[0] if factor > 1 else got.price <= wanted[0])
            least = cost if reached else least
        return least


def source(name: str, *, guarded: bool) -> Node:
    feed = FeedSample(name)
    return Staleness(MAX_AGE, parents=(feed,)) if guarded else feed


@st.composite
def worlds(draw: st.DrawFn) -> World:
    count = draw(st.integers(2, 5))
    names = NAMES[:count]
    nodes: list[Node] = [source(name, guarded=draw(st.booleans())) for name in names]
    inner: list[Node] = []
    if count > 3 and draw(st.booleans()):
        inner.append(reducer(draw, nodes[:2]))
        nodes = inner + nodes[2:]
    output = reducer(draw, nodes)
    if draw(st.booleans()):
        output = Staleness(MAX_AGE, parents=(output,))
    prices = st.integers(90, 110)
    costs = st.integers(1, 50)
    return World(
        output,
        {name: draw(prices) * ONE for name in names},
        {name: draw(costs) for name in names},
        {name: draw(costs) for name in names},
    )


def reducer(draw: st.DrawFn, parents: list[Node]) -> Node:
    kind = draw(st.sampled_from(["median", "first", "latest", "weighted", "minimum", "maximum"]))
    if kind == "weighted":
        weights = draw(st.lists(st.integers(1, 4), min_size=len(parents), max_size=len(parents)))
        minimum = draw(st.integers(1, sum(weights)))
        return WeightedMedian(tuple(weights), minimum, parents=tuple(parents))
    if kind in {"minimum", "maximum"}:
        return Estimator(kind, parents=tuple(parents))
    if kind == "first":
        return FirstOf(parents=tuple(parents))
    if kind == "latest":
        return Latest(parents=tuple(parents))
    rule = draw(st.sampled_from(["lower", "upper", "mean-down", "mean-from-zero"]))
    return Median(rule, draw(st.integers(1, len(parents))), parents=tuple(parents))


FACTORS = [Fraction(2), Fraction(1, 2), Fraction(101, 100), Fraction(97, 100), None]


def world_of(output: Node, costs: tuple[int, ...], values: tuple[int, ...] = (100, 101, 102)) -> World:
    names = NAMES[: len(costs)]
    return World(
        output,
        {name: value * ONE for name, value in zip(names, values, strict=True)},
        dict(zip(names, costs, strict=True)),
        dict(zip(names, (1, 2, 3), strict=False)),
    )
