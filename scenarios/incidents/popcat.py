"""Hyperliquid POPCAT, 12 November 2025: leveraged longs whose own buy wall is taken away under them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from scenarios.files.facts import Facts
from scenarios.incidents.clearing import CASH, OTHERS, VAULT, ClearingReplayer
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import POSITION, Reader, Stake
from scenarios.incidents.replayer import exact_decimal
from scenarios.result import Finding

NO_BOOK = Missing("the file has no book depth and no fills, so no price at which the vault got out")


class PopcatReplayer(ClearingReplayer):
    """Nineteen wallets, longs at the wall's price, takeover of every account once the wall is gone.

    Without the book the mark after the withdrawal of the wall is unknown. The replay moves it just below the
    price at which the wallets have no equity left, the least fall that costs them all they had.
    """

    exchange = "hyperliquid"
    base = "POPCAT"

    def build(self) -> None:
        """Fund the attacker; leverage from the file's notional over its margin."""
        self.open_exchange()
        step = self.facts.step(3)
        self.notional_usd = Fraction(step.decimal("notional_usd", 0))
        margin = Fraction(self.facts.decimal("state_before", "attacker_usdc"))
        self.mark = self.entry = Fraction(self.facts.step(2).decimal("price"))
        self.initial_rate = margin / self.notional_usd * Fraction(999_999, 1_000_000)
        self.wallets = self.facts.integer("state_before", "wallets")
        self.world.fund(self.world.wallet("attacker"), CASH, self.units(CASH, exact_decimal(margin)))
        self.wall = Decimal(0)
        self.lost = self.liquidated = Decimal(0)

    def names(self) -> list[str]:
        """Return the attacker's accounts."""
        return [f"wallet {number + 1}" for number in range(self.wallets)]

    def do_split(self, step: Facts, actor: str) -> str:
        """Spread the margin over the wallets, the first ones getting what does not divide."""
        total = self.step_units(step, CASH, "usdc")
        for number, name in enumerate(self.names()):
            part = total // self.wallets + (1 if number < total % self.wallets else 0)
            self.world.move(actor, self.margin(name), CASH, part, "margin")
        return f"splits {self.text(CASH, total)} over {self.wallets} wallets"

    def do_place_bids(self, step: Facts, actor: str) -> str:
        """Note the wall; resting orders move nothing."""
        self.wall = step.decimal("notional_usd")
        return f"bids for {self.wall:,.0f} USD at {float(self.entry):g}"

    def do_open_longs(self, step: Facts, actor: str) -> str:
        """Buy with every wallet at the wall's price, an equal part each."""
        units = self.units(self.base, exact_decimal(self.notional_usd / self.entry / self.wallets))
        self.require_open_interest(actor, self.notional_usd)
        for name in self.names():
            self.trade(name, OTHERS, units, self.entry, "long opened")
            self.require_initial(name)
        return f"buys {self.text(self.base, units * self.wallets)} with {self.wallets} wallets"

    def do_cancel_bids(self, step: Facts, actor: str) -> str:
        """Take the wall away: the mark falls to where the wallets are worth next to nothing."""
        left = Fraction(1, 1000)
        self.mark = self.entry * (1 - self.initial_rate * (1 - left))
        return f"cancels the bids; the mark falls to {float(self.mark):.4f}"

    def do_liquidate_to_vault(self, step: Facts, actor: str) -> str:
        """Let the vault take every wallet."""
        start = sum((self.world.balance(self.margin(n), CASH) for n in self.names()), 0)
        for name in self.names():
            self.liquidated += self.whole(self.base, self.position(name)) * exact_decimal(self.entry)
            self.take_over(name)
        kept = sum((self.world.balance(self.margin(n), CASH) for n in self.names()), 0)
        self.lost = self.whole(CASH, start - kept)
        return f"the vault takes {self.text(self.base, self.position(VAULT))} long with all margin"

    def readers(self) -> list[Reader]:
        """Offer higher initial margins, and a limit over all wallets of one owner."""
        wall = Fraction(self.facts.step(2).decimal("notional_usd"))

        def margin(leverage: int) -> Reader:
            def change() -> None:
                self.initial_rate = Fraction(1, leverage)

            return Reader(f"initial margin of 1/{leverage} of notional", POSITION, change)

        return [
            margin(self.facts.integer("parameters", "leverage")),
            margin(3),
            self.limit_to("longs of one owner no larger than the bids under them", wall),
        ]

    def stake(self) -> Stake:
        """Count the margin lost; the vault's loss needs the book."""
        return Stake(None, None, "USD", "the vault's loss needs the prices at which it got out")

    def finish(self) -> None:
        """Say how far the price must have fallen for the printed losses."""
        published = {outcome.name: outcome.value for outcome in self.incident.outcomes}
        lost, vault, size = (
            published.get(name) for name in ("attacker_collateral_lost", "vault_loss", "liquidated_notional")
        )
        if isinstance(lost, Decimal) and isinstance(vault, Decimal) and isinstance(size, Decimal):
            fall = (lost + vault) / size
            self.findings.append(
                Finding(
                    "mean fall that the printed losses imply",
                    f"{fall:.3f}",
                    "fraction",
                    "basis: (collateral lost + vault loss) / liquidated notional, from the published figures",
                )
            )
        size_held = Fraction(self.whole(self.base, self.position(VAULT)))
        self.findings.append(
            Finding(
                "loss of the vault for every further per cent of fall",
                f"{float(size_held * self.mark / 100):,.0f}",
                "USD",
                "basis: equity; the position that the vault took over, at the mark of the takeover",
            )
        )

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return what the wallets lost and what was taken over."""
        return {
            "attacker_collateral_lost": self.lost,
            "liquidated_notional": self.liquidated,
            "vault_loss": NO_BOOK,
            "long_liquidations_all_users": Missing("the file holds the attacker's positions only"),
            "price_low": NO_BOOK,
        }
