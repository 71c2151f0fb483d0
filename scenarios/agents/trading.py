"""Traders, liquidity providers, arbitrageurs and market makers."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction as Exact
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from protocol.venues.venue import Venue
from scenarios.agents.agent import Agent
from scenarios.agents.seeing import gaps
from scenarios.agents.signed import SignedSwap
from scenarios.agents.sizing import against_price, best_sized, between, largest_sale, quote_or_zero
from scenarios.files.quantities import Fraction, NotNegative, Positive
from scenarios.liquidity import add_in_proportion, remove_in_proportion
from scenarios.simulation.trade_outside import has_impact

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


class Trader(Agent):
    """Trade at random on a venue: uninformed flow. On a chain it signs the size and the least it accepts."""

    signs: ClassVar[bool] = True

    type: Literal["trader"] = "trader"
    venue: str
    size: Positive = Field(description="Mean size of a trade in money; exponential.")
    probability: Fraction = Field(Decimal("0.5"), description="Of trading in a step.")
    slippage: Fraction = Field(
        Decimal("0.005"), description="Part of the quote that it may lose until it is included, on a chain."
    )

    def act(self, game: Simulation, me: str) -> None:
        """Buy or sell with equal chance."""
        wish = self._wish(game, me)
        if wish is not None:
            wish.execute(game, me)

    def sign(self, game: Simulation, me: str) -> SignedSwap | None:
        """Return the trade of this step with its limit."""
        wish = self._wish(game, me)
        if wish is None:
            return None
        quoted = game.world.venue(self.venue).quote(wish.sell, wish.buy, wish.units)
        return replace(wish, least=int(quoted * (1 - Exact(self.slippage))))

    def _wish(self, game: Simulation, me: str) -> SignedSwap | None:
        stream = game.streams[me]
        if stream.uniform() >= self.probability:
            return None
        assets = game.world.venue(self.venue).assets
        sell, buy = assets[0], assets[1]
        if stream.uniform() < 0.5:
            sell, buy = buy, sell
        money = Exact(Decimal(f"{stream.exponential(float(self.size)):.6f}"))
        units = min(game.worth(money, sell), game.balance(me, sell))
        return SignedSwap(self.venue, sell, buy, units) if units > 0 else None


class LiquidityProvider(Agent):
    """Put liquidity into a pool at the start, and take it out when prices have moved too fast."""

    type: Literal["liquidity-provider"] = "liquidity-provider"
    venue: str
    asset: str = Field(description="Asset of which all is added; the other side goes with it in proportion.")
    leave_at: Positive | None = Field(
        None, description="Relative distance of pool and outside price at which all is withdrawn."
    )

    def open(self, game: Simulation, me: str) -> None:
        """Add liquidity."""
        with game.transaction(f"{me} adds liquidity"):
            units = game.balance(me, self.asset)
            shares = add_in_proportion(game.world, me, self.venue, self.asset, units)
            game.record(me, "liquidity added", venue=self.venue, shares=shares)

    def act(self, game: Simulation, me: str) -> None:
        """Withdraw where the pool has left the outside price."""
        shares = game.balance(me, f"{self.venue}.LP")
        if self.leave_at is None or not shares:
            return
        if max(gaps(game, self.venue), default=Exact(0)) > self.leave_at:
            remove_in_proportion(game.world, me, self.venue, shares)
            game.record(me, "liquidity removed", venue=self.venue, shares=shares)


class Arbitrageur(Agent):
    """Close the gap between a venue and the outside market, or between two venues, by the optimal size.

    It trades on ``venue`` first and undoes the trade on ``against`` at once, so it ends with more of what it
    began with and without a position.
    """

    transaction_kind: ClassVar[str] = "arbitrage"

    type: Literal["arbitrageur"] = "arbitrageur"
    venue: str
    against: str = Field("outside", description="Another venue, or `outside`.")
    base: str
    quote: str
    least_profit: NotNegative = Field(Decimal(0), description="Money below which it does not move.")

    def act(self, game: Simulation, me: str) -> None:
        """Trade both ways round where it pays."""
        for sell, buy in ((self.quote, self.base), (self.base, self.quote)):
            size = self._size(game, me, sell, buy)
            if size <= 0 or self._gain(game, sell, buy, size) <= self.least_profit:
                continue
            with game.attempt(me, "arbitrage"):
                got = game.swap(me, self.venue, sell, buy, size).amount_out
                if self.against == "outside":
                    game.trade_outside(me, buy, sell, got)
                else:
                    game.swap(me, self.against, buy, sell, got)

    def _rate(self, game: Simulation, sell: str, buy: str) -> Exact:
        """Return raw units of ``sell`` that one raw unit of ``buy`` brings outside."""
        keep = 1 - Exact(game.file.outside.half_spread)
        scale = Exact(10) ** (game.world.decimals[sell] - game.world.decimals[buy])
        return game.outside[buy] / game.outside[sell] * keep * scale

    def _size(self, game: Simulation, me: str, sell: str, buy: str) -> int:
        venue, most = game.world.venue(self.venue), game.balance(me, sell)
        if self.against != "outside":
            return between(venue, game.world.venue(self.against), sell, buy, most)
        if has_impact(game, sell) or has_impact(game, buy):
            most = min(most, largest_sale(venue, sell))
            return best_sized(lambda x: self._gain(game, sell, buy, x), most, Exact(0)).size
        size = against_price(venue, sell, buy, self._rate(game, sell, buy), most)
        return self._within(game, me, venue, sell, buy, size)

    @staticmethod
    def _within(game: Simulation, me: str, venue: Venue, sell: str, buy: str, size: int) -> int:
        """Cut a size to what can still be sold outside, by bisection on the exact quote."""
        left = game.left_outside(me, buy)
        if left is None or quote_or_zero(venue, sell, buy, size) <= left:
            return size
        low, high = 0, size
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if quote_or_zero(venue, sell, buy, middle) <= left else (low, middle)
        return low

    def _gain(self, game: Simulation, sell: str, buy: str, size: int) -> Exact:
        """Return the profit of a size in money at the outside price, on exact quotes."""
        got = quote_or_zero(game.world.venue(self.venue), sell, buy, size)
        if self.against == "outside":
            back = game.quote_outside(buy, sell, got)
        else:
            back = quote_or_zero(game.world.venue(self.against), buy, sell, got)
        return game.value(sell, back - size)


class MarketMaker(Agent):
    """Quote a perpetual around the oracle's price and take the other side of whoever comes."""

    type: Literal["market-maker"] = "market-maker"
    market: str
    half_spread: Fraction = Field(Decimal("0.001"), description="Part of the price.")
    most_position: Positive = Field(description="Base that it holds at most, either way.")

    def open(self, game: Simulation, me: str) -> None:
        """Deposit all funds as margin."""
        with game.transaction(f"{me} deposits"):
            for asset in self.funds:
                game.protocol.deposit(me, asset, game.balance(me, asset))

    def act(self, game: Simulation, me: str) -> None:
        """Do nothing by itself: it is traded against through ``fill``."""

    def price(self, game: Simulation, *, buying: bool) -> Exact | None:
        """Return its price in the settlement asset per base; None without an oracle price."""
        file = game.file
        mark = game.oracle_price(file.perpetuals[self.market].underlying)
        settlement = game.oracle_price(file.margin.settlement)
        if not mark or not settlement:
            return None
        return mark / settlement * (1 + Exact(self.half_spread) * (1 if buying else -1))

    def room(self, game: Simulation, me: str, *, buying: bool) -> int:
        """Return how much base (raw) others can still buy from it, or sell to it."""
        held = game.world.balance(game.protocol.account(me), self.market)
        most = int(self.most_position.scaleb(game.file.perpetuals[self.market].decimals))
        return max(0, most + held if buying else most - held)


