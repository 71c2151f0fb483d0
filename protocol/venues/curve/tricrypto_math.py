"""The crypto-pool invariant as tricrypto-ng solves it: a cubic root for one balance, then Newton for D.

Source of the rules: ``CurveCryptoMathOptimized3.vy`` (``get_y``, ``newton_D``, ``get_p``, ``_cbrt``). Signed
divisions truncate. Products that the contract leaves unchecked cannot leave 256 bits within the bounds
it checks first, so they are plain here; checked signed products raise.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from protocol.errors import DivisionByZeroError, OverflowedError, UnsafeValueError
from protocol.fixed_point import UINT256_MAX, WAD, div_to_zero
from protocol.venues.curve.common import minus
from protocol.venues.curve.crypto_math import (
    A_MULTIPLIER,
    MAX_D,
    MAX_SHARE,
    MIN_D,
    MIN_SHARE,
    require_safe_parameters,
    require_within,
    solve_d,
    solve_y,
)

_CBRT_SMALL = 115792089237316195423570985008687907853269
_INT256_MAX = (1 << 255) - 1
_E36 = 10**36


def _signed(value: int, what: str) -> int:
    if not -_INT256_MAX - 1 <= value <= _INT256_MAX:
        raise OverflowedError(what, value, 256)
    return value


def cbrt(x: int) -> int:
    """Return the cube root of a 1e18-scaled number by seven Newton steps from a power of two."""
    if x >= _CBRT_SMALL * WAD:
        value, unit = x, 10**12
    elif x >= _CBRT_SMALL:
        value, unit = x * WAD, 10**6
    else:
        value, unit = x * _E36, 1
    log2 = max(value.bit_length() - 1, 0)
    third, remainder = divmod(log2, 3)
    root: int = 2**third * 1260**remainder // 1000**remainder
    for _ in range(7):
        # A zero divisor gives zero in the contract's unchecked division.
        root = (2 * root + (value // (root * root) if root else 0)) // 3
    return root * unit


def geometric_mean(values: Sequence[int]) -> int:
    """Return the geometric mean of three 1e18-scaled numbers by the cube root."""
    product = values[0] * values[1] // WAD * values[2]
    if product > UINT256_MAX:
        raise OverflowedError("product of balances", product, 256)
    return cbrt(product // WAD) if product >= WAD else 0


def _precision_divider(discriminant: int) -> int:
    for power in range(48, 16, -4):
        if discriminant > 10**power:
            divider: int = 10 ** (power - 18)
            return divider
    return 1


def solve_balance(amplification: int, gamma: int, xp: Sequence[int], d: int, i: int) -> tuple[int, int]:
    """Return balance ``i`` at invariant ``d`` and the K0 of that point (0 where Newton was used).

    The analytic root may lie a unit or two from Newton's; the contract uses it as it is.

    Raises
    ------
    UnsafeValueError
        A parameter, a balance or the result is outside the contract's bounds.
    """
    require_safe_parameters(amplification, gamma, 3)
    require_within("D", d, MIN_D, MAX_D)
    x_j, x_k = (value for k, value in enumerate(xp) if k != i)
    for value in (x_j, x_k):
        require_within("balance over D", value * WAD // d, MIN_SHARE, MAX_SHARE)
    try:
        root = _cubic_root(amplification, gamma, x_j, x_k, d)
    except ZeroDivisionError:
        raise DivisionByZeroError("y of a crypto pool") from None
    if root is None:
        return solve_y(amplification, gamma, xp, d, i), 0
    k0, a = root
    y = div_to_zero(_signed(d * d // 27 // x_k * d // x_j * k0, "root"), a)
    if y < 0:
        raise UnsafeValueError("y", y, 0, UINT256_MAX)
    require_within("y over D", y * WAD // d, MIN_SHARE - 1, MAX_SHARE)
    return y, div_to_zero(WAD * k0, a)


def _cubic_root(ann: int, gamma: int, x_j: int, x_k: int, d: int) -> tuple[int, int] | None:
    """Return the root K0 of a*K**3 + ... = 0 and the scaled ``a``; None where it has no real form."""
    gamma2 = gamma * gamma
    a = _E36 // 27
    ratio = _signed(d * d // x_j * gamma2 * ann, "b")
    b = _E36 // 9 + 2 * WAD * gamma // 27 - ratio // 27**2 // A_MULTIPLIER // x_k
    excess = div_to_zero(_signed(gamma2 * (x_j + x_k - d), "c"), d) * ann
    c = _E36 // 9 + gamma * (gamma + 4 * WAD) // 27 + div_to_zero(div_to_zero(excess, 27), A_MULTIPLIER)
    e = (WAD + gamma) ** 2 // 27

    divider = _precision_divider(abs(div_to_zero(_signed(3 * a * c, "3ac"), b) - b))
    if abs(a) > abs(b):
        factor = abs(div_to_zero(a, b))
        a, b, c, e = (div_to_zero(_signed(v * factor, "coefficient"), divider) for v in (a, b, c, e))
    else:
        factor = abs(div_to_zero(b, a))
        a, b, c, e = (div_to_zero(div_to_zero(v, factor), divider) for v in (a, b, c, e))

    three_ac = _signed(3 * a * c, "3ac")
    delta0 = div_to_zero(three_ac, b) - b
    delta1 = (
        div_to_zero(_signed(3 * three_ac, "9ac"), b)
        - 2 * b
        - div_to_zero(_signed(div_to_zero(_signed(27 * a * a, "27a2"), b) * e, "27a2d"), b)
    )
    under_root = _signed(
        _signed(delta1 * delta1, "delta1**2")
        + _signed(div_to_zero(_signed(4 * delta0 * delta0, "delta0**2"), b) * delta0, "delta0**3"),
        "discriminant",
    )
    if under_root <= 0:
        return None
    square_root = isqrt(under_root)
    b_root = cbrt(b) if b >= 0 else -cbrt(-b)
    second = delta1 + square_root if delta1 > 0 else delta1 - square_root
    second_root = cbrt(second // 2) if delta1 > 0 else -cbrt(-second // 2)
    c1 = div_to_zero(_signed(_signed(b_root * b_root, "cbrt(b)**2") // WAD * second_root, "C1"), WAD)
    return div_to_zero(b + div_to_zero(_signed(b * delta0, "b*delta0"), c1) - c1, 3), a


def newton_d(amplification: int, gamma: int, xp: Sequence[int], k0: int = 0) -> int:
    """Return D of the balances; a K0 from ``solve_balance`` gives a closer start."""
    x = sorted(xp, reverse=True)
    if x[0] == 0:
        raise DivisionByZeroError("D of an empty pool")
    require_within("largest balance", x[0], 1, UINT256_MAX // WAD * 27 - 1)
    if k0 == 0:
        start = 3 * geometric_mean(x)
    else:
        total = sum(x)
        unit, back = (_E36, 10**12) if total > _E36 else (10**24, 10**6) if total > 10**24 else (WAD, 1)
        start = cbrt(x[0] * x[1] // unit * x[2] // k0 * 27 * back)
    return solve_d(x, amplification, gamma, start, MIN_SHARE - 1)


def marginal_prices(xp: Sequence[int], d: int, amplification: int, gamma: int) -> tuple[int, int]:
    """Return dx_0/dx_1 and dx_0/dx_2 at the pool's point, 1e18; times the price scale they are prices."""
    require_within("D", d, MIN_D, MAX_D)
    x, y, z = xp
    try:
        k0 = 27 * x * y // d * z // d * _E36 // d
        gk0 = minus(
            2 * k0 * k0 // _E36 * k0 // _E36 + (gamma + WAD) ** 2,
            k0 * k0 // _E36 * (2 * gamma + 3 * WAD) // WAD,
            "GK0",
        )
        weight = amplification * gamma * gamma // A_MULTIPLIER
        below = gk0 + weight * x // d * k0 // _E36
        p_y, p_z = (x * (gk0 + weight * other // d * k0 // _E36) // other * WAD // below for other in (y, z))
    except ZeroDivisionError:
        raise DivisionByZeroError("price of a crypto pool") from None
    return p_y, p_z
