"""Cost of moving a mean or a median of several constant product pools (Müller et al. 2026, sections 2-3).

Every pool holds ``depth`` quote units and is traded back by others after the read, so a multiple t costs
depth * f(t).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import acos, acosh, cos, cosh, inf, sqrt
from typing import Literal

from oracles.corruption.formula import AtLeast, Buy, Cost
from oracles.corruption.pools.constant_product import loss_shape
from oracles.corruption.solve import solve

CONVEX_UP_TO = 3.0
"""Where f turns from convex to concave: beyond it at most one pool is pushed."""
_GRID = 24


@dataclass(frozen=True, slots=True)
class PoolGroup:
    """Pools read together.

    Parameters
    ----------
    depths
        Quote reserves.
    weights
        Of the pools; the depths if None. They need not add up to one.
    aggregation
        ``mean``, or ``median``: the price at which half of the weight is reached.
    arbitrage_between
        Whether trade between the pools forces one price on all of them.
    """

    depths: tuple[float, ...]
    weights: tuple[float, ...] | None = None
    aggregation: Literal["mean", "median"] = "median"
    arbitrage_between: bool = False

    def shares(self) -> tuple[float, ...]:
        """Return the weights, adding up to one."""
        weights = self.weights or self.depths
        return tuple(weight / sum(weights) for weight in weights)

    def multiples(self, factor: float) -> tuple[float, ...]:
        """Return by how much the cheapest attack multiplies each pool's price."""
        if self.arbitrage_between:
            return (factor,) * len(self.depths)
        if self.aggregation == "median":
            moved = cheapest_half(self.depths, self.shares())
            return tuple(factor if n in moved else 1.0 for n in range(len(self.depths)))
        return mean_multiples(self.depths, self.shares(), factor)

    def loss(self, factor: float) -> float:
        """Return the attacker's loss in quote units."""
        return sum(y * loss_shape(t) for y, t in zip(self.depths, self.multiples(factor), strict=True))

    def capital(self, factor: float) -> float:
        """Return what must be at hand to push all pools at once, fees not counted."""
        pushes = zip(self.depths, self.multiples(factor), strict=True)
        return sum(y * (sqrt(max(t, 1 / t)) - 1) for y, t in pushes)


def small_move_mean_loss(depths: Sequence[float], shares: Sequence[float], move: float) -> float:
    """Return (e**2 / 4) / sum(w**2 / y): the loss for a mean near r = 1."""
    return move**2 / 4 / sum(w**2 / y for w, y in zip(shares, depths, strict=True))


def cheapest_half(depths: Sequence[float], shares: Sequence[float]) -> frozenset[int]:
    """Return the least depth that holds half of the weight."""
    pools = tuple(Buy(str(n), "move", Cost(depth, depth)) for n, depth in enumerate(depths))
    # One unit in a million of tolerance: weights that are exactly one half must count as half.
    parts = tuple((round(share * 1_000_000), pool) for share, pool in zip(shares, pools, strict=True))
    answer = solve(AtLeast(499_999, parts))
    assert answer is not None
    return frozenset(int(buy.upstream) for buy in answer.bought)


def _slope(t: float) -> float:
    return (1 / sqrt(t) - 1 / (t * sqrt(t))) / 2


def _convex_multiple(slope: float) -> float:
    """Return t below 3 with f'(t) = slope: the largest root u of u - u**3 = 2 slope gives t = 1 / u**2."""
    if slope >= _slope(CONVEX_UP_TO):
        return CONVEX_UP_TO
    angle = -3 * sqrt(3) * slope
    third = cosh(acosh(angle) / 3) if angle > 1 else cos(acos(angle) / 3)
    return 3 / (4 * third * third)


def _spread(depths: Sequence[float], shares: Sequence[float], target: float) -> tuple[float, ...] | None:
    """Return multiples of at most 3 with sum(w * t) = target at least cost, by equal slopes per weight."""
    from scipy.optimize import brentq  # noqa: PLC0415

    total = sum(shares)
    most = CONVEX_UP_TO * total
    if target >= most * (1 - 1e-12):
        return (CONVEX_UP_TO,) * len(shares) if target <= most * (1 + 1e-9) else None

    def at(price: float) -> tuple[float, ...]:
        return tuple(_convex_multiple(price * w / y) for w, y in zip(shares, depths, strict=True))

    def excess(price: float) -> float:
        return sum(w * t for w, t in zip(shares, at(price), strict=True)) - target

    high = max(y / w for w, y in zip(shares, depths, strict=True)) * _slope(CONVEX_UP_TO)
    low = -high
    while excess(low) > 0:
        low *= 4
    return at(float(brentq(excess, low, high, xtol=1e-12, rtol=1e-14)))


def mean_multiples(depths: Sequence[float], shares: Sequence[float], factor: float) -> tuple[float, ...]:
    """Return the cheapest multiples under a weighted mean.

    On the convex part all pools share one marginal cost per weight; at most one pool lies on the concave
    part, so each is tried there and its multiple searched.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415

    best: tuple[float, ...] | None = _spread(depths, shares, factor)
    for n, share in enumerate(shares):
        # The others lie between 1 and the end of the convex part.
        top = (factor - (1 - share)) / share
        bottom = max(CONVEX_UP_TO, (factor - CONVEX_UP_TO * (1 - share)) / share)
        if top <= CONVEX_UP_TO:
            continue
        grid = [bottom * (top / bottom) ** (k / _GRID) for k in range(_GRID + 1)]

        def price(t: float, n: int = n) -> float:
            return _cost(depths, _with_one_at(depths, shares, factor, n, t))

        k = min(range(len(grid)), key=lambda k: price(grid[k]))
        bounds = (grid[max(k - 1, 0)], grid[min(k + 1, _GRID)])
        found = minimize_scalar(price, bounds=bounds, method="bounded", options={"xatol": 1e-9})
        for t in (float(found.x), grid[k]):
            candidate = _with_one_at(depths, shares, factor, n, t)
            if _cost(depths, candidate) < _cost(depths, best):
                best = candidate
    assert best is not None
    return best


def _with_one_at(
    depths: Sequence[float], shares: Sequence[float], factor: float, n: int, t: float
) -> tuple[float, ...] | None:
    """Return the cheapest multiples in which pool ``n`` is pushed to ``t``."""
    if len(shares) == 1:
        return (factor,)
    left = factor - shares[n] * t
    others = [m for m in range(len(shares)) if m != n]
    if left <= 0:
        return None
    rest = _spread([depths[m] for m in others], [shares[m] for m in others], left)
    return None if rest is None else (*rest[:n], t, *rest[n:])


def _cost(depths: Sequence[float], multiples: Sequence[float] | None) -> float:
    if multiples is None:
        return inf
    return sum(y * loss_shape(t) for y, t in zip(depths, multiples, strict=True))
