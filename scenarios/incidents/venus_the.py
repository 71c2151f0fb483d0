"""Venus THE, 15 March 2026: a supply cap that a gift walks around."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from oracles.node import read
from oracles.reducers import Product
from oracles.sources.vault_share import VaultSharePrice, VaultShareWithoutGifts
from protocol.errors import BorrowRefusedError, PositionLimitError
from protocol.venues.vault_share import yearn
from scenarios.files.facts import Facts
from scenarios.incidents.lp_collateral import fixed_price
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import ACCOUNTING, POSITION, Reader, Stake, standard
from scenarios.incidents.replayer import Replayer, Watch, exact_decimal
from scenarios.result import Finding
from scenarios.world import OUTSIDE, gifts_to

MARKET, ASSET, SHARE, VENUS, ACTOR = "vTHE", "THE", "vTHE share", "venus", "attacker"
DEPTH = "pool depth of THE, the oracle's window and the amounts of the repeats are not in the file"
PRICES = "prices of CAKE and WBNB and the amounts of the repeats are not in the file"
BOOK = "the sizes and prices of the liquidations are not in the file"


class VenusTheReplayer(Replayer):
    """The market as a vault whose assets count gifts, its cap checked on deposits alone.

    Shares of others are not in the file: the market is taken to hold the attacker's position only. Collateral
    factors are missing too; debts are judged at a factor of one, the most that any factor permits.
    """

    def build(self) -> None:
        """Build the market with the attacker's position and the price of the file."""
        facts = self.facts
        self.world.decimals[SHARE] = 18
        held = facts.units(ASSET, "state_before", "attacker_position_before")
        self.cap = facts.units(ASSET, "state_before", "the_supply_cap")
        self.caps_gifts = False
        self.price = facts.decimal("state_before", "the_price_usd")
        self.world.add_venue(MARKET, yearn(ASSET, SHARE, total_assets=held, total_supply=held))
        feed = fixed_price("THE, delayed feed", self.price)
        self.oracle = Product(parents=(VaultSharePrice(MARKET), feed))
        self.own = Product(parents=(VaultShareWithoutGifts(MARKET, gifts_to(MARKET)), feed))
        self.account = self.world.margin_account(VENUS, ACTOR)
        self.lenders = self.world.margin_account(VENUS, "lenders")
        self.world.move(OUTSIDE, self.account, SHARE, held, "position before")
        for step in self.incident.steps:
            fields = self.facts.step(step.n)
            if step.action == "donate":
                self.world.fund(self.world.wallet(ACTOR), ASSET, fields.units(ASSET, "amount"))
            elif step.action == "borrow":
                for asset, units in self.amounts(fields):
                    self.world.fund(self.lenders, asset, units)
        self.borrowed_the = self.posted = 0

    # Actions

    def do_donate(self, step: Facts, actor: str) -> str:
        """Give THE to the market."""
        return self._give(actor, step.units(ASSET, "amount"))

    def _give(self, actor: str, units: int) -> str:
        market = self.world.vault(MARKET)
        if self.caps_gifts and market.total_assets + units > self.cap:
            wanted = self.whole(ASSET, market.total_assets + units)
            raise PositionLimitError(MARKET, f"{wanted:,.0f}", f"{self.whole(ASSET, self.cap):,.0f}", ASSET)
        self.world.donate(actor, MARKET, units)
        held = self.whole(ASSET, self.world.vault(MARKET).total_assets)
        return f"gives {self.text(ASSET, units)} to {MARKET}, which now counts {held:,.0f} THE"

    def do_borrow(self, step: Facts, actor: str) -> str:
        """Borrow; what has a price is judged at a factor of one."""
        taken = []
        for asset, units in self.amounts(step):
            self.world.move(self.account, self.world.wallet(actor), asset, units, "borrowed")
            taken.append(self.text(asset, units))
        self._require_backed(actor)
        return f"borrows {', '.join(taken)}"

    def _require_backed(self, actor: str) -> None:
        owed, worth = self.priced_debt(), self.limit()
        if owed > worth:
            raise BorrowRefusedError(actor, f"{owed:,.2f}", f"{worth:,.2f} at a factor of one", "USD")

    def do_supply_USDC_borrow_and_donate_THE(self, step: Facts, actor: str) -> str:  # noqa: N802
        """Post the USDC elsewhere, borrow THE out of the market's cash and give it back as a gift."""
        units = step.units(ASSET, "amount")
        helper = self.world.margin_account(VENUS, "second account")
        usdc = self.posted = self.world.balance(actor, "USDC")
        self.world.move(actor, helper, "USDC", usdc, "supplied")
        worth, owed = self.whole("USDC", usdc), self.whole(ASSET, units) * self.price
        if owed > worth:
            raise BorrowRefusedError("second account", f"{owed:,.2f}", f"{worth:,.2f}", "USD")
        # The loan leaves the market's assets as they are (cash becomes a claim); the gift adds to them.
        self.world.move(OUTSIDE, actor, ASSET, units, "borrowed from the market's cash, a claim remains")
        self.borrowed_the = units
        return self._give(actor, units)

    def do_repeat(self, step: Facts, actor: str) -> str:
        """Repeat; no amount is in the file."""
        self.required_price(SHARE)
        return "buys THE with the proceeds, waits for the feed and borrows again, in amounts not in the file"

    # Results

    def limit(self) -> Decimal:
        """Return the value of the attacker's shares by the reader, in dollars: the limit at factor one."""
        shares = self.whole(SHARE, self.world.balance(self.account, SHARE))
        return exact_decimal(Fraction(shares) * self.required_price(SHARE))

    def priced_debt(self) -> Decimal:
        """Return the debt in USDC; the other assets have no price in the file."""
        return -self.whole("USDC", min(self.world.balance(self.account, "USDC"), 0))

    def shown_limit(self, own: bool) -> Decimal | None:
        """Return the limit by the market's count or by its own books; None while the reader refuses."""
        node = self.own if own else self.oracle
        assert node is not None
        reading = read(node, self.world.view())
        shares = self.whole(SHARE, self.world.balance(self.account, SHARE))
        return exact_decimal(Fraction(shares) * reading.price) if reading.ok else None

    def watches(self) -> list[Watch]:
        """Sample the collateral against the cap, and the limit with and without gifts."""
        panel = "Value of the attacker's collateral"
        return [
            Watch("collateral over cap", "x", "Collateral as a multiple of the cap", self.multiple_of_cap),
            Watch("gifts counted (used)", "USD", panel, lambda: self.shown_limit(False)),
            Watch("gifts not counted", "USD", panel, lambda: self.shown_limit(True)),
        ]

    def multiple_of_cap(self) -> Decimal:
        """Return the market's assets over its supply cap."""
        return exact_decimal(Fraction(self.world.vault(MARKET).total_assets, self.cap))

    def readers(self) -> list[Reader]:
        """Offer the market's own books, a cap that counts gifts, and the readers that fit every graph."""

        def count_gifts() -> None:
            self.caps_gifts = True

        return [
            Reader("price per share by the market's own books", ACCOUNTING, lambda: self.own),
            Reader("supply cap that counts gifts", POSITION, count_gifts),
            *standard(self),
        ]

    def stake(self) -> Stake:
        """Count the most that could be owed against the position, at a factor of one."""
        most = self.limit()
        basis = (
            "profit: not pinned; loss: at most the value the reader gives to the position (a factor of one, "
            f"the price before); {PRICES}"
        )
        return Stake(None, most, "USD", basis)

    def finish(self) -> None:
        """State what the gifts added."""
        first, last = self.answers[0], self.answers[-1]
        if first.ok and last.ok:
            self.findings.append(
                Finding(
                    "collateral value over its value before the gifts",
                    f"{float(last.price / first.price):.4f}",
                    "x",
                    "price per share of the market after the gifts over the one before",
                )
            )
        claim = self.whole(ASSET, self.borrowed_the) * self.price
        self.findings.append(
            Finding(
                "value of the THE borrowed to be given back",
                f"{claim:,.0f}",
                "USD",
                f"against {self.text('USDC', self.posted)} posted",
            )
        )

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        return {
            "collateral_multiple_of_cap": self.multiple_of_cap(),
            "price_peak": Missing(DEPTH),
            "borrowed_gross": Missing(PRICES),
            "bad_debt": Missing(f"{PRICES}; {BOOK}"),
            "liquidation_transactions": Missing(BOOK),
            "liquidator_bots": Missing(BOOK),
            "attacker_result_on_chain": Missing(f"{PRICES}; {BOOK}"),
        }
