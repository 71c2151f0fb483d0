"""The machine that walks an account through its liquidation on a ledger.

healthy -> flagged -> active -> (insolvent) -> closed or healthy again. Every step is a transaction: all or
nothing, and conservation of every asset that moved is asserted before it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from protocol.errors import NotLiquidatableError, WaterfallExhaustedError
from protocol.ledger import Ledger, Posting
from protocol.liquidation.costs import Toll
from protocol.liquidation.deleveraging.close_out import close_out
from protocol.liquidation.deleveraging.positions import Fill
from protocol.liquidation.exchange import Offer, offer
from protocol.liquidation.market_orders import FittedPricer
from protocol.liquidation.policy import LiquidationPolicy, Rule
from protocol.liquidation.recent import recall, remember
from protocol.liquidation.settlement import settle_closed
from protocol.liquidation.stages import Stage, advance
from protocol.liquidation.view import (
    Judge,
    Judgement,
    Kind,
    Part,
    View,
    ceiling,
    floor,
)
from protocol.liquidation.waterfall import Payment
from protocol.market_state import MarketState
from protocol.transaction import State, Transaction


@dataclass(frozen=True, slots=True)
class Case:
    """Where one account stands.

    Parameters
    ----------
    stage
        See ``Stage``.
    flagged_at
        Time of the flag of the liquidation that runs or ran last.
    steps
        Steps of it that moved anything.
    freed
        What those steps added to the release level, at the market's scale.
    stepped_at
        Time of the last step that moved anything, of an earlier liquidation too; None before the first.
    """

    stage: Stage = Stage.HEALTHY
    flagged_at: int = 0
    steps: int = 0
    freed: int = 0
    stepped_at: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a step did.

    Parameters
    ----------
    account
        Whose.
    stages
        The stages walked through, the last being where the account stands now.
    part, size, moved
        What was unwound, how much, and the exchange; None if there was nothing to sell or it is to wait.
    taker
        Who took it over.
    payments
        What the waterfall paid.
    fills
        Counterparties of a deleveraging.
    before, after
        The margin rule's answers.
    toll
        Gas that the caller paid.
    """

    account: str
    stages: tuple[Stage, ...]
    before: Judgement
    after: Judgement
    part: Part | None = None
    size: int = 0
    moved: Offer | None = None
    taker: str = ""
    payments: tuple[Payment, ...] = ()
    fills: tuple[Fill, ...] = ()
    toll: Toll | None = None


KEY = "liquidations"
Cases = Mapping[str, Case]
Traded = Callable[[View, Part, int, Offer, str], None]
"""Called inside a step after the exchange: a keeper may sell what he got, a book may record the fill."""


