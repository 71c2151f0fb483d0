"""Derive portfolio margin, second generation: any number of collateral tokens, skew moves, dampened tails.

Source of the rule: derivexyz/v2-core 7736900d ``src/risk-managers/PMRM_2.sol``, ``PMRMLib_2.sol``. Against
the first generation: options are discounted, contingencies stand outside the multiplier, negative option
value grows, extreme moves count in part, and two scenarios tilt the volatility surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.errors import CollateralDisabledError
from protocol.fixed_point.context import Context, N
from protocol.margin.charges import confidence_rate, gross_options, least, naked_shorts, peg_rate
from protocol.margin.expiry_risk import (
    Basis,
    SkewMove,
    shocked_value,
    static_exponent,
    volatility_multipliers,
)
from protocol.margin.holdings import ExpiryHolding, MarketHolding, Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.presets.derive_pmrm import (
    basis_scenarios,
    expiry_confidences,
    perp_move,
    perp_terms,
    worst_or_contingency,
)
from protocol.margin.scenarios import Scenario, TermStructure
from protocol.pricing.black76 import SECONDS_PER_YEAR


@dataclass(frozen=True, slots=True)
class CollateralTerms(Generic[N]):
    """Haircuts of one token, and whether it moves with the underlying in every scenario."""

    risk_cancelling: bool
    maintenance_haircut: N
    initial_haircut: N


@dataclass(frozen=True, slots=True)
class ExpiryMarks(Generic[N]):
    """Values of one expiry that every scenario shares."""

    value: N
    basis_up: N
    basis_down: N
    volatility_up: N
    volatility_down: N
    positive_discount: N
    negative_discount: N
    discount: N


@dataclass(frozen=True, slots=True)
class Prepared(Generic[N]):
    """The account with everything that does not depend on the check."""

    holding: MarketHolding[N]
    stable_price: N
    tokens: tuple[tuple[CollateralTerms[N], N], ...]
    expiries: tuple[ExpiryMarks[N], ...]
    basis_contingency: N
    maintenance_contingency: N
    initial_contingency: N
    equity: N


@dataclass(frozen=True, slots=True)
class PortfolioMargin2(Generic[N]):
    """The rule with its parameters.

    Parameters
    ----------
    basis
        The basis contingency.
    peg_threshold, peg_factor
        The initial factor grows by this much per unit below the peg.
    confidence_threshold, confidence_factor
        Oracle charge at initial margin.
    perp_maintenance, perp_initial, option_maintenance, option_initial
        Contingencies of the perpetual and of naked sold options; the initial ones come on top.
    initial_factor, maintenance_factor
        Multiplier of the worst loss.
    short_rate_multiple, long_rate_multiple, short_rate_addition, long_rate_addition, short_base, long_base
        Growth of negative and discount of positive option value.
    term
        How volatility moves by time to expiry.
    skew
        How the wings move in the skew scenarios.
    collaterals
        Terms by token.
    scenarios
        The grid.
    """

    basis: Basis[N]
    peg_threshold: N
    peg_factor: N
    confidence_threshold: N
    confidence_factor: N
    perp_maintenance: N
    perp_initial: N
    option_maintenance: N
    option_initial: N
    initial_factor: N
    maintenance_factor: N
    short_rate_multiple: N
    long_rate_multiple: N
    short_rate_addition: N
    long_rate_addition: N
    short_base: N
    long_base: N
    term: TermStructure[N]
    skew: SkewMove[N]
    collaterals: tuple[tuple[str, CollateralTerms[N]], ...]
    scenarios: tuple[Scenario[N], ...]

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return excess, equity and scenarios; ``check.scenarios`` is ``all`` or ``basis``."""
        return self.judge_prepared(context, self.prepare(context, portfolio), check)

    def prepare(self, context: Context[N], portfolio: Portfolio[N]) -> Prepared[N]:
        """Return the account with all that its checks share.

        Raises
        ------
        CollateralDisabledError
            For a token without terms.
        """
        (holding,) = portfolio.markets
        perp_size, equity, confidence = perp_terms(context, holding)
        notional = context.mul_down(perp_size, holding.spot)
        maintenance = context.mul_down(notional, self.perp_maintenance)
        initial = context.mul_down(notional, self.perp_initial)
        initial = initial + self._confidence(context, confidence, notional)
        contingency = context.zero
        marks: list[ExpiryMarks[N]] = []
        for expiry in holding.expiries:
            mark = self._marks(context, expiry)
            marks.append(mark)
            equity = equity + mark.value
            contingency = contingency + self.basis.contingency(
                context, expiry, mark.value, mark.basis_up, mark.basis_down
            )
            naked = context.mul_down(naked_shorts(context, expiry.options), holding.spot)
            maintenance = maintenance + context.mul_down(naked, self.option_maintenance)
            initial = initial + context.mul_down(naked, self.option_initial)
            gross = context.mul_down(gross_options(context, expiry), holding.spot)
            least_confidence = least(context, confidence, *expiry_confidences(expiry))
            initial = initial + self._confidence(context, least_confidence, gross)
        tokens: list[tuple[CollateralTerms[N], N]] = []
        for token in portfolio.tokens:
            terms = dict(self.collaterals).get(token.asset)
            if terms is None:
                raise CollateralDisabledError(token.asset)
            amount = context.unsigned(token.amount, 256, "collateral amount")
            value = context.quotient_down(amount * token.price, portfolio.stable_price)
            tokens.append((terms, value))
            equity = equity + value
            maintenance = maintenance + context.mul_down(value, terms.maintenance_haircut)
            initial = initial + context.mul_down(value, terms.initial_haircut)
            # The perpetual's confidence does not reach collateral of the same coin.
            doubt = context.minimum(token.confidence, holding.confidence)
            initial = initial + self._confidence(context, doubt, value)
        return Prepared(
            holding,
            portfolio.stable_price,
            tuple(tokens),
            tuple(marks),
            contingency,
            maintenance,
            initial,
            equity + portfolio.cash,
        )

    def judge_prepared(self, context: Context[N], account: Prepared[N], check: Check) -> Judgement[N]:
        """Return excess, equity and scenarios of a prepared account."""
        scenarios = self.scenarios if check.scenarios == "all" else basis_scenarios(context, self.basis)
        outcomes = tuple(self.scenario(context, account, scenario) for scenario in scenarios)
        return self.margin(context, account, outcomes, check)

    def margin(
        self, context: Context[N], account: Prepared[N], outcomes: tuple[N, ...], check: Check
    ) -> Judgement[N]:
        """Return the judgement from the scenarios' outcomes, which do not depend on the level."""
        loss, worst = worst_or_contingency(context, outcomes, account.basis_contingency)
        charges = {
            "basis": -account.basis_contingency,
            "maintenance contingency": account.maintenance_contingency,
        }
        factor = self.maintenance_factor
        if check.level is Level.INITIAL:
            factor = self.initial_factor
            factor = factor + peg_rate(context, account.stable_price, self.peg_threshold, self.peg_factor)
            charges["initial contingency"] = account.initial_contingency
        excess = context.mul_to_zero(loss, factor) - account.maintenance_contingency + account.equity
        if check.level is Level.INITIAL:
            excess = excess - account.initial_contingency
        return Judgement(check, excess, account.equity, worst, outcomes, charges)

    def scenario(self, context: Context[N], account: Prepared[N], scenario: Scenario[N]) -> N:
        """Return the profit or loss of one scenario."""
        weight = scenario.weight
        total = context.mul_to_zero(perp_move(context, account.holding.perp, scenario.spot), weight)
        skewed = scenario.move in {"LINEAR_SKEW", "ABSOLUTE_SKEW"}
        for expiry, marks in zip(account.holding.expiries, account.expiries, strict=True):
            if skewed:
                absolute = scenario.move == "ABSOLUTE_SKEW"
                value = self.skew.value(context, expiry, marks.discount, absolute=absolute)
            else:
                value = self._moved(context, expiry, marks, scenario)
            discount = context.where(value >= 0, marks.positive_discount, marks.negative_discount)
            change = context.mul_to_zero(context.mul_to_zero(value, discount) - marks.value, weight)
            # A tilt of the surface may go either way, so its effect counts as a loss whatever its sign.
            total = total + (-context.absolute(change) if skewed else change)
        for terms, value in account.tokens:
            if terms.risk_cancelling:
                moved = context.mul_to_zero(value, scenario.spot - context.unit)
                total = total + context.mul_to_zero(moved, weight)
        return total

    def _moved(
        self, context: Context[N], expiry: ExpiryHolding[N], marks: ExpiryMarks[N], scenario: Scenario[N]
    ) -> N:
        multiplier, floor = context.unit, context.zero
        if scenario.move == "UP":
            multiplier, floor = marks.volatility_up, self.term.least_volatility
        elif scenario.move == "DOWN":
            multiplier = marks.volatility_down
        return shocked_value(context, expiry, marks.discount, scenario.spot, multiplier, floor)

    def _marks(self, context: Context[N], expiry: ExpiryHolding[N]) -> ExpiryMarks[N]:
        rate = context.maximum(expiry.rate, context.zero)
        exponent = context.quotient_to_zero(-rate * expiry.seconds, context.count(SECONDS_PER_YEAR))
        discount = context.unsigned(context.exp(exponent), 64, "discount factor")

        def value(spot: N) -> N:
            return shocked_value(context, expiry, discount, spot, context.unit, context.zero)

        multipliers = volatility_multipliers(context, self.term, expiry)
        decay = static_exponent(context, expiry, self.long_rate_multiple, self.long_rate_addition)
        growth = static_exponent(context, expiry, self.short_rate_multiple, self.short_rate_addition)
        negative = context.minimum(
            context.div_down(context.unit, discount), context.div_down(self.short_base, growth)
        )
        return ExpiryMarks(
            value(context.unit),
            value(self.basis.up),
            value(self.basis.down),
            multipliers["UP"],
            multipliers["DOWN"],
            context.mul_down(self.long_base, decay),
            negative,
            discount,
        )

    def _confidence(self, context: Context[N], confidence: N, notional: N) -> N:
        rate = confidence_rate(context, confidence, self.confidence_threshold, self.confidence_factor)
        return context.mul_down(rate, notional)
