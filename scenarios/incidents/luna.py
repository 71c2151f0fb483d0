"""Venus and Blizz, 12 May 2022: a feed that could not follow LUNA below its lowest answer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from oracles.guards import Bounds, Staleness
from oracles.node import Node
from oracles.sources.chainlink import ChainlinkFeed, Ocr2Aggregator
from protocol.errors import OracleRangeError
from scenarios.files.facts import Facts
from scenarios.incidents.lending import LendingReplayer
from scenarios.incidents.lp_collateral import fixed_price
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import BOUNDS, SOURCE, STALENESS, Reader, Stake, delayed, percent, used
from scenarios.incidents.replayer import Watch, exact_decimal
from scenarios.result import Finding, Point, Series

FEED, MARKET, CASH = "LUNA/USD", "lending market", "USD"
FEED_DECIMALS = 8
HEARTBEAT = 24 * 3600
NEAR = Fraction(11, 10)
ANY_ANSWER = 1 << 95
SIZES = "collateral factors, amounts deposited and the cash of the markets are not in the file"


class LunaReplayer(LendingReplayer):
    """One dollar of the attack: LUNA at the market price, supplied at the feed's last answer.

    Every amount is missing from the file, so the replay spends one dollar, at a factor of one: results are
    dollars per dollar spent, and the most that any factor permits.
    """

    def build(self) -> None:
        """Build the aggregator with its lowest answer, its last round, and the market's cash."""
        facts = self.facts
        self.world.decimals[CASH] = 18
        self.market_price = facts.decimal("oracle", "market_price_usd")
        self.last = facts.decimal("oracle", "last_answer_usd")
        self.lowest = facts.decimal("oracle", "lower_bound_usd")
        self.world.state.values[FEED] = Ocr2Aggregator(
            4, 1, native(self.lowest), ANY_ANSWER, FEED_DECIMALS
        ).transmit(self.world.time + 1, 1, self.world.time, [native(self.last)] * 4, (0, 1))
        self.world.time += 1
        self.oracle = ChainlinkFeed(FEED)
        self.factors = {"LUNA": Fraction(1)}
        seen = Fraction(self.last) / Fraction(self.market_price)
        self.open_market(MARKET, {CASH: -int(-seen * 10**18 // 1)})
        self.buyer = "attackers"
        self.world.fund(self.world.wallet(self.buyer), CASH, 10**18)
        self.refusal = ""

    def price_nodes(self) -> Mapping[str, Node]:
        """Return the feed's graph."""
        return {"LUNA": used(self)}

    def fixed_prices(self) -> Mapping[str, Decimal]:
        """Count the cash in dollars."""
        return {CASH: Decimal(1)}

    # Actions

    def do_feed_pauses(self, step: Facts, actor: str) -> str:
        """Let the network report the market price: the aggregator reverts, and the last answer stays."""
        aggregator = self.world.state.values[FEED]
        assert isinstance(aggregator, Ocr2Aggregator)
        self.world.time += HEARTBEAT + 1
        try:
            observations = [native(self.market_price)] * 4
            self.world.state.values[FEED] = aggregator.transmit(
                self.world.time, 2, self.world.time, observations, (0, 1)
            )
        except OracleRangeError as error:
            self.refusal = error.message
            return f"cannot report {self.market_price} USD ({error.message}); {self.last} USD stays"
        return f"reports {self.market_price} USD"

    def do_buy_and_supply(self, step: Facts, actor: str) -> str:
        """Buy a dollar's worth at the market price and supply it."""
        price = step.decimal("price")
        units = int(1 / Fraction(price) * 10 ** self.world.decimals["LUNA"])
        self.world.move(actor, "outside", CASH, 10**18, "paid for LUNA")
        self.world.fund(actor, "LUNA", units)
        self.supply(actor, "LUNA", units)
        return f"buys {self.text('LUNA', units)} for one dollar and supplies it"

    def do_borrow_all_cash(self, step: Facts, actor: str) -> str:
        """Borrow what the collateral permits at a factor of one; nothing beyond its cost is no attack."""
        self.read_oracle()
        limit = int(Fraction(self.borrow_limit(actor)) * 10**18)
        units = min(limit, self.world.state.ledger.cash(self.market, CASH))
        self.borrow(actor, CASH, units)
        return f"borrows {self.text(CASH, units)} per dollar spent, at a factor of one"

    # Results

    def watches(self) -> list[Watch]:
        """Sample the feed and the market."""
        panel = "LUNA by the feed and on the market"
        return [
            Watch("feed", "USD/LUNA", panel, self.oracle_price),
            Watch("market", "USD/LUNA", panel, lambda: self.market_price),
        ]

    def readers(self) -> list[Reader]:
        """Offer an age limit, a breaker near the lowest answer, a delay and the market itself."""
        feed = ChainlinkFeed(FEED)
        near = Fraction(self.lowest) * NEAR
        market = fixed_price("market price of the file", self.market_price)
        breaker = Bounds(near, Fraction(ANY_ANSWER), parents=(feed,))
        return [
            Reader(
                f"refused once older than a heartbeat of {HEARTBEAT} s",
                STALENESS,
                lambda: Staleness(HEARTBEAT, parents=(feed,)),
                "the file does not say how long the feed had paused: taken to be longer than the limit",
            ),
            Reader(f"refused within {percent(NEAR - 1)} of the lowest answer", BOUNDS, lambda: breaker),
            delayed(self),
            Reader("the market price", SOURCE, lambda: market),
        ]

    def stake(self) -> Stake:
        """Count dollars per dollar spent."""
        got = self.whole(CASH, self.world.balance(self.buyer, CASH)) - 1
        basis = "both: dollars per dollar spent on LUNA, at a factor of one, the most that any factor permits"
        return Stake(got, max(got, Decimal(0)), "USD/USD", basis + "; " + SIZES)

    def finish(self) -> None:
        """State the multiple and the least factor that pays."""
        multiple = Fraction(self.last) / Fraction(self.market_price)
        self.findings += [
            Finding(
                "answer of the feed over the market price",
                f"{float(multiple):.4g}",
                "x",
                "what one dollar of LUNA counted as collateral",
            ),
            Finding(
                "collateral factor above which buying and borrowing pays",
                f"{float(1 / multiple):.4f}",
                "fraction",
                "market price over the answer of the feed",
            ),
        ]

    def extra_series(self) -> list[Series]:
        """Return the profit per dollar against the collateral factor, which the file lacks."""
        multiple = Fraction(self.last) / Fraction(self.market_price)
        grid = [Fraction(k, 10) for k in range(11)]
        points = tuple(
            Point(f"{float(k):.1f}", exact_decimal(k * multiple - 1), x=exact_decimal(k)) for k in grid
        )
        panel = "Profit per dollar spent against the collateral factor"
        return [Series("profit", "USD/USD", panel, points, x_name="collateral factor")]

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        return {"venus_shortfall": Missing(SIZES), "blizz_loss": Missing(SIZES)}


def native(price: Decimal) -> int:
    """Return a price at the feed's decimals."""
    return int(price.scaleb(FEED_DECIMALS))
