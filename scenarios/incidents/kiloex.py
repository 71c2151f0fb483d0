"""KiloEx, 14 April 2025: prices posted by whoever asked the forwarder."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from oracles.guards import Bounds, DeviationLimit
from oracles.node import Node, Sample
from oracles.reducers import Median
from oracles.sources.feed import DelayedSample, FeedSample
from scenarios.errors import NoStepError
from scenarios.files.facts import Facts
from scenarios.incidents.lp_collateral import fixed_price
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import (
    CAP,
    DELAY,
    DELAY_SECONDS,
    DEVIATION,
    LIMIT,
    MEDIAN,
    Reader,
    Stake,
    percent,
)
from scenarios.incidents.replayer import Replayer, Watch
from scenarios.result import Finding
from scenarios.world import Feed

FEED, VAULT, MARKET, USD = "ETH/USD, posted by keepers", "vault", "ETH-PERP", "USD"
DECIMALS = 18
SIZES = "position sizes on each chain are not in the file"


class KiloexReplayer(Replayer):
    """A long of one dollar of notional: post low, open, post high, close.

    The file has prices and no sizes, so results are dollars per dollar of notional. The vault is given what
    the trade takes.
    """

    def build(self) -> None:
        """Build the feed with the market price as the last honest post, and the vault's cash."""
        facts = self.facts
        self.world.decimals |= {USD: DECIMALS}
        self.market_price = facts.decimal("oracle", "market_price_usd")
        self.world.state.values[FEED] = Feed(
            (Sample(self.world.time - DELAY_SECONDS, int(self.market_price * 10**DECIMALS), DECIMALS),)
        )
        self.oracle = FeedSample(FEED)
        self.entry: Fraction | None = None
        opened, closed = (facts.decimal("oracle", f"{key}_price_usd") for key in ("open", "close"))
        most = Fraction(closed) / Fraction(opened) - 1
        self.world.fund(self.world.wallet(VAULT), USD, -int(-most * 10**DECIMALS // 1))
        self.gained = 0

    # Actions

    def do_post_price(self, step: Facts, actor: str) -> str:
        """Append a post; what the protocol then believes is the reader's affair."""
        feed = self.world.state.values[FEED]
        assert isinstance(feed, Feed)
        self.world.time += 1
        value = int(step.decimal("price") * 10**DECIMALS)
        new = Sample(self.world.time, value, DECIMALS)
        self.world.state.values[FEED] = Feed((*feed.samples, new))
        return f"posts {step.decimal('price')} USD through the open forwarder"

    def do_open_long(self, step: Facts, actor: str) -> str:
        """Open at the price believed now."""
        self.entry = self.required_price("ETH")
        return f"opens a long of one dollar of notional at {float(self.entry):,.6g} USD"

    def do_close_long(self, step: Facts, actor: str) -> str:
        """Close at the price believed now; the vault pays the gain."""
        if self.entry is None:
            raise NoStepError(self.facts.document.file, "open_long")
        gain = self.required_price("ETH") / self.entry - 1
        self.gained = int(gain * 10**DECIMALS)
        if self.gained > 0:
            self.world.move(VAULT, self.world.wallet(actor), USD, self.gained, "gain of the long")
        return f"closes with a gain of {float(gain):,.6g} dollars per dollar of notional"

    # Results

    def watches(self) -> list[Watch]:
        """Sample what the protocol believes beside the market."""
        panel = "ETH as posted and on the market"
        return [
            Watch("posted", "USD/ETH", panel, self.oracle_price),
            Watch("market", "USD/ETH", panel, lambda: self.market_price),
        ]

    def readers(self) -> list[Reader]:
        """Offer guards against a second source, and a delay."""
        posted, market = FeedSample(FEED), fixed_price("second source: the market price", self.market_price)
        price = Fraction(self.market_price)
        guarded = DeviationLimit(LIMIT, "second", parents=(posted, market))
        fallback = DeviationLimit(LIMIT, "second", parents=(posted, market, market))
        capped = Bounds(price / (1 + LIMIT), price * (1 + LIMIT), "clamp", parents=(posted,))
        other: Node = fixed_price("third source: the market price", self.market_price)
        median = Median(parents=(posted, market, other))
        limit = percent(LIMIT)
        return [
            Reader(f"refused beyond {limit} of a second source", DEVIATION, lambda: guarded),
            Reader(f"beyond {limit} of a second source, that source", DEVIATION, lambda: fallback),
            Reader(f"held within {limit} of the last honest post", CAP, lambda: capped),
            Reader("median of the post and two sources", MEDIAN, lambda: median),
            Reader(f"the post of {DELAY_SECONDS} s ago", DELAY, lambda: DelayedSample(FEED, DELAY_SECONDS)),
        ]

    def stake(self) -> Stake:
        """Count dollars per dollar of notional."""
        gained = Decimal(self.gained).scaleb(-DECIMALS)
        return Stake(gained, gained, "USD/USD", f"both: dollars per dollar of notional; {SIZES}")

    def finish(self) -> None:
        """State the notional that a published gain needs."""
        gained = Decimal(self.gained).scaleb(-DECIMALS)
        self.findings.append(
            Finding("gain per dollar of notional", f"{gained:.6g}", "x", "close over open, less one")
        )
        for outcome in self.incident.outcomes:
            if outcome.name == "gain_of_one_trade_on_base" and gained and not isinstance(outcome.value, dict):
                self.findings.append(
                    Finding(
                        "notional that the published gain on Base needs",
                        f"{Decimal(outcome.value) / gained:,.0f}",
                        "USD",
                        "published gain over the gain per dollar",
                    )
                )

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        return {
            "gain_of_one_trade_on_base": Missing(SIZES),
            "loss_total": Missing(SIZES),
            "recovered_share": Missing("decided by a negotiation, not by a rule of the protocol"),
        }
