"""UwU Lend, 10 June 2024: a median of eleven in which five sources were pools of the same moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from oracles.node import Node, Sample
from oracles.reducers import Median
from oracles.sources.feed import DelayedSample, FeedSample
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import DELAY, MEDIAN, Reader, Stake, capped, deviation
from scenarios.incidents.replayer import Replayer, Watch, exact_decimal
from scenarios.result import Finding
from scenarios.world import OUTSIDE, Feed

DECIMALS = 8
BLOCK_SECONDS = 12
NARROW = Fraction(1, 100)
POOLS = "reserves and A of the five pools, the six other source values and the amounts supplied and borrowed"
MISSING = f"{POOLS} are not in the file"


class UwuReplayer(Replayer):
    """The median while five of eleven sources are pushed down, then up.

    Where a minority lies below all others, a median of eleven is the least of the six others, and above all
    others their greatest: the printed low and high readings are those two. The four between them and the
    pools' own values (at the printed readings here, beyond them in truth) change neither.
    """

    def build(self) -> None:
        """Build eleven feeds: five pools, and six others spread from the low to the high reading."""
        facts = self.facts
        self.low, self.high = facts.decimal("oracle", "low_usd"), facts.decimal("oracle", "high_usd")
        count, pools = facts.integer("oracle", "sources"), facts.integer("oracle", "spot_pool_sources")
        coins = [coin for coin, _ in self.step_of("sell_USDe").items("into")]
        self.pools = [f"get_p of USDe/{coin}" for coin in coins][:pools]
        self.others = [f"other source {k}" for k in range(1, count - pools + 1)]
        span = Fraction(self.high) - Fraction(self.low)
        middle = Fraction(self.low) + span / 2
        for pool in self.pools:
            self._publish(pool, middle)
        for k, name in enumerate(self.others):
            self._publish(name, Fraction(self.low) + span * k / (len(self.others) - 1))
        self.oracle = self.median(self.pools + self.others)
        self.seen: list[Fraction] = []

    def _publish(self, feed: str, price: Fraction) -> None:
        old = self.world.state.values.get(feed)
        samples = old.samples if isinstance(old, Feed) else ()
        new = Sample(self.world.time, int(price * 10**DECIMALS), DECIMALS)
        self.world.state.values[feed] = Feed((*samples, new))

    def median(self, feeds: list[str]) -> Node:
        """Return the median of feeds as they are now."""
        return Median("lower", parents=tuple(FeedSample(feed) for feed in feeds))

    # Actions

    def do_flash_loans(self, step: Facts, actor: str) -> str:
        """Name what the partial list has; the loans and the pools' coins lie outside this world."""
        self.world.wallet(actor)
        lent = ", ".join(f"{amount:,.0f} {name.partition('_')[0]}" for name, amount in step.items("amounts"))
        return f"borrows {lent} for one transaction, and more that the file does not list"

    def do_sell_USDe(self, step: Facts, actor: str) -> str:  # noqa: N802 - the file's word
        """Push the five pools down."""
        return self._push(step, actor, "into", self.low, "sells")

    def do_buy_USDe(self, step: Facts, actor: str) -> str:  # noqa: N802 - the file's word
        """Push the five pools up."""
        return self._push(step, actor, "with", self.high, "buys")

    def _push(self, step: Facts, actor: str, key: str, price: Decimal, word: str) -> str:
        for pool in self.pools:
            self._publish(pool, Fraction(price))
        units = sum(self.units("USDe", amount) for _, amount in step.items(key)) if word == "sells" else 0
        if units:
            self.world.fund(self.world.wallet(actor), "USDe", units)
            self.world.move(actor, OUTSIDE, "USDe", units, "sold into the five pools")
        said = self.required_price("sUSDe")
        self.seen.append(said)
        return f"{word} USDe on {len(self.pools)} pools; the median says {float(said):.4f} USD"

    def do_supply_and_borrow_sUSDe_at_low_price(self, step: Facts, actor: str) -> str:  # noqa: N802
        """Borrow while the price is low; no amount is in the file."""
        return f"borrows sUSDe that counts {float(self.required_price('sUSDe')):.4f} USD"

    def do_liquidate_own_position_and_repeat(self, step: Facts, actor: str) -> str:
        """Liquidate while the price is high; no amount is in the file."""
        return f"liquidates and repeats while sUSDe counts {float(self.required_price('sUSDe')):.4f} USD"

    # Results

    def answer_multiple(self) -> Decimal | None:
        """Return the highest answer that the protocol got over the lowest."""
        return exact_decimal(max(self.seen) / min(self.seen)) if self.seen else None

    def move(self) -> Decimal:
        """Return the median's rise from the low reading to the high one."""
        low, high = min(self.seen), max(self.seen)
        return exact_decimal(high / low - 1)

    def watches(self) -> list[Watch]:
        """Sample the median."""
        return [Watch("median of eleven", "USD/sUSDe", "sUSDe by the median", self.oracle_price)]

    def readers(self) -> list[Reader]:
        """Offer averages in place of the pools' spot, fewer pools, and guards."""

        def averaged() -> Node:
            for pool in self.pools:
                feed = self.world.state.values[pool]
                assert isinstance(feed, Feed)
                before = tuple(replace(s, time=s.time - BLOCK_SECONDS) for s in feed.samples)
                self.world.state.values[pool] = Feed(before)
            pools = tuple(DelayedSample(pool, BLOCK_SECONDS) for pool in self.pools)
            return Median("lower", parents=(*pools, *(FeedSample(name) for name in self.others)))

        without = self.median(self.others)
        fewer = self.median(self.pools[:2] + self.others)
        note = "the four other sources whose values are missing are spread evenly"
        return [
            Reader(
                "the pools' moving averages (price_oracle) in place of get_p",
                DELAY,
                averaged,
                "an average of Curve's does not move within the block of a trade; " + note,
            ),
            Reader("median without the five pools", MEDIAN, lambda: without, note),
            Reader("median with two pools instead of five", MEDIAN, lambda: fewer, note),
            deviation(self, NARROW),
            capped(self, NARROW),
        ]

    def stake(self) -> Stake:
        """Say which facts a loss would need."""
        moved = f"{float(self.move()):.2%}" if self.seen else "not known"
        return Stake(None, None, "USD", f"{MISSING}; from low to high the reader moved by {moved}")

    def finish(self) -> None:
        """Say what the median leaves to a minority, and what one loan at the limit makes of it."""
        ltv = Fraction(self.facts.decimal("parameters", "weth_max_ltv"))
        threshold = Fraction(self.facts.decimal("parameters", "liquidation_threshold"))
        after = ltv * (1 + Fraction(self.move()))
        self.findings += [
            Finding(
                "move of the median left to its five pools",
                f"{float(self.move()):.4%}",
                "",
                "the whole spread of the six other sources: a minority cannot leave it, and needs no more",
            ),
            Finding(
                "loan-to-value after the move of a loan drawn at the limit",
                f"{float(after):.4f}",
                "fraction",
                f"{float(ltv):.4g} x (1 + move); the threshold is {float(threshold):.4g}, so one such loan "
                f"{'is' if after > threshold else 'is not yet'} open to liquidation",
            ),
            Finding(
                "move that would open a loan drawn at the limit",
                f"{float(threshold / ltv - 1):.4%}",
                "",
                "threshold over the highest loan-to-value, less one",
            ),
        ]

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        return {"loss": Missing(MISSING), "price_move_of_median": self.move()}
