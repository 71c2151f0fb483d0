"""The two exponentials of Curve's moving averages, in 1e18 fixed point.

Sources of the rules: ``exp`` of ``CurveStableSwapNGMath.vy`` and ``wad_exp`` of
``CurveCryptoMathOptimized3.vy`` (the same rational approximation, other lower bound), ``halfpow`` of
``CurveCryptoMath3.vy``.
"""

from __future__ import annotations

from protocol.errors import NotConvergedError, UnsafeValueError
from protocol.fixed_point import WAD, div_to_zero

EXP_ZERO_STABLESWAP = -41446531673892822313
"""At or below this power stableswap-ng answers 0 at once."""
EXP_ZERO_CRYPTO = -42139678854452767551
"""The same bound in tricrypto-ng."""
EXP_OVERFLOW = 135305999368893231589

HALFPOW_PRECISION = 10**10
_LN2_Q96 = 54916777467707473351141471128
_SCALE = 3822833074963236453042738258902158003155416615667


def exp_down(power: int, zero_at: int = EXP_ZERO_STABLESWAP) -> int:
    """Return exp(power) as Curve computes it.

    Parameters
    ----------
    power
        Signed, 1e18 fixed point.
    zero_at
        Power at or below which the contract returns 0 without computing.

    Raises
    ------
    UnsafeValueError
        From ``EXP_OVERFLOW`` on, where the contract reverts.
    """
    if power <= zero_at:
        return 0
    if power >= EXP_OVERFLOW:
        raise UnsafeValueError("exponent", power, zero_at, EXP_OVERFLOW - 1)
    x = div_to_zero(power << 78, 5**18)
    k = (div_to_zero(x << 96, _LN2_Q96) + (1 << 95)) >> 96
    x -= k * _LN2_Q96
    # Python shifts negative integers toward minus infinity, as the EVM's SAR does.
    y = ((x + 1346386616545796478920950773328) * x >> 96) + 57155421227552351082224309758442
    p = ((y + x - 94201549194550492254356042504812) * y >> 96) + 28719021644029726153956944680412240
    p = p * x + (4385272521454847904659076985693276 << 96)
    q = ((x - 2855989394907223263936484059900) * x >> 96) + 50020603652535783019961831881945
    q = (q * x >> 96) - 533845033583426703283633433725380
    q = (q * x >> 96) + 3604857256930695427073651918091429
    q = (q * x >> 96) - 14423608567350463180887372962807573
    q = (q * x >> 96) + 26449188498355588339934803723976023
    return div_to_zero(p, q) * _SCALE >> (195 - k)


def halfpow_down(power: int, precision: int = HALFPOW_PRECISION) -> int:
    """Return 1e18 * 0.5 ** (power / 1e18) by the binomial series of the first crypto pools.

    Parameters
    ----------
    power
        Not negative, 1e18 fixed point: seconds passed times 1e18 over the half-life.
    precision
        The series stops at the first term below this.
    """
    whole, rest = divmod(power, WAD)
    if whole > 59:
        return 0
    result = WAD >> whole
    if rest == 0:
        return result
    term = total = WAD
    subtract = False
    for i in range(1, 256):
        k = i * WAD
        c = k - WAD
        if rest > c:
            c = rest - c
            subtract = not subtract
        else:
            c -= rest
        term = term * (c // 2) // k
        total += -term if subtract else term
        if term < precision:
            return result * total // WAD
    raise NotConvergedError("halfpow", 255)


def moving_average_down(spot: int, average: int, alpha: int) -> int:
    """Return floor((spot * (1e18 - alpha) + average * alpha) / 1e18): the step of every Curve EMA."""
    return (spot * (WAD - alpha) + average * alpha) // WAD
