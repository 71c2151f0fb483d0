"""Cost models of sources that read pools and exchanges."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from oracles.corruption.formula import FREE, IMPOSSIBLE, AtLeast, Buy, Cost, Formula, all_of, any_of
from oracles.corruption.models import CostModel, direction
from oracles.corruption.pools.curve import PoolCurve, capital, loss_if_arbitraged, loss_if_unwound
from oracles.corruption.several_pools import PoolGroup
from oracles.corruption.solve import Objective
from oracles.corruption.twap import Mean, TwapAttack, attack_by_proposer, cheapest_with_arbitrage

ONE_TRANSACTION = "the read in the attacker's own transaction (the capital can be a flash loan)"
STANDING = "the price left standing for others to trade against"


@dataclass(frozen=True)
class SpotPoolCost(CostModel):
    """A pool whose price is read as it stands.

    Parameters
    ----------
    upstream
        The pool.
    curve
        Its shape.
    same_transaction
        Whether the attacker can trade, have the price read and trade back at once. If not, others trade back.
    """

    upstream: str
    curve: PoolCurve
    same_transaction: bool = True

    def move(self, factor: float) -> Formula:
        """Return the push."""
        if factor == 1:
            return FREE
        loss = (loss_if_unwound if self.same_transaction else loss_if_arbitraged)(self.curve, factor)
        needs = (ONE_TRANSACTION if self.same_transaction else STANDING,)
        return Buy(self.upstream, direction(factor), Cost(loss, capital(self.curve, factor), 1, needs))


@dataclass(frozen=True)
class TwapPoolCost(CostModel):
    """A pool read as an average over a window.

    Parameters
    ----------
    upstream, curve
        The pool.
    mean
        ``arithmetic`` (Uniswap V2) or ``geometric`` (V3).
    window
        Blocks.
    streak
        Consecutive blocks that the attacker can get to propose; below two he has to stand arbitrage.
    clip_ticks
        The most by which one observation may move.
    """

    upstream: str
    curve: PoolCurve
    mean: Mean
    window: int
    streak: int = 1
    clip_ticks: float = inf

    def move(self, factor: float) -> Formula:
        """Return the choice between standing arbitrage and holding a streak."""
        if factor == 1:
            return FREE
        options: list[Formula] = []
        measures: tuple[Objective, ...] = ("loss", "capital")
        for by in measures:
            least = cheapest_with_arbitrage(
                self.curve, self.mean, self.window, factor, clip_ticks=self.clip_ticks, by=by
            )
            if least is not None:
                options.append(
                    self._buy(least, factor, f"{least.attacked_blocks} blocks held against arbitrage")
                )
        if self.clip_ticks == inf:
            for attacked in range(1, min(self.streak - 1, self.window) + 1):
                attack = attack_by_proposer(self.curve, self.mean, self.window, attacked, factor)
                if attack is not None:
                    needs = f"{attacked + 1} blocks in a row proposed by the attacker"
                    options.append(self._buy(attack, factor, needs))
        return any_of(*dict.fromkeys(options))

    def _buy(self, attack: TwapAttack, factor: float, needs: str) -> Formula:
        if not (isfinite(attack.loss) and isfinite(attack.capital)):
            return IMPOSSIBLE
        cost = Cost(attack.loss, attack.capital, attack.attacked_blocks, (needs,))
        return Buy(self.upstream, direction(factor), cost)


@dataclass(frozen=True)
class PoolGroupCost(CostModel):
    """Several pools under one mean or median; each is pushed to its own multiple.

    Parameters
    ----------
    upstreams_of
        Names of the pools in the order of the group.
    group
        Depths, weights, aggregation.
    """

    upstreams_of: tuple[str, ...]
    group: PoolGroup

    def move(self, factor: float) -> Formula:
        """Return all the pushes of the cheapest attack."""
        buys: list[Formula] = []
        for name, depth, t in zip(
            self.upstreams_of, self.group.depths, self.group.multiples(factor), strict=True
        ):
            if t != 1:
                one = PoolGroup((depth,))
                buys.append(Buy(name, direction(t), Cost(one.loss(t), one.capital(t), 1, (STANDING,))))
        return all_of(*buys)


@dataclass(frozen=True)
class IndexVenue:
    """One exchange of an index: its name, weight, and book."""

    upstream: str
    weight: int
    depth: float


@dataclass(frozen=True)
class ExchangeIndexCost(CostModel):
    """A weighted index of exchanges with even depth; inventory is carried to the end.

    Parameters
    ----------
    venues
        The exchanges that answer.
    rule
        ``median``: half of the weight must be moved all the way. ``mean``: the move is spread so that the
        last unit costs the same everywhere.
    clamp
        Under ``mean``, the most by which one venue may differ before it is cut.
    """

    venues: tuple[IndexVenue, ...]
    rule: Literal["mean", "median"] = "median"
    clamp: float = inf

    def move(self, factor: float) -> Formula:
        """Return the walk through the books."""
        if factor == 1:
            return FREE
        total = sum(venue.weight for venue in self.venues)
        if self.rule == "median":
            parts = tuple((v.weight, self._walk(v, abs(factor - 1), factor)) for v in self.venues)
            return AtLeast(-(-total // 2), parts)
        moves = self._spread(abs(factor - 1), total)
        if moves is None:
            return IMPOSSIBLE
        return all_of(*(self._walk(v, e, factor) for v, e in zip(self.venues, moves, strict=True) if e > 0))

    def _spread(self, move: float, total: int) -> list[float] | None:
        """Return each venue's move: proportional to weight / depth, cut at the clamp."""
        cut: set[int] = set()
        while True:
            left = move * total - sum(self.venues[n].weight for n in cut) * (self.clamp if cut else 0)
            free = [n for n in range(len(self.venues)) if n not in cut]
            scale = sum(self.venues[n].weight ** 2 / self.venues[n].depth for n in free)
            if not free:
                return None if left > 1e-12 * move * total else [self.clamp] * len(self.venues)
            moves = {n: left / scale * self.venues[n].weight / self.venues[n].depth for n in free}
            over = {n for n, e in moves.items() if e > self.clamp}
            if not over:
                return [self.clamp if n in cut else moves[n] for n in range(len(self.venues))]
            cut |= over

    def _walk(self, venue: IndexVenue, move: float, factor: float) -> Formula:
        cost = Cost(venue.depth * move**2 / 2, venue.depth * move * (1 + move / 2), 1, (STANDING,))
        return Buy(venue.upstream, direction(factor), cost)
