"""Drift, 1 April 2026: a worthless token becomes collateral at the price of a pool of 500 dollars."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from protocol.errors import CapExceededError, InsufficientLiquidityError
from protocol.fixed_point import WAD
from protocol.market_state import MarketState, Price
from protocol.vaults.collateral import Collateral, CollateralRules
from protocol.vaults.haircuts import TieredHaircut
from protocol.venues.uniswap_v2 import UniswapV2Pair
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import CAP, POSITION, Reader, Stake
from scenarios.incidents.replayer import Replayer, Watch, exact_decimal
from scenarios.result import Finding

TOKEN, USD = "CVT", "USD"
POOL, DRIFT = "pool", "drift"
LEAST_DEPTH = Decimal(1_000_000)
NOT_IN_FILE = Missing(
    "the file has neither the weight given to the token, nor the amount deposited or withdrawn"
)


class DriftReplayer(Replayer):
    """Mint, seed, wash trade, list and deposit; what the deposit counts for, and what it would sell for."""

    def build(self) -> None:
        """Declare dollars; the pool comes with the first step."""
        self.world.decimals[USD] = 6
        self.world.issuer("minter")
        self.listed = False
        self.limits = True
        self.deposited = 0
        self.least_depth = 0
        self.supply_cap: int | None = None

    def do_mint_and_seed(self, step: Facts, actor: str) -> str:
        """Mint the token and put a pool with half its liquidity in dollars beside half in tokens."""
        minted = self.step_units(step, TOKEN, "cvt")
        self.world.move("minter", self.world.wallet(actor), TOKEN, minted, "minted")
        half = step.decimal("liquidity_usd") / 2
        tokens, dollars = self.units(TOKEN, half), self.units(USD, half)
        self.add_venue(POOL, UniswapV2Pair(TOKEN, USD, tokens, dollars))
        return f"mints {self.text(TOKEN, minted)} and seeds a pool of {step.decimal('liquidity_usd')} USD"

    def do_wash_trade(self, step: Facts, actor: str) -> str:
        """Trade to and fro: dollars in, tokens back; the price stays where the pool was seeded."""
        units = self.units(USD, Decimal(10))
        self.world.fund(self.world.wallet(actor), USD, units)
        bought = self.world.swap(actor, POOL, USD, TOKEN, units).amount_out
        self.world.swap(actor, POOL, TOKEN, USD, bought)
        return f"keeps the price at {self.price():.4f} USD for weeks"

    def price(self) -> Decimal:
        """Return the pool's price."""
        return self.spot(POOL, TOKEN, USD)

    def do_take_admin_and_list(self, step: Facts, actor: str) -> str:
        """List the token as collateral."""
        depth = self.world.venue(POOL).reserves()[USD]
        if depth < self.least_depth:
            raise InsufficientLiquidityError(f"dollars in the pool of {TOKEN}", self.least_depth, depth)
        self.listed = True
        return f"lists {step.text('asset')} as {step.text('as')}"

    def do_lift_withdrawal_limits(self, step: Facts, actor: str) -> str:
        """Lift the limits that would have let only a part out per day."""
        self.limits = False
        return "lifts the withdrawal limits"

    def do_deposit_cvt_and_withdraw_all(self, step: Facts, actor: str) -> str:
        """Deposit every token; what is withdrawn is not in the file and is not invented."""
        account = self.world.margin_account(DRIFT, actor)
        self.deposited = self.world.balance(actor, TOKEN)
        if self.supply_cap is not None and self.deposited > self.supply_cap:
            raise CapExceededError(f"deposits of {TOKEN}", self.deposited, self.supply_cap)
        self.world.move(actor, account, TOKEN, self.deposited, "collateral")
        return (
            f"deposits {self.text(TOKEN, self.deposited)}, worth {self.counted():,.0f} USD before any weight"
        )

    def readers(self) -> list[Reader]:
        """Offer a listing rule by depth, and a cap by what the market could take."""

        def listing() -> None:
            self.least_depth = self.units(USD, LEAST_DEPTH)

        def cap() -> None:
            self.supply_cap = self.units(TOKEN, self.facts.step(1).decimal("liquidity_usd") / 2)

        return [
            Reader(f"listing only with {LEAST_DEPTH:,} USD in the pool", POSITION, listing),
            Reader("deposits of at most the tokens in the pool", CAP, cap),
        ]

    def stake(self) -> Stake:
        """Say which facts are missing."""
        return Stake(
            None, None, "USD", "the weight of the token and the amounts withdrawn are not in the file"
        )

    def counted(self) -> Decimal:
        """Return the value of the deposit at the pool's price, before any weight."""
        return self.whole(TOKEN, self.deposited) * self.price()

    def watches(self) -> list[Watch]:
        """Sample the deposit's value."""
        return [Watch("deposit", "USD", "Value of the deposit at the pool's price", self._counted_or_none)]

    def _counted_or_none(self) -> Decimal | None:
        return self.counted() if self.deposited else None

    def finish(self) -> None:
        """State the weight that the published loss needs, the sale value, and what a size tier would do."""
        loss = next((o.value for o in self.incident.outcomes if o.name == "loss"), None)
        counted = self.counted()
        if isinstance(loss, Decimal):
            self.findings.append(
                Finding(
                    "least collateral weight that the published loss needs",
                    f"{loss / counted:.3f}",
                    "fraction",
                    "published loss over the deposit's value at the pool's price",
                )
            )
        sale = self.world.venue(POOL).quote(TOKEN, USD, self.deposited)
        tiered = self.counted_with_tier()
        self.findings += [
            Finding(
                "what the whole deposit would have sold for",
                f"{self.whole(USD, sale):,.2f}",
                "USD",
                "the pool's own rule; the deficit's basis is therefore all that was withdrawn",
            ),
            Finding(
                "what it counts under a haircut by size",
                f"{tiered:,.2f}",
                "USD",
                "in full up to the tokens in the pool, nothing beyond",
            ),
        ]

    def counted_with_tier(self) -> Decimal:
        """Return the deposit's value when only as many tokens count as the pool holds."""
        depth = self.world.venue(POOL).reserves()[TOKEN]
        haircut = TieredHaircut.of([(0, WAD), (depth, 0)])
        rules = CollateralRules({TOKEN: Collateral(haircut, haircut)})
        market = MarketState({TOKEN: Price.of(self.price())}, {TOKEN: self.world.decimals[TOKEN]})
        counted = rules.standing({TOKEN: self.deposited}, market).opening
        return exact_decimal(Fraction(counted, 10**market.scale))

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return reasons: the file pins neither amount."""
        return dict.fromkeys(("loss", "first_transfer_jlp"), NOT_IN_FILE)
