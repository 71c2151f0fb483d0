"""Isolated margin: every position stands on collateral of its own, and no gain pays for another's loss.

A portfolio says what the account holds, not how it is split. So the question is whether it can be split:
each position needs its requirement less its own result, at least nothing, and the excess is the cash that is
left when all of them have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.errors import UnfitPortfolioError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N
from protocol.margin.holdings import MarketHolding, Portfolio
from protocol.margin.judgement import MAINTENANCE, Check, Judgement, Level
from protocol.margin.presets.gmx_v2 import IsolatedPosition, MarketTerms
from protocol.margin.presets.tiered_cross import TieredCross


@dataclass(frozen=True, slots=True)
class IsolatedTiers(Generic[N]):
    """The tiers of a cross account, position by position."""

    cross: TieredCross[N]

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return the cash left when every position has what it needs."""
        needs: dict[str, N] = {}
        for market in portfolio.markets:
            if market.perp is not None:
                required = self.cross.requirement(context, market, check)
                needs[market.underlying] = required - market.perp.unsettled
        return _split(context, portfolio, needs, check)


@dataclass(frozen=True, slots=True)
class GmxTerms(Generic[N]):
    """A market's terms, and the share of size that closing a position costs."""

    terms: MarketTerms[N]
    closing_fee: N


@dataclass(frozen=True, slots=True)
class GmxMarkets(Generic[N]):
    """Markets of GMX v2 by underlying."""

    markets: tuple[tuple[str, GmxTerms[N]], ...]

    def position(self, context: Context[N], market: MarketHolding[N]) -> IsolatedPosition[N]:
        """Return a position that has no collateral yet.

        The impact of closing is zero, as the deployed markets count none at liquidation. Open interest is
        that of the position's side, at least the position itself.
        """
        perp = market.perp
        assert perp is not None
        size = context.mul_down(context.absolute(perp.size), perp.price)
        known = market.totals
        interest = context.zero
        if known is not None:
            interest = context.where(perp.size >= 0, known.long, known.short)
        interest = context.maximum(context.mul_down(interest, perp.price), size)
        fee = context.mul_down(size, self._terms(market).closing_fee)
        # The fee is in dollars here, as if the collateral were dollars.
        return IsolatedPosition(size, perp.unsettled, context.zero, context.unit, context.zero, fee, interest)

    def _terms(self, market: MarketHolding[N]) -> GmxTerms[N]:
        terms = dict(self.markets).get(market.underlying)
        if terms is None:
            raise UnfitPortfolioError("gmx-v2", f"no parameters for {market.underlying}")
        return terms

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return the cash left when every position has what it needs."""
        needs: dict[str, N] = {}
        for market in portfolio.markets:
            if market.perp is not None:
                position, terms = self.position(context, market), self._terms(market).terms
                need = -position.judge(context, terms, MAINTENANCE).excess
                if check.level is Level.INITIAL:  # a position that opens may not be liquidatable either
                    need = context.maximum(need, -position.judge(context, terms, check).excess)
                needs[market.underlying] = need
        return _split(context, portfolio, needs, check)


def _split(context: Context[N], portfolio: Portfolio[N], needs: dict[str, N], check: Check) -> Judgement[N]:
    excess = equity = portfolio.cash
    charges: dict[str, N] = {}
    for name, need in needs.items():
        charges[name] = context.maximum(need, context.zero)
        excess = excess - charges[name]
    for market in portfolio.markets:
        if market.perp is not None:
            equity = equity + market.perp.unsettled
    charges["results that do not count"] = equity - excess
    for name in needs:
        charges["results that do not count"] = charges["results that do not count"] - charges[name]
    return Judgement(check, excess, equity, charges=charges)


_BASE: MarketTerms[int] = MarketTerms(
    least_collateral=WAD,
    factor=WAD * 5 // 1000,
    liquidation_factor=WAD * 5 // 1000,
    open_interest_factor=WAD * 6 // 10**11,
    greatest_liquidation_impact=0,
    impact_exponent=2 * WAD,
    positive_impact=WAD * 6 // 10**11,
    negative_impact=WAD * 12 // 10**11,
)
_MARKET: GmxTerms[int] = GmxTerms(_BASE, WAD * 7 // 10**4)
GMX: GmxMarkets[int] = GmxMarkets((("BTC", _MARKET), ("ETH", _MARKET)))
"""gmx-io/gmx-synthetics 00172c00 ``config/markets.ts`` (Arbitrum, BTC and WETH against USDC).

0.5 % of size, more with open interest, one dollar at least, no price impact at liquidation, 0.07 % to close.
"""
