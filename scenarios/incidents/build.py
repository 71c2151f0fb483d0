"""Venues of a world out of an incident's ``state_before``."""

from __future__ import annotations

from fractions import Fraction

from protocol.errors import RuleError
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


BUILDERS = {"constant-product": build_constant_product}
"""By ``type``; a new venue is one function and one line."""


def build_venues(facts: Facts) -> dict[str, Venue]:
    """Return every venue of ``state_before`` whose type is known."""
    venues: dict[str, Venue] = {}
    state = facts.mapping("state_before") if facts.has("state_before") else {}
    for name, value in state.items():
        if isinstance(value, dict) and (kind := value.get("type")) in BUILDERS:
            venues[name] = BUILDERS[kind](facts, name)
    return venues
