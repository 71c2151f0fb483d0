"""Checkers of the Curve vector files and of the recorded calls of Curve's users.

``CHECKERS`` is keyed by the beginning of a file's name; a file of the same format with other cases is
checked the same way. Formats are described in ``tests/vectors/oracles/README.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from protocol.errors import RuleError
from protocol.venues.curve import stableswap_ng_liquidity as liquidity
from protocol.venues.curve.exponential import exp_down
from protocol.venues.curve.stableswap_ng import StableSwapNG
from protocol.venues.curve.stableswap_ng_oracle import StableSwapNGOracle
from protocol.venues.curve.tricrypto_ng import TricryptoNG
from scenarios.verify.curve_first_generation import (
    check_first_stableswap,
    check_tricrypto2,
    crypto_parameters,
)
from scenarios.verify.curve_recorded import (
    check_harvest_calls,
    check_three_pool_calls,
    check_warp_limits,
)
from scenarios.verify.rows import Row, cases_of, check_figures, integers, rows_of
from scenarios.verify.tally import Checker, Document, Tally, integer

P = TypeVar("P", StableSwapNG, TricryptoNG)

COIN_NAMES = ("c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7")


def check_exp(document: Document) -> Tally:
    """Check ``curve_exp``: every power and its exponential or revert."""
    tally = Tally()
    for k, (power, expected) in enumerate(rows_of(document["cases"])):
        want: object = expected if expected == "revert" else integer(expected)
        tally.check_call("exp", f"cases[{k}]", want, partial(exp_down, integer(power)))
    return tally


def stableswap_action(pool: StableSwapNG, operation: Row, time: int) -> StableSwapNG:
    """Return the pool after a recorded operation."""
    name = operation[0]
    if name == "swap":
        i, j = integer(operation[1]), integer(operation[2])
        return pool.swap(pool.coins[i], pool.coins[j], integer(operation[3]), time=time)[1]
    if name == "add":
        return liquidity.add_liquidity(pool, integers(operation[1]), time=time)[1]
    if name == "remove":
        return liquidity.remove_liquidity(pool, integer(operation[1]), time=time)[1]
    if name == "remove_imbalance":
        return liquidity.remove_liquidity_imbalance(pool, integers(operation[1]), time=time)[1]
    if name == "remove_one":
        coin = pool.coins[integer(operation[2])]
        return liquidity.remove_liquidity_one_coin(pool, integer(operation[1]), coin, time=time)[1]
    raise ValueError(f"unknown operation {name!r}")


def tricrypto_action(pool: TricryptoNG, operation: Row, time: int) -> TricryptoNG:
    """Return the pool after a recorded operation."""
    name = operation[0]
    if name == "swap":
        i, j = integer(operation[1]), integer(operation[2])
        return pool.swap(pool.coins[i], pool.coins[j], integer(operation[3]), time=time)[1]
    if name == "add":
        return pool.add_liquidity(integers(operation[1]), time=time)[1]
    if name == "remove":
        return pool.remove_liquidity(integer(operation[1]), time=time)[1]
    if name == "remove_one":
        coin = pool.coins[integer(operation[2])]
        return pool.remove_liquidity_one_coin(integer(operation[1]), coin, time=time)[1]
    raise ValueError(f"unknown operation {name!r}")


def check_stableswap_ng(document: Document) -> Tally:
    """Check ``curve_stableswap_ng_oracle``: balances, supply, virtual price, spots, averages, queries."""
    tally = Tally()
    for c, case in enumerate(cases_of(document)):
        n = integer(case["n"])
        oracle = StableSwapNGOracle.fresh(
            n,
            integer(case["t0"]),
            price_window=integer(case["ma_exp_time"]),
            d_window=integer(case["D_ma_time"]),
        )
        pool = StableSwapNG(
            coins=COIN_NAMES[:n],
            balances=(0,) * n,
            rates=integers(case["rates"]),
            amplification=integer(case["A"]) * 100,
            fee=integer(case["fee"]),
            offpeg_fee_multiplier=integer(case["offpeg"]),
            total_supply=0,
            oracle=oracle,
        )
        _follow(tally, c, case, pool, stableswap_action, _check_stableswap_event)
    return tally


def _follow(
    tally: Tally,
    number: int,
    case: Mapping[str, object],
    pool: P,
    act: Callable[[P, Row, int], P],
    check: Callable[[Tally, str, Row, P], None],
) -> None:
    """Do a case's operations on a pool; check after each whether it was accepted, and the pool."""
    for e, event in enumerate(rows_of(case["events"])):
        where = f"cases[{number}].events[{e}]"
        try:
            pool, accepted = act(pool, rows_of(event[2]), integer(event[0])), 1
        except RuleError:
            accepted = 0
        tally.check("accepted", where, integer(event[1]), accepted)
        check(tally, where, event, pool)


