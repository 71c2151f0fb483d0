"""Derive portfolio margin, first generation: one underlying, options, a perpetual, its base asset, cash.

Source of the rule: derivexyz/v2-core 7736900d ``src/risk-managers/PMRM.sol``, ``PMRMLib.sol``. The account is
revalued under 23 moves of spot and volatility; the worst of them (or the basis contingency), less the static
contingency, is multiplied by the initial factor, and that contingency is multiplied too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point.context import Context, Exact, N
from protocol.margin.charges import confidence_rate, gross_options, least, naked_shorts, peg_rate
from protocol.margin.expiry_risk import Basis, shocked_value, static_exponent, volatility_multipliers
from protocol.margin.holdings import ExpiryHolding, MarketHolding, PerpHolding, Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.scenarios import Scenario, TermStructure


@dataclass(frozen=True, slots=True)
class ExpiryMarks(Generic[N]):
    """Values of one expiry that every scenario shares."""

    value: N
    basis_up: N
    basis_down: N
    volatility_up: N
    volatility_down: N
    discount: N


@dataclass(frozen=True, slots=True)
class Prepared(Generic[N]):
    """The account with everything that does not depend on the check."""

    holding: MarketHolding[N]
    stable_price: N
    cash: N
    base_value: N
    expiries: tuple[ExpiryMarks[N], ...]
    basis_contingency: N
    static_contingency: N
    confidence_contingency: N
    equity: N


@dataclass(frozen=True, slots=True)
class PortfolioMargin(Generic[N]):
    """The rule with its parameters.

    Parameters
    ----------
    basis
        The basis contingency.
    peg_threshold, peg_factor
        The initial factor grows by this much per unit below the peg.
    confidence_threshold, confidence_factor
        Oracle charge at initial margin.
    base_share, perp_share, option_share
        Static contingency of base and perpetual, and of naked sold options.
    initial_factor
        Multiplier of the loss at initial margin.
    rate_multiple, rate_addition, base_discount
        Discount of positive option value: base * exp(-t * (rate * multiple + addition)).
    term
        How volatility moves by time to expiry.
    scenarios
        The grid.
    """

    basis: Basis[N]
    peg_threshold: N
    peg_factor: N
    confidence_threshold: N
    confidence_factor: N
    base_share: N
    perp_share: N
    option_share: N
    initial_factor: N
    rate_multiple: N
    rate_addition: N
    base_discount: N
    term: TermStructure[N]
    scenarios: tuple[Scenario[N], ...]

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return excess, equity and scenarios; ``check.scenarios`` is ``all`` or ``basis``."""
        return self.judge_prepared(context, self.prepare(context, portfolio), check)

    def prepare(self, context: Context[N], portfolio: Portfolio[N]) -> Prepared[N]:
        """Return the account with all that its checks share."""
        (holding,) = portfolio.markets
        base = context.unsigned(holding.base, 256, "base amount")
        base_value = _base_value(context, base, holding.spot, portfolio.stable_price, context.unit)
        perp_size, perp_value, confidence = perp_terms(context, holding)
        equity = base_value + perp_value
        static = context.mul_down(perp_size, self.perp_share) + context.mul_down(base, self.base_share)
        static = context.mul_down(static, holding.spot)
        doubts = self._confidence(context, confidence, perp_size + base, holding.spot)
        contingency = context.zero
        marks: list[ExpiryMarks[N]] = []
        for expiry in holding.expiries:
            mark = self._marks(context, expiry)
            marks.append(mark)
            equity = equity + mark.value
            contingency = contingency + self.basis.contingency(
                context, expiry, mark.value, mark.basis_up, mark.basis_down
            )
            naked = naked_shorts(context, expiry.options)
            static = static + context.mul_down(context.mul_down(naked, self.option_share), holding.spot)
            least_confidence = least(context, confidence, *expiry_confidences(expiry))
            doubts = doubts + self._confidence(
                context, least_confidence, gross_options(context, expiry), holding.spot
            )
        return Prepared(
            holding,
            portfolio.stable_price,
            portfolio.cash,
            base_value,
            tuple(marks),
            contingency,
            static,
            doubts,
            equity + portfolio.cash,
        )

    def judge_prepared(self, context: Context[N], account: Prepared[N], check: Check) -> Judgement[N]:
        """Return excess, equity and scenarios of a prepared account."""
        scenarios = self.scenarios if check.scenarios == "all" else basis_scenarios(context, self.basis)
        outcomes = tuple(self.scenario(context, account, scenario) for scenario in scenarios)
        loss, worst = worst_or_contingency(context, outcomes, account.basis_contingency)
        loss = loss - account.static_contingency
        charges = {"basis": -account.basis_contingency, "static": account.static_contingency}
        if check.level is Level.INITIAL:
            peg = peg_rate(context, account.stable_price, self.peg_threshold, self.peg_factor)
            loss = context.mul_to_zero(loss, self.initial_factor + peg)
            loss = loss - account.confidence_contingency
            charges["confidence"] = account.confidence_contingency
        return Judgement(check, loss + account.equity, account.equity, worst, outcomes, charges)

    def scenario(self, context: Context[N], account: Prepared[N], scenario: Scenario[N]) -> N:
        """Return the profit or loss of one scenario, after discounting positive option value."""
        total = context.zero
        for expiry, marks in zip(account.holding.expiries, account.expiries, strict=True):
            multiplier = {"NONE": context.unit, "UP": marks.volatility_up, "DOWN": marks.volatility_down}
            value = shocked_value(
                context, expiry, context.unit, scenario.spot, multiplier[scenario.move], context.zero
            )
            discounted = context.mul_to_zero(value, marks.discount)
            total = total + context.where(value > 0, discounted, value) - marks.value
        holding = account.holding
        base = _base_value(context, holding.base, holding.spot, account.stable_price, scenario.spot)
        return total + base - account.base_value + perp_move(context, holding.perp, scenario.spot)

    def _marks(self, context: Context[N], expiry: ExpiryHolding[N]) -> ExpiryMarks[N]:
        def value(spot: N) -> N:
            return shocked_value(context, expiry, context.unit, spot, context.unit, context.zero)

        multipliers = volatility_multipliers(context, self.term, expiry)
        decay = static_exponent(context, expiry, self.rate_multiple, self.rate_addition)
        return ExpiryMarks(
            value(context.unit),
            value(self.basis.up),
            value(self.basis.down),
            multipliers["UP"],
            multipliers["DOWN"],
            context.mul_down(self.base_discount, decay),
        )

    def _confidence(self, context: Context[N], confidence: N, amount: N, spot: N) -> N:
        rate = confidence_rate(context, confidence, self.confidence_threshold, self.confidence_factor)
        return context.mul_down(context.mul_down(rate, amount), spot)


