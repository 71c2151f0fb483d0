"""10 October 2025 on Hyperliquid: what deleveraging took from winners, against what it needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from protocol.liquidation.deleveraging.accounting import Wave, total
from protocol.liquidation.waterfall import Basis
from scenarios.errors import NoStepError
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import Reader, Stake
from scenarios.incidents.replayer import Replayer, Watch
from scenarios.result import Finding, Point, Series

EXCHANGE, WINNERS, LOSERS, HOUSE = "hyperliquid", "winners", "losers", "house"
CASH = "USD"
NOT_SHIPPED = Missing("the rows behind this figure are under a non-commercial licence and are not shipped")
NO_WAVES = Missing("the deficit, need and takings of the waves are not in the file")
ELSEWHERE = Missing("a figure of the press or of another exchange; no fact of the file leads to it")


class HyperliquidAdlReplayer(Replayer):
    """The sixteen waves on a ledger: winners give what production took, losers get what was needed.

    What was taken beyond the need stays with the exchange's house account: the overshoot is its balance. The
    counterfactual table runs the other policies; its multiple is what was taken over what was needed.
    """

    policy = "production"

    def build(self) -> None:
        """Fund the winners of every wave with what they could give."""
        self.world.decimals[CASH] = 2
        self.policies: list[str] = []
        self.rows: list[tuple[Decimal, ...]] = []
        if self.facts.has("parameters", "waves"):
            self.policies = [str(name) for name in self.facts.sequence("parameters", "wave_policies")]
            count = len(self.facts.sequence("parameters", "waves"))
            self.rows = [self.facts.decimals("parameters", "waves", index) for index in range(count)]
        for name in (WINNERS, LOSERS, HOUSE):
            self.world.margin_account(EXCHANGE, name)
        capacity = sum((row[3] for row in self.rows), Decimal(0))
        self.world.fund(self.account(WINNERS), CASH, self.units(CASH, capacity))
        self.seconds: Decimal | None = None
        self.first: Decimal | None = None
        self.done: list[Wave] = []
        self.short = Decimal(0)

    def account(self, name: str) -> str:
        """Return a margin account of the exchange."""
        return self.world.margin_account(EXCHANGE, name)

    def do_first_liquidation(self, step: Facts, actor: str) -> str:
        """Note the time."""
        self.first = _seconds(step.text("time"))
        return f"first liquidation at {step.text('time')}"

    def do_first_adl(self, step: Facts, actor: str) -> str:
        """Note the time since the first liquidation."""
        if self.first is None:
            raise NoStepError(self.facts.document.file, "first_liquidation")
        self.seconds = _seconds(step.text("time")) - self.first
        return f"first deleveraging {self.seconds} s after the first liquidation"

    def do_adl_waves(self, step: Facts, actor: str) -> str:
        """Book every wave."""
        for number, deficit, needed, capacity, *taken in self.rows:
            removed = taken[self.policies.index(self.policy)]
            wave = Wave(float(needed), float(removed), float(deficit), float(capacity), Basis.EQUITY)
            self.done.append(wave)
            memo = f"wave {number}"
            self.world.move(self.account(WINNERS), self.account(HOUSE), CASH, self.units(CASH, removed), memo)
            covered = min(needed, removed)
            self.world.move(self.account(HOUSE), self.account(LOSERS), CASH, self.units(CASH, covered), memo)
            # What production lacked in early waves it had to find elsewhere: the account of the losers.
            self.short += needed - covered
        if len(self.done) != step.integer("waves"):
            self.notes.append(f"The file names {step.integer('waves')} waves and lists {len(self.done)}.")
        return f"{len(self.done)} waves take {total(self.done).removed:,.2f} USD from winners"

    def do_depeg(self, step: Facts, actor: str) -> str:
        """Note Binance's depeg; it has no part in the waves."""
        return f"USDe trades at {step.decimal('usde_low')} on Binance"

    def readers(self) -> list[Reader]:
        """Offer the other policies of the file."""

        def use(name: str) -> Reader:
            def change() -> None:
                self.policy = name

            return Reader(
                name.replace("_", " "), "deleveraging policy", change, "multiple: taken over needed, equity"
            )

        return [use(name) for name in self.policies if name != self.policy]

    def answer_multiple(self) -> Decimal | None:
        """Return what was taken over what was needed, over all waves."""
        taken = sum((Decimal(str(wave.removed)) for wave in self.done), Decimal(0))
        needed = sum((Decimal(str(wave.needed)) for wave in self.done), Decimal(0))
        return taken / needed if needed else None

    def stake(self) -> Stake:
        """Count what winners lost beyond the need."""
        if not self.rows:
            return Stake(None, None, "", NO_WAVES.reason)
        whole = total(self.done)
        return Stake(None, Decimal(str(round(whole.overshoot, 2))), "USD", "loss: of winners beyond the need")

    def watches(self) -> list[Watch]:
        """Sample the overshoot."""
        return [
            Watch(
                "house",
                "USD",
                "Taken from winners beyond the need",
                lambda: self.whole(CASH, self.world.balance(self.account(HOUSE), CASH)),
            )
        ]

    def extra_series(self) -> list[Series]:
        """Draw what production took beyond the need, wave by wave."""
        if not self.rows:
            return []
        points = tuple(
            Point(str(row[0]), row[4 + self.policies.index("production")] - row[2]) for row in self.rows
        )
        return [Series("overshoot", "USD", "Taken beyond the need, by wave", points)]

    def finish(self) -> None:
        """State the overshoot of every policy of the file."""
        if not self.rows:
            return
        for index, name in enumerate(self.policies):
            over = sum((row[4 + index] - row[2] for row in self.rows), Decimal(0))
            self.findings.append(
                Finding(
                    f"overshoot of the policy {name.replace('_', ' ')}",
                    f"{over:,.2f}",
                    "USD",
                    "basis: equity; removed less needed over all waves, negative where too little was taken",
                )
            )
        self.findings.append(
            Finding(
                "part of the deficit that production took",
                f"{total(self.done).severity:.3f}",
                "fraction",
                "basis: equity",
            )
        )

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the sums over the waves."""
        deficit = sum((row[1] for row in self.rows), Decimal(0))
        house = self.whole(CASH, self.world.balance(self.account(HOUSE), CASH)) - self.short
        hidden = (
            "adl_events",
            "adl_notional",
            "adl_realised_gain_of_deleveraged",
            "tickers",
            "share_of_adl_positions_in_profit",
            "median_leverage_of_deleveraged",
            *(f"top_tickers_notional_musd.{ticker}" for ticker in ("BTC", "ETH", "SOL", "HYPE", "XPL")),
        )
        return {
            **dict.fromkeys(hidden, NOT_SHIPPED),
            "binance_compensation": ELSEWHERE,
            "market_wide_liquidations": ELSEWHERE,
            "seconds_from_first_liquidation_to_first_adl": (
                Missing("the replay did not reach the first deleveraging")
                if self.seconds is None
                else self.seconds
            ),
            "wave_deficit_total": deficit if self.rows else NO_WAVES,
            "haircut_excess_over_needed_production_queue": house if self.rows else NO_WAVES,
        }


def _seconds(clock: str) -> Decimal:
    """Return the seconds since midnight of ``21:16:04.832``."""
    found = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", clock.strip())
    if found is None:
        raise ValueError(f"{clock!r} is not a time of day such as 21:16:04.832")
    return Decimal(found[1]) * 3600 + Decimal(found[2]) * 60 + Decimal(found[3])
