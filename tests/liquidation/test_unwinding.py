"""Cascades over large books: incremental and full are one, every fixed point is one, deficits add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import CascadeError, UnsafeValueError
from protocol.liquidation.cascade.depth import ConstantProductDepth
from protocol.liquidation.cascade.unwinding import Terms, Unwinding
from protocol.margin.book.book import Book
from protocol.margin.book.linear import Weights

ASSETS, INSTRUMENTS = 3, 5
"""Dollars, and two collaterals that move; positions in five markets."""
PRICES = np.array([1.0, 2_000.0, 50_000.0, 2_000.0, 50_000.0, 100.0, 0.02, 7.0])
STILL = np.array([True] + [False] * 7)
WEIGHTS = Weights.from_haircuts([0.0, 0.1, 0.05], [0.05] * INSTRUMENTS, [0.0, 0.1, 0.1])
seeds = st.integers(0, 2**32 - 1)


def random_book(seed: int, accounts: int = 300) -> Book:
    """Accounts just above zero health and far above it; about a quarter hold no position but a debt."""
    rng = np.random.default_rng(seed)
    counts = rng.choice([0, 1, 2, 4], accounts)
    held = np.concatenate([rng.permutation(INSTRUMENTS)[:n] for n in counts])
    sizes = rng.choice([-1.0, 1.0], len(held)) * rng.lognormal(9, 1.2, len(held)) / PRICES[ASSETS:][held]
    balances = np.zeros((accounts, ASSETS))
    balances[:, 1] = rng.lognormal(8, 1, accounts) / PRICES[1] * rng.integers(0, 2, accounts)
    balances[:, 2] = rng.lognormal(8, 1, accounts) / PRICES[2] * rng.integers(0, 2, accounts)
    starts = np.concatenate(([0], np.cumsum(counts)))
    owner = np.repeat(np.arange(accounts), counts)
    value = np.bincount(owner, sizes * PRICES[ASSETS:][held], minlength=accounts)
    gross = np.bincount(owner, np.abs(sizes) * PRICES[ASSETS:][held], minlength=accounts)
    collateral = balances[:, 1:] @ (PRICES[1:ASSETS] * np.array([0.9, 0.95]))
    room = (gross + collateral) * rng.lognormal(-3, 1.5, accounts)
    costs = collateral + value - 0.05 * gross - room
    return Book.of(INSTRUMENTS, balances, starts, held.astype(np.int64), sizes, costs)


def unwinding(
    book: Book, *, incremental: bool, depth: float, share: float = 1.0, penalty: float = 0.01
) -> Unwinding:
    reserve = np.where(STILL, np.inf, depth / PRICES)
    return Unwinding(
        book,
        WEIGHTS,
        STILL,
        ConstantProductDepth(reserve),
        Terms(share, penalty=penalty),
        incremental=incremental,
        fast=False,
    )


@given(
    seeds,
    st.sampled_from([1.0, 0.5, 0.2]),
    st.sampled_from([1e9, 3e6, 3e5]),
    st.floats(0.0005, 0.03),
)
@settings(max_examples=40, deadline=None)
def test_incremental_equals_full_recomputation(
    seed: int, share: float, depth: float, volatility: float
) -> None:
    book = random_book(seed)
    full = unwinding(book, incremental=False, depth=depth, share=share)
    fast = unwinding(book, incremental=True, depth=depth, share=share)
    rng, outside = np.random.default_rng(seed), PRICES.copy()
    for _ in range(5):
        outside = np.where(STILL, outside, outside * np.exp(rng.normal(0, volatility, len(outside))))
        one, other = full.tick(outside), fast.tick(outside)
        assert len(one.rounds) == len(other.rounds)
        assert all(np.array_equal(a, b) for a, b in zip(one.rounds, other.rounds, strict=True))
        assert one.deficit == other.deficit
        assert np.array_equal(one.prices, other.prices)
        assert not len(full.failing(other.prices))
    for name in ("balances", "sizes", "costs"):
        assert np.array_equal(getattr(full.book, name), getattr(fast.book, name))


def one_account(costs: float, balances: tuple[float, ...] = (0, 0, 0), size: float = 0.0) -> Book:
    held = np.array([0] if size else [], dtype=np.int64)
    sizes = np.array([size] if size else [])
    return Book.of(INSTRUMENTS, np.array([balances]), [0, len(held)], held, sizes, [costs])


def test_a_position_by_hand() -> None:
    """10 long at 2000 that cost 19,500: at 2000 excess is 500 - 1,000. All is sold into 1,000 units of depth:

    proceeds 20,000 x 1000/1010, price 2000 x (1000/1010)^2; the account keeps what is left of 500 less impact
    and a penalty of 1 %.
    """
    engine = unwinding(one_account(19_500.0, size=10.0), incremental=True, depth=2e6)
    result = engine.tick(PRICES)
    proceeds = 20_000 * 1000 / 1010
    assert [len(accounts) for accounts in result.rounds] == [1]
    assert engine.book.costs[0] == pytest.approx(19_500 - proceeds * 0.99)
    assert engine.book.sizes.tolist() == [0]
    assert result.prices[ASSETS] == pytest.approx(2000 * (1000 / 1010) ** 2)
    assert result.deficit == 0


def test_a_loss_becomes_a_deficit_on_equity() -> None:
    """Bought for 21,000 and worth 20,000, with 100 dollars: 900 are missing, and a penalty of 1 %."""
    engine = unwinding(one_account(21_000.0, (100, 0, 0), 10.0), incremental=True, depth=1e15)
    result = engine.tick(PRICES)
    assert result.deficit == pytest.approx(900 + 200)
    # First the position, then the empty account is closed; nobody fails after.
    assert [accounts.tolist() for accounts in result.rounds] == [[0], [0]]
    assert not len(engine.failing(PRICES))


def test_collateral_is_sold_when_no_position_is_left() -> None:
    """10 ether (1,900 counted at 0.9) against a debt of 17,900: all is sold at 2000 less 1 %."""
    engine = unwinding(one_account(18_100.0, (0, 10, 0)), incremental=True, depth=1e15)
    result = engine.tick(PRICES)
    assert result.deficit == 0
    assert engine.book.balances.tolist() == [[0, 0, 0]]
    assert engine.book.costs[0] == pytest.approx(18_100 - 20_000 * 0.99)


def test_shallow_markets_take_more_accounts_and_leave_more_debt() -> None:
    counts, deficits = [], []
    for depth in (1e12, 3e7, 3e6):
        result = unwinding(random_book(5, 2000), incremental=True, depth=depth).tick(
            np.where(STILL, PRICES, PRICES * 0.95)
        )
        counts.append(len(set(result.accounts.tolist())))
        deficits.append(result.deficit)
    assert counts[0] < counts[1] < counts[2]
    assert deficits[0] < deficits[1] < deficits[2]


def test_partial_liquidation_saves_accounts_that_would_be_sold_whole() -> None:
    whole, part = (
        unwinding(random_book(11, 1000), incremental=True, depth=1e7, share=share, penalty=0.0)
        for share in (1.0, 0.2)
    )
    outside = np.where(STILL, PRICES, PRICES * 0.97)
    whole.tick(outside)
    part.tick(outside)
    left = [np.abs(engine.book.sizes).astype(bool).sum() for engine in (whole, part)]
    assert left[1] > left[0]


def test_value_is_conserved_in_deep_markets() -> None:
    """Without impact and penalty equity changes by nothing but the deficits that others bear."""
    book = random_book(9)
    engine = unwinding(book, incremental=True, depth=1e18, penalty=0.0)
    outside = np.where(STILL, PRICES, PRICES * 0.9)
    before = equity(book, outside)
    result = engine.tick(outside)
    after = equity(engine.book, outside)
    assert after.sum() - before.sum() == pytest.approx(result.deficit, rel=1e-6)
    assert result.deficit > 0


def equity(book: Book, prices: np.ndarray) -> np.ndarray:
    owner = np.repeat(np.arange(book.accounts), np.diff(book.starts))
    positions = np.bincount(owner, book.sizes * prices[ASSETS:][book.held], minlength=book.accounts)
    return np.asarray(book.balances @ prices[:ASSETS] + positions - book.costs)


def test_no_fixed_point_within_the_rounds_and_no_empty_share() -> None:
    with pytest.raises(CascadeError):
        unwinding(random_book(3), incremental=True, depth=1e5).tick(PRICES * 0.9 + STILL * 0.1, most_rounds=1)
    with pytest.raises(UnsafeValueError):
        Terms(0.0)


def test_buying_back_more_than_a_pool_holds_is_bounded() -> None:
    depth = ConstantProductDepth(np.array([10.0, np.inf]))
    obtained = depth.trade(np.array([-50.0, -50.0]), np.array([1.0, 1.0]))
    assert obtained[0] == pytest.approx(1000)
    assert obtained[1] == 1
    assert depth.factors()[0] == pytest.approx(1e6)
    assert depth.factors()[1] == 1
