"""Liquidating a Synthetix Perps V3 account: one flag seizes everything, positions close window by window.

Source of the rule: Synthetixio/synthetix-v3 23585f73 ``LiquidationModule.sol``, ``PerpsAccount.sol``,
``PerpsMarket.sol``. Exact plane only. The flag's reward is paid once; each later call that closes something
pays its gas and profit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocol.errors import NotLiquidatableError
from protocol.fixed_point.context import EXACT
from protocol.margin.presets.synthetix_perps import PerpAccount, PerpMarket, liquidatable


@dataclass(frozen=True, slots=True)
class LiquidationState:
    """An account under liquidation.

    Parameters
    ----------
    account
        With its markets; sizes, skew and funding change.
    flagged
        Whether it is flagged.
    liquidated
        By market: (second, amount) of what was liquidated there.
    """

    account: PerpAccount[int]
    flagged: bool = False
    liquidated: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = ()


def liquidate(state: LiquidationState, time: int, elapsed: int) -> tuple[int, LiquidationState]:
    """Liquidate at second ``time``, ``elapsed`` after the last call; return the reward and the new state.

    Raises
    ------
    NotLiquidatableError
        If the account is neither flagged nor below maintenance margin. Funding is not stored then.
    """
    account = _later(state.account, elapsed)
    cost = account.keeper.liquidate_cost
    rewards = seized = 0
    first = not state.flagged
    if first:
        if not liquidatable(account):
            raise NotLiquidatableError("margin covers maintenance and reward")
        figures = account.figures(EXACT)
        seized = figures.collateral
        cost += account.flag_cost(EXACT)
        for position in account.positions:
            market = account.market(position.market)
            notional = EXACT.mul_down(abs(position.size), market.price)
            rewards += EXACT.mul_down(notional, market.parameters.flag_reward)
        rewards = max(rewards, EXACT.mul_down(seized, account.keeper.collateral_share))
        account = replace(account, collaterals=(), debt=0)
    history = dict(state.liquidated)
    total = 0
    for position in account.positions:
        account, amount = _close_part(account, position.market, history, time)
        total += amount
    reward = 0
    if (first or total > 0) and rewards + cost > 0:
        reward = account.keeper.reward(EXACT, rewards, cost, seized)
    flagged = bool(account.positions)
    return reward, LiquidationState(account, flagged, tuple(history.items()))


def _later(account: PerpAccount[int], elapsed: int) -> PerpAccount[int]:
    markets = tuple((name, replace(m, seconds=m.seconds + elapsed)) for name, m in account.markets)
    return replace(account, markets=markets)


def _close_part(
    account: PerpAccount[int], name: str, history: dict[str, tuple[tuple[int, int], ...]], time: int
) -> tuple[PerpAccount[int], int]:
    position = next(p for p in account.positions if p.market == name)
    market = account.market(name)
    market = replace(
        market,
        funding_rate=market.funding.current_rate(EXACT),
        funding_value=market.funding.current_value(EXACT, market.price),
        seconds=0,
    )
    amount = _allowed(market, history.get(name, ()), abs(position.size), time)
    positions = account.positions
    if amount:
        if market.parameters.window_amount(EXACT):
            history[name] = (*history.get(name, ()), (time, amount))
        closed = amount if position.size > 0 else -amount
        market = replace(market, skew=market.skew - closed, size=market.size - amount)
        left = replace(
            position,
            size=position.size - closed,
            entry_price=market.price,
            entry_funding=market.funding_value,
            entry_interest=account.interest,
        )
        positions = tuple(left if p is position else p for p in positions if p is not position or left.size)
    markets = tuple((key, market if key == name else other) for key, other in account.markets)
    return replace(account, markets=markets, positions=positions), amount


def _allowed(market: PerpMarket[int], history: tuple[tuple[int, int], ...], wanted: int, time: int) -> int:
    parameters = market.parameters
    window = parameters.window_amount(EXACT)
    if window == 0:
        return wanted
    start = time - parameters.window_seconds
    used = sum(amount for second, amount in history if second > start)
    capacity = max(window - used, 0) if history else window
    if capacity:
        return min(capacity, wanted)
    latest = history[-1][0] if history else 0
    if parameters.greatest_discount and latest != time:
        discount = EXACT.div_down(abs(market.skew), parameters.skew_scale)
        if discount < parameters.greatest_discount:
            return min(window, wanted)
    return 0
