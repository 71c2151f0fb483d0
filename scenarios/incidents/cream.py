"""Cream Finance, 27 October 2021: a vault share doubled by a gift to the vault."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from oracles.sources.vault_share import VaultSharePrice, VaultShareWithoutGifts
from protocol.errors import BorrowRefusedError
from protocol.venues.vault_share import VaultShare, yearn
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import ACCOUNTING, Reader, Stake, standard
from scenarios.incidents.replayer import Replayer, Watch
from scenarios.world import OUTSIDE, gifts_to

VAULT = "yearn_yusd"
CREAM = "cream"
SHARE = "yUSD"
ETHER = "ETH"


class CreamReplayer(Replayer):
    """One account piles up the share as collateral, the other borrows it; a gift doubles its price.

    The vault before the attack is rebuilt from the file: its price per share, and what was left in it when
    the gift of the same size was made. Collateral factors and the feeds for ETH and the y-pool LP are not
    in the file: the ether borrowed is judged at a factor of one and at the attacker's own trades, so what is
    refused here is refused under every factor.
    """

    def build(self) -> None:
        """Rebuild the vault, open the market and its cash."""
        facts = self.facts
        self.price_before = facts.decimal("state_before", VAULT, "price_per_share")
        self.rate = facts.decimal("state_before", "crYUSD", "exchange_rate_yusd_per_cryusd")
        self.world.add_venue(VAULT, self._vault_before())
        self.oracle = VaultSharePrice(VAULT)
        self.world.issuer("crYUSD issuer")
        self.lenders = self.world.margin_account(CREAM, "lenders")
        for step in self.incident.steps:
            self._fund_market(step.action, self.facts.step(step.n))
        self.supply_before_gift = self.repaid = 0
        self.paid_per_share = self.got_per_ether = Fraction(0)
        self.multiple: Decimal | None = None

    def _vault_before(self) -> VaultShare:
        """Return the vault such that, after the deposits and the redemption, the gift equals what is left."""
        left = minted = burned = held = Decimal(0)
        for step in self.incident.steps:
            facts = self.facts.step(step.n)
            if step.action == "deposit_to_yusd":
                minted += facts.decimal("received_yUSD")
            elif step.action == "borrow_and_transfer":
                held += facts.decimal("amount")
            elif step.action == "buy_yUSD":
                held += facts.decimal("received_yUSD")
            elif step.action == "redeem_all_yUSD":
                # Printed in whole tokens; it is all that A holds.
                burned += min(facts.decimal("amount"), held)
            elif step.action == "donate":
                left = facts.decimal("amount")
        # All shares trade at the price before the gift, so shares left = assets left / price.
        shares = int(Fraction(left) / Fraction(self.price_before) * 10**18) - self.units(
            SHARE, minted - burned
        )
        assets = int(shares * Fraction(self.price_before))
        return yearn("yCRV", SHARE, total_assets=assets, total_supply=shares)

    def _fund_market(self, action: str, step: Facts) -> None:
        """Give the market the least cash that the borrows need beyond what the attacker supplied."""
        if action == "borrow_supply_transfer":
            supplied = self._supplied()
            short = max(self.step_units(step, SHARE, "amount") - supplied, 0)
            self.world.move(OUTSIDE, self.lenders, SHARE, short, "opening balance")
        elif action == "borrow" and step.has("asset") and self.asset(step.text("asset")) == ETHER:
            units = self.step_units(step, ETHER, "amount")
            self.world.fund(self.lenders, ETHER, max(units - self.own_ether(), 0))

    def own_ether(self) -> int:
        """Return the ether that the attacker supplies himself."""
        steps = [self.facts.step(step.n) for step in self.incident.steps if step.action == "supply"]
        return sum(self.step_units(s, ETHER, "amount") for s in steps if self.asset(s.text("asset")) == ETHER)

    def _supplied(self) -> int:
        steps = [self.facts.step(step.n) for step in self.incident.steps if step.action == "supply"]
        return sum(self.step_units(s, SHARE, "amount") for s in steps if s.text("asset") == SHARE)

    def account(self, actor: str) -> str:
        """Return the actor's account in the market."""
        return self.world.margin_account(CREAM, actor)

    # Actions

    def do_flash_mint(self, step: Facts, actor: str) -> str:
        """Take the Maker flash mint; the file has no step that returns it, so it stays owed outside."""
        asset, units = step.text("asset"), self.step_units(step, step.text("asset"), "amount")
        self.world.move(OUTSIDE, self.world.wallet(actor), asset, units, "flash mint")
        self.notes.append(
            "The file has no step that returns the flash mint; the replay leaves it owed to Maker."
        )
        return f"mints {self.text(asset, units)} for one transaction"

    def do_deposit_to_yusd(self, step: Facts, actor: str) -> str:
        """Turn the DAI into the LP token outside and deposit it for the shares printed."""
        shares = self.step_units(step, SHARE, "received_yUSD")
        dai = self.world.balance(actor, "DAI")
        self.paid_per_share = Fraction(self.whole("DAI", dai)) / Fraction(self.whole(SHARE, shares))
        self.world.move(actor, OUTSIDE, "DAI", dai, "added to the y pool")
        needed = self.world.vault(VAULT).to_assets_up(shares)
        self.world.move(OUTSIDE, actor, "yCRV", needed, "LP token of the y pool")
        self.world.mint_shares(actor, VAULT, shares)
        return f"deposits {self.text('yCRV', needed)} for {self.text(SHARE, shares)}"

    def do_supply(self, step: Facts, actor: str) -> str:
        """Supply; yUSD is receipted with crYUSD at the market's exchange rate."""
        asset = self.asset(step.text("asset"))
        units = self.step_units(step, asset, "amount")
        self.world.move(actor, self.account(actor), asset, units, "supplied")
        if asset == SHARE:
            minted = self._receipt(actor, units)
            return f"supplies {self.text(asset, units)} for {self.text('crYUSD', minted)}"
        return f"supplies {self.text(asset, units)}"

    def _receipt(self, actor: str, units: int) -> int:
        whole = Fraction(self.whole(SHARE, units)) / Fraction(self.rate)
        minted = int(whole * 10 ** self.world.decimals["crYUSD"])
        self.world.move("crYUSD issuer", self.world.wallet(actor), "crYUSD", minted, "receipt")
        return minted

    def flash_fee(self, step: Facts, asset: str, units: int) -> int:
        """Return Aave's fee, rounded up."""
        fee = Fraction(self.facts.decimal("parameters", "aave_flash_fee")) * units
        return -(-fee.numerator // fee.denominator)

    def do_borrow_supply_transfer(self, step: Facts, actor: str) -> str:
        """Borrow the share, supply it again and send the receipt to the other account, several times."""
        units, repeat = self.step_units(step, SHARE, "amount"), step.integer("repeat")
        minted = 0
        for _ in range(repeat):
            self.world.move(self.account(actor), actor, SHARE, units, "borrowed")
            # The supplied share backs the receipt that A will hold, so it counts in A's account.
            self.world.move(actor, self.account("A"), SHARE, units, "supplied, receipt goes to A")
            minted += self._receipt("A", units)
        receipt = self.text("crYUSD", minted)
        return f"{repeat} times borrows and supplies {self.text(SHARE, units)}; A receives {receipt}"

    def do_borrow_and_transfer(self, step: Facts, actor: str) -> str:
        """Borrow the share and send it to the other account."""
        asset, units = step.text("asset"), self.step_units(step, step.text("asset"), "amount")
        self.world.move(self.account(actor), actor, asset, units, "borrowed")
        self.world.move(actor, self.world.wallet("A"), asset, units, "transfer")
        return f"borrows {self.text(asset, units)} and sends it to A"

    def do_buy_yUSD(self, step: Facts, actor: str) -> str:  # noqa: N802 - the file's word
        """Buy shares on venues that the file does not hold, at the amounts printed."""
        ether, got = self.step_units(step, ETHER, "WETH_in"), self.step_units(step, SHARE, "received_yUSD")
        self.got_per_ether = Fraction(step.decimal("USDC")) / Fraction(step.decimal("WETH_in"))
        self.world.move(actor, OUTSIDE, ETHER, ether, "sold on Uniswap V3")
        self.world.move(OUTSIDE, actor, SHARE, got, "bought through Curve")
        return f"buys {self.text(SHARE, got)} for {self.text(ETHER, ether)}"

    def do_redeem_all_yUSD(self, step: Facts, actor: str) -> str:  # noqa: N802 - the file's word
        """Redeem the shares printed for the vault's assets."""
        shares = min(self.step_units(step, SHARE, "amount"), self.world.balance(actor, SHARE))
        got = self.world.redeem(actor, VAULT, shares)
        self.supply_before_gift = self.world.vault(VAULT).total_supply
        return f"redeems {self.text(SHARE, shares)} for {self.text('yCRV', got)}"

    def do_donate(self, step: Facts, actor: str) -> str:
        """Give to the vault; its price per share is what the market reads."""
        before = self.world.vault(VAULT).price_per_share(10**18)
        summary = super().do_donate(step, actor)
        after = self.world.vault(VAULT).price_per_share(10**18)
        self.multiple = Decimal(after) / Decimal(before)
        return summary

    def _require_backed(self, actor: str, units: int) -> None:
        """Refuse ether beyond the whole value of the actor's shares.

        One yCRV counts what the deposit of step 2 paid for it at most, one ether what step 9 got for it at
        least: both in the attacker's favour.
        """
        share = self.required_price(SHARE)
        lp_price = self.paid_per_share / Fraction(self.price_before)
        worth = Fraction(self.receipt_value(actor)) * share * lp_price
        owed = Fraction(self.whole(ETHER, units)) * self.got_per_ether
        if owed > worth:
            raise BorrowRefusedError(actor, f"{float(owed):,.0f}", f"{float(worth):,.0f}", "USD")

    def readers(self) -> list[Reader]:
        """Offer the vault's own books, which a gift does not enter."""
        own = VaultShareWithoutGifts(VAULT, gifts_to(VAULT))
        return [Reader("price per share by the vault's own books", ACCOUNTING, lambda: own), *standard(self)]

    def stake(self) -> Stake:
        """Say which facts a profit would need."""
        return Stake(
            None,
            None,
            "USD",
            "cash and prices of the 14 further markets are not in the file; the ether alone is judged, at a "
            "factor of one",
        )

    def do_borrow(self, step: Facts, actor: str) -> str:
        """Borrow what is named; "all cash of further markets" names no amount."""
        if not step.has("asset"):
            return "borrows all cash of further markets, whose amounts are not in the file"
        asset = self.asset(step.text("asset"))
        units = self.step_units(step, asset, "amount")
        if asset == ETHER:
            self._require_backed(actor, units)
        self.world.move(self.account(actor), actor, asset, units, "borrowed")
        return f"borrows {self.text(asset, units)}"

    def do_repay_flash_loan(self, step: Facts, actor: str) -> str:
        """Repay Aave out of what A borrowed."""
        asset = self.asset(step.text("asset"))
        loan = self.loan_of(asset)
        short = loan.owed - self.world.balance(actor, asset)
        if short > 0:
            self.world.move("A", actor, asset, short, "transfer")
        self.repaid = loan.owed
        self.transaction().repay(loan, actor)
        return f"repays {self.text(asset, loan.owed)}"

    def watches(self) -> list[Watch]:
        """Sample the share price and A's collateral in shares."""
        return [
            Watch("price per share", "yCRV/yUSD", "What the vault says of one share", self.oracle_price),
            Watch("A", "yUSD", "Collateral of A, in shares", lambda: self.receipt_value("A")),
        ]

    def receipt_value(self, actor: str) -> Decimal:
        """Return the yUSD that an actor's crYUSD stands for."""
        return self.whole("crYUSD", self.world.balance(actor, "crYUSD")) * self.rate

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        return {
            "yusd_supply_before_donation": self.whole(SHARE, self.supply_before_gift),
            "price_per_share_multiple": Missing("no gift was made")
            if self.multiple is None
            else self.multiple,
            "crYUSD_held_by_A_in_yUSD": self.receipt_value("A"),
            "weth_repaid_to_aave": self.whole(ETHER, self.repaid),
            "protocol_loss": Missing(
                "cash and prices of the 14 further markets, the feeds for ETH and the y-pool LP and the "
                "collateral factors are not in the file"
            ),
        }
