"""What every venue must do, whatever its rule."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import NegativeAmountError, UnknownAssetError, UnsafeValueError, ZeroAmountError
from protocol.venues.venue import Venue
from venue_examples import EXAMPLES, VenueExample

PAIRS = [(name, sell, buy) for name, example in EXAMPLES.items() for sell, buy in example.amounts]
every_pair = pytest.mark.parametrize(("name", "sell", "buy"), PAIRS)
every_venue = pytest.mark.parametrize("name", EXAMPLES)


def amounts(example: VenueExample, sell: str, buy: str) -> st.SearchStrategy[int]:
    """Inputs spread evenly over the orders of magnitude between the example's bounds."""
    low, high = (bound // example.grid for bound in example.amounts[sell, buy])
    bits = st.integers(max(low, 1).bit_length(), high.bit_length())
    return bits.flatmap(lambda b: st.integers(max(low, 1, 1 << (b - 1)), min(high, (1 << b) - 1))).map(
        lambda units: units * example.grid
    )


@every_venue
def test_is_a_venue_and_says_what_it_trades(name: str) -> None:
    venue = EXAMPLES[name].venue
    assert isinstance(venue, Venue)
    assert len(set(venue.assets)) == len(venue.assets) >= 2
    assert set(venue.reserves()) <= set(venue.assets)


@every_pair
@settings(max_examples=60)
@given(data=st.data())
def test_swap_pays_what_quote_says_and_moves_reserves_by_the_trade(
    name: str, sell: str, buy: str, data: st.DataObject
) -> None:
    example = EXAMPLES[name]
    amount = data.draw(amounts(example, sell, buy))
    before = json.dumps(example.venue.to_state())
    quoted = example.venue.quote(sell, buy, amount)
    if quoted == 0:
        return
    trade, after = example.venue.swap(sell, buy, amount)
    assert (trade.sell, trade.buy, trade.amount_out) == (sell, buy, quoted)
    assert 0 < trade.amount_in <= amount
    assert json.dumps(example.venue.to_state()) == before, "the venue it came from is unchanged"
    if example.moves_exactly:
        was, now = example.venue.reserves(), after.reserves()
        change = {sell: trade.amount_in, buy: -trade.amount_out}
        assert {a: now[a] - was[a] for a in was} == {a: change.get(a, 0) for a in was}


@every_pair
@settings(max_examples=60)
@given(data=st.data())
def test_output_grows_with_the_input(name: str, sell: str, buy: str, data: st.DataObject) -> None:
    example = EXAMPLES[name]
    less, more = sorted(data.draw(st.tuples(*[amounts(example, sell, buy)] * 2)))
    assert example.venue.quote(sell, buy, less) <= example.venue.quote(sell, buy, more)


@every_pair
@settings(max_examples=60)
@given(data=st.data())
def test_no_profit_from_a_round_trip(name: str, sell: str, buy: str, data: st.DataObject) -> None:
    example = EXAMPLES[name]
    if (buy, sell) not in example.amounts:
        return
    amount = data.draw(amounts(example, sell, buy))
    there = example.venue.quote(sell, buy, amount)
    if there == 0:
        return
    trade, after = example.venue.swap(sell, buy, amount)
    try:
        back = after.quote(buy, sell, trade.amount_out)
    except UnsafeValueError:
        return  # a venue that caps its trades refuses the way back whole: no profit either
    assert back <= trade.amount_in


@every_pair
def test_nothing_and_less_are_refused(name: str, sell: str, buy: str) -> None:
    venue = EXAMPLES[name].venue
    for call in (venue.quote, venue.swap):
        with pytest.raises(ZeroAmountError):
            call(sell, buy, 0)
        with pytest.raises(NegativeAmountError):
            call(sell, buy, -1)


@every_pair
def test_other_assets_are_refused(name: str, sell: str, buy: str) -> None:
    example = EXAMPLES[name]
    amount = example.amounts[sell, buy][1]
    for call in (example.venue.quote, example.venue.swap):
        for pair in (("no such asset", buy), (sell, "no such asset"), (sell, sell)):
            with pytest.raises(UnknownAssetError):
                call(*pair, amount)


@every_pair
def test_state_survives_json(name: str, sell: str, buy: str) -> None:
    example = EXAMPLES[name]
    _, traded = example.venue.swap(sell, buy, example.amounts[sell, buy][1], time=1_700_000_000)
    for venue in (example.venue, traded):
        again = type(venue).from_state(json.loads(json.dumps(venue.to_state())))
        assert again == venue
        probe = 2 * example.amounts[sell, buy][0]
        assert again.quote(sell, buy, probe) == venue.quote(sell, buy, probe)
