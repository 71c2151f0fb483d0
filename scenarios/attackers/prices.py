"""Moving the price that a protocol reads: by flash loan, over blocks, in a thin market."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from scenarios.agents.lending import log_step
from scenarios.attackers.attacker import ATTACKER, Attacker, Purse, searched
from scenarios.files.quantities import NotNegative, Positive

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation

Blocks = Annotated[int, Field(ge=0, le=100_000, strict=True)]


class FlashLoanManipulation(Attacker):
    """Pump collateral in a pool within one transaction, borrow against it, sell back what was not deposited.

    A flash loan pays for the pump, the collateral is bought outside at the fair price with own money, and
    the pump is undone by selling everything back before the loan is repaid.
    """

    type: Literal["flash-loan-manipulation"] = "flash-loan-manipulation"
    venue: str = Field(description="Pool that the oracle reads.")
    collateral: str
    quote: str = Field(description="The pool's other asset.")
    borrow: list[str] = Field(
        min_length=1, description="Assets drawn, in this order, each as far as permitted."
    )
    pump: NotNegative = searched(1e3, 1e8, "Money spent on the pump.", log=True)
    deposit: NotNegative = searched(1e3, 1e7, "Money for collateral bought outside.", log=True)

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Do all of it in one transaction."""
        units = game.worth(Fraction(self.deposit), self.collateral)
        room = game.protocol.most_deposit(self.collateral)
        units = units if room is None else min(units, room)
        self.bring(game, purse, self.collateral, units)
        with self.move(game, purse, "flash loan, pump, borrow, unwind") as transaction:
            asked = game.worth(Fraction(self.pump), self.quote)
            loan = game.flash_loan(transaction, ATTACKER, self.quote, asked)
            purse.flash_loan = max(purse.flash_loan, game.value(self.quote, loan.amount))
            bought = self.swap(game, purse, self.venue, self.quote, self.collateral, loan.amount)
            game.protocol.deposit(ATTACKER, self.collateral, units)
            draw(game, self.borrow)
            self.swap(game, purse, self.venue, self.collateral, self.quote, bought)
            self.find(game, purse, self.quote, loan.owed, self.borrow)
            transaction.repay(loan)


class MultiBlockTwap(Attacker):
    """Pump a pair, keep it pumped over blocks, borrow at the moved average, sell back.

    No flash loan lives that long: the pump is own capital. In blocks that the attacker does not control the
    agents of the file act, arbitrageurs among them; where the file has a chain whose proposer attackers own,
    the attack begins when he has as many slots in a row.
    """

    type: Literal["multi-block-twap"] = "multi-block-twap"
    venue: str
    collateral: str
    quote: str
    borrow: list[str] = Field(min_length=1)
    pump: NotNegative = searched(1e3, 1e8, "Money spent on the pump, own capital.", log=True)
    deposit: NotNegative = searched(1e3, 1e7, "Money for collateral bought outside.", log=True)
    blocks: Blocks = searched(1, 200, "Blocks between pump and borrow.", whole=True)
    controlled_blocks: Blocks = Field(1, description="Of these, the first ones that the attacker proposes.")

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Pump, wait, borrow, unwind."""
        units = game.worth(Fraction(self.deposit), self.collateral)
        room = game.protocol.most_deposit(self.collateral)
        units = units if room is None else min(units, room)
        pump = game.worth(Fraction(self.pump), self.quote)
        self.bring(game, purse, self.collateral, units)
        self.bring(game, purse, self.quote, pump)
        self.wait_for_control(game, min(self.controlled_blocks, self.blocks))
        with self.move(game, purse, "pump"):
            bought = self.swap(game, purse, self.venue, self.quote, self.collateral, pump)
            for memory in game.open_averages():
                game.store_observation(memory)
        self.wait_blocks(game, self.blocks, self.controlled_blocks)
        with self.move(game, purse, "deposit and borrow"):
            game.protocol.deposit(ATTACKER, self.collateral, units)
            draw(game, self.borrow)
        with self.move(game, purse, "unwind"):
            self.swap(game, purse, self.venue, self.collateral, self.quote, bought)


class ThinMarketPump(Attacker):
    """Be long and short with oneself, pump the thin spot market, borrow against the gain (Mango).

    The short account is left behind; what the spot purchase cost is lost as far as the price falls back.
    """

    type: Literal["thin-market-pump"] = "thin-market-pump"
    market: str = Field(description="Perpetual.")
    venue: str = Field(description="Spot market that the feed follows.")
    base: str
    quote: str
    borrow: list[str] = Field(min_length=1)
    position: NotNegative = searched(1e3, 1e8, "Notional that each account holds, in money.", log=True)
    margin: Positive = searched(1e3, 2e7, "Money deposited in each account.", log=True)
    pump: NotNegative = searched(1e3, 2e7, "Money spent on the spot market.", log=True)
    updates: Blocks = Field(1, description="Blocks in which publishers follow the pumped price.")

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Deposit twice, match, pump, let the publishers follow, borrow."""
        settlement = game.file.margin.settlement
        other = self.second_account(game, purse)
        margin = game.worth(Fraction(self.margin), settlement)
        pump = game.worth(Fraction(self.pump), self.quote)
        for owner in (ATTACKER, other):
            self.bring(game, purse, settlement, margin, owner)
            with self.move(game, purse, f"deposit of {owner}"):
                game.protocol.deposit(owner, settlement, margin)
        self.bring(game, purse, self.quote, pump)
        perpetual = game.file.perpetuals[self.market]
        price = game.outside[perpetual.underlying] / game.outside[settlement]
        base = Fraction(self.position) / game.outside[perpetual.underlying]
        units = int(base * 10**perpetual.decimals)
        if perpetual.position_limit is not None:
            units = min(units, int(perpetual.position_limit.scaleb(perpetual.decimals)))
        with self.move(game, purse, "match long against short"):
            game.protocol.trade(ATTACKER, other, self.market, units, price, ATTACKER)
        with self.move(game, purse, "pump"):
            self.swap(game, purse, self.venue, self.quote, self.base, pump)
        self.wait_blocks(game, self.updates)
        with self.move(game, purse, "borrow against the gain"):
            draw(game, self.borrow)


