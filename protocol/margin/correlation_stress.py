"""What netting by correlation saves an account, and what it risks when correlations move.

The same account is judged as given, with every correlation at one (a crash in which everything falls
together) and at zero (hedges that no longer hedge), and without netting. The stress is the worst of the two:
what the account may lose at the same confidence if its correlations were wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic

from protocol.errors import NettingError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N
from protocol.margin.grid_margin import GridMargin
from protocol.margin.holdings import Portfolio
from protocol.margin.judgement import Check


@dataclass(frozen=True, slots=True)
class CorrelationStress(Generic[N]):
    """Requirements of one account.

    Parameters
    ----------
    given, together, apart, plain
        With the rule's correlations, with all at one, with all at zero, and without netting.
    saved
        What netting takes off the plain sum.
    at_risk
        What the worse stress asks for beyond the requirement as given, at least zero.
    """

    given: N
    together: N
    apart: N
    plain: N
    saved: N
    at_risk: N


def correlation_stress(
    context: Context[N], rule: GridMargin[N], portfolio: Portfolio[N], check: Check
) -> CorrelationStress[N]:
    """Return what the rule's correlations save and what they risk.

    Raises
    ------
    NettingError
        If the rule does not net across underlyings.
    """
    cross = rule.cross
    if cross is None:
        raise NettingError("underlyings", "the rule adds them up, so there is no correlation to move")

    def at(value: int) -> N:
        size = len(cross.underlyings)
        rows = tuple(
            tuple(context.unit if i == j else context.of(value) for j in range(size)) for i in range(size)
        )
        moved = replace(rule, cross=replace(cross, correlations=rows))
        return moved.judge(context, portfolio, check).requirement

    given = rule.judge(context, portfolio, check).requirement
    plain = replace(rule, cross=None).judge(context, portfolio, check).requirement
    together, apart = at(WAD), at(0)
    worse = context.maximum(together, apart)
    return CorrelationStress(
        given, together, apart, plain, plain - given, context.maximum(worse - given, context.zero)
    )
