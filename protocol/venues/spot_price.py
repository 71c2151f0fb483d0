"""The price at the margin of every venue that has one, fees apart.

A pool's reserves say it only where the product is constant; elsewhere it follows from the invariant.
"""

from __future__ import annotations

from fractions import Fraction

from protocol.venues.checks import require_known
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.curve.tricrypto2 import Tricrypto2
from protocol.venues.curve.tricrypto_ng import TricryptoNG
from protocol.venues.order_book import OrderBook
from protocol.venues.uniswap_v1 import UniswapV1Exchange
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.venue import Venue
from protocol.venues.weighted_pool import WeightedPool

Q192 = 1 << 192
PROBE = 10**4
"""Crypto pools are asked by trades of a ten-thousandth of the balance, both ways."""


def spot_price(venue: Venue, base: str, quote: str) -> Fraction | None:
    """Return raw units of ``quote`` that one raw unit of ``base`` is worth at the margin.

    Exact for constant product, weighted, concentrated and stableswap pools (the slope of the invariant at the
    pool's own D). For crypto pools the middle of two small trades, fee added back. Of an order book the
    middle of both sides, else the last traded price, else the one side there is. None where there is no
    price, and for other venues.

    Raises
    ------
    UnknownAssetError
        An asset is not traded there.
    """
    require_known(venue.assets, base, quote)
    match venue:
        case UniswapV2Pair() | UniswapV1Exchange():
            held = venue.reserves()
            return _over(held[quote], held[base])
        case WeightedPool():
            held, weights = venue.reserves(), dict(zip(venue.tokens, venue.weights, strict=True))
            return _over(held[quote] * weights[base], held[base] * weights[quote])
        case UniswapV3Pool():
            if not venue.sqrt_price_x96:
                return None
            root = Fraction(venue.sqrt_price_x96**2, Q192)
            return root if base == venue.token0 else 1 / root
        case StableSwapPool():
            return _stableswap(venue, base, quote)
        case Tricrypto2() | TricryptoNG():
            return _crypto(venue, base, quote)
        case OrderBook():
            price = _book(venue)
            return price if price is None or base == venue.base else 1 / price
        case _:
            return None


def _over(upper: int, lower: int) -> Fraction | None:
    return Fraction(upper, lower) if upper and lower else None


def _stableswap(pool: StableSwapPool, base: str, quote: str) -> Fraction | None:
    """Return (Ann + R / x_base) / (Ann + R / x_quote) with R = D^(n+1) / (n^n * product), at the rates."""
    xp, d = pool.values()
    if not d:
        return None
    n = len(xp)
    ann = Fraction(pool.amplification * n, pool.form.a_precision)
    reduced = Fraction(d)
    for x in xp:
        reduced *= Fraction(d, x * n)
    i, j = pool.coins.index(base), pool.coins.index(quote)
    slope = (ann + reduced / xp[i]) / (ann + reduced / xp[j])
    return slope * Fraction(pool.rates[i], pool.rates[j])


def _crypto(pool: Tricrypto2 | TricryptoNG, base: str, quote: str) -> Fraction | None:
    if not pool.d:
        return None
    held, rates = pool.reserves(), []
    for sell, buy in ((base, quote), (quote, base)):
        units = held[sell] // PROBE
        trade, _ = pool.swap(sell, buy, units, time=pool.last_prices_time)
        rates.append(Fraction(trade.amount_out + trade.fee, units))
    return (rates[0] + 1 / rates[1]) / 2


def _book(book: OrderBook) -> Fraction | None:
    bid, ask = book.best_bid(), book.best_ask()
    if bid is not None and ask is not None:
        return Fraction(bid + ask, 2 * book.price_unit)
    price = book.last_price or bid or ask
    return Fraction(price, book.price_unit) if price else None
