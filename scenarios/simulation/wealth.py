"""Who is worth what at the outside prices, and who paid whom: every row of the table adds up to zero.

A perpetual counts at its underlying's outside price, a share of a pair or vault at its part of what the pair
or vault holds. A margin account below zero is left behind by its owner: the hole is bad debt of the protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TypeGuard

from protocol.ledger import Kind, quote_of
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.curve.tricrypto2 import Tricrypto2
from protocol.venues.order_book import OrderBook
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.vault_share import VaultShare
from protocol.venues.weighted_pool import WeightedPool
from scenarios.liquidity import claims
from scenarios.simulation.names import GAS_OF, GROUP, OTHERS, OWN
from scenarios.world import OUTSIDE, World, shares_of

OUTSIDE_MARKETS = "markets outside"
BAD_DEBT = "bad debt"


@dataclass(frozen=True, slots=True)
class Wealth:
    """Value by party at one moment, exact, in money.

    Parameters
    ----------
    parties
        By name; all together zero.
    bad_debt
        What margin accounts of users lack.
    """

    parties: Mapping[str, Fraction]
    bad_debt: Fraction


def unit_values(
    world: World, outside: Mapping[str, Fraction], perpetuals: Mapping[str, str], settlement: str
) -> dict[str, Fraction]:
    """Return the value of one raw unit by asset.

    Parameters
    ----------
    outside
        Money per whole token.
    perpetuals
        Underlying by perpetual.
    """
    values = {asset: price / 10 ** world.decimals[asset] for asset, price in outside.items()}
    for name, underlying in perpetuals.items():
        values[name] = outside[underlying] / 10 ** world.decimals[name]
        values[quote_of(name)] = values[settlement]
    for name, value in world.state.values.items():
        if _has_shares(value):
            held = sum((values[a] * units for a, units in value.reserves().items()), Fraction(0))
            values[shares_of(name)] = held / value.total_supply
        elif isinstance(value, VaultShare) and value.total_supply + value.virtual_shares:
            held = values[value.asset] * value.total_assets
            values[value.share] = held / (value.total_supply + value.virtual_shares)
    return values


def measure(world: World, values: Mapping[str, Fraction], owners: Sequence[str] = ()) -> Wealth:
    """Return the wealth of every party; the owner of a margin account is not below zero through it.

    Parameters
    ----------
    owners
        Owners who are one person: what one of their accounts lacks is first taken from the others, for a
        protocol that was emptied does not pay out the rest.
    """
    pooled = {f"{GROUP}:{name}" for name in owners}
    book = world.state.ledger
    # Whole numbers over one denominator: adding fractions would look for a common divisor each time.
    scale = lcm(*(value.denominator for value in values.values()))
    counted = {asset: value.numerator * (scale // value.denominator) for asset, value in values.items()}
    parties: dict[str, int] = {}
    bad_debt = pool = 0
    pools = {name for name, value in world.state.values.items() if _has_shares(value)}
    vaults = {n: v for n, v in world.state.values.items() if isinstance(v, VaultShare)}
    shares = {shares_of(name): name for name in pools} | {v.share: n for n, v in vaults.items()}
    issuers = {shares_of(name): name for name in (*pools, *vaults)}
    for account in book.accounts():
        worth = 0
        for asset, units in book.balances(account.name).items():
            value = counted.get(asset, 0) * units
            if account.name == OUTSIDE and asset in shares:
                _add(parties, f"other holders of {shares[asset]}", value)
            else:
                worth += value
        party = _party(account.name, account.kind, issuers)
        if account.name in pooled:
            pool += worth
            continue
        if account.kind is Kind.MARGIN and account.name not in OWN and worth < 0:
            bad_debt -= worth
            worth = 0
        _add(parties, party, worth)
    for venue, held in world.state.values.items():
        if isinstance(held, UniswapV3Pool | OrderBook):
            for owner, asset, units in claims(held, world.time):
                claim = counted[asset] * units
                _add(parties, f"others in {venue}" if owner == OTHERS else owner, claim)
                _add(parties, venue, -claim)
    if owners:
        _add(parties, owners[0], max(pool, 0))
        bad_debt += max(-pool, 0)
    _add(parties, BAD_DEBT, -bad_debt)
    exact = {name: Fraction(value, scale) for name, value in parties.items()}
    return Wealth(exact, Fraction(bad_debt, scale))


def _has_shares(value: object) -> TypeGuard[UniswapV2Pair | StableSwapPool | Tricrypto2 | WeightedPool]:
    kinds = UniswapV2Pair | StableSwapPool | Tricrypto2 | WeightedPool
    return isinstance(value, kinds) and value.total_supply > 0


def _party(account: str, kind: Kind, issuers: Mapping[str, str]) -> str:
    if account == OUTSIDE:
        return OUTSIDE_MARKETS
    if account in issuers or account in issuers.values():
        return f"unowned part of {issuers.get(account, account)}"
    if account.startswith(GAS_OF):
        return account.removeprefix(GAS_OF)
    return account.removeprefix(f"{GROUP}:") if kind is Kind.MARGIN else account


def _add(parties: dict[str, int], name: str, value: int) -> None:
    parties[name] = parties.get(name, 0) + value


def changes(before: Wealth, after: Wealth) -> dict[str, Fraction]:
    """Return what each party gained, the greatest loss first; what did not change is left out."""
    names = dict.fromkeys((*before.parties, *after.parties))
    moved = {
        name: after.parties.get(name, Fraction(0)) - before.parties.get(name, Fraction(0)) for name in names
    }
    return dict(sorted(((n, v) for n, v in moved.items() if v), key=lambda item: (item[1], item[0])))


def together(moved: Mapping[str, Fraction], names: Iterable[str]) -> Fraction:
    """Return what some parties gained together."""
    return sum((moved.get(name, Fraction(0)) for name in names), Fraction(0))
