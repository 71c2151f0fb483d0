"""Ranking policies: who is deleveraged, and by how much.

A policy shares a budget out over candidates. What the budget counts (profit, equity, notional, contracts) is
the caller's choice and is that of each candidate's ``capacity``; all amounts are whole units, and a policy
takes the budget exactly or, if capacity does not reach, all capacity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from random import Random
from typing import Protocol, TypeAlias

from protocol.errors import UnsafeValueError
from protocol.liquidation.allocation import allocate


@dataclass(frozen=True, slots=True)
class Candidate:
    """A winner.

    Parameters
    ----------
    account
        Name.
    capacity
        Most that may be taken, in the units of the budget.
    profit
        Unrealised gain.
    equity
        Account value.
    notional
        Size of the position at the mark.
    entry_notional
        Size of the position at its entry price; 0 if unknown.
    """

    account: str
    capacity: int
    profit: int
    equity: int
    notional: int = 0
    entry_notional: int = 0

    @property
    def leverage(self) -> Fraction:
        """Notional over absolute equity; as great as the notional without equity."""
        return Fraction(self.notional, abs(self.equity) or 1)


class Policy(Protocol):
    """Share a budget out over candidates."""

    def allocate(self, candidates: Sequence[Candidate], budget: int) -> dict[str, int]:
        """Return the units taken, by account, without those who lose nothing."""
        ...


Score: TypeAlias = Callable[[Candidate], Fraction]


def profit_times_leverage(candidate: Candidate) -> Fraction:
    """Return profit over entry notional, times leverage: the score of most venues."""
    return Fraction(candidate.profit, candidate.entry_notional or 1) * candidate.leverage


def mark_over_entry_times_leverage(candidate: Candidate) -> Fraction:
    """Return (notional at mark / at entry) x (notional / equity), Hyperliquid's documented index."""
    return Fraction(candidate.notional, candidate.entry_notional or 1) * candidate.leverage


def profit_over_equity(candidate: Candidate) -> Fraction:
    """Return the part of the account's value that is gain."""
    return Fraction(candidate.profit, abs(candidate.equity) or 1)


@dataclass(frozen=True, slots=True)
class Queue:
    """The highest score loses first, whole, until the budget is met; ties go to the smaller equity."""

    score: Score = profit_times_leverage

    def order(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return the candidates in the order in which they are hit."""
        return sorted(candidates, key=lambda c: (-self.score(c), c.equity, c.account))

    def allocate(self, candidates: Sequence[Candidate], budget: int) -> dict[str, int]:
        """Take from the front of the queue."""
        return _take_in_order(self.order(candidates), budget)


@dataclass(frozen=True, slots=True)
class RandomOrder:
    """Accounts in pseudo-random order (dYdX v4 takes random counterparties)."""

    seed: int

    def allocate(self, candidates: Sequence[Candidate], budget: int) -> dict[str, int]:
        """Take in the order drawn; the draw does not depend on the order in which candidates are given."""
        drawn = sorted(candidates, key=lambda c: c.account)
        Random(self.seed).shuffle(drawn)  # noqa: S311 (reproducible, no secret)
        return _take_in_order(drawn, budget)


@dataclass(frozen=True, slots=True)
class ProRata:
    """Everyone loses in proportion to a weight, nobody more than his capacity."""

    weight: Callable[[Candidate], int] = lambda candidate: candidate.profit

    def allocate(self, candidates: Sequence[Candidate], budget: int) -> dict[str, int]:
        """Share in proportion, to the unit."""
        _require_budget(budget)
        weights = {c.account: max(0, self.weight(c)) if c.capacity > 0 else 0 for c in candidates}
        return _without_zeros(allocate(budget, weights, {c.account: c.capacity for c in candidates}))


@dataclass(frozen=True, slots=True)
class RiskAware:
    """Cut the most leveraged first, down to one common leverage.

    The common leverage is the highest at which the budget is met; whoever is below it loses nothing.

    Parameters
    ----------
    precision
        Halvings in the search for it.
    by_position
        Whether budget and capacities count units of position, of which a candidate's capacity is all he has
        and ``notional`` the value (``counterparties.other_side``); else they count notional.
    """

    precision: int = 80
    by_position: bool = False

    def allocate(self, candidates: Sequence[Candidate], budget: int) -> dict[str, int]:
        """Return the notional, or the units of position, closed, by account."""
        _require_budget(budget)
        solvent = [c for c in candidates if c.equity > 0 and c.capacity > 0]

        def cut(candidate: Candidate, leverage: Fraction) -> int:
            kept = leverage * candidate.equity
            wanted = candidate.notional - kept.numerator // kept.denominator
            if self.by_position and candidate.notional:
                wanted = -(-wanted * candidate.capacity // candidate.notional)
            return min(candidate.capacity, max(0, wanted))

        low, high = Fraction(0), max((c.leverage for c in solvent), default=Fraction(0))
        for _ in range(self.precision):
            middle = (low + high) / 2
            if sum(cut(c, middle) for c in solvent) >= budget:
                low = middle
            else:
                high = middle
        parts = {c.account: cut(c, high) for c in solvent}
        room = {c.account: cut(c, low) - parts[c.account] for c in solvent}
        left = budget - sum(parts.values())
        for name, more in allocate(left, room, room).items():
            parts[name] += more
        return _without_zeros(parts)


@dataclass(frozen=True, slots=True)
class IntegerProgramme:
    """Whole lots only: cover the budget with the fewest lots and the least greatest share of anyone.

    Minimise max(lots_i / capacity_i) subject to sum(lots_i) = ceil(budget / lot), 0 <= lots_i <= capacity_i.
    Solved exactly: the optimum takes the smallest of all shares k / capacity_i (k = 1, 2, ...), as many as
    lots are wanted; all below a share that is surely too small are taken at once, the rest one by one.

    Parameters
    ----------
    lot
        Size of a lot in the units of the budget.
    """

    lot: int = 1

    def allocate(self, candidates: Sequence[Candidate], budget: int) -> dict[str, int]:
        """Return the units taken, multiples of the lot; they exceed the budget by less than one lot."""
        _require_budget(budget)
        if self.lot < 1:
            raise UnsafeValueError("lot", self.lot, 1, 1 << 256)
        lots = {c.account: c.capacity // self.lot for c in candidates if c.capacity >= self.lot}
        wanted = min(-(-budget // self.lot), sum(lots.values()))
        if wanted == 0:
            return {}
        total = sum(lots.values())
        # At the share (wanted - number of accounts) / total nobody has more than in the optimum.
        base = max(0, wanted - len(lots))
        taken = {name: held * base // total for name, held in lots.items()}
        following = [(Fraction(taken[name] + 1, held), name) for name, held in lots.items()]
        heapify(following)
        for _ in range(wanted - sum(taken.values())):
            _, name = heappop(following)
            taken[name] += 1
            heappush(following, (Fraction(taken[name] + 1, lots[name]), name))
        return _without_zeros({name: count * self.lot for name, count in taken.items()})


def _require_budget(budget: int) -> None:
    if budget < 0:
        raise UnsafeValueError("budget", budget, 0, 1 << 256)


def _take_in_order(candidates: Sequence[Candidate], budget: int) -> dict[str, int]:
    _require_budget(budget)
    taken: dict[str, int] = {}
    for candidate in candidates:
        part = min(max(0, candidate.capacity), budget)
        if part:
            taken[candidate.account] = part
            budget -= part
    return taken


def _without_zeros(parts: Mapping[str, int]) -> dict[str, int]:
    return {name: part for name, part in parts.items() if part}
