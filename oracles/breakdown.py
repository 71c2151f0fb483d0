"""How many corrupted sources move an estimate without bound, found by search on the estimator itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Literal

Estimator = Callable[[list[int]], int]
Direction = Literal["up", "down", "either"]

FAR = 10**15
"""How many times the honest spread a corrupted source is moved."""


def corrupting_set(
    estimate: Estimator,
    honest: Sequence[int],
    direction: Direction = "either",
    *,
    symmetric: bool = False,
) -> tuple[int, ...] | None:
    """Return the smallest set of sources that can move the estimate far outside the honest values.

    Parameters
    ----------
    estimate
        Takes one value per source, in source order.
    honest
        What the sources say without corruption.
    direction
        Whether the estimate must rise, fall, or may do either.
    symmetric
        Whether all sources count alike: then one set of each size is enough.

    Returns
    -------
    tuple of int or None
        Indexes, in the order of :func:`itertools.combinations`; None where not even all of them can.
    """
    spread = max(honest) - min(honest) + 1
    for size in range(1, len(honest) + 1):
        for members in _sets(len(honest), size, symmetric):
            if _moves(estimate, honest, members, direction, spread * FAR):
                return members
    return None


def breakdown_count(
    estimate: Estimator, honest: Sequence[int], direction: Direction = "either", *, symmetric: bool = True
) -> int | None:
    """Return the size of the smallest corrupting set."""
    members = corrupting_set(estimate, honest, direction, symmetric=symmetric)
    return None if members is None else len(members)


def _sets(count: int, size: int, symmetric: bool) -> Iterable[tuple[int, ...]]:
    # With honest values of one size each, which of the alike sources is corrupted changes nothing.
    return [tuple(range(size))] if symmetric else combinations(range(count), size)


def _moves(
    estimate: Estimator, honest: Sequence[int], members: tuple[int, ...], direction: Direction, far: int
) -> bool:
    targets = {"up": (far,), "down": (-far,), "either": (far, -far)}[direction]
    for target in targets:
        values = [target if index in members else value for index, value in enumerate(honest)]
        moved = estimate(values)
        if abs(moved) > far // (4 * len(honest)) and (moved > 0) == (target > 0):
            return True
    return False


def controlling_sets(weights: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Return the smallest sets of weighted sources that own at least half of the weight."""
    total = sum(weights)
    for size in range(1, len(weights) + 1):
        sets = tuple(
            members
            for members in combinations(range(len(weights)), size)
            if 2 * sum(weights[index] for index in members) >= total
        )
        if sets:
            return sets
    return ()
