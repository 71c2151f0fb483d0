"""Leaving a position to the protocol's backstop vault and moving the price against it (JELLY, POPCAT)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from scenarios.agents.trading import MarketMaker
from scenarios.attackers.attacker import ATTACKER, Attacker, Purse, searched
from scenarios.attackers.prices import draw
from scenarios.files.quantities import NotNegative, Positive
from scenarios.simulation.backstop import close_with_vault

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation

Blocks = Annotated[int, Field(ge=1, le=10_000, strict=True)]


class VaultDumping(Attacker):
    """Hold both sides of a thin perpetual, leave the losing one to the backstop vault, then drive the price.

    The order of events of JELLY (26 March 2025): the abandoned account keeps no more margin than the rule
    asks for, a first push makes it fall to the vault, a second one turns the vault's position into a loss.
    The other account gains what the vault loses, by closing with the vault as it unwinds or by being closed
    against it once the vault has lost all that it may. With `side: long` and a `support` that is bought
    before and sold after it is POPCAT (12 November 2025): it holds the price while the longs are opened.
    """

    type: Literal["vault-dumping"] = "vault-dumping"
    market: str = Field(description="Perpetual.")
    venue: str = Field(description="Thin spot market that the feed follows.")
    base: str
    quote: str
    side: Literal["short", "long"] = Field("short", description="Side of the account that is abandoned.")
    maker: str = Field("", description="Market maker that both accounts trade with; empty: with each other.")
    position: Positive = searched(1e3, 1e7, "Notional of either account, in money.", log=True)
    margin: Positive = searched(
        0.05, 1.5, "Money deposited in each account as part of the notional; what is left over is withdrawn."
    )
    support: NotNegative = Field(
        Decimal(0), description="Money spent on the spot market before the positions are opened."
    )
    trigger: NotNegative = searched(
        1e2, 1e7, "Money of the first push, after which the vault takes over.", log=True
    )
    squeeze: NotNegative = searched(1e2, 1e7, "Money of the second push, against the vault.", log=True)
    blocks: Blocks = Field(1, description="Blocks after each push, in which publishers and keepers act.")

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Support, open both sides, withdraw, push, let the vault take over, push, close, undo the pushes."""
        winner, loser = ATTACKER, self.second_account(game, purse)
        if self.support:
            self.bring(game, purse, self.quote, game.worth(Fraction(self.support), self.quote))
            with self.move(game, purse, "support"):
                self._buy(game, purse, Fraction(self.support))
            self.wait_blocks(game, self.blocks)
        self._open(game, purse, winner, loser)
        held = game.balance(ATTACKER, self.base)
        spent = self._push(game, purse, Fraction(self.trigger), "first push")
        self.wait_blocks(game, self.blocks)
        spent += self._push(game, purse, Fraction(self.squeeze), "second push")
        self.wait_blocks(game, self.blocks)
        settlement = game.file.margin.settlement
        with self.move(game, purse, "close against the vault and withdraw"):
            close_with_vault(game.protocol, winner, self.market, game.protocol.market())
            draw(game, [settlement], winner)
        with self.move(game, purse, "withdraw what the abandoned account still has"):
            draw(game, [settlement], loser)
        with self.move(game, purse, "undo the pushes"):
            if self.side == "short":
                self.swap(game, purse, self.venue, self.base, self.quote, game.balance(ATTACKER, self.base))
            elif held < spent:
                # What was sold beyond the support was own stock: it is bought back with what it brought.
                self._buy(game, purse, game.value(self.quote, game.balance(ATTACKER, self.quote)))

    def _open(self, game: Simulation, purse: Purse, winner: str, loser: str) -> None:
        """Deposit twice, open both sides at the oracle's price, withdraw the loser's free margin."""
        settlement, perpetual = game.file.margin.settlement, game.file.perpetuals[self.market]
        margin = game.worth(Fraction(self.position) * Fraction(self.margin), settlement)
        for owner in (winner, loser):
            self.bring(game, purse, settlement, margin, owner)
            with self.move(game, purse, f"deposit of {owner}"):
                game.protocol.deposit(owner, settlement, margin)
        price = game.oracle_price(perpetual.underlying) or game.outside[perpetual.underlying]
        units = int(Fraction(self.position) / price * 10**perpetual.decimals)
        for cap, taken in (
            (perpetual.position_limit, 0),
            (perpetual.open_interest_cap, game.protocol.open_interest(self.market)),
        ):
            if cap is not None:
                units = max(0, min(units, int(cap.scaleb(perpetual.decimals)) - taken))
        with self.move(game, purse, "open both sides"):
            self._match(game, *((winner, loser) if self.side == "short" else (loser, winner)), units)
        with self.move(game, purse, "withdraw the margin that is not asked for"):
            game.protocol.withdraw_most(loser, settlement)

    def _match(self, game: Simulation, buyer: str, seller: str, units: int) -> None:
        if not self.maker:
            underlying = game.file.perpetuals[self.market].underlying
            mark, unit = game.oracle_price(underlying), game.oracle_price(game.file.margin.settlement)
            if units and mark is not None and unit:
                game.protocol.trade(buyer, seller, self.market, units, mark / unit, buyer)
            return
        maker = game.file.agents[self.maker]
        assert isinstance(maker, MarketMaker)
        for buying in (True, False):
            price = maker.price(game, buying=buying)
            size = min(units, maker.room(game, self.maker, buying=buying))
            if size and price is not None:
                sides = (buyer, self.maker) if buying else (self.maker, seller)
                game.protocol.trade(*sides, self.market, size, price, buyer if buying else seller)
            units = size

    def _push(self, game: Simulation, purse: Purse, money: Fraction, what: str) -> int:
        """Move the spot price against the abandoned side; return raw units of the base that were sold."""
        if self.side == "short":
            self.bring(game, purse, self.quote, game.worth(money, self.quote))
            with self.move(game, purse, what):
                self._buy(game, purse, money)
            return 0
        units = game.worth(money, self.base)
        short = units - game.balance(ATTACKER, self.base)
        if short > 0:
            self.bring(game, purse, self.base, short)
        with self.move(game, purse, what):
            self.swap(game, purse, self.venue, self.base, self.quote, units)
        return units

    def _buy(self, game: Simulation, purse: Purse, money: Fraction) -> None:
        units = min(game.worth(money, self.quote), game.balance(ATTACKER, self.quote))
        self.swap(game, purse, self.venue, self.quote, self.base, units)
