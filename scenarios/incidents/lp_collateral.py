"""Warp Finance and Cheese Bank: LP tokens priced by reserves that one trade can move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from oracles.node import Node, read
from oracles.reducers import Product
from oracles.sources.constant import Constant
from oracles.sources.lp_fair import FairLpToken
from oracles.sources.pool import LpTokenByReserves
from scenarios.files.facts import Facts
from scenarios.incidents.lending import LendingReplayer
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import (
    FAIR,
    WINDOW_NOTE,
    WINDOW_SECONDS,
    Reader,
    Stake,
    average,
    standard,
    used,
)
from scenarios.incidents.replayer import Watch, exact_decimal
from scenarios.world import OUTSIDE, shares_of

PRICE_DECIMALS = 18


def fixed_price(name: str, price: Decimal) -> Constant:
    """Return a source that states a price of the file."""
    return Constant(name, int(price.scaleb(PRICE_DECIMALS)), PRICE_DECIMALS)


class LpCollateralReplayer(LendingReplayer):
    """What the two incidents share: LP tokens at the naive price, and what the attacker is left with."""

    attacker = "attacker"
    fair: FairLpToken

    def price_nodes(self) -> Mapping[str, Node]:
        """Return the LP token's graph."""
        return {self.lp: used(self)}

    def fair_price(self, *parents: Node) -> FairLpToken:
        """Return the LP token by the pool's product, at prices of its two assets in the pool's order."""
        first, second = self.world.venue(self.only_venue()).assets
        decimals = (self.world.decimals[first], self.world.decimals[second])
        return FairLpToken(self.only_venue(), (first, second), decimals, parents=parents)

    def stake(self) -> Stake:
        """Count the dollars left, and the debt beyond the fair value of the collateral."""
        held = self.whole(self.lp, self.world.balance(self.margin(self.attacker), self.lp))
        fair = held * exact_decimal(read(self.fair, self.world.view()).price)
        lost = max(self.debt(self.attacker) - fair, Decimal(0))
        basis = "profit: dollar coins left, LP tokens not counted; loss: debt beyond the LP's fair value"
        return Stake(self.dollars_left(), lost, "USD", basis)

    @property
    def lp(self) -> str:
        """The liquidity token's name."""
        return shares_of(self.only_venue())

    def stablecoins(self) -> list[str]:
        """Return the dollar coins lent, in the order in which the attacker spends them last first."""
        return [asset for asset in self.cash if asset in {"USDC", "USDT", "DAI"}]

    def build(self) -> None:
        """Build pool and cash; the subclass adds oracle and factors."""
        super().build()
        self.cash = self.cash_of_file("state_before", "cash")
        self.before_repay: dict[str, int] = {}
        self.open_market(self.incident.protocol, self.cash)

    def close(self) -> None:
        """Repay the flash loans; what is missing is bought with borrowed dollars at the market price."""
        eth_price = self.facts.decimal("parameters", "eth_price_usd_market")
        self.before_repay = dict(self.world.state.ledger.balances(self.attacker))
        for loan in self.transaction().open_loans():
            short = loan.owed - self.world.balance(self.attacker, loan.asset)
            if short > 0:
                self.buy_shortfall(self.attacker, loan.asset, short, eth_price, self.stablecoins())
            self.transaction().repay(loan, self.attacker)
        self.notes.append(
            "The file ends before the flash loan is repaid: the replay repays it, buying the ether that is "
            "missing with the borrowed dollars at the market price of the file."
        )

    def dollars_left(self) -> Decimal:
        """Return the attacker's dollar coins at one dollar each: the profit beside the LP tokens."""
        return sum(
            (self.whole(asset, self.world.balance(self.attacker, asset)) for asset in self.stablecoins()),
            Decimal(0),
        )

    def watches(self) -> list[Watch]:
        """Sample the pool's spot price, the oracle's answer and the borrower's limit and debt."""
        venue = self.only_venue()
        base, quote = self.spot_pair()
        return [
            Watch("spot", f"{quote}/{base}", "Spot price of the pool", lambda: self.spot(venue, base, quote)),
            Watch("LP token", "USD/LP", "What the oracle says of one LP token", self.oracle_price),
            Watch(
                "borrow limit",
                "USD",
                "Borrow limit and debt of the attacker",
                lambda: self.sampled(lambda: self.borrow_limit(self.attacker)),
            ),
            Watch(
                "debt",
                "USD",
                "Borrow limit and debt of the attacker",
                lambda: self.sampled(lambda: self.debt(self.attacker)),
            ),
        ]

    def spot_pair(self) -> tuple[str, str]:
        """Return base and quote for the spot picture."""
        first, second = self.world.venue(self.only_venue()).assets
        return (second, first) if second == "WETH" else (first, second)


