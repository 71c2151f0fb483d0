"""GMX v2: isolated positions (market, collateral, side); price impact of the full close is part of the check.

Source of the rule: gmx-io/gmx-synthetics a5c0c883 ``contracts/position/PositionUtils.sol``,
``contracts/pricing/PricingUtils.sol`` (read, not run). Dollars carry 30 decimals in the contract; this text
runs in both number contexts at 18.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point.context import Context, N
from protocol.margin.judgement import Check, Judgement, Level


@dataclass(frozen=True, slots=True)
class MarketTerms(Generic[N]):
    """Parameters of a market.

    Parameters
    ----------
    least_collateral
        Dollars that must remain.
    factor, liquidation_factor
        Least collateral as a share of size, to open and at liquidation.
    open_interest_factor
        The opening factor is at least this times the side's open interest.
    greatest_liquidation_impact
        Negative impact counted at liquidation, as a share of size.
    impact_exponent, positive_impact, negative_impact
        Impact of an imbalance d is d**exponent * factor.
    """

    least_collateral: N
    factor: N
    liquidation_factor: N
    open_interest_factor: N
    greatest_liquidation_impact: N
    impact_exponent: N
    positive_impact: N
    negative_impact: N


@dataclass(frozen=True, slots=True)
class IsolatedPosition(Generic[N]):
    """A position.

    Parameters
    ----------
    size
        Dollars, always positive.
    result
        Unrealised profit or loss at the price that is worse for the position.
    collateral, collateral_low
        Amount, and the lower side of its price.
    impact
        Dollars of price impact of the full close, with what was stored at opening.
    fees
        Collateral owed in fees.
    open_interest
        Of the position's side, in dollars.
    """

    size: N
    result: N
    collateral: N
    collateral_low: N
    impact: N
    fees: N
    open_interest: N

    def remaining(self, context: Context[N], terms: MarketTerms[N]) -> N:
        """Return what would be left after closing: favourable impact is not counted, harmful is capped."""
        cap = -context.mul_down(self.size, terms.greatest_liquidation_impact)
        impact = context.maximum(context.minimum(self.impact, context.zero), cap)
        owed = context.mul_down(self.fees, self.collateral_low)
        return context.mul_down(self.collateral, self.collateral_low) + self.result + impact - owed

    def judge(self, context: Context[N], terms: MarketTerms[N], check: Check) -> Judgement[N]:
        """Return what remains (to open: collateral and realised losses only) minus the requirement."""
        if check.level is Level.INITIAL:
            held = context.mul_down(self.collateral, self.collateral_low)
            grown = context.mul_down(self.open_interest, terms.open_interest_factor)
            needed = context.mul_down(self.size, context.maximum(terms.factor, grown))
            return Judgement(check, held - needed, held)
        remaining = self.remaining(context, terms)
        needed = context.maximum(
            context.mul_down(self.size, terms.liquidation_factor), terms.least_collateral
        )
        return Judgement(check, remaining - needed, remaining)


def price_impact(context: Context[N], before: N, after: N, terms: MarketTerms[N], *, crosses: bool) -> N:
    """Return the dollars that a trade gains (or loses) by moving the imbalance from ``before`` to ``after``.

    Both are absolute; ``crosses`` says that the heavier side changed.
    """

    def curve(imbalance: N, factor: N) -> N:
        return context.mul_down(context.power(imbalance, terms.impact_exponent), factor)

    if crosses:
        return curve(before, terms.positive_impact) - curve(after, terms.negative_impact)
    better = curve(before, terms.positive_impact) - curve(after, terms.positive_impact)
    worse = curve(before, terms.negative_impact) - curve(after, terms.negative_impact)
    return context.where(after < before, better, worse)
