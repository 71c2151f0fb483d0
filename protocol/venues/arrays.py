"""Array forms of venues, to screen many pools or trades at once; float64, never for a contract's amount.

Measured against the exact form over reserves of 10**6 to 10**30 units and inputs of 10**-6 to 1 times the
reserve: the relative error of an output stays below 1e-15 times a few, and ``OUTPUT_BOUND`` is asserted by
the tests beside the one unit that the exact form rounds down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64] | float"

OUTPUT_BOUND = 1e-14
"""Relative bound of the array outputs, besides one unit of rounding."""


def constant_product_out(
    amount_in: Floats, reserve_in: Floats, reserve_out: Floats, keep: float = 0.997
) -> NDArray[np.float64]:
    """Return outputs of constant-product pools; arguments broadcast.

    Parameters
    ----------
    amount_in, reserve_in, reserve_out
        Units; an input of zero gives zero.
    keep
        Part of the input that counts: 0.997 for a 0.30 % fee.
    """
    with_fee = np.multiply(amount_in, keep)
    return np.asarray(with_fee * (reserve_out / (reserve_in + with_fee)), dtype=np.float64)


def constant_product_in(
    amount_out: Floats, reserve_in: Floats, reserve_out: Floats, keep: float = 0.997
) -> NDArray[np.float64]:
    """Return the inputs that buy ``amount_out``; infinite where the pool cannot pay."""
    left = np.subtract(reserve_out, amount_out)
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = np.multiply(reserve_in, amount_out) / (left * keep)
    return np.asarray(np.where(left > 0, cost, np.inf), dtype=np.float64)


def constant_product_price(reserve_in: Floats, reserve_out: Floats) -> NDArray[np.float64]:
    """Return the marginal price, units out per unit in before the fee."""
    return np.asarray(np.divide(reserve_out, reserve_in), dtype=np.float64)


def constant_product_path(
    amounts_in: NDArray[np.float64], reserve0: Floats, reserve1: Floats, keep: float = 0.997
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Trade a sequence through each of many pools.

    Parameters
    ----------
    amounts_in
        Shape (steps, pools): units of token 0 sold where positive, of token 1 where negative.
    reserve0, reserve1
        Shape (pools,): reserves before the first step.

    Returns
    -------
    (outputs, reserve0, reserve1)
        Each of shape (steps, pools): what the trader received, and the reserves after each step.
    """
    pools = np.shape(amounts_in)[1]
    r0 = np.broadcast_to(np.asarray(reserve0, dtype=np.float64), (pools,)).copy()
    r1 = np.broadcast_to(np.asarray(reserve1, dtype=np.float64), (pools,)).copy()
    outs, path0, path1 = (np.empty_like(amounts_in, dtype=np.float64) for _ in range(3))
    for step, amount in enumerate(amounts_in):
        sold0, sold1 = np.maximum(amount, 0.0), np.maximum(-amount, 0.0)
        out1 = constant_product_out(sold0, r0, r1, keep)
        out0 = constant_product_out(sold1, r1, r0, keep)
        r0 += sold0 - out0
        r1 += sold1 - out1
        outs[step], path0[step], path1[step] = out0 + out1, r0, r1
    return outs, path0, path1
