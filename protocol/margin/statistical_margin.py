"""Margin from how prices move together: value at risk, expected shortfall and SIMM's quadratic form.

Three rules that judge the common portfolio in both number contexts. The parametric ones see deltas (and, in
SIMM's form, vegas and curvature); the historical one revalues the account under past moves of everything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Generic

from protocol.errors import UnfitPortfolioError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N
from protocol.margin.calendar import deltas
from protocol.margin.expiry_risk import shocked_value
from protocol.margin.grid_margin import GridMargin, MarketLoss
from protocol.margin.holdings import ExpiryHolding, MarketHolding, Portfolio
from protocol.margin.judgement import Check, Judgement
from protocol.margin.netting import Correlations, quadratic_form
from protocol.margin.scenarios import Scenario, TermStructure

_BUMP = WAD // 1000
"""Half-width in volatility of the central difference that gives a vega."""


@dataclass(frozen=True, slots=True)
class Factors(Generic[N]):
    """Underlyings with their volatilities over the horizon and the correlations of their returns."""

    names: tuple[str, ...]
    volatilities: tuple[N, ...]
    correlations: Correlations[N]

    def root(self, context: Context[N], amounts: dict[str, N], *, squared: bool = False) -> N:
        """Return sqrt(sum rho_ij x_i x_j), with squared correlations if asked for."""
        rows = self.correlations
        if squared:
            rows = tuple(tuple(context.mul_to_zero(r, r) for r in row) for row in rows)
        return quadratic_form(context, [amounts.get(name, context.zero) for name in self.names], rows)

    def volatility(self, name: str) -> N:
        """Return an underlying's volatility.

        Raises
        ------
        UnfitPortfolioError
            If none is given.
        """
        if name not in self.names:
            raise UnfitPortfolioError("statistical margin", f"no volatility is given for {name}")
        return self.volatilities[self.names.index(name)]


@dataclass(frozen=True, slots=True)
class ParametricMargin(Generic[N]):
    """``multiple`` standard deviations of the account's delta: normal value at risk or shortfall."""

    factors: Factors[N]
    multiple: N

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return the equity less the loss at the confidence that the multiple stands for."""
        risks = {
            market.underlying: context.mul_to_zero(
                _delta(context, market), self.factors.volatility(market.underlying)
            )
            for market in portfolio.markets
        }
        needed = context.mul_down(self.factors.root(context, risks), self.multiple)
        return _judgement(context, portfolio, check, {"value at risk": needed})


@dataclass(frozen=True, slots=True)
class QuadraticMargin(Generic[N]):
    """Delta, vega and curvature in the form of SIMM, one bucket: see ``presets.simm``.

    Parameters
    ----------
    factors
        Weighted volatilities: quantile times volatility over the horizon, for the delta.
    yearly
        Yearly volatilities, for vega and curvature.
    vega_weight
        Historical ratio times vega weight.
    tail
        Square of the curvature's quantile less one.
    horizon
        Seconds of the horizon; half of its share of the time to expiry counts as curvature, at most a half.
    """

    DECIMALS: ClassVar = {"horizon": 0}

    factors: Factors[N]
    yearly: Factors[N]
    vega_weight: N
    tail: N
    horizon: N

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return the equity less delta, vega and curvature margin."""
        by_delta: dict[str, N] = {}
        by_vega: dict[str, N] = {}
        curved: dict[str, N] = {}
        for market in portfolio.markets:
            name = market.underlying
            yearly = self.yearly.volatility(name)
            by_delta[name] = context.mul_to_zero(_delta(context, market), self.factors.volatility(name))
            risk = curve = context.zero
            for expiry in market.expiries:
                amount = context.mul_to_zero(yearly, _vega(context, expiry))
                risk = risk + amount
                curve = curve + context.mul_to_zero(amount, self._scale(context, expiry.seconds))
            by_vega[name] = context.mul_to_zero(risk, self.vega_weight)
            curved[name] = curve
        charges = {
            "delta": self.factors.root(context, by_delta),
            "vega": self.factors.root(context, by_vega),
            "curvature": self._curvature(context, curved),
        }
        return _judgement(context, portfolio, check, charges)

    def _scale(self, context: Context[N], seconds: N) -> N:
        share = context.quotient_down(self.horizon * context.unit, context.maximum(seconds, self.horizon))
        return context.quotient_down(share, context.count(2))

    def _curvature(self, context: Context[N], amounts: dict[str, N]) -> N:
        total = gross = context.zero
        for amount in amounts.values():
            total = total + amount
            gross = gross + context.absolute(amount)
        share = context.minimum(context.div_or(total, gross, context.zero), context.zero)
        multiple = context.mul_to_zero(self.tail, context.unit + share) - share
        spread = self.factors.root(context, amounts, squared=True)
        return context.maximum(total + context.mul_to_zero(multiple, spread), context.zero)


