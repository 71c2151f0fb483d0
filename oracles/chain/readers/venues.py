"""Pools and vaults at one block, as the exact venues of ``protocol/venues``.

Everything that decides a pool's next answer is read: balances beside reserves, every initialised tick, the
observations. Token names default to their addresses, which cannot be mistaken for one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from contracts_abi.families import erc20, erc4626, uniswap_v2, uniswap_v3
from oracles.chain.calls import Call, Outcome, Plan, call
from oracles.chain.errors import CallRevertedError, NoAnswerError, UnusableStateError
from oracles.chain.jsonrpc import revert_reason
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import MAX_TICK
from protocol.venues.vault_share import VaultShare

ZERO = "0x" + "00" * 20
MAXIMUM_OBSERVATIONS = 2000
ZERO_SHARES = "ZERO_SHARES"

Names = Mapping[str, str]
"""Names of tokens by lower-case address."""


def _name(names: Names | None, token: str) -> str:
    return (names or {}).get(token, token)


def _integers(calls: Sequence[Call], outcomes: Sequence[Outcome]) -> list[int]:
    return [item.integer(outcome) for item, outcome in zip(calls, outcomes, strict=True)]


def read_uniswap_v2(pair: str, names: Names | None = None) -> Plan[UniswapV2Pair]:
    """Read a V2 pair. The protocol fee is on if the factory names a recipient; a fork without one is off."""
    reserves = call(pair, uniswap_v2.GET_RESERVES)
    tokens = [call(pair, uniswap_v2.TOKEN0), call(pair, uniswap_v2.TOKEN1)]
    figures = [
        call(pair, function)
        for function in (
            uniswap_v2.TOTAL_SUPPLY,
            uniswap_v2.PRICE0_CUMULATIVE_LAST,
            uniswap_v2.PRICE1_CUMULATIVE_LAST,
            uniswap_v2.K_LAST,
        )
    ]
    factory = call(pair, uniswap_v2.FACTORY)
    first = yield [reserves, *tokens, *figures, factory]
    reserve0, reserve1, time_last = reserves.values(first[0])
    token0, token1 = tokens[0].address(first[1]), tokens[1].address(first[2])
    supply, cumulative0, cumulative1, k_last = _integers(figures, first[3:7])
    balances = [call(token, erc20.BALANCE_OF, pair) for token in (token0, token1)]
    recipient = call(factory.address(first[7]), uniswap_v2.FEE_TO)
    second = yield [*balances, recipient]
    try:
        fee_on = recipient.address(second[2]) != ZERO
    except (CallRevertedError, NoAnswerError):
        fee_on = False
    balance0, balance1 = _integers(balances, second[:2])
    assert isinstance(reserve0, int)
    assert isinstance(reserve1, int)
    assert isinstance(time_last, int)
    return UniswapV2Pair(
        token0=_name(names, token0),
        token1=_name(names, token1),
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=balance0,
        balance1=balance1,
        total_supply=supply,
        time_last=time_last,
        price0_cumulative=cumulative0,
        price1_cumulative=cumulative1,
        k_last=k_last,
        fee_on=fee_on,
    )


def read_uniswap_v3(pool: str, names: Names | None = None) -> Plan[UniswapV3Pool]:
    """Read a V3 pool: price, liquidity, every initialised tick, the observations (positions stay unread).

    Raises
    ------
    UnusableStateError
        If the pool has more written observations than anyone should read at once, or was read inside one of
        its own callbacks.
    """
    slot0 = call(pool, uniswap_v3.SLOT0)
    tokens = [call(pool, uniswap_v3.TOKEN0), call(pool, uniswap_v3.TOKEN1)]
    figures = [
        call(pool, function)
        for function in (
            uniswap_v3.FEE,
            uniswap_v3.TICK_SPACING,
            uniswap_v3.LIQUIDITY,
            uniswap_v3.FEE_GROWTH_GLOBAL0_X128,
            uniswap_v3.FEE_GROWTH_GLOBAL1_X128,
        )
    ]
    fees = call(pool, uniswap_v3.PROTOCOL_FEES)
    first = yield [slot0, *tokens, *figures, fees]
    price, tick, index, cardinality, following, fee_protocol, unlocked = slot0.values(first[0])
    token0, token1 = tokens[0].address(first[1]), tokens[1].address(first[2])
    fee, spacing, liquidity, growth0, growth1 = _integers(figures, first[3:8])
    fees0, fees1 = fees.values(first[8])
    if price and not unlocked:
        raise UnusableStateError(f"pool {pool} is locked: it is read inside its own callback")
    assert isinstance(cardinality, int)
    if cardinality > MAXIMUM_OBSERVATIONS:
        raise UnusableStateError(
            f"pool {pool} keeps {cardinality} observations, at most {MAXIMUM_OBSERVATIONS} are read",
            cardinality=cardinality,
        )
    balances = [call(token, erc20.BALANCE_OF, pool) for token in (token0, token1)]
    reach = MAX_TICK // spacing
    words = range((-reach) >> 8, (reach >> 8) + 1)
    bitmaps = [call(pool, uniswap_v3.TICK_BITMAP, word) for word in words]
    rings = [call(pool, uniswap_v3.OBSERVATIONS, number) for number in range(cardinality)]
    second = yield [*balances, *bitmaps, *rings]
    balance0, balance1 = _integers(balances, second[:2])
    bits = _integers(bitmaps, second[2 : 2 + len(bitmaps)])
    ticks = [
        ((word << 8) + bit) * spacing
        for word, field in zip(words, bits, strict=True)
        for bit in range(256)
        if field >> bit & 1
    ]
    observations = [
        item.values(outcome) for item, outcome in zip(rings, second[2 + len(bitmaps) :], strict=True)
    ]
    asked = [call(pool, uniswap_v3.TICKS, number) for number in ticks]
    third = (yield asked) if asked else []
    table = {
        str(number): list(item.values(outcome)[:-1])
        for number, item, outcome in zip(ticks, asked, third, strict=True)
    }
    return UniswapV3Pool.from_state(
        {
            "token0": _name(names, token0),
            "token1": _name(names, token1),
            "fee": fee,
            "tick_spacing": spacing,
            "sqrt_price_x96": price,
            "tick": tick,
            "liquidity": liquidity,
            "fee_protocol": fee_protocol,
            "fee_growth_global0_x128": growth0,
            "fee_growth_global1_x128": growth1,
            "protocol_fees0": fees0,
            "protocol_fees1": fees1,
            "balance0": balance0,
            "balance1": balance1,
            "ticks": table,
            "observation_index": index,
            "observation_cardinality": cardinality,
            "observation_cardinality_next": following,
            "observations": [list(item[:3]) for item in observations if item[3]],
        }
    )


def read_vault(vault: str, names: Names | None = None) -> Plan[VaultShare]:
    """Read an ERC-4626 vault and find out which virtual amounts its conversion uses.

    Where both known rules give all its answers (a vault at par), the price is the same under either.

    Raises
    ------
    UnusableStateError
        If its conversion is none of the known rules.
    """
    return (yield from _vaults(vault, names))[-1]


def read_whole_vault(vault: str, names: Names | None = None) -> Plan[VaultShare]:
    """Read a vault as :func:`read_vault`, and what it will do: whether a deposit that mints nothing reverts.

    That is asked by simulating a deposit of nothing. Solmate's vaults, which have no virtual amounts, refuse
    it before anything else; so it also tells them from OpenZeppelin's where the conversions agree.
    """
    possible: list[VaultShare] = yield from _vaults(vault, names)
    asked = call(vault, erc4626.DEPOSIT, 0, vault)
    (outcome,) = yield [asked]
    refuses = not outcome.success and revert_reason(outcome.data) == ZERO_SHARES
    return replace(possible[0 if refuses else -1], refuse_nothing=refuses)


def _vaults(vault: str, names: Names | None) -> Plan[list[VaultShare]]:
    """Return the vault under each rule that gives its answers: without virtual amounts, then with them."""
    asset = call(vault, erc4626.ASSET)
    figures = [call(vault, erc4626.TOTAL_ASSETS), call(vault, erc4626.TOTAL_SUPPLY)]
    decimals = call(vault, erc20.DECIMALS)
    first = yield [asset, *figures, decimals]
    token = asset.address(first[0])
    assets, supply = _integers(figures, first[1:3])
    unit = 10 ** decimals.integer(first[3])
    # The rules differ by a part in the supply: only a very large amount shows that in whole units.
    amounts = [unit, 7 * unit + 3, (1 << 255) // (assets + 1)]
    probes = [call(vault, erc4626.CONVERT_TO_ASSETS, shares) for shares in amounts]
    inner = call(token, erc20.DECIMALS)
    *second, places = yield [*probes, inner]
    offset = max(decimals.integer(first[3]) - inner.integer(places), 0)
    if not second[-1].success:  # too large for this vault
        del amounts[-1]
    answers = _integers(probes[: len(amounts)], second[: len(amounts)])
    possible = [
        VaultShare(
            asset=_name(names, token),
            share=_name(names, vault.lower()),
            total_assets=assets,
            total_supply=supply,
            virtual_assets=virtual_assets,
            virtual_shares=virtual_shares,
        )
        for virtual_assets, virtual_shares in ((0, 0), (1, 10**offset))
    ]
    matching = [item for item in possible if [item.to_assets_down(n) for n in amounts] == answers]
    if not matching:
        raise UnusableStateError(
            f"vault {vault} converts {unit} shares to {answers[0]} assets, which no known rule does",
            total_assets=assets,
            total_supply=supply,
        )
    return matching
