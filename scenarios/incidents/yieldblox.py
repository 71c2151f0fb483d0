"""YieldBlox on Blend V2, 22 February 2026: the latest of four samples, two of them poisoned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import ClassVar

from oracles.guards import Bounds, DeviationLimit, RateOfChange
from oracles.node import Node, Sample, View, read
from oracles.reducers import EvenRule, Latest, Median
from oracles.sources.feed import DelayedSample, FeedSample
from protocol.fixed_point import div_up
from protocol.venues.checks import require_positive
from scenarios.files.facts import Facts
from scenarios.incidents.lending import LendingReplayer
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import CAP, DELAY, DEVIATION, LIMIT, MEDIAN, Reader, Stake, percent
from scenarios.incidents.replayer import Watch, exact_decimal
from scenarios.result import Finding
from scenarios.world import Feed

FEED = "USTRY/USD samples"
COLLATERAL = "USTRY"
BLEND = "blend"
LOOK_BACK = 4
SAMPLE_DECIMALS = 14
ATTACKER = "attacker"


class YieldbloxReplayer(LendingReplayer):
    """Debt is kept in debt tokens, rounded up when minted; health is collateral over debt with factors of 1.

    The file's health rule has no factors, so a borrow is refused only where debt would exceed collateral.
    """

    units_of: ClassVar[Mapping[str, str]] = {
        "adapter_price": "USD",
        "health_after_step_1": "x",
        "health_after_step_3": "x",
        "health_after_step_1_at_honest_price": "x",
        "health_after_step_3_at_honest_price": "x",
        "drained_usd": "USD",
        "real_collateral_value_usd": "USD",
        "price_from_a_median_of_the_four_samples": "USD",
    }

    def build(self) -> None:
        """Build the four samples, the pool's cash and the attacker's position."""
        facts = self.facts
        self.adapter_decimals = facts.integer("oracle", "adapter_decimals")
        samples = sorted(
            (int(time), facts.integer("oracle", "samples_14_decimals_raw", time))
            for time in facts.mapping("oracle", "samples_14_decimals_raw")
        )
        recorded = tuple(Sample(time, value, SAMPLE_DECIMALS) for time, value in samples)
        self.world.time = recorded[-1].time
        self.sample_times = [sample.time for sample in recorded]
        self.world.state.values[FEED] = Feed(recorded)
        self.sources = tuple(FeedSample(FEED, back) for back in range(LOOK_BACK))
        self.oracle = Latest(parents=self.sources)
        self.prices = dict(facts.items("oracle", "other_prices"))
        cash = {asset: self.units(asset, amount) for asset, amount in facts.items("state_before", "pool")}
        # The collateral already supplied is the attacker's; the cash of the pool is what others lent.
        self.open_market(BLEND, cash)
        self.factors = {COLLATERAL: Fraction(1)}
        self.world.fund(
            self.margin(ATTACKER),
            COLLATERAL,
            facts.units(COLLATERAL, "state_before", "attacker", "ustry_collateral"),
        )
        self.scale = facts.integer("state_before", "rate_scale")
        self.debt_tokens = {"USDC": facts.integer("state_before", "attacker", "usdc_debt_dtokens_raw")}
        self.drained = Decimal(0)
        self.health_at: dict[str, Decimal] = {}

    def rate(self, asset: str) -> int:
        """Return debt per debt token at the file's scale."""
        return self.facts.integer("state_before", f"{asset.lower()}_d_rate_raw")

    def owed(self, asset: str) -> int:
        """Return the debt of the attacker's debt tokens, rounded up."""
        return div_up(self.debt_tokens.get(asset, 0) * self.rate(asset), self.scale)

    def fixed_prices(self) -> Mapping[str, Decimal]:
        """Return the prices of the borrowed assets."""
        return self.prices

    def price_nodes(self) -> Mapping[str, Node]:
        """Return the adapter's graph."""
        return {COLLATERAL: self.oracle} if self.oracle else {}

    def at_adapter(self, price: Fraction) -> Decimal:
        """Return a price as the adapter hands it on: rounded down to its decimals."""
        return Decimal(int(price * 10**self.adapter_decimals)).scaleb(-self.adapter_decimals)

    def answer(self, node: Node) -> Decimal:
        """Return what a node says now, through the adapter."""
        return self.at_adapter(read(node, self.world.view()).price)

    def honest_price(self) -> Decimal:
        """Return the last honest sample through the adapter."""
        honest = self.honest_sample()
        return self.at_adapter(Fraction(honest.value, 10**honest.decimals))

    def honest_sample(self) -> Sample:
        """Return the last sample before the price jumped more than tenfold between two samples."""
        feed = self.world.state.values[FEED]
        assert isinstance(feed, Feed)
        honest = feed.samples[0]
        for sample in feed.samples[1:]:
            if sample.value > 10 * honest.value:
                break
            honest = sample
        return honest

    def collateral(self, name: str) -> str:
        """Return the asset's own name."""
        return name

    def do_borrow(self, step: Facts, actor: str) -> str:
        """Mint debt tokens, rounded up, pay out, and check health at the adapter's price."""
        n = step.integer("n")
        asset = step.text("asset")
        units = step.units(asset, "amount")
        require_positive("borrowed", units)
        tokens = div_up(units * self.scale, self.rate(asset))
        self.world.move(self.margin(actor), self.world.wallet(actor), asset, units, f"borrowed from {BLEND}")
        # The file's rates are of the block before; the tokens that the chain minted are of the step itself.
        printed = step.integer("dtokens_minted_raw") if step.has("dtokens_minted_raw") else tokens
        if printed != tokens:
            self.notes.append(
                f"step {n}: the chain minted {printed} debt tokens, the file's rate gives {tokens}: interest "
                f"accrued in between ({abs(printed - tokens) / tokens:.1e} relative). The chain's are used."
            )
        self.debt_tokens[asset] = self.debt_tokens.get(asset, 0) + printed
        self.drained += self.whole(asset, units) * self.prices[asset]
        self.read_oracle()
        self.rule().require(actor, self.balances(), self.market_state())
        self.health_at[f"health_after_step_{n}"] = self.health_with(self.answer(self.latest))
        self.health_at[f"health_after_step_{n}_at_honest_price"] = self.health_with(self.honest_price())
        return f"borrows {self.text(asset, units)}, {printed} debt tokens (raw)"

    @property
    def latest(self) -> Node:
        """The reader that was used."""
        assert self.oracle is not None
        return self.oracle

    def do_supply(self, step: Facts, actor: str) -> str:
        """Supply collateral of the attacker's own."""
        asset = step.text("asset")
        self.world.fund(self.world.wallet(actor), asset, step.units(asset, "amount"))
        return super().do_supply(step, actor)

    def balances(self) -> dict[str, int]:
        """Return collateral and debts as signed balances; interest is in the debt tokens, not the ledger."""
        held = {COLLATERAL: self.world.balance(self.margin(ATTACKER), COLLATERAL)}
        return held | {asset: -self.owed(asset) for asset in self.debt_tokens}

    def health_with(self, price: Decimal) -> Decimal:
        """Return collateral over debt at a price of the collateral."""
        debt = sum(Fraction(self.whole(a, self.owed(a)) * self.prices[a]) for a in self.debt_tokens)
        worth = Fraction(self.whole(COLLATERAL, self.balances()[COLLATERAL]) * price)
        return exact_decimal(worth / debt)

    def shown_answer(self) -> Decimal | None:
        """Return what the reader in use says; None while it refuses."""
        return None if self.oracle_price() is None else self.answer(self.latest)

    def watches(self) -> list[Watch]:
        """Sample what each reader says and the health under it."""
        medians: list[tuple[str, EvenRule]] = [
            ("lower median", "lower"),
            ("mean of the middle two", "mean-down"),
        ]
        rows = [Watch("latest (used)", "USD/USTRY", "USTRY by reader", self.shown_answer)]
        rows += [
            Watch(name, "USD/USTRY", "USTRY by reader", partial(self.answer, self.median(even)))
            for name, even in medians
        ]
        rows += [
            Watch(
                "at the adapter's price",
                "x",
                "Health of the attacker",
                lambda: None if self.oracle_price() is None else self.health_with(self.answer(self.latest)),
            ),
            Watch(
                "at the honest price",
                "x",
                "Health of the attacker",
                lambda: self.health_with(self.honest_price()),
            ),
        ]
        return rows

    def view_before(self) -> View:
        """Look at the feed before the poisoned samples."""
        return replace(self.world.view(), time=self.honest_sample().time)

    def readers(self) -> list[Reader]:
        """Offer medians, delays and guards over the same samples."""
        rules: list[EvenRule] = ["lower", "mean-down", "upper"]
        interval = self.world.time - self.sample_times[-2]
        latest, delays = self.latest, (interval, 2 * interval)
        oldest = self.sources[-1]
        speed = RateOfChange(Fraction(0), LIMIT, parents=(latest, oldest))
        highest = Fraction(self.honest_price()) * (1 + LIMIT)
        return [
            *(
                Reader(f"median of the four samples, {rule}", MEDIAN, partial(self.median, rule))
                for rule in rules
            ),
            *(Reader(f"the sample of {k} s ago", DELAY, partial(DelayedSample, FEED, k)) for k in delays),
            Reader(
                f"refused beyond {percent(LIMIT)} of the oldest of the four",
                DEVIATION,
                lambda: DeviationLimit(LIMIT, "second", parents=(latest, oldest)),
            ),
            Reader("refused where it moved too far within the four", DEVIATION, lambda: speed),
            Reader(
                f"held within {percent(LIMIT)} of the last honest sample",
                CAP,
                lambda: Bounds(Fraction(0), highest, "clamp", parents=(latest,)),
            ),
        ]

    def stake(self) -> Stake:
        """Count what was drawn beyond the honest value of the collateral."""
        worth = self.whole(COLLATERAL, self.balances()[COLLATERAL]) * self.honest_price()
        owed = sum((self.whole(a, self.owed(a)) * self.prices[a] for a in self.debt_tokens), Decimal(0))
        basis = "profit: drained less the collateral at the honest price; loss: debt less the same"
        return Stake(self.drained - worth, max(owed - worth, Decimal(0)), "USD", basis)

    def median(self, even: EvenRule) -> Median:
        """Return the median of the four samples under an even-count rule."""
        return Median(even=even, parents=self.sources)

    def finish(self) -> None:
        """Show what each even-count rule makes of two poisoned samples in four."""
        rules: list[EvenRule] = ["lower", "mean-down", "upper"]
        for even in rules:
            price = self.answer(self.median(even))
            verdict = "refused" if self.health_with(price) < 1 else "still permitted"
            self.findings.append(
                Finding(
                    f"median of the four samples, {even}",
                    f"{price}",
                    "USD",
                    f"health at the end would be {self.health_with(price):.4f}: {verdict}",
                )
            )
        self.notes.append(
            "A median of an even number of samples has no single value: the row takes the mean of the middle "
            "two, the findings give the lower and the upper one."
        )

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the predictions."""
        held = self.whole(COLLATERAL, self.balances()[COLLATERAL])
        return {
            **self.health_at,
            "adapter_price": self.answer(self.latest),
            "drained_usd": self.drained,
            "real_collateral_value_usd": held * self.honest_price(),
            "price_from_a_median_of_the_four_samples": self.answer(self.median("mean-down")),
        }
