"""Hyperliquid JELLY, 26 March 2025: a short left to the vault with hardly any margin, then squeezed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from protocol.errors import BorrowRefusedError
from scenarios.files.facts import Facts
from scenarios.incidents.clearing import CASH, OTHERS, VAULT, ClearingReplayer
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import LIMIT, POSITION, Reader, Stake
from scenarios.incidents.replayer import exact_decimal
from scenarios.result import Finding

RISE = 4
"""The file says that the price rose more than four times; the replay takes four times the entry."""


class JellyReplayer(ClearingReplayer):
    """Deposit, short, withdrawal of margin, takeover, squeeze and settlement by decree.

    The margin table is not in the file. Initial margin is taken as one over the least whole leverage at
    which the withdrawal of step 5 is permitted; any higher leverage leads to the same takeover.
    """

    exchange = "hyperliquid"
    base = "JELLY"

    def build(self) -> None:
        """Fund the vault and both sides; derive the leverage that permits the withdrawal."""
        self.open_exchange()
        deposit, short = self.facts.step(1), self.facts.step(2)
        self.mark = self.entry = Fraction(short.decimal("price"))
        closed, withdrawn = self.facts.step(4), self.facts.step(5)
        held = Fraction(deposit.decimal("amount") - withdrawn.decimal("amount"))
        notional = (short.decimal("size") - closed.decimal("size")) * short.decimal("price")
        self.leverage = -int(-Fraction(notional) / held // 1)
        self.initial_rate = Fraction(1, self.leverage)
        self.fund_margin(VAULT, self.units(CASH, self.facts.decimal("state_before", "hlp_equity_usd")))
        self.world.fund(self.world.wallet("A"), CASH, self.step_units(deposit, CASH, "amount"))
        self.vault_before = Decimal(0)
        self.loss_at_peak: Decimal | None = None
        self.vault_after = Decimal(0)

    def do_deposit(self, step: Facts, actor: str) -> str:
        """Move margin in."""
        units = self.step_units(step, CASH, "amount")
        self.world.move(self.world.wallet(actor), self.margin(actor), CASH, units, "margin")
        return f"deposits {self.text(CASH, units)}"

    def do_short(self, step: Facts, actor: str) -> str:
        """Sell short to the market."""
        units = self.step_units(step, self.base, "size")
        self.require_open_interest(actor, Fraction(self.whole(self.base, units)) * self.mark)
        self.trade(OTHERS, actor, units, self.mark, "short opened")
        return f"shorts {self.text(self.base, units)} at {float(self.mark):g} USD"

    def do_long(self, step: Facts, actor: str) -> str:
        """Buy long from the market, which took the short: what the notional buys at the mark."""
        units = self.units(self.base, exact_decimal(Fraction(step.decimal("notional_usd")) / self.mark))
        self.trade(actor, OTHERS, units, self.mark, "long opened")
        return f"buys {self.text(self.base, units)}"

    def do_close_part(self, step: Facts, actor: str) -> str:
        """Buy back a part of the short at the mark."""
        units = self.step_units(step, self.base, "size")
        self.trade(actor, OTHERS, units, self.mark, "short reduced")
        return f"closes {self.text(self.base, units)}"

    def do_withdraw_margin(self, step: Facts, actor: str) -> str:
        """Withdraw margin; initial margin, and a tenth of the notional, must stay."""
        units = self.step_units(step, CASH, "amount")
        self.world.move(self.margin(actor), self.world.wallet(actor), CASH, units, "margin withdrawn")
        notional = self.notional(actor)
        least = notional * max(self.initial_rate, Fraction(1, 10))
        left = Fraction(self.equity(actor))
        if left < least:
            raise BorrowRefusedError(actor, f"{float(least):,.2f}", f"{float(left):,.2f}", "USD")
        return f"withdraws {self.text(CASH, units)}, leaving {float(left):,.0f} USD of equity"

    def notional(self, actor: str) -> Fraction:
        """Return the size of a position at the mark, in dollars."""
        return Fraction(self.whole(self.base, abs(self.position(actor)))) * self.mark

    def do_liquidate_to_vault(self, step: Facts, actor: str) -> str:
        """Move the mark to what the file's notional implies; the vault takes the account over."""
        size = self.step_units(step, self.base, "size")
        self.mark = Fraction(step.decimal("notional_usd")) / Fraction(self.whole(self.base, size))
        filled = abs(self.position("A")) - size
        self.trade("A", OTHERS, filled, self.mark, "filled in the market")
        self.vault_before = self.equity(VAULT)
        done = self.take_over("A")
        self.findings.append(
            Finding(
                "equity of the account when the vault took it over",
                f"{Decimal(done.before.equity).scaleb(-18):,.0f}",
                "USD",
                f"below 2/3 of a maintenance margin of {Decimal(done.before.requirement).scaleb(-18):,.0f}",
            )
        )
        taken = self.text(self.base, abs(self.position(VAULT)))
        return f"the vault takes {taken} short at {float(self.mark):.6f}"

    def readers(self) -> list[Reader]:
        """Offer a limit by the coin's size, and margins at which the withdrawal is refused."""
        smallest = Fraction(self.facts.decimal("state_before", "jelly_market_cap_usd", 0))

        def margin(leverage: int) -> Reader:
            def change() -> None:
                self.initial_rate = Fraction(1, leverage)

            return Reader(f"initial margin of 1/{leverage} of notional", POSITION, change)

        return [
            self.limit_to("a tenth of the coin's market value to one owner", smallest * LIMIT),
            self.limit_to("the coin's market value to one owner", smallest),
            margin(3),
            margin(5),
        ]

    def stake(self) -> Stake:
        """Say what the vault gained; what the attacker gained lies on spot markets outside the file."""
        return Stake(
            None,
            self.vault_before - self.vault_after,
            "USD",
            "loss: of the vault after settlement by decree, on equity; profits on spot are not in the file",
        )

    def do_buy_spot(self, step: Facts, actor: str) -> str:
        """Squeeze the index: the mark goes to four times the entry price."""
        self.mark = self.entry * RISE
        self.loss_at_peak = self.vault_before - self.equity(VAULT)
        return f"drives the mark to {float(self.mark):g} USD"

    def do_delist_and_settle(self, step: Facts, actor: str) -> str:
        """Settle every position at the decreed price."""
        self.mark = Fraction(step.decimal("price"))
        self.settle_all(self.mark)
        self.vault_after = self.equity(VAULT)
        return f"settles every position at {float(self.mark):g} USD"

    def finish(self) -> None:
        """State what the vault gained by decree, and the mark at which it would have been empty."""
        size = Fraction(self.facts.step(6).decimal("size"))
        taken_at = Fraction(self.facts.step(6).decimal("notional_usd")) / size
        empty = taken_at + Fraction(self.vault_before) / size
        self.findings += [
            Finding(
                "result of the vault after settlement",
                f"{self.vault_after - self.vault_before:,.0f}",
                "USD",
                "basis: equity; against its value before the takeover",
            ),
            Finding(
                "mark at which the vault would have lost all it had",
                f"{float(empty):.4f}",
                "USD",
                "the printed 0.15374 and 0.17 do not follow from 398 million contracts and the equity",
            ),
            Finding(
                "leverage assumed for the margin table", str(self.leverage), "x", "least that permits step 5"
            ),
        ]
        self.notes.append(
            "The 2 million contracts between the 400 million left after step 4 and the 398 million of step 6 "
            "are taken as filled in the market at the mark of step 6."
        )

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the loss at the peak; both printed figures claim the same thing."""
        loss: Decimal | Missing = Missing("the replay did not reach the squeeze")
        if self.loss_at_peak is not None:
            loss = self.loss_at_peak
        return {
            "vault_unrealised_loss_peak": loss,
            "vault_unrealised_loss_other_print": loss,
            "settlement_price": exact_decimal(self.mark),
            "compensation_price_for_longs": Missing(
                "the price at which longs were compensated was a decision; no fact of the file gives it"
            ),
        }
