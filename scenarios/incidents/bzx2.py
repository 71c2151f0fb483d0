"""bZx, 18 February 2020: sUSD bought up on three venues, then valued by the two that it moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import ClassVar

from oracles.node import Node, View, read
from oracles.reading import Reading
from oracles.reducers import Estimator, Median
from protocol.venues.exponential_reserve import ExponentialReserve
from protocol.venues.fixed_price import FixedPriceDepot
from protocol.venues.uniswap_v1 import UniswapV1Exchange
from scenarios.files.facts import Facts
from scenarios.incidents.lp_collateral import fixed_price
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import MEDIAN, SOURCE, Reader, Stake, standard
from scenarios.incidents.replayer import Replayer, Watch, exact_decimal

UNISWAP, KYBER, DEPOT = "uniswap_v1_eth_susd", "kyber_reserve_eth_susd", "synthetix_depot"
BZX = "bzx"
COLLATERAL_PER_LOAN = Fraction(3, 2)
KYBER_TRADE_ETH = 20


class Bzx2Replayer(Replayer):
    """The purchases, the quote that takes the larger of two moved prices, and the loan it permits.

    Quotes are sUSD per ETH: on Uniswap for a marginal sale of ETH, fee included; on Kyber at the marginal
    price. The loan is collateral / (1.5 x the larger quote).
    """

    lender = "bzx flash lender"
    units_of: ClassVar[Mapping[str, str]] = {
        "susd_from_step_2_rate": "sUSD/ETH",
        "susd_from_step_3_rate": "sUSD/ETH",
        "total_susd": "sUSD",
        "uniswap_quote_after": "sUSD/ETH",
        "kyber_quote_after": "sUSD/ETH",
        "eth_borrowed": "ETH",
        "attacker_profit_eth": "ETH",
        "lender_loss_eth": "ETH",
    }

    def build(self) -> None:
        """Build the three venues and bZx's ether."""
        super().build()
        facts, path = self.facts, ("state_before", DEPOT)
        price = Fraction(facts.decimal(*path, "price_eth_per_susd"))
        stock = facts.units("sUSD", *path, "susd_available")
        # The stock is printed to two decimals and the order to two as well; what the order needs is there.
        needed = max((self.facts.step(s.n) for s in self.incident.steps), key=self._depot_order)
        depot = FixedPriceDepot("ETH", "sUSD", price.denominator, price.numerator, stock)
        order = self._depot_order(needed)
        short = depot.quote("ETH", "sUSD", order) - stock if order else 0
        if 0 < short <= 10**18:
            depot = depot.restock(short)
        self.add_venue(DEPOT, depot)
        self.world.margin_account(BZX, "lenders")
        self.world.fund(f"{BZX}:lenders", "ETH", facts.units("ETH", "state_before", BZX, "eth_borrowable"))
        self.quotes = (UniswapV1Quote(UNISWAP), ReserveQuote(KYBER))
        self.oracle = Estimator("maximum", parents=self.quotes)
        self.figures: dict[str, Decimal | Missing] = {}

    def _depot_order(self, step: Facts) -> int:
        if step.has("venue") and step.text("venue") == DEPOT:
            return step.units("ETH", "amount")
        return 0

    def do_swap(self, step: Facts, actor: str) -> str:
        """Buy sUSD; the Kyber reserve is asked in trades of 20 ETH, as the file says."""
        n, venue = step.integer("n"), step.text("venue")
        units = step.units("ETH", "amount")
        pieces = [units]
        if venue == KYBER:
            piece = self.units("ETH", Decimal(KYBER_TRADE_ETH))
            pieces = [piece] * (units // piece) + ([units % piece] if units % piece else [])
        got = sum(self.world.swap(actor, venue, "ETH", "sUSD", piece).amount_out for piece in pieces)
        rate = Fraction(self.whole("sUSD", got)) / Fraction(self.whole("ETH", units))
        self.figures[f"susd_from_step_{n}_rate"] = exact_decimal(rate)
        return f"sells {self.text('ETH', units)} for {self.text('sUSD', got)} on {venue}"

    def do_supply(self, step: Facts, actor: str) -> str:
        """Post all the sUSD."""
        units = self.world.balance(actor, "sUSD")
        self.world.move(actor, self.world.margin_account(BZX, actor), "sUSD", units, "collateral")
        self.figures["total_susd"] = self.whole("sUSD", units)
        return f"posts {self.text('sUSD', units)}"

    def do_borrow_max(self, step: Facts, actor: str) -> str:
        """Borrow the most that the larger quote permits."""
        account = self.world.margin_account(BZX, actor)
        collateral = self.whole("sUSD", self.world.balance(account, "sUSD"))
        price = self.required_price("ETH")
        uniswap, kyber = self.quote(0), self.quote(1)
        limit = int(Fraction(collateral) / (price * COLLATERAL_PER_LOAN) * 10**18)
        units = min(limit, self.world.state.ledger.cash(BZX, "ETH"))
        self.world.move(account, actor, "ETH", units, "borrowed")
        market = self.facts.decimal("parameters", "market_susd_per_eth")
        loss = Fraction(self.whole("ETH", units)) - Fraction(collateral) / Fraction(market)
        self.figures |= {
            "uniswap_quote_after": uniswap,
            "kyber_quote_after": kyber,
            "eth_borrowed": self.whole("ETH", units),
            "lender_loss_eth": exact_decimal(loss),
        }
        return f"borrows {self.text('ETH', units)}"

    def do_repay_flash_loan(self, step: Facts, actor: str) -> str:
        """Repay; what is left is the profit."""
        summary = super().do_repay_flash_loan(step, actor)
        self.figures["attacker_profit_eth"] = self.whole("ETH", self.world.balance(actor, "ETH"))
        return summary

    def watches(self) -> list[Watch]:
        """Sample both quotes."""
        panel = "sUSD per ETH by venue"
        return [
            Watch(name, "sUSD/ETH", panel, partial(self.quote, k))
            for k, name in enumerate(("Uniswap", "Kyber"))
        ]

    def quote(self, k: int) -> Decimal:
        """Return Uniswap's (0) or Kyber's (1) quote now."""
        return exact_decimal(read(self.quotes[k], self.world.view()).price)

    def readers(self) -> list[Reader]:
        """Offer the other choice between the two quotes, and the price of the market."""
        market = fixed_price(
            "market price of the file", self.facts.decimal("parameters", "market_susd_per_eth")
        )
        return [
            Reader("the smaller of the two quotes", MEDIAN, lambda: Median("lower", parents=self.quotes)),
            Reader("the mean of the two quotes", MEDIAN, lambda: Median("mean-down", parents=self.quotes)),
            Reader("the market price", SOURCE, lambda: market),
            *standard(self),
        ]

    def stake(self) -> Stake:
        """Count the ether gained, and the loan beyond the market value of the collateral."""
        profit, loss = self.figures["attacker_profit_eth"], self.figures["lender_loss_eth"]
        assert isinstance(profit, Decimal)
        assert isinstance(loss, Decimal)
        return Stake(profit, loss, "ETH", "profit: ether left; loss: loan beyond the collateral at market")

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the predictions."""
        return self.figures


@dataclass(frozen=True)
class UniswapV1Quote(Node):
    """Tokens per ether for a marginal sale of ether, fee included, as the Kyber network asked it.

    Parameters
    ----------
    venue
        A V1 exchange.
    """

    kind: ClassVar[str] = "uniswap-v1-quote"
    venue: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the quote at 18 decimals, rounded down."""
        del readings
        pool = view.venue(self.venue)
        assert isinstance(pool, UniswapV1Exchange)
        quote = Fraction(pool.token_reserve, pool.ether_reserve) * Fraction(997, 1000)
        return Reading(self.id, int(quote * 10**18), 18, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """Where."""
        return f"quote of {self.venue}"


@dataclass(frozen=True)
class ReserveQuote(Node):
    """Tokens per ether at the marginal price of a Kyber reserve.

    Parameters
    ----------
    venue
        A reserve with an exponential price.
    """

    kind: ClassVar[str] = "kyber-reserve-quote"
    venue: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the quote at 18 decimals, rounded down."""
        del readings
        reserve = view.venue(self.venue)
        assert isinstance(reserve, ExponentialReserve)
        return Reading(self.id, 10**36 // reserve.spot_price(), 18, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """Where."""
        return f"quote of {self.venue}"
