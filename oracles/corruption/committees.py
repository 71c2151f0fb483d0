"""Cost models of sources that many sign: who must be corrupt, and what a minority can do for nothing.

A member whose honest report already lies beyond the wanted value counts without being paid, so a small move
needs fewer members than a large one: the free move of a minority is part of the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from oracles.corruption.formula import FREE, Buy, Cost, Formula, any_of, at_least
from oracles.corruption.models import CostModel, direction

MedianRule = Literal["lower", "upper", "mean"]


@dataclass(frozen=True, slots=True)
class Member:
    """A signer or publisher.

    Parameters
    ----------
    name
        The upstream: a key that signs for two feeds is bought once.
    to_lie, to_silence
        Bribe or stake at risk.
    report
        The honest report over the honest answer.
    """

    name: str
    to_lie: Cost
    to_silence: Cost
    report: float = 1.0


def reports_needed(count: int, rule: MedianRule, *, upward: bool) -> int:
    """Return how many of ``count`` reports must lie beyond a value so that the median does.

    ``upper`` takes sorted element n // 2, ``lower`` element (n - 1) // 2. Under ``mean`` of the two middle
    ones, half of an even count moves the answer without bound: the other middle report is held honest.
    """
    if rule == "mean":
        return (count + 1) // 2
    index = count // 2 if rule == "upper" else (count - 1) // 2
    return count - index if upward else index + 1


ROUNDING = 1e-12
"""Relative: reports and values are rounded quotients, and one that meets the value exactly lies there."""


@dataclass(frozen=True)
class SignedMedian(CostModel):
    """A median of signed reports (Chainlink OCR: ``upper``; Maker: exactly ``quorum`` of them).

    Parameters
    ----------
    members
        All signers.
    rule
        Which middle.
    quorum
        Reports without which nothing is published; all members if None.
    sender_chooses
        Whether whoever submits picks the signers of a round of exactly the quorum (RedStone, Maker's poke). A
        majority of the quorum is then enough; otherwise all members count.
    """

    members: tuple[Member, ...]
    rule: MedianRule = "upper"
    quorum: int | None = None
    sender_chooses: bool = False

    def move(self, factor: float) -> Formula:
        """Return the majority to buy, honest reports beyond the value not paid."""
        if factor == 1:
            return FREE
        counted = self.quorum if self.sender_chooses and self.quorum else len(self.members)
        lie = {m.name: Buy(m.name, direction(factor), m.to_lie) for m in self.members}
        reports = [(m.report, lie[m.name]) for m in self.members]
        return beyond_median(reports, factor, self.rule, counted, upward=factor > 1)

    def quiet(self, seconds: int) -> Formula:
        """Return the members without whom there is no quorum."""
        del seconds
        quorum = self.quorum or len(self.members)
        silent = (Buy(m.name, "quiet", m.to_silence) for m in self.members)
        return at_least(len(self.members) - quorum + 1, silent)


@dataclass(frozen=True)
class PublisherVotes(CostModel):
    """Pyth's rule: three votes each, the middle of all is the price, quartiles give the confidence.

    Source of the rule: pyth-client ``price_model.c``. Half of the publishers (rounded up) move the price
    without bound, a quarter plus one the confidence.

    Parameters
    ----------
    members
        Publishers.
    minimum
        ``min_pub``: fewer answers publish nothing, and the last price grows old.
    confidence_refuses
        Whether the reader refuses on a wide confidence, so that a quarter stops it.
    """

    members: tuple[Member, ...]
    minimum: int = 1
    confidence_refuses: bool = False

    def move(self, factor: float) -> Formula:
        """Return the half to buy."""
        if factor == 1:
            return FREE
        lying = (Buy(m.name, direction(factor), m.to_lie) for m in self.members)
        return at_least((len(self.members) + 1) // 2, lying)

    def quiet(self, seconds: int) -> Formula:
        """Return the members without whom the minimum is not met."""
        del seconds
        silent = (Buy(m.name, "quiet", m.to_silence) for m in self.members)
        return at_least(len(self.members) - self.minimum + 1, silent)

    def refuse(self) -> Formula:
        """Return the quarter that widens the confidence, where the reader heeds it."""
        if not self.confidence_refuses:
            return super().refuse()
        lying = (Buy(m.name, "widen", m.to_lie) for m in self.members)
        return at_least(len(self.members) // 4 + 1, lying)


def beyond_median(
    reports: Sequence[tuple[float, Formula]], value: float, rule: MedianRule, counted: int, *, upward: bool
) -> Formula:
    """Return what makes the median of ``counted`` of the reports lie at or beyond ``value``.

    Parameters
    ----------
    reports
        The honest report, and what makes the reporter say anything else.
    """
    slack = ROUNDING * abs(value)

    def lies(beyond: float, among: Sequence[tuple[float, Formula]]) -> list[Formula]:
        reach = beyond - slack if upward else beyond + slack
        return [FREE if (r >= reach if upward else r <= reach) else buy for r, buy in among]

    if rule != "mean" or counted % 2:
        need = reports_needed(counted, rule, upward=upward)
        return at_least(need, lies(value, reports))
    # Both middles beyond the value, or one far enough beyond that its mean with an honest one is.
    options = [at_least(counted // 2 + 1, lies(value, reports))]
    for n, (honest, _) in enumerate(reports):
        if honest < value if upward else honest > value:
            others = [*reports[:n], *reports[n + 1 :]]
            options.append(at_least(counted // 2, lies(2 * value - honest, others)))
    return any_of(*options)
