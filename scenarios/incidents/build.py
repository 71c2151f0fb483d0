"""Venues of a world out of an incident's ``state_before``; one function per pool type."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from protocol.errors import RuleError
from protocol.fixed_point import WAD
from protocol.venues.curve.common import FEE_SCALE as CURVE_FEE_SCALE
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.exponential_reserve import ExponentialReserve
from protocol.venues.uniswap_v1 import UniswapV1Exchange
from protocol.venues.uniswap_v2 import FEE_SCALE, UniswapV2Pair
from protocol.venues.venue import Venue
from scenarios.files.facts import Facts


class PoolError(RuleError):
    """A pool of the file cannot be built as written."""

    code = "pool"


def build_constant_product(facts: Facts, name: str) -> Venue:
    """Return the pool ``state_before/name`` of type ``constant-product``.

    A name that begins with ``uniswap_v1`` is a V1 exchange, every other one a V2 pair. Its two assets are the
    keys that the file declares under ``assets``.
    """
    path = ("state_before", name)
    declared = facts.mapping("assets")
    assets = [key for key in facts.mapping(*path) if key in declared]
    if len(assets) != 2:
        raise PoolError(
            f"pool {name} has {len(assets)} declared assets, a constant-product pool needs 2", pool=name
        )
    first, second = assets
    units = {asset: facts.pool_units(asset, *path, asset) for asset in assets}
    fee = Fraction(facts.decimal(*path, "fee")) if facts.has(*path, "fee") else Fraction(3, 1000)
    supply = facts.pool_units("LP", *path, "LP_supply") if facts.has(*path, "LP_supply") else 0
    if name.startswith("uniswap_v1"):
        if fee != Fraction(3, 1000):
            raise PoolError(f"pool {name}: a V1 exchange has a fee of 0.003, not {fee}", pool=name)
        return UniswapV1Exchange(second, units[first], units[second], supply, ether=first)
    keep = FEE_SCALE * (1 - fee)
    if keep.denominator != 1:
        raise PoolError(f"pool {name}: the fee must be a multiple of 0.001, not {fee}", pool=name)
    return UniswapV2Pair(first, second, units[first], units[second], total_supply=supply, keep=keep.numerator)


def build_stableswap(facts: Facts, name: str) -> Venue:
    """Return the pool ``state_before/name`` of type ``stableswap``.

    A coin has its balance under its own name, with ``rate_COIN`` underlying per coin where it is a wrapper
    (``y`` and the underlying's symbol). A coin given only as ``underlying_value_COIN`` stands at that value
    with a rate of one. ``total_supply`` of LP tokens is 1e9 where the file has none: only shares of it count.
    """
    path = ("state_before", name)
    coins = tuple(str(coin) for coin in facts.sequence(*path, "coins"))
    wrapped = all(coin.startswith("y") for coin in coins)
    underlying = tuple(coin[1:] for coin in coins) if wrapped else ()
    balances, precisions, prices = [], [], []
    for coin in coins:
        decimals = decimals_of(facts, coin)
        precisions.append(10 ** (18 - decimals))
        if facts.has(*path, coin):
            balances.append(facts.pool_units(coin, *path, coin))
        else:
            whole = Fraction(facts.decimal(*path, f"underlying_value_{coin}"))
            balances.append(int(whole * 10**decimals))
        rate = (
            Fraction(facts.decimal(*path, f"rate_{coin}"))
            if facts.has(*path, f"rate_{coin}")
            else Fraction(1)
        )
        prices.append(int(rate * WAD))
    return StableSwapPool(
        coins=coins,
        balances=tuple(balances),
        precisions=tuple(precisions),
        amplification=facts.integer(*path, "A"),
        fee=int(Fraction(facts.decimal(*path, "fee")) * CURVE_FEE_SCALE),
        admin_fee=int(Fraction(facts.decimal(*path, "admin_fee")) * CURVE_FEE_SCALE),
        total_supply=10**27,
        generation="y" if wrapped else "3pool",
        share_prices=tuple(prices),
        underlying=underlying,
    )


def decimals_of(facts: Facts, coin: str) -> int:
    """Return a coin's decimals; an undeclared one counts 18, as the file gives only its value."""
    declared: Mapping[str, object] = facts.mapping("assets")
    return facts.integer("assets", coin) if coin in declared else 18


def build_exponential_reserve(facts: Facts, name: str) -> Venue:
    """Return the reserve ``state_before/name`` of type ``exponential-price-reserve``.

    Its token inventory is not printed: it holds all that the curve can ever sell from here,
    exp(-rate * inventory) / (lowest price * rate), rounded up by bounding the exponential with 1.
    """
    path = ("state_before", name)
    token = next(key for key in facts.mapping("assets") if key != "ETH")
    rate = Fraction(facts.decimal(*path, "liquidity_rate"))
    lowest = Fraction(facts.decimal(*path, f"min_price_eth_per_{token.lower()}"))
    highest = Fraction(facts.decimal(*path, f"max_price_eth_per_{token.lower()}"))
    decimals = facts.integer("assets", token)
    most = 1 / (lowest * rate) * 10**decimals
    return ExponentialReserve(
        token=token,
        rate_fp=ExponentialReserve.to_fixed_point(rate),
        minimum_price_fp=ExponentialReserve.to_fixed_point(lowest),
        ether_reserve=facts.units("ETH", *path, "eth_inventory"),
        token_reserve=-(-most.numerator // most.denominator),
        maximum_price=int(highest * WAD),
        token_decimals=decimals,
    )


BUILDERS = {
    "constant-product": build_constant_product,
    "exponential-price-reserve": build_exponential_reserve,
    "stableswap": build_stableswap,
}
"""By ``type``; a new venue is one function and one line."""


def build_venues(facts: Facts) -> dict[str, Venue]:
    """Return every venue of ``state_before`` whose type is known."""
    venues: dict[str, Venue] = {}
    state = facts.mapping("state_before") if facts.has("state_before") else {}
    for name, value in state.items():
        if isinstance(value, dict) and (kind := value.get("type")) in BUILDERS:
            venues[name] = BUILDERS[kind](facts, name)
    return venues
