"""BonqDAO, 1 February 2023: a report of this very second, believed because ten tokens were staked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial

from oracles.guards import Bounds
from oracles.sources.tellor import SAFE_DELAY, TellorCurrentValue, TellorFeed, TellorReports
from protocol.errors import BorrowRefusedError
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import BOUNDS, DELAY, Reader, Stake
from scenarios.incidents.replayer import Replayer, Watch, exact_decimal
from scenarios.result import Finding

BONQ, FEED = "bonq", "WALBT/USD reports"
ISSUER, STAKED = "BEUR issuer", "staked with Tellor"
BLOCK_SECONDS = 2
LIST = "the file has neither the list of liquidated troves nor their collateral"


class BonqReplayer(Replayer):
    """Stake, report, borrow in the same block; report again, liquidate everybody else.

    The file has no minimum ratio and no rate of BEUR: a trove is judged at a ratio of one with one BEUR at
    one dollar, and the findings say how far either could be from that. The first transaction lies the
    printed number of blocks before the second at two seconds each (Polygon); only the order matters.
    """

    def build(self) -> None:
        """Open the protocol; WALBT, BEUR and TRB come from outside."""
        second = datetime.fromisoformat(self.facts.text("date_utc").replace("Z", "+00:00"))
        self.blocks = self.facts.integers("blocks")
        self.world.block = self.blocks[0]
        behind = (self.blocks[-1] - self.blocks[0]) * BLOCK_SECONDS
        self.world.time = int(second.timestamp()) - behind
        self.world.state.values[FEED] = TellorReports()
        self.oracle = TellorCurrentValue(FEED)
        self.stake_needed = self.facts.decimal("state_before", "reporter_stake_required_trb")
        self.world.issuer(ISSUER)
        self.lenders = self.world.margin_account(BONQ, "issued BEUR")
        self.world.wallet(STAKED)
        self.minted = 0
        self.most_per_beur = Decimal(0)
        for step in self.incident.steps:
            facts = self.facts.step(step.n)
            actor = self.world.wallet(step.actor or "attacker")
            if facts.has("stake_trb"):
                self.world.fund(actor, "TRB", facts.units("TRB", "stake_trb"))
            if facts.has("collateral_walbt"):
                self.world.fund(actor, "WALBT", facts.units("WALBT", "collateral_walbt"))

    def trove(self, actor: str) -> str:
        """Return the actor's account."""
        return self.world.margin_account(BONQ, actor)

    # Actions

    def do_stake_and_report(self, step: Facts, actor: str) -> str:
        """Stake and report a price, which any reporter may."""
        block = step.integer("block") if step.has("block") else self.world.block
        self.world.time += (block - self.world.block) * BLOCK_SECONDS
        self.world.block = block
        staked = step.decimal("stake_trb")
        if staked < self.stake_needed:
            raise BorrowRefusedError(actor, staked, f"{self.stake_needed} or more", "TRB staked")
        self.world.move(actor, STAKED, "TRB", step.units("TRB", "stake_trb"), "reporter's stake")
        reports = self.world.state.values[FEED]
        assert isinstance(reports, TellorReports)
        price = step.decimal("walbt_price_usd")
        self.world.state.values[FEED] = reports.submit(self.world.time, int(price * 10**18))
        return f"stakes {staked} TRB and reports {price:,f} USD for one WALBT"

    def do_open_trove(self, step: Facts, actor: str) -> str:
        """Post WALBT and mint BEUR, if the collateral is worth the debt at the oracle's price."""
        account = self.trove(actor)
        collateral, debt = step.units("WALBT", "collateral_walbt"), step.units("BEUR", "borrow_beur")
        self.world.move(actor, account, "WALBT", collateral, "collateral")
        worth = Fraction(self.whole("WALBT", collateral)) * self.required_price("WALBT")
        owed = self.whole("BEUR", debt)
        if worth < owed:
            raise BorrowRefusedError(actor, f"{owed:,.0f}", f"{float(worth):,.2f}", "USD")
        self.world.move(ISSUER, self.lenders, "BEUR", debt, "minted")
        self.world.move(account, actor, "BEUR", debt, "borrowed")
        self.minted += debt
        self.most_per_beur = exact_decimal(worth / Fraction(owed))
        return f"posts {self.text('WALBT', collateral)} and mints {self.text('BEUR', debt)}"

    def do_open_second_trove(self, step: Facts, actor: str) -> str:
        """Post more WALBT, from which the liquidations are made."""
        units = step.units("WALBT", "collateral_walbt")
        self.world.move(actor, self.trove(f"{actor}, second trove"), "WALBT", units, "collateral")
        return f"posts {self.text('WALBT', units)} in a second trove"

    def do_liquidate_all_troves(self, step: Facts, actor: str) -> str:
        """Judge the troves of this world at the price just reported; the others are not in the file."""
        account = self.trove(actor)
        held = self.whole("WALBT", self.world.balance(account, "WALBT"))
        owed = -self.whole("BEUR", self.world.balance(account, "BEUR"))
        worth = Fraction(held) * self.required_price("WALBT")
        if worth >= owed:
            ratio = f"{float(worth / Fraction(owed)):.3g}"
            raise BorrowRefusedError(actor, "a trove below a ratio of one", ratio, "x")
        least = exact_decimal(1 / self.required_price("WALBT"))
        self.findings.append(
            Finding(
                "WALBT that one BEUR of debt would have needed to escape",
                f"{least:,.0f}",
                "WALBT",
                "at a ratio of one and one dollar per BEUR: no trove holds so much, so all could be seized",
            )
        )
        return f"finds every trove with less than {least:,.0f} WALBT per BEUR open to liquidation"

    # Results

    def watches(self) -> list[Watch]:
        """Sample what the two readers say."""
        safe = TellorFeed(FEED, SAFE_DELAY)
        panel = "WALBT by reader"

        def said(safely: bool) -> Decimal | None:
            reading = (safe if safely else TellorCurrentValue(FEED)).read(self.world.view(), ())
            return exact_decimal(reading.price) if reading.ok else None

        return [
            Watch("current value (used)", "USD/WALBT", panel, lambda: said(False)),
            Watch(f"at least {SAFE_DELAY} s old", "USD/WALBT", panel, lambda: said(True)),
        ]

    def readers(self) -> list[Reader]:
        """Offer the reader that waits, and bounds no token of this size leaves."""
        note = "the honest report before the attack is not in the file; it would be read instead"
        highest = Fraction(1000)
        bounded = Bounds(Fraction(1, 1000), highest, parents=(TellorCurrentValue(FEED),))
        delays = (0, SAFE_DELAY)
        return [
            *(
                Reader(f"a report at least {k} s old", DELAY, partial(TellorFeed, FEED, k), note)
                for k in delays
            ),
            Reader("refused outside 0.001 to 1,000 USD", BOUNDS, lambda: bounded),
        ]

    def stake(self) -> Stake:
        """Count the BEUR minted against nothing."""
        minted = self.whole("BEUR", self.minted)
        basis = "both: BEUR minted against next to nothing; " + LIST
        return Stake(minted, minted, "BEUR", basis)

    def finish(self) -> None:
        """Say how far the facts that are missing could be from what is assumed."""
        self.findings.append(
            Finding(
                "dollars per BEUR times minimum ratio up to which the trove is permitted",
                f"{self.most_per_beur:.4f}",
                "x",
                "value of the collateral at the reported price over the BEUR minted",
            )
        )

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        return {
            "beur_minted": self.whole("BEUR", self.minted),
            "walbt_seized": Missing(LIST),
            "nominal_loss": Missing(LIST + ", nor the quotes of WALBT and BEUR before the attack"),
        }
