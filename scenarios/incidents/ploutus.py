"""Ploutus, February 2026: an asset's feed set to another asset's, and one block to use it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from oracles.guards import Bounds
from oracles.node import Node
from oracles.sources.asset_source import AssetSource
from oracles.sources.capo import CappedStable
from oracles.sources.chainlink import ChainlinkFeed, Ocr2Aggregator, Round
from scenarios.files.facts import Facts
from scenarios.incidents.lending import LendingReplayer
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import BOUNDS, CAP, DELAY, Reader, Stake, standard, used
from scenarios.incidents.replayer import Watch, exact_decimal

MARKET, PAIR, ACTOR = "ploutus", "uniswap v2 pair", "attacker"
USDC_FEED, BTC_FEED = "USDC/USD", "BTC/USD"
REGISTRY = "source of USDC"
FEED_DECIMALS = 8
ANY_ANSWER = 1 << 95
FIRST_SECOND = 1


class PloutusReplayer(LendingReplayer):
    """The registry's change, the flash swap of a few dollars, and the loan at the other asset's price."""

    def build(self) -> None:
        """Build both feeds, the registry, and a market whose WETH is what was taken."""
        facts = self.facts
        self.world.time = FIRST_SECOND
        before = facts.integer("state_before", "usdc_price_raw_8dec")
        after = facts.integer("oracle", "usdc_price_after_raw_8dec")
        for name, answer in ((USDC_FEED, before), (BTC_FEED, after)):
            self.world.state.values[name] = aggregator(answer, self.world.time)
        self.world.state.values[REGISTRY] = USDC_FEED
        self.oracle = AssetSource(
            "USDC",
            (USDC_FEED, BTC_FEED),
            REGISTRY,
            parents=(ChainlinkFeed(USDC_FEED), ChainlinkFeed(BTC_FEED)),
        )
        self.price_before = Fraction(before, 10**FEED_DECIMALS)
        self.weth_price = facts.decimal("parameters", "weth_price_usd")
        self.open_market(MARKET, {"WETH": self.step_of("borrow").units("WETH", "amount")})
        self.factors = {"USDC": Fraction(facts.decimal("parameters", "usdc_ltv"))}
        self.fee = facts.units("WETH", "parameters", "flash_swap_fee_weth")
        self.world.wallet(PAIR)
        self.timelocked = False
        self.figures: dict[str, Decimal | Missing] = {}

    def price_nodes(self) -> Mapping[str, Node]:
        """Return the registry's graph."""
        return {"USDC": used(self)}

    def fixed_prices(self) -> Mapping[str, Decimal]:
        """Return the price of WETH."""
        return {"WETH": self.weth_price}

    # Actions

    def do_set_feed(self, step: Facts, actor: str) -> str:
        """Set the source; nothing is checked."""
        self.world.block = step.integer("block")
        if self.timelocked:
            return f"queues {BTC_FEED} as the source of USDC"
        self.world.state.values[REGISTRY] = BTC_FEED
        return f"sets the source of USDC to {BTC_FEED}"

    def do_flash_swap(self, step: Facts, actor: str) -> str:
        """Take USDC from the pair against WETH that is due at the end of the transaction."""
        self.world.block = step.integer("block")
        units = step.units("USDC", "amount")
        self.world.fund(PAIR, "USDC", units)
        self.world.move(PAIR, self.world.wallet(actor), "USDC", units, "flash swap")
        self.transaction().flash_loan(PAIR, actor, "WETH", 0, self.fee)
        return f"takes {self.text('USDC', units)} now for {self.text('WETH', self.fee)} at the end"

    def do_supply(self, step: Facts, actor: str) -> str:
        """Supply, and note what the market sees."""
        summary = super().do_supply(step, actor)
        limit = self.sampled(lambda: self.borrow_limit(actor)) or Decimal(0)
        factor = self.facts.decimal("parameters", "usdc_ltv")
        self.figures["collateral_value_seen"] = limit / factor
        self.figures["max_borrow"] = limit / self.weth_price
        return summary

    def close(self) -> None:
        """Pay for the flash swap out of the loan."""
        self.transaction().repay(self.loan_of("WETH"), ACTOR)

    # Results

    def watches(self) -> list[Watch]:
        """Sample the answer, and limit and debt."""
        panel = "Borrow limit and debt of the attacker"
        return [
            Watch("USDC", "USD/USDC", "What the market believes of one USDC", self.oracle_price),
            Watch("limit", "USD", panel, lambda: self.sampled(lambda: self.borrow_limit(ACTOR))),
            Watch("debt", "USD", panel, lambda: self.sampled(lambda: self.debt(ACTOR))),
        ]

    def bad_debt(self) -> Decimal:
        """Return the debt beyond the collateral at the price before, in WETH."""
        account = self.margin(ACTOR)
        held = Fraction(self.whole("USDC", self.world.balance(account, "USDC"))) * self.price_before
        owed = -self.whole("WETH", self.world.balance(account, "WETH"))
        return owed - exact_decimal(held / Fraction(self.weth_price))

    def readers(self) -> list[Reader]:
        """Offer checks that a change of the source would have met."""
        highest = 104 * 10 ** (FEED_DECIMALS - 2)
        capped = CappedStable(highest, parents=(used(self),))
        stable = Bounds(Fraction(95, 100), Fraction(105, 100), parents=(used(self),))

        def late() -> None:
            self.timelocked = True

        return [
            Reader("refused outside 0.95 to 1.05 USD", BOUNDS, lambda: stable),
            Reader("Aave's stable cap of 1.04 USD", CAP, lambda: capped),
            Reader("a new source in force only after a timelock", DELAY, late, "longer than one block"),
            *standard(self),
        ]

    def stake(self) -> Stake:
        """Count the WETH left, and the debt beyond the collateral's true value."""
        profit = self.whole("WETH", self.world.balance(ACTOR, "WETH"))
        basis = "profit: WETH left after the flash swap; loss: debt beyond the collateral at the price before"
        return Stake(profit, self.bad_debt(), "WETH", basis)

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        price = self.oracle_price()
        multiple = Decimal(0) if price is None else exact_decimal(Fraction(price) / self.price_before)
        return self.figures | {"price_multiple": multiple, "bad_debt": self.bad_debt()}


def aggregator(answer: int, time: int, decimals: int = FEED_DECIMALS) -> Ocr2Aggregator:
    """Return a feed that has published one answer and would publish any."""
    rounds = (Round(answer, time - 1, time),)
    return Ocr2Aggregator(4, 1, 0, ANY_ANSWER, decimals, epoch_and_round=1, rounds=rounds)
