"""Resupply, 26 June 2025: a donation to an empty vault makes the exchange rate zero."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from oracles.guards import Bounds, Positive
from oracles.node import read
from oracles.sources.constant import Constant
from oracles.sources.vault_share import Reciprocal, VaultSharePrice, VaultShareWithoutGifts
from protocol.errors import BorrowRefusedError
from protocol.venues.vault_share import VaultShare
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import ACCOUNTING, BOUNDS, Reader, Stake, standard, used
from scenarios.incidents.replayer import Replayer, Watch
from scenarios.result import Finding
from scenarios.world import OUTSIDE, gifts_to

VAULT, SHARE = "llamalend_vault", "wrapped share"
PAIR = "resupply"
PRECISION = 10**18
FEED_SCALE = 10**36


class ResupplyReplayer(Replayer):
    """The vault with dead shares, the reciprocal that floors to zero, and the loan it lets through.

    Rule of the pair (Fraxlend form): loan-to-value = borrowed x rate / collateral; with a rate of zero every
    test passes. The legs of steps 2, 6 and 7 are trades on venues that the file does not hold; they
    run at the amounts printed, or at one for one where none is.
    """

    def build(self) -> None:
        """Build the empty vault and the pair's graph."""
        self.world.decimals[SHARE] = 18
        dead = self.facts.integer("state_before", VAULT, "dead_shares")
        assets = self.facts.integer("state_before", VAULT, "total_assets")
        shares = self.facts.integer("state_before", VAULT, "shares")
        self.world.add_venue(
            VAULT, VaultShare("crvUSD", SHARE, assets, shares, virtual_assets=1, virtual_shares=dead)
        )
        self.limit = self.units("reUSD", self.facts.decimal("parameters", "pair_borrow_limit_reusd"))
        self.world.margin_account(PAIR, "lenders")
        self.world.issuer("reUSD issuer")
        self.oracle = Reciprocal(parents=(VaultSharePrice(VAULT),))
        self.rate: int | None = None
        self.borrowed = 0
        self.redeemed = 0

    def do_swap(self, step: Facts, actor: str) -> str:
        """Trade outside the file's venues: at the printed result, else one for one."""
        sell, buy = step.text("sell"), step.text("buy")
        units = self.step_units(step, sell, "amount")
        amount = step.decimal("received") if step.has("received") else step.decimal("amount")
        got = self.units(buy, amount)
        self.world.move(actor, OUTSIDE, sell, units, "sold outside")
        self.world.move(OUTSIDE, actor, buy, got, "bought outside")
        return f"sells {self.text(sell, units)} for {self.text(buy, got)}"

    def do_donate(self, step: Facts, actor: str) -> str:
        """Give to the vault's controller, which the vault counts as its own."""
        units = self.step_units(step, step.text("asset"), "amount")
        self.world.donate(actor, VAULT, units)
        price = self.world.vault(VAULT).price_per_share(10**18)
        return f"gives {self.text('crvUSD', units)}; one share now converts to {price} (raw)"

    def do_mint_shares(self, step: Facts, actor: str) -> str:
        """Mint raw units of shares."""
        shares = step.integer("shares_raw")
        paid = self.world.mint_shares(actor, VAULT, shares)
        return f"mints {shares} raw unit of shares for {self.text('crvUSD', paid)}"

    def do_supply_and_borrow(self, step: Facts, actor: str) -> str:
        """Post the shares, read the rate and borrow up to the pair's limit."""
        shares, wanted = step.integer("shares_raw"), self.step_units(step, "reUSD", "borrow_reusd")
        account = self.world.margin_account(PAIR, actor)
        self.world.move(actor, account, SHARE, shares, "collateral")
        self.rate = int(self.required_price(SHARE) * PRECISION)
        ltv = wanted * self.rate // shares
        if wanted > self.limit or ltv > PRECISION * 95 // 100:
            ratio = f"a loan-to-value of {ltv / PRECISION:.4g}"
            raise BorrowRefusedError(actor, f"{self.text('reUSD', wanted)} at {ratio}", "0.95", "")
        self.world.move("reUSD issuer", self.world.margin_account(PAIR, "lenders"), "reUSD", wanted, "minted")
        self.world.move(account, actor, "reUSD", wanted, "borrowed")
        self.borrowed = wanted
        return f"borrows {self.text('reUSD', wanted)} against {shares} raw share at a rate of {self.rate}"

    def do_redeem_and_swap(self, step: Facts, actor: str) -> str:
        """Redeem the bought shares and sell the crvUSD."""
        crvusd = self.step_units(step, "crvUSD", "crvusd")
        shares = self.world.balance(actor, "sCrvUSD")
        self.world.move(actor, OUTSIDE, "sCrvUSD", shares, "redeemed outside")
        self.world.move(OUTSIDE, actor, "crvUSD", crvusd, "redeemed outside")
        self.redeemed = crvusd
        usdc = self.units("USDC", self.whole("crvUSD", crvusd))
        self.world.move(actor, OUTSIDE, "crvUSD", crvusd, "sold outside, one for one")
        self.world.move(OUTSIDE, actor, "USDC", usdc, "bought outside, one for one")
        return f"redeems for {self.text('crvUSD', crvusd)} and sells it for USDC"

    def close(self) -> None:
        """Repay the flash loan, which the file leaves out."""
        for loan in self.transaction().open_loans():
            self.transaction().repay(loan)
        self.notes.append("The file ends before the flash loan is repaid; the replay repays it.")

    def readers(self) -> list[Reader]:
        """Offer a rate that may not be zero, one that is rounded up, and the vault's own books."""
        own = VaultShareWithoutGifts(VAULT, gifts_to(VAULT))
        highest = Fraction(FEED_SCALE, PRECISION)
        return [
            Reader("refused at a rate of zero", BOUNDS, lambda: Positive(parents=(used(self),))),
            Reader(
                "the rate rounded up: never below 1 raw",
                BOUNDS,
                lambda: Bounds(Fraction(1, PRECISION), highest, "clamp", parents=(used(self),)),
            ),
            Reader("the vault's own books", ACCOUNTING, lambda: Reciprocal(parents=(own,))),
            *standard(self),
        ]

    def stake(self) -> Stake:
        """Count the USDC left, and what left the pair beyond what was put in."""
        actor = self.incident.steps[0].actor or "attacker"
        profit = self.whole("USDC", self.world.balance(actor, "USDC"))
        lost = self.whole("crvUSD", self.redeemed) - self.facts.step(1).decimal("amount")
        return Stake(profit, lost, "USD", "profit: USDC left; loss: crvUSD redeemed beyond the flash loan")

    def watches(self) -> list[Watch]:
        """Sample the share's conversion and the pair's rate."""
        return [
            Watch(
                "convert-to-assets of 1e18 shares",
                "raw / 1e18",
                "Assets per share of the vault",
                lambda: Decimal(self.world.vault(VAULT).price_per_share(10**18)).scaleb(-18),
            )
        ]

    def finish(self) -> None:
        """State the donation at which the rate becomes zero, and what a guard would have seen."""
        dead = self.facts.integer("state_before", VAULT, "dead_shares")
        least = least_donation(dead, self._minted())
        self.findings += [
            Finding(
                "least donation that floors the rate to zero",
                f"{self.whole('crvUSD', least):.6f}",
                "crvUSD",
                f"least assets at which convert-to-assets of 1e18 exceeds 1e36, with {dead} dead shares",
            ),
        ]
        honest = read(Reciprocal(parents=(Constant("one to one", PRECISION),)), self.world.view())
        self.findings.append(
            Finding(
                "exchange rate at one asset per share",
                str(honest.value),
                "raw",
                "what an honest vault would read",
            )
        )

    def _minted(self) -> int:
        steps = [step for step in self.incident.steps if step.action == "mint_shares"]
        return sum(self.facts.step(step.n).integer("shares_raw") for step in steps)

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes; the loss is what left less what was put in, crvUSD at one dollar."""
        loan = self.facts.step(1).decimal("amount")
        return {
            "exchange_rate": Missing("no borrow was made") if self.rate is None else Decimal(self.rate),
            "reusd_borrowed": self.whole("reUSD", self.borrowed),
            "loss": self.whole("crvUSD", self.redeemed) - loan,
        }


def least_donation(dead_shares: int, shares: int) -> int:
    """Return the least assets for which floor(1e36 / convert_to_assets(1e18)) is zero.

    convert_to_assets(1e18) = floor(1e18 * (assets + 1) / (shares + dead_shares)) must exceed 1e36.
    """
    needed = FEED_SCALE + 1
    return -(-needed * (shares + dead_shares) // PRECISION) - 1
