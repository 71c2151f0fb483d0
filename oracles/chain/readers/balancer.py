"""Balancer V2 weighted pools at one block, as the exact venue of ``protocol/venues``."""

from __future__ import annotations

from contracts_abi.families import balancer_v2, erc20
from oracles.chain.calls import Plan, call
from oracles.chain.errors import CallRevertedError, NoAnswerError, UnusableStateError
from protocol.venues.weighted_pool import WeightedPool


def read_weighted_pool(pool: str) -> Plan[WeightedPool]:
    """Read a weighted pool of two or more tokens, named by their addresses.

    The vault is asked of the pool, and the pool of the vault. Pools of the first factory (2021) have no
    ``version``; their power function multiplies nothing out.

    Raises
    ------
    UnusableStateError
        If the vault knows another pool by this id, or the pool is paused and would trade with nobody.
    """
    vault, pool_id = call(pool, balancer_v2.GET_VAULT), call(pool, balancer_v2.GET_POOL_ID)
    weights, version = call(pool, balancer_v2.GET_NORMALIZED_WEIGHTS), call(pool, balancer_v2.VERSION)
    fee, supply = call(pool, balancer_v2.GET_SWAP_FEE_PERCENTAGE), call(pool, erc20.TOTAL_SUPPLY)
    paused = call(pool, balancer_v2.GET_PAUSED_STATE)
    first = yield [vault, pool_id, weights, fee, supply, paused, version]
    keeper, identity = vault.address(first[0]), pool_id.value(first[1])
    tokens = call(keeper, balancer_v2.GET_POOL_TOKENS, identity)
    registered = call(keeper, balancer_v2.GET_POOL, identity)
    vault_paused = call(keeper, balancer_v2.GET_PAUSED_STATE)
    second = yield [tokens, registered, vault_paused]
    if registered.values(second[1])[0] != pool.lower():
        raise UnusableStateError(f"the vault {keeper} knows another pool by the id of {pool}", pool=pool)
    if paused.values(first[5])[0] or vault_paused.values(second[2])[0]:
        raise UnusableStateError(f"pool {pool} or its vault is paused: nobody can trade there", pool=pool)
    addresses, balances, _ = tokens.values(second[0])
    assert isinstance(addresses, tuple)
    assert isinstance(balances, tuple)
    asked = [call(str(token), erc20.DECIMALS) for token in addresses]
    third = yield asked
    shares = weights.value(first[2])
    assert isinstance(shares, tuple)
    try:
        version.values(first[6])
        shortcuts = True
    except (CallRevertedError, NoAnswerError):
        shortcuts = False
    return WeightedPool(
        tokens=tuple(str(token) for token in addresses),
        weights=tuple(int(str(share)) for share in shares),
        balances=tuple(int(str(balance)) for balance in balances),
        decimals=tuple(item.integer(outcome) for item, outcome in zip(asked, third, strict=True)),
        fee=fee.integer(first[3]),
        total_supply=supply.integer(first[4]),
        shortcuts=shortcuts,
    )
