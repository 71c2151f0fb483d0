"""Portfolio margin by scenarios, for any number of underlyings: the engine of which most venues are settings.

Each underlying is revalued under a grid; what it may lose in a fall and in a rise are two numbers. Venues add
them over underlyings. Here they may also be netted by correlation, which no on-chain engine does: the account
pays the worst, over the directions in which each underlying may go, of sqrt(sum rho_ij x_i x_j), where x is
the loss of a fall or minus that of a rise. With all correlations at one this is the loss when everything
falls, or everything rises, together; at zero it is the root of the sum of squares; a floor keeps a share of
the sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Generic

from protocol.errors import NettingError
from protocol.fixed_point.context import Context, N
from protocol.margin.charges import naked_shorts
from protocol.margin.expiry_risk import shocked_value, volatility_multipliers
from protocol.margin.holdings import ExpiryHolding, MarketHolding, PerpHolding, Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.netting import Correlations, quadratic_form
from protocol.margin.scenarios import Scenario, TermStructure
from protocol.margin.weights import Slice, sliced

MOST_CORRELATED = 10
"""Underlyings in a correlated set: the directions tried are two to this power."""


@dataclass(frozen=True, slots=True)
class CrossNetting(Generic[N]):
    """Correlations of underlyings, and the least share of the plain sum that is charged."""

    underlyings: tuple[str, ...]
    correlations: Correlations[N]
    floor: N


@dataclass(frozen=True, slots=True)
class MarketLoss(Generic[N]):
    """What one underlying may lose.

    ``fall``, ``rise`` and ``still`` are the worst losses (at least zero) of scenarios below, above and at the
    present price; ``charges`` are the add-ons.
    """

    value: N
    fall: N
    rise: N
    still: N
    worst: N
    charges: N
    outcomes: tuple[N, ...]


@dataclass(frozen=True, slots=True)
class GridMargin(Generic[N]):
    """The rule with its parameters.

    Parameters
    ----------
    scenarios
        The grid.
    term
        How volatility moves by time to expiry.
    naked_share
        Charge on naked sold options, as a share of spot.
    naked_as_floor
        Whether that charge is a least requirement (SPAN's short option minimum) instead of an addition.
    net_delta_share, hedged_share
        Least charges on the net and on the hedged part of the notional of perpetual and base.
    perp_share
        Addition on the perpetual's notional.
    initial_factor, maintenance_factor
        Multipliers of the sum.
    cross
        Netting across underlyings; None adds them up.
    haircuts
        Weights of collateral tokens by slices of their amount; a token without any does not count.
    """

    scenarios: tuple[Scenario[N], ...]
    term: TermStructure[N]
    naked_share: N
    naked_as_floor: bool
    net_delta_share: N
    hedged_share: N
    perp_share: N
    initial_factor: N
    maintenance_factor: N
    cross: CrossNetting[N] | None = None
    haircuts: tuple[tuple[str, tuple[Slice[N], ...]], ...] = ()

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return excess, equity and the scenarios of the whole account (all underlyings moving alike)."""
        losses = [self.market(context, holding) for holding in portfolio.markets]
        names = tuple(holding.underlying for holding in portfolio.markets)
        equity = portfolio.cash
        charges = context.zero
        for loss in losses:
            equity = equity + loss.value
            charges = charges + loss.charges
        haircut = context.zero
        for token in portfolio.tokens:
            full = context.mul_down(token.amount, token.price)
            slices = dict(self.haircuts).get(token.asset)
            counted = context.zero if slices is None else sliced(context, token.amount, slices)
            equity = equity + full
            haircut = haircut + full - context.mul_down(counted, token.price)
        risk = self.across(context, names, losses)
        initial = check.level is not Level.MAINTENANCE
        factor = self.initial_factor if initial else self.maintenance_factor
        needed = context.mul_to_zero(factor, risk + charges) + haircut
        outcomes = tuple(self._sum(context, losses, index) for index in range(len(self.scenarios)))
        _, worst = context.worst(outcomes)
        parts = {name: loss.worst for name, loss in zip(names, losses, strict=True)}
        return Judgement(
            check,
            equity - needed,
            equity,
            worst,
            outcomes,
            {**parts, "add-ons": charges, "haircuts": haircut},
        )

    @staticmethod
    def _sum(context: Context[N], losses: list[MarketLoss[N]], index: int) -> N:
        total = context.zero
        for loss in losses:
            total = total + loss.outcomes[index]
        return total

    def across(self, context: Context[N], names: tuple[str, ...], losses: list[MarketLoss[N]]) -> N:
        """Return the loss charged for all underlyings together.

        Raises
        ------
        NettingError
            If an underlying has no correlations, or there are more than ``MOST_CORRELATED``.
        """
        plain = context.zero
        for loss in losses:
            plain = plain + loss.worst
        if self.cross is None:
            return plain
        if len(losses) > MOST_CORRELATED:
            raise NettingError("underlyings", f"{len(losses)} of them, at most {MOST_CORRELATED}")
        correlations = self._correlations(names)
        joint = context.zero
        for directions in product((True, False), repeat=len(losses)):
            moved = [
                loss.fall if falls else -loss.rise for loss, falls in zip(losses, directions, strict=True)
            ]
            joint = context.maximum(joint, quadratic_form(context, moved, correlations))
        still = context.zero
        for loss in losses:
            # What volatility alone may cost beyond any move of the price is not netted.
            directed = context.maximum(loss.fall, loss.rise)
            still = still + context.maximum(loss.worst - directed, context.zero)
        return context.maximum(joint + still, context.mul_to_zero(self.cross.floor, plain))

    def _correlations(self, names: tuple[str, ...]) -> Correlations[N]:
        assert self.cross is not None
        place = {name: index for index, name in enumerate(self.cross.underlyings)}
        missing = [name for name in names if name not in place]
        if missing:
            raise NettingError(missing[0], "no correlation is given for this underlying")
        rows = self.cross.correlations
        return tuple(tuple(rows[place[a]][place[b]] for b in names) for a in names)

    def market(self, context: Context[N], holding: MarketHolding[N]) -> MarketLoss[N]:
        """Return what one underlying is worth and may lose."""
        value = context.mul_to_zero(holding.base, holding.spot)
        marks: list[N] = []
        for expiry in holding.expiries:
            mark = _options(context, expiry, context.unit, context.unit, context.zero)
            marks.append(mark)
            value = value + mark
        if holding.perp is not None:
            value = value + holding.perp.unsettled
        fall = rise = still = context.zero
        outcomes: list[N] = []
        for scenario in self.scenarios:
            outcome = self._outcome(context, holding, marks, scenario)
            outcomes.append(outcome)
            loss = context.maximum(-outcome, context.zero)
            fall = context.where(scenario.spot < context.unit, context.maximum(fall, loss), fall)
            rise = context.where(scenario.spot > context.unit, context.maximum(rise, loss), rise)
            still = context.where(scenario.spot == context.unit, context.maximum(still, loss), still)
        worst = context.maximum(context.maximum(fall, rise), still)
        charges = context.zero
        for expiry in holding.expiries:
            naked = context.mul_down(naked_shorts(context, expiry.options), holding.spot)
            charges = charges + context.mul_down(naked, self.naked_share)
        if self.naked_as_floor:
            charges = context.maximum(charges - worst, context.zero)
        charges = charges + self._linear_charges(context, holding, worst)
        return MarketLoss(value, fall, rise, still, worst, charges, tuple(outcomes))

    def _linear_charges(self, context: Context[N], holding: MarketHolding[N], worst: N) -> N:
        size = context.zero if holding.perp is None else holding.perp.size
        net = context.mul_down(context.absolute(size + holding.base), holding.spot)
        gross = context.mul_down(context.absolute(size) + context.absolute(holding.base), holding.spot)
        hedged = context.quotient_down(gross - net, context.count(2))
        least = context.mul_down(net, self.net_delta_share) + context.mul_down(hedged, self.hedged_share)
        perp = context.mul_down(context.mul_down(context.absolute(size), holding.spot), self.perp_share)
        return context.maximum(least - worst, context.zero) + perp

    def _outcome(
        self, context: Context[N], holding: MarketHolding[N], marks: list[N], scenario: Scenario[N]
    ) -> N:
        move = scenario.spot - context.unit
        total = context.mul_to_zero(context.mul_to_zero(holding.base, holding.spot), move)
        total = total + _perp(context, holding.perp, move)
        for expiry, mark in zip(holding.expiries, marks, strict=True):
            multiplier = volatility_multipliers(context, self.term, expiry)[scenario.move]
            floor = self.term.least_volatility if scenario.move == "UP" else context.zero
            total = total + _options(context, expiry, scenario.spot, multiplier, floor) - mark
        return context.mul_to_zero(total, scenario.weight)


def _options(context: Context[N], expiry: ExpiryHolding[N], spot: N, multiplier: N, floor: N) -> N:
    return shocked_value(context, expiry, context.unit, spot, multiplier, floor)


def _perp(context: Context[N], perp: PerpHolding[N] | None, move: N) -> N:
    if perp is None:
        return context.zero
    return context.mul_to_zero(perp.size, context.mul_to_zero(move, perp.price))
