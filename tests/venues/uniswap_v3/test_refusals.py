"""Every revert of the contract as its typed error."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocol.errors import (
    AlreadyInitialisedError,
    InsufficientLiquidityError,
    NegativeAmountError,
    NoPositionError,
    NotEnoughObservationsError,
    ObservationTooOldError,
    OverflowedError,
    PriceLimitError,
    RuleError,
    SlippageError,
    TickRangeError,
    UnderpaidError,
    UninitialisedPoolError,
    UnknownAssetError,
    UnsafeValueError,
    ZeroAmountError,
)
from protocol.fixed_point import Q96
from protocol.venues.uniswap_v3.oracle_library import block_starting_tick_and_liquidity, consult
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO
from uniswap_v3_pools import START

EMPTY = UniswapV3Pool.create("A", "B", 3000)
BARE = EMPTY.initialise(Q96, time=START)
POOL = BARE.mint("owner", -600, 600, 10**18, time=START)[2]
MOST = POOL.max_liquidity_per_tick

CASES: dict[str, tuple[type[RuleError], Callable[[UniswapV3Pool], object]]] = {
    "AS": (ZeroAmountError, lambda p: p.swap_to_limit(True, 0)),
    "SPL same": (PriceLimitError, lambda p: p.swap_to_limit(True, 1, Q96)),
    "SPL wrong side": (PriceLimitError, lambda p: p.swap_to_limit(False, 1, Q96 - 1)),
    "SPL lowest": (PriceLimitError, lambda p: p.swap_to_limit(True, 1, MIN_SQRT_RATIO)),
    "SPL highest": (PriceLimitError, lambda p: p.swap_to_limit(False, 1, MAX_SQRT_RATIO)),
    "int256": (OverflowedError, lambda p: p.swap_to_limit(True, 1 << 255)),
    "IIA": (UnderpaidError, lambda p: p.swap_to_limit(True, 1000, paid=999)),
    "AI": (AlreadyInitialisedError, lambda p: p.initialise(Q96)),
    "R": (UnsafeValueError, lambda _: EMPTY.initialise(MAX_SQRT_RATIO)),
    "TLU": (TickRangeError, lambda p: p.mint("x", 60, 60, 1)),
    "TLM": (TickRangeError, lambda p: p.mint("x", -887280, 60, 1)),
    "TUM": (TickRangeError, lambda p: p.mint("x", 60, 887280, 1)),
    "spacing": (TickRangeError, lambda p: p.mint("x", -61, 60, 1)),
    "mint nothing": (ZeroAmountError, lambda p: p.mint("x", -60, 60, 0)),
    "LO": (UnsafeValueError, lambda p: p.mint("x", -60, 60, MOST + 1)),
    "LO together": (UnsafeValueError, lambda p: p.mint("x", -600, 60, MOST)),
    "int128": (OverflowedError, lambda p: p.mint("x", -60, 60, 1 << 127)),
    "M0": (UnderpaidError, lambda p: p.mint("x", 60, 120, 10**18, paid=(1, 0))),
    "M1": (UnderpaidError, lambda p: p.mint("x", -120, -60, 10**18, paid=(0, 1))),
    "NP": (NoPositionError, lambda p: p.burn("stranger", -600, 600, 0)),
    "LS": (InsufficientLiquidityError, lambda p: p.burn("owner", -600, 600, 10**18 + 1)),
    "LS of another": (InsufficientLiquidityError, lambda p: p.burn("stranger", -600, 600, 1)),
    "burn negative": (NegativeAmountError, lambda p: p.burn("owner", -600, 600, -1)),
    "L": (InsufficientLiquidityError, lambda _: BARE.flash(0, 0)),
    "flash too much": (InsufficientLiquidityError, lambda p: p.flash(p.balance0 + 1, 0)),
    "F0": (UnderpaidError, lambda p: p.flash(1000, 0, returned=(1002, 0))),
    "F1": (UnderpaidError, lambda p: p.flash(0, 1000, returned=(0, 1002))),
    "fee protocol 3": (UnsafeValueError, lambda p: p.set_fee_protocol(3, 0)),
    "fee protocol 11": (UnsafeValueError, lambda p: p.set_fee_protocol(0, 11)),
    "OLD": (ObservationTooOldError, lambda p: p.observe([1], time=START)),
    "BP": (UnsafeValueError, lambda p: consult(p, 0, time=START + 9)),
    "NEO": (NotEnoughObservationsError, lambda p: block_starting_tick_and_liquidity(p, time=START)),
    "cardinality": (UnsafeValueError, lambda p: p.increase_observation_cardinality_next(65536)),
    "inside": (UninitialisedPoolError, lambda p: p.snapshot_cumulatives_inside(-60, 600, time=START)),
    "asset": (UnknownAssetError, lambda p: p.quote("A", "C", 1)),
    "quote nothing": (ZeroAmountError, lambda p: p.quote("A", "B", 0)),
    "quote negative": (NegativeAmountError, lambda p: p.quote("A", "B", -5)),
    "exact out beyond": (InsufficientLiquidityError, lambda p: p.swap_exact_out("A", "B", 10**30)),
    "quote out beyond": (InsufficientLiquidityError, lambda p: p.quote_exact_out("A", "B", 10**30)),
    "max in": (SlippageError, lambda p: p.swap_exact_out("A", "B", 10**9, max_in=10**9)),
    "spacing unknown": (UnsafeValueError, lambda _: UniswapV3Pool.create("A", "B", 2500)),
    "fee": (UnsafeValueError, lambda _: UniswapV3Pool.create("A", "B", 1_000_000, 60)),
    "tick spacing": (UnsafeValueError, lambda _: UniswapV3Pool.create("A", "B", 500, 0)),
}


@pytest.mark.parametrize("name", CASES)
def test_refuses(name: str) -> None:
    error, action = CASES[name]
    with pytest.raises(error):
        action(POOL)


@pytest.mark.parametrize(
    "action",
    [
        lambda p: p.swap_to_limit(True, 1),
        lambda p: p.quote("A", "B", 1),
        lambda p: p.mint("x", -60, 60, 1),
        lambda p: p.burn("x", -60, 60, 1),
        lambda p: p.collect("x", -60, 60),
        lambda p: p.flash(0, 0),
        lambda p: p.increase_observation_cardinality_next(2),
        lambda p: p.set_fee_protocol(4, 4),
        lambda p: p.collect_protocol(),
        lambda p: p.observe([0], time=START),
    ],
)
def test_nothing_works_before_the_first_price(action: Callable[[UniswapV3Pool], object]) -> None:
    with pytest.raises(UninitialisedPoolError):
        action(EMPTY)


def test_output_beyond_the_balance_is_refused() -> None:
    poor = POOL.from_state({**POOL.to_state(), "balance1": 10})
    with pytest.raises(InsufficientLiquidityError):
        poor.swap_to_limit(True, 10**9)


def test_fee_growth_beyond_256_bits_is_refused() -> None:
    thin = BARE.mint("owner", -887220, 887220, 1, time=START)[2]
    crowded = thin.from_state({**thin.to_state(), "balance1": 1 << 200})
    with pytest.raises(OverflowedError):
        crowded.flash(0, 0, returned=(0, 1 << 129))
