"""A rule whose account may lean on a credit line for part of its requirement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, Protocol

from protocol.fixed_point.context import Context, N
from protocol.margin.credit_line import CreditLine
from protocol.margin.holdings import Portfolio
from protocol.margin.judgement import Check, Judgement
from protocol.margin.scenarios import Scenario


class Rule(Protocol[N]):
    """What judges a portfolio."""

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return the judgement."""
        ...


@dataclass(frozen=True, slots=True)
class OnCredit(Generic[N]):
    """``rule`` with ``line`` granted: the threshold counts towards the requirement.

    A shortfall below the minimum transfer amount is not called, so it is none.
    """

    rule: Rule[N]
    line: CreditLine[N]

    @property
    def scenarios(self) -> tuple[Scenario[N], ...]:
        """The rule's scenarios, if it has any."""
        return getattr(self.rule, "scenarios", ())

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return the rule's judgement after the line."""
        answer = self.rule.judge(context, portfolio, check)
        excess = self.line.excess(context, answer.equity, answer.requirement)
        small = (excess < 0) & (-excess < self.line.minimum_transfer)
        excess = context.where(small, context.zero, excess)
        return replace(
            answer, excess=excess, charges={**answer.charges, "credit line": answer.excess - excess}
        )
