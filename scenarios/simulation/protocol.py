"""The simulated protocol in a world: deposits, loans, perpetuals and liquidations on one ledger.

A loan is a negative balance of a margin account; what others lent stands in one account of depositors, so the
protocol's cash is the sum over its accounts. Every action must run inside a transaction of the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

from oracles.node import evaluate
from protocol.errors import BorrowRefusedError, CapExceededError, UnknownNameError
from protocol.fixed_point import WAD
from protocol.ledger import Kind, Ledger, quote_of
from protocol.liquidation.deleveraging.policy import Candidate
from protocol.liquidation.deleveraging.prices import bankruptcy_price, mark_price
from protocol.liquidation.machine import Machine, Step
from protocol.liquidation.view import Judgement, View, convert, floor, value
from protocol.market_state import MarketState, Price
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_rules import ListingFile, PerpetualFile
from scenarios.simulation.backstop import opposite
from scenarios.simulation.build import Graph, units_of
from scenarios.simulation.carry.marks import Marks
from scenarios.simulation.governance import Decided, decided
from scenarios.simulation.isolation import require_room, room_down
from scenarios.simulation.judged import Judged
from scenarios.simulation.liquidation_rules import build_policy, within_means
from scenarios.simulation.margin_inputs import SCALE, MarginRule
from scenarios.simulation.margin_rules import build_rule
from scenarios.simulation.names import DEPOSITORS, FUND, GROUP, HOUSE, OWN, VAULT
from scenarios.simulation.options import Contract, Implied, contracts, implied_of
from scenarios.world import World


@dataclass(slots=True)
class Protocol:
    """The rules of one file over one world."""

    scale: ClassVar[int] = SCALE
    """Decimals of the file's money in judgements."""

    file: ProtocolFile
    world: World
    graph: Graph
    options: Mapping[str, Contract] = field(init=False)
    implied: Implied = field(init=False)
    _start: int = field(init=False)
    _own_rule: MarginRule = field(init=False)
    machine: Machine = field(init=False)
    marks: Marks = field(init=False)
    _judged: dict[str, Judged] = field(default_factory=dict)
    _by_vote: tuple[Mapping[str, Decided], MarginRule] | None = None

    def __post_init__(self) -> None:
        file, world = self.file, self.world
        self._start, self.implied = world.time, implied_of(file)
        self.options = contracts(file, self.implied)
        self._own_rule = build_rule(file, self.open_interest, self.elapsed, self.options)
        self.marks = Marks(file, world)
        places = {name: entry.decimals for name, entry in file.perpetuals.items()}
        places |= {name: entry.decimals for name, entry in file.options.items()}
        for name, decimals in places.items():
            world.state.ledger.list_instrument(name)
            world.decimals[name] = decimals
            world.decimals[quote_of(name)] = world.decimals[file.margin.settlement]
        self.marks.open()
        for name in OWN:
            world.margin_account(GROUP, name.removeprefix(f"{GROUP}:"))
        policy = build_policy(file, self.winners, world.state.ledger, self.opposite)
        cash = file.margin.settlement if file.perpetuals else next(iter(file.listings))
        names = frozenset((*file.perpetuals, *file.options))
        self.machine = Machine(world.state, policy, self._judge, cash, HOUSE, names)
        for asset, listing in file.listings.items():
            world.fund(DEPOSITORS, asset, units_of(file, asset, listing.cash))
        if file.backstop_vault.cash:
            settlement = file.margin.settlement
            world.fund(VAULT, settlement, units_of(file, settlement, file.backstop_vault.cash))
        for asset, amount in file.insurance_fund.items():
            world.fund(FUND, asset, units_of(file, asset, amount))

    # Prices

    def market(self) -> MarketState:
        """Return the prices that the oracle gives now; an asset whose node refuses has none."""
        view = self.world.view()
        prices: dict[str, Price] = {}
        nodes = dict(self.graph.prices)
        nodes |= {asset: self.graph.nodes[entry.node] for asset, entry in decided(self.world).items()}
        for asset, node in nodes.items():
            reading = evaluate(node, view)[node.id]
            if reading.ok and reading.value is not None and reading.value >= 0:
                prices[asset] = Price(reading.value, reading.decimals)
        return self.market_at(prices)

    def market_at(self, prices: Mapping[str, Price]) -> MarketState:
        """Return a market state with the perpetuals at the prices by which margin judges them."""
        full = dict(prices)
        for name, market in self.file.perpetuals.items():
            if market.underlying in prices:
                full[name] = self.marks.margin_price(name, prices)
            if self.file.margin.settlement in prices:
                full[quote_of(name)] = prices[self.file.margin.settlement]
        for name, option in self.options.items():
            if option.underlying in prices and self.file.margin.settlement in prices:
                mark = option.price(prices[option.underlying].exact, self.elapsed())
                full[name] = Price(int(mark * WAD))
                full[quote_of(name)] = prices[self.file.margin.settlement]
        return MarketState(full, self.world.decimals, SCALE)

    def elapsed(self) -> int:
        """Return the seconds since the start."""
        return self.world.time - self._start

    # Accounts

    def account(self, owner: str) -> str:
        """Open the margin account of ``owner`` if need be; return its name."""
        return self.world.margin_account(GROUP, owner)

    def accounts(self) -> tuple[str, ...]:
        """Return the margin accounts of users, in the order of opening."""
        found = self.world.state.ledger.accounts()
        return tuple(
            a.name for a in found if a.kind is Kind.MARGIN and a.group == GROUP and a.name not in OWN
        )

    def balances(self, owner: str) -> dict[str, int]:
        """Return the signed balances of an owner's margin account."""
        return dict(self.world.state.ledger.balances(self.account(owner)))

    def judge(self, owner: str, market: MarketState | None = None) -> Judgement:
        """Return equity and excess of an owner at the oracle's prices."""
        return self.rule.judge(self.balances(owner), market or self.market())

    def listing(self, asset: str) -> ListingFile:
        """Return how an asset is listed."""
        try:
            return self.listings()[asset]
        except KeyError:
            raise UnknownNameError("listing", asset, tuple(self.listings())) from None

    def listings(self) -> Mapping[str, ListingFile]:
        """Return the listings of the file and those that votes have added."""
        by_vote = decided(self.world)
        if not by_vote:
            return self.file.listings
        return {**self.file.listings, **{asset: entry.listing for asset, entry in by_vote.items()}}

    @property
    def rule(self) -> MarginRule:
        """The margin rule over all that is listed now."""
        by_vote = decided(self.world)
        if not by_vote:
            return self._own_rule
        if self._by_vote is None or self._by_vote[0] is not by_vote:
            file = self.file.model_copy(update={"listings": self.listings()})
            self._by_vote = by_vote, build_rule(file, self.open_interest, self.elapsed, self.options)
        return self._by_vote[1]

    def _judge(self, balances: Mapping[str, int], market: MarketState) -> Judgement:
        return self.rule.judge(balances, market)

    def perpetual(self, name: str) -> PerpetualFile:
        """Return a perpetual market."""
        try:
            return self.file.perpetuals[name]
        except KeyError:
            raise UnknownNameError("perpetual", name, tuple(self.file.perpetuals)) from None

    def supplied(self, asset: str) -> int:
        """Return the collateral of all users, raw units."""
        book = self.world.state.ledger
        return sum(max(book.balance(name, asset), 0) for name in self.accounts())

    def borrowed(self, asset: str) -> int:
        """Return the debt of all users, raw units."""
        book = self.world.state.ledger
        return sum(max(-book.balance(name, asset), 0) for name in self.accounts())

    def cash(self, asset: str) -> int:
        """Return what the protocol can pay out, raw units."""
        return self.world.state.ledger.cash(GROUP, asset)

    def most_deposit(self, asset: str) -> int | None:
        """Return how much collateral the cap still takes; None without a cap."""
        cap = self.listing(asset).supply_cap
        return None if cap is None else max(0, units_of(self.file, asset, cap) - self.supplied(asset))

    # Actions

    def deposit(self, owner: str, asset: str, units: int) -> None:
        """Move units from the owner's wallet into his margin account.

        Raises
        ------
        CapExceededError
            If the collateral of all users would exceed the supply cap.
        """
        self.listing(asset)
        account, before = self.account(owner), self.supplied(asset)
        self.world.move(owner, account, asset, units, "deposit")
        self._require("supply cap", asset, self.listing(asset).supply_cap, self.supplied(asset), before)

    def withdraw(self, owner: str, asset: str, units: int) -> None:
        """Move units out of the margin account, borrowing what it does not hold.

        Raises
        ------
        BorrowRefusedError, CapExceededError, InsufficientBalanceError, MissingPriceError
            By the margin rule, the cap, the cash, or an oracle that gives no price.
        """
        listing, account, before = self.listing(asset), self.account(owner), self.borrowed(asset)
        self.world.move(account, self.world.wallet(owner), asset, units, "withdrawal")
        if self.world.balance(account, asset) < 0 and not listing.borrowable:
            raise CapExceededError(f"debt in {asset}", self.borrowed(asset), 0)
        self._require("borrow cap", asset, listing.borrow_cap, self.borrowed(asset), before)
        self.require_initial(owner)
        require_room(self, self.balances(owner), self.market())

    def withdraw_most(self, owner: str, asset: str) -> int:
        """Withdraw and borrow as much as rule, cap and cash permit; return the units, 0 if nothing."""
        most = self.most_withdrawal(owner, asset)
        if most:
            self.withdraw(owner, asset, most)
        return most

    def most_withdrawal(self, owner: str, asset: str) -> int:
        """Return the most units that can be withdrawn or borrowed now, found by bisection."""
        listing, held = self.listing(asset), self.balances(owner)
        market = self.market()
        own = max(held.get(asset, 0), 0)
        high = self.cash(asset)
        if not listing.borrowable:
            high = min(high, own)
        elif listing.borrow_cap is not None:
            room = units_of(self.file, asset, listing.borrow_cap) - self.borrowed(asset)
            high = min(high, own + max(room, 0))
        if high > own and (isolated := room_down(self, held, asset, market)) is not None:
            high = min(high, own + isolated)

        def fits(units: int) -> bool:
            after = {**held, asset: held.get(asset, 0) - units}
            needed = (name for name, amount in after.items() if amount)
            if any(name not in market.prices for name in needed):
                return False
            return self.rule.initial_excess(after, market) >= 0

        if high <= 0 or not fits(1):
            return 0
        low = 1
        if fits(high):
            return high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        return low

    def trade(self, buyer: str, seller: str, name: str, units: int, price: Fraction, taker: str) -> int:
        """Let two accounts exchange a perpetual; return the cost in raw settlement units, rounded up.

        Parameters
        ----------
        units
            Raw base units.
        price
            Settlement asset per whole base.
        taker
            Which of the two pays the taker fee.
        """
        market, settlement = self.perpetual(name), self.file.margin.settlement
        long, short = self.account(buyer), self.account(seller)
        exact = units * price * Fraction(10) ** (self.world.decimals[settlement] - market.decimals)
        cost = -(-exact.numerator // exact.denominator)
        self.exchange(long, short, name, units, cost, taker=self.account(taker), judged=(buyer, seller))
        return cost

    def exchange(
        self, long: str, short: str, name: str, units: int, cost: int, *, taker: str, judged: tuple[str, ...]
    ) -> None:
        """Move raw base between margin accounts for a cost; the judged owners must be permitted it."""
        market, settlement = self.perpetual(name), self.file.margin.settlement
        before = {owner: self._position(owner, name) for owner in judged}
        open_before = self.open_interest(name)
        self.world.move(short, long, name, units, "matched")
        self.world.move(long, short, quote_of(name), cost, "matched")
        fee = int(cost * Fraction(self.file.fees.perpetual))
        self.world.move(taker, FUND, settlement, fee, "taker fee")
        for owner in judged:
            size = self._position(owner, name)
            if abs(size) > abs(before[owner]):
                self._limit("position limit", name, market.position_limit, abs(size))
            self.require_initial(owner)
        if self.open_interest(name) > open_before:
            self._limit("open interest cap", name, market.open_interest_cap, self.open_interest(name))

    def _position(self, owner: str, name: str) -> int:
        return self.world.balance(self.account(owner), name)

    def open_interest(self, name: str) -> int:
        """Return the sum of all long positions, raw base units."""
        book = self.world.state.ledger
        return sum(max(book.balance(account, name), 0) for account in (*self.accounts(), *OWN))

    def winners(self, book: Ledger, asset: str) -> tuple[Candidate, ...]:
        """Return the users with unrealised gains at the oracle's prices, in raw units of ``asset``."""
        market, found = self.market(), []
        if asset != self.file.margin.settlement:
            return ()
        for account in self.accounts():
            held = book.balances(account)
            entry = notional = gain = 0
            for name in self.file.perpetuals:
                units, cost = held.get(name, 0), held.get(quote_of(name), 0)
                if units:
                    worth = floor(convert(market, name, asset, units))
                    gain += worth + cost
                    notional += abs(worth)
                    entry += abs(cost)
            equity = floor(self.rule.judge(held, market).equity / value(market, asset, 1))
            if gain > 0 and equity > 0:
                found.append(Candidate(account, min(gain, equity), gain, equity, notional, entry))
        return tuple(found)

    def opposite(self, view: View, instrument: str) -> tuple[Candidate, ...]:
        """Return who holds the other side of an account's position."""
        given_up = abs(bankruptcy_price(view, instrument) - mark_price(view, instrument))
        held = view.balances[instrument]
        return opposite(self, view.account, instrument, held, view.market, given_up)

    def require_initial(self, owner: str) -> None:
        """Raise unless initial margin is met."""
        held = self.balances(owner)
        if any(units < 0 for units in held.values()):
            excess = self.rule.initial_excess(held, self.market())
            if excess < 0:
                raise BorrowRefusedError(
                    owner, "initial margin 0", f"{excess / 10**SCALE:,.2f}", self.file.money
                )

    def liquidatable(self, market: MarketState | None = None) -> tuple[str, ...]:
        """Return the owners short of maintenance margin, in the order of opening.

        An account is judged again only when its balances or the rule changed, or a price left the radius in
        which it was shown to be safe (``Judged``); with options, whose value also decays, always.
        """
        market = market or self.market()
        return tuple(
            name.removeprefix(f"{GROUP}:")
            for name in self.accounts()
            if self._is_short(name, self.world.state.ledger.balances(name), market)
        )

    def _is_short(self, account: str, held: Mapping[str, int], market: MarketState) -> bool:
        if not any(units < 0 for units in held.values()):
            return False
        # A position may be judged at its mark while the rule reads the index as well.
        read = [*held, *(entry.underlying for name, entry in self.file.perpetuals.items() if name in held)]
        prices, rule = tuple(market.prices.get(asset) for asset in read), self.rule
        seen = None if self.options else self._judged.get(account)
        if seen is not None and seen.still_safe(rule, held, prices):
            return False
        if any(price is None for price in prices):
            return False
        excess = rule.judge(held, market).excess
        gross = sum(abs(market.value_down(asset, units)) for asset, units in held.items())
        self._judged[account] = Judged(rule, dict(held), prices, excess, gross)
        return excess < 0

    def flag(self, owner: str, market: MarketState | None = None) -> None:
        """Flag an owner who is short of margin: time-dependent prices of a liquidation start here."""
        self.machine.flag(self.account(owner), market or self.market(), self.world.time)

    def liquidate(self, owner: str, keeper: str, market: MarketState | None = None) -> Step:
        """Do one step of an owner's liquidation.

        The keeper pays from his wallet; where perpetuals are traded, from his margin account.
        """
        payer = self.account(keeper) if self.file.perpetuals else keeper
        design = self.machine.policy
        self.machine.policy = within_means(design, lambda asset: self.world.balance(payer, asset))
        try:
            return self.machine.step(self.account(owner), payer, market or self.market(), self.world.time)
        finally:
            self.machine.policy = design

    def _require(self, what: str, asset: str, cap: object, after: int, before: int) -> None:
        if after > before:
            self._limit(what, asset, cap, after)

    def _limit(self, what: str, name: str, cap: object, units: int) -> None:
        if cap is not None:
            most = int(Fraction(str(cap)) * 10 ** self.world.decimals[name])
            if units > most:
                raise CapExceededError(f"{what} of {name}", units, most)
