"""A central limit order book: price first, then time; everything it owes, it holds.

There is no contract behind this one: the rules are those that order-driven exchanges share. Amounts are
integers. A price is quote units per ``price_unit`` base units, and ``tick * lot`` must divide by
``price_unit``, so that every match is a whole number of quote units and nothing is ever rounded.

Resting orders are fully funded: a buy locks price times quantity in quote, a sell its quantity in base.
Makers' proceeds stay with the book until claimed, so a trade moves ``reserves`` by exactly its amounts.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Self, cast

from protocol.errors import (
    InsufficientLiquidityError,
    InvariantError,
    NotFilledError,
    OrderSizeError,
    SelfTradeError,
    StateError,
    UnknownOrderError,
    WouldCrossError,
)
from protocol.venues.checks import require_known, require_positive
from protocol.venues.order import Fill, Kind, Order, Placement, SelfTrade, Side
from protocol.venues.venue import State, Trade, state_int, state_str

TAKER = ""
"""Owner of an order that comes through ``swap``: it never rests and equals no maker."""


@dataclass(frozen=True, slots=True)
class OrderBook:
    """A book as a value.

    Parameters
    ----------
    base, quote_asset
        The asset traded and the asset it is priced in.
    lot, tick
        Steps of quantity (base units) and of price.
    price_unit
        Base units to which a price refers.
    bids, asks
        Resting orders, best first.
    claimable
        Proceeds per owner: (quote units, base units).
    next_number
        Number of the next order.
    last_price
        Price of the last match; 0 before the first.
    """

    base: str
    quote_asset: str
    lot: int = 1
    tick: int = 1
    price_unit: int = 1
    bids: tuple[Order, ...] = ()
    asks: tuple[Order, ...] = ()
    claimable: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    next_number: int = 1
    last_price: int = 0

    def __post_init__(self) -> None:
        if min(self.lot, self.tick, self.price_unit) <= 0:
            raise StateError("lot, tick, price_unit", "above zero", (self.lot, self.tick, self.price_unit))
        if self.lot * self.tick % self.price_unit:
            raise StateError("tick * lot", f"a multiple of {self.price_unit}", self.lot * self.tick)

    @property
    def assets(self) -> tuple[str, ...]:
        """Base and quote."""
        return (self.base, self.quote_asset)

    def reserves(self) -> Mapping[str, int]:
        """Return what the book holds: locked by resting orders, or claimable."""
        base = sum(order.quantity for order in self.asks) + sum(b for _, b in self.claimable.values())
        quote = sum(self.cost(order.price, order.quantity) for order in self.bids)
        return {self.base: base, self.quote_asset: quote + sum(q for q, _ in self.claimable.values())}

    def cost(self, price: int, quantity: int) -> int:
        """Return the quote units of ``quantity`` at ``price``: always whole."""
        return price * quantity // self.price_unit

    def best_bid(self) -> int | None:
        """Return the highest price bid, or None."""
        return self.bids[0].price if self.bids else None

    def best_ask(self) -> int | None:
        """Return the lowest price asked, or None."""
        return self.asks[0].price if self.asks else None

    def depth(self, side: Side) -> list[tuple[int, int]]:
        """Return (price, base units) per level of one side, best first."""
        levels: dict[int, int] = {}
        for order in self._side(side):
            levels[order.price] = levels.get(order.price, 0) + order.quantity
        return list(levels.items())

    def _side(self, side: Side) -> tuple[Order, ...]:
        return self.bids if side is Side.BUY else self.asks

    def place(
        self,
        owner: str,
        side: Side,
        price: int,
        quantity: int,
        *,
        kind: Kind = Kind.LIMIT,
        self_trade: SelfTrade = SelfTrade.REJECT,
    ) -> tuple[Placement, Self]:
        """Place a limit order; return (what became of it, book).

        Raises
        ------
        OrderSizeError
            Price or quantity off its grid.
        WouldCrossError, NotFilledError, SelfTradeError
            The kind or the self-trade policy refuses the order.
        """
        self._require_step("price", price, self.tick)
        self._require_step("quantity", quantity, self.lot)
        best = self.best_ask() if side is Side.BUY else self.best_bid()
        if kind is Kind.POST_ONLY and best is not None and _crosses(side, price, best):
            raise WouldCrossError(price, best)
        placement, after = self._match(owner, side, price, quantity, self_trade)
        left = quantity - placement.filled
        if left and kind is Kind.FILL_OR_KILL:
            raise NotFilledError(quantity, placement.filled)
        if left == 0 or kind is Kind.IMMEDIATE_OR_CANCEL or placement.dropped:
            return replace(placement, dropped=left), after
        order = Order(self.next_number, owner, side, price, left)
        return replace(placement, number=order.number), after._rest(order)

    def market(
        self, owner: str, side: Side, quantity: int, self_trade: SelfTrade = SelfTrade.REJECT
    ) -> tuple[Placement, Self]:
        """Take ``quantity`` at any price; what the book cannot fill is dropped."""
        self._require_step("quantity", quantity, self.lot)
        placement, after = self._match(owner, side, None, quantity, self_trade)
        return replace(placement, dropped=quantity - placement.filled), after

    def cancel(self, owner: str, number: int) -> tuple[int, Self]:
        """Remove a resting order; return (units handed back: quote for a buy, base for a sell, book).

        Raises
        ------
        UnknownOrderError
            If this owner has no such resting order.
        """
        for order in (*self.bids, *self.asks):
            if order.number == number and order.owner == owner:
                return self._locked(order), self._without(order)
        raise UnknownOrderError(number, owner)

    def claim(self, owner: str) -> tuple[int, int, Self]:
        """Pay out what ``owner``'s matched orders earned; return (quote units, base units, book)."""
        quote, base = self.claimable.get(owner, (0, 0))
        rest = {name: due for name, due in self.claimable.items() if name != owner}
        return quote, base, replace(self, claimable=rest)

    def _match(
        self, owner: str, side: Side, limit: int | None, quantity: int, policy: SelfTrade
    ) -> tuple[Placement, Self]:
        """Match against the other side; ``dropped`` is set where the policy stops the order."""
        resting = list(self._side(side.other))
        fills: list[Fill] = []
        cancelled: list[int] = []
        dues = dict(self.claimable)
        left, dropped, taken = quantity, 0, 0
        for order in resting:
            if left == 0 or (limit is not None and not _crosses(side, limit, order.price)):
                break
            if order.owner == owner and policy is not SelfTrade.ALLOW:
                if policy is SelfTrade.REJECT:
                    raise SelfTradeError(owner, order.number)
                if policy is SelfTrade.CANCEL_TAKING:
                    dropped = left
                    break
                cancelled.append(order.number)
                quote, base = dues.get(owner, (0, 0))
                back = self._locked(order)
                dues[owner] = (quote + back, base) if order.side is Side.BUY else (quote, base + back)
                taken += 1
                continue
            amount = min(left, order.quantity)
            cost = self.cost(order.price, amount)
            fills.append(Fill(order.number, order.owner, order.price, amount, cost))
            quote, base = dues.get(order.owner, (0, 0))
            dues[order.owner] = (quote + cost, base) if side is Side.BUY else (quote, base + amount)
            left -= amount
            if amount < order.quantity:
                resting[taken] = replace(order, quantity=order.quantity - amount)
                break
            taken += 1
        last = fills[-1].price if fills else self.last_price
        after = replace(self, claimable=dues, next_number=self.next_number + 1, last_price=last)
        placement = Placement(None, tuple(fills), dropped, tuple(cancelled))
        return placement, after._with_side(side.other, resting[taken:])

    def _rest(self, order: Order) -> Self:
        orders = list(self._side(order.side))
        sign = -1 if order.side is Side.BUY else 1
        insort(orders, order, key=lambda o: (sign * o.price, o.number))
        return self._with_side(order.side, orders)

    def _without(self, gone: Order) -> Self:
        return self._with_side(gone.side, [order for order in self._side(gone.side) if order is not gone])

    def _with_side(self, side: Side, orders: list[Order]) -> Self:
        if side is Side.BUY:
            return replace(self, bids=tuple(orders))
        return replace(self, asks=tuple(orders))

    def _locked(self, order: Order) -> int:
        return self.cost(order.price, order.quantity) if order.side is Side.BUY else order.quantity

    @staticmethod
    def _require_step(what: str, value: int, step: int) -> None:
        if value <= 0 or value % step:
            raise OrderSizeError(what, value, step)

    def _take(self, sell: str, buy: str, amount_in: int) -> tuple[Side, int]:
        """Return the side and base units of the market order that ``amount_in`` pays for, whole lots."""
        require_known(self.assets, sell, buy)
        require_positive("amount in", amount_in)
        if sell == self.base:
            quantity, held = amount_in // self.lot * self.lot, sum(o.quantity for o in self.bids)
            if quantity > held:
                raise InsufficientLiquidityError(buy, quantity, held)
            return Side.SELL, quantity
        return Side.BUY, sum(self._affordable(amount_in))

    def _affordable(self, budget: int) -> Iterator[int]:
        for order in self.asks:
            per_lot = self.cost(order.price, self.lot)
            amount = min(budget // per_lot * self.lot, order.quantity)
            budget -= self.cost(order.price, amount)
            yield amount
            if amount < order.quantity:
                return
        if not self.asks or budget >= self.cost(self.asks[-1].price, self.lot):
            raise InsufficientLiquidityError(self.base, budget, 0)

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return what a market order paid with ``amount_in`` receives; only whole lots are traded."""
        side, quantity = self._take(sell, buy, amount_in)
        if quantity == 0:
            return 0
        placement, _ = self._match(TAKER, side, None, quantity, SelfTrade.ALLOW)
        return placement.quote if side is Side.SELL else quantity

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Take liquidity with ``amount_in``; ``Trade.amount_in`` is the part that whole lots cost.

        Raises
        ------
        InsufficientLiquidityError
            If the other side is exhausted first.
        """
        del time
        side, quantity = self._take(sell, buy, amount_in)
        require_positive("whole lots", quantity)
        placement, after = self._match(TAKER, side, None, quantity, SelfTrade.ALLOW)
        paid, got = (quantity, placement.quote) if side is Side.SELL else (placement.quote, quantity)
        return Trade(sell, buy, paid, got), after

    def check(self) -> None:
        """Raise if the book is crossed, out of order or off its grid: a defect, never a user's mistake."""
        bid, ask = self.best_bid(), self.best_ask()
        if bid is not None and ask is not None and bid >= ask:
            raise InvariantError("spread", ask, bid)
        for sign, orders in ((-1, self.bids), (1, self.asks)):
            ranks = [(sign * order.price, order.number) for order in orders]
            if ranks != sorted(set(ranks)):
                raise InvariantError("price-time priority", len(ranks), len(set(ranks)))
            for order in orders:
                self._require_step("price", order.price, self.tick)
                self._require_step("quantity", order.quantity, self.lot)

    def to_state(self) -> State:
        """Return the state as plain data."""
        state = asdict(self)
        state["bids"], state["asks"] = list(state["bids"]), list(state["asks"])
        state["claimable"] = {owner: list(due) for owner, due in self.claimable.items()}
        return state

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the book from ``to_state``'s data."""
        due = state.get("claimable", {})
        if not isinstance(due, Mapping):
            raise StateError("claimable", "a mapping", due)
        book = cls(
            base=state_str(state, "base"),
            quote_asset=state_str(state, "quote_asset"),
            lot=state_int(state, "lot", 1),
            tick=state_int(state, "tick", 1),
            price_unit=state_int(state, "price_unit", 1),
            bids=_orders(state, "bids"),
            asks=_orders(state, "asks"),
            claimable={str(owner): (int(q), int(b)) for owner, (q, b) in due.items()},
            next_number=state_int(state, "next_number", 1),
            last_price=state_int(state, "last_price", 0),
        )
        book.check()
        return book


def _crosses(side: Side, limit: int, price: int) -> bool:
    return price <= limit if side is Side.BUY else price >= limit


def _orders(state: State, key: str) -> tuple[Order, ...]:
    rows = state.get(key, ())
    if not isinstance(rows, list | tuple):
        raise StateError(key, "a list of orders", rows)
    return tuple(
        Order(
            number=state_int(row, "number"),
            owner=state_str(row, "owner"),
            side=Side(state_str(row, "side")),
            price=state_int(row, "price"),
            quantity=state_int(row, "quantity"),
        )
        for row in cast("list[State]", rows)
    )
