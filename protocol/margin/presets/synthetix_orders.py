"""Orders of Synthetix Perps V3: fill price with skew impact, fees, and the check before an order settles.

Source of the rule: Synthetixio/synthetix-v3 23585f73 ``markets/perps-market/contracts/storage``
(``AsyncOrder.sol``, ``PerpsMarket.sol``). An order that only reduces a position asks for its fees only.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.errors import AccountLiquidatableError, BorrowRefusedError, OpenInterestError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT, Context, N
from protocol.margin.presets.synthetix_perps import PerpAccount, PerpMarket, liquidatable


def fill_price(context: Context[N], skew: N, skew_scale: N, size: N, price: N) -> N:
    """Return the mean of the impact prices before and after the order."""
    before = price + context.mul_to_zero(price, context.div_or(skew, skew_scale, context.zero))
    after = price + context.mul_to_zero(price, context.div_or(skew + size, skew_scale, context.zero))
    mean = context.div_down(context.maximum(before + after, context.zero), context.of(2 * WAD))
    return context.where(skew_scale == 0, price, mean)


def order_fee(size: int, fill: int, skew: int, maker_fee: int, taker_fee: int) -> int:
    """Return the fee: taker for what moves the skew away from zero, maker for what moves it there."""
    notional = EXACT.mul_to_zero(size, fill)
    if same_side(skew + size, skew):
        rate = taker_fee if same_side(notional, skew) else maker_fee
        return abs(EXACT.mul_to_zero(notional, rate))
    maker = EXACT.mul_down(EXACT.mul_down(abs(skew), fill), maker_fee)
    return maker + EXACT.mul_down(EXACT.mul_down(abs(skew + size), fill), taker_fee)


def same_side(a: int, b: int) -> bool:
    """Return whether both have one sign; zero is on either side."""
    return a == 0 or b == 0 or (a > 0) == (b > 0)


@dataclass(frozen=True, slots=True)
class FilledOrder:
    """An order that passes the check: the position as it is stored, and the fees."""

    size: int
    fees: int
    price: int
    funding: int


def check_order(account: PerpAccount[int], name: str, size: int, price: int) -> FilledOrder:
    """Return what an order of signed ``size`` at oracle ``price`` would store.

    Raises
    ------
    AccountLiquidatableError
        If the account may be flagged already.
    BorrowRefusedError
        If margin does not cover the fees or the requirement afterwards.
    OpenInterestError
        If the side would grow beyond the market's limits.
    """
    market = account.market(name)
    parameters = market.parameters
    if liquidatable(account):
        raise AccountLiquidatableError(name)
    fill = fill_price(EXACT, market.skew, parameters.skew_scale, size, price)
    fees = order_fee(size, fill, market.skew, parameters.maker_fee, parameters.taker_fee)
    fees = fees + account.keeper.settlement_cost + parameters.settlement_reward
    old = next((p.size for p in account.positions if p.market == name), 0)
    new = old + size
    figures = account.figures(EXACT)
    available = figures.available + min(EXACT.mul_to_zero(size, price - fill), 0)
    if available < fees:
        raise BorrowRefusedError(name, fees, available, "USD at 18 decimals")
    reducing = (old != 0 and new != 0 and (old > 0) == (new > 0) and abs(new) <= abs(old)) or new == 0
    needed = fees
    if not reducing:
        _check_open_interest(market, name, old, new, price)
        # The requirement is taken at the index price, the flag's reward at the fill price.
        after, _ = parameters.requirements(EXACT, new, market.price)
        before, _ = parameters.requirements(EXACT, old, market.price)
        reward = account.reward(EXACT, figures.collateral, name, new, fill)
        needed = needed + figures.initial + after - before + reward
    if available < needed:
        raise BorrowRefusedError(name, needed, available, "USD at 18 decimals")
    funding = market.funding.current_value(EXACT, price)
    return FilledOrder(new, fees, fill, funding)


def _check_open_interest(market: PerpMarket[int], name: str, old: int, new: int, price: int) -> None:
    skew = market.skew - old + new
    size = market.size - abs(old) + abs(new)
    twice = size + skew if new > 0 else size - skew
    side = twice // 2 if twice >= 0 else -(-twice // 2)
    limit = market.parameters.greatest_size
    if limit < abs(side):
        raise OpenInterestError(name, "size", limit, side)
    value = market.parameters.greatest_value
    if value > 0 and value < EXACT.mul_down(abs(side), price):
        raise OpenInterestError(name, "value", value, side)
