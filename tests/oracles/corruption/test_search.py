"""The cheapest plan against trying every combination of what the sources may do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import inf
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.corruption.formula import Cost
from oracles.corruption.models import Fixed, Incorruptible, Through, WithFreeMove
from oracles.corruption.pool_models import SpotPoolCost
from oracles.corruption.pools.constant_product import ConstantProduct
from oracles.corruption.pools.curve import loss_if_arbitraged
from oracles.corruption.search import Target, cheapest
from oracles.guards import Staleness
from oracles.node import Node, Sample, View, read
from oracles.reading import Reading, Reason, refuse
from oracles.reducers import (
    Cross,
    Estimator,
    FirstOf,
    Latest,
    Median,
    Product,
    Quotient,
    WeightedMedian,
)
from oracles.sources.constant import Constant
from oracles.sources.feed import FeedSample
from oracles.sources.vault_share import Reciprocal
from protocol.errors import MissingCostModelError, NoHonestAnswerError, UnsupportedNodeError

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


@settings(max_examples=40, deadline=None)
@given(worlds(), st.sampled_from(FACTORS))
def test_the_plan_costs_what_trying_everything_costs(world: World, factor: Fraction | None) -> None:
    plan = cheapest(world.output, world.view(), world.models(), Target(factor))
    expected = world.by_trying_everything(factor)
    if plan is None:
        assert expected == inf
    else:
        assert plan.reached
        assert plan.loss == pytest.approx(expected)


@pytest.mark.long
@settings(max_examples=3_000, deadline=None)
@given(worlds(), st.sampled_from(FACTORS))
def test_the_plan_costs_what_trying_everything_costs_long(world: World, factor: Fraction | None) -> None:
    plan = cheapest(world.output, world.view(), world.models(), Target(factor))
    expected = world.by_trying_everything(factor)
    assert (plan.loss if plan else inf) == pytest.approx(expected)
    assert plan is None or plan.reached


def test_a_mean_within_a_mean_may_go_half_the_way() -> None:
    """Stop d; move a, which halves the inner mean, and c further: 3 in all; moving both a and b costs 4."""
    a, b, c, d = (source(name, guarded=name == "d") for name in NAMES[:4])
    output = Median("mean-down", 1, parents=(Median("mean-down", 1, parents=(a, b)), c, d))
    names = NAMES[:4]
    moves = dict(zip(names, (1, 2, 1, 3), strict=True))
    world = World(output, dict.fromkeys(names, 90 * ONE), moves, dict.fromkeys(names, 1))
    plan = cheapest(world.output, world.view(), world.models(), Target(Fraction(1, 2)))
    assert plan is not None
    assert plan.reached
    assert plan.loss == pytest.approx(world.by_trying_everything(Fraction(1, 2))) == 3


def world_of(output: Node, costs: tuple[int, ...], values: tuple[int, ...] = (100, 101, 102)) -> World:
    names = NAMES[: len(costs)]
    return World(
        output,
        {name: value * ONE for name, value in zip(names, values, strict=True)},
        dict(zip(names, costs, strict=True)),
        dict(zip(names, (1, 2, 3), strict=False)),
    )


def test_a_median_of_three_takes_the_two_cheapest() -> None:
    world = world_of(Median(parents=tuple(FeedSample(n) for n in "abc")), (30, 10, 20))
    plan = cheapest(world.output, world.view(), world.models(), Target(Fraction(2)))
    assert plan is not None
    assert {buy.upstream for buy in plan.answer.bought} == {"b", "c"}
    assert (plan.loss, plan.capital) == (30, 60)


def test_inside_the_honest_range_one_source_is_enough() -> None:
    # 100, 101, 102: lifting the lowest above the rest makes the highest the median.
    world = world_of(Median(parents=tuple(FeedSample(n) for n in "abc")), (30, 10, 20))
    plan = cheapest(world.output, world.view(), world.models(), Target(Fraction(102, 101)))
    assert plan is not None
    assert plan.loss == 10


def test_silencing_a_guarded_source_makes_the_fallback_speak() -> None:
    output = FirstOf(parents=(source("a", guarded=True), FeedSample("b")))
    world = world_of(output, (50, 40), (100, 150))
    plan = cheapest(output, world.view(), world.models(), Target(Fraction(3, 2)))
    assert plan is not None
    assert [(buy.upstream, buy.action) for buy in plan.answer.bought] == [("a", "quiet")]
    assert plan.reading.price == 150


def test_stopping_a_source_lowers_the_majority() -> None:
    output = Median("lower", 2, parents=tuple(source(n, guarded=True) for n in "abc"))
    world = world_of(output, (10, 20, 30))
    plan = cheapest(output, world.view(), world.models(), Target(Fraction(1, 2)))
    assert plan is not None
    # The lower of two middles: one lie and one silence do what two lies would.
    assert {(buy.upstream, buy.action) for buy in plan.answer.bought} == {("a", "down"), ("b", "quiet")}


def test_one_upstream_of_two_sources_is_paid_once() -> None:
    output = Median(parents=tuple(FeedSample(n) for n in "abc"))
    world = world_of(output, (30, 30, 30))
    vendor = Fixed("vendor", Cost(35, 0))
    models = {key: Through(model, (vendor,)) for key, model in list(world.models().items())[:2]}
    models = {**world.models(), **models}
    plan = cheapest(output, world.view(), models, Target(Fraction(2)))
    assert plan is not None
    assert [buy.upstream for buy in plan.answer.bought] == ["vendor"]
    assert len(plan.sources) == 2


def test_loss_and_capital_are_least_at_different_plans() -> None:
    output = FirstOf(parents=(FeedSample("a"),))
    view = View(NOW, feeds={"a": (Sample(NOW, ONE),)})
    model = Through(Fixed("key", Cost(100, 0)), (Fixed("pool", Cost(1, 10_000)),))
    models = {FeedSample("a").id: model}
    by_loss = cheapest(output, view, models, Target(Fraction(2)))
    by_capital = cheapest(output, view, models, Target(Fraction(2)), "capital")
    assert by_loss is not None
    assert by_capital is not None
    assert (by_loss.loss, by_loss.capital) == (1, 10_000)
    assert (by_capital.loss, by_capital.capital) == (100, 0)


def test_costs_of_very_different_size_do_not_blur() -> None:
    output = Median(parents=tuple(FeedSample(n) for n in "abc"))
    world = world_of(output, (1, 10**13, 3))
    plan = cheapest(output, world.view(), world.models(), Target(Fraction(2)))
    assert plan is not None
    assert plan.loss == 4


def test_a_dear_purchase_is_not_left_out_where_it_saves_others() -> None:
    feeds = (FeedSample("a"), *(source(name, guarded=True) for name in "bcde"))
    names, moves, silences = "abcde", (25, 13, 13, 22, 17), (1, 1, 1, 11, 2)
    world = World(
        Median("mean-down", 1, parents=feeds),
        dict.fromkeys(names, 90 * ONE),
        dict(zip(names, moves, strict=True)),
        dict(zip(names, silences, strict=True)),
    )
    plan = cheapest(world.output, world.view(), world.models(), Target(Fraction(2)))
    assert plan is not None
    # Lifting d and silencing b, c and e costs 22 + 1 + 1 + 2; lifting the cheap b leaves d to be silenced.
    assert plan.loss == 26


def test_a_large_committee_is_searched() -> None:
    names = [f"node {n}" for n in range(31)]
    output = Median("upper", parents=tuple(FeedSample(n) for n in names))
    view = View(NOW, feeds={n: (Sample(NOW, 100 * ONE),) for n in names})
    models = {FeedSample(n).id: Fixed(n, Cost(k + 1, 0)) for k, n in enumerate(names)}
    plan = cheapest(output, view, models, Target(Fraction(2)))
    assert plan is not None
    assert plan.loss == sum(range(1, 17))


def test_a_weighted_median_of_many_is_searched() -> None:
    names = [f"venue {n}" for n in range(12)]
    weights = (3, 2, 2, *[1] * 8, 0)
    output = WeightedMedian(weights, parents=tuple(FeedSample(n) for n in names))
    view = View(NOW, feeds={n: (Sample(NOW, 100 * ONE),) for n in names})
    models = {FeedSample(n).id: Fixed(n, Cost(1 + (k > 2), 0)) for k, n in enumerate(names)}
    up, down = (cheapest(output, view, models, Target(f)) for f in (Fraction(2), Fraction(1, 2)))
    assert up is not None
    assert down is not None
    # Weight 15: more than half is 8, which the first three (7) and one more (2) hold; down, 2 x 8 >= 15 too.
    assert (up.loss, down.loss) == (5, 5)
    assert up.reached
    assert down.reached


def test_a_free_window_costs_nothing_within_and_the_rest_beyond() -> None:
    output = FirstOf(parents=(FeedSample("a"),))
    view = View(NOW, feeds={"a": (Sample(NOW, ONE),)})
    models = {FeedSample("a").id: WithFreeMove(Fixed("a", Cost(7, 0)), 0.001)}
    inside = cheapest(output, view, models, Target(Fraction(1001, 1000)))
    outside = cheapest(output, view, models, Target(Fraction(1002, 1000)))
    assert inside is not None
    assert outside is not None
    assert (inside.loss, inside.reached, outside.loss) == (0, True, 7)


@given(st.integers(2, 50), st.booleans())
def test_a_reciprocal_turns_the_direction(factor: int, up: bool) -> None:
    output = Reciprocal(36, 18, parents=(FeedSample("a"),))
    view = View(NOW, feeds={"a": (Sample(NOW, 3 * ONE),)})
    target = Target(Fraction(factor) if up else Fraction(1, factor))
    plan = cheapest(output, view, {FeedSample("a").id: Fixed("a", Cost(7, 0))}, target)
    assert plan is not None
    assert plan.reached
    assert [buy.action for buy in plan.answer.bought] == ["down" if up else "up"]


def three(*, costs: tuple[int, int, int] = (10, 20, 40)) -> tuple[tuple[Node, ...], World]:
    parents = tuple(FeedSample(n) for n in "abc")
    return parents, world_of(Median(parents=parents), costs, (100, 200, 50))


@pytest.mark.parametrize("factor", FACTORS[:4])
@pytest.mark.parametrize(
    "kind",
    [
        Product(decimals=18),
        Quotient(decimals=18),
        Cross("multiply", "invert", 18),
        Cross("invert", "invert", 18),
        Estimator("mean"),
    ],
    ids=repr,
)
def test_one_factor_or_one_term_is_enough(kind: Node, factor: Fraction) -> None:
    parents, world = three()
    output = replace(kind, parents=parents[:2] if isinstance(kind, Cross) else parents)
    plan = cheapest(output, world.view(), world.models(), Target(factor))
    assert plan is not None
    assert plan.reached
    # A mean of three positive terms is not halved by its smallest ones alone.
    alone = not (isinstance(kind, Estimator) and factor == Fraction(1, 2))
    assert plan.loss == (10 if alone else 20)


def test_the_mean_of_priced_sources_is_moved_by_several() -> None:
    parents, world = three()
    models = {p.id: SpotPoolCost(p.id, ConstantProduct(1e6), same_transaction=False) for p in parents}
    output = Estimator("mean", parents=parents)
    plan = cheapest(output, world.view(), models, Target(Fraction(11, 10)))
    assert plan is not None
    assert plan.reached
    assert len(plan.answer.bought) == 3
    # 35 to be added to 100 + 200 + 50, tried on a grid.
    pool, shares = ConstantProduct(1e6), [n / 100 for n in range(101)]
    least = min(
        sum(
            loss_if_arbitraged(pool, 1 + 35 * share / value)
            for share, value in zip((one, two, 1 - one - two), (100, 200, 50), strict=True)
        )
        for one in shares
        for two in shares
        if one + two <= 1
    )
    assert least * 0.999 <= plan.loss <= least * 1.01


@dataclass(frozen=True)
class WithinBand(Node):
    """A guard that the search has no rule for: the first parent if the second is within a quarter of it."""

    kind: ClassVar[str] = "test-within-band"

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        del view
        first, second = readings
        if not first.ok or not second.ok:
            return refuse(self.id, Reason.NO_DATA, "a parent refused", *readings)
        if abs(second.price - first.price) * 4 > first.price:
            return refuse(self.id, Reason.DEVIATED, "too far apart", *readings)
        return first.under(self.id, *readings)


def test_a_type_without_a_rule_is_probed() -> None:
    output = WithinBand(parents=(FeedSample("a"), FeedSample("b")))
    world = world_of(output, (10, 25), (100, 100))
    small = cheapest(output, world.view(), world.models(), Target(Fraction(11, 10)))
    large = cheapest(output, world.view(), world.models(), Target(Fraction(2)))
    stop = cheapest(output, world.view(), world.models(), Target(None))
    assert small is not None
    assert large is not None
    assert stop is not None
    assert (small.loss, large.loss, stop.loss) == (10, 35, 10)
    assert small.reached
    assert large.reached
    assert stop.reached


@dataclass(frozen=True)
class Unknown(WithinBand):
    kind: ClassVar[str] = "test-unknown"


def test_refusals_carry_their_numbers() -> None:
    output = FirstOf(parents=(FeedSample("a"),))
    view = View(NOW, feeds={"a": (Sample(NOW, ONE),)})
    with pytest.raises(MissingCostModelError, match="no cost model for the source 'a'"):
        cheapest(output, view, {}, Target(Fraction(2)))
    with pytest.raises(NoHonestAnswerError, match="the honest oracle gives none"):
        cheapest(output, View(NOW), {}, Target(Fraction(2)))
    wide = Unknown(parents=tuple(FeedSample(f"f{n}") for n in range(9)))
    with pytest.raises((UnsupportedNodeError, ValueError)):
        cheapest(wide, View(NOW, feeds={f"f{n}": (Sample(NOW, ONE),) for n in range(9)}), {}, Target(None))


def test_a_constant_cannot_be_moved() -> None:
    peg = Constant("peg", ONE)
    output = FirstOf(parents=(peg,))
    assert cheapest(output, View(NOW), {peg.id: Incorruptible()}, Target(Fraction(2))) is None
    assert cheapest(output, View(NOW), {peg.id: Incorruptible()}, Target(None)) is None
