"""Portfolio margin by scenarios, for any number of underlyings: the engine of which most venues are settings.

Each underlying is revalued under a grid. Venues add the worst losses over underlyings. Here they may also be
netted by correlation, which no on-chain engine does. A pair of scenarios that mirror each other splits what
an underlying does into an odd part d (what turns round with the direction: delta) and an even part e (what
does not: gamma, vega). The account pays, at the worst pair, sqrt(sum rho_ij d_i d_j) plus every even loss;
an even gain only reduces the odd part of its own underlying. One underlying alone pays its worst scenario.
With all correlations at one, positions net as if everything moved together; at zero the odd parts add as the
root of the sum of squares; a floor keeps a share of the plain sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic, TypeAlias

from protocol.errors import NettingError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N
from protocol.margin.calendar import Calendar, deltas, expiry_value
from protocol.margin.charges import naked_shorts
from protocol.margin.expiry_risk import volatility_multipliers
from protocol.margin.holdings import MarketHolding, PerpHolding, Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.netting import Correlations, quadratic_form
from protocol.margin.scenarios import Scenario, Stretch, TermStructure
from protocol.margin.spread_credits import PriceRisk, SpreadCredit, credited
from protocol.margin.weights import Slice, sliced

Pairs: TypeAlias = tuple[tuple[int, int], ...]
"""Positions in the grid of scenarios that mirror each other, the fall first; -1 where there is no mirror."""


@dataclass(frozen=True, slots=True)
class CrossNetting(Generic[N]):
    """Correlations of underlyings, mirrored scenarios, and the least share of the plain sum charged.

    ``blend`` is the weight of the plain sum in the charge (Variational blends no benefit and full benefit).
    """

    DECIMALS: ClassVar = {"pairs": None}

    underlyings: tuple[str, ...]
    correlations: Correlations[N]
    floor: N
    pairs: Pairs
    blend: N


def mirrored(scenarios: tuple[Scenario[int], ...]) -> Pairs:
    """Return the pairs of a grid: equal moves down and up with the same volatility and weight."""
    place = {(s.spot, s.move, s.weight): index for index, s in enumerate(scenarios)}
    pairs = []
    for index, scenario in enumerate(scenarios):
        mirror = place.get((2 * WAD - scenario.spot, scenario.move, scenario.weight), -1)
        if scenario.spot < WAD:
            pairs.append((index, mirror))
        elif scenario.spot == WAD:
            pairs.append((index, index))
        elif mirror < 0:
            pairs.append((-1, index))
    return tuple(pairs)


@dataclass(frozen=True, slots=True)
class MarketLoss(Generic[N]):
    """What one underlying is worth, loses at most (at least zero), is charged besides, and all outcomes.

    ``floor`` is a least requirement that no credit reduces.
    """

    value: N
    worst: N
    charges: N
    outcomes: tuple[N, ...]
    floor: N

    def odd_and_even(self, context: Context[N], fall: int, rise: int) -> tuple[N, N]:
        """Return the odd part, less its own even gain, and the even loss of a pair of scenarios.

        Without a mirror the whole outcome is odd: it counts as if it turned round with the direction.
        """
        if fall < 0 or rise < 0:
            return (self.outcomes[rise] if fall < 0 else -self.outcomes[fall]), context.zero
        two = context.count(2)
        odd = context.quotient_to_zero(self.outcomes[rise] - self.outcomes[fall], two)
        even = context.quotient_to_zero(self.outcomes[rise] + self.outcomes[fall], two)
        left = context.maximum(context.absolute(odd) - context.maximum(even, context.zero), context.zero)
        signed = context.where(odd >= 0, left, -left)
        return signed, context.maximum(-even, context.zero)


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
    stretches
        By underlying, how much further than the grid says it moves; one where none is given.
    calendar
        Charges on spreads between expiries, if any.
    credits
        What pairs of underlyings of opposite delta give back; not together with ``cross``.
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
    stretches: tuple[tuple[str, Stretch[N]], ...] = ()
    calendar: Calendar[N] | None = None
    credits: tuple[SpreadCredit[N], ...] = ()

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return excess, equity and the scenarios of the whole account (all underlyings moving alike)."""
        losses = [self.market(context, holding) for holding in portfolio.markets]
        names = tuple(holding.underlying for holding in portfolio.markets)
        equity = portfolio.cash
        charges = floor = context.zero
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
        given = self._credits(context, portfolio.markets, losses)
        total = risk + charges
        for credit in given.values():
            total = total - credit
        for loss in losses:  # what a credit may not undercut
            floor = floor + loss.floor
        total = context.maximum(total, floor)
        initial = check.level is not Level.MAINTENANCE
        factor = self.initial_factor if initial else self.maintenance_factor
        needed = context.mul_to_zero(factor, total) + haircut
        outcomes = tuple(self._sum(context, losses, index) for index in range(len(self.scenarios)))
        _, worst = context.worst(outcomes)
        parts = {name: loss.worst for name, loss in zip(names, losses, strict=True)}
        return Judgement(
            check,
            equity - needed,
            equity,
            worst,
            outcomes,
            {
                **parts,
                "add-ons": charges,
                "haircuts": haircut,
                **{f"credit {pair}": -credit for pair, credit in given.items()},
            },
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
            If an underlying has no correlations.
        """
        plain = context.zero
        for loss in losses:
            plain = plain + loss.worst
        if self.cross is None:
            return plain
        correlations = self._correlations(names)
        joint = context.zero
        for fall, rise in self.cross.pairs:
            odds: list[N] = []
            together = context.zero
            for loss in losses:
                odd, even = loss.odd_and_even(context, fall, rise)
                odds.append(odd)
                together = together + even
            root = quadratic_form(context, odds, correlations)
            if fall < 0 or rise < 0:
                # A move in one direction only: gains may reduce what is lost in it and cost nothing.
                lost = context.zero
                for loss in losses:
                    lost = lost + context.maximum(-loss.outcomes[max(fall, rise)], context.zero)
                root = context.minimum(root, lost)
            together = together + root
            joint = context.maximum(joint, together)
        joint = context.maximum(joint, context.mul_to_zero(self.cross.floor, plain))
        return joint + context.mul_to_zero(self.cross.blend, plain - joint)

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
        stretch = dict(self.stretches).get(holding.underlying)
        value = context.mul_to_zero(holding.base, holding.spot)
        marks: list[tuple[N, dict[str, N]]] = []
        for expiry in holding.expiries:
            mark = expiry_value(context, expiry, context.unit, context.unit, context.zero)
            multipliers = volatility_multipliers(context, self.term, expiry)
            if stretch is not None:
                multipliers = stretch.multipliers(context, multipliers)
            marks.append((mark, multipliers))
            value = value + mark
        if holding.perp is not None:
            value = value + holding.perp.unsettled
        worst = context.zero
        outcomes: list[N] = []
        for scenario in self.scenarios:
            if stretch is not None:
                scenario = stretch.scenario(context, scenario)  # noqa: PLW2901 - the same, of this underlying
            outcome = self._outcome(context, holding, marks, scenario)
            outcomes.append(outcome)
            worst = context.maximum(worst, -outcome)
        charges = floor = context.zero
        for expiry in holding.expiries:
            naked = context.mul_down(naked_shorts(context, expiry.options), holding.spot)
            charges = charges + context.mul_down(naked, self.naked_share)
        if self.naked_as_floor:
            floor = charges
            charges = context.maximum(charges - worst, context.zero)
        charges = charges + self._linear_charges(context, holding, worst)
        if self.calendar is not None:
            charges = charges + self.calendar.charge(context, holding)
        return MarketLoss(value, worst, charges, tuple(outcomes), floor)

    def _credits(
        self, context: Context[N], markets: tuple[MarketHolding[N], ...], losses: list[MarketLoss[N]]
    ) -> dict[str, N]:
        if not self.credits:
            return {}
        risks = {}
        for market, loss in zip(markets, losses, strict=True):
            delta = context.zero
            for part in deltas(context, market):
                delta = delta + part
            explained = context.mul_down(context.absolute(delta), self._reach(context, market.underlying))
            risks[market.underlying] = PriceRisk(delta, context.minimum(loss.worst, explained))
        return credited(context, self.credits, risks)

    def _reach(self, context: Context[N], name: str) -> N:
        """Return the greatest share by which a price moves, as far as it counts."""
        stretch = dict(self.stretches).get(name)
        reach = context.zero
        for scenario in self.scenarios:
            of_name = scenario if stretch is None else stretch.scenario(context, scenario)
            move = context.mul_down(context.absolute(of_name.spot - context.unit), of_name.weight)
            reach = context.maximum(reach, move)
        return reach

    def _linear_charges(self, context: Context[N], holding: MarketHolding[N], worst: N) -> N:
        size = context.zero if holding.perp is None else holding.perp.size
        net = context.mul_down(context.absolute(size + holding.base), holding.spot)
        gross = context.mul_down(context.absolute(size) + context.absolute(holding.base), holding.spot)
        hedged = context.quotient_down(gross - net, context.count(2))
        least = context.mul_down(net, self.net_delta_share) + context.mul_down(hedged, self.hedged_share)
        perp = context.mul_down(context.mul_down(context.absolute(size), holding.spot), self.perp_share)
        return context.maximum(least - worst, context.zero) + perp

    def _outcome(
        self,
        context: Context[N],
        holding: MarketHolding[N],
        marks: list[tuple[N, dict[str, N]]],
        scenario: Scenario[N],
    ) -> N:
        move = scenario.spot - context.unit
        total = context.mul_to_zero(context.mul_to_zero(holding.base, holding.spot), move)
        total = total + _perp(context, holding.perp, move)
        for expiry, (mark, multipliers) in zip(holding.expiries, marks, strict=True):
            floor = self.term.least_volatility if scenario.move == "UP" else context.zero
            moved = expiry_value(context, expiry, scenario.spot, multipliers[scenario.move], floor)
            total = total + moved - mark
        return context.mul_to_zero(total, scenario.weight)


def _perp(context: Context[N], perp: PerpHolding[N] | None, move: N) -> N:
    if perp is None:
        return context.zero
    return context.mul_to_zero(perp.size, context.mul_to_zero(move, perp.price))
