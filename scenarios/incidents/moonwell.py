"""Moonwell, 15 February 2026: a staking token's ratio to ether taken for its price in dollars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from oracles.guards import Bounds
from oracles.node import read
from oracles.reducers import Product
from oracles.sources.asset_source import AssetSource
from oracles.sources.chainlink import ChainlinkFeed
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.ploutus import FIRST_SECOND, aggregator
from scenarios.incidents.readers import BOUNDS, SOURCE, Reader, Stake, standard, used
from scenarios.incidents.replayer import Replayer, Watch, exact_decimal
from scenarios.result import Finding

MARKET, LIQUIDATOR, BORROWER = "moonwell", "liquidators", "borrower"
RATIO, ETHER, COMPOSED = "cbETH/ETH", "ETH/USD", "ratio x ETH/USD"
REGISTRY = "source of cbETH"
INCENTIVES = (Decimal("1.07"), Decimal("1.10"))
BOOK = Missing("the debts and collateral of the 181 borrowers are not in the file, which has one liquidation")


class MoonwellReplayer(Replayer):
    """One liquidation of the file at the reader's price.

    The file has the amounts repaid and seized, and the ratio in words ("about 1.12"), but neither the
    liquidation incentive nor the exact answer. What the liquidation gave per dollar repaid at that ratio is
    kept under every reader: collateral seized = repaid x that multiple / price.
    """

    def build(self) -> None:
        """Build both feeds, the borrower's collateral and debt, and the liquidator's ether."""
        facts = self.facts
        self.world.time = FIRST_SECOND
        self.price = facts.decimal("parameters", "cbeth_price_usd")
        self.ether = facts.decimal("parameters", "weth_price_usd")
        printed = re.search(r"about (\d+\.\d+)", facts.text("oracle", "error"))
        self.ratio = Decimal(printed[1]) if printed else facts.decimal("oracle", "error")
        for name, value in ((RATIO, self.ratio), (ETHER, self.ether)):
            self.world.state.values[name] = aggregator(int(value * 10**18), self.world.time, 18)
        ratio = ChainlinkFeed(RATIO)
        self.right = Product(parents=(ratio, ChainlinkFeed(ETHER)))
        self.world.state.values[REGISTRY] = COMPOSED
        self.oracle = AssetSource("cbETH", (COMPOSED, RATIO), REGISTRY, parents=(self.right, ratio))
        step = self._liquidation()
        debt, repaid = step.units("WETH", "victim_debt_weth"), step.units("WETH", "repay_weth")
        seized = step.units("cbETH", "seized_cbeth")
        lenders = self.world.margin_account(MARKET, "lenders")
        borrower = self.world.margin_account(MARKET, BORROWER)
        self.world.fund(lenders, "WETH", debt)
        self.world.wallet("borrower's wallet")
        self.world.move(borrower, "borrower's wallet", "WETH", debt, "borrowed before")
        self.world.fund(borrower, "cbETH", seized)
        self.world.fund(self.world.wallet(LIQUIDATOR), "WETH", repaid)
        worth = Fraction(self.whole("cbETH", seized)) * Fraction(self.ratio)
        self.multiple = worth / (Fraction(self.whole("WETH", repaid)) * Fraction(self.ether))
        self.seized = self.repaid = Decimal(0)

    def _liquidation(self) -> Facts:
        return self.step_of("liquidate")

    # Actions

    def do_governance_executes(self, step: Facts, actor: str) -> str:
        """Put the new source in force."""
        self.world.state.values[REGISTRY] = RATIO
        return f"executes {step.text('note')}: cbETH is priced at {self.ratio} USD"

    def do_monitoring_detects(self, step: Facts, actor: str) -> str:
        """Close the market to new loans; liquidations go on."""
        return f"is noticed; {step.text('then')}"

    def do_liquidate(self, step: Facts, actor: str) -> str:
        """Repay and take collateral at the reader's price."""
        repaid = step.units("WETH", "repay_weth")
        value = Fraction(self.whole("WETH", repaid)) * Fraction(self.ether) * self.multiple
        price = self.required_price("cbETH")
        account = f"{MARKET}:{BORROWER}"
        seized = int(value / price * 10 ** self.world.decimals["cbETH"])
        self.world.move(LIQUIDATOR, account, "WETH", repaid, "repaid for the borrower")
        self.world.move(account, LIQUIDATOR, "cbETH", seized, "seized")
        self.seized, self.repaid = self.whole("cbETH", seized), self.whole("WETH", repaid)
        return f"repays {self.text('WETH', repaid)} and takes {self.text('cbETH', seized)}"

    # Results

    def watches(self) -> list[Watch]:
        """Sample the feed in force beside the composed one."""

        def right() -> Decimal:
            return exact_decimal(read(self.right, self.world.view()).price)

        panel = "cbETH by reader"
        return [
            Watch("source in force (used)", "USD/cbETH", panel, self.oracle_price),
            Watch("ratio x ETH/USD", "USD/cbETH", panel, right),
        ]

    def readers(self) -> list[Reader]:
        """Offer the composed feed, and guards around the one in force."""
        low, high = Fraction(self.ether) / 2, Fraction(self.ether) * 2
        bounded = Bounds(low, high, parents=(used(self),))
        note = "what is left is the bonus of any liquidation; the borrower's collateral is not in the file"
        return [
            Reader(COMPOSED, SOURCE, lambda: self.right, note),
            Reader("refused outside half to twice the price of ether", BOUNDS, lambda: bounded),
            *standard(self),
        ]

    def gain(self) -> Decimal:
        """Return the seized collateral at its true price less what was repaid, in dollars."""
        return self.seized * self.price - self.repaid * self.ether

    def stake(self) -> Stake:
        """Count what the liquidator gained in the one liquidation of the file."""
        basis = (
            "both: collateral seized at its true price less the debt repaid, in the file's one liquidation"
        )
        return Stake(self.gain(), self.gain(), "USD", basis)

    def finish(self) -> None:
        """Say what the one liquidation implies."""
        repaid = self.repaid * self.ether
        self.findings.append(
            Finding(
                "value seized per dollar repaid, at the ratio in words",
                f"{float(self.multiple):.4f}",
                "x",
                f"{self.seized:.3f} cbETH at {self.ratio} USD for {repaid:,.2f} USD: incentive less fees",
            )
        )
        for incentive in INCENTIVES:
            self.findings.append(
                Finding(
                    f"feed value if the incentive was {incentive}",
                    f"{incentive * repaid / self.seized:.4f}",
                    "USD/cbETH",
                    "repaid x incentive / seized",
                )
            )
        self.findings.extend(self._priced_bad_debt())

    def _priced_bad_debt(self) -> list[Finding]:
        """Hold the published bad debt by asset against the published total, where the file has prices."""
        prices = {"cbETH": self.price, "WETH": self.ether} | dict.fromkeys(
            ("USDC", "DAI", "USDS"), Decimal(1)
        )
        listed = {outcome.name: outcome.value for outcome in self.incident.outcomes}
        by_asset, total = listed.get("bad_debt_by_asset"), listed.get("bad_debt_total")
        if not isinstance(by_asset, dict) or isinstance(total, dict):
            return []
        known = sum(
            (Decimal(prices[a]) * amount for a, amount in by_asset.items() if a in prices), Decimal(0)
        )
        rest = ", ".join(asset for asset in by_asset if asset not in prices)
        share = "" if not total else f"{known / Decimal(total):.2%} of the published total; "
        return [
            Finding(
                "published bad debt by asset, as far as the file has prices",
                f"{known:,.0f}",
                "USD",
                f"{share}the file has no price of {rest}",
            )
        ]

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes: one liquidation pins no total."""
        missing: dict[str, Decimal | Missing] = {}
        for outcome in self.incident.outcomes:
            if isinstance(outcome.value, dict):
                parts = (f"{outcome.name}.{asset}" for asset in outcome.value)
                missing |= dict.fromkeys(parts, BOOK)
            missing[outcome.name] = BOOK
        return missing
