"""A portfolio as a sub-account of dYdX v4: one quote balance and perpetuals.

Parameters: dydxprotocol/v4-chain 84d4664b, genesis: BTC and ETH are of the large tier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.errors import UnfitPortfolioError
from protocol.fixed_point.context import Context, N
from protocol.fixed_point.scales import from_scale, to_scale_down
from protocol.margin.holdings import MarketHolding, Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.presets.dydx_v4 import LARGE, QUOTE_DECIMALS, Position, SubAccount, Tier


@dataclass(frozen=True, slots=True)
class DydxMarket(Generic[N]):
    """A market's tier, and the powers of ten of its base quantums and of its price."""

    DECIMALS: ClassVar = {"atomic_resolution": None, "exponent": None}

    tier: Tier[N]
    atomic_resolution: int
    exponent: int


@dataclass(frozen=True, slots=True)
class DydxChain(Generic[N]):
    """Markets by underlying."""

    markets: tuple[tuple[str, DydxMarket[N]], ...]

    def account(self, context: Context[N], portfolio: Portfolio[N]) -> SubAccount[N]:
        """Return the sub-account whose net collateral is the portfolio's cash and unsettled results."""
        held = [market for market in portfolio.markets if market.perp is not None]
        positions = tuple(self._position(context, market) for market in held)
        owned = portfolio.cash
        for market in held:
            assert market.perp is not None
            owned = owned + market.perp.unsettled
        quote = to_scale_down(context, owned, QUOTE_DECIMALS)
        for position in positions:
            quote = quote - position.notional(context, position.quantums)
        return SubAccount(quote, positions)

    def _position(self, context: Context[N], market: MarketHolding[N]) -> Position[N]:
        assert market.perp is not None
        terms = dict(self.markets).get(market.underlying)
        if terms is None:
            raise UnfitPortfolioError("dydx-v4", f"no parameters for {market.underlying}")
        size = to_scale_down(context, context.absolute(market.perp.size), -terms.atomic_resolution)
        totals = market.totals
        interest = context.zero if totals is None else totals.long
        return Position(
            market.underlying,
            context.where(market.perp.size >= 0, size, -size),
            to_scale_down(context, market.perp.price, -terms.exponent),
            terms.exponent,
            terms.atomic_resolution,
            terms.tier,
            to_scale_down(context, interest, -terms.atomic_resolution),
        )

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return net collateral less the sum of requirements."""
        account = self.account(context, portfolio)
        answer = account.judge(context, check)
        index = 0 if check.level is Level.INITIAL else 1
        charges = {
            p.market: from_scale(context, p.requirements(context, p.quantums)[index], QUOTE_DECIMALS)
            for p in account.positions
        }
        return Judgement(
            check,
            from_scale(context, answer.excess, QUOTE_DECIMALS),
            from_scale(context, answer.equity, QUOTE_DECIMALS),
            charges=charges,
        )


DYDX: DydxChain[int] = DydxChain((("BTC", DydxMarket(LARGE, -10, -5)), ("ETH", DydxMarket(LARGE, -9, -6))))
