"""Powers with 18 decimals as Balancer V2 computes them, with the error margin it adds to each.

Source of the rules: ``LogExpMath.sol`` and ``FixedPoint.sol`` of Balancer V2. A power is exp(y * ln(x)) of
truncated series; since its error is below 10**-14 relative, ``power_up`` adds and ``power_down`` takes off
that much plus one unit. Every value is a Python integer with 18 decimals.
"""

from __future__ import annotations

from protocol.errors import DivisionByZeroError, UnsafeValueError
from protocol.fixed_point import WAD, div_to_zero

_E20 = 10**20
_E36 = 10**36
MAX_EXPONENT = 130 * WAD
MIN_EXPONENT = -41 * WAD
MAX_POWER_RELATIVE_ERROR = 10_000
_LN36_LOWER = 9 * 10**17
_LN36_UPPER = 11 * 10**17
_MILD_EXPONENT_BOUND = 2**254 // _E20

# e**128 and e**64, without decimals: (exponent with 18 decimals, power).
_WHOLE = (
    (128 * WAD, 38877084059945950922200000000000000000000000000000000000),
    (64 * WAD, 6235149080811616882910000000),
)
# e**32 down to e**(1/16): (exponent, power), both with 20 decimals.
_SMALL = (
    (32 * _E20, 7896296018268069516100000000000000),
    (16 * _E20, 888611052050787263676000000),
    (8 * _E20, 298095798704172827474000),
    (4 * _E20, 5459815003314423907810),
    (2 * _E20, 738905609893065022723),
    (_E20, 271828182845904523536),
    (_E20 // 2, 164872127070012814685),
    (_E20 // 4, 128402541668774148407),
    (_E20 // 8, 113314845306682631683),
    (_E20 // 16, 106449445891785942956),
)


def exp(x: int) -> int:
    """Return e**x.

    Raises
    ------
    UnsafeValueError
        INVALID_EXPONENT, outside -41..130.
    """
    if not MIN_EXPONENT <= x <= MAX_EXPONENT:
        raise UnsafeValueError("exponent", x, MIN_EXPONENT, MAX_EXPONENT)
    if x < 0:
        return WAD * WAD // exp(-x)
    whole = 1
    for exponent, power in _WHOLE:
        if x >= exponent:
            x -= exponent
            whole = power
            break
    x *= 100
    product = _E20
    for exponent, power in _SMALL[:8]:
        if x >= exponent:
            x -= exponent
            product = product * power // _E20
    total = term = _E20
    for n in range(1, 13):
        term = term * x // _E20 // n
        total += term
    return product * total // _E20 * whole // 100


def ln(a: int) -> int:
    """Return the natural logarithm of ``a``, away from 1; ``a`` must be positive."""
    if a < WAD:
        return -ln(WAD * WAD // a)
    total = 0
    for exponent, power in _WHOLE:
        if a >= power * WAD:
            a //= power
            total += exponent
    total *= 100
    a *= 100
    for exponent, power in _SMALL:
        if a >= power:
            a = a * _E20 // power
            total += exponent
    z = (a - _E20) * _E20 // (a + _E20)
    return (total + 2 * _odd_series(z, _E20, 11)) // 100


def ln_36(x: int) -> int:
    """Return the natural logarithm of an ``x`` within 10 % of 1, with 36 decimals."""
    x *= WAD
    z = div_to_zero((x - _E36) * _E36, x + _E36)
    return 2 * _odd_series(z, _E36, 15)


def _odd_series(z: int, one: int, last: int) -> int:
    """Return z + z**3/3 + ... + z**last/last, each step rounded toward zero."""
    squared = z * z // one
    numerator = total = z
    for n in range(3, last + 1, 2):
        numerator = div_to_zero(numerator * squared, one)
        total += div_to_zero(numerator, n)
    return total


def power(x: int, y: int) -> int:
    """Return x**y within 10**-14 relative, rounded as the contract's series happen to round.

    Raises
    ------
    UnsafeValueError
        X_OUT_OF_BOUNDS, Y_OUT_OF_BOUNDS or PRODUCT_OUT_OF_BOUNDS.
    """
    if y == 0:
        return WAD
    if x == 0:
        return 0
    if x >> 255:
        raise UnsafeValueError("base", x, 0, (1 << 255) - 1)
    if y >= _MILD_EXPONENT_BOUND:
        raise UnsafeValueError("exponent", y, 0, _MILD_EXPONENT_BOUND - 1)
    if _LN36_LOWER < x < _LN36_UPPER:
        logarithm = ln_36(x)
        whole = div_to_zero(logarithm, WAD)
        rest = logarithm - whole * WAD
        product = whole * y + div_to_zero(rest * y, WAD)
    else:
        product = ln(x) * y
    product = div_to_zero(product, WAD)
    if not MIN_EXPONENT <= product <= MAX_EXPONENT:
        raise UnsafeValueError("exponent", product, MIN_EXPONENT, MAX_EXPONENT)
    return exp(product)


def power_down(x: int, y: int, *, shortcuts: bool = True) -> int:
    """Return a lower bound of x**y.

    Parameters
    ----------
    shortcuts
        Whether exponents 1, 2 and 4 are multiplied out, as since the second weighted pool (2022).
    """
    if shortcuts:
        if y == WAD:
            return x
        if y == 2 * WAD:
            return mul_down(x, x)
        if y == 4 * WAD:
            square = mul_down(x, x)
            return mul_down(square, square)
    raw = power(x, y)
    return max(raw - mul_up(raw, MAX_POWER_RELATIVE_ERROR) - 1, 0)


def power_up(x: int, y: int, *, shortcuts: bool = True) -> int:
    """Return an upper bound of x**y; see ``power_down``."""
    if shortcuts:
        if y == WAD:
            return x
        if y == 2 * WAD:
            return mul_up(x, x)
        if y == 4 * WAD:
            square = mul_up(x, x)
            return mul_up(square, square)
    raw = power(x, y)
    return raw + mul_up(raw, MAX_POWER_RELATIVE_ERROR) + 1


def mul_down(a: int, b: int) -> int:
    """Return floor(a * b) at 18 decimals."""
    return a * b // WAD


def mul_up(a: int, b: int) -> int:
    """Return ceil(a * b) at 18 decimals."""
    return -(-a * b // WAD)


def div_down(a: int, b: int) -> int:
    """Return floor(a / b) at 18 decimals."""
    if b == 0:
        raise DivisionByZeroError("div_down")
    return a * WAD // b


def div_up(a: int, b: int) -> int:
    """Return ceil(a / b) at 18 decimals."""
    if b == 0:
        raise DivisionByZeroError("div_up")
    return -(-a * WAD // b)


def complement(x: int) -> int:
    """Return 1 - x, or 0 where x is above 1."""
    return max(WAD - x, 0)
