"""Denaria, April 2026: a liquidity provider's gain paid out at the mark of a virtual pool just skewed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from oracles.sources.constant import Constant
from oracles.sources.feed import FeedSample
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import AVERAGE, SOURCE, Reader, Stake
from scenarios.incidents.replayer import Replayer, Watch
from scenarios.result import Finding

VAULT, OTHERS, ASSET = "denaria", "denaria users", "USDC"
MARK = "mark: ratio of the virtual reserves"
CURVE = "virtual reserves and the curve function are not in the file"


class DenariaReplayer(Replayer):
    """Deposits, and two withdrawals that together empty the vault.

    The gain of each provider cannot be computed without the curve. What closes is their sum: the second gain
    exceeds what is left, so it is cut to it and the vault ends empty. Both withdrawals are therefore paid
    together at the last step.
    """

    def build(self) -> None:
        """Put the users' funds into the vault: the total that the file's own sum ends with."""
        printed = re.search(r"=\s*([\d,]+)\s*$", self.facts.text("state_before", "vault_user_funds_usdc"))
        text = printed[1].replace(",", "") if printed else "0"
        self.user_funds = self.units(ASSET, Decimal(text))
        self.users = self.world.margin_account(VAULT, OTHERS)
        self.world.fund(self.users, ASSET, self.user_funds)
        self.oracle = FeedSample(MARK)
        self.unmoved = False
        self.withdrawals = 0
        self.paid = 0
        self.borrower = self.incident.steps[0].actor or "attacker"
        self.world.wallet(self.borrower)
        self.attackers = {step.actor for step in self.incident.steps if step.actor}

    def flash_fee(self, step: Facts, asset: str, units: int) -> int:
        """Return the fee of the step."""
        return self.step_units(step, asset, "fee")

    # Actions

    def do_deposit_and_provide(self, step: Facts, actor: str) -> str:
        """Deposit collateral and provide liquidity against it."""
        units = self._deposit(step, actor)
        liquidity = step.decimal("liquidity")
        return f"deposits {self.text(ASSET, units)} and provides {liquidity:,} of virtual liquidity"

    def do_deposit_and_long(self, step: Facts, actor: str) -> str:
        """Deposit collateral and open a long, which skews the virtual reserves."""
        units = self._deposit(step, actor)
        return f"deposits {self.text(ASSET, units)} and opens a long of {step.decimal('size'):,}"

    def _deposit(self, step: Facts, actor: str) -> int:
        units = self.step_units(step, ASSET, "collateral")
        account = self.world.margin_account(VAULT, actor)
        self.world.move(self.borrower, account, ASSET, units, "deposit")
        return units

    def do_realise_and_withdraw(self, step: Facts, actor: str) -> str:
        """Realise the provider's gain at the mark; the last provider's is cut to what the vault has left."""
        self.read_oracle()
        if self.unmoved:
            return self._withdraw_own(actor)
        last = max(s.n for s in self.incident.steps if s.action == "realise_and_withdraw")
        if step.integer("n") < last:
            return "realises a gain at the skewed mark; its size needs the curve and is paid with the last"
        for account in sorted({f"{VAULT}:{name}" for name in self.attackers} - {f"{VAULT}:{self.borrower}"}):
            own = self.world.balance(self.world.margin_account(VAULT, account.partition(":")[2]), ASSET)
            self.world.move(account, self.borrower, ASSET, own, "collateral withdrawn")
            self.paid += own
        rest = self.world.state.ledger.cash(VAULT, ASSET)
        self.world.move(self.users, self.borrower, ASSET, rest, "gain, cut to the vault's balance")
        self.paid += rest
        return f"withdraws until the vault is empty: {self.text(ASSET, self.paid)} in the two withdrawals"

    def _withdraw_own(self, actor: str) -> str:
        """Withdraw collateral: at a price that did not move, providing has gained nothing."""
        for name in sorted(self.attackers - {self.borrower}):
            account = self.world.margin_account(VAULT, name)
            units = self.world.balance(account, ASSET)
            self.world.move(account, self.borrower, ASSET, units, "collateral withdrawn")
            self.paid += units
        return f"gains nothing and takes the collateral back: {self.text(ASSET, self.paid)} so far"

    def close(self) -> None:
        """Repay the flash loan, which the file leaves out."""
        for loan in self.transaction().open_loans():
            self.transaction().repay(loan)
        self.notes.append("The file ends before the flash loan is repaid; the replay repays it.")

    # Results

    def watches(self) -> list[Watch]:
        """Sample what is in the vault."""
        return [
            Watch(
                "vault",
                ASSET,
                "Balance of the vault",
                lambda: self.whole(ASSET, self.world.state.ledger.cash(VAULT, ASSET)),
            )
        ]

    def readers(self) -> list[Reader]:
        """Offer prices that one transaction does not move."""

        def still(label: str) -> Constant:
            self.unmoved = True
            return Constant(label, 10**18)

        note = "prices are counted in units of the external price, which the file says did not change"
        return [
            Reader("the external price", SOURCE, lambda: still("external price"), note),
            Reader("the mark's average over a window", AVERAGE, lambda: still("average of the mark"), note),
        ]

    def profit(self) -> Decimal:
        """Return what the attacker has left after the flash loan."""
        return self.whole(ASSET, self.world.balance(self.borrower, ASSET))

    def stake(self) -> Stake:
        """Count the USDC left, less what repaying cost, and what the users lost."""
        lost = self.user_funds - self.world.state.ledger.cash(VAULT, ASSET)
        basis = "profit: USDC left after the flash loan; loss: of the users"
        return Stake(self.profit(), self.whole(ASSET, lost), ASSET, basis)

    def finish(self) -> None:
        """State the sum of the two withdrawals."""
        self.findings.append(
            Finding(
                "both withdrawals together",
                f"{self.whole(ASSET, self.paid):,.0f}",
                ASSET,
                "funds of the users and the attacker's own deposits: all that the vault held",
            )
        )

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        return {
            "first_realised_gain": Missing(CURVE),
            "second_withdrawal": Missing(f"{CURVE}: it is what the first leaves"),
            "attacker_profit": self.profit(),
        }