def _check_stableswap_event(tally: Tally, where: str, event: Row, pool: StableSwapNG) -> None:
    oracle, others = pool.oracle, range(len(pool.coins) - 1)
    check_figures(
        tally,
        where,
        {
            "balances": integers(event[3]),
            "total_supply": integer(event[4]),
            "virtual_price": integer(event[5]),
            "spot_price": integers(event[6]),
            "last_price": integers(event[7]),
            "average_price": integers(event[8]),
            "stored_d": integers(event[9]),
            "times": integers(event[10]),
        },
        {
            "balances": lambda: pool.balances,
            "total_supply": lambda: pool.total_supply,
            "virtual_price": pool.virtual_price_down,
            "spot_price": lambda: tuple(pool.spot_price(k) for k in others),
            "last_price": lambda: oracle.last_prices,
            "average_price": lambda: oracle.average_prices,
            "stored_d": lambda: (oracle.last_d, oracle.average_d),
            "times": lambda: (oracle.price_time, oracle.d_time),
        },
    )
    for q, query in enumerate(rows_of(event[11])):
        time = integer(query[0])
        for k, expected in enumerate(integers(query[1])):
            tally.check("price_oracle", f"{where}[{q}][{k}]", expected, pool.price_oracle(k, time))
        tally.check("d_oracle", f"{where}[{q}]", integer(query[2]), pool.d_oracle(time))


def check_tricrypto_ng(document: Document) -> Tally:
    """Check ``curve_tricrypto_ng_oracle``: the whole pool, from balances and D to LP price and queries."""
    tally = Tally()
    for c, case in enumerate(cases_of(document)):
        parameters = crypto_parameters(case, "ma_time")
        prices = integers(case["initial_prices"])
        pool = TricryptoNG.empty(COIN_NAMES[:3], (1, 1, 1), parameters, prices, integer(case["t0"]))
        _follow(tally, c, case, pool, tricrypto_action, _check_tricrypto_event)
    return tally


def _check_tricrypto_event(tally: Tally, where: str, event: Row, pool: TricryptoNG) -> None:
    time = integer(event[0])
    check_figures(
        tally,
        where,
        {
            "balances": integers(event[3]),
            "d": integer(event[4]),
            "total_supply": integer(event[5]),
            "virtual_price": integer(event[6]),
            "lp_price": integer(event[7]),
            "last_prices_time": integer(event[8]),
            "last_prices": integers(event[9]),
            "price_scale": integers(event[10]),
            "price_oracle": integers(event[11]),
        },
        {
            "balances": lambda: pool.balances,
            "d": lambda: pool.d,
            "total_supply": lambda: pool.total_supply,
            "virtual_price": pool.virtual_price_down,
            "lp_price": pool.lp_price_down,
            "last_prices_time": lambda: pool.last_prices_time,
            "last_prices": lambda: pool.last_prices,
            "price_scale": lambda: pool.price_scale,
            "price_oracle": lambda: (pool.price_oracle(0, time), pool.price_oracle(1, time)),
        },
    )
    for q, query in enumerate(rows_of(event[12])):
        when, *expected = integers(query)
        for k, price in enumerate(expected):
            tally.check("price_oracle", f"{where}[{q}][{k}]", price, pool.price_oracle(k, when))


CHECKERS: dict[str, Checker] = {
    "curve_exp": check_exp,
    "curve_stableswap_ng_oracle": check_stableswap_ng,
    "curve_stableswap_first": check_first_stableswap,
    "curve_tricrypto2": check_tricrypto2,
    "curve_tricrypto_ng_oracle": check_tricrypto_ng,
    "flashsyn_harvest_fusdc": check_harvest_calls,
    "flashsyn_valuedefi_3pool": check_three_pool_calls,
    "flashsyn_warp": check_warp_limits,
}
"""Beginning of a file's name to its checker."""
