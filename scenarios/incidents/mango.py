"""Mango Markets v3, 11 October 2022: two accounts, one perpetual, a thin price, gains at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from oracles.node import Sample
from oracles.sources.feed import FeedSample
from protocol.errors import BorrowRefusedError, InsufficientLiquidityError
from protocol.ledger import quote_of
from protocol.margin.mango_v3 import (
    ONE,
    Level,
    MangoAccount,
    MangoHealth,
    PerpPosition,
    Weights,
    i80f48_down,
)
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.replayer import Replayer, Watch, exact_decimal
from scenarios.result import Finding, Point, Series
from scenarios.world import Feed

MARKET = "MNGO-PERP"
BASE, QUOTE = "MNGO", "USDC"
MANGO = "mango"
DEPOSITORS = "depositors"
PRICE_DECIMALS = 10
FEED = "MNGO/USD"
LEVELS: dict[Level, str] = {"init": "initial health", "equity": "equity"}


@dataclass(frozen=True, slots=True)
class RestingBid:
    """What is left of a bid on the book."""

    owner: str
    size: int
    price: Fraction


class MangoReplayer(Replayer):
    """Deposits, the matched position, settlement and withdrawals under the weights rule."""

    def build(self) -> None:
        """Open both margin accounts; depositors hold just what the attacker withdrew in the end."""
        facts = self.facts
        init, maint = (
            facts.integer("parameters", "perp_init_leverage"),
            facts.integer("parameters", "perp_maint_leverage"),
        )
        self.rule = MangoHealth({}, {MARKET: Weights.from_leverage(init, maint)})
        self.bid: RestingBid | None = None
        self.withdrawn: dict[str, int] = {}
        self.least: dict[str, Decimal] = {}
        self.path: list[tuple[str, Decimal]] = []
        self.world.state.ledger.list_instrument(MARKET)
        self.world.decimals |= {
            MARKET: self.world.decimals[BASE],
            quote_of(MARKET): self.world.decimals[QUOTE],
        }
        self.world.margin_account(MANGO, DEPOSITORS)
        for step in self.incident.steps:
            self._fund(step.n, step.action, step.actor or "")
        self.start = facts.decimal("oracle", "path", "start")
        self.peak = facts.decimal("oracle", "path", "spot_peak")
        self.after = self._first_number("oracle", "path", "after")
        self.oracle = FeedSample(FEED)
        self._set_price("start", self.start)

    def _fund(self, n: int, action: str, actor: str) -> None:
        step = self.facts.step(n)
        if action == "deposit":
            asset = step.text("asset")
            self.world.fund(self.world.wallet(actor), asset, step.units(asset, "amount"))
        elif action == "buy_spot_MNGO":
            spent = sum(step.decimals("trades_usdc_in"), Decimal(0))
            self.world.fund(self.world.wallet(actor), QUOTE, self.units(QUOTE, spent))
        elif action == "withdraw":
            for asset, units in self.amounts(step):
                self.world.fund(f"{MANGO}:{DEPOSITORS}", asset, units)

    def _first_number(self, *path: str) -> Decimal:
        found = re.search(r"\d+(\.\d+)?", self.facts.text(*path))
        return Decimal(found[0]) if found else self.facts.decimal(*path)

    def _set_price(self, label: str, price: Decimal) -> None:
        old = self.world.state.values.get(FEED)
        samples = old.samples if isinstance(old, Feed) else ()
        self.world.time += 1
        sample = Sample(self.world.time, self._native(price), PRICE_DECIMALS)
        self.world.state.values[FEED] = Feed((*samples, sample))
        self.path.append((label, price))

    @staticmethod
    def _native(price: Decimal) -> int:
        return int(price.scaleb(PRICE_DECIMALS))

    # Accounts under the rule

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

    # Actions

    def do_deposit(self, step: Facts, actor: str) -> str:
        """Move tokens from the wallet into the margin account."""
        asset = step.text("asset")
        units = step.units(asset, "amount")
        self.world.move(actor, self.margin(actor), asset, units, "deposit")
        return f"deposits {self.text(asset, units)}"

    def do_place_bid(self, step: Facts, actor: str) -> str:
        """Rest a bid; the account must be healthy if it is filled whole."""
        size = self.units(MARKET, step.decimal("size"))
        price = step.decimal("price")
        self.bid = RestingBid(actor, size, Fraction(price))
        self.require(actor, self.start)
        left = self.level(actor, self.start, "init")
        deposit = self.whole(QUOTE, self.account(actor).tokens[QUOTE])
        self.findings.append(
            Finding(
                "share of the deposit used by the bid",
                f"{(1 - left / deposit) * 100:.2f}",
                "%",
                "initial margin of the resting bid over the deposit",
            )
        )
        return f"bids for {self.text(MARKET, size)} at {price}"

    def do_sell(self, step: Facts, actor: str) -> str:
        """Fill the resting bid, order by order, at the bid's price."""
        total = 0
        price = Fraction(step.decimal("price"))
        for size in step.integers("sizes"):
            units = self.units(MARKET, Decimal(size))
            if self.bid is None or self.bid.size < units or self.bid.price < price:
                raise_no_bid(self.bid, units)
            assert self.bid is not None
            bid = self.bid
            cost = int(units * bid.price)
            seller, buyer = self.margin(actor), self.margin(bid.owner)
            self.world.move(seller, buyer, MARKET, units, "matched")
            self.world.move(buyer, seller, quote_of(MARKET), cost, "matched")
            self.bid = RestingBid(bid.owner, bid.size - units, bid.price)
            total += units
            self.require(actor, self.start)
        self.matched = total
        return f"sells {self.text(MARKET, total)} into the bid"

    def do_buy_spot_MNGO(self, step: Facts, actor: str) -> str:  # noqa: N802 - the file's word
        """Buy MNGO on chain, trade by trade; the average prices are the path that the file prints."""
        paid = step.decimals("trades_usdc_in")
        got = step.decimals("trades_mngo_out")
        for index, (usdc, mngo) in enumerate(zip(paid, got, strict=True), start=1):
            self.world.move(actor, "outside", QUOTE, self.units(QUOTE, usdc), "spot purchase")
            self.world.move("outside", actor, BASE, self.units(BASE, mngo), "spot purchase")
            self._set_price(f"spot buy {index}", exact_decimal(Fraction(usdc) / Fraction(mngo)))
        self._set_price("peak", self.peak)
        total = self.units(QUOTE, sum(paid, Decimal(0)))
        return f"pays {self.text(QUOTE, total)} on chain; the printed spot peak is {self.peak} USD"

    def do_settle_pnl(self, step: Facts, actor: str) -> str:
        """Turn the gain into USDC, out of the loser's balance, which goes negative: a loan."""
        price = Fraction(self.peak)
        mine = self.account(actor).perps[MARKET]
        gain = int(mine.base * price) + mine.quote
        for other in self.incident.actors:
            account = self.margin(other)
            theirs = self.account(other).perps[MARKET]
            loss = -(int(theirs.base * price) + theirs.quote)
            settled = min(gain, loss)
            if other == actor or settled <= 0:
                continue
            self.world.move(self.margin(actor), account, quote_of(MARKET), settled, "settled gain")
            self.world.move(account, self.margin(actor), QUOTE, settled, "settled gain")
            gain -= settled
        balance = self.account(actor).tokens[QUOTE]
        return f"settles the gain at {self.peak} USD: {self.text(QUOTE, balance)} in the account"

    def do_withdraw(self, step: Facts, actor: str) -> str:
        """Withdraw or borrow; afterwards initial health must be at least zero."""
        moved = []
        for asset, units in self.amounts(step):
            self.world.move(self.margin(actor), actor, asset, units, "withdrawal")
            self.withdrawn[asset] = self.withdrawn.get(asset, 0) + units
            moved.append(self.text(asset, units))
        self.require(actor, self.peak)
        self.least[f"step {step.integer('n')}"] = self._least_price(actor)
        self.read_oracle()
        return f"withdraws {', '.join(moved)}"

    # Results

    def watches(self) -> list[Watch]:
        """Sample health and equity of both accounts at the oracle's price."""

        def at(actor: str, level: Level) -> Watch:
            name = LEVELS[level]
            return Watch(
                f"{name} {actor}",
                "USD",
                f"{name.capitalize()} after each step",
                lambda: self.level(actor, self.oracle_price() or Decimal(0), level),
            )

        price = Watch("oracle price", "USD/MNGO", "Oracle price after each step", self.oracle_price)
        return [price, *(at(actor, level) for level in LEVELS for actor in ("A", "B"))]

    def finish(self) -> None:
        """State the least prices and where each account stood."""
        for step, price in self.least.items():
            self.findings.append(
                Finding(
                    f"least oracle price that permits the withdrawal of {step}",
                    f"{price:.10f}",
                    "USD/MNGO",
                    "least I80F48 price at which initial health of account A is not negative after it",
                )
            )
        first = next(iter(self.least.values()), None)
        if first is not None:
            self.findings.append(
                Finding(
                    "multiple of the start price",
                    f"{first / self.start:.4f}",
                    "x",
                    "for that first withdrawal",
                )
            )
        self._set_price("after", self.after)
        self.notes += [
            "Tokens are weighted 1: the file has no init weights for the borrowed ones.",
            "Depositors are given exactly what was withdrawn beyond the attacker's own deposits.",
            "The path: start, average price of each on-chain purchase, printed peak, and the lower end of "
            "the printed range afterwards; the file does not itemise the exchange legs.",
        ]

    def extra_series(self) -> list[Series]:
        """Return the price path, and health and equity of the final accounts along it."""
        rows: list[Series] = [
            Series(
                "MNGO",
                "USD/MNGO",
                "Price path (on-chain purchases and printed levels)",
                tuple(Point(label, price) for label, price in self.path),
                log=True,
            )
        ]
        grid = sorted({price for _, price in self.path} | set(self.least.values()))
        for actor in ("A", "B"):
            for level, word in LEVELS.items():
                points = tuple(
                    Point(f"{price:.4f}", self.level(actor, price, level), x=price) for price in grid
                )
                rows.append(
                    Series(
                        f"{word} {actor}",
                        "USD",
                        "Both accounts at the end against the price of MNGO",
                        points,
                        x_name="price of MNGO, USD",
                    )
                )
        return rows

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        matched = self.whole(MARKET, self.matched)
        taken = sum((self.token_price(a) * self.whole(a, u) for a, u in self.withdrawn.items()), Decimal(0))
        values: dict[str, Decimal | Missing] = {
            "matched_position": matched,
            "assets_withdrawn": taken,
            "bad_debt": self._deficit(),
            "mngo_price_after": Missing(
                "a market fact: the order books of the three spot venues are not in the file"
            ),
            "returned_after_vote": Missing("decided by a vote, not by a rule of the protocol"),
        }
        for name in (outcome.name for outcome in self.incident.outcomes):
            if match := re.fullmatch(r"unrealised_gain_at_(\d+(?:\.\d+)?)", name):
                values[name] = matched * (Decimal(match[1]) - self.start)
        return values

    def _deficit(self) -> Decimal:
        """Return the equity that account A lacks once the price is back (basis: equity)."""
        equity = self.level("A", self.after, "equity")
        return max(-equity, Decimal(0))


def raise_no_bid(bid: RestingBid | None, units: int) -> None:
    """Raise that the book cannot fill a sale."""
    raise InsufficientLiquidityError("bids on the book", units, bid.size if bid else 0)