@dataclass(frozen=True, slots=True)
class HistoricalMargin(Generic[N]):
    """The account under past moves, all underlyings of one time together.

    Parameters
    ----------
    names
        Underlyings.
    moves
        One row a past period: what each underlying moved, as a share.
    worst
        Position of the loss charged, the greatest being one.
    shortfall
        Whether the mean of the losses up to there is charged instead.
    """

    DECIMALS: ClassVar = {"worst": None}

    names: tuple[str, ...]
    moves: tuple[tuple[N, ...], ...]
    worst: int
    shortfall: bool

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return the equity less the loss at the confidence."""
        outcomes = [context.zero] * len(self.moves)
        for market in portfolio.markets:
            found = self._market(context, market)
            outcomes = [total + one for total, one in zip(outcomes, found.outcomes, strict=True)]
        ranked = context.ranked(outcomes)[: self.worst]
        loss = -ranked[-1]
        if self.shortfall:
            total = context.zero
            for outcome in ranked:
                total = total - outcome
            loss = context.quotient_to_zero(total, context.count(self.worst))
        needed = context.maximum(loss, context.zero)
        name = "expected shortfall" if self.shortfall else "value at risk"
        return _judgement(context, portfolio, check, {name: needed})

    def _market(self, context: Context[N], market: MarketHolding[N]) -> MarketLoss[N]:
        if market.underlying not in self.names:
            raise UnfitPortfolioError("historical margin", f"no past moves of {market.underlying}")
        column = self.names.index(market.underlying)
        rows = tuple(Scenario(context.unit + row[column], "NONE", context.unit) for row in self.moves)
        return replace(_grid(context), scenarios=rows).market(context, market)


def _grid(context: Context[N]) -> GridMargin[N]:
    """Return an engine without scenarios and charges: volatility stands still."""
    zero, unit = context.zero, context.unit
    still = TermStructure(zero, zero, zero, zero, context.count(1), zero)
    return GridMargin((), still, zero, False, zero, zero, zero, unit, unit)


def _delta(context: Context[N], market: MarketHolding[N]) -> N:
    total = context.zero
    for part in deltas(context, market):
        total = total + part
    return total


def _vega(context: Context[N], expiry: ExpiryHolding[N]) -> N:
    """Return dollars per unit of volatility."""
    bump = context.of(_BUMP)
    up, down = (
        shocked_value(
            context,
            replace(expiry, options=tuple(replace(o, volatility=o.volatility + b) for o in expiry.options)),
            context.unit,
            context.unit,
            context.unit,
            context.zero,
        )
        for b in (bump, -bump)
    )
    return context.div_to_zero(up - down, bump + bump)


def _judgement(
    context: Context[N], portfolio: Portfolio[N], check: Check, charges: dict[str, N]
) -> Judgement[N]:
    """Return equity less the charges; collateral tokens are worth nothing: their moves are not known."""
    engine = _grid(context)
    equity = portfolio.cash
    for market in portfolio.markets:
        equity = equity + engine.market(context, market).value
    excess = equity
    for charge in charges.values():
        excess = excess - charge
    return Judgement(check, excess, equity, charges=charges)