@dataclass(slots=True)
class Machine:
    """One protocol's liquidations.

    Parameters
    ----------
    state
        Ledger and values; the cases are kept among the values, so a rollback restores them.
    policy
        The design.
    judge
        The margin rule.
    cash
        Asset in which derivatives settle.
    house
        Margin account of the same group through which closed positions settle; its cash and its claims on
        positions add up to nothing.
    instruments
        Derivatives listed on the ledger.
    """

    state: State
    policy: LiquidationPolicy
    judge: Judge
    cash: str
    house: str = ""
    instruments: frozenset[str] = frozenset()
    on_trade: Traded | None = None
    _payments: list[Payment] = field(default_factory=list)

    @property
    def book(self) -> Ledger:
        """The ledger."""
        return self.state.ledger

    def case(self, account: str) -> Case:
        """Return where the account stands."""
        return self._cases().get(account, Case())

    def _cases(self) -> Cases:
        cases = self.state.values.get(KEY, {})
        assert isinstance(cases, Mapping)
        return cases

    def _store(self, account: str, case: Case) -> None:
        self.state.values[KEY] = {**self._cases(), account: case}

    def view(self, account: str, market: MarketState, now: int, seed: int = 0) -> View:
        """Return what the choices may read about the account."""
        balances, case = dict(self.book.balances(account)), self.case(account)
        elapsed = now - case.flagged_at if case.stage in {Stage.FLAGGED, Stage.ACTIVE, Stage.INSOLVENT} else 0
        return View(
            account,
            balances,
            market,
            self.cash,
            self.judge(balances, market),
            self.judge,
            self.instruments,
            elapsed,
            case.steps,
            seed,
            now,
            case.freed,
            None if case.stepped_at is None else now - case.stepped_at,
            recall(self.state),
        )

    def flag(self, account: str, market: MarketState, now: int) -> Stage:
        """Flag an account short of margin, or lift the flag of one that is not.

        Raises
        ------
        NotLiquidatableError
            If it is healthy and satisfies its requirement.
        """
        case, view = self.case(account), self.view(account, market, now)
        short = view.judgement.excess < 0
        if not short and case.stage not in {Stage.FLAGGED, Stage.ACTIVE, Stage.INSOLVENT}:
            raise NotLiquidatableError("healthy", account=account, excess=view.judgement.excess)
        if short and case.stage in {Stage.HEALTHY, Stage.CLOSED}:
            if case.stage is Stage.CLOSED:
                advance(account, case.stage, Stage.HEALTHY)
            advance(account, Stage.HEALTHY, Stage.FLAGGED)
            self._store(account, Case(Stage.FLAGGED, now, stepped_at=case.stepped_at))
        elif not short and case.stage is Stage.FLAGGED:
            self._store(account, replace(case, stage=advance(account, case.stage, Stage.HEALTHY)))
        return self.case(account).stage

    def step(
        self,
        account: str,
        liquidator: str,
        market: MarketState,
        now: int,
        seed: int = 0,
        *,
        toll: Toll | None = None,
    ) -> Step:
        """Do the next step of the account's liquidation for ``liquidator``, flagging it first if need be.

        Parameters
        ----------
        account, liquidator
            Whose, and who calls.
        market, now
            Prices and second.
        seed
            Of random choices of the design.
        toll
            Gas that the caller pays for the call, out of what he has after it.

        Raises
        ------
        NotLiquidatableError
            If the account satisfies its requirement and no liquidation of it runs.
        RuleError
            Whatever a payer, a keeper without funds or a size refuses; nothing has changed then.
        """
        if liquidator == account:
            raise NotLiquidatableError("own account", account=account)
        with Transaction(self.state, f"liquidation of {account}"):
            done = self._step(account, liquidator, market, now, seed)
            if toll is not None:
                self._post(toll.posting(liquidator))
            return replace(done, toll=toll)

    def _step(self, account: str, liquidator: str, market: MarketState, now: int, seed: int) -> Step:
        self._payments = []
        walked = [self.flag(account, market, now)]
        view = self.view(account, market, now, seed)
        before = view.judgement
        if walked[0] is Stage.HEALTHY or (before.excess >= 0 and before.release >= 0):
            self._walk(account, walked, Stage.HEALTHY)
            return Step(account, tuple(walked), before, before)
        self._walk(account, walked, Stage.ACTIVE)
        if before.equity < 0:
            self._walk(account, walked, Stage.INSOLVENT)
        try:
            with Transaction(self.state, f"rules of {self.policy.name}"):
                done = self._by_rules(view, liquidator, list(walked))
        except WaterfallExhaustedError:
            if self.policy.deleveraging is None or before.equity >= 0:
                raise
            done = None
        if done is not None and (done.moved is not None or before.equity >= 0):
            return done
        return self._by_deleveraging(view, walked) or done or Step(account, tuple(walked), before, before)

    def _by_rules(self, view: View, liquidator: str, walked: list[Stage]) -> Step:
        part, size, moved, taker = self._unwind(view, liquidator)
        settle_closed(self.book, view.account, self.house, self.cash, self.instruments)
        after = self._conclude(view.account, view.market, walked)
        if moved is not None:
            case, freed = self.case(view.account), after.release - view.judgement.release
            self._store(view.account, replace(case, freed=case.freed + max(0, freed)))
        paid = tuple(self._payments)
        return Step(view.account, tuple(walked), view.judgement, after, part, size, moved, taker, paid)

    def _by_deleveraging(self, view: View, walked: list[Stage]) -> Step | None:
        """Close every position against winners; None if the design or the account has nothing to close."""
        resort = self.policy.deleveraging
        if resort is None or not view.positions():
            return None
        self._payments = []
        fills = close_out(self.book, view, resort, self.house)
        self._count(view)
        after = self._conclude(view.account, view.market, walked)
        paid = tuple(self._payments)
        return Step(view.account, tuple(walked), view.judgement, after, payments=paid, fills=fills)

    def _walk(self, account: str, walked: list[Stage], wanted: Stage) -> None:
        if walked[-1] is not wanted:
            walked.append(advance(account, walked[-1], wanted))
            self._store(account, replace(self.case(account), stage=wanted))

    def _unwind(self, view: View, liquidator: str) -> tuple[Part | None, int, Offer | None, str]:
        for rule in self.policy.rules:
            taker = rule.taker or liquidator
            if taker == view.account or (rule.when is not None and not rule.when(view)):
                continue
            part = rule.selector.select(view)
            if part is None:
                continue
            concession = rule.pricer.concession(view, part)
            size = rule.sizer.size(view, part, concession)
            if size > 0 and isinstance(rule.pricer, FittedPricer):
                size, concession = rule.pricer.fit(view, part, size)
            if size <= 0:
                continue
            moved = offer(view, part, size, concession, for_taker=bool(rule.taker))
            if not any(moved.change().values()):
                continue
            self._exchange(view, part, moved, taker)
            self._charge(view, rule, part, moved, self._guarantee(view, rule, part, size, moved))
            self._count(view)
            if part.kind is Kind.POSITION:
                remember(self.state, part.gives, view.now, size)
            if self.on_trade is not None:
                self.on_trade(view, part, size, moved, taker)
            return part, size, moved, taker
        return None, 0, None, ""

    def _count(self, view: View) -> None:
        case = self.case(view.account)
        self._store(view.account, replace(case, steps=case.steps + 1, stepped_at=view.now))

    def _exchange(self, view: View, part: Part, moved: Offer, taker: str) -> None:
        memo = f"{self.policy.name} liquidation"
        paid = moved.paid.get(self.cash, 0)
        if part.kind is Kind.ACCOUNT and paid < 0:
            # Whoever takes a worthless account over is paid by the waterfall, not by the account.
            moved = Offer(moved.taken, {asset: n for asset, n in moved.paid.items() if asset != self.cash})
            self._payments += self.policy.waterfall.cover(self.book, taker, self.cash, -paid)
        for posting in moved.postings(view.account, taker, memo):
            self._post(posting)

    def _guarantee(self, view: View, rule: Rule, part: Part, size: int, moved: Offer) -> Fraction | None:
        """Make up for a price below bankruptcy; return the value by which it is above, None if unbounded."""
        if not rule.guarantee or part.kind is not Kind.POSITION:
            return None
        share = view.share_of_requirement(part.gives) * Fraction(size, abs(view.positions()[part.gives]))
        (units,), (cost,) = moved.taken.values(), moved.paid.values()
        lost = view.value(part.gives, units) - view.value(self.cash, cost)
        above = view.judgement.equity * share - lost
        if above < 0:
            short = ceiling(-above / view.value(self.cash, 1))
            self._payments += self.policy.waterfall.cover(self.book, view.account, self.cash, short)
        return max(above, Fraction(0))

    def _charge(self, view: View, rule: Rule, part: Part, moved: Offer, most_value: Fraction | None) -> None:
        """Charge the rule's fee on the value taken, never more than the account has left of its asset."""
        if not rule.fee:
            return
        left = None if most_value is None else floor(most_value / view.value(self.cash, 1))
        for asset, units in moved.taken.items():
            if part.kind is Kind.LOAN:
                charged, of = asset, abs(units)
            else:
                charged, of = self.cash, abs(ceiling(view.value(asset, units) / view.value(self.cash, 1)))
            most = max(0, self.book.balance(view.account, charged))
            most = most if left is None else min(most, left)
            due = min(most, of * rule.fee.numerator // rule.fee.denominator)
            if due:
                self._post(Posting(view.account, rule.fee_to, charged, due, f"{self.policy.name} fee"))

    def _post(self, posting: Posting) -> None:
        self.book.post(posting.source, posting.target, posting.asset, posting.amount, posting.memo)

    def _conclude(self, account: str, market: MarketState, walked: list[Stage]) -> Judgement:
        balances = self.book.balances(account)
        if not any(units > 0 or asset in self.instruments for asset, units in balances.items()):
            for asset, units in sorted(balances.items()):
                self._walk(account, walked, Stage.INSOLVENT)
                self._payments += self.policy.waterfall.cover(self.book, account, asset, -units)
            self._walk(account, walked, Stage.CLOSED)
            return self.judge(self.book.balances(account), market)
        after = self.judge(balances, market)
        if after.equity < 0:
            self._walk(account, walked, Stage.INSOLVENT)
        elif after.release >= 0 and after.excess >= 0:
            self._walk(account, walked, Stage.HEALTHY)
        elif walked[-1] is Stage.INSOLVENT:
            self._walk(account, walked, Stage.ACTIVE)
        return after

    def run(
        self, account: str, liquidator: str, market: MarketState, now: int, *, most: int = 1000
    ) -> tuple[Step, ...]:
        """Step until the account is healthy or closed, nothing moves any more, or ``most`` steps are done."""
        done = []
        for _ in range(most):
            step = self.step(account, liquidator, market, now)
            done.append(step)
            stuck = step.moved is None and not step.payments and not step.fills
            if stuck or step.stages[-1] in {Stage.HEALTHY, Stage.CLOSED}:
                break
        return tuple(done)
