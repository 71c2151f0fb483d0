"""Mango's margin accounts in a replay: balances, one perpetual, and what the weights rule says of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from protocol.errors import BorrowRefusedError
from protocol.ledger import quote_of
from protocol.margin.mango_v3 import ONE, Level, MangoAccount, MangoHealth, PerpPosition, i80f48_down
from scenarios.incidents.replayer import Replayer, exact_decimal

MARKET = "MNGO-PERP"
BASE, QUOTE = "MNGO", "USDC"
MANGO = "mango"
DEPOSITORS = "depositors"
PRICE_DECIMALS = 10


@dataclass(frozen=True, slots=True)
class RestingBid:
    """What is left of a bid on the book."""

    owner: str
    size: int
    price: Fraction


class MangoAccounts(Replayer):
    """The accounts and the rule; a subclass sets ``rule``, ``bid``, ``start``, ``peak`` and ``after``."""

    rule: MangoHealth
    bid: RestingBid | None
    start: Decimal
    peak: Decimal
    after: Decimal

    def margin(self, actor: str) -> str:
        """Return the ledger name of an actor's margin account."""
        return self.world.margin_account(MANGO, actor)

    def account(self, actor: str) -> MangoAccount:
        """Return what the rule judges: balances and the perpetual with its resting bid."""
        name = self.margin(actor)
        held = dict(self.world.state.ledger.balances(name))
        base, quote = held.pop(MARKET, 0), held.pop(quote_of(MARKET), 0)
        bids = self.bid.size if self.bid and self.bid.owner == actor else 0
        cost = int(bids * self.bid.price) if self.bid and bids else 0
        return MangoAccount(held, {MARKET: PerpPosition(base, quote, bids=bids, bids_cost=cost)})

    def prices(self, base_price: Decimal | Fraction) -> dict[str, int]:
        """Return I80F48 native prices of every token, with MNGO and its perpetual at ``base_price``."""
        prices = {asset: i80f48_down(self._native_price(asset)) for asset in self.priced()}
        return prices | {BASE: i80f48_down(Fraction(base_price)), MARKET: i80f48_down(Fraction(base_price))}

    def priced(self) -> list[str]:
        """Return the tokens that were deposited or withdrawn."""
        return [asset for asset in self.world.decimals if not asset.startswith(MARKET) and asset != BASE]

    def _native_price(self, asset: str) -> Fraction:
        usd = Fraction(self.token_price(asset))
        return usd * Fraction(10) ** (self.world.decimals[QUOTE] - self.world.decimals[asset])

    def token_price(self, asset: str) -> Decimal:
        """Return the price of a whole token before the attack; dollar coins count as one."""
        if asset in {"USDC", "USDT"}:
            return Decimal(1)
        symbol = asset.split("_", maxsplit=1)[0]
        return self.facts.decimal("state_before", "prices_usd", symbol)

    def level(self, actor: str, price: Decimal | Fraction, level: Level) -> Decimal:
        """Return health or equity in dollars."""
        health = self.rule.health(self.account(actor), self.prices(price), level)
        return exact_decimal(Fraction(health, ONE * 10 ** self.world.decimals[QUOTE]))

    def require(self, actor: str, price: Decimal | Fraction) -> None:
        """Raise unless the account's initial health is at least zero."""
        self.rule.require(actor, self.account(actor), self.prices(price), self.world.decimals[QUOTE])

    def _least_price(self, actor: str) -> Decimal:
        upper = i80f48_down(max(self.peak, Decimal(1)) * 1000)
        found = self.rule.least_price(self.account(actor), self.prices(self.start), (MARKET, BASE), upper)
        if found is None:
            raise BorrowRefusedError(actor, "a finite oracle price", "none at any price", "USD")
        return exact_decimal(Fraction(found, ONE))

    def _deficit(self) -> Decimal:
        """Return the equity that account A lacks once the price is back (basis: equity)."""
        equity = self.level("A", self.after, "equity")
        return max(-equity, Decimal(0))
