"""The in-pool oracles through one question."""

from __future__ import annotations

import pytest

from protocol.venues.observe import observe
from protocol.venues.uniswap_v2 import UniswapV2Pair
from venue_examples import EXAMPLES

LATER = 2_000_000_000


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_venue_answers_in_integers_and_is_unchanged(name: str) -> None:
    venue = EXAMPLES[name].venue
    before = venue.to_state()
    figures = observe(venue, time=LATER)
    assert all(isinstance(figure, int) for figure in figures.values())
    assert venue.to_state() == before


def test_v2_accumulates_price_times_seconds() -> None:
    pair = UniswapV2Pair("A", "B", 10**18, 3 * 10**18, time_last=100)
    assert observe(pair, time=110) == {
        "price0Cumulative": 30 << 112,
        "price1Cumulative": ((1 << 112) // 3) * 10,
    }


def test_venues_with_an_oracle_are_known() -> None:
    kinds = {
        type(example.venue).__name__ for example in EXAMPLES.values() if observe(example.venue, time=LATER)
    }
    assert kinds == {"UniswapV2Pair", "UniswapV3Pool", "StableSwapNG", "Tricrypto2", "TricryptoNG"}