class PerpetualTrader(Agent):
    """Hold a perpetual against a market maker at a fixed leverage."""

    type: Literal["perpetual-trader"] = "perpetual-trader"
    maker: str = Field(description="Name of a market maker.")
    leverage: Positive
    side: Literal["long", "short", "drawn"] = Field("drawn", description="Drawn: either with equal chance.")
    probability: Fraction = Field(Decimal("0.2"), description="Of opening in a step while flat.")

    def act(self, game: Simulation, me: str) -> None:
        """Deposit and open where flat."""
        maker = game.file.agents[self.maker]
        assert isinstance(maker, MarketMaker)
        stream, settlement = game.streams[me], game.file.margin.settlement
        flat = not game.world.balance(game.protocol.account(me), maker.market)
        draw, sign = stream.uniform(), stream.uniform()
        if not flat or draw >= self.probability:
            return
        buying = self.side == "long" or (self.side == "drawn" and sign < 0.5)
        price = maker.price(game, buying=buying)
        if price is None:
            return
        cash = game.balance(me, settlement)
        game.protocol.deposit(me, settlement, cash)
        equity = game.whole(settlement, game.protocol.balances(me).get(settlement, 0))
        base = Exact(equity) * Exact(self.leverage) / price
        units = int(base * 10 ** game.file.perpetuals[maker.market].decimals)
        units = min(units, maker.room(game, self.maker, buying=buying))
        if units > 0:
            sides = (me, self.maker) if buying else (self.maker, me)
            game.protocol.trade(*sides, maker.market, units, price, me)
            side = "long" if buying else "short"
            game.record(me, "position opened", market=maker.market, side=side, units=units)
