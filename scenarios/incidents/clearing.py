"""What replays of perpetual exchanges share: margin accounts, positions, takeover by a vault.

Positions and their cost stand on the ledger; the exchange's counterparty for everybody whom a file does not
name is the account ``others``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from protocol.errors import BorrowRefusedError, PositionLimitError
from protocol.ledger import quote_of
from protocol.liquidation.machine import Machine, Step
from protocol.liquidation.presets.catalogue import hyperliquid
from protocol.liquidation.pricers import AtMark
from protocol.liquidation.view import Judgement, floor, value
from protocol.liquidation.waterfall import Deficit, Waterfall
from protocol.market_state import MarketState, Price
from scenarios.incidents.readers import POSITION, Reader
from scenarios.incidents.replayer import Replayer, Watch, exact_decimal

OTHERS, VAULT, HOUSE, DEFICIT = "others", "vault", "house", "deficit"
CASH = "USDC"


class ClearingReplayer(Replayer):
    """One perpetual market in ``base``, margined and settled in USDC.

    A subclass sets ``exchange``, ``base`` and, in ``build``, ``mark`` and ``initial_rate`` (initial margin
    over notional; maintenance is half of it, as Hyperliquid documents for its tiers).
    """

    exchange: str
    base: str
    mark: Fraction
    initial_rate: Fraction
    most_notional: Fraction | None = None

    def open_exchange(self) -> None:
        """Open the exchange's own accounts and list the market."""
        self.market = f"{self.base}-PERP"
        self.world.state.ledger.list_instrument(self.market)
        self.world.decimals |= {
            self.market: self.world.decimals[self.base],
            quote_of(self.market): self.world.decimals[CASH],
        }
        for name in (OTHERS, VAULT, HOUSE, DEFICIT):
            self.margin(name)

    def margin(self, actor: str) -> str:
        """Return an actor's margin account."""
        return self.world.margin_account(self.exchange, actor)

    def market_state(self) -> MarketState:
        """Return the mark as a market state."""
        price = Price(self.mark.numerator * 10**18 // self.mark.denominator)
        dollar = Price(10**18)
        return MarketState(
            {self.market: price, CASH: dollar, quote_of(self.market): dollar}, self.world.decimals
        )

    def judge(self, balances: Mapping[str, int], market: MarketState) -> Judgement:
        """Judge by maintenance margin: half the initial rate on notional."""
        equity = sum((value(market, asset, units) for asset, units in balances.items()), Fraction(0))
        notional = abs(value(market, self.market, balances.get(self.market, 0)))
        excess = floor(equity - notional * self.initial_rate / 2)
        return Judgement(floor(equity), excess, excess)

    def equity(self, actor: str) -> Decimal:
        """Return an account's value in dollars."""
        balances = self.world.state.ledger.balances(self.margin(actor))
        return Decimal(self.judge(balances, self.market_state()).equity).scaleb(-18)

    def position(self, actor: str) -> int:
        """Return an account's position, raw and signed."""
        return self.world.balance(self.margin(actor), self.market)

    def trade(self, buyer: str, seller: str, units: int, price: Fraction, memo: str) -> None:
        """Move ``units`` of position from seller to buyer at ``price`` dollars."""
        cost = price * units * Fraction(10 ** self.world.decimals[CASH], 10 ** self.world.decimals[self.base])
        self.world.move(self.margin(seller), self.margin(buyer), self.market, units, memo)
        self.world.move(self.margin(buyer), self.margin(seller), quote_of(self.market), floor(cost), memo)

    def fund_margin(self, actor: str, units: int) -> None:
        """Bring dollars into a margin account from outside."""
        self.world.fund(self.margin(actor), CASH, units)

    def settle_all(self, price: Fraction) -> None:
        """Close every position against the house at one price and turn its cost into cash."""
        book = self.world.state.ledger
        for account in [a.name for a in book.accounts() if a.group == self.exchange]:
            owner = account.removeprefix(f"{self.exchange}:")
            units = book.balance(account, self.market)
            if owner == HOUSE or not (units or book.balance(account, quote_of(self.market))):
                continue
            if units:
                buyer, seller = (HOUSE, owner) if units > 0 else (owner, HOUSE)
                self.trade(buyer, seller, abs(units), price, "settled")
            cost = book.balance(account, quote_of(self.market))
            first, second = (account, self.margin(HOUSE)) if cost > 0 else (self.margin(HOUSE), account)
            self.world.move(first, second, quote_of(self.market), abs(cost), "settled")
            self.world.move(second, first, CASH, abs(cost), "settled")

    def take_over(self, actor: str) -> Step:
        """Let the backstop vault take the whole account, as the rule below 2/3 of maintenance says."""
        policy = hyperliquid(Waterfall((Deficit(self.margin(DEFICIT)),)), self.margin(VAULT), AtMark())
        machine = Machine(
            self.world.state, policy, self.judge, CASH, self.margin(HOUSE), frozenset({self.market})
        )
        return machine.step(self.margin(actor), self.margin(OTHERS), self.market_state(), self.world.time)

    def require_initial(self, actor: str) -> None:
        """Raise unless the account's equity covers initial margin.

        Raises
        ------
        BorrowRefusedError
            With both figures in dollars.
        """
        notional = Fraction(self.whole(self.base, abs(self.position(actor)))) * self.mark
        needed, held = notional * self.initial_rate, Fraction(self.equity(actor))
        if held < needed:
            raise BorrowRefusedError(actor, f"{float(needed):,.2f}", f"{float(held):,.2f}", "USD")

    def require_open_interest(self, actor: str, notional: Fraction) -> None:
        """Raise if one owner's notional exceeds the limit put in place, if there is one.

        Raises
        ------
        PositionLimitError
            With both figures in dollars.
        """
        if self.most_notional is not None and notional > self.most_notional:
            wanted, limit = f"{float(notional):,.0f}", f"{float(self.most_notional):,.0f}"
            raise PositionLimitError(actor, wanted, limit, "USD")

    def limit_to(self, name: str, notional: Fraction, note: str = "") -> Reader:
        """Return the limit on the notional of one owner."""

        def change() -> None:
            self.most_notional = notional

        return Reader(f"{name}: {float(notional):,.0f} USD", POSITION, change, note)

    def watches(self) -> list[Watch]:
        """Sample the mark and the vault's result."""
        return [
            Watch("mark", "USD", "Mark price", lambda: exact_decimal(self.mark)),
            Watch("vault", "USD", "Value of the vault's account", lambda: self.equity(VAULT)),
        ]
