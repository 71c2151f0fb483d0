"""OKX portfolio margin: the worst of three stresses, charges for basis, vega and rates, and a floor.

Source: OKX documentation (portfolio margin; as read in 2025): MR1 moves BTC and ETH by 0, +-4, +-8 and
+-12 % with volatility up, still and down, MR2 lets a day pass, MR6 moves them by +-24 %; the greatest of the
three is charged, plus basis, vega and interest parts, and at least MR7. The sizes of the volatility, basis,
vega and rate moves, the share of MR6, the floor and the initial factor are published as tables that change:
they are parameters here and none has a default.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic

from protocol.fixed_point.context import Context, N
from protocol.margin.calendar import Calendar, expiry_value
from protocol.margin.expiry_risk import shocked_value
from protocol.margin.grid_margin import GridMargin
from protocol.margin.holdings import MarketHolding, Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.scenarios import Move, Scenario, TermStructure
from protocol.pricing.black76 import annualise

SPOT_MOVES = (-12, -8, -4, 0, 4, 8, 12)
EXTREME_MOVES = (-24, 24)
DAY = 86_400


@dataclass(frozen=True, slots=True)
class OkxPortfolio(Generic[N]):
    """The rule with the numbers that its tables hold.

    Parameters
    ----------
    scenarios
        MR1 and then MR6, weighted.
    volatility_up, volatility_down
        Relative moves of volatility in MR1.
    carry
        Move of the yearly carry for the basis part.
    vega
        Relative move of volatility for the vega part.
    rate
        Move of the yearly interest rate for its part.
    floor_share
        MR7, as a share of gross notional.
    initial_factor
        Initial over maintenance margin.
    """

    scenarios: tuple[Scenario[N], ...]
    volatility_up: N
    volatility_down: N
    carry: N
    vega: N
    rate: N
    floor_share: N
    initial_factor: N

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return the equity less the sum over underlyings; collateral tokens do not count."""
        equity, needed = portfolio.cash, context.zero
        outcomes = [context.zero] * len(self.scenarios)
        charges = dict.fromkeys(
            ("MR1 and MR6", "MR2 theta", "basis", "vega", "rate", "MR7 floor"), context.zero
        )
        for market in portfolio.markets:
            loss = self._engine(context).market(context, market)
            equity = equity + loss.value
            outcomes = [total + one for total, one in zip(outcomes, loss.outcomes, strict=True)]
            theta = self._theta(context, market)
            basis = Calendar(self.carry, context.zero).basis_loss(context, market.expiries)
            vega, rate = self._vega(context, market), self._rate(context, market)
            worst = context.maximum(loss.worst, theta)
            parts = worst + basis + vega + rate
            floor = context.maximum(
                context.mul_down(_gross(context, market), self.floor_share) - parts, context.zero
            )
            needed = needed + parts + floor
            rows = (loss.worst, worst - loss.worst, basis, vega, rate, floor)
            charges = {name: charges[name] + row for name, row in zip(charges, rows, strict=True)}
        if check.level is Level.INITIAL:
            needed = context.mul_to_zero(needed, self.initial_factor)
        _, index = context.worst(outcomes)
        return Judgement(check, equity - needed, equity, index, tuple(outcomes), charges)

    def _engine(self, context: Context[N]) -> GridMargin[N]:
        zero, unit = context.zero, context.unit
        term = TermStructure(self.volatility_up, self.volatility_down, zero, zero, context.count(1), zero)
        return GridMargin(self.scenarios, term, zero, False, zero, zero, zero, unit, unit)

    def _theta(self, context: Context[N], market: MarketHolding[N]) -> N:
        """Return the loss of a day in which nothing moves."""
        change = context.zero
        for expiry in market.expiries:
            later = replace(
                expiry, seconds=context.maximum(expiry.seconds - context.count(DAY), context.zero)
            )
            still = (context.unit, context.unit, context.zero)
            change = change + expiry_value(context, later, *still) - expiry_value(context, expiry, *still)
        return context.maximum(-change, context.zero)

    def _vega(self, context: Context[N], market: MarketHolding[N]) -> N:
        up = down = context.zero
        for expiry in market.expiries:
            now = shocked_value(context, expiry, context.unit, context.unit, context.unit, context.zero)
            for sign in (1, -1):
                multiplier = context.unit + (self.vega if sign > 0 else -self.vega)
                then = shocked_value(context, expiry, context.unit, context.unit, multiplier, context.zero)
                if sign > 0:
                    up = up + then - now
                else:
                    down = down + then - now
        return context.maximum(-context.minimum(up, down), context.zero)

    def _rate(self, context: Context[N], market: MarketHolding[N]) -> N:
        """Return what a move of the discount rate takes from the options' value, to first order."""
        moved = context.zero
        for expiry in market.expiries:
            value = shocked_value(context, expiry, context.unit, context.unit, context.unit, context.zero)
            years = annualise(context, expiry.seconds)
            moved = moved + context.mul_to_zero(value, context.mul_down(self.rate, years))
        return context.absolute(moved)


def _gross(context: Context[N], market: MarketHolding[N]) -> N:
    total = context.zero
    if market.perp is not None:
        total = total + context.absolute(market.perp.size)
    for expiry in market.expiries:
        if expiry.future is not None:
            total = total + context.absolute(expiry.future.size)
        for option in expiry.options:
            total = total + context.absolute(option.amount)
    return context.mul_down(total, market.spot)


def okx_scenarios(context: Context[N], extreme_share: N) -> tuple[Scenario[N], ...]:
    """Return MR1's grid and MR6's two moves, of which ``extreme_share`` counts."""
    percent = context.quotient_down(context.unit, context.count(100))
    grid = [
        Scenario(context.unit + percent * move, volatility.name, context.unit)
        for move in SPOT_MOVES
        for volatility in (Move.UP, Move.NONE, Move.DOWN)
    ]
    grid += [Scenario(context.unit + percent * move, "NONE", extreme_share) for move in EXTREME_MOVES]
    return tuple(grid)
