"""Exact venues out of a protocol file's entries, at their starting prices."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import isqrt

from protocol.fixed_point import WAD
from protocol.venues.curve.common import FEE_SCALE as CURVE_FEE_SCALE
from protocol.venues.curve.crypto_pool import CryptoParameters
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.curve.tricrypto2 import Tricrypto2
from protocol.venues.order import Side
from protocol.venues.order_book import OrderBook
from protocol.venues.uniswap_v2 import FEE_SCALE, UniswapV2Pair
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import (
    tick_at_sqrt_ratio,
    usable_tick_bounds,
)
from protocol.venues.venue import Venue
from protocol.venues.weighted_pool import WeightedPool
from scenarios.files import protocol_parts as f
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_venues import ConcentratedFile, CryptoswapFile, OrderBookFile, VenueFile
from scenarios.ranges import liquidity_for, sqrt_price_of, tick_range
from scenarios.simulation.names import OTHERS


def units_of(file: ProtocolFile, asset: str, whole: Decimal) -> int:
    """Return raw units of a whole amount, rounded toward zero."""
    return int(whole.scaleb(file.assets[asset].decimals))


def build_venue(file: ProtocolFile, venue: VenueFile, time: int) -> Venue:
    """Return the exact venue of an entry; averages that pools keep begin at ``time``."""
    match venue:
        case ConcentratedFile():
            return _concentrated(file, venue, time)
        case OrderBookFile():
            return _order_book(file, venue)
        case _:
            return _with_reserves(file, venue, time)


def _with_reserves(
    file: ProtocolFile,
    venue: f.ConstantProductFile | f.StableswapFile | f.WeightedFile | CryptoswapFile,
    time: int,
) -> Venue:
    assets = tuple(venue.reserves)
    held = {asset: units_of(file, asset, amount) for asset, amount in venue.reserves.items()}
    decimals = tuple(file.assets[asset].decimals for asset in assets)
    precisions = tuple(10 ** (18 - places) for places in decimals)
    match venue:
        case f.ConstantProductFile():
            first, second = assets
            keep = int(FEE_SCALE * (1 - venue.fee))
            supply = isqrt(held[first] * held[second])
            return UniswapV2Pair(
                first, second, held[first], held[second], total_supply=supply, keep=keep, time_last=time
            )
        case f.StableswapFile():
            pool = StableSwapPool(
                coins=assets,
                balances=tuple(held.values()),
                precisions=precisions,
                amplification=venue.amplification,
                fee=int(venue.fee * CURVE_FEE_SCALE),
                admin_fee=0,
            )
            # The first deposit mints D.
            return StableSwapPool.from_state({**pool.to_state(), "total_supply": pool.values()[1]})
        case f.WeightedFile():
            weights = tuple(int(venue.weights[asset] * WAD) for asset in assets)
            empty = WeightedPool(assets, weights, (0,) * len(assets), decimals, int(venue.fee * WAD))
            return empty.initialise(tuple(held.values()))[1]
        case CryptoswapFile():
            return _cryptoswap(file, venue, tuple(held.values()), precisions, time)


def _cryptoswap(
    file: ProtocolFile, venue: CryptoswapFile, held: tuple[int, ...], precisions: tuple[int, ...], time: int
) -> Venue:
    first, *others = venue.reserves
    parameters = CryptoParameters(
        amplification=venue.amplification,
        gamma=venue.gamma,
        mid_fee=int(venue.mid_fee * CURVE_FEE_SCALE),
        out_fee=int(venue.out_fee * CURVE_FEE_SCALE),
        fee_gamma=venue.fee_gamma,
        allowed_extra_profit=venue.allowed_extra_profit,
        adjustment_step=venue.adjustment_step,
        averaging_time=venue.half_time,
    )
    prices = tuple(int(Fraction(file.price(a)) / Fraction(file.price(first)) * WAD) for a in others)
    empty = Tricrypto2.empty(tuple(venue.reserves), precisions, parameters, prices, time)
    return empty.add_liquidity(held, time=time)[1]


def _concentrated(file: ProtocolFile, venue: ConcentratedFile, time: int) -> Venue:
    tokens = venue.token0, venue.token1
    pool = UniswapV3Pool.create(*tokens, int(venue.fee * 10**6), venue.tick_spacing)
    price = venue.price
    whole = (
        Fraction(price)
        if price is not None
        else Fraction(file.price(tokens[0])) / Fraction(file.price(tokens[1]))
    )
    raw = whole * Fraction(10) ** (file.assets[tokens[1]].decimals - file.assets[tokens[0]].decimals)
    pool = pool.initialise(sqrt_price_of(raw), time=time)
    pool = pool.increase_observation_cardinality_next(venue.observations)
    scale = Fraction(10) ** (file.assets[tokens[1]].decimals - file.assets[tokens[0]].decimals)
    for item in venue.ranges:
        lowest, highest = usable_tick_bounds(pool.tick_spacing)
        bounds = (
            None if bound is None else tick_at_sqrt_ratio(sqrt_price_of(Fraction(bound) * scale))
            for bound in (item.lower, item.upper)
        )
        lower, upper = bounds
        ticks = tick_range(
            lowest if lower is None else lower, highest if upper is None else upper, pool.tick_spacing
        )
        given = [units_of(file, a, item.amounts.get(a, Decimal(0))) for a in tokens]
        # A side of which nothing is given is not asked for: the range then lies beside the price.
        pool = pool.mint(OTHERS, *ticks, liquidity_for(pool, *ticks, *given), time=time)[2]
    return pool


def _order_book(file: ProtocolFile, venue: OrderBookFile) -> Venue:
    base, quote = file.assets[venue.base].decimals, file.assets[venue.quote].decimals
    lot, tick = int(venue.lot.scaleb(base)), int(venue.tick.scaleb(quote))
    book = OrderBook(venue.base, venue.quote, lot=lot, tick=tick, price_unit=10**base)
    orders = [(Side.BUY, *order) for order in venue.bids] + [(Side.SELL, *order) for order in venue.asks]
    ladder = venue.ladder
    if ladder is not None:
        fair = file.price(venue.base) / file.price(venue.quote)
        for step in range(ladder.orders):
            away = ladder.half_spread + step * ladder.spacing
            if away < 1:
                orders.append((Side.BUY, fair * (1 - away), ladder.size))
            orders.append((Side.SELL, fair * (1 + away), ladder.size))
    for side, price, size in orders:
        steps = price / venue.tick
        whole = steps.to_integral_value("ROUND_FLOOR" if side is Side.BUY else "ROUND_CEILING")
        quantity = int(size.scaleb(base)) // lot * lot
        if whole > 0 and quantity:
            _, book = book.place(OTHERS, side, int(whole) * tick, quantity)
    return book
