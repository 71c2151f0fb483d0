"""Cost models of sources that many sign: who must be corrupt, and what a minority can do for nothing.

A member whose honest report already lies beyond the wanted value counts without being paid, so a small move needs fewer
members than a large one: the free move of a minority is part of the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from oracles.corruption.formula import FREE, Buy, Cost, Formula, at_least
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

    ``upper`` takes sorted element n // 2, ``lower`` element (n - 1) // 2. Under ``mean`` of the two middle ones, half of
    an even count moves the answer without bound: the other middle report is held honest.
    """
    if rule == "mean":
        return (count + 1) // 2
    index = count // 2 if rule == "upper" else (count - 1) // 2
    return count - index if upward else index + 1


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
        Reports that a round needs; all members if None. A round of exactly the quorum is the worst case: the attacker
        waits for one, or causes it, so the majority is counted over the quorum.
    sender_chooses
        Whether whoever submits picks the signers that count (RedStone, Maker's poke). Then a majority of the quorum is
        enough; otherwise all members report.
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
        need = reports_needed(counted, self.rule, upward=factor > 1)
        beyond = self._half_way(factor, counted)
        return at_least(need, (_lie(member, factor, beyond) for member in self.members))

    def _half_way(self, factor: float, counted: int) -> float:
        """Return the value that a report must pass so that it need not be bought."""
        if self.rule != "mean" or counted % 2:
            return factor
        # A mean of two middles moves by half of the nearer one: only reports at twice the move count for nothing.
        return max(2 * factor - 1, 0.0)

    def quiet(self, seconds: int) -> Formula:
        """Return the members without whom there is no quorum."""
        del seconds
        quorum = self.quorum or len(self.members)
        silent = (Buy(m.name, "quiet", m.to_silence) for m in self.members)
        return at_least(len(self.members) - quorum + 1, silent)


@dataclass(frozen=True)
class PublisherVotes(CostModel):
    """Pyth's rule: three votes each, the middle of all is the price, quartiles give the confidence.

    Source of the rule: pyth-client ``price_model.c``. Half of the publishers (rounded up) move the price without bound, a
    quarter plus one the confidence.

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
        return at_least((len(self.members) + 1) // 2, (_lie(m, factor, factor) for m in self.members))

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


def _lie(member: Member, factor: float, beyond: float) -> Formula:
    if member.report >= beyond if factor > 1 else member.report <= beyond:
        return FREE
    return Buy(member.name, direction(factor), member.to_lie)


def free_interval(
    reports: Sequence[float], corrupt: int, rule: MedianRule = "upper"
) -> tuple[float, float] | None:
    """Return between which values ``corrupt`` of the reporters can put the median, or None if without bound.

    The reporters may be any of them: the interval is the widest over the choice, and its ends are order statistics of
    the honest reports.
    """
    ordered, count = sorted(reports), len(reports)
    needed_up = reports_needed(count, rule, upward=True)
    needed_down = reports_needed(count, rule, upward=False)
    if corrupt >= min(needed_up, needed_down):
        return None
    # Raising the lowest of them shifts every index up by as many places.
    if rule == "mean" and count % 2 == 0:
        up = (ordered[count // 2 - 1 + corrupt] + ordered[count // 2 + corrupt]) / 2
        down = (ordered[count // 2 - 1 - corrupt] + ordered[count // 2 - corrupt]) / 2
        return down, up
    index = count // 2 if rule == "upper" else (count - 1) // 2
    return ordered[index - corrupt], ordered[index + corrupt]
