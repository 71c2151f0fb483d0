"""Using what a protocol believes: donated rates, stale feeds, bought publishers, chosen moments."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from oracles.node import Sample
from protocol.errors import MissingPriceError
from scenarios.agents.trading import MarketMaker
from scenarios.attackers.attacker import ATTACKER, Attacker, Purse, searched
from scenarios.attackers.prices import draw, liquidate_all
from scenarios.files.quantities import Fraction as Part
from scenarios.files.quantities import NotNegative, Positive
from scenarios.world import Feed

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation

ENOUGH = Fraction(1001, 1000)
"""Security over what the rule asks for, against rounding."""
Whole = Annotated[int, Field(ge=0, strict=True)]


class Donation(Attacker):
    """Pledge vault shares, donate to the vault so that its rate jumps, and borrow (C.R.E.A.M.).

    A gift is shared by all holders, and raises what the collateral is truly worth: alone it does not pay.
    It pays where shares can be borrowed: a second account borrows the pledged shares against flash-borrowed
    security, they are pledged again, and the last ones are redeemed, so that the vault shrinks to little
    while the pledged claims are many times as large.
    """

    type: Literal["donation"] = "donation"
    vault: str
    borrow: list[str] = Field(min_length=1)
    security: str = Field("", description="Asset flash-borrowed to borrow shares with; empty for no loops.")
    stake: Positive = searched(
        1e2, 1e7, "Money deposited in the vault, flash-borrowed as far as lent.", log=True
    )
    gift: NotNegative = searched(1e2, 1e8, "Money donated.", log=True)
    loops: Annotated[int, Field(ge=0, le=100, strict=True)] = searched(
        0, 12, "Times that the shares are borrowed; the last ones are redeemed.", whole=True
    )

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Do all of it in one transaction; what is still owed then is own capital."""
        vault = game.world.vault(self.vault)
        asset, share = vault.asset, vault.share
        other = self.second_account(game, purse)
        with self.move(game, purse, "pledge, borrow shares, donate, borrow") as transaction:
            stake, gift = (game.worth(Fraction(part), asset) for part in (self.stake, self.gift))
            loans = [game.flash_loan(transaction, ATTACKER, asset, stake + gift)]
            if stake + gift > loans[0].amount:
                self.bring(game, purse, asset, stake + gift - loans[0].amount)
            self._pledge(game, share, game.world.deposit(ATTACKER, self.vault, stake))
            if self.security and self.loops:
                factor = Fraction(game.protocol.listing(self.security).collateral_factor)
                secured = game.worth(self.loops * Fraction(self.stake) * ENOUGH / factor, self.security)
                loans.append(game.flash_loan(transaction, other, self.security, secured))
                game.protocol.deposit(other, self.security, loans[1].amount)
            lent = sum((game.value(loan.asset, loan.amount) for loan in loans), Fraction(0))
            purse.flash_loan = max(purse.flash_loan, lent)
            for loop in range(self.loops if self.security else 0):
                shares = game.protocol.withdraw_most(other, share)
                game.world.move(other, ATTACKER, share, shares, "to the first account")
                if loop + 1 < self.loops:
                    self._pledge(game, share, shares)
                elif shares:
                    game.world.redeem(ATTACKER, self.vault, shares)
            game.world.donate(ATTACKER, self.vault, gift)
            purse.manipulation_cost += game.value(asset, gift)
            draw(game, self.borrow)
            for loan in loans:
                self.find(game, purse, loan.asset, loan.owed, [*self.borrow, asset])
                transaction.repay(loan, ATTACKER)

    @staticmethod
    def _pledge(game: Simulation, share: str, shares: int) -> None:
        room = game.protocol.most_deposit(share)
        game.protocol.deposit(ATTACKER, share, shares if room is None else min(shares, room))


