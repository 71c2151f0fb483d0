"""The stableswap exchange over float64 arrays: the same invariant, the last step solved in closed form.

For one unknown balance the invariant is y**2 + b*y = c, so no iteration is needed once D is known. The
result lies within ``ERROR_OF_D`` times D of the exact form, plus the exact form's own rounding of at most
three raw units; the worst of 75,000 quotes over random pools is a quarter of that. Balances and D are in
units of value: raw * rate / 1e36 for whole tokens.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from protocol.errors import NotConvergedError
from protocol.venues.curve.common import FEE_SCALE, positions
from protocol.venues.curve.stableswap import StableSwapPool

Floats: TypeAlias = NDArray[np.float64]

ERROR_OF_D = 4.0e-15
"""Largest error of a quote over D, both in units of value."""
STEPS = 255
CHUNK = 4096
"""Quotes per pass: its temporaries stay in the first caches."""


def invariant_d(balances: Floats, ann: Floats | float) -> Floats:
    """Return D of many pools.

    Parameters
    ----------
    balances
        Shape (..., N), positive, units of value; D has shape (...).
    ann
        A * N (A over its precision), one value or shape (...).

    Raises
    ------
    NotConvergedError
        A pool that does not settle in 255 steps, for example one with an empty side.
    """
    n = balances.shape[-1]
    total = balances.sum(axis=-1)
    d = total.copy()
    for _ in range(STEPS):
        product = d * np.prod(d[..., None] / (balances * n), axis=-1)
        after = (ann * total + product * n) * d / ((ann - 1) * d + (n + 1) * product)
        settled = np.abs(after - d) <= 4 * np.finfo(np.float64).eps * d
        d = after
        if settled.all():
            return np.asarray(d)
    raise NotConvergedError("D of an array of pools", STEPS)


def balance_y(
    x: Floats,
    *,
    rest_sum: Floats | float,
    rest_product: Floats | float,
    d: Floats | float,
    ann: Floats | float,
    n: int,
) -> Floats:
    """Return the unknown balance, given one balance ``x`` and sum and product of the other N - 2.

    Parameters
    ----------
    x
        Balance of the coin sold, after the sale, units of value; any shape, which the result has too.
    rest_sum, rest_product
        Over the coins that are neither sold nor bought; 0 and 1 where there are none.
    d, ann
        Invariant and A * N.
    """
    share = d / n
    c = share ** (n + 1) * n / (rest_product * ann) / x
    b = x + (rest_sum + d / ann - d)
    root = np.sqrt(b * b + 4 * c)
    if np.max(b, initial=-np.inf) <= 0:
        return np.asarray(0.5 * (root - b))
    # Past the point where b changes sign the difference root - b would cancel.
    return np.where(b <= 0, 0.5 * (root - b), 2 * c / (root + np.abs(b)))


def amounts_out(pool: StableSwapPool, sell: str, buy: str, amounts_in: Floats) -> Floats:
    """Return what ``pool`` would pay for each of many amounts, each from the pool's present state.

    Parameters
    ----------
    amounts_in
        Any shape, raw units of ``sell`` (a coin of the pool) as floats, not negative.

    Returns
    -------
    Floats
        Raw units of ``buy``, not rounded, same shape.
    """
    i, j = positions(pool.coins, sell, buy)
    xp, d = pool.values()
    n = len(xp)
    unit = 1e18
    values = [value / unit for value in xp]
    rest = [value for k, value in enumerate(values) if k not in {i, j}]
    rest_sum, rest_product = sum(rest), float(np.prod(rest)) if rest else 1.0
    ann = pool.amplification * n / pool.form.a_precision
    rate_in = pool.rates[i] / unit / unit
    per_unit_out = (1 - pool.fee / FEE_SCALE) / (pool.rates[j] / unit / unit)
    flat = np.ascontiguousarray(amounts_in, dtype=np.float64).ravel()
    out = np.empty_like(flat)
    for start in range(0, flat.size, CHUNK):
        part = slice(start, start + CHUNK)
        x = flat[part] * rate_in + values[i]
        y = balance_y(x, rest_sum=rest_sum, rest_product=rest_product, d=d / unit, ann=ann, n=n)
        out[part] = (values[j] - y) * per_unit_out
    return out.reshape(np.shape(amounts_in))
