"""What it takes to move a pool's price upwards, read from a chain into the curves of ``oracles/corruption``.

Concentrated pools are read only as far as a move of :data:`REACH` goes: a handful of words and ticks, where
the whole pool would be thousands of calls. All curves are in whole quote tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import ceil, log

from contracts_abi.families import erc20, uniswap_v2, uniswap_v3, uniswap_v4
from oracles.chain.calls import Call, Plan, call
from oracles.chain.errors import UnusableStateError
from oracles.chain.readers.uniswap_v4 import PoolReference, read_uniswap_v4
from oracles.corruption.pools.concentrated import TICK_BASE, Concentrated, LiquidityRange
from oracles.corruption.pools.constant_product import ConstantProduct
from oracles.corruption.pools.curve import PoolCurve
from oracles.corruption.pools.stableswap import Stableswap
from oracles.corruption.pools.weighted import Weighted
from protocol.fixed_point import WAD
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.uniswap_v3.tick_math import MAX_TICK
from protocol.venues.weighted_pool import WeightedPool

__all__ = [
    "PoolCurve",
    "of_stableswap",
    "of_uniswap_v2",
    "of_uniswap_v3",
    "of_uniswap_v4",
    "of_weighted_pool",
    "stableswap_price",
]
REACH = 1.05
"""The largest factor that the curves of concentrated pools are good for."""

V2_FEE = 0.003
MILLION = 10**6
FEE_UNITS = 10**10
WORD = 256


def of_uniswap_v2(pair: str) -> Plan[ConstantProduct]:
    """Read a V2 pair as a curve."""
    reserves, token1 = call(pair, uniswap_v2.GET_RESERVES), call(pair, uniswap_v2.TOKEN1)
    first = yield [reserves, token1]
    decimals = call(token1.address(first[1]), erc20.DECIMALS)
    (second,) = yield [decimals]
    reserve1 = reserves.values(first[0])[1]
    assert isinstance(reserve1, int)
    return ConstantProduct(reserve1 / 10 ** decimals.integer(second), V2_FEE)


def of_uniswap_v3(pool: str) -> Plan[Concentrated]:
    """Read a V3 pool above its price."""
    slot0 = call(pool, uniswap_v3.SLOT0)
    names = (uniswap_v3.FEE, uniswap_v3.TICK_SPACING, uniswap_v3.LIQUIDITY)
    figures = [call(pool, function) for function in names]
    tokens = [call(pool, uniswap_v3.TOKEN0), call(pool, uniswap_v3.TOKEN1)]
    first = yield [slot0, *figures, *tokens]
    fee, spacing, liquidity = (item.integer(out) for item, out in zip(figures, first[1:4], strict=True))
    places = [call(item.address(out), erc20.DECIMALS) for item, out in zip(tokens, first[4:], strict=True)]
    second = yield places
    decimals = places[0].integer(second[0]), places[1].integer(second[1])
    price, tick = slot0.values(first[0])[:2]
    assert isinstance(price, int)
    assert isinstance(tick, int)
    changes = yield from _changes_above(
        tick,
        spacing,
        lambda word: call(pool, uniswap_v3.TICK_BITMAP, word),
        lambda at: call(pool, uniswap_v3.TICKS, at),
    )
    return _concentrated(price, liquidity, changes, decimals, fee)


def of_uniswap_v4(
    state_view: str, reference: PoolReference, position_manager: str | None = None
) -> Plan[Concentrated]:
    """Read a V4 pool above its price. What its hooks would do is not known here.

    Raises
    ------
    UnusableStateError
        If only an id with decimals was given: without the key there is no tick spacing.
    """
    state = yield from read_uniswap_v4(state_view, reference, position_manager)
    if state.key is None:
        raise UnusableStateError("the depth of a V4 pool needs its key, for the tick spacing")
    changes = yield from _changes_above(
        state.tick,
        state.key.tick_spacing,
        lambda word: call(state_view, uniswap_v4.GET_TICK_BITMAP, state.id, word),
        lambda at: call(state_view, uniswap_v4.GET_TICK_INFO, state.id, at),
    )
    of_input = state.protocol_fee >> 12  # currency 1 comes in when the price rises
    fee = of_input + state.fee - of_input * state.fee // MILLION
    return _concentrated(state.sqrt_price_x96, state.liquidity, changes, state.decimals, fee)


def _changes_above(
    tick: int, spacing: int, bitmap: Callable[[int], Call], info: Callable[[int], Call]
) -> Plan[dict[int, int]]:
    """Read the net liquidity of every initialised tick above ``tick`` within reach, ascending."""
    last = min(tick + ceil(log(REACH) / log(TICK_BASE)) + 1, MAX_TICK)
    words = range((tick // spacing) >> 8, ((last // spacing) >> 8) + 1)
    asked = [bitmap(word) for word in words]
    outcomes = yield asked
    fields = [item.integer(outcome) for item, outcome in zip(asked, outcomes, strict=True)]
    ticks = [
        at
        for word, bits in zip(words, fields, strict=True)
        for bit in range(WORD)
        if bits >> bit & 1 and tick < (at := ((word << 8) + bit) * spacing) <= last
    ]
    infos = [info(at) for at in ticks]
    outcomes = (yield infos) if infos else []
    changes: dict[int, int] = {}
    for at, item, outcome in zip(ticks, infos, outcomes, strict=True):
        net = item.values(outcome)[1]
        assert isinstance(net, int)
        changes[at] = net
    return changes


def _concentrated(
    root: int, liquidity: int, changes: Mapping[int, int], decimals: tuple[int, int], fee: int
) -> Concentrated:
    if root == 0:
        raise UnusableStateError("the pool has no price")
    scale = 10.0 ** (decimals[0] - decimals[1])
    unit = 10.0 ** ((decimals[0] + decimals[1]) / 2)
    price = float(Fraction(root * root, 1 << 192)) * scale
    end = price * REACH * TICK_BASE
    ranges: list[LiquidityRange] = []
    at = price
    for change in sorted(changes):
        upper = TICK_BASE**change * scale
        if liquidity and upper > at:
            ranges.append(LiquidityRange(liquidity / unit, at, upper))
        at = max(at, upper)
        liquidity += changes[change]
    if liquidity and end > at:
        ranges.append(LiquidityRange(liquidity / unit, at, end))
    return Concentrated(price, tuple(ranges), fee / MILLION)


def of_weighted_pool(pool: WeightedPool, base: int, quote: int) -> Weighted:
    """Return the curve of two tokens of a weighted pool, by their places."""
    return Weighted(
        quote_balance=pool.balances[quote] / 10 ** pool.decimals[quote],
        quote_weight=pool.weights[quote] / WAD,
        base_weight=pool.weights[base] / WAD,
        fee=pool.fee / WAD,
    )


def of_stableswap(pool: StableSwapPool) -> Stableswap:
    """Return the curve on which coin 0 is bought with coin 1."""
    base, quote, *others = (value / WAD for value in pool.values()[0])
    return Stableswap(
        quote_balance=quote,
        base_balance=base,
        amplification=pool.amplification / pool.form.a_precision,
        other_balances=tuple(others),
        fee=pool.fee / FEE_UNITS,
    )


def stableswap_price(pool: StableSwapPool) -> Fraction:
    """Return whole units of coin 1 per whole unit of coin 0 at the margin: minus dy/dx of the invariant.

    Raises
    ------
    UnusableStateError
        If a balance is zero.
    """
    balances, d = pool.values()
    if not all(balances):
        raise UnusableStateError("the pool has an empty side", balances=list(balances))
    count = len(balances)
    product = Fraction(d)
    for balance in balances:
        product *= Fraction(d, count * balance)
    ann = Fraction(pool.amplification * count, pool.form.a_precision)
    base, quote = balances[:2]
    per_value = (ann + product / base) / (ann + product / quote)
    return per_value * Fraction(pool.share_prices[0], pool.share_prices[1])
