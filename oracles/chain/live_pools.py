"""Live sources that are pools and vaults."""

from __future__ import annotations

from fractions import Fraction

from contracts_abi.families import erc20, uniswap_v3
from oracles.chain.calls import Plan, call
from oracles.chain.errors import UnknownSourceError, UnusableStateError
from oracles.chain.header import Block
from oracles.chain.live_view import Found, LiveSource
from oracles.chain.readers import depth
from oracles.chain.readers.balancer import read_weighted_pool
from oracles.chain.readers.curve import read_curve_stableswap
from oracles.chain.readers.uniswap_v4 import PoolReference, read_uniswap_v4
from oracles.chain.readers.venues import read_uniswap_v2, read_vault
from oracles.node import Sample
from oracles.sources.feed import FeedSample
from oracles.sources.pool import SpotPool
from oracles.sources.vault_share import VaultSharePrice
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.vault_share import VaultShare
from protocol.venues.weighted_pool import WeightedPool

SPOT_DECIMALS = 18
PAIR = 2


def uniswap_v2_spot(name: str, pair: str) -> LiveSource:
    """Return token 0's price in token 1 by a V2 pair's reserves."""

    def plan(_: Block) -> Plan[Found]:
        venue: UniswapV2Pair = yield from read_uniswap_v2(pair)
        decimals = yield from _decimals(venue.token0, venue.token1)
        node = SpotPool(
            venue=name,
            base=venue.token0,
            quote=venue.token1,
            base_decimals=decimals[0],
            quote_decimals=decimals[1],
        )
        return Found(node, venues={name: venue})

    return LiveSource(name, plan, lambda: depth.of_uniswap_v2(pair))


def uniswap_v3_spot(name: str, pool: str) -> LiveSource:
    """Return token 0's price in token 1 by a V3 pool's ``slot0``."""

    def plan(block: Block) -> Plan[Found]:
        asked = [call(pool, f) for f in (uniswap_v3.SLOT0, uniswap_v3.TOKEN0, uniswap_v3.TOKEN1)]
        first = yield asked
        price = asked[0].values(first[0])[0]
        decimals = yield from _decimals(asked[1].address(first[1]), asked[2].address(first[2]))
        return _spot(name, price, decimals, block)

    return LiveSource(name, plan, lambda: depth.of_uniswap_v3(pool))


def uniswap_v4_spot(
    name: str, state_view: str, pool: PoolReference, position_manager: str | None = None
) -> LiveSource:
    """Return currency 0's price in currency 1 by a V4 pool; hooks may give it another meaning."""

    def plan(block: Block) -> Plan[Found]:
        state = yield from read_uniswap_v4(state_view, pool, position_manager)
        return _spot(name, state.sqrt_price_x96, state.decimals, block)

    return LiveSource(name, plan, lambda: depth.of_uniswap_v4(state_view, pool, position_manager))


def weighted_spot(name: str, key: str) -> LiveSource:
    """Return a token's price in another by a Balancer weighted pool's balances over weights.

    Parameters
    ----------
    key
        ``POOL`` of two tokens (the first priced in the second), or ``POOL:BASE:QUOTE``.
    """
    pool, *named = key.lower().split(":")

    def read() -> Plan[tuple[WeightedPool, int, int]]:
        venue: WeightedPool = yield from read_weighted_pool(pool)
        pair = named or list(venue.tokens)
        if len(pair) != PAIR or not set(pair) <= set(venue.tokens):
            raise UnknownSourceError(f"{name}: name two of {', '.join(venue.tokens)}", pool=pool)
        base, quote = (venue.tokens.index(token) for token in pair)
        if not venue.balances[base] or not venue.balances[quote]:
            raise UnusableStateError(f"{name}: the pool is empty")
        return venue, base, quote

    def plan(block: Block) -> Plan[Found]:
        venue, base, quote = yield from read()
        price = Fraction(
            venue.balances[quote] * venue.weights[base], venue.balances[base] * venue.weights[quote]
        ) * Fraction(10) ** (venue.decimals[base] - venue.decimals[quote])
        return _sampled(name, price, block)

    def curve() -> Plan[depth.PoolCurve]:
        return depth.of_weighted_pool(*(yield from read()))

    return LiveSource(name, plan, curve)


def curve_spot(name: str, key: str) -> LiveSource:
    """Return coin 0's price in coin 1 at the margin of a StableSwap pool, its fee left out.

    Parameters
    ----------
    key
        ``POOL:LP_TOKEN``, with ``:y``, ``:3pool`` or ``:template`` if not to be found out.
    """
    pool, lp_token, *generation = key.split(":")

    def read() -> Plan[StableSwapPool]:
        return (yield from read_curve_stableswap(pool, lp_token, *generation))

    def plan(block: Block) -> Plan[Found]:
        return _sampled(name, depth.stableswap_price((yield from read())), block)

    def curve() -> Plan[depth.PoolCurve]:
        return depth.of_stableswap((yield from read()))

    return LiveSource(name, plan, curve)


def vault(name: str, address: str) -> LiveSource:
    """Return a vault share's price in its asset."""

    def plan(_: Block) -> Plan[Found]:
        state: VaultShare = yield from read_vault(address)
        decimals = yield from _decimals(address, state.asset)
        node = VaultSharePrice(vault=name, share_decimals=decimals[0], asset_decimals=decimals[1])
        return Found(node, vaults={name: state})

    return LiveSource(name, plan)


def _decimals(*tokens: str) -> Plan[tuple[int, int]]:
    asked = [call(token, erc20.DECIMALS) for token in tokens]
    first, second = yield asked
    return asked[0].integer(first), asked[1].integer(second)


def _spot(name: str, root: object, decimals: tuple[int, int], block: Block) -> Found:
    assert isinstance(root, int)
    if root == 0:
        raise UnusableStateError(f"{name}: the pool has no price")
    price = Fraction(root * root, 1 << 192) * Fraction(10) ** (decimals[0] - decimals[1])
    return _sampled(name, price, block)


def _sampled(name: str, price: Fraction, block: Block) -> Found:
    sample = Sample(block.timestamp, int(price * 10**SPOT_DECIMALS), SPOT_DECIMALS)
    return Found(FeedSample(feed=name), feeds={name: (sample,)})
