"""The actions that need no particular protocol: flash loans, swaps, liquidity, transfers, gifts."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from protocol.errors import BackstopError
from protocol.transaction import FlashLoan, Transaction
from protocol.venues.venue import Venue
from scenarios.files.facts import Facts
from scenarios.incidents.amounts import Amounts
from scenarios.world import OUTSIDE, shares_of

LENDER = "flash lender"


class Actions(Amounts):
    """What a step of any incident may do; ``do_NAME`` is the action ``NAME``."""

    lender: ClassVar[str] = LENDER
    _open: Transaction | None = None

    def do_flash_loan(self, step: Facts, actor: str) -> str:
        """Lend inside the transaction; the lender is funded with just what is lent."""
        self.world.wallet(actor)
        self.world.wallet(self.lender)
        lent = []
        for asset, units in self.amounts(step):
            fee = self.flash_fee(step, asset, units)
            self.world.fund(self.lender, asset, units)
            self.transaction().flash_loan(self.lender, actor, asset, units, fee)
            lent.append(self.text(asset, units))
        return f"borrows {' and '.join(lent)} for one transaction"

    def flash_fee(self, step: Facts, asset: str, units: int) -> int:
        """Return the fee of a flash loan in raw units: the step's ``fee_abs``, else none."""
        del units
        return self.step_units(step, asset, "fee_abs") if step.has("fee_abs") else 0

    def do_repay_flash_loan(self, step: Facts, actor: str) -> str:
        """Repay the flash loan of this asset."""
        asset = self.asset(step.text("asset"))
        loan = self.loan_of(asset)
        self.transaction().repay(loan, actor)
        return f"repays {self.text(asset, loan.owed)}"

    def loan_of(self, asset: str) -> FlashLoan:
        """Return the open flash loan of an asset."""
        for loan in self.transaction().open_loans():
            if loan.asset == asset:
                return loan
        raise BackstopError(f"no flash loan of {asset} is open")

    def transaction(self) -> Transaction:
        """Return the transaction that this step is part of."""
        assert self._open is not None
        return self._open

    def venue_name(self, step: Facts) -> str:
        """Return the step's venue; the only venue of the world where the step names none."""
        if step.has("venue"):
            return step.text("venue")
        venues = [name for name, value in self.world.state.values.items() if isinstance(value, Venue)]
        if len(venues) == 1:
            return venues[0]
        return step.text("venue")

    def do_swap(self, step: Facts, actor: str) -> str:
        """Sell on a venue; ``buy`` may be left out where the venue has two assets."""
        venue = self.venue_name(step)
        assets = self.world.venue(venue).assets
        sell = self.asset(step.text("sell"))
        others = [asset for asset in assets if asset != sell]
        buy = self.asset(step.text("buy")) if step.has("buy") or len(others) != 1 else others[0]
        units = self.spoken_units(step, actor, sell)
        trade = self.world.swap(self.world.wallet(actor), venue, sell, buy, units)
        return f"sells {self.text(sell, trade.amount_in)} for {self.text(buy, trade.amount_out)} on {venue}"

    def do_add_liquidity(self, step: Facts, actor: str) -> str:
        """Add one asset and the other in proportion."""
        venue = self.venue_name(step)
        assets = self.world.venue(venue).assets
        given = [a for a in assets if step.has(a) and step.value(a) != "in proportion"]
        asset = given[0] if given else assets[0]
        units = self.spoken_units(step, actor, asset, asset)
        shares, other = self.world.add_liquidity(actor, venue, asset, units)
        other_asset = next(a for a in assets if a != asset)
        self.received[step.integer("n")] = {shares_of(venue): shares}
        return (
            f"adds {self.text(asset, units)} and {self.text(other_asset, other)}, "
            f"receives {self.text(shares_of(venue), shares)}"
        )

    def do_transfer(self, step: Facts, actor: str) -> str:
        """Send tokens to another actor."""
        target = self.world.wallet(step.text("to"))
        moved = []
        for asset, units in self.amounts(step):
            self.world.move(actor, target, asset, units, "transfer")
            moved.append(self.text(asset, units))
        return f"sends {' and '.join(moved)} to {target}"

    def do_donate(self, step: Facts, actor: str) -> str:
        """Send assets to a vault for nothing."""
        asset, vault = self.asset(step.text("asset")), step.text("to")
        units = self.step_units(step, asset, "amount")
        self.world.donate(actor, vault, units)
        return f"gives {self.text(asset, units)} to {vault} for nothing"

    def buy_shortfall(self, actor: str, asset: str, short: int, price: Decimal, stables: list[str]) -> None:
        """Buy ``short`` units from outside at a market price in dollars, in stablecoins in this order."""
        due = Fraction(self.whole(asset, short)) * Fraction(price)
        for stable in stables:
            have = Fraction(self.whole(stable, self.world.balance(actor, stable)))
            pay = min(due, have)
            units = -int(-pay * 10 ** self.world.decimals[stable] // 1)
            self.world.move(actor, OUTSIDE, stable, units, f"paid for {asset} at the market price")
            due -= pay
            if due <= 0:
                break
        self.world.move(OUTSIDE, actor, asset, short, "bought at the market price")