def _base_value(context: Context[N], amount: N, spot: N, stable_price: N, shock: N) -> N:
    if isinstance(context, Exact) and amount == 0:
        return context.zero
    value = context.mul_down(context.mul_down(amount, spot), shock)
    return context.div_down(value, stable_price)


def perp_terms(context: Context[N], holding: MarketHolding[N]) -> tuple[N, N, N]:
    """Return the perpetual's size, its unsettled cash, and the least of its and the spot's confidence."""
    if holding.perp is None:
        return context.zero, context.zero, holding.confidence
    confidence = context.minimum(holding.confidence, holding.perp.confidence)
    return context.absolute(holding.perp.size), holding.perp.unsettled, confidence


def perp_move(context: Context[N], perp: PerpHolding[N] | None, spot: N) -> N:
    """Return the perpetual's gain when its price moves by the multiplier ``spot``."""
    if perp is None:
        return context.zero
    return context.mul_to_zero(perp.size, context.mul_to_zero(spot - context.unit, perp.price))


def expiry_confidences(expiry: ExpiryHolding[N]) -> tuple[N, N, N]:
    """Return the confidences that an expiry adds."""
    return expiry.forward_confidence, expiry.rate_confidence, expiry.volatility_confidence


def basis_scenarios(context: Context[N], basis: Basis[N]) -> tuple[Scenario[N], ...]:
    """Return the three moves on which a trusted caller's check rests: basis up, basis down, none."""
    return tuple(Scenario(spot, "NONE", context.unit) for spot in (basis.up, basis.down, context.unit))


def worst_or_contingency(context: Context[N], outcomes: tuple[N, ...], contingency: N) -> tuple[N, object]:
    """Return the least outcome and its index; the contingency wins ties and has the index past the end."""
    everything: tuple[N, ...] = (contingency,) + outcomes  # noqa: RUF005 - mypy cannot type a starred tuple of N
    least_outcome, index = context.worst(everything)
    return least_outcome, (index - 1) % (len(outcomes) + 1)
