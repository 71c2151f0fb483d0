"""One portfolio under many margin rules, side by side: what ``backstop margin`` answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from protocol.errors import RuleError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.margin.correlation_stress import correlation_stress
from protocol.margin.grid_margin import GridMargin
from protocol.margin.holdings import Portfolio
from protocol.margin.judgement import INITIAL, Judgement, Level
from protocol.margin.moves import FailingMoves, failing_moves
from protocol.margin.presets.grids import wad
from protocol.margin.presets.registry import Preset
from protocol.margin.scenarios import Scenario
from scenarios.files.portfolio import PortfolioFile
from scenarios.margin_build import TradeOrder, nonlinear_parts
from scenarios.margin_judge import LEVELS, Case
from scenarios.margin_listed import NotListed, not_listed, reasons
from scenarios.margin_rules import rules_of


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """A scenario's move of spot (a share), its move of volatility, how much counts, profit or loss."""

    spot: Decimal
    volatility: str
    weight: Decimal
    profit: Decimal


@dataclass(frozen=True, slots=True)
class LevelResult:
    """A rule's answer at one level, in the file's money.

    Parameters
    ----------
    requirement, excess
        What is asked for, and equity less that.
    worst
        Index of the worst scenario in the rule's list; None without scenarios or where a charge was worse.
    worst_in_words
        The same for readers.
    charges
        Every add-on by name.
    """

    requirement: Decimal
    excess: Decimal
    worst: int | None
    worst_in_words: str
    charges: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Impact:
    """Excess at one level before and after the trades."""

    before: Decimal
    after: Decimal
    permitted: bool


@dataclass(frozen=True, slots=True)
class LiquidationPrices:
    """Prices of what moves at which maintenance fails, the nearest below and above; None where it does not.

    For the common direction they are factors of today's prices.
    """

    below: Decimal | None
    above: Decimal | None


