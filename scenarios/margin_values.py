"""What balances and contracts of a portfolio file are worth beyond amount times price.

Vault shares and pool shares by what they stand for, debts by their interest index, funding that accrued, and
what selling everything would lose to spread and depth.
"""

from __future__ import annotations

from decimal import Decimal

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.instruments.instrument import Position as Held
from protocol.instruments.tokens import Debt, PoolShare, YieldBearing
from protocol.margin.presets.grids import wad
from protocol.pricing.basis import sale_value
from protocol.pricing.funding import (
    SECONDS_PER_DAY,
    VelocityFunding,
    clamped_premium_rate,
    premium,
)
from scenarios.files.portfolio import Collateral, Perpetual, PortfolioFile, Underlying


def amount_of(held: Collateral) -> int:
    """Return the units held or owed now, 18 decimals."""
    if held.growth == 1:
        return wad(held.amount)
    balance = Debt("", "", wad(held.growth))  # a supply grows by the same arithmetic
    return balance.value(EXACT, Held(wad(held.amount), WAD), {})


def price_of(model: PortfolioFile, held: Collateral) -> int:
    """Return the price of a token: its own, its vault's, or its pool's."""
    if held.rate is not None:
        assert held.follows is not None
        share = YieldBearing("", held.follows, wad(held.rate))
        units = share.value(EXACT, Held(WAD, 0), {})
        return EXACT.mul_to_zero(units, wad(model.underlyings[held.follows].index))
    if held.pool is not None:
        first, second = held.pool.assets
        reserves = (wad(held.pool.reserves[0]), wad(held.pool.reserves[1]))
        pool = PoolShare("", (first, second), reserves, wad(held.pool.supply), "")
        prices = {name: _index(model, name) for name in (first, second)}
        return pool.share_price(EXACT, prices)
    assert held.price is not None
    return wad(held.price)


def _index(model: PortfolioFile, name: str) -> int:
    known = model.underlyings.get(name)
    return wad(model.stable_price if known is None else known.index)


def accrued_funding(prices: Underlying, position: Perpetual) -> int:
    """Return funding received (negative if owed) and not yet in cash: as given, and what accrued besides."""
    size, funding = wad(position.size), wad(position.funding)
    if position.velocity is not None:
        terms, interest = position.velocity, prices.open_interest
        skew = 0 if interest is None else wad(interest.long) - wad(interest.short)
        market = VelocityFunding(
            skew,
            wad(prices.skew_scale),
            wad(terms.greatest),
            wad(terms.rate),
            0,
            int(terms.days * SECONDS_PER_DAY),
        )
        funding += EXACT.mul_to_zero(size, market.current_value(EXACT, wad(prices.index)))
    if position.premium is not None:
        paid = position.premium
        above = premium(EXACT, wad(prices.mark or prices.index), wad(prices.index))
        rate = clamped_premium_rate(EXACT, above, wad(paid.interest), wad(paid.clamp), wad(paid.cap))
        notional = EXACT.mul_to_zero(size, wad(prices.index))
        funding -= EXACT.mul_to_zero(EXACT.mul_to_zero(notional, rate), wad(paid.periods))
    return funding


def exit_cost(prices: Underlying, units: int, price: int) -> int:
    """Return what selling (buying back) everything loses to spread and depth, at least zero."""
    if not prices.half_spread and not prices.depth:
        return 0
    depth = wad(prices.depth or Decimal(10) ** 30)
    full = EXACT.mul_to_zero(units, price)
    return full - sale_value(EXACT, units, price, wad(prices.half_spread), depth)
