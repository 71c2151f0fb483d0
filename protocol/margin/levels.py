"""Levels: which thresholds, prices and scenarios a rule's checks read, three choices that are independent.

The check that lets a trade in is not the one that liquidates, and engines name more than these two: a trusted
caller is held to less, a liquidation ends later than it began. A rule's levels are rows of a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from protocol.fixed_point.context import Context, N
from protocol.margin.judgement import Check, Judgement, Level, PriceView


@dataclass(frozen=True, slots=True)
class LevelTerms:
    """One level of a rule.

    Parameters
    ----------
    check
        Thresholds, price view of assets, scenario set.
    contracts
        Price view of perpetuals and futures where it is another.
    buffer
        Share of the requirement that is asked for besides, 18 decimals.
    """

    check: Check
    contracts: PriceView | None = None
    buffer: int = 0

    @property
    def views(self) -> tuple[PriceView, PriceView]:
        """Price views of assets and of contracts."""
        return self.check.prices, self.contracts or self.check.prices

    def with_view(self, view: PriceView) -> LevelTerms:
        """Return the level with everything read in one view."""
        return replace(self, check=replace(self.check, prices=view), contracts=None)

    def with_scenarios(self, scenarios: str) -> LevelTerms:
        """Return the level over another scenario set."""
        return replace(self, check=replace(self.check, scenarios=scenarios))

    def buffered(self, context: Context[N], answer: Judgement[N]) -> Judgement[N]:
        """Return a rule's answer with the buffer: excess + (excess - equity) * buffer."""
        if not self.buffer:
            return answer
        more = context.mul_to_zero(answer.excess - answer.equity, context.of(self.buffer))
        charges = {**answer.charges, "buffer": -more}
        return replace(answer, excess=answer.excess + more, charges=charges)


Levels: TypeAlias = Mapping[Level, LevelTerms]


def levels(
    initial: PriceView = PriceView.MARK,
    maintenance: PriceView | None = None,
    contracts: PriceView | None = None,
    **others: LevelTerms,
) -> Levels:
    """Return the table of a rule with these price views; other levels by the names of ``Level``."""
    rows = {
        Level.INITIAL: LevelTerms(Check(Level.INITIAL, initial), contracts),
        Level.MAINTENANCE: LevelTerms(Check(Level.MAINTENANCE, maintenance or initial), contracts),
    }
    return rows | {Level[name]: row for name, row in others.items()}
