"""MakerDAO, 12 March 2020: vaults fail, keepers do not come, lots go for nothing; then the later design.

The bids of the day are not in the file, so its amounts are not replayed. What is replayed is one vault at the
least collateral ratio through the file's fall: sold for nothing under the old auctions, and under Liquidation
2.0 (the exact Dog and Clipper) with a keeper who comes as late as the price allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from protocol.errors import AuctionPriceError
from protocol.fixed_point import RAY, WAD
from protocol.liquidation.decay import StairstepExponentialDecrease
from protocol.liquidation.presets.maker import DAI, Booked, Clipper, MakerParameters, Urn
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import BOUNDS, Reader, Stake
from scenarios.incidents.replayer import Replayer, Watch
from scenarios.result import Finding

VAULT, KEEPER, MARKET = "vault", "keeper", "market"
RAD = 10**45
DAI_DECIMALS = 45
LATER_LEAST = Decimal("0.52")
"""1.3 times the oracle's price at the start, restarted at 40 % of that."""
NO_BIDS = Missing("the file has no bids auction by auction, no gas prices by block and no oracle path")

LATER_RULES = MakerParameters(
    penalty=WAD * 113 // 100,
    global_limit=10**8 * RAD,
    limit=10**8 * RAD,
    dust=100 * RAD,
    start_factor=RAY * 13 // 10,
    decay=StairstepExponentialDecrease(RAY * 99 // 100, 90),
    reset_after=8400,
    reset_below=RAY * 40 // 100,
    reward_share=0,
    reward=0,
    collateral="ETH",
)
"""ETH-A as Liquidation 2.0 started (MIP45): 1 % every 90 s from 1.3 times the oracle, reset at 40 %."""


class BlackThursdayReplayer(Replayer):
    """One vault of 100 ETH at the least ratio, through the fall of the file."""

    def build(self) -> None:
        """Open the vault and draw what the least ratio permits at the price before."""
        self.world.decimals["dai"] = DAI_DECIMALS
        for name in (VAULT, Clipper.AUCTION, Clipper.VOW, KEEPER):
            self.world.issuer(name)
        self.start = self.facts.decimal("state_before", "eth_price_start")
        self.ratio = self.facts.decimal("state_before", "min_collateral_ratio")
        self.price = self.start
        self.ink = 100 * WAD
        self.debt = int(Decimal(100) * self.start / self.ratio * WAD)
        self.world.fund(VAULT, "ETH", self.ink)
        self.world.move(VAULT, "outside", "dai", self.debt * RAY, "drawn")
        self.given_away = 0
        self.floor: Decimal | None = None

    def do_price_fall(self, step: Facts, actor: str) -> str:
        """Let the price fall as the file says."""
        self.price = self.start * (1 - step.decimal("fraction"))
        return f"ETH falls from {self.start} to {self.price:.2f} USD in {step.decimal('duration_h')} hours"

    def do_gas_price_rise(self, step: Facts, actor: str) -> str:
        """Note the gas price; keepers whose bots pay less do not get in."""
        return f"gas costs {step.decimal('multiple')} times the normal"

    def do_win_auctions_at_zero(self, step: Facts, actor: str) -> str:
        """Auction the vault under the old design with one bid of zero: all collateral, no dai."""
        if self.floor is not None and self.floor > 0:
            raise AuctionPriceError(
                "bid too low", f"0 bid, at least {self.floor:.2f} USD asked", bid=0, least=str(self.floor)
            )
        self.world.wallet("bidders")
        self.world.move(VAULT, "bidders", "ETH", self.ink, "won for nothing")
        self.world.move(Clipper.VOW, VAULT, "dai", self.debt * RAY, "debt left to the protocol")
        self.given_away = self.ink
        return f"a bid of zero wins {self.text('ETH', self.ink)}; {self.debt // WAD:,} DAI stay unpaid"

    def readers(self) -> list[Reader]:
        """Offer the later falling-price auction, and a least bid, in place of open bids."""

        def later() -> None:
            self.floor = self.low() * LATER_LEAST

        def half() -> None:
            self.floor = self.low() / 2

        return [
            Reader("falling price, restarted at 52 % of the oracle (Liquidation 2.0)", BOUNDS, later),
            Reader("no bid below half the oracle's price", BOUNDS, half),
        ]

    def low(self) -> Decimal:
        """Return the price after the file's fall."""
        return self.start * (1 - self.facts.step(1).decimal("fraction"))

    def stake(self) -> Stake:
        """Count the vault of the replay."""
        won = self.whole("ETH", self.given_away) * self.price
        owed = Decimal(self.debt).scaleb(-18)
        return Stake(won, owed if self.given_away else Decimal(0), "USD", "both: of one vault of 100 ETH")

    def watches(self) -> list[Watch]:
        """Sample the price and the protocol's debt."""
        return [
            Watch("price", "USD", "ETH", lambda: self.price),
            Watch(
                "deficit",
                "DAI",
                "Unpaid debt of the vault of 100 ETH (basis: equity)",
                lambda: self.whole("dai", -self.world.balance(Clipper.VOW, "dai")),
            ),
        ]

    def finish(self) -> None:
        """Run the same vault through the later design and compare with the printed totals."""
        raised, late = self.later_design()
        debt = Decimal(self.debt).scaleb(-18)
        per_eth = self.start / self.ratio
        self.findings += [
            Finding(
                "unpaid per ETH given away, at most",
                f"{per_eth:.2f}",
                "DAI",
                "basis: equity; a vault at the least ratio at the price before",
            ),
            Finding(
                "the same vault in a falling-price auction at the low",
                f"{raised:,.2f} of {debt:,.2f}",
                "DAI",
                f"lot bought at the last second before its reset, {late} s after the start",
            ),
            Finding(
                "least price at which that design sells",
                f"{self.price * LATER_LEAST:.2f}",
                "USD",
                "1.3 x 40 % of the oracle's price; below it the auction must be restarted",
            ),
        ]
        published = {outcome.name: outcome.value for outcome in self.incident.outcomes}
        eth, deficit = published.get("eth_won_for_zero"), published.get("protocol_deficit")
        if isinstance(eth, Decimal) and isinstance(deficit, Decimal):
            self.findings.append(
                Finding(
                    "printed deficit per ETH won for nothing",
                    f"{deficit / eth:.2f}",
                    "DAI",
                    f"at most {per_eth:.2f} are possible at the least ratio: the totals are consistent",
                )
            )

    def later_design(self) -> tuple[Decimal, int]:
        """Return the dai raised by a keeper who comes at the last second, and that second."""
        oracle = int(self.price * WAD)
        spot = oracle * 10**9 * RAY // (RAY * 3 // 2)
        clipper, _, number, _ = Clipper(LATER_RULES).bark(
            VAULT, Urn(self.ink, self.debt), spot=spot, rate=RAY, price=oracle, keeper=KEEPER, now=0
        )
        late = 0
        while not clipper.status(number, late + 1)[0]:
            late += 1
        _, moved = clipper.take(number, self.ink, buyer=KEEPER, now=late)
        return Decimal(_paid(moved)).scaleb(-DAI_DECIMALS), late

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return nothing but reasons: the file's totals need the bids."""
        names = ("eth_won_for_zero", "value_of_zero_bid_collateral", "protocol_deficit", "mkr_minted")
        return dict.fromkeys(names, NO_BIDS)


def _paid(moved: Booked) -> int:
    return sum(posting.amount for posting in moved if posting.asset == DAI and posting.memo == "paid")
