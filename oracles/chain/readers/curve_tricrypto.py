"""Tricrypto-ng pools at one block, with all that decides their next answers."""

from __future__ import annotations

from dataclasses import replace

from contracts_abi.families import curve_tricrypto as tri
from contracts_abi.families import erc20, multicall3
from oracles.chain.calls import Outcome, Plan, call
from oracles.chain.errors import UnusableStateError
from oracles.chain.multicall import ADDRESS as MULTICALL
from oracles.chain.reader import Reader, run_plan
from oracles.chain.readers.curve_quotes import require_same_quotes
from oracles.chain.readers.curve_stored import find_pair, unpack_pair, unpack_triple
from protocol.venues.curve.common import Ramp
from protocol.venues.curve.crypto_pool import CryptoParameters
from protocol.venues.curve.tricrypto_ng import TricryptoNG

ORACLE_SLOT = 8
"""Of ``price_oracle_packed`` in version 2.0.0 (vyper 0.3.7 to 0.3.10)."""
COINS = 3
NOBODY = "0x" + "00" * 20


def read_tricrypto_ng(reader: Reader, pool: str) -> TricryptoNG:
    """Read a tricrypto-ng pool, its coins named by their addresses.

    Raises
    ------
    UnusableStateError
        If the model does not give the pool's own ``get_dy``, averages or LP price.
    """
    made, averages, lp_price = run_plan(reader, _plan(pool, reader.block.timestamp))
    now = reader.block.timestamp

    def fits(pair: tuple[int, int]) -> bool:
        candidate = replace(made, price_oracle_stored=pair)
        found = (candidate.price_oracle(0, now), candidate.price_oracle(1, now))
        return found == averages and candidate.lp_price_down() == lp_price

    if fits(averages):
        return replace(made, price_oracle_stored=averages)
    pair = find_pair(reader, pool, ORACLE_SLOT, fits, "stored price averages")
    return replace(made, price_oracle_stored=pair)


def _plan(pool: str, now: int) -> Plan[tuple[TricryptoNG, tuple[int, int], int]]:
    """Return the pool without its stored averages, the averages now, and the LP price."""
    functions = (
        *(tri.D, erc20.TOTAL_SUPPLY, tri.VIRTUAL_PRICE, tri.XCP_PROFIT, tri.XCP_PROFIT_A),
        *(tri.LAST_PRICES_TIMESTAMP, tri.PACKED_FEE_PARAMS, tri.PACKED_REBALANCING_PARAMS),
        *(tri.A, tri.GAMMA, tri.INITIAL_A_GAMMA, tri.INITIAL_A_GAMMA_TIME),
        *(tri.FUTURE_A_GAMMA, tri.FUTURE_A_GAMMA_TIME, tri.LP_PRICE),
    )
    figures = [call(pool, function) for function in functions]
    prices = [
        call(pool, function, k)
        for function in (tri.PRICE_SCALE, tri.LAST_PRICES, tri.PRICE_ORACLE)
        for k in range(COINS - 1)
    ]
    counted = [call(pool, tri.BALANCES, k) for k in range(COINS)]
    coins = [call(pool, tri.COINS, k) for k in range(COINS)]
    receiver, precisions = call(pool, tri.FEE_RECEIVER), call(pool, tri.PRECISIONS)
    first = list((yield [*figures, *prices, *counted, *coins, receiver, precisions]))
    d, supply, virtual_price, profit, claimed, time, fees, rebalancing, a, gamma, *ramp, lp_price = (
        item.integer(first.pop(0)) for item in figures
    )
    scale0, scale1, last0, last1, average0, average1 = (item.integer(first.pop(0)) for item in prices)
    balances = tuple(item.integer(first.pop(0)) for item in counted)
    tokens = tuple(item.address(first.pop(0)) for item in coins)
    has_receiver = not first[0].success or receiver.address(first[0]) != NOBODY
    units = precisions.value(first[1])
    assert isinstance(units, list | tuple)
    mid, out, fee_gamma = unpack_triple(fees)
    extra, step, averaging = unpack_triple(rebalancing)
    initial, start, future, end = ramp
    ramps = list(zip(unpack_pair(initial), unpack_pair(future), strict=True))  # gamma low, A high
    gamma_ramp, a_ramp = (Ramp(old, new, start, end) if end > now else None for old, new in ramps)
    made = TricryptoNG(
        coins=tokens,
        precisions=tuple(unit for unit in units if isinstance(unit, int)),
        balances=balances,
        parameters=CryptoParameters(a, gamma, mid, out, fee_gamma, extra, step, averaging),
        price_scale=(scale0, scale1),
        price_oracle_stored=(average0, average1),
        last_prices=(last0, last1),
        last_prices_time=time,
        d=d,
        total_supply=supply,
        virtual_price=virtual_price,
        xcp_profit=profit,
        xcp_profit_claimed=claimed,
        donated=(yield from _donated(pool, tokens, balances)),
        ramp_amplification=a_ramp,
        ramp_gamma=gamma_ramp,
        ramp_end=end,
        has_fee_receiver=has_receiver,
    )
    if supply and end <= now:
        yield from require_same_quotes(pool, tri.GET_DY, made, ((0, 1), (2, 0)))
    return made, (average0, average1), lp_price


def _donated(pool: str, tokens: tuple[str, ...], counted: tuple[int, ...]) -> Plan[tuple[int, ...]]:
    """Return what the pool holds beyond its count; a pool of the wrapped coin holds it unwrapped."""
    held = [call(token, erc20.BALANCE_OF, pool) for token in tokens]
    unwrapped = call(MULTICALL, multicall3.GET_ETH_BALANCE, pool)
    *outcomes, coin = yield [*held, unwrapped]
    found: list[int] = []
    for token, item, outcome, count in zip(tokens, held, outcomes, counted, strict=True):
        amount = item.integer(outcome)
        if amount < count:
            amount = _own_coin(pool, token, unwrapped.integer(coin) if _answered(coin) else 0, count)
        found.append(amount - count)
    return tuple(found)


def _answered(outcome: Outcome) -> bool:
    return outcome.success and bool(outcome.data)


def _own_coin(pool: str, token: str, held: int, count: int) -> int:
    if held < count:
        raise UnusableStateError(f"pool {pool} counts {count} of {token} and holds less", counted=count)
    return held