class WarpReplayer(LpCollateralReplayer):
    """Warp: both reserves of the LP token at lagging prices; debt may reach 2/3 of the collateral."""

    def build(self) -> None:
        """Read the two prices of the oracle and the borrow fraction; pin the fraction hidden by the floor."""
        super().build()
        self._pin_weth_fraction()
        facts = self.facts
        venue = self.only_venue()
        eth, dai = facts.decimal("oracle", "eth_price_usd"), facts.decimal("oracle", "dai_price_usd")
        self.prices = {"DAI": dai, "USDC": Decimal(1), "WETH": eth}
        parents = (fixed_price("DAI, average price", dai), fixed_price("WETH, average price", eth))
        self.oracle = LpTokenByReserves(
            venue,
            ("DAI", "WETH"),
            (self.world.decimals["DAI"], self.world.decimals["WETH"]),
            parents=parents,
        )
        self.fair = self.fair_price(*parents)
        self.factors = {self.lp: Fraction(facts.text("parameters", "borrow_fraction").split()[0])}
        self.limit_at_supply = Decimal(0)

    def _pin_weth_fraction(self) -> None:
        """Find the part of a WETH that the printed reserve leaves out.

        The pool's figures are rounded down. The attacker sells in step 7 what step 3 gave him, so the true
        reserve is the one at which step 3 gives that amount. Where no fraction in [0, 1) does, 0.5 stays.
        """
        sold = self.facts.step(7)
        if not self.facts.has("state_before", self.only_venue(), "floor") or not sold.has("amount"):
            return
        venue, pair = self.only_venue(), self.world.pair(self.only_venue())
        one = 10 ** self.world.decimals["WETH"]
        floor = pair.reserves()["WETH"] // one * one
        target = self.step_units(sold, "DAI", "amount") + 10 ** self.world.decimals["DAI"] // 2

        def given(fraction: int) -> int:
            trial = replace(pair, reserve1=floor + fraction, balance1=floor + fraction)
            dai = self.step_units(self.facts.step(2), "DAI", "DAI")
            weth = self.step_units(self.facts.step(3), "WETH", "amount")
            with_liquidity = trial.donate(
                {"DAI": dai, "WETH": dai * trial.reserve1 // trial.reserve0}
            ).mint()[1]
            return with_liquidity.quote("WETH", "DAI", weth)

        if pair.token1 != "WETH" or not given(one - 1) <= target <= given(0):
            return
        low, high = 0, one
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if given(middle) >= target else (low, middle)
        change = floor + low - pair.reserve1
        if change < 0:
            self.world.move(venue, OUTSIDE, "WETH", -change, "fraction pinned by step 7")
        else:
            self.world.move(OUTSIDE, venue, "WETH", change, "fraction pinned by step 7")
        self.world.state.values[venue] = replace(pair, reserve1=floor + low, balance1=floor + low)
        self.notes.append(
            "The pool's WETH is printed rounded down; step 7 sells what step 3 gave, which pins the hidden "
            f"part to {Decimal(low) / one:.4f} WETH. So dai_from_step_3 and pool_dai_after_step_3 check "
            "consistency only; the other rows are independent of it."
        )

    def readers(self) -> list[Reader]:
        """Offer the fair price at the same two averages."""
        return [Reader("2 sqrt(k p0 p1) at the same prices", FAIR, lambda: self.fair), *standard(self)]

    def fixed_prices(self) -> Mapping[str, Decimal]:
        """Return the prices at which debts count."""
        return self.prices

    def do_supply(self, step: Facts, actor: str) -> str:
        """Supply the LP tokens and note the limit they give."""
        summary = super().do_supply(step, actor)
        self.limit_at_supply = self.sampled(lambda: self.borrow_limit(actor)) or Decimal(0)
        return summary

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        return {
            "borrow_limit_after_step_4": self.limit_at_supply,
            "total_borrowed_value": self.debt(self.attacker),
            "attacker_profit_excluding_lp": self.dollars_left(),
        }


class CheeseBankReplayer(LpCollateralReplayer):
    """Cheese Bank: twice the WETH reserve at an anchor price, refreshed by whoever calls."""

    units_of: ClassVar[Mapping[str, str]] = {
        "lp_minted_step_3": "LP",
        "cheese_from_step_4": "CHEESE",
        "lp_price_after_refresh": "USD/LP",
        "borrow_limit": "USD",
        "eth_left": "ETH",
        "attacker_profit_usd": "USD",
    }

    def build(self) -> None:
        """Read the anchor price and the collateral factor."""
        super().build()
        facts = self.facts
        anchor = facts.decimal("oracle", "anchor_eth_price_usd")
        self.anchor = fixed_price("ETH, anchor price", anchor)
        self.oracle = LpTokenByReserves(
            self.only_venue(), ("WETH",), (self.world.decimals["WETH"],), parents=(self.anchor,)
        )
        before = fixed_price("CHEESE, before", anchor * self.spot(self.only_venue(), "CHEESE", "WETH"))
        self.fair = self.fair_price(before, self.anchor)
        self.factors = {self.lp: Fraction(facts.decimal("parameters", "lp_collateral_factor"))}
        self.refreshed = Decimal(0)
        self.stored = fixed_price("LP, never refreshed", Decimal(0))
        self.limit = Decimal(0)

    def readers(self) -> list[Reader]:
        """Offer the fair price, with CHEESE at the pair's own average."""

        def fair() -> Node:
            cheese = average(self, self.only_venue(), "CHEESE", "WETH")
            return self.fair_price(Product(parents=(cheese, self.anchor)), self.anchor)

        name = f"2 sqrt(k p0 p1), CHEESE by the pair's average over {WINDOW_SECONDS} s"
        return [Reader(name, FAIR, fair, WINDOW_NOTE), *standard(self)]

    def fixed_prices(self) -> Mapping[str, Decimal]:
        """Return one dollar for each coin lent."""
        return dict.fromkeys(self.cash, Decimal(1))

    def price_nodes(self) -> Mapping[str, Node]:
        """Return the price as last refreshed: the protocol keeps it until someone calls again."""
        return {self.lp: self.stored}

    def do_refresh_oracle(self, step: Facts, actor: str) -> str:
        """Store what the graph says now."""
        self.refreshed = exact_decimal(self.required_price(self.lp))
        self.stored = fixed_price("LP, as refreshed", self.refreshed)
        return f"refreshes the LP price to {self.refreshed:,.2f} USD"

    def do_supply(self, step: Facts, actor: str) -> str:
        """Supply the LP tokens and note the limit they give."""
        summary = super().do_supply(step, actor)
        self.limit = self.sampled(lambda: self.borrow_limit(actor)) or Decimal(0)
        return summary

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the predictions."""
        weth = self.asset("ETH")
        return {
            "lp_price_after_refresh": self.refreshed,
            "borrow_limit": self.limit,
            "eth_left": self.whole(weth, self.before_repay.get(weth, 0)),
            "attacker_profit_usd": self.dollars_left(),
        }
