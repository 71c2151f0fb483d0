"""A Uniswap V4 pool as a venue: its swaps without hooks are V3's, over the same ticks, for a fee of its own.

Amounts, price, tick and liquidity of every swap are the pool manager's (``Pool.sol``, ``SwapMath.sol``).
Three things are not V3's: the fee is the protocol's and the providers' together, fee growth rounds otherwise
(it moves no swap), and there is no oracle: the observations start at the block read.
"""

from __future__ import annotations

from collections.abc import Callable

from contracts_abi.families import erc20, multicall3, uniswap_v4
from oracles.chain.calls import Call, Plan, call
from oracles.chain.errors import UnusableStateError
from oracles.chain.multicall import ADDRESS as MULTICALL
from oracles.chain.readers.uniswap_v4 import NATIVE, PoolKey, PoolReference, read_uniswap_v4
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.swap_math import FEE_SCALE
from protocol.venues.uniswap_v3.tick_math import MAX_TICK

SWAP_HOOKS = 1 << 7 | 1 << 6 | 1 << 3 | 1 << 2
"""Flags in a hook's address: called before or after a swap, or with amounts of its own (``Hooks.sol``)."""
FEE_BITS = 12
WORD = 256


def read_uniswap_v4_venue(
    manager: str,
    state_view: str,
    reference: PoolReference,
    now: int,
    position_manager: str | None = None,
) -> Plan[UniswapV3Pool]:
    """Read a pool whole: price, liquidity and every initialised tick.

    Parameters
    ----------
    manager, state_view, position_manager
        Addresses of the pool manager and of the periphery.
    reference
        The pool, with its key unless the position manager knows that.
    now
        Unix second of the block.

    Raises
    ------
    UnusableStateError
        If the key is not known, a hook has a say in swaps, or the protocol's fee differs by direction.
    """
    state = yield from read_uniswap_v4(state_view, reference, position_manager)
    key = state.key
    if key is None:
        raise UnusableStateError("a V4 pool as a venue needs its key, for currencies, spacing and hooks")
    if int(key.hooks, 16) & SWAP_HOOKS:
        raise UnusableStateError(f"hook {key.hooks} takes part in swaps: no model knows what it does")
    fees = {state.protocol_fee & ((1 << FEE_BITS) - 1), state.protocol_fee >> FEE_BITS}
    if len(fees) != 1:
        raise UnusableStateError("the protocol's fee differs by direction", protocol_fee=state.protocol_fee)
    (protocol,) = fees
    growth = call(state_view, uniswap_v4.GET_FEE_GROWTH_GLOBALS, state.id)
    held = [_held(currency, manager) for currency in (key.currency0, key.currency1)]
    first = yield [growth, *held]
    growth0, growth1 = growth.values(first[0])
    balance0, balance1 = (item.integer(outcome) for item, outcome in zip(held, first[1:], strict=True))
    ticks = yield from _ticks(
        key,
        lambda word: call(state_view, uniswap_v4.GET_TICK_BITMAP, state.id, word),
        lambda tick: call(state_view, uniswap_v4.GET_TICK_INFO, state.id, tick),
    )
    return UniswapV3Pool.from_state(
        {
            "token0": key.currency0,
            "token1": key.currency1,
            "fee": protocol + state.fee - protocol * state.fee // FEE_SCALE,
            "tick_spacing": key.tick_spacing,
            "sqrt_price_x96": state.sqrt_price_x96,
            "tick": state.tick,
            "liquidity": state.liquidity,
            "fee_growth_global0_x128": growth0,
            "fee_growth_global1_x128": growth1,
            "balance0": balance0,
            "balance1": balance1,
            "ticks": ticks,
            "observation_index": 0,
            "observation_cardinality": 1,
            "observation_cardinality_next": 1,
            "observations": [[now, 0, 0]],
        }
    )


def _held(currency: str, manager: str) -> Call:
    """Return the question for what the manager holds of a currency, for all pools together."""
    if currency == NATIVE:
        return call(MULTICALL, multicall3.GET_ETH_BALANCE, manager)
    return call(currency, erc20.BALANCE_OF, manager)


def _ticks(
    key: PoolKey, bitmap: Callable[[int], Call], info: Callable[[int], Call]
) -> Plan[dict[str, list[object]]]:
    reach = MAX_TICK // key.tick_spacing
    words = range(-reach - 1 >> 8, (reach >> 8) + 1)
    asked = [bitmap(word) for word in words]
    outcomes = yield asked
    fields = [item.integer(outcome) for item, outcome in zip(asked, outcomes, strict=True)]
    numbers = [
        ((word << 8) + bit) * key.tick_spacing
        for word, bits in zip(words, fields, strict=True)
        for bit in range(WORD)
        if bits >> bit & 1
    ]
    infos = [info(number) for number in numbers]
    outcomes = (yield infos) if infos else []
    return {
        str(number): [*item.values(outcome), 0, 0, 0]
        for number, item, outcome in zip(numbers, infos, outcomes, strict=True)
    }