@dataclass(frozen=True, slots=True)
class Stress:
    """Requirements with correlations as given, at one, at zero, and without netting."""

    given: Decimal
    together: Decimal
    apart: Decimal
    plain: Decimal
    saved: Decimal
    at_risk: Decimal


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule says; ``refused`` holds the reason where it cannot judge, and then the rest is empty.

    ``not_listed`` names what the rule does not list: the reason, or what was left out of a partial answer.
    ``levels`` holds what it answers at levels besides initial and maintenance.
    """

    name: str
    source: str
    as_of: str
    refused: str | None = None
    left_out: tuple[str, ...] = ()
    equity: Decimal | None = None
    initial: LevelResult | None = None
    maintenance: LevelResult | None = None
    scenarios: tuple[ScenarioResult, ...] = ()
    liquidation: Mapping[str, LiquidationPrices] | None = None
    common_direction: LiquidationPrices | None = None
    impact: Mapping[str, Impact] | None = None
    stress: Stress | None = None
    not_listed: tuple[NotListed, ...] = ()
    levels: Mapping[str, LevelResult] = field(default_factory=dict)

    def at(self, level: str) -> LevelResult | None:
        """Return the answer at a level, None where the rule has no such level or cannot judge."""
        own = {"initial": self.initial, "maintenance": self.maintenance}
        return own[level] if level in own else self.levels.get(level)


@dataclass(frozen=True, slots=True)
class MarginComparison:
    """The portfolio under every rule asked for."""

    title: str
    money: str
    price_view: str
    level: str
    rules: tuple[RuleResult, ...]
    trades: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_finding(self) -> bool:
        """Whether some rule that judged finds too little margin at the level asked for."""
        found = (rule.at(self.level) for rule in self.rules)
        return any(result is not None and result.excess < 0 for result in found)


def compare(
    case: Case | PortfolioFile,
    names: Sequence[str] = (),
    trades: Sequence[TradeOrder] = (),
    level: str = "initial",
) -> MarginComparison:
    """Return a portfolio under rules side by side.

    Parameters
    ----------
    case
        The file, or the file with the view, the scenario set and whether partial answers are wanted.
    names
        Rules by name; all if none is given.
    trades
        What would be traded; the answer is that of the account as it stands, with the trades' impact.
    level
        One of ``LEVELS``: whose failing is a finding.

    Raises
    ------
    UnknownNameError
        If a rule or what is traded does not exist.
    SurfaceError
        If a volatility surface is impossible.
    """
    case = case if isinstance(case, Case) else Case(case)
    model = case.model
    after = case.after(trades) if trades else None
    rules = tuple(_judged(case, rule, after) for rule in rules_of(model, names))
    shown = tuple(f"{t.asset}:{t.size}" + (f"@{t.price}" if t.price is not None else "") for t in trades)
    view = case.view or model.price_view
    return MarginComparison(model.title, model.money, view, level, rules, shown, tuple(model.notes))


def _judged(case: Case, rule: Preset, after: Case | None) -> RuleResult:
    missing = not_listed(case.model, rule)
    if missing and not case.partial:
        why = reasons(missing)
        return RuleResult(rule.name, rule.source, rule.as_of, refused=why, not_listed=missing)
    try:
        fitted = {level: case.fitted(rule, level) for level in rule.levels}
        answers = {level: case.judge(rule, level, fitted[level]) for level in rule.levels}
    except RuleError as error:
        why = str(error.details.get("why", error.message))
        return RuleResult(rule.name, rule.source, rule.as_of, refused=why, not_listed=missing)
    initial, maintenance = answers[Level.INITIAL], answers[Level.MAINTENANCE]
    scenarios: tuple[Scenario[int], ...] = getattr(rule.rule, "scenarios", ())
    outcomes = tuple(
        ScenarioResult(number(s.spot - WAD), s.move, number(s.weight), number(profit))
        for s, profit in zip(scenarios, initial.scenarios, strict=False)
    )
    stress = None
    if isinstance(rule.rule, GridMargin) and rule.rule.cross is not None:
        found = correlation_stress(EXACT, rule.rule, fitted[Level.INITIAL].portfolio, INITIAL)
        parts = (found.given, found.together, found.apart, found.plain, found.saved, found.at_risk)
        stress = Stress(*map(number, parts))
    alone, common = liquidation_prices(case, rule, fitted[Level.MAINTENANCE].portfolio)
    rows = {
        name: _level(answers[level], scenarios, ranged=bool(getattr(rule.rule, "stretches", ())))
        for name, level in LEVELS.items()
        if level in answers
    }
    return RuleResult(
        rule.name,
        rule.source,
        rule.as_of,
        None,
        fitted[Level.INITIAL].left_out,
        number(initial.equity),
        rows.pop("initial"),
        rows.pop("maintenance"),
        outcomes,
        alone,
        common,
        None if after is None else _impact(rule, {"initial": initial, "maintenance": maintenance}, after),
        stress,
        missing,
        rows,
    )


def _level(answer: Judgement[int], scenarios: tuple[Scenario[int], ...], *, ranged: bool) -> LevelResult:
    charges = {name: number(amount) for name, amount in answer.charges.items()}
    worst: int | None = None
    words = "no scenarios"
    if scenarios:
        words = "a contingency, worse than every scenario"
        of_own = len(answer.scenarios) != len(scenarios)
        if of_own:
            words = "of a scenario set of its own"
        elif answer.worst is not None and answer.worst < len(scenarios):
            worst = int(answer.worst)
            words = in_words(scenarios[worst]) + (", by the range of each" if ranged else "")
    return LevelResult(number(answer.requirement), number(answer.excess), worst, words, charges)


def in_words(scenario: Scenario[int]) -> str:
    """Return a scenario for readers: the move of spot and what volatility does."""
    spot = float(number(scenario.spot - WAD) * 100)
    volatility = {"NONE": "same volatility", "UP": "volatility up", "DOWN": "volatility down"}
    moved = volatility.get(scenario.move, scenario.move.lower().replace("_", " "))
    counted = "" if scenario.weight == WAD else f", {float(number(scenario.weight) * 100):.4g} % counted"
    share = f"{spot:+.4g} %" if spot else "0 %"
    return f"spot {share}, {moved}{counted}"


def _impact(rule: Preset, before: Mapping[str, Judgement[int]], after: Case) -> dict[str, Impact] | None:
    try:
        then = {name: after.judge(rule, LEVELS[name]).excess for name in before}
    except RuleError:
        return None
    return {
        name: Impact(number(before[name].excess), number(excess), excess >= 0)
        for name, excess in then.items()
    }


def liquidation_prices(
    case: Case, rule: Preset, portfolio: Portfolio[int]
) -> tuple[dict[str, LiquidationPrices], LiquidationPrices]:
    """Return where maintenance fails as each underlying moves, and along the common direction."""
    model, check = case.model, case.terms(rule, Level.MAINTENANCE).check
    nonlinear = nonlinear_parts(case.listed(rule), portfolio)
    alone = {}
    betas: dict[str, int] = {}
    for market in portfolio.markets:
        name = market.underlying
        moves = {name: WAD, **dict.fromkeys(_followers(model, name), WAD)}
        price = model.underlyings[name].index
        alone[name] = _prices(failing_moves(rule.rule, portfolio, moves, check, nonlinear), price)
        beta = wad(model.direction.get(name, Decimal(0 if model.direction else 1)))
        betas |= dict.fromkeys(moves, beta)
    common = FailingMoves(None, None)
    if betas:
        common = failing_moves(rule.rule, portfolio, betas, check, nonlinear)
    return alone, _prices(common, Decimal(1))


def _followers(model: PortfolioFile, name: str) -> list[str]:
    return [token for token, held in model.collateral.items() if held.follows == name]


def _prices(moves: FailingMoves, price: Decimal) -> LiquidationPrices:
    below, above = (
        None if factor is None else Decimal(f"{float(price) * factor:.9g}")
        for factor in (moves.below, moves.above)
    )
    return LiquidationPrices(below, above)


def number(amount: int) -> Decimal:
    """Return 18-decimal units as a decimal, exactly."""
    return Decimal(f"{amount}e-18")
