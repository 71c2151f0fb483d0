"""Logarithm, exponential, root and normal distribution on 18-decimal integers, as Derive computes them.

Source of the rules and coefficients: derivexyz/lyra-utils 759e9625 ``src/math/FixedPointMathLib.sol``:
rational approximations on 96 binary digits for ``ln`` and ``exp``, Hart's double-precision form of the normal
distribution on 64 binary digits (West, "Better approximations to cumulative normal functions").
"""

from __future__ import annotations

from math import isqrt

from protocol.errors import OverflowedError, UndefinedLogarithmError
from protocol.fixed_point import UINT256_MAX, WAD, div_to_zero

LEAST_EXPONENT = -42139678854452767551
"""At and below this ``exp_down`` is zero."""
GREATEST_EXPONENT = 135305999368893231589
"""From here on ``exp_down`` overflows."""

_LN2_96 = 54916777467707473351141471128
_FIVE_18 = 5**18


def ln_to_zero(x: int) -> int:
    """Return ln(x); 18 decimals in and out.

    Raises
    ------
    UndefinedLogarithmError
        If ``x`` is zero or negative.
    """
    if x < 1:
        raise UndefinedLogarithmError(x)
    k = x.bit_length() - 97
    x = (x << (159 - k) & UINT256_MAX) >> 159
    p = x + 3273285459638523848632254066296
    p = (p * x >> 96) + 24828157081833163892658089445524
    p = (p * x >> 96) + 43456485725739037958740375743393
    p = (p * x >> 96) - 11111509109440967052023855526967
    p = (p * x >> 96) - 45023709667254063763336534515857
    p = (p * x >> 96) - 14706773417378608786704636184526
    p = p * x - (795164235651350426258249787498 << 96)
    q = x + 5573035233440673466300451813936
    q = (q * x >> 96) + 71694874799317883764090561454958
    q = (q * x >> 96) + 283447036172924575727196451306956
    q = (q * x >> 96) + 401686690394027663651624208769553
    q = (q * x >> 96) + 204048457590392012362485061816622
    q = (q * x >> 96) + 31853899698501571402653359427138
    q = (q * x >> 96) + 909429971244387300277376558375
    scaled = div_to_zero(p, q) * 1677202110996718588342820967067443963516166
    scaled += 16597577552685614221487285958193947469193820559219878177908093499208371 * k
    return (scaled + 600920179829731861736702779321621459595472258049074101567377883020018308) >> 174


def exp_down(x: int) -> int:
    """Return e**x; 18 decimals in and out.

    Raises
    ------
    OverflowedError
        From ``GREATEST_EXPONENT`` on, where the result leaves int256.
    """
    if x <= LEAST_EXPONENT:
        return 0
    if x >= GREATEST_EXPONENT:
        raise OverflowedError("exponent", x, 255)
    x = div_to_zero(x << 78, _FIVE_18)
    k = (div_to_zero(x << 96, _LN2_96) + (1 << 95)) >> 96
    x -= k * _LN2_96
    p = x + 2772001395605857295435445496992
    p = (p * x >> 96) + 44335888930127919016834873520032
    p = (p * x >> 96) + 398888492587501845352592340339721
    p = (p * x >> 96) + 1993839819670624470859228494792842
    p = p * x + (4385272521454847904632057985693276 << 96)
    z = x + 750530180792738023273180420736
    z = (z * x >> 96) + 32788456221302202726307501949080
    w = x - 2218138959503481824038194425854
    w = (w * z >> 96) + 892943633302991980437332862907700
    q = z + w - 78174809823045304726920794422040
    q = (q * w >> 96) + 4203224763890128580604056984195872
    return (p // q) * 3822833074963236453042738258902158003155416615667 >> (195 - k)


def sqrt_down(x: int) -> int:
    """Return the square root of ``x``; 18 decimals in and out."""
    return isqrt(x * WAD)


def power_down(base: int, exponent: int) -> int:
    """Return base**exponent as exp(ln(base) * exponent); 18 decimals."""
    return exp_down(div_to_zero(ln_to_zero(base) * exponent, WAD))


def normal_cdf(x: int) -> int:
    """Return the standard normal distribution function at ``x``; 18 decimals in and out."""
    z = abs(x)
    if z > 37 * WAD:
        return 0 if x <= 0 else WAD
    density = (exp_down(-((z >> 1) * z // WAD)) << 46) // _FIVE_18
    z = (z << 46) // _FIVE_18
    if z < 130438178253327725388:
        n = (650478250178244362 * z >> 64) + 12919787143353136591
        n = (n * z >> 64) + 117578849504046139487
        n = (n * z >> 64) + 625581961353917287603
        n = (n * z >> 64) + 2067498006223917203771
        n = (n * z >> 64) + 4080670594171652639712
        n = (n * z >> 64) + 4062099735652764000328
        d = (1630477228166597028 * z >> 64) + 32386342837845824709
        d = (d * z >> 64) + 296331772558254578451
        d = (d * z >> 64) + 1600821957476871612085
        d = (d * z >> 64) + 5470644798650576484341
        d = (d * z >> 64) + 11756730424506726822413
        d = (d * z >> 64) + 14643514515380871948050
        d = (d * z >> 64) + 8124199471305528000657
        tail = n * density // d
    else:
        f = (4 << 128) // (z + 11990383647911208550)
        f = (3 << 128) // (z + f)
        f = (2 << 128) // (z + f)
        f = (1 << 128) // (z + f) + z
        tail = (density << 64) // (f * 46239130270042206915 >> 64)
    tail = tail * _FIVE_18 >> 46
    return tail if x <= 0 else WAD - tail
