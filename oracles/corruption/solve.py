"""The cheapest set of purchases that makes a formula true: a small integer program (HiGHS through scipy)."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from oracles.corruption.formula import Act, AtLeast, Buy, Formula, Pick, holds, inside

Objective = Literal["loss", "capital"]
_TIE = 1e-6
"""Weight of the other measure: it decides between answers that cost the same."""
_REFINE = 100.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What to buy.

    Parameters
    ----------
    bought
        Purchases; of one upstream only the dearest level is paid.
    acts
        What the sources then say.
    loss, capital, blocks
        Added over the upstreams; blocks are those of the longest part.
    """

    bought: tuple[Buy, ...]
    acts: tuple[Act, ...]

    def _per_upstream(self, objective: Objective) -> dict[str, float]:
        dearest: dict[str, float] = {}
        for buy in self.bought:
            dearest[buy.upstream] = max(dearest.get(buy.upstream, 0.0), measure(buy, objective))
        return dearest

    @property
    def loss(self) -> float:
        """Loss added over the upstreams."""
        return sum(self._per_upstream("loss").values())

    @property
    def capital(self) -> float:
        """Capital added over the upstreams."""
        return sum(self._per_upstream("capital").values())

    @property
    def blocks(self) -> int:
        """Blocks of the longest purchase."""
        return max((buy.cost.blocks for buy in self.bought), default=0)


def measure(buy: Buy, objective: Objective) -> float:
    """Return the loss or the capital of a purchase."""
    return buy.cost.loss if objective == "loss" else buy.cost.capital


def solve(formula: Formula, objective: Objective = "loss") -> Answer | None:
    """Return the cheapest answer, or None if nothing makes the formula true.

    Parameters
    ----------
    objective
        Which measure is made least; the other decides between equals.
    """
    parts = tuple(inside(formula))
    greedy = _greedy(parts, objective)[id(formula)]
    if not isfinite(greedy):
        return None
    # The greedy sum ignores that actions exclude each other, so it may lie on either side of the answer.
    bound = greedy
    answer = _Program(parts, objective, bound).solve(formula)
    if answer is None:
        bound = sum(measure(b, objective) for b in parts if isinstance(b, Buy) and _possible(b))
        answer = _Program(parts, objective, bound).solve(formula)
    while answer is not None and not _fits(getattr(answer, objective), bound):
        bound = getattr(answer, objective) * (1 + 1e-6)
        answer = _Program(parts, objective, bound).solve(formula) or answer
    return answer


def _fits(reached: float, bound: float) -> bool:
    """Return whether no cheaper answer was left out, and none drowned in the solver's tolerance.

    What costs more than the bound was left out; and costs are scaled by the bound, beside which a dollar may
    be too small.
    """
    return reached <= bound * (1 + 1e-9) and (reached == 0 or reached * _REFINE >= bound)


def _possible(buy: Buy) -> bool:
    return isfinite(buy.cost.loss) and isfinite(buy.cost.capital)


def _greedy(parts: tuple[Formula, ...], objective: Objective) -> dict[int, float]:
    """Return for each subformula the cost of a simple answer that shares nothing: an upper bound."""
    cost: dict[int, float] = {}
    for item in parts:
        if isinstance(item, Buy):
            cost[id(item)] = measure(item, objective) if _possible(item) else inf
        elif isinstance(item, Act | Pick):
            cost[id(item)] = cost[id(item.inner)]
        else:
            left, total = item.need, 0.0
            for price, weight in sorted((cost[id(part)] / weight, weight) for weight, part in item.parts):
                if left <= 0:
                    break
                left -= weight
                total += price * weight
            cost[id(item)] = total if left <= 0 else inf
    return cost


