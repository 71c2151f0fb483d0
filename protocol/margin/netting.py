"""How risks are added up: the reducers of a netting tree.

A tree of sets (positions, expiries, underlyings, the account) with a reducer at every node describes every
engine found: sums, sums of absolutes, the worst scenario, the better of two bounds, a quadratic form with
correlations, a blend. A leaf is a named amount; ``reduce`` walks the tree in either number context.

The node that nets across underlyings by correlation is ``CORRELATED``: the requirement of each underlying is
given a direction and the account pays sqrt(sum rho_ij x_i x_j), never less than a floor's share of the plain
sum. With correlations of one between like directions it is the plain sum; what it saves rests on correlations
that may break, so ``with_correlation`` answers what the same tree says when they move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Generic, TypeAlias

from protocol.errors import NettingError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N

Correlations: TypeAlias = tuple[tuple[N, ...], ...]


class Reducer(Enum):
    """How a node combines its children."""

    SUM = "sum"
    ABSOLUTE_SUM = "sum of absolutes"
    SMALLEST = "smallest"  # the worst of profits, the better of requirements
    GREATEST = "greatest"
    CORRELATED = "quadratic form"
    BLEND = "blend"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A named amount."""

    name: str


@dataclass(frozen=True, slots=True)
class Node(Generic[N]):
    """A set of leaves or nodes and how they combine.

    Parameters
    ----------
    name
        Of the set.
    reducer
        How the children combine.
    children
        Leaves and nodes.
    correlations
        For ``CORRELATED``: a row and a column per child.
    share
        For ``CORRELATED`` the least share of the plain sum of absolutes; for ``BLEND`` the share of the first
        of two children.
    """

    name: str
    reducer: Reducer
    children: tuple[Leaf | Node[N], ...]
    correlations: Correlations[N] = ()
    share: N | None = None

    def reduce(self, context: Context[N], amounts: Mapping[str, N]) -> N:
        """Return the tree's amount.

        Raises
        ------
        NettingError
            If a leaf has no amount or the node's parameters do not fit its children.
        """
        values = [
            _leaf(child, amounts) if isinstance(child, Leaf) else child.reduce(context, amounts)
            for child in self.children
        ]
        return self._combine(context, values)

    def _combine(self, context: Context[N], values: list[N]) -> N:
        if self.reducer is Reducer.CORRELATED:
            return self._correlated(context, values)
        if self.reducer is Reducer.BLEND:
            if len(values) != 2 or self.share is None:
                raise NettingError(self.name, "a blend has two children and a share")
            rest = context.unit - self.share
            return context.mul_to_zero(self.share, values[0]) + context.mul_to_zero(rest, values[1])
        total = context.zero
        if self.reducer is Reducer.SUM:
            for value in values:
                total = total + value
        elif self.reducer is Reducer.ABSOLUTE_SUM:
            for value in values:
                total = total + context.absolute(value)
        elif values:
            total = values[0]
            pick = context.minimum if self.reducer is Reducer.SMALLEST else context.maximum
            for value in values[1:]:
                total = pick(total, value)
        return total

    def _correlated(self, context: Context[N], values: list[N]) -> N:
        if len(self.correlations) != len(values):
            raise NettingError(self.name, f"{len(values)} children, {len(self.correlations)} correlations")
        root = quadratic_form(context, values, self.correlations)
        if self.share is None:
            return root
        plain = context.zero
        for value in values:
            plain = plain + context.absolute(value)
        return context.maximum(root, context.mul_to_zero(self.share, plain))

    def with_correlation(self, context: Context[N], value: int) -> Node[N]:
        """Return the tree with every correlation between different children at ``value`` (18 decimals)."""
        children = tuple(
            child if isinstance(child, Leaf) else child.with_correlation(context, value)
            for child in self.children
        )
        size = len(self.correlations)
        moved = tuple(
            tuple(context.unit if i == j else context.of(value) for j in range(size)) for i in range(size)
        )
        return replace(self, children=children, correlations=moved)


def _leaf(leaf: Leaf, amounts: Mapping[str, N]) -> N:
    if leaf.name not in amounts:
        raise NettingError(leaf.name, "the leaf has no amount")
    return amounts[leaf.name]


def quadratic_form(context: Context[N], values: list[N], correlations: Correlations[N]) -> N:
    """Return sqrt(sum over i, j of rho_ij x_i x_j), zero where the sum is negative."""
    total = context.zero
    for i, first in enumerate(values):
        for j, second in enumerate(values):
            total = total + context.scaled_down(correlations[i][j], first * second, WAD)
    return context.root_of_square(context.maximum(total, context.zero))
