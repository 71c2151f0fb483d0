"""Checkers of recorded mainnet calls, printed in whole tokens rounded down.

The recordings come from the FlashSyn artifact (ICSE 2024): calls of the Curve y pool, of Curve 3pool, of
the fUSDC vault and of Warp's borrow limit on a fork of the chain. What the rows leave out (the pool's
other coins, share prices) was fitted to the same recordings; see the incident files. Inputs are rounded
too, so each expected figure must lie within one token of what the model gives between the printed input
and that plus one token. The readings of the Value DeFi vault are not checked: no formula is known for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt

from protocol.fixed_point import WAD
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.curve.stableswap_liquidity import zap_withdraw_one_coin
from scenarios.verify.tally import Document, Tally, integer

STRATEGY_SHARE = 244319263
"""Part of all yCRV held by Harvest's strategy, in 1e9, fitted."""
LP_SUPPLY = 10**27
"""Stand-in for the yCRV supply: only the strategy's share of it matters."""

WARP_RELATIVE = 1.4e-3
"""Largest relative error of the borrow limit rule; the oracle's own prices are not printed."""
WARP_DAI_PRICE = 1.0028
WARP_ETH_PRICE = 585.68
WARP_RESERVES = (58_010_988.5, 90_409.5)
WARP_LP_SUPPLY = 1_887_324.5


def harvest_pool(y_usdc: int, y_usdt: int) -> StableSwapPool:
    """Return the y pool of block 11129473 with the given whole yUSDC and yUSDT.

    The two other balances stand at their fitted underlying values with share prices of one.
    """
    return StableSwapPool(
        coins=("yDAI", "yUSDC", "yUSDT", "yTUSD"),
        balances=(6_172_348 * WAD, y_usdc * 10**6, y_usdt * 10**6, 88_645_813 * WAD),
        precisions=(1, 10**12, 10**12, 1),
        amplification=2000,
        fee=4_000_000,
        admin_fee=5 * 10**9,
        total_supply=LP_SUPPLY,
        generation="y",
        share_prices=(WAD, 1_163_908_820_000_000_000, 1_030_301_700_000_000_000, WAD),
        underlying=("DAI", "USDC", "USDT", "TUSD"),
    )


