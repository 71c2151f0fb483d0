"""From a file of ``backstop oracle cost`` to an oracle graph, a view, and the cost models of its sources."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import inf
from typing import assert_never

from oracles.corruption.committees import Member, PublisherVotes, SignedMedian
from oracles.corruption.formula import Cost
from oracles.corruption.models import CostModel, Fixed, Incorruptible, Through, WithFreeMove
from oracles.corruption.pool_models import (
    ExchangeIndexCost,
    IndexVenue,
    PoolGroupCost,
    SpotPoolCost,
    TwapPoolCost,
)
from oracles.corruption.pools.concentrated import Concentrated, LiquidityRange
from oracles.corruption.pools.constant_product import ConstantProduct
from oracles.corruption.pools.curve import PoolCurve
from oracles.corruption.pools.order_book import LinearBook
from oracles.corruption.pools.stableswap import Stableswap
from oracles.corruption.pools.weighted import Weighted
from oracles.corruption.profit import ForcedLiquidations, OpenInterest, Overborrow, Profit
from oracles.corruption.several_pools import PoolGroup
from oracles.guards import Bounds, DeviationLimit, Positive, Staleness
from oracles.node import Node, Sample, View
from oracles.reducers import Estimator, FirstOf, Latest, Median, Product, Quotient, WeightedMedian
from oracles.sources.constant import Constant
from oracles.sources.feed import FeedSample
from scenarios.files import oracle_cost as f

DECIMALS = 18
NOW = 1_000_000_000
"""The reader's clock: only ages matter."""
_PLAIN: dict[str, type[Latest | FirstOf | Product | Quotient | Positive]] = {
    "latest": Latest,
    "first-of": FirstOf,
    "product": Product,
    "quotient": Quotient,
    "positive": Positive,
}


@dataclass(frozen=True, slots=True)
class Built:
    """The question of a file, ready to be asked.

    Parameters
    ----------
    output
        The node that the protocol reads.
    view
        The moment.
    models
        Cost models by node id.
    names
        The file's names by node id.
    kinds
        Kinds of cost by node id of the source.
    """

    output: Node
    view: View
    models: dict[str, CostModel]
    names: dict[str, str]
    kinds: dict[str, str]


def build(model: f.OracleCostFile) -> Built:
    """Build the graph of a checked file."""
    nodes: dict[str, Node] = {}
    feeds: dict[str, tuple[Sample, ...]] = {}
    models: dict[str, CostModel] = {}
    kinds: dict[str, str] = {}
    shared = {name: _fixed(name, cost) for name, cost in model.upstreams.items()}
    for name, source in model.sources.items():
        value = int(source.value.scaleb(DECIMALS))
        if source.age is None:
            nodes[name] = Constant(name, value, DECIMALS)
        else:
            nodes[name] = FeedSample(name)
            feeds[name] = (Sample(NOW - source.age, value, DECIMALS),)
        cost = _cost(name, source, model)
        if source.reads:
            cost = Through(cost, tuple(shared[upstream] for upstream in source.reads))
        if source.free_move:
            cost = WithFreeMove(cost, float(source.free_move))
        models[nodes[name].id] = cost
        kinds[nodes[name].id] = source.cost.type

    def node(name: str) -> Node:
        if name not in nodes:
            nodes[name] = build_node(
                model.nodes[name], tuple(node(parent) for parent in model.nodes[name].parents)
            )
        return nodes[name]

    output = node(model.output)
    names: dict[str, str] = {}
    for name, made in nodes.items():
        names.setdefault(made.id, name)
    return Built(output, View(NOW, feeds=feeds), models, names, kinds)


def build_node(node: f.NodeFile, parents: tuple[Node, ...]) -> Node:
    """Return the reducer or guard of a file's entry over its parents."""
    match node:
        case f.MedianFile():
            return Median(node.even, node.minimum_sources, parents=parents)
        case f.WeightedMedianFile():
            return WeightedMedian(tuple(node.weights), node.minimum_weight, parents=parents)
        case f.EstimatorFile():
            return Estimator(node.estimate, Fraction(node.cut), node.minimum_sources, parents=parents)
        case f.StalenessFile():
            return Staleness(node.max_age, parents=parents)
        case f.DeviationFile():
            return DeviationLimit(Fraction(node.limit), node.relative_to, parents=parents)
        case f.BoundsFile():
            return Bounds(Fraction(node.lowest), Fraction(node.highest), node.action, parents=parents)
        case f.PlainFile():
            return _PLAIN[node.type](parents=parents)
        case _:
            assert_never(node)


