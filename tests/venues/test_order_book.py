"""The order book: kinds of order, priority, self-trade, conservation under random use."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import (
    InsufficientLiquidityError,
    NotFilledError,
    OrderSizeError,
    SelfTradeError,
    StateError,
    UnknownOrderError,
    WouldCrossError,
)
from protocol.venues.order import Kind, SelfTrade, Side
from protocol.venues.order_book import OrderBook

EMPTY = OrderBook("BTC", "USD", lot=10, tick=5, price_unit=10)
MAX_ORDERS = 40
MAX_LOTS = 20
PRICES = (80, 120)


def with_asks(*asks: tuple[str, int, int]) -> OrderBook:
    book = EMPTY
    for owner, price, quantity in asks:
        book = book.place(owner, Side.SELL, price, quantity)[1]
    return book


def test_better_price_first_then_earlier_order() -> None:
    book = with_asks(("ann", 105, 10), ("bob", 100, 20), ("cat", 100, 20), ("dan", 95, 10))
    placement, after = book.place("eve", Side.BUY, 100, 40)
    assert [(f.maker, f.price, f.quantity, f.quote) for f in placement.fills] == [
        ("dan", 95, 10, 95),
        ("bob", 100, 20, 200),
        ("cat", 100, 10, 100),
    ]
    assert (placement.number, placement.dropped) == (None, 0)
    assert after.depth(Side.SELL) == [(100, 10), (105, 10)]
    assert after.claim("bob")[:2] == (200, 0)


def test_a_reduced_order_keeps_its_place() -> None:
    book = with_asks(("ann", 100, 30), ("bob", 100, 30))
    _, book = book.market("eve", Side.BUY, 10)
    placement, _ = book.market("eve", Side.BUY, 30)
    assert [(f.maker, f.quantity) for f in placement.fills] == [("ann", 20), ("bob", 10)]


def test_a_limit_order_rests_with_what_is_left() -> None:
    placement, book = with_asks(("ann", 100, 30)).place("bob", Side.BUY, 110, 50)
    assert (placement.filled, placement.quote) == (30, 300)
    assert (book.best_bid(), book.best_ask()) == (110, None)
    assert book.depth(Side.BUY) == [(110, 20)]
    assert book.reserves() == {"BTC": 0, "USD": 220 + 300}


def test_post_only_rests_or_is_refused() -> None:
    book = with_asks(("ann", 100, 30))
    with pytest.raises(WouldCrossError):
        book.place("bob", Side.BUY, 100, 10, kind=Kind.POST_ONLY)
    assert book.place("bob", Side.BUY, 95, 10, kind=Kind.POST_ONLY)[1].best_bid() == 95


def test_immediate_or_cancel_drops_the_rest() -> None:
    placement, book = with_asks(("ann", 100, 30)).place(
        "bob", Side.BUY, 110, 50, kind=Kind.IMMEDIATE_OR_CANCEL
    )
    assert (placement.number, placement.filled, placement.dropped) == (None, 30, 20)
    assert (book.bids, book.asks) == ((), ())


def test_fill_or_kill_is_whole_or_nothing() -> None:
    book = with_asks(("ann", 100, 30), ("bob", 105, 30))
    with pytest.raises(NotFilledError) as refused:
        book.place("cat", Side.BUY, 100, 40, kind=Kind.FILL_OR_KILL)
    assert refused.value.details == {"asked": 40, "fillable": 30}
    assert book.place("cat", Side.BUY, 105, 40, kind=Kind.FILL_OR_KILL)[0].filled == 40


def test_market_orders_take_what_is_there() -> None:
    placement, book = with_asks(("ann", 100, 30)).market("bob", Side.BUY, 50)
    assert (placement.filled, placement.dropped, book.asks) == (30, 20, ())


def test_cancel_hands_back_what_was_locked() -> None:
    placement, book = EMPTY.place("ann", Side.BUY, 105, 20)
    assert placement.number is not None
    for owner, number in (("bob", placement.number), ("ann", placement.number + 1)):
        with pytest.raises(UnknownOrderError):
            book.cancel(owner, number)
    back, after = book.cancel("ann", placement.number)
    assert (back, after.bids, after.reserves()) == (210, (), {"BTC": 0, "USD": 0})


def test_self_trade_policies() -> None:
    book = with_asks(("ann", 100, 30), ("bob", 105, 30))
    with pytest.raises(SelfTradeError):
        book.place("ann", Side.BUY, 105, 40)
    placement, after = book.place("ann", Side.BUY, 105, 40, self_trade=SelfTrade.CANCEL_RESTING)
    assert ([f.maker for f in placement.fills], placement.cancelled) == (["bob"], (1,))
    assert after.claim("ann")[:2] == (0, 30), "the cancelled order's base goes back to its owner"
    assert after.depth(Side.BUY) == [(105, 10)]
    placement, after = book.place("ann", Side.BUY, 105, 40, self_trade=SelfTrade.CANCEL_TAKING)
    assert (placement.fills, placement.dropped, placement.number) == ((), 40, None)
    assert after.asks == book.asks
    placement, _ = book.place("ann", Side.BUY, 105, 40, self_trade=SelfTrade.ALLOW)
    assert [f.maker for f in placement.fills] == ["ann", "bob"]


@pytest.mark.parametrize(("price", "quantity"), [(101, 10), (100, 15), (0, 10), (100, 0), (-5, 10)])
def test_off_the_grid_is_refused(price: int, quantity: int) -> None:
    with pytest.raises(OrderSizeError):
        EMPTY.place("ann", Side.BUY, price, quantity)


def test_a_grid_that_would_round_is_refused() -> None:
    with pytest.raises(StateError):
        OrderBook("BTC", "USD", lot=3, tick=5, price_unit=10)


def test_a_crossed_state_is_refused() -> None:
    state = dict(with_asks(("ann", 100, 30)).to_state())
    state["bids"] = [{"number": 9, "owner": "bob", "side": "buy", "price": 100, "quantity": 10}]
    with pytest.raises(Exception, match="spread"):
        OrderBook.from_state(state)


def test_swap_pays_only_for_whole_lots() -> None:
    book = with_asks(("ann", 100, 30), ("bob", 105, 30))
    trade, _ = book.swap("USD", "BTC", 300 + 105 + 104)
    assert (trade.amount_in, trade.amount_out) == (405, 40)
    with pytest.raises(InsufficientLiquidityError):
        book.swap("USD", "BTC", 300 + 315 + 105)


orders = st.tuples(
    st.sampled_from(["ann", "bob", "cat"]),
    st.sampled_from(list(Side)),
    st.integers(PRICES[0] // 5, PRICES[1] // 5).map(lambda n: 5 * n),
    st.integers(1, MAX_LOTS).map(lambda n: 10 * n),
    st.sampled_from(list(Kind)),
    st.sampled_from(list(SelfTrade)),
)


@settings(max_examples=150)
@given(st.lists(orders, max_size=MAX_ORDERS), st.data())
def test_random_use_keeps_priority_and_conserves(
    placed: list[tuple[str, Side, int, int, Kind, SelfTrade]], data: st.DataObject
) -> None:
    book = EMPTY
    held = {"BTC": 0, "USD": 0}
    for owner, side, price, quantity, kind, policy in placed:
        before = book
        try:
            placement, book = book.place(owner, side, price, quantity, kind=kind, self_trade=policy)
        except (WouldCrossError, NotFilledError, SelfTradeError):
            assert book is before
            continue
        book.check()
        rested = quantity - placement.filled - placement.dropped
        assert (placement.number is None) == (rested == 0)
        for fill in placement.fills:
            assert fill.price <= price if side is Side.BUY else fill.price >= price
        # The placer hands in what it pays and what it locks, and takes out what it bought.
        if side is Side.BUY:
            held["USD"] += placement.quote + price * rested // 10
            held["BTC"] -= placement.filled
        else:
            held["BTC"] += placement.filled + rested
            held["USD"] -= placement.quote
        assert book.reserves() == held
    for order in data.draw(st.permutations([*book.bids, *book.asks])):
        _, book = book.cancel(order.owner, order.number)
    paid = [book.claim(owner)[:2] for owner in ("ann", "bob", "cat")]
    assert book.reserves() == {"USD": sum(q for q, _ in paid), "BTC": sum(b for _, b in paid)}