def harvest_invested(pool: StableSwapPool) -> int:
    """Return what the fUSDC strategy reports as invested, in raw USDC."""
    return zap_withdraw_one_coin(pool, LP_SUPPLY * STRATEGY_SHARE // 10**9, "yUSDC")


def three_pool(dai: int, usdc: int, usdt: int) -> StableSwapPool:
    """Return Curve 3pool of November 2020 with the given whole tokens."""
    return StableSwapPool(
        coins=("DAI", "USDC", "USDT"),
        balances=(dai * WAD, usdc * 10**6, usdt * 10**6),
        precisions=(1, 10**12, 10**12),
        amplification=200,
        fee=4_000_000,
        admin_fee=5 * 10**9,
    )


def _rows(document: Document, action: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    actions = document["actions"]
    if not isinstance(actions, Mapping):
        raise TypeError("actions: a mapping expected")
    if action not in actions:
        return
    for k, row in enumerate(actions[action]["rows"]):
        yield f"{action}[{k}]", tuple(integer(value) for value in row)


def _check_printed(tally: Tally, group: str, where: str, expected: int, *bounds: int) -> None:
    """Check a printed whole number against the model's bounds, one token wider on either side."""
    low, high = min(bounds), max(bounds)
    nearest = min(max(expected, low), high)
    within = abs(expected - nearest) <= 1
    tally.check(group, where, expected, expected if within else nearest)
    tally.largest_error = max(tally.largest_error, abs(expected - nearest))


def check_harvest_calls(document: Document) -> Tally:
    """Check the y pool's exchanges with the strategy's valuation after them, and the vault's shares."""
    tally = Tally()
    for action, sell, buy in (("Curve_USDT2USDC", "USDT", "USDC"), ("Curve_USDC2USDT", "USDC", "USDT")):
        for where, row in _rows(document, action):
            usdc, usdt, _, amount, usdc_after, usdt_after, invested_after, out = row
            pool = harvest_pool(usdc, usdt)
            ends = [pool.swap(sell, buy, units * 10**6) for units in (amount, amount + 1)]
            _check_printed(tally, "out", where, out, *(t.amount_out // 10**6 for t, _ in ends))
            for coin, printed in (("yUSDC", usdc_after), ("yUSDT", usdt_after)):
                _check_printed(tally, coin, where, printed, *(p.reserves()[coin] // 10**6 for _, p in ends))
            values = (harvest_invested(p) // 10**6 for _, p in ends)
            _check_printed(tally, "invested", where, invested_after, *values)
    for where, row in _rows(document, "fUSDC_deposit"):
        cash, invested, supply, amount, cash_after, supply_after, shares = row
        low = amount * supply // (cash + invested + 2)
        high = (amount + 1) * (supply + 1) // (cash + invested)
        _check_printed(tally, "shares", where, shares, low, high)
        _check_printed(tally, "cash", where, cash_after, cash + amount)
        _check_printed(tally, "supply", where, supply_after, supply + low, supply + high)
    for where, row in _rows(document, "fUSDC_withdraw"):
        cash, invested, supply, shares, cash_after, supply_after, out = row
        low = shares * (cash + invested) // (supply + 1)
        high = (shares + 1) * (cash + invested + 2) // supply
        _check_printed(tally, "usdc", where, out, low, high)
        _check_printed(tally, "cash", where, cash_after, cash - low, cash - high)
        _check_printed(tally, "supply", where, supply_after, supply - shares)
    return tally


def check_three_pool_calls(document: Document) -> Tally:
    """Check 3pool's exchanges: output and the balances afterwards."""
    tally = Tally()
    for where, row in _rows(document, "Curve_DAI2USDC"):
        dai, usdc, usdt, _, amount, dai_after, usdc_after, _, out = row
        after = (dai_after, usdc_after, out)
        _check_three_pool(tally, where, three_pool(dai, usdc, usdt), "DAI", amount=amount, after=after)
    for where, row in _rows(document, "Curve_USDT2USDC"):
        dai, usdc, usdt, _, amount, usdc_after, usdt_after, _, out = row
        after = (usdt_after, usdc_after, out)
        _check_three_pool(tally, where, three_pool(dai, usdc, usdt), "USDT", amount=amount, after=after)
    return tally


def _check_three_pool(
    tally: Tally, where: str, pool: StableSwapPool, sell: str, *, amount: int, after: Sequence[int]
) -> None:
    unit = WAD if sell == "DAI" else 10**6
    ends = [pool.swap(sell, "USDC", units * unit) for units in (amount, amount + 1)]
    sold_after, usdc_after, out = after
    _check_printed(tally, sell, where, sold_after, *(p.reserves()[sell] // unit for _, p in ends))
    _check_printed(tally, "USDC", where, usdc_after, *(p.reserves()["USDC"] // 10**6 for _, p in ends))
    _check_printed(tally, "out", where, out, *(t.amount_out // 10**6 for t, _ in ends))


def warp_borrow_limit(dai: float, weth: float, lp_amount: float) -> float:
    """Return Warp's borrow limit in dollars: two thirds of the LP tokens at current reserves.

    The rule prices reserves at averaged token prices but takes the reserves as they are now; the LP
    supply follows the root of the product of the reserves.
    """
    supply = WARP_LP_SUPPLY * sqrt(dai * weth / (WARP_RESERVES[0] * WARP_RESERVES[1]))
    return 2 / 3 * lp_amount * (dai * WARP_DAI_PRICE + weth * WARP_ETH_PRICE) / supply


def check_warp_limits(document: Document) -> Tally:
    """Check the recorded borrow limits within 0.14 %, plus what one token of rounding is worth."""
    tally = Tally()
    for where, (dai, weth, lp_amount, limit) in _rows(document, "LP2BorrowLimit"):
        low = int(warp_borrow_limit(dai, weth, lp_amount) * (1 - WARP_RELATIVE))
        high = int(warp_borrow_limit(dai, weth, lp_amount + 1) * (1 + WARP_RELATIVE))
        _check_printed(tally, "borrow_limit", where, limit, low, high)
    return tally
