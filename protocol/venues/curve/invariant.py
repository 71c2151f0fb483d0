"""The stableswap invariant: D of the balances, one balance of D and the others, as the contracts iterate.

Sources of the rules: ``get_D``, ``get_y`` and ``get_y_D`` of ``StableSwapY.vy``, ``StableSwap3Pool.vy``,
``SwapTemplateBase.vy`` and ``CurveStableSwapNG.vy``. The four differ in the scale of A (1 or 100), in how
the product term is divided, and in what happens without convergence; ``InvariantForm`` names the
differences. Balances (``xp``) are in 1e18 units of value: raw balance * rate / 1e18.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from protocol.errors import DivisionByZeroError, NotConvergedError, OverflowedError, UnknownAssetError
from protocol.fixed_point import UINT256_MAX

STEPS = 255


@dataclass(frozen=True, slots=True)
class InvariantForm:
    """What one generation of contracts does its own way.

    Parameters
    ----------
    a_precision
        Scale of the stored A; the contracts multiply A by N, not by N**N.
    product
        How D**(N+1) / (N**N * prod x) is divided: by ``x*N + 1`` or ``x*N`` at every coin, or by every
        ``x`` and then once by N**N.
    raises
        Whether 255 steps without convergence revert; the older contracts return the last D.
    """

    a_precision: int
    product: Literal["plus-one", "per-coin", "at-once"]
    raises: bool


Y_POOL_FORM = InvariantForm(a_precision=1, product="plus-one", raises=False)
THREE_POOL_FORM = InvariantForm(a_precision=1, product="per-coin", raises=False)
TEMPLATE_FORM = InvariantForm(a_precision=100, product="per-coin", raises=True)
NG_FORM = InvariantForm(a_precision=100, product="at-once", raises=True)


def _product_term(xp: Sequence[int], d: int, form: InvariantForm) -> int:
    n = len(xp)
    d_p = d
    if form.product == "at-once":
        for x in xp:
            d_p = d_p * d // x
        all_coins: int = n**n
        return d_p // all_coins
    plus = 1 if form.product == "plus-one" else 0
    for x in xp:
        d_p = d_p * d // (x * n + plus)
    return d_p


def _require_d_fits(xp: Sequence[int], d: int, ann: int, form: InvariantForm) -> None:
    # D only falls from its first value, and every intermediate value with it: if the first step fits
    # 256 bits, all do.
    n = len(xp)
    plus = 1 if form.product == "plus-one" else 0
    divisor_factor = 1 if form.product == "at-once" else n
    d_p = d
    for x in xp:
        if d_p * d > UINT256_MAX:
            raise OverflowedError("D_P * D", d_p * d, 256)
        d_p = d_p * d // (x * divisor_factor + plus)
    if form.product == "at-once":
        d_p //= n**n
    numerator = (ann * d // form.a_precision + d_p * n) * d
    if numerator > UINT256_MAX:
        raise OverflowedError("numerator of D", numerator, 256)


def invariant_d(xp: Sequence[int], amplification: int, form: InvariantForm) -> int:
    """Return D, the total value if all balances were equal.

    Parameters
    ----------
    xp
        Balances in 1e18 units of value.
    amplification
        A in the contract's own scale (``form.a_precision``).

    Raises
    ------
    DivisionByZeroError
        A balance is zero while another is not (not in the y pool's form).
    NotConvergedError, OverflowedError
        Where the contract reverts.
    """
    n = len(xp)
    total = sum(xp)
    if total == 0:
        return 0
    ann = amplification * n
    precision = form.a_precision
    d = total
    try:
        _require_d_fits(xp, d, ann, form)
        weighted = ann * total // precision
        for _ in range(STEPS):
            d_p = _product_term(xp, d, form)
            previous = d
            d = (weighted + d_p * n) * d // ((ann - precision) * d // precision + (n + 1) * d_p)
            if -1 <= d - previous <= 1:
                return d
    except ZeroDivisionError:
        raise DivisionByZeroError("D of a pool with an empty side") from None
    if form.raises:
        raise NotConvergedError("D", STEPS)
    return d


def _solve_y(others: Sequence[int], n: int, amplification: int, d: int, form: InvariantForm) -> int:
    ann = amplification * n
    precision = form.a_precision
    c = d
    total = 0
    try:
        for x in others:
            total += x
            product = c * d
            if product > UINT256_MAX:
                raise OverflowedError("c * D", product, 256)
            c = product // (x * n)
        product = c * d * precision
        if product > UINT256_MAX:
            raise OverflowedError("c * D * A_PRECISION", product, 256)
        c = product // (ann * n)
        b = total + d * precision // ann - d
        if d * d + c > UINT256_MAX:
            raise OverflowedError("y * y + c", d * d + c, 256)
        y = d
        for _ in range(STEPS):
            previous = y
            y = (y * y + c) // (2 * y + b)
            if -1 <= y - previous <= 1:
                return y
    except ZeroDivisionError:
        raise DivisionByZeroError("y of a pool with an empty side") from None
    if form.raises:
        raise NotConvergedError("y", STEPS)
    return y


def balance_y(
    i: int, j: int, x: int, xp: Sequence[int], *, amplification: int, d: int, form: InvariantForm
) -> int:
    """Return ``xp[j]`` once ``xp[i]`` is ``x``, at invariant ``d`` (``get_y``)."""
    others = [x if k == i else value for k, value in enumerate(xp) if k != j]
    return _solve_y(others, len(xp), amplification, d, form)


def balance_y_of_d(i: int, xp: Sequence[int], amplification: int, d: int, form: InvariantForm) -> int:
    """Return ``xp[i]`` at a reduced invariant ``d``, the other balances unchanged (``get_y_D``)."""
    if not 0 <= i < len(xp):
        raise UnknownAssetError(str(i), tuple(str(k) for k in range(len(xp))))
    return _solve_y([value for k, value in enumerate(xp) if k != i], len(xp), amplification, d, form)
