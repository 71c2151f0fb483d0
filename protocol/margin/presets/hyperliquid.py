"""Hyperliquid: leverage tiers in cross and isolated accounts, and portfolio margin's ratio.

Source: Hyperliquid documentation (margining, margin tiers, liquidations, portfolio margin; as read in 2025
and 2026). The maintenance rate is half of the initial rate at the tier's greatest leverage. Portfolio margin
nets nothing by scenario: spot and perpetuals share a pool, and the perpetual still pays its own margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT, Context, N
from protocol.margin.holdings import Portfolio
from protocol.margin.judgement import Check, Judgement
from protocol.margin.presets.tiered_cross import TieredCross, leverage_tiers

BACKSTOP_SHARE = 2 * WAD // 3
"""Below this share of maintenance margin the vault takes over everything."""
PARTIAL_FROM = 100_000 * WAD
"""Positions above this are first reduced by a fifth."""

HYPERLIQUID: TieredCross[int] = TieredCross(
    (
        ("BTC", leverage_tiers(EXACT, ((0, 40), (150_000_000, 20)))),
        ("ETH", leverage_tiers(EXACT, ((0, 25), (100_000_000, 15)))),
    )
)
"""Tiers of BTC and ETH."""


def liquidation_price(context: Context[N], price: N, size: N, available: N, leverage: N) -> N:
    """Return the price at which a position is liquidated.

    Parameters
    ----------
    context
        The number context.
    price
        Entry price (isolated) or mark (cross).
    size
        Signed size.
    available
        Equity minus maintenance margin (isolated margin minus it), in quote.
    leverage
        Maintenance leverage: one over the maintenance rate.
    """
    side = context.where(size >= 0, context.unit, -context.unit)
    rate = context.div_to_zero(context.unit, leverage)
    distance = context.div_to_zero(available, context.absolute(size))
    moved = context.div_to_zero(distance, context.unit - context.mul_to_zero(rate, side))
    return price - context.mul_to_zero(side, moved)


def adl_rank(context: Context[N], mark: N, entry: N, notional: N, account_value: N, size: N) -> N:
    """Return the rank in auto-deleveraging, the highest first: profit ratio times leverage."""
    ratio = context.where(size >= 0, context.div_to_zero(mark, entry), context.div_to_zero(entry, mark))
    return context.mul_to_zero(ratio, context.div_to_zero(notional, account_value))


def median_price(context: Context[N], first: N, second: N, third: N) -> N:
    """Return the median of three prices: spot, perpetual mark and perpetual oracle, all in dollars."""
    low, high = context.minimum(first, second), context.maximum(first, second)
    return context.maximum(low, context.minimum(high, third))


@dataclass(frozen=True, slots=True)
class BorrowableToken(Generic[N]):
    """A token of a portfolio margin account, with its caps and loan-to-value."""

    balance: N
    price: N
    loan_to_value: N
    borrow_cap: N
    supply_cap: N


LEAST_REQUIREMENT = 20 * WAD
LIQUIDATION_RATIO = 95 * WAD // 100


def portfolio_ratio(
    context: Context[N], cash: BorrowableToken[N], collateral: BorrowableToken[N], maintenance: N
) -> N:
    """Return the portfolio margin ratio of the dollar; the account is liquidatable above 0.95.

    The requirement is 20 dollars, the perpetuals' maintenance margin and what is borrowed; the liquidation
    value is the balance and the collateral at (0.5 + 0.5 * loan-to-value), within the caps.
    """
    borrowed = context.maximum(-cash.balance, context.zero)
    needed = context.of(LEAST_REQUIREMENT) + maintenance + context.mul_down(borrowed, cash.price)
    weight = context.quotient_down(context.unit + collateral.loan_to_value, context.count(2))
    counted = context.minimum(context.maximum(collateral.balance, context.zero), collateral.supply_cap)
    value = context.mul_down(context.mul_down(counted, collateral.price), weight)
    held = context.maximum(cash.balance, context.zero) + context.minimum(cash.borrow_cap, value)
    return context.div_or(needed, held, context.of(10**6 * WAD))


@dataclass(frozen=True, slots=True)
class HyperliquidPortfolio(Generic[N]):
    """Portfolio margin on a portfolio: dollars, coins that may be borrowed against, perpetuals.

    Documented is the ratio at which an account is liquidated. Assumed: to open, the perpetuals' initial
    margin stands in place of their maintenance margin.

    Parameters
    ----------
    perpetuals
        Tiers.
    coins
        By asset: loan-to-value, and most units that count.
    borrow_cap
        Dollars that one user may borrow.
    ratio
        Requirement over liquidation value at which it ends.
    """

    perpetuals: TieredCross[N]
    coins: tuple[tuple[str, N, N], ...]
    borrow_cap: N
    ratio: N

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return the share of the liquidation value that may be used, less the requirement."""
        terms = {name: (loan, cap) for name, loan, cap in self.coins}
        balance, collateral, margin = portfolio.cash, context.zero, context.zero
        equity = portfolio.cash
        for market in portfolio.markets:
            if market.perp is not None:
                balance = balance + market.perp.unsettled
                equity = equity + market.perp.unsettled
                margin = margin + self.perpetuals.requirement(context, market, check)
            if market.underlying in terms:
                loan, cap = terms[market.underlying]
                weight = context.quotient_down(context.unit + loan, context.count(2))
                counted = context.minimum(context.maximum(market.base, context.zero), cap)
                value = context.mul_down(counted, market.spot)
                collateral = collateral + context.mul_down(value, weight)
                equity = equity + context.mul_to_zero(market.base, market.spot)
        borrowed = context.maximum(-balance, context.zero)
        needed = context.of(LEAST_REQUIREMENT) + margin + borrowed
        held = context.maximum(balance, context.zero) + context.minimum(self.borrow_cap, collateral)
        charges = {
            "perpetuals": margin,
            "borrowed": borrowed,
            "least requirement": context.of(LEAST_REQUIREMENT),
        }
        return Judgement(check, context.mul_down(held, self.ratio) - needed, equity, charges=charges)


HYPERLIQUID_PORTFOLIO: HyperliquidPortfolio[int] = HyperliquidPortfolio(
    HYPERLIQUID, (("BTC", WAD // 2, 20 * WAD),), 10**6 * WAD, LIQUIDATION_RATIO
)
"""Alpha: loan-to-value 0.5 and 20 BTC a user, a million dollars of borrowing a user."""
