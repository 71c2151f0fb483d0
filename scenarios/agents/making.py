"""Makers: providers of a range in a V3 pool, and quotes on an order book."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction as Exact
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from protocol.venues.order import Side
from protocol.venues.uniswap_v3.tick_math import tick_at_sqrt_ratio
from scenarios.agents.agent import Agent
from scenarios.agents.seeing import venue_price
from scenarios.book_orders import order_book, place, withdraw
from scenarios.files.quantities import Fraction, Positive
from scenarios.liquidity import close_ranges, concentrated, open_range
from scenarios.ranges import ranges_of, sqrt_price_of, tick_range

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


class RangeProvider(Agent):
    """Provide all funds to a V3 pool in one range around its price; move it when the price has left it."""

    type: Literal["range-provider"] = "range-provider"
    venue: str
    width: Positive = Field(
        Decimal("0.1"), description="From the price to either end, in relative price: 0.1 is 1/1.1 to 1.1."
    )
    rebalance: bool = Field(
        True, description="Whether it follows the price: half of what it has is traded outside then."
    )

    def open(self, game: Simulation, me: str) -> None:
        """Mint the first range."""
        with game.transaction(f"{me} adds liquidity"):
            self._mint(game, me)

    def act(self, game: Simulation, me: str) -> None:
        """Move the range where the price has left it."""
        pool = concentrated(game.world, self.venue)
        ranges = ranges_of(pool, me)
        if not self.rebalance or any(lower <= pool.tick < upper for lower, upper, _ in ranges):
            return
        close_ranges(game.world, me, self.venue)
        worths = [game.value(asset, game.balance(me, asset)) for asset in pool.assets]
        rich, poor = pool.assets if worths[0] > worths[1] else reversed(pool.assets)
        excess = abs(worths[0] - worths[1]) / 2
        game.trade_outside(me, rich, poor, min(game.worth(excess, rich), game.balance(me, rich)))
        self._mint(game, me)

    def _mint(self, game: Simulation, me: str) -> None:
        pool = concentrated(game.world, self.venue)
        price, wide = Exact(pool.sqrt_price_x96**2, 1 << 192), 1 + Exact(self.width)
        low, high = (tick_at_sqrt_ratio(sqrt_price_of(end)) for end in (price / wide, price * wide))
        lower, upper = tick_range(low, high, pool.tick_spacing)
        most = game.balance(me, pool.token0), game.balance(me, pool.token1)
        liquidity = open_range(game.world, me, self.venue, (lower, upper), most)
        game.record(
            me, "liquidity added", venue=self.venue, lower=lower, upper=upper, liquidity=str(liquidity)
        )


class BookMaker(Agent):
    """Quote both sides of an order book around the outside price, anew in every step.

    Where the file gives the base a depth, the size of its orders follows what is left of it: in a storm it
    quotes less. What it cannot pay for it does not quote.
    """

    type: Literal["book-maker"] = "book-maker"
    venue: str
    size: Positive = Field(description="Whole base in each order, in calm times.")
    orders: Annotated[int, Field(ge=1, le=1000, strict=True)] = Field(5, description="On each side.")
    half_spread: Fraction = Field(Decimal("0.001"), description="Distance of the best orders.")
    spacing: Fraction = Field(Decimal("0.001"), description="Between two orders, part of the price.")
    follow: Literal["outside", "venue"] = Field("outside", description="Whose price it quotes around.")

    def open(self, game: Simulation, me: str) -> None:
        """Quote for the first time."""
        with game.transaction(f"{me} quotes"):
            self.act(game, me)

    def act(self, game: Simulation, me: str) -> None:
        """Withdraw all orders and what they earned, and quote anew."""
        book = order_book(game.world, self.venue)
        price = game.outside[book.base]
        if self.follow == "venue":
            price = venue_price(game, self.venue, book.base, book.quote_asset) or price
        withdraw(game.world, me, self.venue)
        fair = price / game.outside[book.quote_asset] * 10 ** game.world.decimals[book.quote_asset]
        share = Exact(game.conditions.depth.get(book.base, 1.0))
        lots = int(Exact(self.size) * share * 10 ** game.world.decimals[book.base]) // book.lot
        for step in range(self.orders if lots else 0):
            away = Exact(self.half_spread) + step * Exact(self.spacing)
            bid = int(fair * (1 - away) / book.tick) * book.tick
            ask = -int(-fair * (1 + away) // book.tick) * book.tick
            for side, level in ((Side.BUY, bid), (Side.SELL, ask)):
                if level > 0:
                    self._quote(game, me, side, level, lots * book.lot)

    def _quote(self, game: Simulation, me: str, side: Side, price: int, quantity: int) -> None:
        """Place an order; one that would trade with others' orders moves to just beside them."""
        book = order_book(game.world, self.venue)
        best = book.best_ask() if side is Side.BUY else book.best_bid()
        if best is not None:
            price = min(price, best - book.tick) if side is Side.BUY else max(price, best + book.tick)
        held = game.balance(me, book.quote_asset if side is Side.BUY else book.base)
        if side is Side.BUY and price > 0:
            quantity = min(quantity, held // max(book.cost(price, book.lot), 1) * book.lot)
        else:
            quantity = min(quantity, held // book.lot * book.lot)
        if price <= 0 or quantity <= 0:
            return
        place(game.world, me, self.venue, side, price, quantity)
