"""bZx, 15 February 2020: a leveraged short pushed through Uniswap V1, and a sale into its own footprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from oracles.node import Node
from oracles.sources.pool import SpotPool
from protocol.margin.loan_to_value import LoanToValue
from protocol.market_state import MarketState, Price
from scenarios.files.facts import Facts
from scenarios.incidents.lending import LendingReplayer
from scenarios.incidents.lp_collateral import fixed_price
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import SOURCE, Reader, Stake, standard
from scenarios.incidents.replayer import Watch, accepted, exact_decimal
from scenarios.result import Finding
from scenarios.world import OUTSIDE

POOL = "uniswap_v1_eth_wbtc"
BZX, COMPOUND = "bzx", "compound"


class Bzx1Replayer(LendingReplayer):
    """Flash loan, Compound, the unchecked margin trade, and the sale into the moved pool.

    Prices are in ETH. Compound's rule is enforced; bZx's solvency check was not reached, so it is made only
    where a counterfactual reaches it: what the trade bought, at the reader's price, must cover the debt by
    the over-collateral ratio of the file.
    """

    def build(self) -> None:
        """Build the pool, Compound's WBTC and bZx's ETH."""
        super().build()
        facts = self.facts
        self.open_market(
            COMPOUND, {"WBTC": facts.units("WBTC", "state_before", "compound", "max_wbtc_borrow")}
        )
        lenders = self.world.margin_account(BZX, "lenders")
        self.world.fund(
            lenders, "ETH", facts.units("ETH", "state_before", "bzx", "eth_available_to_leverage")
        )
        self.factors = {"ETH": Fraction(facts.decimal("parameters", "compound_eth_collateral_factor"))}
        self.oracle = SpotPool(POOL, "WBTC", "ETH", self.world.decimals["WBTC"], self.world.decimals["ETH"])
        self.checked = False
        self.measured: dict[str, Decimal | Missing] = {}

    def fixed_prices(self) -> Mapping[str, Decimal]:
        """Return Compound's exchange rate, in ETH."""
        return {
            "ETH": Decimal(1),
            "WBTC": self.facts.decimal("parameters", "compound_exchange_rate_eth_per_wbtc"),
        }

    def price_nodes(self) -> Mapping[str, Node]:
        """Compound's prices are stated; nothing is read from a pool."""
        return {}

    def watches(self) -> list[Watch]:
        """Sample the pool's price and the attacker's ether."""
        return [
            Watch("Uniswap V1", "ETH/WBTC", "Spot price of the pool", self.oracle_price),
            Watch("market", "ETH/WBTC", "Spot price of the pool", self.market_price),
            Watch(
                "attacker",
                "ETH",
                "Ether in the attacker's wallet",
                lambda: self.whole("ETH", self.world.balance("attacker", "ETH")),
            ),
            Watch("equity of the short", "ETH", "Equity of the margin trade", self.short_equity),
        ]

    def market_price(self) -> Decimal:
        """Return ETH per WBTC elsewhere."""
        return self.facts.decimal("parameters", "market_price_eth_per_wbtc")

    def short_equity(self) -> Decimal:
        """Return collateral at the market price less debt of the bZx account, in ETH."""
        account = f"{BZX}:attacker"
        ether = self.whole("ETH", self.world.balance(account, "ETH"))
        return ether + self.whole("WBTC", self.world.balance(account, "WBTC")) * self.market_price()

    def do_open_short_eth(self, step: Facts, actor: str) -> str:
        """Post margin and let the protocol sell the leveraged ether at whatever the pool gives."""
        account = self.world.margin_account(BZX, actor)
        margin, sold = step.units("ETH", "margin_eth"), step.units("ETH", "eth_sold_by_protocol")
        self.world.move(actor, account, "ETH", margin, "margin")
        venue = step.text("via")
        trade = self.world.swap(account, venue, "ETH", "WBTC", sold)
        self._check_solvency(account)
        paid = exact_decimal(
            Fraction(self.whole("ETH", sold)) / Fraction(self.whole("WBTC", trade.amount_out))
        )
        self.measured |= {
            "wbtc_received_by_margin_trade": self.whole("WBTC", trade.amount_out),
            "price_paid_by_margin_trade": paid,
            "lender_loss": max(-self.short_equity(), Decimal(0)),
        }
        self.findings.append(
            Finding(
                "price paid over market price",
                f"{paid / self.market_price():.3f}",
                "x",
                "the solvency check that was skipped would have refused anything above 1 + the margin",
            )
        )
        return f"makes the protocol sell {self.text('ETH', sold)} for {self.text('WBTC', trade.amount_out)}"

    def _check_solvency(self, account: str) -> None:
        """Read the oracle, and where the check is reached refuse a trade that leaves too little."""
        reading = self.read_oracle()
        assert reading is not None
        if not self.checked:
            return
        price = Price(int(accepted(reading, "WBTC") * 10**18))
        ratio = 1 / Fraction(self.facts.decimal("parameters", "bzx_over_collateral_ratio"))
        market = MarketState({"ETH": Price.of(1), "WBTC": price}, self.world.decimals)
        balances = self.world.state.ledger.balances(account)
        LoanToValue({"WBTC": ratio}).require(account, balances, market, "ETH")

    def readers(self) -> list[Reader]:
        """Offer the check that was skipped, at several prices."""

        def reached(reader: Reader) -> Reader:
            def change() -> Node | None:
                self.checked = True
                return reader.change()

            return replace(reader, change=change, note="the solvency check is reached")

        market = fixed_price("market price of the file", self.market_price())
        offered = [
            Reader("the pool's own price, check reached", SOURCE, lambda: None),
            Reader("the market price, check reached", SOURCE, lambda: market),
            *standard(self),
        ]
        return [reached(reader) for reader in offered]

    def stake(self) -> Stake:
        """Count the ether gained and the negative equity of the margin trade."""
        profit, loss = self.measured.get("attacker_profit_total"), self.measured.get("lender_loss")
        if not isinstance(profit, Decimal) or not isinstance(loss, Decimal):
            return Stake(None, None, "", "the attack was not carried to its end")
        return Stake(
            profit, loss, "ETH", "profit: ether after the unwinding; loss: negative equity at market"
        )

    def do_swap(self, step: Facts, actor: str) -> str:
        """Sell on the pool and note price and proceeds."""
        summary = super().do_swap(step, actor)
        self.measured |= {
            "eth_received_for_112_wbtc": self.last_posting("ETH"),
            "pool_price_after": self.spot(POOL, "WBTC", "ETH"),
        }
        return summary

    def last_posting(self, asset: str) -> Decimal:
        """Return the amount of the posting just made."""
        ledger = self.world.state.ledger
        return self.whole(asset, ledger.since(ledger.mark() - 1)[0].amount)

    def do_repay_flash_loan(self, step: Facts, actor: str) -> str:
        """Repay; what is left is the gain inside the transaction."""
        summary = super().do_repay_flash_loan(step, actor)
        self.measured["gain_in_transaction"] = self.whole("ETH", self.world.balance(actor, "ETH"))
        return summary

    def do_unwind_later(self, step: Facts, actor: str) -> str:
        """Buy the borrowed WBTC at the market, repay Compound and take the collateral back."""
        spent, repaid = step.units("ETH", "eth_spent"), step.units("WBTC", "wbtc_repaid")
        redeemed = step.units("ETH", "eth_redeemed")
        # The purchases are spread over days and paid out of ether redeemed along the way.
        self.world.move(OUTSIDE, actor, "WBTC", repaid, "bought at the market")
        self.world.move(actor, self.margin(actor), "WBTC", repaid, "debt repaid")
        self.world.move(self.margin(actor), actor, "ETH", redeemed, "collateral redeemed")
        self.world.move(actor, OUTSIDE, "ETH", spent, "paid for WBTC")
        balances = self.world.state.ledger.balances(self.margin(actor))
        self.rule().require(actor, balances, self.market_state(), "ETH")
        self.measured["attacker_profit_total"] = self.whole("ETH", self.world.balance(actor, "ETH"))
        cost, taken = self.text("ETH", spent), self.text("ETH", redeemed)
        return f"repays {self.text('WBTC', repaid)} bought for {cost}, takes {taken}"

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes; the loss is the account's negative equity at the market price."""
        return self.measured
