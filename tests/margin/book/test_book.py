"""A book refuses what does not fit, and its layouts hold every position once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from protocol.errors import BookError
from protocol.fixed_point import WAD
from protocol.margin.book.blocks import Blocks
from protocol.margin.book.book import Book
from protocol.margin.book.columns import Rows, Table, excess_columns
from protocol.margin.book.linear import Coefficients, Weights
from random_books import array_case, exact_case

GOOD: dict[str, Any] = {
    "instruments": 3,
    "balances": [[1.0, -2.0], [0.0, 5.0]],
    "starts": [0, 2, 3],
    "held": [2, 0, 1],
    "sizes": [1.0, -1.0, 4.0],
    "costs": [0.5, -0.5],
}


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("instruments", 1 << 16, "outside"),
        ("balances", [1.0, 2.0], "balances"),
        ("balances", [[1.0, np.nan], [0.0, 5.0]], "not finite"),
        ("starts", [0, 3], "starts"),
        ("starts", [0, 3, 2], "rise"),
        ("starts", [1, 2, 3], "rise"),
        ("held", [2, 0], "held"),
        ("held", [2, 0, 3], "outside"),
        ("held", [2, 0, -1], "outside"),
        ("held", [2, 2, 1], "twice"),
        ("sizes", [1.0, np.inf, 4.0], "not finite"),
        ("costs", [0.5, np.nan], "not finite"),
    ],
)
def test_what_does_not_fit_is_refused(field: str, value: Any, why: str) -> None:
    Book.of(**GOOD)
    with pytest.raises(BookError, match=why):
        Book.of(**{**GOOD, field: value})


@pytest.mark.parametrize(
    "weights",
    [((WAD + 1,), (WAD,), ()), ((WAD,), (-1,), ()), ((WAD,), (), ()), ((WAD,), (WAD,), (2 * WAD,))],
)
def test_weights_are_bounded(weights: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(BookError):
        Weights(*weights)


@pytest.mark.parametrize("price", [[1.0], [1.0, -1.0], [1.0, np.nan], 1.0])
def test_prices_are_checked(price: Any) -> None:
    weights = Weights.from_haircuts([0.0, 0.1], [])
    with pytest.raises(BookError):
        Coefficients.of(weights, price, [])


def test_blocks_hold_every_position_in_the_place_of_its_account() -> None:
    book = array_case(3, 1000).book
    blocks = Blocks.of(book)
    assert sorted(blocks.order[blocks.order >= 0].tolist()) == list(range(1000))
    for place, account in enumerate(blocks.order.tolist()):
        block, lane = divmod(place, 64)
        slots = slice(int(blocks.starts[block]), int(blocks.starts[block + 1]))
        sizes, rows = blocks.sizes[slots, lane], blocks.rows[slots, lane]
        found = {
            (int(row) % book.instruments, float(size)) for row, size in zip(rows, sizes, strict=True) if size
        }
        assert all(
            (row >= book.instruments) == (size < 0) for row, size in zip(rows, sizes, strict=True) if size
        )
        if account < 0:
            assert not found
            assert not blocks.balances[block, :, lane].any()
            continue
        own = slice(int(book.starts[account]), int(book.starts[account + 1]))
        assert found == set(zip(book.held[own].tolist(), book.sizes[own].tolist(), strict=True))
        assert np.array_equal(blocks.balances[block, :, lane], book.balances[account])
        assert blocks.costs[block, lane] == book.costs[account]
    padding = blocks.sizes.size / len(book.sizes) - 1
    assert padding < 0.2  # a thousand accounts; 0.02 % for a million


def test_selecting_joining_and_replacing_accounts() -> None:
    book = array_case(4, 50).book
    other = array_case(5, 3).book
    chosen = [7, 3, 40]
    changed = book.replace(chosen, other)
    assert np.array_equal(changed.select(chosen).balances, other.balances)
    assert np.array_equal(changed.select(chosen).sizes, other.sizes)
    rest = [i for i in range(50) if i not in chosen]
    assert np.array_equal(changed.select(rest).sizes, book.select(rest).sizes)
    assert np.array_equal(changed.costs[rest], book.costs[rest])


def test_float_form_of_exact_accounts_is_the_nearest() -> None:
    case = exact_case(1, 50)
    book = Book.from_accounts(case.accounts, 5, 9)
    assert book.balances.tolist() == [[units / WAD for units in one.balances] for one in case.accounts]
    assert book.costs.tolist() == [one.cost / WAD for one in case.accounts]


def test_equity_initial_and_maintenance_margin_are_three_columns(fast: bool) -> None:
    # Two accounts worked by hand: cash and 2 units of an asset at 100 with a 10 % haircut; long 3 at 50,
    # short 1 at 200, entered at 40 and 210; rates 10 % and 20 % initial, half of it maintenance.
    book = Book.of(2, [[500.0, 2.0], [-50.0, 0.0]], [0, 2, 2], [0, 1], [3.0, -1.0], [3 * 40.0 - 210.0, 0.0])
    levels = [
        Weights.equity(2, 2),
        Weights.from_haircuts([0.0, 0.1], [0.1, 0.2], [0.0, 0.1]),
        Weights.from_haircuts([0.0, 0.1], [0.05, 0.1], [0.0, 0.1]),
    ]
    parts = [Coefficients.of(level, [1.0, 100.0], [50.0, 200.0]) for level in levels]
    stacked = Coefficients(
        np.stack([part.owned for part in parts]),
        np.stack([part.owed for part in parts]),
        np.stack([part.positions for part in parts]),
    )
    values = excess_columns(Rows.of(book), Table.of_prices(stacked), fast=fast)
    equity = 500 + 200 + 30 + 10
    assert values == pytest.approx(
        np.array([[equity, equity - 20 - 15 - 40, equity - 20 - 7.5 - 20], [-50.0, -50.0, -50.0]])
    )


def test_a_table_too_short_for_the_book_is_refused(fast: bool) -> None:
    rows = Rows.of(array_case(6, 20).book)
    with pytest.raises(BookError, match="rows"):
        excess_columns(rows, Table.of(np.ones((3, 4))), fast=fast)
    with pytest.raises(BookError, match="column"):
        Table.of(np.ones((3, 0)))
    with pytest.raises(BookError, match="pointers"):
        Rows.sparse([0, 1], [0, 1], [1.0, 1.0], [0.0])
