"""The crypto-pool invariant as the first generation solves it: Newton steps for D and for one balance.

Source of the rules: ``CurveCryptoMath3.vy`` (``newton_D``, ``newton_y``, ``geometric_mean``,
``reduction_coefficient``, ``sqrt_int``). Balances are in 1e18 units of coin 0 at the price scale.
``amplification`` is A * N**N * 10000 and ``gamma`` is 1e18-scaled, both as stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocol.errors import DivisionByZeroError, NotConvergedError, OverflowedError, UnsafeValueError
from protocol.fixed_point import UINT256_MAX, WAD
from protocol.venues.curve.common import minus

A_MULTIPLIER = 10000
MIN_GAMMA = 10**10
MAX_GAMMA = 5 * 10**16
MIN_D = 10**17
MAX_D = 10**33
MIN_SHARE = 10**16
"""Smallest balance over D, 1e18."""
MAX_SHARE = 10**20
STEPS = 255


def require_within(what: str, value: int, lowest: int, highest: int) -> None:
    """Raise unless lowest <= value <= highest."""
    if not lowest <= value <= highest:
        raise UnsafeValueError(what, value, lowest, highest)


def require_safe_parameters(amplification: int, gamma: int, n: int) -> None:
    """Raise where the contract calls A or gamma unsafe."""
    unit = n**n * A_MULTIPLIER
    require_within("A", amplification, unit // 100, unit * 1000)
    require_within("gamma", gamma, MIN_GAMMA, MAX_GAMMA)


def _squared_distance(k0: int, gamma: int, d: int, amplification: int) -> tuple[int, int]:
    """Return |1 + gamma - K0| (plus one) and the term D * distance**2 / (A * gamma**2)."""
    distance = abs(gamma + WAD - k0) + 1
    product = WAD * d // gamma * distance // gamma * distance * A_MULTIPLIER
    if product > UINT256_MAX:
        raise OverflowedError("D * distance**2 / gamma**2", product, 256)
    return distance, product // amplification


def solve_d(x: Sequence[int], amplification: int, gamma: int, start: int, lowest_share: int) -> int:
    """Return D by Newton's method from ``start``.

    Parameters
    ----------
    x
        Balances, largest first.
    lowest_share
        Smallest balance over D (1e18) that the result may have.
    """
    n = len(x)
    total = sum(x)
    d = start
    try:
        for _ in range(STEPS):
            previous = d
            k0 = WAD
            for value in x:
                k0 = k0 * value * n // d
            distance, mul1 = _squared_distance(k0, gamma, d, amplification)
            mul2 = 2 * WAD * n * k0 // distance
            slope = minus(total + total * mul2 // WAD + mul1 * n // k0, mul2 * d // WAD, "slope of D")
            plus = d * (slope + total) // slope
            less = d * d // slope
            correction = d * (mul1 // slope) // WAD * abs(WAD - k0) // k0
            less = less + correction if k0 < WAD else minus(less, correction, "step of D")
            d = plus - less if plus > less else (less - plus) // 2
            if abs(d - previous) * 10**14 < max(10**16, d):
                for value in x:
                    require_within("balance over D", value * WAD // d, lowest_share, MAX_SHARE)
                return d
    except ZeroDivisionError:
        raise DivisionByZeroError("D of a crypto pool") from None
    raise NotConvergedError("D", STEPS)


def newton_d(amplification: int, gamma: int, xp: Sequence[int]) -> int:
    """Return D of the balances, started from their geometric mean."""
    n = len(xp)
    require_safe_parameters(amplification, gamma, n)
    x = sorted(xp, reverse=True)
    require_within("largest balance", x[0], 10**9, MAX_D)
    for value in x[1:]:
        require_within("balance over the largest", value * WAD // x[0], 10**11, WAD)
    return solve_d(x, amplification, gamma, n * geometric_mean(x), MIN_SHARE)


def newton_y(amplification: int, gamma: int, xp: Sequence[int], d: int, i: int) -> int:
    """Return balance ``i`` at invariant ``d``, given the others, by Newton's method."""
    n = len(xp)
    require_safe_parameters(amplification, gamma, n)
    require_within("D", d, MIN_D, MAX_D)
    for k, value in enumerate(xp):
        if k != i:
            require_within("balance over D", value * WAD // d, MIN_SHARE, MAX_SHARE)
    return solve_y(amplification, gamma, xp, d, i)


def solve_y(amplification: int, gamma: int, xp: Sequence[int], d: int, i: int) -> int:
    """Return balance ``i`` at ``d`` without the bounds on parameters."""
    n = len(xp)
    others = sorted((value for k, value in enumerate(xp) if k != i), reverse=True)
    limit = max(others[0] // 10**14, d // 10**14, 100)
    y = d // n
    for value in reversed(others):
        y = y * d // (value * n)
    k0_others = WAD
    for value in others:
        k0_others = k0_others * value * n // d
    rest = sum(others)
    try:
        for _ in range(STEPS):
            previous = y
            k0 = k0_others * y * n // d
            total = rest + y
            distance, mul1 = _squared_distance(k0, gamma, d, amplification)
            mul2 = WAD + 2 * WAD * k0 // distance
            scaled_slope = WAD * y + total * mul2 + mul1 - d * mul2
            if scaled_slope < 0:
                y = previous // 2
                continue
            slope = scaled_slope // y
            less = mul1 // slope
            plus = (scaled_slope + WAD * d) // slope + less * WAD // k0
            less += WAD * total // slope
            y = previous // 2 if plus < less else plus - less
            if abs(y - previous) < max(limit, y // 10**14):
                require_within("y over D", y * WAD // d, MIN_SHARE, MAX_SHARE)
                return y
    except ZeroDivisionError:
        raise DivisionByZeroError("y of a crypto pool") from None
    raise NotConvergedError("y", STEPS)


def geometric_mean(values: Sequence[int]) -> int:
    """Return the geometric mean as the first crypto pools iterate it."""
    n = len(values)
    x = sorted(values, reverse=True)
    mean = x[0]
    try:
        for _ in range(STEPS):
            previous = mean
            ratio = WAD
            for value in x:
                ratio = ratio * value // mean
            mean = mean * ((n - 1) * WAD + ratio) // (n * WAD)
            difference = abs(mean - previous)
            if difference <= 1 or difference * WAD < mean:
                return mean
    except ZeroDivisionError:
        raise DivisionByZeroError("geometric mean") from None
    raise NotConvergedError("geometric mean", STEPS)


def reduction_coefficient(xp: Sequence[int], fee_gamma: int) -> int:
    """Return fee_gamma / (fee_gamma + 1 - K), 1e18; K = prod x / (mean x)**N is 1 in balance."""
    n = len(xp)
    total = sum(xp)
    if total == 0:
        raise DivisionByZeroError("fee of an empty pool")
    k = WAD
    for value in xp:
        k = k * n * value // total
    return fee_gamma * WAD // (fee_gamma + WAD - k) if fee_gamma > 0 else k


def sqrt_down(x: int) -> int:
    """Return the square root of a 1e18-scaled number, 1e18-scaled (``sqrt_int``)."""
    if x == 0:
        return 0
    z, y = (x + WAD) // 2, x
    for _ in range(256):
        if z == y:
            return y
        y, z = z, (x * WAD // z + z) // 2
    raise NotConvergedError("square root", 256)
