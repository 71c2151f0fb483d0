"""The best size of a trade on any venue, with a bound that no other size exceeds.

Against a fixed price the best size of a V2 pair, a V3 pool and an order book is known exactly: the pair by
its closed form, the pool because its price limit is where the marginal price pays the outside price, the
book by walking its levels. Everything else is searched on the venue's own exact quote, whose profit is
concave up to the rounding of a few units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from protocol.errors import RuleError
from protocol.venues.order_book import OrderBook
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.swap_math import FEE_SCALE
from protocol.venues.uniswap_v3.swapping import HIGHEST_LIMIT, LOWEST_LIMIT, run_swap
from protocol.venues.venue import Venue
from protocol.venues.weighted_pool import WeightedPool
from scenarios.agents.optimal import GOLDEN, between_pairs, pair_against_price

MOST_IN = 1 << 126
RELATIVE_BITS = 36
"""A search ends within this part of the size, 1.5e-11: the profit is off by the square of that."""
WEIGHTED_SHARE = (3, 10)
"""Most of a weighted pool's balance that it takes in one trade."""


@dataclass(frozen=True, slots=True)
class Sized:
    """A size and what is known about it.

    Parameters
    ----------
    size
        Units to sell; 0 where nothing pays.
    profit
        Of this size.
    bound
        What no size gains more than, where profit is concave up to the rounding that was allowed for.
    """

    size: int
    profit: Fraction
    bound: Fraction


def quote_or_zero(venue: Venue, sell: str, buy: str, units: int) -> int:
    """Return a venue's exact quote, 0 where it refuses."""
    try:
        return venue.quote(sell, buy, units) if units > 0 else 0
    except RuleError:
        return 0


