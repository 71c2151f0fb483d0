"""Pushing a perpetual's mark in its own thin market: to liquidate others, and to collect funding."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from scenarios.agents.trading import MarketMaker
from scenarios.attackers.attacker import ATTACKER, SECOND, Attacker, Purse, searched
from scenarios.attackers.prices import liquidate_all
from scenarios.files.quantities import NotNegative, Positive
from scenarios.simulation.carry.trading import index_of, trade_on_venue

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


class MarkManipulation(Attacker):
    """Push the mark of a perpetual away from its index, hold it there, and let it go.

    Whoever margin judges at the mark and finds short is liquidated by the attacker, who takes the position
    over at the pushed price. While the mark stands off the index, the pushed side pays funding: a second
    account holds a larger position on the other side, opened with a market maker at the index, and collects
    it. In the end both positions are closed; positions taken over stay and count at the index.
    """

    type: Literal["mark-manipulation"] = "mark-manipulation"
    market: str
    maker: str = Field("", description="Market maker who takes the other side at the index; empty for none.")
    direction: Literal["up", "down"] = "up"
    liquidate: bool = Field(True, description="Whether the attacker liquidates whom the push leaves short.")
    push: NotNegative = searched(1e3, 1e8, "Notional traded on the perpetual's own market, money.", log=True)
    position: NotNegative = searched(
        1, 1e8, "Notional that collects funding, opened with the maker.", log=True
    )
    margin: Positive = searched(1e3, 1e8, "Money deposited in each account.", log=True)
    steps: Annotated[int, Field(ge=0, le=100_000, strict=True)] = searched(
        0, 48, "Steps of the run for which the mark is held; agents act in them.", whole=True
    )

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Deposit, open, push, liquidate, hold, let go."""
        sign = 1 if self.direction == "up" else -1
        maker = game.file.agents.get(self.maker) if self.maker else None
        collects = isinstance(maker, MarketMaker) and self.position > 0
        self._deposit(game, purse, ATTACKER)
        collected = 0
        if collects:
            self._deposit(game, purse, self.second_account(game, purse))
            with self.move(game, purse, "open what collects"):
                collected = self._against_maker(game, -sign, self._units(game, self.position))
        units = sign * self._units(game, self.push)
        with self.move(game, purse, "push the mark"):
            spent = self._on_venue(game, units)
            if self.liquidate:
                liquidate_all(game)
        for _ in range(self.steps):
            self.wait_step(game)
            if self.liquidate:
                with self.move(game, purse, "liquidate"):
                    liquidate_all(game)
        with self.move(game, purse, "let the mark go"):
            lost = spent + self._on_venue(game, -units)
            fees = Fraction(game.file.fees.perpetual)
            settlement = game.file.margin.settlement
            purse.manipulation_cost += game.value(settlement, lost) + 2 * fees * game.value(
                settlement, abs(spent)
            )
        if collects:
            with self.move(game, purse, "close what collected"):
                self._against_maker(game, sign, collected)

    def _deposit(self, game: Simulation, purse: Purse, owner: str) -> None:
        settlement = game.file.margin.settlement
        margin = game.worth(Fraction(self.margin), settlement)
        self.bring(game, purse, settlement, margin, owner)
        with self.move(game, purse, f"deposit of {owner}"):
            game.protocol.deposit(owner, settlement, margin)

    def _units(self, game: Simulation, money: NotNegative) -> int:
        """Return raw base for a notional at the index."""
        market = game.file.perpetuals[self.market]
        return int(Fraction(money) / game.outside[market.underlying] * 10**market.decimals)

    def _on_venue(self, game: Simulation, units: int) -> int:
        """Trade on the perpetual's own market; return raw settlement paid, below zero what was received."""
        if not units:
            return 0
        amount = trade_on_venue(game.protocol, ATTACKER, self.market, units)
        game.record(ATTACKER, "perpetual trade", market=self.market, units=units, quote=amount)
        return amount if units > 0 else -amount

    def _against_maker(self, game: Simulation, sign: int, units: int) -> int:
        """Let the second account buy from the maker, or sell to it; return the raw base traded."""
        maker = game.file.agents[self.maker]
        assert isinstance(maker, MarketMaker)
        price = maker.price(game, buying=sign > 0)
        if price is None or index_of(game.protocol, self.market) is None:
            return 0
        units = min(units, maker.room(game, self.maker, buying=sign > 0))
        if units > 0:
            sides = (SECOND, self.maker) if sign > 0 else (self.maker, SECOND)
            game.protocol.trade(*sides, self.market, units, price, SECOND)
            game.record(SECOND, "perpetual trade", market=self.market, units=sign * units)
        return units