class StaleFeed(Attacker):
    """Buy what has fallen outside and borrow against it at the price that the oracle still gives.

    A feed is stale because nobody has published, or bounded because its reader never goes below a floor.
    """

    type: Literal["stale-feed"] = "stale-feed"
    collateral: str
    borrow: list[str] = Field(min_length=1)
    fall: Part = Field(description="Relative fall of the outside price before the attack.")
    delay: Whole = Field(0, description="Seconds between the fall and the attack, in which publishers act.")
    deposit: NotNegative = searched(1e3, 1e8, "Money for collateral bought outside after the fall.", log=True)

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Let the price fall, buy, deposit, borrow."""
        fallen = game.outside[self.collateral] * (1 - Fraction(self.fall))
        game.set_outside(self.collateral, fallen)
        for _ in range(-(-self.delay // game.file.run.block_seconds)):
            self.wait_blocks(game, 1)
        units = game.worth(Fraction(self.deposit), self.collateral)
        room = game.protocol.most_deposit(self.collateral)
        units = units if room is None else min(units, room)
        self.bring(game, purse, self.collateral, units)
        with self.move(game, purse, "deposit at the stale price and borrow"):
            game.protocol.deposit(ATTACKER, self.collateral, units)
            draw(game, self.borrow)


class PublisherMinority(Attacker):
    """Publish false samples to some of the feeds behind a price, and borrow against it (YieldBlox's kind).

    What a publisher's key or an empty order book costs is ``price_of_a_feed``.
    """

    type: Literal["publisher-minority"] = "publisher-minority"
    feeds: list[str] = Field(min_length=1, description="Feeds that can be bought, the cheapest first.")
    collateral: str
    borrow: list[str] = Field(min_length=1)
    corrupt: Whole = Field(description="How many of the feeds are bought.")
    samples: Whole = Field(1, description="False samples written to each, one per block.")
    factor: Positive = searched(1.01, 1000, "False price over the true one.", log=True)
    deposit: NotNegative = searched(1e2, 1e7, "Money for collateral, own capital.", log=True)
    price_of_a_feed: NotNegative = Decimal(0)

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Publish, deposit, borrow."""
        units = game.worth(Fraction(self.deposit), self.collateral)
        room = game.protocol.most_deposit(self.collateral)
        units = units if room is None else min(units, room)
        self.bring(game, purse, self.collateral, units)
        bought = self.feeds[: self.corrupt]
        purse.bribes += Fraction(self.price_of_a_feed) * len(bought)
        for _ in range(self.samples):
            self.pass_block(game)
            for feed in bought:
                with self.move(game, purse, f"false sample of {feed}"):
                    game.publish(ATTACKER, feed, game.outside[self.collateral] * Fraction(self.factor))
        with self.move(game, purse, "deposit and borrow"):
            game.protocol.deposit(ATTACKER, self.collateral, units)
            draw(game, self.borrow)


class LatencyChoice(Attacker):
    """Choose among the prices of the last seconds when entering and leaving a perpetual on a pull oracle.

    The strategy knows the feed's samples within ``window`` and lets the protocol see the lowest when it buys;
    it sells at the newest, against a maker of the file. What remains is a free look-back option.
    """

    type: Literal["latency-choice"] = "latency-choice"
    maker: str = Field(description="Market maker of the file, which quotes around the oracle's price.")
    feed: str
    window: Whole = Field(description="Age in seconds up to which a sample is accepted.")
    samples: list[Positive] = Field(
        min_length=1, description="Outside price after each block as a multiple of the start."
    )
    margin: Positive = searched(1e3, 1e7, "Money deposited.", log=True)
    leverage: Positive = searched(0.1, 20, "Notional over margin.")

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Let the samples pass, buy at the best one, sell at the last."""
        maker = game.file.agents[self.maker]
        assert isinstance(maker, MarketMaker)
        perpetual, settlement = game.file.perpetuals[maker.market], game.file.margin.settlement
        start = game.file.price(perpetual.underlying)
        for multiple in self.samples:
            self.pass_block(game)
            game.set_outside(perpetual.underlying, start * multiple)
            game.publish("publisher", self.feed, game.outside[perpetual.underlying])
        margin = game.worth(Fraction(self.margin), settlement)
        self.bring(game, purse, settlement, margin)
        with self.move(game, purse, "deposit"):
            game.protocol.deposit(ATTACKER, settlement, margin)
        published = game.world.state.values[self.feed]
        assert isinstance(published, Feed)
        usable = [s for s in published.samples if game.world.time - s.time <= self.window] or [
            published.samples[-1]
        ]
        chosen, newest = min(usable, key=lambda sample: (sample.value, sample.time)), published.samples[-1]
        with self.move(game, purse, "buy at the chosen sample"):
            units = self._buy(game, maker, chosen)
        with self.move(game, purse, "sell at the newest sample"):
            game.publish(ATTACKER, self.feed, Fraction(newest.value, 10**newest.decimals))
            price = self._price(game, maker, buying=False)
            game.protocol.trade(self.maker, ATTACKER, maker.market, units, price, ATTACKER)

    @staticmethod
    def _price(game: Simulation, maker: MarketMaker, *, buying: bool) -> Fraction:
        """Return the maker's price; without an oracle price it quotes none, and the attack is refused."""
        price = maker.price(game, buying=buying)
        if price is None:
            raise MissingPriceError(game.file.perpetuals[maker.market].underlying, ())
        return price

    def _buy(self, game: Simulation, maker: MarketMaker, chosen: Sample) -> int:
        """Submit the chosen sample and buy; return raw base units."""
        game.publish(ATTACKER, self.feed, Fraction(chosen.value, 10**chosen.decimals))
        price = self._price(game, maker, buying=True)
        settlement = game.file.margin.settlement
        notional = Fraction(self.margin) * Fraction(self.leverage) / game.outside[settlement]
        units = int(notional / price * 10 ** game.file.perpetuals[maker.market].decimals)
        units = min(units, maker.room(game, self.maker, buying=True))
        game.protocol.trade(ATTACKER, self.maker, maker.market, units, price, ATTACKER)
        return units


class SelfLiquidation(Attacker):
    """Borrow to the limit, let the price fall a little, and liquidate oneself for the bonus.

    Threshold times one plus bonus above one means that each step of a liquidation lowers what is left: the
    account ends below zero and the other account has the bonus. The fall itself is hedged outside.
    """

    type: Literal["self-liquidation"] = "self-liquidation"
    collateral: str
    debt: str
    feed: str = Field("", description="Feed that follows the fall; empty where the oracle sees it by itself.")
    fall: Part = searched(0.001, 0.6, "Relative fall of the price between borrowing and liquidation.")
    deposit: NotNegative = searched(1e3, 1e7, "Money for collateral, own capital.", log=True)

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Borrow with the second account, let the price fall, liquidate with the first."""
        other = self.second_account(game, purse)
        units = game.worth(Fraction(self.deposit), self.collateral)
        self.bring(game, purse, self.collateral, units, other)
        with self.move(game, purse, "deposit and borrow"):
            game.protocol.deposit(other, self.collateral, units)
            draw(game, [self.debt], other)
            game.world.move(
                other, ATTACKER, self.debt, game.balance(other, self.debt), "to the other account"
            )
        fallen = game.outside[self.collateral] * (1 - Fraction(self.fall))
        game.set_outside(self.collateral, fallen)
        self.pass_block(game)
        if self.feed:
            game.publish("publisher", self.feed, game.outside[self.collateral])
        with self.move(game, purse, "liquidate oneself"):
            liquidate_all(game, only=other)
