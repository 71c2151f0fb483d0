"""Aave V3's liquidation call: close factor, bonus, dust rule, protocol fee, deficit. Exact plane only.

Source of the rule: aave-dao/aave-v3-origin fd1fbd91 (pool revision 11) ``LiquidationLogic.sol``. The greatest
part that may be liquidated jumps at a health factor of 0.95 and at positions of 2,000 in the base currency.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocol.errors import DustError, NotLiquidatableError, WrongLiquidationError
from protocol.fixed_point import RAY, WAD, div_up
from protocol.fixed_point.context import EXACT
from protocol.margin.presets.aave_v3 import BASE, PERCENT, AaveAccount, ReserveHolding

CLOSE_FACTOR = 5000
CLOSE_FACTOR_HEALTH = 95 * WAD // 100
LEAST_FULL_CLOSE = 2_000 * BASE
LEAST_LEFT = 1_000 * BASE


@dataclass(frozen=True, slots=True)
class AaveLiquidation:
    """What a liquidation call did.

    Parameters
    ----------
    account
        The account afterwards.
    paid
        Debt tokens that the liquidator paid.
    seized
        Collateral tokens that he received, or None if he took supply shares.
    liquidator_shares, treasury_shares
        Scaled supply balances that moved to the liquidator and to the treasury.
    deficit
        Debt written off, in tokens by reserve.
    """

    account: AaveAccount[int]
    paid: int
    seized: int | None
    liquidator_shares: int
    treasury_shares: int
    deficit: tuple[int, ...]


def liquidate(
    account: AaveAccount[int], collateral: int, debt: int, amount: int, *, receive_shares: bool
) -> AaveLiquidation:
    """Liquidate up to ``amount`` of reserve number ``debt`` against reserve number ``collateral``.

    Raises
    ------
    NotLiquidatableError
        If the health factor is not below one.
    WrongLiquidationError
        If the account does not use the one as collateral or does not owe the other.
    DustError
        If less than 1,000 in the base currency would be left on a side that is not emptied.
    """
    data = account.data(EXACT)
    held, owing = account.reserves[collateral], account.reserves[debt]
    balance, owed = held.balance(EXACT), owing.owed(EXACT)
    if data.health >= WAD:
        raise NotLiquidatableError("health factor is not below one", health=data.health)
    if not (held.collateral and held.threshold > 0):
        raise WrongLiquidationError("collateral", str(collateral))
    if owed == 0:
        raise WrongLiquidationError("debt", str(debt))
    limit = _most_debt(data.health, data.debt, held, owing)
    bonus = account.bonus(collateral)
    paid = min(amount, limit)
    seized = owing.price * paid * held.unit // (held.price * owing.unit) * bonus // PERCENT
    if seized > balance:
        seized = balance
        needed = held.price * seized * owing.unit // (owing.price * held.unit)
        paid = div_up(needed * PERCENT, bonus)
    seized_value = seized * held.price // held.unit
    fee = 0
    if held.protocol_fee:
        fee = div_up((seized - seized * PERCENT // bonus) * held.protocol_fee, PERCENT)
    _refuse_dust(owing, owed - paid, held, balance - seized)
    emptied = data.collateral == seized_value
    reserves = list(account.reserves)
    deficit = [0] * len(reserves)
    deficit[debt] = owed - paid if emptied else 0
    reserves[debt] = _burn_debt(owing, owed if emptied else paid)
    held = reserves[collateral]
    if seized == balance:
        held = replace(held, collateral=False)
    taken = div_up((seized - fee) * RAY, held.supply_index)
    treasury = min(div_up(fee * RAY, held.supply_index), held.supplied - taken) if fee else 0
    reserves[collateral] = replace(held, supplied=held.supplied - taken - treasury)
    if emptied:
        for index, reserve in enumerate(reserves):
            if reserve.debt:
                left = reserve.owed(EXACT)
                deficit[index] += left
                reserves[index] = _burn_debt(reserve, left)
    return AaveLiquidation(
        replace(account, reserves=tuple(reserves)),
        paid,
        None if receive_shares else seized - fee,
        taken if receive_shares else 0,
        treasury,
        tuple(deficit),
    )


def _most_debt(health: int, total_debt: int, held: ReserveHolding[int], owing: ReserveHolding[int]) -> int:
    """Return the most debt tokens that one call may repay."""
    owed = owing.owed(EXACT)
    value = owing.value_up(EXACT, owed)
    collateral = held.value_down(EXACT, held.balance(EXACT))
    if min(collateral, value) >= LEAST_FULL_CLOSE and health > CLOSE_FACTOR_HEALTH:
        half = (total_debt * CLOSE_FACTOR + PERCENT // 2) // PERCENT
        if value > half:
            return half * owing.unit // owing.price
    return owed


def _refuse_dust(owing: ReserveHolding[int], owed: int, held: ReserveHolding[int], balance: int) -> None:
    debt, collateral = owing.value_up(EXACT, owed), held.value_down(EXACT, balance)
    if owed > 0 and balance > 0 and min(debt, collateral) < LEAST_LEFT:
        raise DustError(debt, collateral, LEAST_LEFT)


def _burn_debt(reserve: ReserveHolding[int], amount: int) -> ReserveHolding[int]:
    left = reserve.borrowed - amount * RAY // reserve.borrow_index
    return replace(reserve, borrowed=left, debt=left > 0)
