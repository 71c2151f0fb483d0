"""Mango Markets v3, 11 October 2022: two accounts, one perpetual, a thin price, gains at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from oracles.node import Node, Sample
from oracles.reducers import Estimator
from oracles.sources.feed import FeedSample
from oracles.sources.mango import MangoStablePrice, StablePrice
from protocol.errors import InsufficientLiquidityError, PositionLimitError
from protocol.ledger import quote_of
from protocol.margin.mango_v3 import Level, MangoHealth, Weights
from scenarios.files.facts import Facts
from scenarios.incidents.mango_accounts import (
    BASE,
    DEPOSITORS,
    MANGO,
    MARKET,
    PRICE_DECIMALS,
    QUOTE,
    MangoAccounts,
    RestingBid,
)
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import CAP, POSITION, Reader, Stake, standard, used
from scenarios.incidents.replayer import Watch, exact_decimal
from scenarios.result import Finding, Point, Series
from scenarios.world import Feed

FEED = "MNGO/USD"
STABLE = "stable price of MNGO"
MAXIMUM_WAIT = 10
BREAK_EVEN = "the largest limit at which the whole credit at the peak does not pay for what goes in"
LEVELS: dict[Level, str] = {"init": "initial health", "equity": "equity"}


class MangoReplayer(MangoAccounts):
    """Deposits, the matched position, settlement and withdrawals under the weights rule."""

    def build(self) -> None:
        """Open both margin accounts; depositors hold just what the attacker withdrew in the end."""
        facts = self.facts
        init, maint = (
            facts.integer("parameters", "perp_init_leverage"),
            facts.integer("parameters", "perp_maint_leverage"),
        )
        self.rule = MangoHealth({}, {MARKET: Weights.from_leverage(init, maint)})
        self.bid = None
        self.position_limit: int | None = None
        self.cuts = False
        self.matched = 0
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
        if self.position_limit is not None and size > self.position_limit:
            if not self.cuts:
                wanted, limit = self.whole(MARKET, size), self.whole(MARKET, self.position_limit)
                raise PositionLimitError(actor, f"{wanted:,.0f}", f"{limit:,.0f}", BASE)
            size = self.position_limit
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
            if self.cuts and self.bid is not None:
                units = min(units, self.bid.size)
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
        price = self.price_now()
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
        return f"settles the gain at {float(price):.4g} USD: {self.text(QUOTE, balance)} in the account"

    def price_now(self) -> Fraction:
        """Return MNGO by the reader in use; a stable price follows for the time that the purchases took."""
        model = self.world.state.values.get(STABLE)
        if isinstance(model, StablePrice) and self.stable_until > model.updated_at:
            while model.updated_at + MAXIMUM_WAIT <= self.stable_until:
                model = model.update(model.updated_at + MAXIMUM_WAIT, float(self.peak))
            self.world.state.values[STABLE] = model
        return self.required_price(BASE)

    def do_withdraw(self, step: Facts, actor: str) -> str:
        """Withdraw or borrow; afterwards initial health must be at least zero."""
        moved = []
        price = self.price_now()
        for asset, wanted in self.amounts(step):
            units = min(wanted, self._permitted(actor, asset, price)) if self.cuts else wanted
            self.world.move(self.margin(actor), actor, asset, units, "withdrawal")
            self.withdrawn[asset] = self.withdrawn.get(asset, 0) + units
            moved.append(self.text(asset, units))
        self.require(actor, price)
        self.least[f"step {step.integer('n')}"] = self._least_price(actor)
        return f"withdraws {', '.join(moved)}"

    def _permitted(self, actor: str, asset: str, price: Fraction) -> int:
        """Return the most raw units of a token, weighted 1, that initial health permits to leave."""
        health = self.rule.health(self.account(actor), self.prices(price), "init")
        return max(health, 0) // self.prices(price)[asset]

    # Results

    def break_even(self) -> int:
        """Return the largest position (raw units, whole lots) whose credit at the peak does not pay.

        Deposit of A + size * (asset weight * peak - start) is what initial health lets out; both deposits and
        the purchases on chain are what goes in.
        """
        weight = 1 - Fraction(1, self.facts.integer("parameters", "perp_init_leverage"))
        gain = weight * Fraction(self.peak) - Fraction(self.start)
        beside = self.spent() - self.step_of("deposit", "A").decimal("amount")
        lot = self.facts.integer("parameters", "perp_base_lot")
        return self.units(MARKET, Decimal(int(Fraction(beside) / gain) // lot * lot))

    def spent(self) -> Decimal:
        """Return the deposits of both accounts and the purchases on chain, in dollars."""
        total = Decimal(0)
        for step in self.incident.steps:
            facts = self.facts.step(step.n)
            if step.action == "deposit":
                total += facts.decimal("amount")
            elif step.action == "buy_spot_MNGO":
                total += sum(facts.decimals("trades_usdc_in"), Decimal(0))
        return total

    def stake(self) -> Stake:
        """Count what was withdrawn beyond what was put in, and the deficit of account A."""
        basis = (
            "profit: withdrawals at the prices before, less both deposits and the purchases on chain; "
            "loss: deficit of account A (basis: equity)"
        )
        return Stake(self.taken() - self.spent(), self._deficit(), "USD", basis)

    def taken(self) -> Decimal:
        """Return the withdrawals at the prices before, in dollars."""
        parts = (self.token_price(a) * self.whole(a, u) for a, u in self.withdrawn.items())
        return sum(parts, Decimal(0))

    def readers(self) -> list[Reader]:
        """Offer a stable price, the readers that fit every graph, and a position limit."""

        def stable() -> Node:
            first, last = self.first_purchase(), self.first_withdrawal()
            self.world.state.values[STABLE] = StablePrice.reset(float(self.start), 0)
            self.stable_until = int((last - first) * self.seconds_per_slot())
            model = MangoStablePrice(STABLE)
            return Estimator("minimum", parents=(used(self), model))

        def limit(cuts: bool) -> None:
            self.position_limit, self.cuts = self.break_even(), cuts

        size = f"{self.whole(MARKET, self.break_even()):,.0f} {BASE}"
        return [
            Reader(
                "the lower of the oracle and Mango v4's stable price",
                CAP,
                stable,
                "the stable price follows the peak for the whole time from the first purchase to the first "
                "withdrawal, which favours the attacker",
            ),
            *standard(self),
            Reader(f"order beyond {size} refused", POSITION, lambda: limit(False), BREAK_EVEN),
            Reader(
                f"order cut to {size}",
                POSITION,
                lambda: limit(True),
                BREAK_EVEN + "; as much is withdrawn as initial health permits",
            ),
        ]

    def first_purchase(self) -> int:
        """Return the slot of the first purchase on chain."""
        return self.step_of("buy_spot_MNGO").integers("slots")[0]

    def first_withdrawal(self) -> int:
        """Return the slot of the first withdrawal."""
        return self.facts.integer("slots", "first_withdrawal")

    def seconds_per_slot(self) -> Fraction:
        """Return seconds per slot between the bid and the settlement, both printed in slots and in time."""
        bid, settled = self._clock("place_bid"), self._clock("settle_pnl")
        slots = self.facts.integer("slots", "settle") - self.facts.integer("slots", "long_order")
        return Fraction(settled - bid, slots)

    def _clock(self, action: str) -> int:
        hours, minutes, seconds = (int(part) for part in self.step_of(action).text("time").split(":"))
        return (hours * 60 + minutes) * 60 + seconds

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
        values: dict[str, Decimal | Missing] = {
            "matched_position": matched,
            "assets_withdrawn": self.taken(),
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


def raise_no_bid(bid: RestingBid | None, units: int) -> None:
    """Raise that the book cannot fill a sale."""
    raise InsufficientLiquidityError("bids on the book", units, bid.size if bid else 0)
