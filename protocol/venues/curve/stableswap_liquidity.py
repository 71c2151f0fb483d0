"""Deposits and withdrawals of the first stableswap generation, and the y pool's deposit zap quote.

Sources of the rules: ``StableSwapY.vy``, ``StableSwap3Pool.vy``, ``SwapTemplateBase.vy`` and, for the
zap, ``DepositY.vy``. Every function takes a pool and returns what moved and the pool afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protocol.errors import (
    DivisionByZeroError,
    InvariantError,
    SlippageError,
    UninitialisedPoolError,
    ZeroAmountError,
)
from protocol.fixed_point import UINT256_MAX, WAD
from protocol.venues.checks import require_not_negative
from protocol.venues.curve.common import FEE_SCALE, minus, position, replaced, scaled
from protocol.venues.curve.invariant import balance_y_of_d, invariant_d
from protocol.venues.curve.stableswap import StableSwapPool

ZAP_FEE_IMPRECISION = 25 * 10**8
"""The zap charges a quarter more than the pool's imbalance fee (``FEE_IMPRECISION``)."""


def _imbalance_fee(pool: StableSwapPool) -> int:
    n = len(pool.coins)
    return pool.fee * n // (4 * (n - 1))


def _d_of(pool: StableSwapPool, balances: Sequence[int]) -> int:
    return invariant_d(scaled(balances, pool.rates), pool.amplification, pool.form)


