"""Checkers of vectors from Curve's first generations: tricrypto2, y pool, 3pool and pool template.

Formats are described in ``tests/vectors/oracles/README.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from protocol.errors import RuleError
from protocol.fixed_point import WAD
from protocol.venues.curve import stableswap_liquidity as liquidity
from protocol.venues.curve.common import Ramp
from protocol.venues.curve.crypto_pool import CryptoParameters
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.curve.tricrypto2 import Tricrypto2
from scenarios.verify.rows import Row, cases_of, check_figures, integers, rows_of
from scenarios.verify.tally import Document, Tally, integer

COINS = ("c0", "c1", "c2", "c3")
UNDERLYING = ("u0", "u1", "u2", "u3")


def _tricrypto2_action(pool: Tricrypto2, operation: Row, time: int) -> tuple[Tricrypto2, int]:
    """Return the pool after an operation and what the contract's method returned (0 for nothing)."""
    name = operation[0]
    if name == "swap":
        i, j = integer(operation[1]), integer(operation[2])
        trade, after = pool.swap(COINS[i], COINS[j], integer(operation[3]), time=time)
        return after, trade.amount_out
    if name == "add":
        minted, after = pool.add_liquidity(integers(operation[1]), time=time)
        return after, minted
    if name == "remove":
        return pool.remove_liquidity(integer(operation[1]))[1], 0
    if name == "remove_one":
        coin = COINS[integer(operation[2])]
        out, after = pool.remove_liquidity_one_coin(integer(operation[1]), coin, time=time)
        return after, out
    if name == "claim":
        return pool.claim_admin_fees(time=time), 0
    if name == "give":
        return pool.donate(dict(zip(COINS, integers(operation[1]), strict=False))), 0
    if name == "ramp":
        amplification, gamma, end = integers(operation[1:])
        now = pool.at(time).parameters
        ramps = (
            Ramp(now.amplification, amplification, time, end),
            Ramp(now.gamma, gamma, time, end),
        )
        return replace(pool, ramp_amplification=ramps[0], ramp_gamma=ramps[1], ramp_end=end), 0
    raise ValueError(f"unknown operation {name!r}")


def crypto_parameters(case: Mapping[str, object], averaging: str, **others: int) -> CryptoParameters:
    """Read a crypto pool's parameters; ``averaging`` names the column of the averaging time."""
    return CryptoParameters(
        amplification=integer(case["A"]),
        gamma=integer(case["gamma"]),
        mid_fee=integer(case["mid_fee"]),
        out_fee=integer(case["out_fee"]),
        fee_gamma=integer(case["fee_gamma"]),
        allowed_extra_profit=integer(case["allowed_extra_profit"]),
        adjustment_step=integer(case["adjustment_step"]),
        averaging_time=integer(case[averaging]),
        **others,
    )


def check_tricrypto2(document: Document) -> Tally:
    """Check ``curve_tricrypto2``: outputs, balances, profit, prices and the flags after every operation."""
    tally = Tally()
    for c, case in enumerate(cases_of(document)):
        parameters = crypto_parameters(case, "ma_half_time", admin_fee=integer(case["admin_fee"]))
        prices = integers(case["initial_prices"])
        precisions = integers(case["precisions"])
        pool = Tricrypto2.empty(COINS[:3], precisions, parameters, prices, integer(case["t0"]))
        for e, event in enumerate(rows_of(case["events"])):
            where = f"cases[{c}].events[{e}]"
            time = integer(event[0])
            try:
                pool, out = _tricrypto2_action(pool, rows_of(event[2]), time)
                accepted = 1
            except RuleError:
                accepted, out = 0, 0
            tally.check("accepted", where, integer(event[1]), accepted)
            tally.check("returned", where, integer(event[3]), out)
            _check_tricrypto2_event(tally, where, event, pool)
    return tally


