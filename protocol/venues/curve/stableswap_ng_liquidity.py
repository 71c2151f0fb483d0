"""Deposits and withdrawals of stableswap-ng, each with what it does to the oracle.

Source of the rules: ``CurveStableSwapNG.vy``. Every function takes a pool and returns what moved and the
pool afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protocol.errors import DivisionByZeroError, InvariantError, SlippageError, ZeroAmountError
from protocol.fixed_point import UINT256_MAX, WAD
from protocol.venues.checks import require_not_negative, require_positive
from protocol.venues.curve.common import FEE_SCALE, minus, position, replaced, scaled
from protocol.venues.curve.invariant import NG_FORM, balance_y_of_d, invariant_d
from protocol.venues.curve.stableswap_ng import ADMIN_FEE, StableSwapNG, dynamic_fee_down


def _base_fee(pool: StableSwapNG) -> int:
    n = len(pool.coins)
    return pool.fee * n // (4 * (n - 1))


def _charge_imbalance(
    pool: StableSwapNG, d0: int, d1: int, balances: Sequence[int], time: int
) -> tuple[int, StableSwapNG]:
    """Return the D that counts for LP tokens and the pool with fees taken and the oracle updated."""
    base_fee = _base_fee(pool)
    ys = (d0 + d1) // len(pool.coins)
    counted, admin = [], list(pool.admin_balances)
    for k, (old, new) in enumerate(zip(pool.balances, balances, strict=True)):
        if d0 == 0:
            raise DivisionByZeroError("imbalance of a pool without D")
        xs = pool.rates[k] * (old + new) // WAD
        fee = dynamic_fee_down(xs, ys, base_fee, pool.offpeg_fee_multiplier)
        charge = fee * abs(d1 * old // d0 - new) // FEE_SCALE
        admin[k] += charge * ADMIN_FEE // FEE_SCALE
        counted.append(minus(new, charge, "balance after fee"))
    xp = scaled(counted, pool.rates)
    d2 = invariant_d(xp, pool.amplification, NG_FORM)
    kept = tuple(
        minus(new, owed - before, "balance")
        for new, owed, before in zip(balances, admin, pool.admin_balances, strict=True)
    )
    oracle = pool.oracle.updated(xp, pool.amplification, d2, time)
    return d2, replace(pool, balances=kept, admin_balances=tuple(admin), oracle=oracle)


def add_liquidity(
    pool: StableSwapNG, amounts: Sequence[int], *, min_mint: int = 0, time: int = 0
) -> tuple[int, StableSwapNG]:
    """Deposit ``amounts`` (raw, one per coin); return the LP tokens minted and the pool.

    Raises
    ------
    ZeroAmountError, InvariantError, SlippageError
        If the first deposit lacks a coin; if D does not rise; if fewer than ``min_mint`` are minted.
    """
    pool = pool.at(time)
    supply = pool.total_supply
    for coin, amount in zip(pool.coins, amounts, strict=True):
        require_not_negative(f"{coin} deposited", amount)
        if supply == 0 and amount == 0:
            raise ZeroAmountError(f"{coin} in the first deposit")
    d0 = pool.values()[1]
    balances = tuple(old + amount for old, amount in zip(pool.balances, amounts, strict=True))
    d1 = invariant_d(scaled(balances, pool.rates), pool.amplification, NG_FORM)
    if d1 <= d0:
        raise InvariantError("D, which a deposit must raise,", d0, d1)
    if supply == 0:
        minted = d1
        after = replace(pool, balances=balances, oracle=pool.oracle.reset_d(d1, time))
    else:
        d2, after = _charge_imbalance(pool, d0, d1, balances, time)
        minted = supply * minus(d2, d0, "D after fees") // d0
    if minted < min_mint:
        raise SlippageError("LP tokens minted", minted, min_mint)
    return minted, replace(after, total_supply=supply + minted)


def remove_liquidity(
    pool: StableSwapNG,
    lp_amount: int,
    *,
    min_amounts: Sequence[int] = (),
    claim_admin_fees: bool = True,
    time: int = 0,
) -> tuple[tuple[int, ...], StableSwapNG]:
    """Burn ``lp_amount`` for a share of every balance, without fee; return the amounts and the pool.

    Raises
    ------
    DivisionByZeroError, SlippageError
        Without LP tokens; if a coin falls below its least amount.
    """
    require_positive("LP tokens", lp_amount)
    if pool.total_supply == 0:
        raise DivisionByZeroError("withdrawal without LP tokens")
    amounts = tuple(balance * lp_amount // pool.total_supply for balance in pool.balances)
    for k, bound in enumerate(min_amounts):
        if amounts[k] < bound:
            raise SlippageError(f"{pool.coins[k]} withdrawn", amounts[k], bound)
    supply = minus(pool.total_supply, lp_amount, "total supply")
    after = replace(
        pool,
        balances=tuple(old - out for old, out in zip(pool.balances, amounts, strict=True)),
        total_supply=supply,
        oracle=pool.oracle.reduced_d(lp_amount, pool.total_supply, time),
    )
    return amounts, after.admin_fees_withdrawn()[1] if claim_admin_fees else after


def remove_liquidity_imbalance(
    pool: StableSwapNG, amounts: Sequence[int], *, max_burn: int = UINT256_MAX, time: int = 0
) -> tuple[int, StableSwapNG]:
    """Withdraw exactly ``amounts``; return the LP tokens burned and the pool.

    Raises
    ------
    ZeroAmountError, SlippageError
        If no LP tokens would be burned; if more than ``max_burn`` would.
    """
    pool = pool.at(time)
    d0 = pool.values()[1]
    balances = []
    for coin, old, amount in zip(pool.coins, pool.balances, amounts, strict=True):
        require_not_negative(f"{coin} withdrawn", amount)
        balances.append(minus(old, amount, f"balance of {coin}"))
    d1 = invariant_d(scaled(balances, pool.rates), pool.amplification, NG_FORM)
    d2, after = _charge_imbalance(pool, d0, d1, balances, time)
    burned = minus(d0, d2, "change of D") * pool.total_supply // d0 + 1
    if burned <= 1:
        raise ZeroAmountError("LP tokens burned")
    if burned > max_burn:
        raise SlippageError("LP tokens burned", burned, max_burn)
    supply = minus(pool.total_supply, burned, "total supply")
    return burned, replace(after, total_supply=supply)


def _withdraw_one_coin(pool: StableSwapNG, lp_amount: int, i: int) -> tuple[int, int, tuple[int, ...], int]:
    """Return output, fee (raw), the balances without fee in 1e18 units of value, and the new D."""
    if pool.total_supply == 0:
        raise DivisionByZeroError("withdrawal without LP tokens")
    xp, d0 = pool.values()
    if d0 == 0:
        raise DivisionByZeroError("withdrawal from an empty pool")
    n, a = len(xp), pool.amplification
    d1 = minus(d0, lp_amount * d0 // pool.total_supply, "D after withdrawal")
    new_y = balance_y_of_d(i, xp, a, d1, NG_FORM)
    base_fee = _base_fee(pool)
    ys = (d0 + d1) // (2 * n)
    reduced = []
    for j, x in enumerate(xp):
        ideal = x * d1 // d0
        expected = minus(ideal, new_y, "withdrawal") if j == i else x - ideal
        average = (x + new_y) // 2 if j == i else x
        fee = dynamic_fee_down(average, ys, base_fee, pool.offpeg_fee_multiplier)
        reduced.append(minus(x, fee * expected // FEE_SCALE, "balance after fee"))
    out = minus(reduced[i], balance_y_of_d(i, reduced, a, d1, NG_FORM), "withdrawal")
    without_fee = minus(xp[i], new_y, "withdrawal") * WAD // pool.rates[i]
    out = minus(out, 1, "withdrawal") * WAD // pool.rates[i]
    return out, minus(without_fee, out, "fee"), replaced(xp, i, new_y), d1


def calc_withdraw_one_coin(pool: StableSwapNG, lp_amount: int, coin: str) -> int:
    """Return the raw units of ``coin`` for ``lp_amount`` LP tokens."""
    return _withdraw_one_coin(pool, lp_amount, position(pool.coins, coin))[0]


def remove_liquidity_one_coin(
    pool: StableSwapNG, lp_amount: int, coin: str, *, min_amount: int = 0, time: int = 0
) -> tuple[int, StableSwapNG]:
    """Burn ``lp_amount`` for one coin; return its raw units and the pool.

    Raises
    ------
    SlippageError
        If less than ``min_amount`` comes out.
    """
    require_positive("LP tokens", lp_amount)
    pool = pool.at(time)
    i = position(pool.coins, coin)
    out, fee, xp, d1 = _withdraw_one_coin(pool, lp_amount, i)
    if out < min_amount:
        raise SlippageError(f"{coin} withdrawn", out, min_amount)
    admin = fee * ADMIN_FEE // FEE_SCALE
    after = replace(
        pool,
        balances=replaced(pool.balances, i, minus(pool.balances[i], out + admin, f"balance of {coin}")),
        admin_balances=replaced(pool.admin_balances, i, pool.admin_balances[i] + admin),
        total_supply=minus(pool.total_supply, lp_amount, "total supply"),
        oracle=pool.oracle.updated(xp, pool.amplification, d1, time),
    )
    return out, after