class LiquidationHunting(Attacker):
    """Push a pool's price down within one transaction, liquidate whom that hurts, and buy back.

    The bonus on what is liquidated must exceed the cost of the push and of buying back.
    """

    type: Literal["liquidation-hunting"] = "liquidation-hunting"
    venue: str
    collateral: str
    quote: str
    debt: str
    push: NotNegative = searched(1e3, 1e8, "Money worth of collateral sold.", log=True)
    purse_size: NotNegative = searched(
        1e3, 1e8, "Money at hand to repay debts with, flash-borrowed.", log=True
    )

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Borrow both assets for one transaction, sell, liquidate, buy back, repay."""
        with self.move(game, purse, "push, liquidate, buy back") as transaction:
            units = game.worth(Fraction(self.push), self.collateral)
            pushed = game.flash_loan(transaction, ATTACKER, self.collateral, units)
            asked = game.worth(Fraction(self.purse_size), self.debt)
            repaying = game.flash_loan(transaction, ATTACKER, self.debt, asked)
            lent = game.value(self.collateral, pushed.amount) + game.value(self.debt, repaying.amount)
            purse.flash_loan = max(purse.flash_loan, lent)
            got = self.swap(game, purse, self.venue, self.collateral, self.quote, pushed.amount)
            liquidate_all(game)
            self.swap(game, purse, self.venue, self.quote, self.collateral, got)
            for loan in (pushed, repaying):
                self.find(game, purse, loan.asset, loan.owed, (self.collateral, self.debt, self.quote))
                transaction.repay(loan)


def draw(game: Simulation, assets: list[str], owner: str = ATTACKER) -> None:
    """Borrow each asset in turn, as much as rule, cap and cash permit."""
    for asset in assets:
        units = game.protocol.withdraw_most(owner, asset)
        game.record(owner, "borrow", asset=asset, amount=game.whole(asset, units))


def liquidate_all(game: Simulation, keeper: str = ATTACKER, most: int = 1000, only: str = "") -> int:
    """Liquidate everybody else who is short of margin; return the number of steps that moved anything.

    Parameters
    ----------
    only
        One owner, if nobody else is to be touched.
    """
    market, done = game.protocol.market(), 0
    for owner in game.protocol.liquidatable(market):
        if owner == keeper or (only and owner != only):
            continue
        while done < most and game.protocol.judge(owner, market).excess < 0:
            step = game.protocol.liquidate(owner, keeper, market)
            log_step(game, keeper, owner, step)
            if step.moved is None:
                break
            done += 1
    return done