class _Program:
    """The integer program of one formula, row by row: lower <= row @ x <= upper.

    Every subformula is a zero-one variable; per upstream two continuous ones hold what is paid for its
    dearest level.
    """

    def __init__(self, parts: tuple[Formula, ...], objective: Objective, bound: float) -> None:
        self.parts = parts
        self.objective = objective
        self.bound = bound
        self.other: Objective = "capital" if objective == "loss" else "loss"
        self.column: dict[object, int] = {}
        self.fixed: list[int] = []
        self.entries: list[tuple[int, int, float]] = []
        self.lower: list[float] = []
        self.upper: list[float] = []
        self._largest = (
            max((measure(b, self.other) for b in parts if isinstance(b, Buy) and _possible(b)), default=0)
            or 1.0
        )
        self._exclusive: dict[tuple[str, str], set[tuple[str, int]]] = {}
        for item in parts:
            self._take(item)
        self._exclude()

    def variable(self, key: object) -> int:
        """Return the column of a variable."""
        return self.column.setdefault(key, len(self.column))

    def row(self, terms: list[tuple[int, float]], lower: float, upper: float) -> None:
        """Add a constraint."""
        self.entries += [(len(self.lower), column, value) for column, value in terms]
        self.lower.append(lower)
        self.upper.append(upper)

    def _take(self, item: Formula) -> None:
        if isinstance(item, Buy):
            mine = self.column[id(item)] = self.variable(item)
            if not _possible(item) or measure(item, self.objective) > self.bound * (1 + 1e-9):
                self.fixed.append(mine)
                return
            paid, extra = self.variable(("paid", item.upstream)), self.variable(("extra", item.upstream))
            self.row([(paid, 1.0), (mine, -measure(item, self.objective) / (self.bound or 1.0))], 0, inf)
            self.row([(extra, 1.0), (mine, -measure(item, self.other) / self._largest)], 0, inf)
            self._exclusive.setdefault(("upstream", item.upstream), set()).add((item.action, mine))
        elif isinstance(item, Act):
            mine = self.variable(id(item))
            self.row([(self.column[id(item.inner)], 1.0), (mine, -1.0)], 0, inf)
            # A source has one age.
            action = f"old {item.amount}" if item.action == "old" else item.action
            self._exclusive.setdefault(("source", item.source), set()).add((action, mine))
        elif isinstance(item, Pick):
            mine = self.variable(id(item))
            self.row([(self.column[id(item.inner)], 1.0), (mine, -1.0)], 0, inf)
            self._exclusive.setdefault(("place", item.place), set()).add((item.role, mine))
        else:
            mine = self.variable(id(item))
            terms = [(self.column[id(part)], float(weight)) for weight, part in item.parts]
            self.row([*terms, (mine, -float(item.need))], 0, inf)

    def _exclude(self) -> None:
        """Let no upstream and no source do two things at once."""
        for place, members in self._exclusive.items():
            actions = sorted({action for action, _ in members})
            if len(actions) > 1:
                for action, mine in members:
                    self.row([(self.variable((place, action)), 1.0), (mine, -1.0)], 0, inf)
                self.row([(self.variable((place, action)), 1.0) for action in actions], -inf, 1)

    def solve(self, formula: Formula) -> Answer | None:
        """Make ``formula`` true at least cost."""
        import numpy as np  # noqa: PLC0415 - heavy, and only a search needs them
        from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415
        from scipy.sparse import coo_array  # noqa: PLC0415

        self.row([(self.column[id(formula)], 1.0)], 1, 1)
        count = max(self.column.values()) + 1
        weight, upper, integral = np.zeros(count), np.ones(count), np.ones(count, dtype=np.int64)
        upper[self.fixed] = 0
        weight[[self.column[id(item)] for item in self.parts if not isinstance(item, AtLeast)]] = _TIE * _TIE
        for key, place in self.column.items():
            if isinstance(key, tuple) and key[0] in {"paid", "extra"}:
                integral[place], upper[place] = 0, inf
                weight[place] = 1.0 if key[0] == "paid" else _TIE
        at, columns, values = (list(each) for each in zip(*self.entries, strict=True))
        matrix = coo_array((values, (at, columns)), shape=(len(self.lower), count)).tocsr()
        found = milp(
            weight,
            constraints=LinearConstraint(matrix, self.lower, self.upper),
            integrality=integral,
            bounds=Bounds(0, upper),
            options={"mip_rel_gap": 0.0},
        )
        if found.x is None:
            return None
        true = [
            item
            for item in self.parts
            if not isinstance(item, AtLeast) and found.x[self.column[id(item)]] > 0.5
        ]
        bought = tuple(dict.fromkeys(item for item in true if isinstance(item, Buy)))
        assert holds(formula, frozenset(bought))
        return Answer(bought, tuple(item for item in true if isinstance(item, Act)))
