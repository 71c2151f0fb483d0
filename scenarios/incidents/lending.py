"""What replays of lending markets share: supply and borrow under a loan-to-value rule, priced by oracles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction

from oracles.node import Node, read
from protocol.errors import BorrowRefusedError
from protocol.margin.loan_to_value import LoanToValue
from protocol.market_state import MarketState, Price
from scenarios.files.facts import Facts
from scenarios.incidents.replayer import OracleRefusedError, Replayer, accepted, exact_decimal
from scenarios.world import shares_of

LENDERS = "lenders"


class LendingReplayer(Replayer):
    """One lending protocol; its cash is the lenders' deposits, its loans are negative balances.

    A subclass sets ``market`` and ``factors`` in ``build`` and gives ``price_nodes``.
    """

    market: str
    factors: Mapping[str, Fraction]

    def price_nodes(self) -> Mapping[str, Node]:
        """Return the oracle graph of each asset the rule may see; dollar coins need none."""
        return {}

    def fixed_prices(self) -> Mapping[str, Decimal]:
        """Return prices in dollars that the protocol takes as given."""
        return {}

    # The market

    def open_market(self, market: str, cash: Mapping[str, int]) -> None:
        """Open the protocol's accounts and put the lenders' cash in."""
        self.market = market
        lenders = self.world.margin_account(market, LENDERS)
        for asset, units in cash.items():
            self.world.fund(lenders, asset, units)

    def cash_of_file(self, *path: str) -> dict[str, int]:
        """Return ``state_before/cash`` in raw units, for the declared assets."""
        return {
            asset: self.facts.units(asset, *path, asset)
            for asset, _ in self.facts.items(*path)
            if asset in self.world.decimals
        }

    def margin(self, actor: str) -> str:
        """Return the actor's account in the market."""
        return self.world.margin_account(self.market, actor)

    def market_state(self) -> MarketState:
        """Read every price that the protocol would read now.

        Raises
        ------
        OracleRefusedError
            If a node refuses.
        """
        prices = {asset: Price.of(price) for asset, price in self.fixed_prices().items()}
        view = self.world.view()
        for asset, node in self.price_nodes().items():
            reading = read(node, view)
            accepted(reading, asset)
            prices[asset] = Price(reading.at_decimals_down(18), 18)
        return MarketState(prices, self.world.decimals)

    def rule(self) -> LoanToValue:
        """Return the margin rule."""
        return LoanToValue(self.factors)

    def borrow_limit(self, actor: str) -> Decimal:
        """Return the most the account may owe now, in dollars."""
        balances = self.world.state.ledger.balances(self.margin(actor))
        market = self.market_state()
        return Decimal(self.rule().borrow_limit_down(balances, market)).scaleb(-market.scale)

    def debt(self, actor: str) -> Decimal:
        """Return what the account owes, in dollars."""
        balances = self.world.state.ledger.balances(self.margin(actor))
        market = self.market_state()
        return Decimal(self.rule().debt_up(balances, market)).scaleb(-market.scale)

    def sampled(self, value: Callable[[], Decimal | None]) -> Decimal | None:
        """Return a figure for a picture; None while the oracle refuses."""
        try:
            return value()
        except OracleRefusedError:
            return None

    def health(self, actor: str) -> Decimal | None:
        """Return limit over debt; None without debt."""
        balances = self.world.state.ledger.balances(self.margin(actor))
        health = self.rule().health(balances, self.market_state())
        return None if health is None else exact_decimal(health)

    # Actions

    def supply(self, actor: str, asset: str, units: int) -> None:
        """Move tokens from a wallet into the actor's account."""
        self.world.move(
            self.world.wallet(actor), self.margin(actor), asset, units, f"supplied to {self.market}"
        )

    def borrow(self, actor: str, asset: str, units: int) -> None:
        """Lend to the actor; afterwards the debt must be within the limit."""
        self.world.move(
            self.margin(actor), self.world.wallet(actor), asset, units, f"borrowed from {self.market}"
        )
        self.read_oracle()
        balances = self.world.state.ledger.balances(self.margin(actor))
        self.rule().require(actor, balances, self.market_state())

    def do_supply(self, step: Facts, actor: str) -> str:
        """Supply collateral."""
        asset = self.collateral(step.text("asset"))
        units = self.spoken_supply(step, actor, asset)
        self.supply(actor, asset, units)
        return f"supplies {self.text(asset, units)}"

    def collateral(self, name: str) -> str:
        """Return the world's name of a collateral: ``LP`` is the liquidity token of the only venue."""
        if name == "LP":
            return shares_of(self.only_venue())
        return self.asset(name)

    def spoken_supply(self, step: Facts, actor: str, asset: str) -> int:
        """Return the amount supplied: a number, or ``all ...`` of what the actor holds."""
        words = step.value("amount")
        if isinstance(words, str) and words.startswith("all"):
            return self.world.balance(actor, asset)
        return self.step_units(step, asset, "amount")

    def do_borrow(self, step: Facts, actor: str) -> str:
        """Borrow one asset, several, or all cash of several."""
        taken = []
        for asset, units in self.borrowed(step):
            self.borrow(actor, asset, units)
            taken.append(self.text(asset, units))
        return f"borrows {', '.join(taken)}"

    def borrowed(self, step: Facts) -> list[tuple[str, int]]:
        """Return what a borrow step asks for."""
        if step.has("assets"):
            names = [self.asset(str(name)) for name in step.sequence("assets")]
            return [(name, self.world.state.ledger.cash(self.market, name)) for name in names]
        return self.amounts(step)

    def only_venue(self) -> str:
        """Return the only venue of this world."""
        return self.venue_name(Facts(self.facts.document))


def refused(replayer: LendingReplayer, actor: str) -> bool:
    """Return whether the rule would refuse the account as it stands."""
    balances = replayer.world.state.ledger.balances(replayer.margin(actor))
    try:
        replayer.rule().require(actor, balances, replayer.market_state())
    except BorrowRefusedError:
        return True
    return False
