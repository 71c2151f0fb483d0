"""Linear cross margin: perpetuals charged by slices of notional, collateral counted by slices of amount.

The shape of most centralised venues and of Hyperliquid's standard account; with one market it is isolated
margin. A tier's published "notional * rate - deduction" is the same number as the sum over slices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N
from protocol.margin.holdings import MarketHolding, Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.weights import Slice, sliced


@dataclass(frozen=True, slots=True)
class TieredMarket(Generic[N]):
    """Initial and maintenance rates by slices of notional.

    ``greatest`` is the notional up to which they are known; zero if they hold for any.
    """

    initial: tuple[Slice[N], ...]
    maintenance: tuple[Slice[N], ...]
    greatest: N


@dataclass(frozen=True, slots=True)
class TieredCross(Generic[N]):
    """The rule.

    Parameters
    ----------
    markets
        By underlying.
    haircuts
        Weights of collateral by slices of amount, of underlyings held too; what has none does not count.
    """

    markets: tuple[tuple[str, TieredMarket[N]], ...]
    haircuts: tuple[tuple[str, tuple[Slice[N], ...]], ...] = ()

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return excess over the sum of requirements; nothing is netted."""
        equity = excess = portfolio.cash
        charges: dict[str, N] = {}
        for token in portfolio.tokens:
            slices = dict(self.haircuts).get(token.asset)
            full = context.mul_down(token.amount, token.price)
            equity = equity + full
            if slices is not None:
                counted = context.mul_down(sliced(context, token.amount, slices), token.price)
                excess = excess + counted
                full = full - counted
            charges[f"haircut of {token.asset}"] = full
        for holding in portfolio.markets:
            held = context.mul_to_zero(holding.base, holding.spot)
            slices = dict(self.haircuts).get(holding.underlying)
            if slices is not None:
                owned = context.maximum(holding.base, context.zero)
                counted = context.mul_down(sliced(context, owned, slices), holding.spot)
                # A debt counts in full.
                counted = counted - context.mul_down(
                    context.maximum(-holding.base, context.zero), holding.spot
                )
                equity = equity + held
                excess = excess + counted
                charges[f"haircut of {holding.underlying}"] = held - counted
            result = unrealised(context, holding)
            needed = self.requirement(context, holding, check)
            equity = equity + result
            excess = excess + result - needed
            charges[holding.underlying] = needed
        return Judgement(check, excess, equity, charges=charges)

    def requirement(self, context: Context[N], holding: MarketHolding[N], check: Check) -> N:
        """Return the requirement of one market's perpetual."""
        if holding.perp is None:
            return context.zero
        market = dict(self.markets)[holding.underlying]
        notional = context.mul_down(context.absolute(holding.perp.size), holding.perp.price)
        slices = market.maintenance if check.level is Level.MAINTENANCE else market.initial
        return sliced(context, notional, slices)


def unrealised(context: Context[N], holding: MarketHolding[N]) -> N:
    """Return the perpetual's unsettled result."""
    return context.zero if holding.perp is None else holding.perp.unsettled


def leverage_tiers(context: Context[N], tiers: tuple[tuple[int, int], ...]) -> TieredMarket[N]:
    """Return rates from (notional in whole units from which it holds, greatest leverage).

    The initial rate is 1 / leverage, the maintenance rate half of it.
    """
    initial = tuple(Slice(context.of(lower * WAD), context.of(WAD // most)) for lower, most in tiers)
    maintenance = tuple(Slice(context.of(lower * WAD), context.of(WAD // most // 2)) for lower, most in tiers)
    return TieredMarket(initial, maintenance, context.zero)


def rate_tiers(
    initial: tuple[tuple[int, int], ...], maintenance: tuple[tuple[int, int], ...], greatest: int = 0
) -> TieredMarket[int]:
    """Return rates from (notional in whole units, rate in hundred-thousandths), known up to ``greatest``."""
    scale = WAD // 10**5
    return TieredMarket(
        tuple(Slice(lower * WAD, rate * scale) for lower, rate in initial),
        tuple(Slice(lower * WAD, rate * scale) for lower, rate in maintenance),
        greatest * WAD,
    )


def haircut_tiers(rows: tuple[tuple[int, int], ...]) -> tuple[Slice[int], ...]:
    """Return weights from (amount in whole units from which it holds, weight in per cent)."""
    return tuple(Slice(lower * WAD, weight * WAD // 100) for lower, weight in rows)


BYBIT_BTC_COLLATERAL = haircut_tiers(((0, 98), (10, 95), (20, 90), (30, 85), (40, 80), (50, 0)))
"""Bybit unified account, BTC as collateral: the documentation's example (amounts in BTC)."""

OKX_DISCOUNTS = (90, 89, 88)
OKX_DISCOUNT_STEP = 2


def okx_discounts(bounds: tuple[int, ...]) -> tuple[Slice[int], ...]:
    """Return OKX's discount rates of AVAX: 0.90, 0.89, 0.88, then 0.02 less a tier (documentation).

    ``bounds`` are the amounts from which the tiers hold, whole units, the first at zero; they change often
    and are not given here.
    """
    later = len(bounds) - len(OKX_DISCOUNTS)
    steps = (OKX_DISCOUNTS[-1] - OKX_DISCOUNT_STEP * (i + 1) for i in range(later))
    rates = (*OKX_DISCOUNTS, *steps)
    return haircut_tiers(tuple((bound, max(rate, 0)) for bound, rate in zip(bounds, rates, strict=False)))


BINANCE_BTC = rate_tiers(((0, 800),), ((0, 400),), greatest=300_000)
"""Binance BTCUSDT: 0.40 % maintenance to 300,000 dollars (documentation). Assumed: initial at twice that."""
BINANCE: TieredCross[int] = TieredCross((("BTC", BINANCE_BTC),))
"""Tiers above 300,000 dollars are not known here: a larger position is refused."""


def unified_ratio(context: Context[N], judgement: Judgement[N]) -> N:
    """Return Binance's uniMMR: adjusted equity over maintenance margin (1.50, 1.20, 1.05 warn, 1.00 ends)."""
    needed = context.zero
    counted = judgement.excess
    for name, charge in judgement.charges.items():
        if not name.startswith("haircut of "):
            needed = needed + charge
    return context.div_to_zero(counted + needed, needed)
