"""A portfolio as an account of Synthetix Perps V3 on Base: dollars against perpetuals.

Parameters: Synthetixio/synthetix-deployments, Base Andromeda: BTC and the keepers' terms of bb0c6bca, ETH of
03bf0fdd. Keepers' gas is what a chain charges at the time; it is zero here, so a reward is its least share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.errors import UnfitPortfolioError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N
from protocol.margin.holdings import MarketHolding, Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.presets.synthetix_perps import (
    Collateral,
    KeeperTerms,
    MarketParameters,
    PerpAccount,
    PerpMarket,
    PerpPosition,
)


@dataclass(frozen=True, slots=True)
class SynthetixPerps(Generic[N]):
    """Markets by underlying, and what keepers earn."""

    markets: tuple[tuple[str, MarketParameters[N]], ...]
    keeper: KeeperTerms[N]

    def account(self, context: Context[N], portfolio: Portfolio[N]) -> PerpAccount[N]:
        """Return the account; results that are not settled are left to ``judge``."""
        parameters = dict(self.markets)
        held = [market for market in portfolio.markets if market.perp is not None]
        for market in held:
            if market.underlying not in parameters:
                raise UnfitPortfolioError("synthetix-perps", f"no parameters for {market.underlying}")
        zero = context.zero
        dollars = Collateral(
            context.maximum(portfolio.cash, zero), context.unit, zero, zero, zero, zero, dollar=True
        )
        return PerpAccount(
            tuple((m.underlying, _market(context, m, parameters[m.underlying])) for m in held),
            tuple(
                PerpPosition(m.underlying, m.perp.size, m.perp.price, zero, zero)
                for m in held
                if m.perp is not None
            ),
            (dollars,),
            context.maximum(-portfolio.cash, zero),
            self.keeper,
            zero,
        )

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return excess over the requirements of every market and the greatest reward."""
        figures = self.account(context, portfolio)
        answer = figures.judge(context, check)
        unsettled = context.zero
        charges = dict(answer.charges)
        for market in portfolio.markets:
            if market.perp is None:
                continue
            unsettled = unsettled + market.perp.unsettled
            needed = dict(self.markets)[market.underlying].requirements(
                context, market.perp.size, market.perp.price
            )
            charges[market.underlying] = needed[0 if check.level is Level.INITIAL else 1]
        return Judgement(check, answer.excess + unsettled, answer.equity + unsettled, charges=charges)


def _market(context: Context[N], market: MarketHolding[N], parameters: MarketParameters[N]) -> PerpMarket[N]:
    assert market.perp is not None
    zero, totals = context.zero, market.totals
    skew = zero if totals is None else totals.long - totals.short
    size = zero if totals is None else totals.long + totals.short
    return PerpMarket(market.perp.price, skew, size, zero, zero, zero, parameters)


def _wad(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * WAD + int(rest.ljust(18, "0") or 0)


BTC: MarketParameters[int] = MarketParameters(
    maker_fee=_wad("0.000001"),
    taker_fee=_wad("0.0005"),
    greatest_size=0,
    greatest_velocity=9 * WAD,
    skew_scale=12_500 * WAD,
    initial_ratio=_wad("1.54"),
    maintenance_scalar=_wad("0.28"),
    locked_ratio=_wad("0.1"),
    limit_multiplier=_wad("1.5"),
    window_seconds=30,
    flag_reward=_wad("0.0003"),
    least_position_margin=15 * WAD,
    least_initial_ratio=_wad("0.02"),
    greatest_discount=_wad("0.0005"),
    greatest_value=0,
    settlement_reward=0,
)
ETH: MarketParameters[int] = MarketParameters(
    maker_fee=_wad("0.000001"),
    taker_fee=_wad("0.0005"),
    greatest_size=5_000 * WAD,
    greatest_velocity=9 * WAD,
    skew_scale=350_000 * WAD,
    initial_ratio=_wad("1.16"),
    maintenance_scalar=_wad("0.28"),
    locked_ratio=_wad("0.25"),
    limit_multiplier=_wad("1.5"),
    window_seconds=30,
    flag_reward=_wad("0.0003"),
    least_position_margin=50 * WAD,
    least_initial_ratio=_wad("0.02"),
    greatest_discount=_wad("0.0005"),
    greatest_value=10_000_000 * WAD,
    settlement_reward=0,
)
KEEPER: KeeperTerms[int] = KeeperTerms(
    least_reward=WAD,
    greatest_reward=30 * WAD,
    least_profit=_wad("0.3"),
    greatest_share=_wad("0.3"),
    collateral_share=_wad("0.0003"),
    settlement_cost=0,
    flag_cost=0,
    liquidate_cost=0,
    feed_cost=0,
)
SYNTHETIX: SynthetixPerps[int] = SynthetixPerps((("BTC", BTC), ("ETH", ETH)), KEEPER)
