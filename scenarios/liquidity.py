"""Liquidity of every kind of pool on the ledger: shares in proportion, and ranges of a V3 pool.

What an owner has in a V3 pool or an order book stands in the venue's own books, not on the ledger;
``claims`` says whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocol.errors import RuleError, UnknownNameError
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.curve.stableswap_liquidity import add_liquidity, remove_liquidity
from protocol.venues.curve.tricrypto2 import Tricrypto2
from protocol.venues.order import Side
from protocol.venues.order_book import OrderBook
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.venue import Venue
from protocol.venues.weighted_pool import WeightedPool
from scenarios.ranges import liquidity_for, ranges_of
from scenarios.world import World, shares_of


def add_in_proportion(world: World, actor: str, venue: str, asset: str, units: int) -> int:
    """Add ``units`` of ``asset`` and the other assets in proportion to the reserves; return the shares.

    Raises
    ------
    UnknownNameError
        The venue has no shares.
    """
    pool = world.venue(venue)
    if isinstance(pool, UniswapV2Pair):
        return world.add_liquidity(actor, venue, asset, units)[0]
    held = pool.reserves()
    amounts = {a: units * held[a] // held[asset] for a in pool.assets}
    after: Venue
    match pool:
        case StableSwapPool():
            shares, after = add_liquidity(pool, tuple(amounts.values()), time=world.time)
        case Tricrypto2():
            shares, after = pool.add_liquidity(tuple(amounts.values()), time=world.time)
        case WeightedPool():
            shares, after = pool.join_exact(amounts)
        case _:
            raise UnknownNameError("pool with shares", venue, _with_shares(world))
    for a, amount in amounts.items():
        world.move(actor, venue, a, amount, "liquidity added")
    world.move(shares_of(venue), actor, shares_of(venue), shares, "LP tokens minted")
    world.state.values[venue] = after
    return shares


def remove_in_proportion(world: World, actor: str, venue: str, shares: int) -> dict[str, int]:
    """Burn shares for a part of every reserve; return the units by asset.

    Raises
    ------
    UnknownNameError
        The venue has no shares.
    """
    pool = world.venue(venue)
    if isinstance(pool, UniswapV2Pair):
        pair = world.remove_liquidity(actor, venue, shares)
        return dict(zip(pool.assets, pair, strict=True))
    got: Sequence[int]
    after: Venue
    match pool:
        case StableSwapPool():
            got, after = remove_liquidity(pool, shares)
        case Tricrypto2():
            got, after = pool.remove_liquidity(shares)
        case WeightedPool():
            paid, after = pool.exit_proportional(shares)
            got = tuple(paid.values())
        case _:
            raise UnknownNameError("pool with shares", venue, _with_shares(world))
    amounts = dict(zip(pool.assets, got, strict=True))
    world.move(actor, shares_of(venue), shares_of(venue), shares, "LP tokens burned")
    for asset, units in amounts.items():
        world.move(venue, actor, asset, units, "liquidity removed")
    world.state.values[venue] = after
    return amounts


def _with_shares(world: World) -> tuple[str, ...]:
    kinds = UniswapV2Pair | StableSwapPool | Tricrypto2 | WeightedPool
    return tuple(name for name, value in world.state.values.items() if isinstance(value, kinds))


# Ranges


def concentrated(world: World, venue: str) -> UniswapV3Pool:
    """Return a venue that has ranges.

    Raises
    ------
    UnknownNameError
        It is of another kind.
    """
    return world.venue_of(UniswapV3Pool, "concentrated pool", venue)


def open_range(world: World, actor: str, venue: str, ticks: tuple[int, int], most: tuple[int, int]) -> int:
    """Mint the most liquidity that ``most`` units of token 0 and 1 allow; return it.

    Raises
    ------
    RuleError
        They allow none, or the pool refuses the ticks.
    """
    pool = concentrated(world, venue)
    liquidity = liquidity_for(pool, *ticks, *most)
    amount0, amount1, after = pool.mint(actor, *ticks, liquidity, time=world.time)
    world.move(actor, venue, pool.token0, amount0, "liquidity added")
    world.move(actor, venue, pool.token1, amount1, "liquidity added")
    world.state.values[venue] = after
    return liquidity


def close_ranges(world: World, actor: str, venue: str) -> tuple[int, int]:
    """Burn all of an owner's liquidity and collect it with its fees; return the units of token 0 and 1."""
    pool = concentrated(world, venue)
    total0 = total1 = 0
    after = pool
    for lower, upper, liquidity in ranges_of(pool, actor):
        _, _, after = after.burn(actor, lower, upper, liquidity, time=world.time)
        amount0, amount1, after = after.collect(actor, lower, upper)
        total0, total1 = total0 + amount0, total1 + amount1
    world.move(venue, actor, pool.token0, total0, "liquidity removed")
    world.move(venue, actor, pool.token1, total1, "liquidity removed")
    world.state.values[venue] = after
    return total0, total1


def claims(venue: Venue, time: int) -> Iterator[tuple[str, str, int]]:
    """Yield (owner, asset, raw units) of what belongs to owners in the venue's own books.

    Positions of a V3 pool count with the fees that they have earned, resting orders with what they lock.
    """
    match venue:
        case UniswapV3Pool():
            for key, position in venue.positions.items():
                owed = position.tokens_owed0, position.tokens_owed1
                if position.liquidity:
                    try:
                        _, _, after = venue.burn(*key, position.liquidity, time=time)
                    except RuleError:
                        continue
                    left = after.positions[key]
                    owed = left.tokens_owed0, left.tokens_owed1
                yield key.owner, venue.token0, owed[0]
                yield key.owner, venue.token1, owed[1]
        case OrderBook():
            for order in (*venue.bids, *venue.asks):
                if order.side is Side.BUY:
                    yield order.owner, venue.quote_asset, venue.cost(order.price, order.quantity)
                else:
                    yield order.owner, venue.base, order.quantity
            for owner, (quote, base) in venue.claimable.items():
                yield owner, venue.quote_asset, quote
                yield owner, venue.base, base
        case _:
            return
