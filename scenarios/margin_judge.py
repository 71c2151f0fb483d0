"""One portfolio file before one rule: what it lists, in the prices of the level asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from protocol.fixed_point.context import EXACT
from protocol.margin.fit import Fitted, fit
from protocol.margin.judgement import Judgement, Level
from protocol.margin.levels import LevelTerms
from protocol.margin.presets.registry import Preset
from scenarios.files.portfolio import PortfolioFile
from scenarios.margin_build import VIEWS, TradeOrder, build, traded
from scenarios.margin_listed import listed, not_listed

LEVELS = {level.value.replace(" ", "-"): level for level in Level}
"""Levels by the names under which a user asks for them."""


@dataclass(frozen=True, slots=True)
class Case:
    """A file and what was asked about it.

    Parameters
    ----------
    model
        The file.
    view
        Everything is read in this price view; None leaves it to the file and the rule.
    scenarios
        The scenario set instead of the level's own; None leaves it to the rule.
    partial
        Whether a rule judges the rest where it does not list something.
    extra_cash
        Paid (negative) or received for trades, 18 decimals.
    """

    model: PortfolioFile
    view: str | None = None
    scenarios: str | None = None
    partial: bool = False
    extra_cash: int = 0

    def after(self, orders: Iterable[TradeOrder]) -> Case:
        """Return the case after trades."""
        model, cash = traded(self.model, orders)
        return replace(self, model=model, extra_cash=self.extra_cash + cash)

    def terms(self, preset: Preset, level: Level) -> LevelTerms:
        """Return a rule's level with the view and the scenarios asked for.

        Raises
        ------
        KeyError
            If the rule has no such level.
        """
        terms = preset.levels[level]
        view = VIEWS.get(self.view or self.model.price_view)
        if view is not None:
            terms = terms.with_view(view)
        return terms if self.scenarios is None else terms.with_scenarios(self.scenarios)

    def listed(self, preset: Preset) -> PortfolioFile:
        """Return the file, without what the rule does not list where a partial answer is wanted."""
        return listed(self.model, not_listed(self.model, preset)) if self.partial else self.model

    def fitted(self, preset: Preset, level: Level) -> Fitted:
        """Return the portfolio as the rule reads it at a level.

        Raises
        ------
        UnfitPortfolioError
            If the rule cannot judge it.
        """
        account = build(self.listed(preset), self.extra_cash, self.terms(preset, level).views)
        return fit(preset, account.portfolio, account.kinds)

    def judge(self, preset: Preset, level: Level, fitted: Fitted | None = None) -> Judgement[int]:
        """Return a rule's exact judgement.

        Raises
        ------
        RuleError
            If the rule cannot judge the account.
        """
        terms = self.terms(preset, level)
        portfolio = (fitted or self.fitted(preset, level)).portfolio
        return terms.buffered(EXACT, preset.rule.judge(EXACT, portfolio, terms.check))
