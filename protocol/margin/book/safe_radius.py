"""Which accounts need not be looked at: a list that stays exact while prices move.

**Safe radius.** Let H be an account's excess at base prices and g the sum of its absolute terms in prices
that move. If every price has moved by at most the share d since, each such term has changed by at most d
times itself, so the excess is still at least H - d * g: while d < H / g the account cannot fail, whatever
the direction and however many prices move at once. Accounts whose radius H / g exceeds ``skin`` are left out
until some price has moved by ``skin``; the others stand in a list sorted by radius, and only its beginning,
radius <= d, is evaluated, and of that only blocks that may have failed since they were last looked at (see
``judges``). In molecular dynamics this is Verlet's neighbour list.

**Rounding.** H is taken less four times the bound of ``decision`` (rounding at the base, rounding at the new
prices while d <= 1, and spare), and the radius is shortened by 1e-9 of itself and 1e-12, which covers the
division, g and d, each within 1e-14. So an account that is not evaluated has a float64 excess and an exact
excess of at least zero, and the answers equal those of a full mark bit for bit.

**Health that is not affine in prices** (tiers, caps, averages) keeps the proof if it cannot fall faster: let
``radii`` divide by a bound on the slope, sum over prices of price * |d health / d price| on the way, and let
``judge`` evaluate the true rule. A ``Subject`` is any rule that can do both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import BookError
from protocol.margin.book.blocks import Blocks, block_sums
from protocol.margin.book.book import Book
from protocol.margin.book.decision import Marker
from protocol.margin.book.engine import in_ranges, kernels
from protocol.margin.book.judges import ListJudge, WholeJudge
from protocol.margin.book.linear import Coefficients, Weights
from protocol.margin.book.near_mark import NearJudge
from protocol.margin.book.price_moves import ABSOLUTE, RELATIVE, checked, largest_move
from protocol.margin.book.widths import WIDTH

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]

OF_LIST, OF_ALL, OF_NEAR = 50_000.0, 3.0, 60.0
"""What a list costs, and more per account of the book and of the list, in marks of one account (measured)."""
SPARE = 0.1
"""What may be spent on lists beyond what lists have saved, as a share of full marks."""


class Judge(Protocol):
    """Accounts under a margin rule: a list of them, or all."""

    @property
    def looked_at(self) -> int:
        """Number of accounts evaluated so far."""
        ...

    def failing(self, prices: Floats, count: int) -> Wholes:
        """Return by rising number who fails of the first ``count`` of the list, perhaps more, no dropped."""
        ...

    def at_hand(self, book: Book) -> tuple[Blocks, Wholes] | None:
        """Return where the positions of the last answer, by rising account, were just read, if known."""
        ...

    def drop(self, places: Wholes) -> None:
        """Never again return the accounts at these places of the list."""
        ...

    def drop_found(self) -> None:
        """Never again return the accounts of the last answer."""
        ...


class Subject(Protocol):
    """A book under a margin rule, as the list sees it."""

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        ...

    def failing(self, prices: Floats) -> Wholes:
        """Return every failing account, in any order."""
        ...

    def radii(self, prices: Floats) -> tuple[Wholes, Floats]:
        """Return accounts (-1 for none) and their safe radii at these prices, zero or less if failing."""
        ...

    def judge(self, accounts: Wholes, prices: Floats) -> Judge:
        """Return a judge of a list of accounts, sorted by their safe radii at these prices."""
        ...

    def everybody(self, *, remember: bool = False) -> Judge:
        """Return a judge of all accounts, who may look at fewer if it is to ``remember`` what it saw."""
        ...


@dataclass(slots=True, eq=False)
class LinearSubject:
    """A book under the linear rule.

    Parameters
    ----------
    marker
        The book.
    weights
        The level that liquidates.
    still
        Flags per price, assets then instruments: prices that never move, such as the settlement asset's.
    """

    marker: Marker
    weights: Weights
    still: NDArray[np.bool_]

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return self.marker.book.accounts

    def coefficients(self, prices: Floats) -> Coefficients:
        """Return the coefficients at prices of assets followed by marks of instruments."""
        assets = self.marker.book.assets
        return Coefficients.folded(self.weights, prices[:assets], prices[assets:])

    def failing(self, prices: Floats) -> Wholes:
        """Return every failing account."""
        return self.marker.below_zero(self.coefficients(prices))

    def radii(self, prices: Floats) -> tuple[Wholes, Floats]:
        """Return accounts in the order of the blocks and their safe radii."""
        now = self.coefficients(prices)
        moving = self.coefficients(np.where(self.still, 0.0, prices))
        radii = safe_radii(self.marker, now, moving)
        return self.marker.blocks.order, radii.reshape(-1)

    def judge(self, accounts: Wholes, prices: Floats) -> Judge:
        """Return a judge who marks those of the list's blocks that may have failed."""
        marker = self.marker
        return ListJudge(marker.book, accounts, prices, self.still, self.coefficients, marker.fast)

    def everybody(self, *, remember: bool = False) -> Judge:
        """Return a judge who marks the whole book, after a small step perhaps only those near failing."""
        if remember:
            return NearJudge(self.marker, self.coefficients)
        return WholeJudge(self.marker, self.coefficients)


