"""Ticks and square-root prices: tick i means a price of 1.0001**i token 1 for one token 0.

Source of the rules: ``TickMath.sol`` and ``tickSpacingToMaxLiquidityPerTick`` of ``Tick.sol``. Square-root
prices are Q64.96 integers (``_x96``), as in the contract.
"""

from __future__ import annotations

from functools import lru_cache
from math import log

from protocol.errors import UnsafeValueError
from protocol.fixed_point import UINT256_MAX

MIN_TICK = -887272
MAX_TICK = 887272
MIN_SQRT_RATIO = 4295128739
MAX_SQRT_RATIO = 1461446703485210103287273052203988822378723970342
MAX_TICK_SPACING = 16383

# 1.0001 ** (-(2 ** k) / 2) in Q128, as the contract rounds it, for k = 0, 1, ...
_FACTORS = (
    0xFFFCB933BD6FAD37AA2D162D1A594001,
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)
_TICKS_PER_LOG = 2 / log(1.0001)
_LOG_Q96 = 96 * log(2)


@lru_cache(maxsize=1 << 16)
def sqrt_ratio_at_tick(tick: int) -> int:
    """Return the square-root price (X96) at ``tick``, rounded up as ``getSqrtRatioAtTick`` does.

    Raises
    ------
    UnsafeValueError
        ``T``: the tick lies outside -887272..887272.
    """
    size = abs(tick)
    if size > MAX_TICK:
        raise UnsafeValueError("tick", tick, MIN_TICK, MAX_TICK)
    ratio = 1 << 128
    for k, factor in enumerate(_FACTORS):
        if size >> k & 1:
            ratio = ratio * factor >> 128
    if tick > 0:
        ratio = UINT256_MAX // ratio
    return -(-ratio >> 32)


def tick_at_sqrt_ratio(sqrt_price_x96: int) -> int:
    """Return the greatest tick whose square-root price is not above ``sqrt_price_x96``.

    Raises
    ------
    UnsafeValueError
        ``R``: the price lies outside the range of ticks; the upper end is excluded.
    """
    if not MIN_SQRT_RATIO <= sqrt_price_x96 < MAX_SQRT_RATIO:
        raise UnsafeValueError("sqrt price", sqrt_price_x96, MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1)
    # The logarithm only says where to look (it is off by far less than a tick); integers decide.
    tick = int((log(sqrt_price_x96) - _LOG_Q96) * _TICKS_PER_LOG // 1)
    tick = min(max(tick, MIN_TICK), MAX_TICK - 1)
    while sqrt_ratio_at_tick(tick) > sqrt_price_x96:
        tick -= 1
    while sqrt_ratio_at_tick(tick + 1) <= sqrt_price_x96:
        tick += 1
    return tick


def usable_tick_bounds(tick_spacing: int) -> tuple[int, int]:
    """Return the lowest and highest multiple of ``tick_spacing`` within the range of ticks."""
    highest = MAX_TICK // tick_spacing * tick_spacing
    return -highest, highest


@lru_cache(maxsize=64)
def max_liquidity_per_tick(tick_spacing: int) -> int:
    """Return the most liquidity that may reference one tick, so that all ticks together fit uint128."""
    lowest, highest = usable_tick_bounds(tick_spacing)
    return ((1 << 128) - 1) // ((highest - lowest) // tick_spacing + 1)
