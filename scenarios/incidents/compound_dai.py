"""Compound, 26 November 2020: one signed reporter, an anchor with a wide band, and a coin above its peg."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from oracles.guards import Bounds, DeviationLimit
from oracles.node import Node, Sample, read
from oracles.reducers import FirstOf
from oracles.sources.feed import FeedSample
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import BOUNDS, CAP, DEVIATION, SOURCE, Reader, Stake, delayed
from scenarios.incidents.replayer import Replayer, Watch, accepted, exact_decimal
from scenarios.result import Finding, Point, Series
from scenarios.world import Feed

SIGNED, ANCHOR = "DAI/USD, signed by Coinbase", "DAI/USD, Uniswap average"
DECIMALS = 6
GRID = 31
BOOK = "positions by account, the minute path of the signed price and the anchor's value are not in the file"


class CompoundDaiReplayer(Replayer):
    """The reporter's price and its anchor; no account is in the file, so health is followed as a ratio.

    Rule of ``UniswapAnchoredView``: the signed price is taken while anchor / signed lies within the band
    around one, so the band is relative to the signed price. The anchor is not printed: after the path it is
    put at the least value at which the printed peak is taken.
    """

    def build(self) -> None:
        """Build the signed feed and the anchor at the price before."""
        path = self.facts.step(1)
        self.first, self.peak = path.decimal("from"), path.decimal("peak")
        self.minutes = path.integer("duration_min")
        self.ether_change = path.decimal("eth_change")
        self.band = Fraction(self.facts.decimal("oracle", "anchor_band"))
        for feed in (SIGNED, ANCHOR):
            self._publish(feed, Fraction(self.first))
        self.oracle = self.anchored(self.band)
        self.accepted = Fraction(self.first)

    def anchored(self, band: Fraction) -> Node:
        """Return the signed price within a band of its anchor, as the contract judges it."""
        return DeviationLimit(band, "first", parents=(FeedSample(SIGNED), FeedSample(ANCHOR)))

    def _publish(self, feed: str, price: Fraction) -> None:
        old = self.world.state.values.get(feed)
        samples = old.samples if isinstance(old, Feed) else ()
        value = -int(-price * 10**DECIMALS // 1)
        new = Sample(self.world.time, value, DECIMALS)
        self.world.state.values[feed] = Feed((*samples, new))

    def least_anchor(self) -> Fraction:
        """Return the least anchor at which the peak is taken: (1 - band) x peak."""
        return (1 - self.band) * Fraction(self.peak)

    # Actions

    def do_price_path(self, step: Facts, actor: str) -> str:
        """Let the market move and the anchor follow as far as the peak needs."""
        self.world.time += self.minutes * 60
        self._publish(SIGNED, Fraction(self.peak))
        self._publish(ANCHOR, self.least_anchor())
        return (
            f"trades DAI at {self.peak} USD; the anchor must have stood at {float(self.least_anchor()):.4f}"
        )

    def do_anyone_posts_signed_price(self, step: Facts, actor: str) -> str:
        """Post the signed price; what is taken holds for every account."""
        self.accepted = self.required_price("DAI")
        return f"posts the signed price; DAI counts {float(self.accepted):.4f} USD"

    def do_liquidations(self, step: Facts, actor: str) -> str:
        """State which accounts may be liquidated: those whose health the move brings below one."""
        return (
            f"liquidates accounts that owe DAI: against stablecoins those below a health of "
            f"{float(self.fall(Fraction(1))):.4f} before, against ether below "
            f"{float(self.fall(1 + Fraction(self.ether_change))):.4f}"
        )

    def fall(self, collateral: Fraction) -> Fraction:
        """Return health before over health after, for collateral that moved by this factor."""
        return self.accepted / Fraction(self.first) / collateral

    # Results

    def watches(self) -> list[Watch]:
        """Sample signed price, anchor and what is taken."""

        def of(feed: str) -> Decimal:
            return exact_decimal(accepted(read(FeedSample(feed), self.world.view()), feed))

        panel = "DAI by source"
        return [
            Watch("signed", "USD/DAI", panel, lambda: of(SIGNED)),
            Watch("anchor, least that fits", "USD/DAI", panel, lambda: of(ANCHOR)),
            Watch("taken", "USD/DAI", panel, self.oracle_price),
        ]

    def readers(self) -> list[Reader]:
        """Offer a narrower band, the anchor alone, a cap and bounds of a stablecoin, and a delay."""
        signed, anchor = FeedSample(SIGNED), FeedSample(ANCHOR)
        capped = Bounds(Fraction(0), Fraction(105, 100), "clamp", parents=(signed,))
        bounded = Bounds(Fraction(95, 100), Fraction(105, 100), parents=(signed,))
        narrow = self.anchored(Fraction(5, 100))
        fallback = FirstOf(parents=(narrow, anchor))
        note = "the anchor is put at the least value at which the peak was taken"
        return [
            Reader("the same with a band of 0.05", DEVIATION, lambda: narrow, note),
            Reader("a band of 0.05, beyond it the anchor", DEVIATION, lambda: fallback, note),
            Reader("the anchor alone", SOURCE, lambda: anchor, note),
            Reader("held at 1.05 USD", CAP, lambda: capped),
            Reader("refused outside 0.95 to 1.05 USD", BOUNDS, lambda: bounded),
            delayed(self, self.minutes * 60 + 1),
        ]

    def stake(self) -> Stake:
        """Say which facts a loss would need."""
        return Stake(None, None, "USD", f"{BOOK}; the multiple is what every DAI debt was overstated by")

    def finish(self) -> None:
        """State the anchor that the peak needs, by contract and by the file's words, and the thresholds."""
        ether = self.fall(1 + Fraction(self.ether_change))
        by_words = Fraction(self.peak) / (1 + self.band)
        self.findings += [
            Finding(
                "least anchor at which the peak is taken",
                f"{float(self.least_anchor()):.4f}",
                "USD/DAI",
                f"(1 - band) x peak: the contract divides by the signed price; {float(by_words):.4f} by the "
                "file's words, which divide by the anchor",
            ),
            Finding(
                "health before below which an account is liquidated, ether against DAI",
                f"{float(ether):.4f}",
                "x",
                "rise of the debt over the fall of the collateral",
            ),
            Finding(
                "the same, stablecoins against DAI",
                f"{float(self.fall(Fraction(1))):.4f}",
                "x",
                "rise of the debt alone",
            ),
        ]

    def extra_series(self) -> list[Series]:
        """Return the highest signed price taken against the anchor, which the file lacks."""
        grid = [Fraction(100 + k, 100) for k in range(GRID)]
        rows = {
            "contract: anchor / (1 - band)": 1 / (1 - self.band),
            "the file's words: anchor x (1 + band)": 1 + self.band,
        }
        panel = "Highest signed price that is taken against the anchor"
        return [
            Series(
                name,
                "USD/DAI",
                panel,
                tuple(Point(f"{float(a):.2f}", exact_decimal(a * factor), x=exact_decimal(a)) for a in grid),
                x_name="anchor, USD/DAI",
            )
            for name, factor in rows.items()
        ]

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes: without accounts no total can be formed."""
        return {outcome.name: Missing(BOOK) for outcome in self.incident.outcomes}
