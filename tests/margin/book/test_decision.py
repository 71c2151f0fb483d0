"""Who fails at one mark: exact integers are the judge, on books full of accounts at the very edge."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import OverflowedError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.margin.book.book import Book
from protocol.margin.book.decision import Marker, signs
from protocol.margin.book.exact_book import ExactBook
from protocol.margin.book.linear import LinearAccount, Weights, exact_excess
from protocol.margin.holdings import MarketHolding, PerpHolding, Portfolio
from protocol.margin.judgement import MAINTENANCE, Level, Prices, PriceView
from protocol.margin.presets.mango_v4 import TokenTerms
from protocol.margin.presets.tiered_cross import TieredCross, TieredMarket
from protocol.margin.weights import Slice
from random_books import ExactCase, array_case, exact_case, on_the_edge


def fractions_excess(account: LinearAccount, case: ExactCase) -> Fraction:
    """Return the excess without any rounding, written from the formula and not from the code."""
    total = Fraction(-account.cost)
    for k, units in enumerate(account.balances):
        weight = case.weights.owned[k] if units > 0 else case.weights.owed[k]
        total += Fraction(units * case.prices[k] * weight, WAD * WAD)
    for number, size in account.positions:
        total += Fraction(size * case.marks[number], WAD)
        total -= Fraction(abs(size) * case.marks[number] * case.weights.rates[number], WAD * WAD)
    return total


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 10**6))
def test_exact_excess_is_within_its_truncations_of_the_formula(seed: int) -> None:
    case = exact_case(seed, 5)
    for account in case.accounts:
        exact = exact_excess(account, case.weights, case.prices, case.marks)
        terms = len(account.balances) + len(account.positions)
        assert abs(exact - fractions_excess(account, case)) <= 3 * terms


@pytest.mark.parametrize("seed", range(6))
def test_decisions_are_those_of_integers(seed: int, fast: bool) -> None:
    case = exact_case(seed, 400)
    book = ExactBook(case.accounts, 9, fast=fast)
    exact = [exact_excess(one, case.weights, case.prices, case.marks) for one in case.accounts]
    assert book.excess(case.weights, case.prices, case.marks) == exact
    failing = [number for number, value in enumerate(exact) if value < 0]
    assert book.failing(case.weights, case.prices, case.marks).tolist() == failing
    below, unknown = book.marker.certainly(case.coefficients)
    assert set(below.tolist()) <= set(failing) <= set(below.tolist()) | set(unknown.tolist())
    at_the_edge = {number for number, value in enumerate(exact) if abs(value) <= 3}
    assert len(at_the_edge) > 40  # so integers really had to decide
    assert at_the_edge <= set(unknown.tolist())


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_covers_the_true_error(seed: int) -> None:
    """The bound is the proof's premise: hold it against the exact error of every account."""
    case = exact_case(seed, 300)
    marker = Marker(Book.from_accounts(case.accounts, 5, 9), fast=False)
    doubt = marker.doubt(case.coefficients)
    worst = 0.0
    for place, number in enumerate(marker.blocks.order.tolist()):
        if number < 0:
            continue
        account = case.accounts[number]
        exact = Fraction(exact_excess(account, case.weights, case.prices, case.marks), WAD)
        own = Marker(marker.book.select([number]), fast=False)
        value = _excess(own, case)
        error = abs(Fraction(value) - exact)
        assert error <= doubt[place // 64]
        assert error <= own.doubt(case.coefficients)[0]
        worst = max(worst, float(error) / float(own.doubt(case.coefficients)[0]))
    assert worst > 0.01  # the bound is not idle: a hundred times smaller would be broken


def _excess(marker: Marker, case: ExactCase) -> float:
    from protocol.margin.book.blocks import block_sums

    return float(block_sums(marker.blocks, case.coefficients, 0, 1)[0, 0])


def test_the_kept_bound_still_covers_moved_prices(fast: bool) -> None:
    case = exact_case(11, 300)
    book = ExactBook(case.accounts, 9, fast=fast)
    book.failing(case.weights, case.prices, case.marks)
    reference = book.marker._reference
    for factor in (3, Fraction(1, 50), 10):
        prices = [int(price * factor) for price in case.prices]
        marks = [int(mark * factor) for mark in case.marks]
        edge = [
            on_the_edge(one, case.weights, prices, marks, -(i % 2)) for i, one in enumerate(case.accounts)
        ]
        moved = ExactBook(edge, 9, fast=fast)
        moved.failing(case.weights, case.prices, case.marks)
        expected = [i for i in range(len(edge)) if i % 2]
        assert moved.failing(case.weights, prices, marks).tolist() == expected
    assert reference is not None


@pytest.mark.parametrize("seed", range(4))
def test_array_form_is_within_the_stated_distance(seed: int, fast: bool) -> None:
    """1e-6 dollars + 1e-9 x gross, and no wrong sign of maintenance margin outside that band."""
    from protocol.margin.book.columns import Rows, Table, excess_columns

    case = exact_case(seed, 400)
    rows = Rows.of(Book.from_accounts(case.accounts, 5, 9))
    values = excess_columns(rows, Table.of_prices(case.coefficients), fast=fast)[:, 0]
    for account, value in zip(case.accounts, values.tolist(), strict=True):
        exact = exact_excess(account, case.weights, case.prices, case.marks) / WAD
        band = 1e-6 + 1e-9 * case.gross(account)
        assert abs(value - exact) <= band
        assert abs(exact) <= band or (value < 0) == (exact < 0)


def test_the_exact_rule_is_mango_s_on_tokens() -> None:
    """Mango's weighted tokens, as the preset held to the authors' cases computes them."""
    case = exact_case(21, 200)
    for account in case.accounts:
        total = 0
        for k, units in enumerate(account.balances):
            terms = TokenTerms(
                Prices.single(EXACT, case.prices[k]),
                0,
                0,
                case.weights.owned[k],
                case.weights.owed[k],
                0,
                0,
                0,
                0,
            )
            total += terms.contribution(EXACT, Level.MAINTENANCE, PriceView.MARK, units)
        assert (
            exact_excess(replace(account, positions=(), cost=0), case.weights, case.prices, case.marks)
            == total
        )


def test_the_exact_rule_is_the_tiered_preset_s_with_one_tier() -> None:
    case = exact_case(22, 200)
    rule = TieredCross(
        tuple(
            (str(j), TieredMarket((Slice(0, rate),), (Slice(0, rate),), 0))
            for j, rate in enumerate(case.weights.rates)
        )
    )
    for account in case.accounts:
        worth = {j: _toward_zero(size * case.marks[j]) for j, size in account.positions}
        portfolio = Portfolio(
            -account.cost + sum(worth.values()),
            WAD,
            tuple(
                MarketHolding(str(j), case.marks[j], WAD, PerpHolding(size, case.marks[j], WAD, 0), 0, ())
                for j, size in account.positions
            ),
        )
        judged = rule.judge(EXACT, portfolio, MAINTENANCE)
        bare = replace(account, balances=(0,) * len(account.balances))
        assert exact_excess(bare, case.weights, case.prices, case.marks) == judged.excess


def _toward_zero(product: int) -> int:
    return product // WAD if product >= 0 else -(-product // WAD)


def test_one_two_and_five_threads_give_the_same_bits(fast: bool) -> None:
    case = array_case(7, 200_000)
    coefficients = case.coefficients()
    blocks = Marker(case.book, fast).blocks
    doubt = np.full(blocks.count, 1.0)
    first = signs(blocks, coefficients, doubt, fast=fast)
    for workers in (2, 5):
        again = signs(blocks, coefficients, doubt, fast=fast, workers=workers)
        assert np.array_equal(first[0], again[0])
        assert np.array_equal(first[1], again[1])


@pytest.mark.parametrize(("assets", "instruments"), [(1, 1), (3, 128), (8, 200), (0, 4)])
def test_any_shape_of_book_has_the_same_bits_compiled(assets: int, instruments: int) -> None:
    rng = np.random.default_rng(assets)
    accounts = 777
    counts = rng.integers(0, min(instruments, 12) + 1, accounts)
    held = np.concatenate([rng.permutation(instruments)[:count] for count in counts])
    book = Book.of(
        instruments,
        rng.normal(size=(accounts, assets)),
        np.concatenate(([0], np.cumsum(counts))),
        held,
        rng.normal(size=len(held)),
        rng.normal(size=accounts),
    )
    weights = Weights.from_haircuts([0.1] * assets, [0.05] * instruments, [0.2] * assets)
    from protocol.margin.book.linear import Coefficients

    coefficients = Coefficients.of(weights, rng.random(assets), rng.random(instruments))
    blocks = Marker(book).blocks
    doubt = rng.random(blocks.count)
    answers = [signs(blocks, coefficients, doubt, fast=fast) for fast in (False, True)]
    assert np.array_equal(answers[0][0], answers[1][0])
    assert np.array_equal(answers[0][1], answers[1][1])
    assert answers[0][0].any()
    assert answers[0][1].any()


def test_amounts_that_could_leave_128_bits_are_refused() -> None:
    weights = Weights.from_haircuts([0.0], [0.1])
    with pytest.raises(OverflowedError):
        ExactBook([LinearAccount((1 << 128,))], 1)
    with pytest.raises(OverflowedError):
        ExactBook([LinearAccount((0,), (), 1 << 110)], 1)
    book = ExactBook([LinearAccount((1 << 127,))], 1, fast=True)
    with pytest.raises(OverflowedError):
        book.excess(weights, [10**24], [1])
    most = (1 << 110) - 1
    account = LinearAccount((most,), ((0, -most),), -most)
    edge = ExactBook([account], 1, fast=True)
    assert edge.excess(weights, [WAD], [WAD]) == [exact_excess(account, weights, [WAD], [WAD])]


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(
        st.tuples(st.integers(-(2**90), 2**90), st.integers(-(2**90), 2**90), st.integers(-(2**100), 2**100)),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 2**75),
    st.integers(0, 2**75),
    st.integers(0, WAD),
)
def test_wide_integers_are_exact_for_any_numbers(
    numbers: list[tuple[int, int, int]], price: int, mark: int, rate: int
) -> None:
    accounts = [LinearAccount((units,), ((0, size),) if size else (), cost) for units, size, cost in numbers]
    weights = Weights((rate,), (WAD + rate,), (rate,))
    book = ExactBook(accounts, 1, fast=True)
    expected = [exact_excess(account, weights, [price], [mark]) for account in accounts]
    assert book.excess(weights, [price], [mark]) == expected