def _charge_imbalance(
    pool: StableSwapPool, d0: int, d1: int, balances: Sequence[int]
) -> tuple[tuple[int, ...], int]:
    """Return the balances kept by the pool and the D that counts for LP tokens, after fees."""
    fee = _imbalance_fee(pool)
    kept, counted = [], []
    for old, new in zip(pool.balances, balances, strict=True):
        charge = fee * abs(d1 * old // d0 - new) // FEE_SCALE
        kept.append(new - charge * pool.admin_fee // FEE_SCALE)
        counted.append(minus(new, charge, "balance after fee"))
    return tuple(kept), _d_of(pool, counted)


def calc_token_amount(pool: StableSwapPool, amounts: Sequence[int], *, deposit: bool) -> int:
    """Return the LP tokens for a deposit or withdrawal, slippage counted and fees not.

    Raises
    ------
    DivisionByZeroError
        For an empty pool.
    """
    d0 = pool.values()[1]
    sign = 1 if deposit else -1
    balances = [
        minus(old, -sign * amount, "balance") for old, amount in zip(pool.balances, amounts, strict=True)
    ]
    d1 = _d_of(pool, balances)
    if d0 == 0:
        raise DivisionByZeroError("LP tokens of an empty pool")
    return minus(sign * d1, sign * d0, "change of D") * pool.total_supply // d0


def add_liquidity(
    pool: StableSwapPool, amounts: Sequence[int], *, min_mint: int = 0, time: int = 0
) -> tuple[int, StableSwapPool]:
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
    # Only the template asks for D of a pool that has balances but no LP tokens.
    d0 = pool.values()[1] if supply > 0 or pool.generation == "template" else 0
    balances = tuple(old + amount for old, amount in zip(pool.balances, amounts, strict=True))
    d1 = _d_of(pool, balances)
    if d1 <= d0:
        raise InvariantError("D, which a deposit must raise,", d0, d1)
    if supply == 0:
        minted, kept = d1, balances
    else:
        kept, d2 = _charge_imbalance(pool, d0, d1, balances)
        minted = supply * minus(d2, d0, "D after fees") // d0
    if minted < min_mint:
        raise SlippageError("LP tokens minted", minted, min_mint)
    return minted, replace(pool, balances=kept, total_supply=supply + minted)


def remove_liquidity(
    pool: StableSwapPool, lp_amount: int, *, min_amounts: Sequence[int] = ()
) -> tuple[tuple[int, ...], StableSwapPool]:
    """Burn ``lp_amount`` for a share of every balance, without fee; return the amounts and the pool.

    Raises
    ------
    DivisionByZeroError, SlippageError
        Without LP tokens; if a coin falls below its least amount.
    """
    require_not_negative("LP tokens", lp_amount)
    if pool.total_supply == 0:
        raise DivisionByZeroError("withdrawal without LP tokens")
    amounts = tuple(balance * lp_amount // pool.total_supply for balance in pool.balances)
    for k, bound in enumerate(min_amounts):
        if amounts[k] < bound:
            raise SlippageError(f"{pool.coins[k]} withdrawn", amounts[k], bound)
    supply = minus(pool.total_supply, lp_amount, "total supply")
    after = tuple(old - out for old, out in zip(pool.balances, amounts, strict=True))
    return amounts, replace(pool, balances=after, total_supply=supply)


def remove_liquidity_imbalance(
    pool: StableSwapPool, amounts: Sequence[int], *, max_burn: int = UINT256_MAX, time: int = 0
) -> tuple[int, StableSwapPool]:
    """Withdraw exactly ``amounts``; return the LP tokens burned and the pool.

    Raises
    ------
    UninitialisedPoolError, ZeroAmountError, SlippageError
        Without LP tokens; if none would be burned; if more than ``max_burn`` would.
    """
    pool = pool.at(time)
    if pool.total_supply == 0:
        raise UninitialisedPoolError("the pool has no LP tokens")
    d0 = pool.values()[1]
    balances = []
    for coin, old, amount in zip(pool.coins, pool.balances, amounts, strict=True):
        require_not_negative(f"{coin} withdrawn", amount)
        balances.append(minus(old, amount, f"balance of {coin}"))
    d1 = _d_of(pool, balances)
    kept, d2 = _charge_imbalance(pool, d0, d1, balances)
    burned = minus(d0, d2, "change of D") * pool.total_supply // d0
    if burned == 0:
        raise ZeroAmountError("LP tokens burned")
    if pool.generation != "y":
        burned += 1
    if burned > max_burn:
        raise SlippageError("LP tokens burned", burned, max_burn)
    supply = minus(pool.total_supply, burned, "total supply")
    return burned, replace(pool, balances=kept, total_supply=supply)


def calc_withdraw_one_coin(pool: StableSwapPool, lp_amount: int, coin: str) -> tuple[int, int]:
    """Return the raw units of ``coin`` for ``lp_amount`` LP tokens and the fee within (3pool, template).

    Raises
    ------
    DivisionByZeroError
        Without LP tokens, or from an empty pool.
    """
    i = position(pool.coins, coin)
    if pool.total_supply == 0:
        raise DivisionByZeroError("withdrawal without LP tokens")
    require_not_negative("LP tokens", lp_amount)
    xp, d0 = pool.values()
    if d0 == 0:
        raise DivisionByZeroError("withdrawal from an empty pool")
    d1 = minus(d0, lp_amount * d0 // pool.total_supply, "D after withdrawal")
    new_y = balance_y_of_d(i, xp, pool.amplification, d1, pool.form)
    fee = _imbalance_fee(pool)
    reduced = []
    for j, x in enumerate(xp):
        ideal = x * d1 // d0
        expected = minus(ideal, new_y, "withdrawal") if j == i else x - ideal
        reduced.append(x - fee * expected // FEE_SCALE)
    new_reduced = balance_y_of_d(i, reduced, pool.amplification, d1, pool.form)
    out = minus(reduced[i], new_reduced + 1, "withdrawal") // pool.precisions[i]
    without_fee = minus(xp[i], new_y, "withdrawal") // pool.precisions[i]
    return out, minus(without_fee, out, "fee")


def remove_liquidity_one_coin(
    pool: StableSwapPool, lp_amount: int, coin: str, *, min_amount: int = 0, time: int = 0
) -> tuple[int, StableSwapPool]:
    """Burn ``lp_amount`` for one coin; return its raw units and the pool (3pool and template).

    Raises
    ------
    UninitialisedPoolError, SlippageError
        For the y pool, which has no such withdrawal; if less than ``min_amount`` comes out.
    """
    pool = pool.at(time)
    if pool.generation == "y":
        raise UninitialisedPoolError("the y pool has no withdrawal in one coin; use zap_remove_one_coin")
    out, fee = calc_withdraw_one_coin(pool, lp_amount, coin)
    if out < min_amount:
        raise SlippageError(f"{coin} withdrawn", out, min_amount)
    i = position(pool.coins, coin)
    left = minus(pool.balances[i], out + fee * pool.admin_fee // FEE_SCALE, f"balance of {coin}")
    supply = minus(pool.total_supply, lp_amount, "total supply")
    return out, replace(pool, balances=replaced(pool.balances, i, left), total_supply=supply)


def zap_withdraw_one_coin(pool: StableSwapPool, lp_amount: int, coin: str) -> int:
    """Return the deposit zap's quote in underlying units of ``coin`` (``DepositY.calc_withdraw_one_coin``).

    This is what Harvest's strategy read as its value. The zap does not ask the pool: it charges its own
    fee, a quarter above the pool's imbalance fee, on its own estimate of the imbalance, in which the
    withdrawn coin gives up the whole withdrawal at par.

    Parameters
    ----------
    lp_amount
        LP tokens of the pool, 18 decimals.
    coin
        The pool's coin (the share token, not the underlying).

    Raises
    ------
    DivisionByZeroError
        Without LP tokens, or from an empty pool.
    """
    i = position(pool.coins, coin)
    if pool.total_supply == 0:
        raise DivisionByZeroError("withdrawal without LP tokens")
    fee = _imbalance_fee(pool)
    fee += fee * ZAP_FEE_IMPRECISION // FEE_SCALE
    xp, d0 = pool.values()
    if d0 == 0:
        raise DivisionByZeroError("withdrawal from an empty pool")
    total = sum(xp)
    d1 = minus(d0, lp_amount * d0 // pool.total_supply, "D after withdrawal")
    reduced = []
    for j, x in enumerate(xp):
        expected = minus(x, total * (d0 - d1) // d0, "withdrawal") if j == i else x
        reduced.append(minus(x, fee * abs(x * d1 // d0 - expected) // FEE_SCALE, "balance after fee"))
    y = balance_y_of_d(i, reduced, pool.amplification, d1, pool.form)
    return minus(reduced[i], y, "withdrawal") // pool.precisions[i]


def zap_remove_one_coin(
    pool: StableSwapPool, lp_amount: int, coin: str, *, min_amount: int = 0
) -> tuple[int, int, StableSwapPool]:
    """Withdraw one underlying coin through the zap.

    Returns
    -------
    tuple
        Units of the share token received by the zap (it redeems them for the caller), LP tokens burned
        (at most ``lp_amount``; the rest goes back), and the pool.

    Raises
    ------
    SlippageError
        If less than ``min_amount`` comes out.
    """
    i = position(pool.coins, coin)
    quoted = zap_withdraw_one_coin(pool, lp_amount, coin)
    if quoted < min_amount:
        raise SlippageError(f"{coin} withdrawn", quoted, min_amount)
    shares = quoted * WAD // (pool.rates[i] // pool.precisions[i])
    amounts = tuple(shares if k == i else 0 for k in range(len(pool.coins)))
    burned, after = remove_liquidity_imbalance(pool, amounts, max_burn=lp_amount)
    return shares, burned, after