def safe_radii(marker: Marker, now: Coefficients, moving: Coefficients) -> Floats:
    """Return [blocks, 64] the largest share by which all prices may move without failing the account.

    Parameters
    ----------
    marker
        The accounts.
    now
        Coefficients at the base prices.
    moving
        The same with zero for prices that never move.
    """
    blocks = marker.blocks
    out = np.empty((blocks.count, WIDTH))
    slack = 4.0 * marker.doubt(now)
    compiled = kernels(marker.fast)

    def run(first: int, last: int) -> None:
        if compiled:
            compiled.radii(
                blocks.balances, blocks.starts, blocks.rows, blocks.sizes, blocks.costs,
                now.owned, now.owed, now.positions, moving.owned, moving.owed, moving.positions,
                slack, RELATIVE, ABSOLUTE, out, first, last,
            )  # fmt: skip
            return
        sums = block_sums(blocks, now, first, last) - slack[first:last, None]
        # An account that no price moves has no finite radius: it is safe, or failing, wherever prices go.
        with np.errstate(divide="ignore", invalid="ignore"):
            some = sums / block_sums(blocks, moving, first, last, absolute=True)
        some -= np.where(np.isfinite(some), RELATIVE * np.abs(some) + ABSOLUTE, 0.0)
        out[first:last] = some

    in_ranges(run, blocks.count, marker.workers, least=1024)
    return out


