"""Stableswap-ng pools at one block, with all that decides their next answers and their oracle's."""

from __future__ import annotations

from dataclasses import replace

from contracts_abi.families import curve_stableswap_ng as ng
from contracts_abi.families import erc20
from oracles.chain.calls import Plan, call
from oracles.chain.errors import UnusableStateError
from oracles.chain.reader import Reader, run_plan
from oracles.chain.readers.curve_quotes import require_same_quotes
from oracles.chain.readers.curve_stored import find_pair, unpack_pair
from protocol.venues.curve.common import Ramp
from protocol.venues.curve.stableswap_ng import ADMIN_FEE, StableSwapNG
from protocol.venues.curve.stableswap_ng_oracle import StableSwapNGOracle

D_SLOT = 36
"""Of ``last_D_packed`` in version 7.0.0 (vyper 0.3.10)."""


def read_curve_ng(reader: Reader, pool: str) -> StableSwapNG:
    """Read a stableswap-ng pool, its coins named by their addresses.

    Raises
    ------
    UnusableStateError
        If the model does not give the pool's own ``get_dy``, spot prices or averages, or its admin fee is
        not the contract's fixed half.
    """
    made, d_oracle = run_plan(reader, _plan(pool, reader.block.timestamp))
    if d_oracle == 0:
        return made
    now = reader.block.timestamp

    def fits(pair: tuple[int, int]) -> bool:
        return replace(made.oracle, last_d=pair[0], average_d=pair[1]).d_oracle(now) == d_oracle

    last_d, average_d = find_pair(reader, pool, D_SLOT, fits, "pair of D and its average")
    return replace(made, oracle=replace(made.oracle, last_d=last_d, average_d=average_d))


def _plan(pool: str, now: int) -> Plan[tuple[StableSwapNG, int]]:
    """Return the pool without the stored pair of D, and the average of D now."""
    count_asked = call(pool, ng.N_COINS)
    functions = (
        *(ng.FEE, ng.OFFPEG_FEE_MULTIPLIER, ng.ADMIN_FEE, ng.A_PRECISE, ng.INITIAL_A, ng.FUTURE_A),
        *(ng.INITIAL_A_TIME, ng.FUTURE_A_TIME, ng.MA_EXP_TIME, ng.D_MA_TIME, ng.MA_LAST_TIME, ng.D_ORACLE),
        erc20.TOTAL_SUPPLY,
    )
    figures = [call(pool, function) for function in functions]
    lists = [call(pool, ng.GET_BALANCES), call(pool, ng.STORED_RATES)]
    first = yield [count_asked, *lists, *figures]
    count = count_asked.integer(first[0])
    balances, rates = (
        _integers(item.value(outcome)) for item, outcome in zip(lists, first[1:3], strict=True)
    )
    (
        fee,
        multiplier,
        admin_fee,
        a,
        initial,
        future,
        start,
        end,
        price_window,
        d_window,
        times,
        d_now,
        supply,
    ) = (item.integer(outcome) for item, outcome in zip(figures, first[3:], strict=True))
    if admin_fee != ADMIN_FEE or not len(balances) == len(rates) == count:
        raise UnusableStateError(f"pool {pool} is no stableswap-ng pool of a known kind", admin_fee=admin_fee)
    places, pairs = range(count), range(count - 1)
    coins = [call(pool, ng.COINS, k) for k in places]
    owed = [call(pool, ng.ADMIN_BALANCES, k) for k in places]
    asked = [
        [call(pool, function, k) for k in pairs]
        for function in (ng.LAST_PRICE, ng.EMA_PRICE, ng.PRICE_ORACLE)
    ]
    second = list((yield [*coins, *owed, *(item for items in asked for item in items)]))
    tokens = tuple(item.address(second.pop(0)) for item in coins)
    admin_balances = tuple(item.integer(second.pop(0)) for item in owed)
    last, average, answers = (tuple(item.integer(second.pop(0)) for item in items) for items in asked)
    price_time, d_time = unpack_pair(times)
    made = StableSwapNG(
        coins=tokens,
        balances=balances,
        rates=rates,
        amplification=a,
        fee=fee,
        offpeg_fee_multiplier=multiplier,
        total_supply=supply,
        oracle=StableSwapNGOracle(
            last_prices=last,
            average_prices=average,
            price_time=price_time,
            d_time=d_time,
            price_window=price_window,
            d_window=d_window,
        ),
        admin_balances=admin_balances,
        ramp=Ramp(initial, future, start, end) if end > now else None,
    )
    if tuple(made.price_oracle(k, now) for k in pairs) != answers:
        raise UnusableStateError(f"pool {pool} averages its prices by another rule", answers=list(answers))
    if supply:
        yield from require_same_quotes(pool, ng.GET_DY, made, ((0, 1), (1, 0)))
    return made, d_now


def _integers(values: object) -> tuple[int, ...]:
    assert isinstance(values, list | tuple)
    found = tuple(value for value in values if isinstance(value, int))
    assert len(found) == len(values)
    return found
