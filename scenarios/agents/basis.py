"""Who trades a perpetual on its own market: flow that pushes the mark, and traders whom funding pays."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction as Exact
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from protocol.errors import InsufficientLiquidityError
from scenarios.agents.agent import Agent
from scenarios.files.quantities import Fraction, NotNegative, Positive
from scenarios.simulation.carry.funding import yearly_funding
from scenarios.simulation.carry.trading import index_of, mark_of, trade_on_venue

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation

SPREAD_ALLOWANCE = Exact(1, 100)
"""Cash kept back when spot is bought, for the outside spread."""


class VenueTrader(Agent):
    """The base of both: all funds of the settlement asset are margin."""

    type: str
    market: str

    def open(self, game: Simulation, me: str) -> None:
        """Deposit the margin."""
        settlement = game.file.margin.settlement
        with game.attempt(me, "deposit"):
            game.protocol.deposit(me, settlement, game.balance(me, settlement))

    def held(self, game: Simulation, me: str) -> int:
        """Return its position, raw base."""
        return game.world.balance(game.protocol.account(me), self.market)

    def trade(self, game: Simulation, me: str, units: int) -> None:
        """Buy, or sell below zero, on the perpetual's own market."""
        if units:
            amount = trade_on_venue(game.protocol, me, self.market, units)
            size = Decimal(units).scaleb(-game.file.perpetuals[self.market].decimals)
            paid = game.whole(game.file.margin.settlement, amount)
            game.record(me, "perpetual trade", market=self.market, size=size, quote=paid)


class PerpetualFlow(VenueTrader):
    """Trade at random, more often one way: leverage demand that pushes the mark away from the index."""

    type: Literal["perpetual-flow"] = "perpetual-flow"
    size: Positive = Field(description="Mean size of a trade in money; exponential.")
    probability: Fraction = Field(Decimal("0.5"), description="Of trading in a step.")
    buying: Fraction = Field(Decimal("0.5"), description="Part of the trades that buy.")
    most_position: Positive = Field(description="Base that it holds at most, either way.")

    def act(self, game: Simulation, me: str) -> None:
        """Buy or sell."""
        stream, market = game.streams[me], game.file.perpetuals[self.market]
        if stream.uniform() >= self.probability:
            return
        sign = 1 if stream.uniform() < self.buying else -1
        money = Exact(Decimal(f"{stream.exponential(float(self.size)):.6f}"))
        units = int(money / game.outside[market.underlying] * 10**market.decimals)
        room = int(self.most_position.scaleb(market.decimals)) - sign * self.held(game, me)
        self.trade(game, me, sign * max(0, min(units, room)))


class BasisTrader(VenueTrader):
    """Take the side that funding pays, hedged outside with spot, as long as it pays enough.

    A perpetual never expires: the gap of mark and index is earned through funding alone. It trades until the
    yearly funding at the mark that its own trade leaves is ``least_return``, and closes what pays no more. A
    short is hedged by spot bought with the cash kept out of the margin, a long by selling spot that it has.
    """

    transaction_kind: ClassVar[str] = "arbitrage"

    type: Literal["basis-trader"] = "basis-trader"
    least_return: NotNegative = Field(
        Decimal("0.2"), description="Yearly funding over notional that it asks."
    )
    margin_share: Fraction = Field(Decimal("0.3"), description="Part of its cash that is margin.")
    most_position: Positive = Field(description="Base that it holds at most, either way.")

    def open(self, game: Simulation, me: str) -> None:
        """Deposit the margin's part."""
        settlement = game.file.margin.settlement
        with game.attempt(me, "deposit"):
            cash = game.balance(me, settlement)
            game.protocol.deposit(me, settlement, int(cash * Exact(self.margin_share)))

    def act(self, game: Simulation, me: str) -> None:
        """Open where funding pays enough; close where the position pays no more."""
        held = self.held(game, me)
        index, mark = index_of(game.protocol, self.market), mark_of(game.protocol, self.market)
        if index is None or mark is None:
            return
        terms = game.file.perpetuals[self.market].funding
        yearly = yearly_funding(game.world, self.market, terms, mark, index)
        sign = -1 if yearly > 0 else 1
        if held * sign < 0:
            self._move(game, me, sign * self._size(game, sign, abs(held), index, Exact(0)))
        elif abs(yearly) > self.least_return:
            room = self._room(game, me, sign, held)
            self._move(game, me, sign * self._size(game, sign, room, index, Exact(self.least_return)))

    def _room(self, game: Simulation, me: str, sign: int, held: int) -> int:
        """Return how much more it may hold and can hedge, raw base of the perpetual."""
        market = game.file.perpetuals[self.market]
        most = int(self.most_position.scaleb(market.decimals)) - abs(held)
        if sign > 0:
            spot = game.whole(market.underlying, game.balance(me, market.underlying))
        else:
            settlement = game.file.margin.settlement
            money = game.value(settlement, game.balance(me, settlement)) * (1 - SPREAD_ALLOWANCE)
            spot = game.whole(market.underlying, game.worth(money, market.underlying))
        return max(0, min(most, int(spot.scaleb(market.decimals))))

    def _size(self, game: Simulation, sign: int, room: int, index: Exact, least: Exact) -> int:
        """Return the largest size in ``room`` at whose mark its side still gets ``least``, by bisection."""
        terms = game.file.perpetuals[self.market].funding

        def pays(units: int) -> bool:
            try:
                after = game.protocol.marks.mark_after(self.market, sign * units, index)
            except InsufficientLiquidityError:
                return False
            yearly = yearly_funding(game.world, self.market, terms, after, index)
            return -sign * yearly >= least

        if room and pays(room):
            return room
        low, high = 0, room
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if pays(middle) else (low, middle)
        return low

    def _move(self, game: Simulation, me: str, units: int) -> None:
        """Trade the perpetual and the opposite amount of spot."""
        if not units:
            return
        market, settlement = game.file.perpetuals[self.market], game.file.margin.settlement
        with game.attempt(me, "basis trade"):
            self.trade(game, me, units)
            spot = game.units(market.underlying, Decimal(abs(units)).scaleb(-market.decimals))
            if units > 0:
                spot = min(spot, game.balance(me, market.underlying))
                game.trade_outside(me, market.underlying, settlement, spot)
            else:
                cost = game.worth(game.value(market.underlying, spot), settlement)
                cost = min(cost, game.balance(me, settlement))
                game.trade_outside(me, settlement, market.underlying, cost)
