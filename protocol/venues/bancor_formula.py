"""Bancor's power function (version 0.3) and the two returns of a bonding curve that use it.

Source of the rules: ``Power.sol`` and ``BancorBondingCurve.sol`` as split out of Bancor's formula (the form
that Eminence's curve has the interface of). A power is e ** (ln(base) * exponent) at up to 127 bits; the
precision falls as the exponent grows, so that no intermediate value of the series leaves 256 bits.
"""

from __future__ import annotations

from functools import cache
from math import factorial

from protocol.errors import UnsafeValueError
from protocol.fixed_point import UINT256_MAX, to_uint
from protocol.venues.checks import require_not_negative

MIN_PRECISION = 32
MAX_PRECISION = 127
FIXED_1 = 1 << MAX_PRECISION
FIXED_2 = 2 << MAX_PRECISION
MAX_NUMERATOR = (1 << 129) - 1
# ln(2) * 2**122.
LN2_MANTISSA = 0x2C5C85FDF473DE6AF278ECE600FCBDA
LN2_EXPONENT = 122
MAX_RATIO = 1_000_000
TERMS = 33
_COEFFICIENTS = tuple(factorial(TERMS) // factorial(n) for n in range(2, TERMS + 1))


def natural_log_down(numerator: int, denominator: int) -> int:
    """Return ln(numerator / denominator) * 2**127, for a quotient of at least 1."""
    if numerator > MAX_NUMERATOR:
        raise UnsafeValueError("logarithm's numerator", numerator, denominator, MAX_NUMERATOR)
    x = numerator * FIXED_1 // denominator
    result = 0
    if x >= FIXED_2:
        count = (x // FIXED_1).bit_length() - 1
        x >>= count
        result = count * FIXED_1
    if x > FIXED_1:
        for bit in range(MAX_PRECISION - 1, -1, -1):
            x = x * x // FIXED_1
            if x >= FIXED_2:
                x >>= 1
                result += 1 << bit
    return to_uint(result * LN2_MANTISSA, 256, "logarithm") >> LN2_EXPONENT


def exponential_down(x: int, precision: int) -> int:
    """Return e**(x / 2**precision) * 2**precision by 33 terms of the series."""
    power = x
    total = 0
    for coefficient in _COEFFICIENTS:
        power = power * x >> precision
        total += power * coefficient
    return total // factorial(TERMS) + x + (1 << precision)


def _stays_within_256_bits(x: int, precision: int) -> bool:
    power = x
    total = 0
    for coefficient in _COEFFICIENTS:
        product = power * x
        power = product >> precision
        total += power * coefficient
        if max(product, total) > UINT256_MAX:
            return False
    return True


@cache
def largest_exponent(precision: int) -> int:
    """Return the largest x * 2**127 that the contract raises e to at ``precision``.

    The contract stores a table of these for 32 to 127; each is the largest exponent at which no step
    overflows, plus one, less one unit after shifting up to 127 bits.
    """
    low, high = 0, 1 << (precision + 8)
    while low + 1 < high:
        middle = (low + high) // 2
        if _stays_within_256_bits(middle, precision):
            low = middle
        else:
            high = middle
    return ((low + 1) << (MAX_PRECISION - precision)) - 1


def precision_for(x: int) -> int:
    """Return the highest precision whose largest exponent covers ``x``.

    Raises
    ------
    UnsafeValueError
        If none does: the contract asserts.
    """
    low, high = MIN_PRECISION, MAX_PRECISION
    while low + 1 < high:
        middle = (low + high) // 2
        if largest_exponent(middle) >= x:
            low = middle
        else:
            high = middle
    for precision in (high, low):
        if largest_exponent(precision) >= x:
            return precision
    raise UnsafeValueError("exponent", x, 0, largest_exponent(MIN_PRECISION))


def power_down(base_n: int, base_d: int, exponent_n: int, exponent_d: int) -> tuple[int, int]:
    """Return ((base_n / base_d) ** (exponent_n / exponent_d) * 2**precision, precision)."""
    scaled = to_uint(natural_log_down(base_n, base_d) * exponent_n, 256, "exponent") // exponent_d
    precision = precision_for(scaled)
    return exponential_down(scaled >> (MAX_PRECISION - precision), precision), precision


def purchase_return_down(supply: int, reserve: int, ratio: int, deposit: int) -> int:
    """Return the tokens minted for ``deposit``: supply * ((1 + deposit / reserve)**ratio - 1).

    Parameters
    ----------
    ratio
        Reserve ratio in parts per million.
    """
    _require_curve(supply, reserve, ratio)
    require_not_negative("deposit", deposit)
    if deposit == 0:
        return 0
    if ratio == MAX_RATIO:
        return to_uint(supply * deposit, 256, "supply times deposit") // reserve
    result, precision = power_down(
        to_uint(deposit + reserve, 256, "deposit plus reserve"), reserve, ratio, MAX_RATIO
    )
    return (to_uint(supply * result, 256, "supply times power") >> precision) - supply


def sale_return_down(supply: int, reserve: int, ratio: int, amount: int) -> int:
    """Return the reserve paid for ``amount`` tokens: reserve * (1 - (1 - amount / supply)**(1 / ratio))."""
    _require_curve(supply, reserve, ratio)
    require_not_negative("tokens sold", amount)
    if amount > supply:
        raise UnsafeValueError("tokens sold", amount, 0, supply)
    if amount == 0:
        return 0
    if amount == supply:
        return reserve
    if ratio == MAX_RATIO:
        return to_uint(reserve * amount, 256, "reserve times amount") // supply
    result, precision = power_down(supply, supply - amount, MAX_RATIO, ratio)
    grown = to_uint(reserve * result, 256, "reserve times power")
    return (grown - (reserve << precision)) // result


def _require_curve(supply: int, reserve: int, ratio: int) -> None:
    for what, value, highest in (
        ("supply", supply, UINT256_MAX),
        ("reserve", reserve, UINT256_MAX),
        ("reserve ratio", ratio, MAX_RATIO),
    ):
        if not 0 < value <= highest:
            raise UnsafeValueError(what, value, 1, highest)
