"""How far the roundings of a stableswap contract can turn against the pool, derived from its own arithmetic.

Exact, a swap without fee leaves the invariant where it was. With A*n = ``ann`` it is

    ann * sum(x) + D = ann * D + D**(n+1) / (n**n * prod(x)).

Let D' be what ``get_D`` returns and D the exact root.

1. ``get_D`` is Newton's iteration on a convex function. Its step never falls below the root; of its floors
   those of the product term and of the denominator raise the step (while D <= sum(x)), that of ``ann * sum``
   lowers it by less than 1/(ann - 1), the last one by less than 1. So D' > D - 1.2 (ann >= 6).
2. ``get_y`` solves for the balance y at D' as computed before the swap. Its product ``c`` is floored at every
   coin and once more; an early unit is multiplied by D/(n*x) of each later coin, which a scarce coin makes
   large. With ``e`` the sum of these, y falls short by less than e/(2y + b) + 1, of which the contracts give
   one unit back by paying ``xp - y - 1`` (the y pool does not).
3. The y pool also computes both balances anew from x and y, rounding down: a raw unit of each, and a unit
   when they are valued again. The others move the balances by what was paid.
4. D is concave (homogeneous, with convex superlevel sets), so what is missing in the balances costs at most
   itself times dD/dx after the swap.

So a swap lowers D' by at most ``loss(...)`` + 1.2. A round trip ends with the other balances as they were and
coin i short of the gain; by concavity dD/dx_i before the trip times that gain is at most the two losses and
twice 1.2.
"""

from __future__ import annotations

from fractions import Fraction

from protocol.fixed_point import WAD
from protocol.venues.curve import StableSwapNG, StableSwapPool
from protocol.venues.curve.common import value_down
from protocol.venues.curve.invariant import NG_FORM, InvariantForm, balance_y

Pool = StableSwapPool | StableSwapNG
D_LOW = Fraction(6, 5)
"""By how much ``get_D`` may lie below the exact root (point 1)."""


def form_of(pool: Pool) -> InvariantForm:
    return NG_FORM if isinstance(pool, StableSwapNG) else pool.form


def worth(pool: Pool, k: int) -> Fraction:
    """Return dD/dx_k: units of D that a unit of value of coin ``k`` is worth."""
    xp, d = pool.values()
    n = len(xp)
    ann = Fraction(pool.amplification * n, form_of(pool).a_precision)
    product = Fraction(d)
    for x in xp:
        product *= Fraction(d, n * x)
    return (ann + product / xp[k]) / (ann - 1 + (n + 1) * product / d)


def missing_y(pool: Pool, i: int, j: int, amount: int) -> Fraction:
    """Return by how much the balance left in coin ``j`` may fall short of the exact one (point 2)."""
    xp, d = pool.values()
    form, n = form_of(pool), len(xp)
    ann = pool.amplification * n
    x = xp[i] + value_down(amount, pool.rates[i])
    y = balance_y(i, j, x, xp, amplification=pool.amplification, d=d, form=form)
    error, total = Fraction(0), 0
    for k, value in enumerate(xp):
        if k != j:
            held = x if k == i else value
            total += held
            error = error * d / (held * n) + 1
    error = error * d * form.a_precision / (ann * n) + 1
    b = total + d * form.a_precision // ann - d
    given_back = 0 if isinstance(pool, StableSwapPool) and pool.generation == "y" else 1
    return error / (2 * y + b) + 1 - given_back


def loss(pool: Pool, after: Pool, i: int, j: int, amount: int) -> Fraction:
    """Return by how much a swap of ``amount`` of coin ``i`` for ``j`` may lower the exact D."""
    short = {i: Fraction(0), j: missing_y(pool, i, j, amount)}
    if isinstance(pool, StableSwapPool) and pool.generation == "y":
        for k in (i, j):
            short[k] += Fraction(pool.rates[k], WAD) + 1
    return sum((missing * worth(after, k) for k, missing in short.items()), Fraction(0))


def most_fall(pool: Pool, after: Pool, i: int, j: int, amount: int) -> int:
    """Return by how many units a swap may lower what ``get_D`` returns."""
    return int(loss(pool, after, i, j, amount) + D_LOW)


def most_gain(pool: Pool, after: Pool, end: Pool, i: int, j: int, amounts: tuple[int, int]) -> int:
    """Return how many raw units of coin ``i`` a round trip over ``j`` may gain (not for the y pool)."""
    lost = loss(pool, after, i, j, amounts[0]) + loss(after, end, j, i, amounts[1]) + 2 * D_LOW
    value = lost / worth(pool, i) + 1  # and one unit by valuing the balance again
    return int(value * WAD / pool.rates[i])
