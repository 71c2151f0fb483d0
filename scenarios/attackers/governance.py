"""Listing an own asset as collateral by votes or by a slack policy, and borrowing everything against it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from protocol.transaction import FlashLoan, Transaction
from scenarios.attackers.attacker import ATTACKER, Attacker, Purse, searched
from scenarios.attackers.prices import draw
from scenarios.files.protocol_rules import ListingFile
from scenarios.files.quantities import Fraction as Part
from scenarios.files.quantities import NotNegative, Positive
from scenarios.simulation import governance

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


class GovernanceListing(Attacker):
    """Pass a proposal that lists an own asset with generous terms, pump its price, borrow all there is.

    Bought votes and a price source that the proposal names are Fortress' order of events (8 May 2022), votes
    of a flash loan Beanstalk's (17 April 2022), a listing that needs no vote an open market's. A snapshot of
    the block's start, a guardian within the timelock, lenders who leave in it, a supply cap and an isolated
    listing stop it or bound what it earns.
    """

    type: Literal["governance-listing"] = "governance-listing"
    asset: str = Field(description="The attacker's own asset, not listed yet.")
    node: str = Field(description="Oracle node that is to price it.")
    venue: str = Field(description="Spot market that the node reads.")
    quote: str = Field(description="Its other asset.")
    borrow: list[str] = Field(min_length=1)
    flash_votes: bool = Field(False, description="Whether the votes are flash-borrowed; otherwise bought.")
    votes: Part = searched(0.001, 0.9, "Part of the token's supply that votes for it.")
    collateral_factor: Part = searched(0.1, 0.95, "Collateral factor that is proposed.")
    deposit: Positive = searched(1e2, 1e7, "Money's worth of the asset that is deposited.", log=True)
    pump: NotNegative = searched(1e2, 1e8, "Money spent on its price, flash-borrowed.", log=True)

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Buy votes, propose and vote, wait, then execute, pump, deposit, borrow and sell back at once."""
        rules = game.file.governance
        supply = rules.supply if rules.token and rules.supply is not None else Decimal(0)
        wanted = game.units(rules.token, supply * self.votes) if rules.token else 0
        if wanted and not self.flash_votes:
            self.bring(game, purse, rules.token, wanted)
            self.wait_blocks(game, 1)
        listing = ListingFile(collateral_factor=self.collateral_factor, borrowable=False)
        with self.move(game, purse, "propose and vote") as transaction:
            loan = self._borrow_votes(game, purse, transaction, wanted)
            governance.propose(game, ATTACKER, self.asset, listing, self.node)
            governance.vote(game, ATTACKER)
            if loan is not None:
                self.find(game, purse, rules.token, loan.owed, ())
                transaction.repay(loan)
        governance.wait_timelock(game)
        units = game.worth(Fraction(self.deposit), self.asset)
        self.bring(game, purse, self.asset, units)
        with self.move(game, purse, "execute, pump, borrow, unwind") as transaction:
            governance.execute(game, ATTACKER)
            loan = game.flash_loan(
                transaction, ATTACKER, self.quote, game.worth(Fraction(self.pump), self.quote)
            )
            purse.flash_loan = max(purse.flash_loan, game.value(self.quote, loan.amount))
            bought = self.swap(game, purse, self.venue, self.quote, self.asset, loan.amount)
            room = game.protocol.most_deposit(self.asset)
            game.protocol.deposit(ATTACKER, self.asset, units if room is None else min(units, room))
            draw(game, self.borrow)
            self.swap(game, purse, self.venue, self.asset, self.quote, bought)
            self.find(game, purse, self.quote, loan.owed, self.borrow)
            transaction.repay(loan)

    def _borrow_votes(
        self, game: Simulation, purse: Purse, transaction: Transaction, wanted: int
    ) -> FlashLoan | None:
        if not (wanted and self.flash_votes):
            return None
        loan = game.flash_loan(transaction, ATTACKER, game.file.governance.token, wanted)
        purse.flash_loan = max(purse.flash_loan, game.value(loan.asset, loan.amount))
        return loan
