"""A portfolio as an account of Mango v4: weighted tokens, and perpetuals whose result joins the dollar.

Parameters: blockworks-foundation/mango-v4 131e8b7c ``ts/client/scripts/archive/mb-admin.ts``: the tokens and
the BTC perpetual as registered. Governance changed them since.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.errors import UnfitPortfolioError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N
from protocol.margin.accounts.assets import CASH, assets
from protocol.margin.holdings import MarketHolding, Portfolio
from protocol.margin.judgement import Check, Judgement, Level, Prices
from protocol.margin.presets.mango_v4 import MangoAccount, PerpHolding, TokenTerms


@dataclass(frozen=True, slots=True)
class TokenWeights(Generic[N]):
    """Weights of a token, and values from which the initial ones worsen (zero: never)."""

    initial_asset: N
    initial_liability: N
    maintenance_asset: N
    maintenance_liability: N
    deposit_start: N
    borrow_start: N


@dataclass(frozen=True, slots=True)
class PerpWeights(Generic[N]):
    """Weights of a perpetual's base, and of a positive result at either level."""

    initial_asset: N
    initial_liability: N
    maintenance_asset: N
    maintenance_liability: N
    initial_profit: N
    maintenance_profit: N


@dataclass(frozen=True, slots=True)
class MangoGroup(Generic[N]):
    """Tokens by asset (the portfolio's cash is ``cash``) and perpetuals by underlying."""

    tokens: tuple[tuple[str, TokenWeights[N]], ...]
    perps: tuple[tuple[str, PerpWeights[N]], ...]

    def account(self, context: Context[N], portfolio: Portfolio[N], level: Level) -> MangoAccount[N]:
        """Return the account; prices are those of the view in which the portfolio was built."""
        weights = dict(self.tokens)
        totals = {m.underlying: m.totals for m in portfolio.markets}
        tokens = []
        for row in assets(portfolio):
            if row.name not in weights:
                continue
            terms, known = weights[row.name], totals.get(row.name)
            bank = TokenTerms(
                Prices.single(context, row.price),
                terms.initial_asset,
                terms.initial_liability,
                terms.maintenance_asset,
                terms.maintenance_liability,
                context.zero if known is None else known.deposits,
                context.zero if known is None else known.borrows,
                terms.deposit_start,
                terms.borrow_start,
            )
            tokens.append((row.name, row.amount, bank))
        perps = (self._perp(context, m, level) for m in portfolio.markets if m.perp is not None)
        return MangoAccount(tuple(tokens), (), tuple(perps))

    def _perp(self, context: Context[N], market: MarketHolding[N], level: Level) -> PerpHolding[N]:
        perp = market.perp
        assert perp is not None
        terms = dict(self.perps).get(market.underlying)
        if terms is None:
            raise UnfitPortfolioError("mango-v4", f"no parameters for {market.underlying}")
        return PerpHolding(
            CASH,
            Prices.single(context, perp.price),
            perp.size,
            perp.unsettled - context.mul_to_zero(perp.size, perp.price),
            context.zero,
            context.zero,
            terms.initial_asset,
            terms.initial_liability,
            terms.maintenance_asset,
            terms.maintenance_liability,
            terms.maintenance_profit if level is Level.MAINTENANCE else terms.initial_profit,
        )

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return the health and what weights take from the equity."""
        account = self.account(context, portfolio, check.level)
        health = account.judge(context, check).excess
        equity = context.zero
        for row in assets(portfolio):
            if row.name in dict(self.tokens):
                equity = equity + row.value(context)
        for market in portfolio.markets:
            if market.perp is not None:
                equity = equity + market.perp.unsettled
        return Judgement(check, health, equity, charges={"weights": equity - health})


def _token(weights: tuple[int, int, int, int]) -> TokenWeights[int]:
    initial_asset, initial_liability, asset, liability = (weight * WAD // 100 for weight in weights)
    return TokenWeights(initial_asset, initial_liability, asset, liability, 0, 0)


_LARGE = _token((80, 120, 90, 110))
_STABLE = _token((90, 110, 95, 105))
MANGO: MangoGroup[int] = MangoGroup(
    (
        (CASH, _token((100, 100, 100, 100))),
        ("USDT", _STABLE),
        ("DAI", _STABLE),
        ("ETH", _LARGE),
        ("SOL", _LARGE),
        ("MSOL", _LARGE),
    ),
    (
        (
            "BTC",
            PerpWeights(
                WAD * 95 // 100,
                WAD * 105 // 100,
                WAD * 975 // 1000,
                WAD * 1025 // 1000,
                WAD * 90 // 100,
                WAD * 95 // 100,
            ),
        ),
    ),
)