def largest_sale(venue: Venue, sell: str) -> int:
    """Return the most units that a venue takes in one trade."""
    match venue:
        case WeightedPool():
            part, whole = WEIGHTED_SHARE
            # The fee comes off before the limit is looked at; a unit less keeps clear of its rounding.
            return max(venue.reserves()[sell] * part // whole - 1, 0)
        case OrderBook():
            if sell == venue.base:
                return sum(order.quantity for order in venue.bids)
            return max(sum(venue.cost(order.price, order.quantity) for order in venue.asks), 0)
        case _:
            return MOST_IN


def against_price(venue: Venue, sell: str, buy: str, rate: Fraction, most: int) -> int:
    """Return how much of ``sell`` to trade for ``buy``, which is worth ``rate`` units of ``sell`` each."""
    most = min(most, largest_sale(venue, sell))
    match venue:
        case UniswapV2Pair():
            return pair_against_price(venue, sell, buy, rate, most)
        case UniswapV3Pool():
            return concentrated_against_price(venue, sell, rate, most)
        case OrderBook():
            return book_against_price(venue, sell, rate, most)
        case _:

            def profit(units: int) -> Fraction:
                return quote_or_zero(venue, sell, buy, units) * rate - units

            return _searched(profit, venue.reserves()[sell], most, 2 * rate + 2)


def _searched(profit: Callable[[int], Fraction], reserve: int, most: int, slack: Fraction) -> int:
    """Return the best size, looked for where profit is known to turn: it doubles from a small probe first."""
    probe = min(reserve // 10**6 + 1, most)
    if probe <= 0 or profit(probe) <= 0:
        return 0
    while probe * 2 < most and profit(probe * 2) > profit(probe):
        probe *= 2
    return best_sized(profit, min(probe * 4, most), slack).size


def between(first: Venue, second: Venue, sell: str, via: str, most: int) -> int:
    """Return how much of ``sell`` to trade on ``first`` for ``via`` and back on ``second``."""
    most = min(most, largest_sale(first, sell))
    if isinstance(first, UniswapV2Pair) and isinstance(second, UniswapV2Pair):
        return between_pairs(first, second, sell, via, most)

    def profit(units: int) -> Fraction:
        got = quote_or_zero(first, sell, via, units)
        return Fraction(quote_or_zero(second, via, sell, got) - units)

    if isinstance(first, OrderBook):
        book = first
        lots = best_sized(
            lambda n: profit(cost_of_lots(book, sell, n)), lots_for(book, sell, most), Fraction(4)
        )
        return cost_of_lots(book, sell, lots.size)
    return _searched(profit, first.reserves()[sell], most, Fraction(4))


def lots_for(book: OrderBook, sell: str, most: int) -> int:
    """Return how many whole lots ``most`` units of ``sell`` trade on a book."""
    if sell == book.base:
        return min(most, sum(order.quantity for order in book.bids)) // book.lot
    bought = 0
    for order in book.asks:
        per_lot = book.cost(order.price, book.lot)
        lots = min(most // per_lot, order.quantity // book.lot)
        bought, most = bought + lots, most - lots * per_lot
        if lots * book.lot < order.quantity:
            break
    return bought


def cost_of_lots(book: OrderBook, sell: str, lots: int) -> int:
    """Return the units of ``sell`` that trade exactly so many lots, best prices first."""
    if sell == book.base:
        return lots * book.lot
    total, left = 0, lots * book.lot
    for order in book.asks:
        taken = min(left, order.quantity)
        total, left = total + book.cost(order.price, taken), left - taken
    return total


def concentrated_against_price(pool: UniswapV3Pool, sell: str, rate: Fraction, most: int) -> int:
    """Return the input that takes a V3 pool to where the next unit pays ``rate``, across its ticks.

    With g = 1 - fee and s the square root of the price, selling token 0 pays g s^2 token 1 a unit and
    selling token 1 pays g / s^2: the best size ends where that times ``rate`` is 1.
    """
    zero_for_one = sell == pool.token0
    keep = Fraction(FEE_SCALE - pool.fee, FEE_SCALE)
    if rate <= 0:
        return 0
    target = 1 / (rate * keep) if zero_for_one else rate * keep
    limit = isqrt((target.numerator << 192) // target.denominator)
    limit = min(max(limit, LOWEST_LIMIT), HIGHEST_LIMIT)
    price = pool.sqrt_price_x96
    if not (limit < price if zero_for_one else limit > price):
        return 0
    outcome = run_swap(pool, zero_for_one, MOST_IN, limit, 0)
    return min(most, outcome.amount0 if zero_for_one else outcome.amount1)


def book_against_price(book: OrderBook, sell: str, rate: Fraction, most: int) -> int:
    """Return what the levels of a book cost that are better than the price, whole lots."""
    total = 0
    if sell == book.base:
        for order in book.bids:
            if Fraction(order.price, book.price_unit) * rate <= 1:
                break
            total += order.quantity
        return min(total, most) // book.lot * book.lot
    for order in book.asks:
        if Fraction(order.price, book.price_unit) >= rate:
            break
        total += book.cost(order.price, order.quantity)
    return min(total, most)


def best_sized(profit: Callable[[int], Fraction], most: int, slack: Fraction) -> Sized:
    """Return the size in [0, ``most``] of greatest profit, found by golden section, with its bound.

    Parameters
    ----------
    profit
        Concave in the size up to ``slack``; nothing for nothing.
    slack
        Most by which rounding can lower a profit.

    Notes
    -----
    A concave function lies below the line through any two of its points, continued beyond them. Two such
    lines, one from either side of the best size, bound it between them.
    """
    seen: dict[int, Fraction] = {0: Fraction(0)}

    def at(size: int) -> Fraction:
        if size not in seen:
            seen[size] = profit(size)
        return seen[size]

    low, high = 0, max(most, 0)
    while high - low > max(64, high >> RELATIVE_BITS):
        width = (high - low) * GOLDEN[0] // GOLDEN[1]
        left, right = high - width, low + width
        if at(left) < at(right):
            low = left
        else:
            high = right
    step = max((high - low) // 64, 1)
    best = max((*range(low, high, step), high), key=lambda size: (at(size), -size))
    if at(best) <= 0:
        best = 0
    return Sized(best, at(best), _bound(at, best, max(most, 0), slack))


def _bound(at: Callable[[int], Fraction], best: int, most: int, slack: Fraction) -> Fraction:
    """Return the bound from the shortest lines that rise before the best size and fall after it.

    Near the top rounding outweighs the slope, so the points are moved apart until it no longer does.
    """
    step = max(best >> 12, most >> 60, 64)
    while True:
        a, b = max(best - 2 * step, 0), max(best - step, 0)
        c, d = min(best + step, most), min(best + 2 * step, most)
        rising = (at(b) - at(a)) / (b - a) if a < b else None
        falling = (at(d) - at(c)) / (d - c) if c < d else None
        unclear = (rising is not None and rising < 0) or (falling is not None and falling > 0)
        if not unclear or step >= most:
            break
        step *= 2
    found = [at(best), at(b), at(c)]
    if rising is not None and falling is not None and rising > falling:
        meet = (at(c) - at(b) + rising * b - falling * c) / (rising - falling)
        meet = min(max(meet, Fraction(b)), Fraction(c))
        found.append(at(b) + rising * (meet - b))
    elif rising is not None:
        found.append(at(b) + rising * (c - b))
    elif falling is not None:
        found.append(at(c) - falling * (c - b))
    if rising is not None and rising < 0:
        found.append(at(b) - rising * b)
    if falling is not None and falling > 0:
        found.append(at(c) + falling * (most - c))
    # Rounding enters a line at two points and is carried over twice their distance.
    return max(found) + 8 * slack
