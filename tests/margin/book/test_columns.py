"""Many columns per pass: each column alone says the same, whatever their number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import BookError
from protocol.margin.book.blocks import Blocks, block_sums
from protocol.margin.book.columns import Rows, Table, excess_columns, first_below_zero, least_of_columns
from random_books import array_case, price_path

MOST_COLUMNS = 77


@settings(deadline=None)  # the first call compiles
@given(st.integers(1, MOST_COLUMNS), st.integers(0, 10**6), st.booleans())
def test_columns_equal_the_dense_product(count: int, seed: int, fast: bool) -> None:
    rng = np.random.default_rng(seed)
    accounts, height = 70, 12
    dense = rng.normal(size=(accounts, height)) * (rng.random((accounts, height)) < 0.4)
    account, row = np.nonzero(dense)
    starts = np.concatenate(([0], np.cumsum(np.bincount(account, minlength=accounts))))
    constants = rng.normal(size=accounts)
    rows = Rows.sparse(starts, row, dense[account, row], constants)
    matrix = rng.normal(size=(height, count))
    table = Table.of(matrix)
    expected = constants[:, None] + dense @ matrix
    values = excess_columns(rows, table, fast=fast)
    assert values.shape == (accounts, count)
    assert np.abs(values - expected).max() < 1e-13
    assert np.array_equal(least_of_columns(rows, table, fast=fast), values.min(axis=1))
    below = values < 0
    first = np.where(below.any(axis=1), below.argmax(axis=1), -1)
    assert np.array_equal(first_below_zero(rows, table, fast=fast), first)


@pytest.mark.parametrize("count", [1, 8, 31, 32, 33, 40, 64, 100])
def test_the_bits_are_the_same_with_and_without_compilation(count: int) -> None:
    case = array_case(1, 3000)
    path = price_path(case, count, 0.02, seed=2)
    rows, table = Rows.of(case.book), Table.of_prices(case.coefficients(path))
    for question in (excess_columns, first_below_zero, least_of_columns):
        assert np.array_equal(question(rows, table, fast=False), question(rows, table, fast=True))
        assert np.array_equal(question(rows, table, fast=True), question(rows, table, fast=True, workers=3))


@pytest.mark.parametrize("count", [1, 5, 31, 32, 33, 34, 65])
def test_a_column_of_zeros_is_what_an_account_starts_from(count: int, fast: bool) -> None:
    rng = np.random.default_rng(count)
    dense = rng.normal(size=(90, 7)) * (rng.random((90, 7)) < 0.6)
    account, row = np.nonzero(dense)
    starts = np.concatenate(([0], np.cumsum(np.bincount(account, minlength=90))))
    rows = Rows.sparse(starts, row, dense[account, row], rng.normal(size=90))
    matrix = rng.normal(size=(7, count))
    matrix[:, count // 2] = 0.0
    plain, short = Table.of(matrix), Table.of_losses(matrix)
    expected = least_of_columns(rows, plain, fast=False)
    assert np.array_equal(least_of_columns(rows, short, fast=fast), expected)
    assert short.with_zeros == (count > 1)
    assert short.columns == max(count - 1, 1)
    if short.with_zeros:
        with pytest.raises(BookError, match="least"):
            excess_columns(rows, short, fast=fast)


def test_a_tick_alone_says_what_its_column_says(fast: bool) -> None:
    case = array_case(2, 2000)
    path = price_path(case, 45, 0.02, seed=3, crash=0.2)
    rows = Rows.of(case.book)
    values = excess_columns(rows, Table.of_prices(case.coefficients(path)), fast=fast)
    blocks = Blocks.of(case.book)
    gross = np.abs(case.book.balances) @ case.prices[:8] + 1
    for tick in (0, 22, 44):
        alone = block_sums(blocks, case.coefficients(path[tick]), 0, blocks.count).reshape(-1)
        by_account = alone[np.argsort(blocks.order)][-2000:]
        assert (np.abs(values[:, tick] - by_account) < 1e-9 * gross).all()
    assert (first_below_zero(rows, Table.of_prices(case.coefficients(path)), fast=fast) >= 0).any()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32, np.int64])
def test_row_numbers_of_any_integer_type(kind: type[np.integer[Any]], fast: bool) -> None:
    rows = Rows.sparse([0, 2, 2], np.array([3, 1], dtype=kind), [2.0, -1.0], [0.5, 0.25])
    assert excess_columns(rows, Table.of(np.arange(8.0).reshape(4, 2)), fast=fast).tolist() == [
        [0.5 + 2 * 6 - 2, 0.5 + 2 * 7 - 3],
        [0.25, 0.25],
    ]
    nobody = Rows.sparse([0], np.array([], dtype=kind), [], [])
    assert excess_columns(nobody, Table.of(np.ones((1, 2))), fast=fast).shape == (0, 2)
