"""The cheapest plan against trying every combination of what the sources may do."""

from __future__ import annotations

from fractions import Fraction
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corruption_worlds import FACTORS, NAMES, NOW, ONE, World, source, world_of, worlds
from oracles.corruption.formula import Cost
from oracles.corruption.models import Fixed, Through, WithFreeMove
from oracles.corruption.search import Target, cheapest
from oracles.node import Sample, View
from oracles.reducers import FirstOf, Median, WeightedMedian
from oracles.sources.feed import FeedSample


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