def _check_tricrypto2_event(tally: Tally, where: str, event: Row, pool: Tricrypto2) -> None:
    time = integer(event[0])
    held = tuple(b + extra for b, extra in zip(pool.balances, pool.donated, strict=True))
    check_figures(
        tally,
        where,
        {
            "balances": integers(event[4]),
            "held": integers(event[5]),
            "d": integer(event[6]),
            "total_supply": integer(event[7]),
            "virtual_price_view": integer(event[8]),
            "virtual_price": integer(event[9]),
            "xcp_profit": integer(event[10]),
            "xcp_profit_claimed": integer(event[11]),
            "not_adjusted": integer(event[12]),
            "ramp_end": integer(event[13]),
            "last_prices_time": integer(event[14]),
            "last_prices": integers(event[15]),
            "price_scale": integers(event[16]),
            "price_oracle": integers(event[17]),
        },
        {
            "balances": lambda: pool.balances,
            "held": lambda: held,
            "d": lambda: pool.d,
            "total_supply": lambda: pool.total_supply,
            "virtual_price_view": pool.virtual_price_down,
            "virtual_price": lambda: pool.virtual_price,
            "xcp_profit": lambda: pool.xcp_profit,
            "xcp_profit_claimed": lambda: pool.xcp_profit_claimed,
            "not_adjusted": lambda: int(pool.not_adjusted),
            "ramp_end": lambda: pool.ramp_end,
            "last_prices_time": lambda: pool.last_prices_time,
            "last_prices": lambda: pool.last_prices,
            "price_scale": lambda: pool.price_scale,
            "price_oracle": lambda: (pool.price_oracle(0, time), pool.price_oracle(1, time)),
        },
    )
    quoted = event[18] if event[18] == "revert" else integer(event[18])
    tally.check_call(
        "withdrawal_quote",
        where,
        quoted,
        lambda: pool.calc_withdraw_one_coin(pool.total_supply // 1000, COINS[1], time=time),
    )


def _stableswap_action(pool: StableSwapPool, operation: Row) -> tuple[StableSwapPool, int]:
    name = operation[0]
    if name in {"swap", "swap_underlying"}:
        names = UNDERLYING if name == "swap_underlying" else COINS
        i, j = integer(operation[1]), integer(operation[2])
        trade, after = pool.swap(names[i], names[j], integer(operation[3]))
        return after, trade.amount_out
    if name == "add":
        minted, after = liquidity.add_liquidity(pool, integers(operation[1]))
        return after, minted
    if name == "remove":
        return liquidity.remove_liquidity(pool, integer(operation[1]))[1], 0
    if name == "remove_one":
        coin = COINS[integer(operation[2])]
        out, after = liquidity.remove_liquidity_one_coin(pool, integer(operation[1]), coin)
        return after, out
    if name == "remove_imbalance":
        burned, after = liquidity.remove_liquidity_imbalance(pool, integers(operation[1]))
        return after, burned
    if name == "share_prices":
        return replace(pool, share_prices=integers(operation[1])), 0
    raise ValueError(f"unknown operation {name!r}")


def _view(pool: StableSwapPool, query: Row) -> int:
    name = query[0]
    if name == "virtual_price":
        return pool.virtual_price_down()
    if name == "get_dy":
        return pool.get_dy(COINS[integer(query[1])], COINS[integer(query[2])], integer(query[3]))
    if name == "get_dy_underlying":
        names = pool.underlying
        return pool.get_dy_underlying(names[integer(query[1])], names[integer(query[2])], integer(query[3]))
    if name == "calc_token_amount":
        return liquidity.calc_token_amount(pool, integers(query[1]), deposit=bool(query[2]))
    if name == "calc_withdraw_one_coin":
        coin = COINS[integer(query[2])]
        return liquidity.calc_withdraw_one_coin(pool, integer(query[1]), coin)[0]
    if name == "zap_withdraw_one_coin":
        return liquidity.zap_withdraw_one_coin(pool, integer(query[1]), COINS[integer(query[2])])
    raise ValueError(f"unknown view {name!r}")


def _stableswap_pool(case: Mapping[str, object]) -> StableSwapPool:
    precisions: Sequence[int] = integers(case["precisions"])
    n = len(precisions)
    return StableSwapPool(
        coins=COINS[:n],
        balances=(0,) * n,
        precisions=tuple(precisions),
        amplification=integer(case["A"]),
        fee=integer(case["fee"]),
        admin_fee=integer(case["admin_fee"]),
        generation=str(case["generation"]),
        share_prices=(WAD,) * n,
        underlying=UNDERLYING[:n],
    )


def check_first_stableswap(document: Document) -> Tally:
    """Check ``curve_stableswap_first``: what each operation and each view returned, and the balances."""
    tally = Tally()
    for c, case in enumerate(cases_of(document)):
        pool = _stableswap_pool(case)
        generation = pool.generation
        for e, event in enumerate(rows_of(case["events"])):
            where = f"cases[{c}].events[{e}]"
            accepted, out = 1, 0
            try:
                pool, out = _stableswap_action(pool, rows_of(event[1]))
            except RuleError:
                accepted = 0
            tally.check(f"{generation} accepted", where, integer(event[0]), accepted)
            tally.check(f"{generation} returned", where, integer(event[2]), out)
            tally.check(f"{generation} balances", where, integers(event[3]), pool.balances)
            tally.check(f"{generation} total_supply", where, integer(event[4]), pool.total_supply)
            for q, (query, expected) in enumerate(rows_of(event[5])):
                want = expected if expected == "revert" else integer(expected)
                tally.check_call(
                    f"{generation} {rows_of(query)[0]}",
                    f"{where}.views[{q}]",
                    want,
                    partial(_view, pool, rows_of(query)),
                )
    return tally