@dataclass(slots=True, eq=False)
class SafeRadiusList:
    """Finds failing accounts tick after tick, looking only at those that can have failed.

    Lists are made anew only from what earlier lists have saved, and a tenth of what full marks cost: counted
    in accounts looked at, all ticks together never cost more than 1.1 full marks each and the first list.

    Parameters
    ----------
    subject
        The book under its rule.
    still
        Flags of the prices that never move.
    skin
        Move at which the list is made anew, up to 0.5; it adapts between ``least_skin`` and ``most_skin`` so
        that what grows with it, looking at the list and gathering it, costs about what does not.
    """

    subject: Subject
    still: NDArray[np.bool_]
    skin: float = 0.02
    least_skin: float = 0.002
    most_skin: float = 0.1
    rebuilds: int = field(init=False, default=0)
    full_marks: int = field(init=False, default=0)
    looked_at: int = field(init=False, default=0)
    _owner: NDArray[np.int32] = field(init=False)
    _place: NDArray[np.int32] = field(init=False)
    _listed: Wholes = field(init=False)
    _revised: list[tuple[Wholes, Subject]] = field(init=False, default_factory=list)
    _base: Floats | None = field(init=False, default=None)
    _last: Floats | None = field(init=False, default=None)
    _limit: float = field(init=False, default=0.0)
    _work: int = field(init=False, default=0)
    _saved: float = field(init=False, default=0.0)
    _radii: Floats = field(init=False)
    _judge: Judge = field(init=False)
    _everybody: Judge = field(init=False)
    _answer: tuple[Judge, Wholes] | None = field(init=False, default=None)
    _shown: tuple[Judge, Wholes] | None = field(init=False, default=None)
    _gone: list[Wholes] = field(init=False, default_factory=list)
    _not_dropped: tuple[list[Wholes], list[Wholes]] = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < self.least_skin <= self.skin <= self.most_skin <= 0.5:
            raise BookError("skin", f"{self.least_skin} <= {self.skin} <= {self.most_skin} <= 0.5 is needed")
        self._owner = np.zeros(self.subject.accounts, dtype=np.int32)
        self._place = np.full(self.subject.accounts, -1, dtype=np.int32)
        self._listed = np.empty(0, dtype=np.int64)
        self._not_dropped = ([], [])

    def close(self, accounts: ArrayLike) -> None:
        """Take accounts out for good."""
        self._gone.append(self._forget(np.asarray(accounts, dtype=np.int64)))

    def revise(self, accounts: ArrayLike, subject: Subject) -> None:
        """Replace accounts by those of ``subject``, in its order; they are marked at every tick from now on.

        When a good share of the book has been revised, a new list over the new book is faster.
        """
        changed = np.asarray(accounts, dtype=np.int64).copy()
        self._record()
        if len(changed) != subject.accounts or (self._owner[changed] < 0).any():
            raise BookError("revise", "accounts and their new positions must agree, and none be closed")
        self._revised.append((changed, subject))
        self._owner[changed] = len(self._revised)
        self._forget(changed)

    def _record(self) -> None:
        """Note the owners of what was closed, when owners are next asked for: each is a far read."""
        for accounts in self._gone:
            self._owner[accounts] = -1
        self._gone.clear()

    def _forget(self, accounts: Wholes) -> Wholes:
        """Have both judges drop accounts, each at the latest when it is next asked; return an own copy."""
        answered, known = self._answer, None
        self._answer = None
        if answered and np.array_equal(answered[1], accounts):
            known, own = answered
            known.drop_found()
        else:
            own = accounts.copy()
        of_list, of_all = self._not_dropped
        if self._base is not None and known is not self._judge:
            of_list.append(own)
        if known is None or known is self._judge:
            of_all.append(own)
        return own

    def failing(self, prices: ArrayLike) -> Wholes:
        """Return the failing accounts that are not closed, by rising number.

        Parameters
        ----------
        prices
            Of assets, then marks of instruments; positive where they move.
        """
        now = np.asarray(prices, dtype=np.float64)
        found = self._among_unrevised(now)
        if not self._revised:
            return found.copy()
        self._record()
        self._answer, self._shown, parts = None, None, [found]
        for number, (accounts, subject) in enumerate(self._revised, 1):
            found = accounts[subject.failing(now)]
            parts.append(found[self._owner[found] == number])
        return np.sort(np.concatenate(parts))

    def at_hand(self, book: Book, accounts: Wholes) -> tuple[Blocks, Wholes] | None:
        """Return blocks and places of the positions of the last answer, if these accounts are that."""
        near = self._shown[0].at_hand(book) if self._shown else None
        return near if near and self._shown and np.array_equal(self._shown[1], accounts) else None

    def _among_unrevised(self, now: Floats) -> Wholes:
        if self._base is None:
            return self._rebuild(checked(now, self.still.shape).copy())
        move = self._moved(now)
        if move >= self._limit:
            # A list that will not outlive a few ticks does not pay: mark everybody instead.
            step = move if self._last is None else largest_move(self._last, now, self.still)
            self._last = now.copy()
            pays = 4 * step < self.skin and self._saved >= self._cost()
            return self._rebuild(now.copy()) if pays else self._mark_all(now)
        self._last = now.copy()
        before = self._judge.looked_at
        found = self._listed_failing(now, int(np.searchsorted(self._radii, move, "right")))
        looked = self._judge.looked_at - before
        self._work += looked
        self.looked_at += looked
        self._saved += self.subject.accounts - looked
        return found

    def _moved(self, now: Floats) -> float:
        """Return how far prices are from those of the list, or say what is wrong with them."""
        assert self._base is not None
        compiled = kernels(None)
        if compiled and now.shape == self.still.shape:
            move = float(compiled.furthest_move(self._base, now, self.still))
            if move >= 0:
                return move
        return largest_move(self._base, checked(now, self.still.shape), self.still)

    def _listed_failing(self, now: Floats, count: int) -> Wholes:
        self._answer = self._shown = None
        if not count:
            return np.empty(0, dtype=np.int64)
        for accounts in self._not_dropped[0]:
            places = self._place[accounts]
            self._judge.drop(places[places >= 0].astype(np.int64))
        self._not_dropped[0].clear()
        return self._asked(self._judge, now, count)

    def _mark_all(self, now: Floats) -> Wholes:
        if self._not_dropped[1]:
            self._everybody.drop(np.concatenate(self._not_dropped[1]))
            self._not_dropped[1].clear()
        before = self._everybody.looked_at
        found = self._asked(self._everybody, now, self.subject.accounts)
        looked = self._everybody.looked_at - before
        if looked == self.subject.accounts:
            self.full_marks += 1
            self._saved += SPARE * looked
        else:
            self.looked_at += looked
            self._saved += self.subject.accounts - looked
        return found

    def _asked(self, judge: Judge, now: Floats, count: int) -> Wholes:
        found = judge.failing(now, count)
        self._answer = self._shown = (judge, found)
        return found

    def _cost(self) -> float:
        """Return what making a list costs, in accounts looked at, if it is as long as the last."""
        return OF_LIST + OF_ALL * self.subject.accounts + OF_NEAR * len(self._listed)

    def _rebuild(self, now: Floats) -> Wholes:
        if self._base is None:
            self._everybody = self.subject.everybody(remember=True)
        else:
            self._saved -= self._cost()
            grows = self._work + OF_NEAR * len(self._listed)
            factor = 1.5 if grows < OF_ALL * self.subject.accounts else 1 / 1.5
            self.skin = min(max(self.skin * factor, self.least_skin), self.most_skin)
        self._record()
        self._not_dropped[0].clear()
        accounts, radii = self.subject.radii(now)
        near = np.flatnonzero(~(radii > self.skin))
        near = near[accounts[near] >= 0]
        near = near[self._owner[accounts[near]] == 0]
        reach = np.where(np.isnan(radii[near]), -np.inf, radii[near])
        by_radius = np.argsort(reach, kind="stable")
        order, self._radii = near[by_radius], reach[by_radius]
        self._place[self._listed] = -1
        self._listed = accounts[order]
        self._place[self._listed] = np.arange(len(order))
        self._judge = self.subject.judge(self._listed, now)
        self._base = self._last = now
        self._limit, self._work = self.skin, 0
        self.rebuilds += 1
        return self._listed_failing(now, int(np.searchsorted(self._radii, 0.0, "right")))
