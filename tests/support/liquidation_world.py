"""A small protocol with every kind of action, driven by numbers: for property tests and for the long run.

Three traders with spot collateral, debts and one perpetual; lenders, a keeper, a fund, a backstop vault. The
lenders' claim is a vault in which the traders may hold shares. Every action checks what must hold of it at
once; a refusal is a normal outcome, a broken rule an assertion. The promises, by name, are in ``PROMISES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise

from liquidation_policies import (
    DECIMALS,
    DEFICIT,
    ETH,
    FUND,
    HOUSE,
    INITIAL,
    KEEPER,
    LENDERS,
    MAINTENANCE,
    MINT,
    PERP,
    PLAIN_ACCOUNTS,
    PRESETS,
    PROTOCOL,
    SHARE,
    START_PRICE,
    TRADERS,
    USD,
    VAULT,
    equity,
    judge,
    price_of,
    purse,
)
from protocol.errors import MissingPriceError, RuleError
from protocol.ledger import Account, Kind, quote_of
from protocol.liquidation.deleveraging.policy import Candidate, Queue
from protocol.liquidation.deleveraging.positions import deleverage
from protocol.liquidation.machine import Machine, Step
from protocol.liquidation.stages import NEXT, Stage
from protocol.liquidation.view import Judgement, ceiling, convert, floor, value
from protocol.liquidation.view import Kind as PartKind
from protocol.liquidation.waterfall import Fund, Socialise
from protocol.market_state import MarketState, Price
from protocol.transaction import State, Transaction
from protocol.venues.vault_share import VaultShare, openzeppelin

PROMISES = (
    "conservation",
    "no gain from liquidating oneself at a fair price",
    "no withdrawal beyond the excess",
    "shares never mint value",
    "a liquidation does not lower the excess of the rest where the design promises it",
    "the waterfall's order is kept",
)
"""What every action is checked for; ``World.checked`` counts how often each applied."""


class World:
    """The protocol under one preset."""

    def __init__(self, preset: str) -> None:
        self.state = State()
        self.book = self.state.ledger
        for name in (*TRADERS, *PLAIN_ACCOUNTS):
            self.book.open(Account(name, Kind.MARGIN, PROTOCOL))
        self.book.open(Account("world", Kind.ISSUER))
        self.book.open(Account(MINT, Kind.ISSUER))
        for name in TRADERS:
            self.book.open(Account(purse(name)))
        self.book.list_instrument(PERP)
        for account, dollars, ether in (
            (LENDERS, 10**14, 10**24),
            (KEEPER, 10**14, 10**24),
            (FUND, 10**9, 0),
            (VAULT, 10**12, 10**20),
        ):
            self.book.post("world", account, USD, dollars)
            self.book.post("world", account, ETH, ether)
        for account in TRADERS:
            self.book.post("world", account, USD, 10**10)
        # The first lender's shares: the claim was not given to the vault, it was bought.
        self.book.post(MINT, "world", SHARE, 10**20)
        self.price, self.now, self.dead = START_PRICE, 0, False
        self.machine = Machine(self.state, PRESETS[preset](self.state), judge, USD, HOUSE, frozenset({PERP}))
        self.counts: dict[str, int] = {}
        self.checked = dict.fromkeys(PROMISES, 0)

    @property
    def market(self) -> MarketState:
        prices = {
            USD: Price(10**6, 6),
            quote_of(PERP): Price(10**6, 6),
            ETH: Price(self.price, 6),
            PERP: Price(self.price, 6),
        }
        if self.dead:
            del prices[ETH]
        return MarketState(prices, DECIMALS)

    def act(self, action: str, who: int, amount: int) -> None:
        """Do one action with a trader (by number) and an amount in 0 .. 10**6."""
        account = TRADERS[who % len(TRADERS)]
        before = self.snapshot()
        try:
            getattr(self, f"do_{action}")(account, amount)
            outcome = action
        except RuleError:
            assert self.snapshot() == before, f"{action} was refused and changed the state"
            outcome = "refused"
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        self.check()

    def snapshot(self) -> dict[str, dict[str, int]]:
        purses = [purse(name) for name in TRADERS]
        return {name: dict(self.book.balances(name)) for name in (*TRADERS, *PLAIN_ACCOUNTS, *purses)}

    def saw(self, promise: int) -> None:
        """Count a check of a promise."""
        self.checked[PROMISES[promise]] += 1

    def check(self) -> None:
        """Check what holds always: conservation, and nobody but margin accounts below zero."""
        self.book.assert_conserved("an action")
        self.saw(0)
        assert self.book.cash(PROTOCOL, PERP) == 0
        assert self.book.cash(PROTOCOL, quote_of(PERP)) == 0

    # Actions

    def do_deposit(self, account: str, amount: int) -> None:
        self.book.post(
            "world", account, ETH if amount % 2 else USD, amount * (10**13 if amount % 2 else 10**4)
        )

    def do_withdraw(self, account: str, amount: int) -> None:
        asset = ETH if amount % 2 else USD
        with Transaction(self.state, "withdraw"):
            self.book.post(account, "world", asset, amount * (10**13 if amount % 2 else 10**4))
            left = INITIAL.excess(self.book.balances(account), self.market)
            if left < 0:
                raise MissingPriceError("margin", ())
        assert INITIAL.excess(self.book.balances(account), self.market) >= 0
        assert self.equity(account) >= 0
        self.saw(2)

    def vault(self) -> VaultShare:
        """Return the lenders' claim in dollars as a vault."""
        held, supply = max(0, self.book.balance(LENDERS, USD)), self.book.issued(MINT, SHARE)
        return openzeppelin(USD, SHARE, total_assets=held, total_supply=supply, offset=6)

    def do_supply(self, account: str, amount: int) -> None:
        """Lend dollars for shares of the lenders' claim."""
        before, dollars, name = self.vault(), amount * 10**3, purse(account)
        shares, after = before.deposit(dollars)
        with Transaction(self.state, "supply"):
            self.book.post("world", LENDERS, USD, dollars)
            self.book.post(MINT, name, SHARE, shares)
        self.check_shares(before, after, shares, dollars)

    def do_redeem(self, account: str, amount: int) -> None:
        """Redeem a part of the shares."""
        before, name = self.vault(), purse(account)
        shares = self.book.balance(name, SHARE) * min(amount, 10**6) // 10**6
        paid, after = before.redeem(shares)
        with Transaction(self.state, "redeem"):
            self.book.post(name, MINT, SHARE, shares)
            self.book.post(LENDERS, "world", USD, paid)
        self.check_shares(before, after, shares, paid)

    def check_shares(self, before: VaultShare, after: VaultShare, shares: int, assets: int) -> None:
        """Check that those who did nothing lost nothing, and that the caller got no more than he gave."""
        assert self.vault() == after
        assert price_of(after) >= price_of(before)
        assert after.to_assets_down(after.total_supply) <= after.total_assets
        if after.total_supply > before.total_supply:
            assert after.to_assets_down(shares) <= assets
        self.saw(3)

    def do_borrow(self, account: str, amount: int) -> None:
        """Draw as much as initial margin allows, or a part of it, of what the account lacks."""
        asset = ETH if amount % 2 else USD
        room = INITIAL.excess(self.book.balances(account), self.market)
        units = floor(room / value(self.market, asset, 1) * Fraction(amount, 10**6) * Fraction(9, 10))
        with Transaction(self.state, "borrow"):
            self.book.post(account, "world", asset, units)
            if INITIAL.excess(self.book.balances(account), self.market) < 0:
                raise MissingPriceError("margin", ())

    def do_trade(self, account: str, amount: int) -> None:
        units = amount * 3 * 10**4
        buyer, seller = (account, KEEPER) if amount % 2 else (KEEPER, account)
        with Transaction(self.state, "trade"):
            self.book.post(seller, buyer, PERP, units)
            cost = ceiling(convert(self.market, PERP, USD, units))
            self.book.post(buyer, seller, quote_of(PERP), cost)
            if INITIAL.excess(self.book.balances(account), self.market) < 0:
                raise MissingPriceError("margin", ())

    def do_trade_peer(self, account: str, amount: int) -> None:
        other = TRADERS[(TRADERS.index(account) + 1) % len(TRADERS)]
        units = amount * 3 * 10**4
        with Transaction(self.state, "trade"):
            self.book.post(other, account, PERP, units)
            self.book.post(account, other, quote_of(PERP), floor(convert(self.market, PERP, USD, units)))
            for name in (account, other):
                if INITIAL.excess(self.book.balances(name), self.market) < 0:
                    raise MissingPriceError("margin", ())

    def do_move_price(self, account: str, amount: int) -> None:
        # A factor between 0.75 and 1.27.
        self.price = max(10**6, min(10**12, self.price * (750_000 + amount * 52 // 100) // 1_000_000))

    def do_wait(self, account: str, amount: int) -> None:
        self.now += amount % 7200

    def do_oracle_failure(self, account: str, amount: int) -> None:
        self.dead = amount % 4 == 0

    def do_liquidate(self, account: str, amount: int) -> None:
        before = {name: self.equity(name) for name in (account, KEEPER)}
        case, judged = self.machine.case(account), judge(self.book.balances(account), self.market)
        step = self.machine.step(account, KEEPER, self.market, self.now, amount)
        self.check_step(step, case.stage, judged, before)

    def do_liquidate_all(self, account: str, amount: int) -> None:
        # A run is many calls; here they are one transaction, so that a refusal on the way undoes all.
        with Transaction(self.state, "liquidation at once"):
            steps = self.machine.run(account, KEEPER, self.market, self.now, most=20)
        for step in steps:
            assert step.account == account
            self.check_order(step)

    def do_self_liquidate(self, account: str, amount: int) -> None:
        other = TRADERS[(TRADERS.index(account) + 1) % len(TRADERS)]
        self.self_liquidation(account, other)

    def do_deleverage(self, account: str, amount: int) -> None:
        position = self.book.balance(account, PERP)
        found = []
        for name in (*TRADERS, KEEPER):
            held = self.book.balance(name, PERP)
            if held * position < 0:
                found.append(Candidate(name, abs(held), abs(held), max(1, int(self.equity(name))), abs(held)))
        mark = convert(self.market, PERP, USD, 1)
        total = self.equity(account) + sum(self.equity(c.account) for c in found)
        with Transaction(self.state, "deleveraging"):
            fills = deleverage(self.book, account, PERP, mark, mark, found, Queue())
        after = self.equity(account) + sum(self.equity(c.account) for c in found)
        assert after == total
        assert self.book.balance(account, PERP) == 0
        assert sum(fill.units for fill in fills) == position

    # What must hold of a step

    def equity(self, account: str) -> Fraction:
        return equity(self.book.balances(account), self.market)

    def check_step(self, step: Step, stage: Stage, judged: Judgement, before: Mapping[str, Fraction]) -> None:
        walked = [stage if stage is not Stage.CLOSED else Stage.HEALTHY, *step.stages]
        for one, other in pairwise(walked):
            assert one is other or other in NEXT[one], walked
        assert self.machine.case(step.account).stage is step.stages[-1]
        if step.moved is not None:
            # Only accounts short of margin, or not yet released, are touched.
            assert judged.excess < 0 or judged.release < 0
        if step.stages[-1] is Stage.CLOSED:
            assert not self.book.balances(step.account)
        if step.stages[-1] is Stage.HEALTHY:
            assert judge(self.book.balances(step.account), self.market).excess >= 0
        if step.payments:
            self.check_order(step)
        if step.fills:
            # Closed at its bankruptcy price: nothing is owed, and nothing but roundings is left.
            assert not self.book.balance(step.account, PERP)
        if self.machine.policy.heals and self.promised(step):
            # A unit of a token may be lost to rounding in each asset that moved.
            slack = sum((value(self.market, name, 2) for name in (USD, ETH, PERP)), Fraction(0))
            assert step.after.excess >= min(0, step.before.excess) - slack
            self.saw(4)

    def promised(self, step: Step) -> bool:
        """Return whether the collateral taken counts for less than the debt repaid for it.

        Where it does not (a bonus above the gap between the weights) every liquidation lowers health: the
        toxic spiral, which is a property of the parameters.
        """
        if step.moved is None or step.part is None or step.part.kind is not PartKind.LOAN:
            return True
        weights = {USD: (Fraction(1), Fraction(1)), ETH: (MAINTENANCE.asset, MAINTENANCE.liability)}
        (given, taken), (owed, repaid) = *step.moved.taken.items(), *step.moved.paid.items()
        lost = value(self.market, given, taken) * weights[given][0]
        return lost <= value(self.market, owed, repaid) * weights[owed][1]

    def check_order(self, step: Step) -> None:
        """A later payer pays only when the earlier ones could not pay all."""
        order = {FUND: 0, LENDERS: 1, **dict.fromkeys(TRADERS, 1), DEFICIT: 2}
        for asset in {payment.asset for payment in step.payments}:
            ranks = [order[payment.payer] for payment in step.payments if payment.asset == asset]
            assert ranks == sorted(ranks)
            first = self.machine.policy.waterfall.payers[0]
            assert isinstance(first, Fund)
            if max(ranks) > 0 and first.share_per_event == 1:
                assert self.book.balance(FUND, asset) == 0
            if 2 in ranks and isinstance(self.machine.policy.waterfall.payers[1], Socialise):
                assert self.book.balance(LENDERS, asset) <= 0
            self.saw(5)

    def self_liquidation(self, account: str, other: str) -> None:
        """Two accounts of one holder: liquidating one by the other gains nothing but what payers gave."""
        owned = self.equity(account) + self.equity(other)
        negative = max(Fraction(0), -self.equity(account))
        step = self.machine.step(account, other, self.market, self.now)
        received = sum((value(self.market, p.asset, p.amount) for p in step.payments), Fraction(0))
        # So is what winners other than the holder himself gave up in a deleveraging.
        given = sum((fill.given_up for fill in step.fills if fill.account != other), Fraction(0))
        received += given * value(self.market, USD, 1)
        # What a protocol's own account takes over below zero is its loss, not found money.
        taken_over = negative if step.taker in PLAIN_ACCOUNTS else Fraction(0)
        assert self.equity(account) + self.equity(other) <= owned + received + taken_over
        self.saw(1)


ACTIONS = (
    "deposit",
    "withdraw",
    "borrow",
    "trade",
    "trade_peer",
    "move_price",
    "move_price",
    "wait",
    "oracle_failure",
    "liquidate",
    "liquidate",
    "liquidate",
    "liquidate_all",
    "self_liquidate",
    "self_liquidate",
    "deleverage",
    "supply",
    "redeem",
)
