"""Rules of node types that compute prices, and types that have none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corruption_worlds import FACTORS, NOW, ONE, World, world_of
from oracles.corruption.formula import Cost
from oracles.corruption.models import Fixed, Incorruptible
from oracles.corruption.pool_models import SpotPoolCost
from oracles.corruption.pools.constant_product import ConstantProduct
from oracles.corruption.pools.curve import loss_if_arbitraged
from oracles.corruption.search import Target, cheapest
from oracles.node import Node, Sample, View
from oracles.reading import Reading, Reason, refuse
from oracles.reducers import Cross, Estimator, FirstOf, Median, Product, Quotient
from oracles.sources.constant import Constant
from oracles.sources.feed import FeedSample
from oracles.sources.vault_share import Reciprocal
from protocol.errors import MissingCostModelError, NoHonestAnswerError, UnsupportedNodeError


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