def _price(price: f.Price) -> Cost:
    capital = price.loss if price.capital is None else price.capital
    return Cost(float(price.loss), float(capital), price.blocks, (price.needs,) if price.needs else ())


def _fixed(name: str, cost: f.FixedCost) -> Fixed:
    prices = (None if price is None else _price(price) for price in (cost.move, cost.silence, cost.refuse))
    return Fixed(name, *prices)


def _members(members: list[f.MemberFile], value: Decimal) -> tuple[Member, ...]:
    return tuple(
        Member(
            member.name,
            _price(member.lie),
            Cost(inf, inf) if member.silence is None else _price(member.silence),
            1.0 if member.report is None else float(member.report / value),
        )
        for member in members
    )


def _cost(name: str, source: f.SourceFile, model: f.OracleCostFile) -> CostModel:
    cost = source.cost
    match cost:
        case f.FixedCost():
            return _fixed(name, cost)
        case f.NoCost():
            return Incorruptible()
        case f.SpotCost():
            return SpotPoolCost(cost.pool, _curve(model.pools[cost.pool]), cost.same_transaction)
        case f.TwapCost():
            clip = inf if cost.clip_ticks is None else float(cost.clip_ticks)
            curve = _curve(model.pools[cost.pool])
            return TwapPoolCost(cost.pool, curve, cost.mean, cost.window, cost.streak, clip)
        case f.PoolGroupFile():
            depths = tuple(float(depth) for depth in cost.depths.values())
            weights = None if cost.weights is None else tuple(float(weight) for weight in cost.weights)
            group = PoolGroup(depths, weights, cost.aggregation, cost.arbitrage_between)
            return PoolGroupCost(tuple(cost.depths), group)
        case f.SignedMedianCost():
            members = _members(cost.members, source.value)
            return SignedMedian(members, cost.rule, cost.quorum, cost.sender_chooses)
        case f.PublishersCost():
            members = _members(cost.members, source.value)
            return PublisherVotes(members, cost.minimum, cost.confidence_refuses)
        case f.ExchangeIndexFile():
            venues = tuple(IndexVenue(n, v.weight, float(v.depth)) for n, v in cost.venues.items())
            return ExchangeIndexCost(venues, cost.rule, inf if cost.clamp is None else float(cost.clamp))
        case _:
            assert_never(cost)


def _curve(shape: f.Shape) -> PoolCurve:
    fee = float(shape.fee)
    match shape:
        case f.ConstantProductShape():
            return ConstantProduct(float(shape.quote), fee, shape.fees_join_reserves)
        case f.WeightedShape():
            return Weighted(float(shape.quote), float(shape.quote_weight), float(shape.base_weight), fee)
        case f.StableswapShape():
            others = tuple(float(balance) for balance in shape.others)
            return Stableswap(float(shape.quote), float(shape.base), float(shape.amplification), others, fee)
        case f.ConcentratedShape():
            price = float(shape.price)
            ranges = tuple(
                LiquidityRange.from_amounts(
                    float(r.quote), float(r.base), float(r.lower), float(r.upper), price
                )
                for r in shape.ranges
            )
            return Concentrated(price, ranges, fee)
        case f.OrderBookShape():
            return LinearBook(float(shape.depth), fee)
        case _:
            assert_never(shape)


def build_profit(profit: f.ProfitFile) -> Profit:
    """Return the profit function of a file's entry."""
    match profit:
        case f.OverborrowFile():
            collateral = inf if profit.collateral is None else float(profit.collateral)
            return Overborrow(float(profit.loan_to_value), float(profit.lendable), collateral)
        case f.OpenInterestFile():
            withdrawable = inf if profit.withdrawable is None else float(profit.withdrawable)
            return OpenInterest(float(profit.notional), withdrawable)
        case f.LiquidationsFile():
            falls = tuple((float(fall.factor), float(fall.debt)) for fall in profit.positions)
            return ForcedLiquidations(falls, float(profit.bonus))
        case _:
            assert_never(profit)
