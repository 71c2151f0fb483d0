"""Borrowers who loop, populations of borrowers, and keepers who liquidate."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction as Exact
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from protocol.errors import RuleError
from scenarios.agents.agent import Agent
from scenarios.files.quantities import Fraction, NotNegative, Positive
from scenarios.simulation.backstop import guard_vault, log_fills
from scenarios.world import OUTSIDE

if TYPE_CHECKING:
    from protocol.liquidation.machine import Step
    from protocol.market_state import MarketState
    from scenarios.simulation.simulation import Simulation


class LoopingBorrower(Agent):
    """Deposit, borrow, buy more collateral, deposit again: leverage by loops, at the start."""

    type: Literal["looping-borrower"] = "looping-borrower"
    collateral: str
    debt: str
    sell_on: str = Field(
        "outside", description="Where the debt is sold for collateral; a venue or `outside`."
    )
    loops: Annotated[int, Field(ge=1, le=50, strict=True)] = 5
    use: Fraction = Field(Decimal("0.95"), description="Part of the permitted debt drawn in each loop.")

    def open(self, game: Simulation, me: str) -> None:
        """Build the position."""
        for loop in range(self.loops):
            with game.attempt(me, f"loop {loop + 1}"):
                held = game.balance(me, self.collateral)
                game.protocol.deposit(me, self.collateral, held)
                drawn = int(game.protocol.most_withdrawal(me, self.debt) * self.use)
                game.protocol.withdraw(me, self.debt, drawn)
                game.record(me, "borrow", asset=self.debt, amount=game.whole(self.debt, drawn))
                if self.sell_on == "outside":
                    game.trade_outside(me, self.debt, self.collateral, drawn)
                else:
                    game.swap(me, self.sell_on, self.debt, self.collateral, drawn)
        with game.attempt(me, "last deposit"):
            game.protocol.deposit(me, self.collateral, game.balance(me, self.collateral))

    def act(self, game: Simulation, me: str) -> None:
        """Hold."""


class Borrowers(Agent):
    """A population of borrowers, opened at the start with a drawn health each; they do not react."""

    type: Literal["borrowers"] = "borrowers"
    count: Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
    collateral: str
    debt: str
    mean_debt: Positive = Field(description="In money; exponential.")
    lowest_health: Positive = Field(Decimal("1.05"), description="Threshold value over debt.")
    highest_health: Positive = Field(Decimal("2"), description="Uniform between the two.")

    def open(self, game: Simulation, me: str) -> None:
        """Bring collateral into the world and take out the debt, account by account."""
        stream = game.streams[me]
        listing = game.file.listings[self.collateral]
        threshold = listing.liquidation_threshold or listing.collateral_factor
        width = float(self.highest_health - self.lowest_health)
        with game.transaction(f"{me} open"):
            for number in range(self.count):
                debt = Exact(Decimal(f"{stream.exponential(float(self.mean_debt)):.2f}"))
                health = Exact(Decimal(f"{float(self.lowest_health) + width * stream.uniform():.6f}"))
                account = game.protocol.account(f"{me} {number + 1}")
                owed = min(game.worth(debt, self.debt), game.protocol.cash(self.debt))
                needed = game.value(self.debt, owed) * health / Exact(threshold)
                game.world.fund(account, self.collateral, game.worth(needed, self.collateral))
                game.world.move(account, OUTSIDE, self.debt, owed, "opening debt")
        game.record(me, "opened", accounts=self.count, debt=self.debt, collateral=self.collateral)

    def act(self, game: Simulation, me: str) -> None:
        """Hold."""


class Keeper(Agent):
    """Liquidate whatever pays, with own capital, some steps late, selling what it gets.

    Where positions are taken over it keeps them, as far as its own initial margin reaches.
    """

    transaction_kind: ClassVar[str] = "keeper"

    type: Literal["keeper"] = "keeper"
    latency: Annotated[int, Field(ge=0, strict=True)] = Field(
        0, description="Steps between an account's fall below its requirement and the first attempt."
    )
    least_profit: NotNegative = Field(Decimal(0), description="Money below which it does not act (gas).")
    sell_on: str = Field("outside", description="Venue or `outside`.")
    most_steps: Annotated[int, Field(ge=1, strict=True)] = Field(
        50, description="Liquidation steps it does within one step of the simulation."
    )

    def open(self, game: Simulation, me: str) -> None:
        """Deposit the capital where positions are to be taken over."""
        if game.file.perpetuals:
            with game.transaction(f"{me} deposits"):
                for asset in self.funds:
                    game.protocol.deposit(me, asset, game.balance(me, asset))

    def observe(self, game: Simulation, me: str) -> None:
        """Note since which step each account has been short of margin."""
        self._watch(game, me, game.protocol.market())

    def act(self, game: Simulation, me: str) -> None:
        """Liquidate and sell, most urgent accounts first."""
        market = game.protocol.market()
        with game.attempt(me, "guard the vault"):
            guard_vault(game, market)
        done = 0
        for owner, first in self._watch(game, me, market).items():
            while game.step - first >= self.latency and done < self.most_steps:
                done += 1
                if not self._liquidate(game, me, owner, market):
                    break

    @staticmethod
    def _watch(game: Simulation, me: str, market: MarketState) -> dict[str, int]:
        seen = game.world.state.values.get(f"watch of {me}", {})
        assert isinstance(seen, dict)
        short = game.protocol.liquidatable(market)
        since = {owner: seen.get(owner, game.step) for owner in short if owner != me}
        game.world.state.values[f"watch of {me}"] = since
        return since

    def _liquidate(self, game: Simulation, me: str, owner: str, market: MarketState) -> bool:
        """Do one liquidation step and sell; return whether there is more to do for this account."""
        protocol, kept = game.protocol, len(game.events)
        with game.attempt(me, f"flag {owner}"):
            # Of its own: auctions run from here even where nobody takes the first price.
            protocol.flag(owner, market)
        try:
            with game.transaction(f"{me} liquidates {owner}"):
                before = game.worth_of(me)
                step = protocol.liquidate(owner, me, market)
                log_step(game, me, owner, step)
                self._sell(game, me, step)
                if game.file.perpetuals:
                    protocol.require_initial(me)
                mine = step.taker in {me, protocol.account(me)}
                if mine and game.worth_of(me) - before < self.least_profit:
                    raise NotWorthwhileError(owner)
        except RuleError as error:
            del game.events[kept:]
            game.record(me, "refused", what=f"liquidation of {owner}", why=error.code, message=error.message)
            return False
        return bool(step.moved is not None or step.fills) and protocol.judge(owner, market).excess < 0

    def _sell(self, game: Simulation, me: str, step: Step) -> None:
        """Turn what was seized into what was paid."""
        if step.moved is None or game.file.perpetuals:
            return
        paid = [asset for asset, units in step.moved.paid.items() if units > 0]
        for asset in [a for a, units in step.moved.taken.items() if units > 0 and a not in paid]:
            units = game.balance(me, asset)
            target = paid[0] if paid else next(iter(self.funds), asset)
            if target != asset and units:
                if self.sell_on == "outside":
                    game.trade_outside(me, asset, target, units)
                else:
                    game.swap(me, self.sell_on, asset, target, units)


def log_step(game: Simulation, keeper: str, owner: str, step: Step) -> None:
    """Write a liquidation step and what the waterfall paid into the log."""
    if step.moved is not None:
        perpetuals = game.file.perpetuals
        volume = Exact(0)
        for asset, units in step.moved.taken.items():
            if asset in perpetuals:
                base = Exact(units, 10 ** game.world.decimals[asset])
                volume += abs(base * game.outside[perpetuals[asset].underlying])
            elif asset in game.protocol.options:
                volume += abs(game.unit_values()[asset] * units)
            elif asset in game.outside and (not perpetuals or units > 0):
                volume += abs(game.value(asset, units))
        game.record(
            keeper,
            "liquidation",
            account=owner,
            volume=money(volume),
            excess_before=Decimal(step.before.excess).scaleb(-game.protocol.scale),
            excess_after=Decimal(step.after.excess).scaleb(-game.protocol.scale),
            stage=step.stages[-1].value,
        )
    log_fills(game, owner, step)
    for payment in step.payments:
        loss = money(game.value(payment.asset, payment.amount))
        payer = payment.payer.split(":")[-1]
        game.record(
            payer,
            "loss paid",
            account=owner,
            amount=loss,
            asset=payment.asset,
            units=payment.amount,
            how=payment.memo,
        )


def money(value: Exact) -> Decimal:
    """Return an amount of money to the cent."""
    return Decimal(round(value * 100)).scaleb(-2)


class NotWorthwhileError(RuleError):
    """A keeper would earn less than it asks for."""

    code = "not-worthwhile"

    def __init__(self, account: str) -> None:
        super().__init__(f"liquidating {account} does not pay", account=account)
