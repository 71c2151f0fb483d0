"""dYdX v3 YFI, 17 November 2023: concentrated longs, a fall of 43 %, and the insurance fund."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from protocol.liquidation.waterfall import Deficit, Fund, Waterfall
from scenarios.files.facts import Facts
from scenarios.incidents.clearing import CASH, DEFICIT, OTHERS, ClearingReplayer
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import Reader, Stake
from scenarios.incidents.replayer import Watch, exact_decimal
from scenarios.result import Finding

FUND = "insurance fund"
NO_MARGIN = Missing("the file has no entry prices, margins or fill prices, so no loss beyond margin")


class DydxYfiReplayer(ClearingReplayer):
    """Open interest at the price before, and the fall; the margin that would have been enough is derived.

    The longs are built with no margin at all, so that the replay's loss is the gross one: what margin and
    insurance fund together had to bear if all of it had been open at the top.
    """

    exchange = "dydx"
    base = "YFI"

    def build(self) -> None:
        """Fund the insurance fund; the attacker's margin is not in the file."""
        self.open_exchange()
        self.margin(FUND)
        self.fund_margin(FUND, self.units(CASH, self.facts.decimal("state_before", "insurance_fund_usd")))
        self.mark = Fraction(self.facts.decimal("state_before", "yfi_price"))
        self.initial_rate = Fraction(1, 10)
        self.fall = Decimal(0)
        self.gross = Decimal(0)

    def do_build_longs(self, step: Facts, actor: str) -> str:
        """Open longs of the file's open interest at the price before."""
        notional = Fraction(step.decimal("open_interest_usd"))
        self.require_open_interest(actor, notional)
        units = self.units(self.base, exact_decimal(notional / self.mark))
        self.trade(actor, OTHERS, units, self.mark, "longs opened")
        return f"holds {self.text(self.base, units)} long, {float(notional):,.0f} USD"

    def do_withdraw_usdc_before_crash(self, step: Facts, actor: str) -> str:
        """Note the withdrawal; its amount is not in the file."""
        return "withdraws USDC (amount not in the file)"

    def do_price_fall(self, step: Facts, actor: str) -> str:
        """Move the mark, and let the waterfall close the account at it: fund first, then a deficit."""
        before, after = Fraction(step.decimal("from")), Fraction(step.decimal("to"))
        self.fall = exact_decimal(1 - after / before)
        self.mark = after
        self.gross = -self.equity("attacker")
        self.settle_all(self.mark)
        account = self.margin("attacker")
        short = -self.world.balance(account, CASH)
        waterfall = Waterfall((Fund(self.margin(FUND)), Deficit(self.margin(DEFICIT))))
        waterfall.cover(self.world.state.ledger, account, CASH, short)
        return f"YFI falls from {float(before):,.0f} to {float(after):,.0f}"

    def readers(self) -> list[Reader]:
        """Offer limits on open interest by the insurance fund and by what it was before."""
        fund = Fraction(self.facts.decimal("state_before", "insurance_fund_usd"))
        before = Fraction(self.facts.decimal("state_before", "open_interest_usd_before"))
        return [
            self.limit_to("open interest of at most the insurance fund", fund),
            self.limit_to("open interest of at most ten times what it was", 10 * before),
        ]

    def stake(self) -> Stake:
        """Count the gross loss at the fall: margins are not in the file."""
        return Stake(None, self.gross, "USD", "loss: of all open interest at the fall, no margin counted")

    def watches(self) -> list[Watch]:
        """Sample the mark and the fund."""
        return [
            Watch("mark", "USD", "Mark price", lambda: exact_decimal(self.mark)),
            Watch("fund", "USD", "Insurance fund", lambda: self.equity(FUND)),
        ]

    def finish(self) -> None:
        """Derive margins and what the published figures say of each other."""
        published = {outcome.name: outcome.value for outcome in self.incident.outcomes}
        self.findings += [
            Finding(
                "loss of the whole open interest at the fall",
                f"{self.gross:,.0f}",
                "USD",
                "basis: equity; all 67 million opened at the top, no margin counted",
            ),
            Finding(
                "initial margin that would have spared the fund",
                f"{self.fall:.4f}",
                "fraction",
                "a position opened at the top loses just its margin in the whole fall",
            ),
        ]
        liquidated, paid, left = (
            published.get(name) for name in ("liquidated", "insurance_fund_paid", "insurance_fund_left")
        )
        if isinstance(liquidated, Decimal) and isinstance(paid, Decimal) and isinstance(left, Decimal):
            before = self.facts.decimal("state_before", "insurance_fund_usd")
            self.findings += [
                Finding(
                    "loss beyond margin that the printed figures imply",
                    f"{paid / liquidated:.3f}",
                    "fraction of notional",
                    "fund payment over liquidated notional, from the published figures",
                ),
                Finding(
                    "fund before less payment less what was left",
                    f"{before - paid - left:,.0f}",
                    "USD",
                    "zero: the three printed figures agree",
                ),
            ]

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the fall; the rest needs margins."""
        return {
            "price_fall": self.fall,
            "liquidated": Missing("which positions were liquidated follows from margins not in the file"),
            "insurance_fund_paid": NO_MARGIN,
            "insurance_fund_left": NO_MARGIN,
        }
