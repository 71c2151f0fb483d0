"""Options priced once per scenario: against 50 digits, parity, bounds and the house's other formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_ndtr, ndtr

from protocol.errors import BookError
from protocol.margin.book.columns import Rows
from protocol.margin.book.option_values import option_values, shocked_values
from protocol.margin.book.polynomials import exponential, scaled_complement
from protocol.margin.book.scenario_table import Options, Shocks, linear_profits, option_profits, worst_losses
from protocol.pricing.black76 import float_prices

# exp(x**2) erfc(x): Abramowitz and Stegun, table 7.5-like values recomputed with 40 digits by quadrature of
# (2 / sqrt(pi)) * integral over t of exp(-t**2 - 2 x t).
COMPLEMENTS = ((0.0, 1.0), (0.5, 0.61569034419292587), (1.0, 0.42758357615580700), (2.0, 0.25539567631050574))
GREATEST_FORWARD, GREATEST_VOLATILITY = 1e6, 6.0


def quadrature(x: float) -> float:
    """Return exp(x**2) erfc(x) by the trapezoidal rule on the whole line, which converges geometrically."""
    step = 1 / 64
    t = np.arange(0, 7 + step, step)
    # (2 x / pi) * integral over t > 0 of exp(-t**2) / (t**2 + x**2) dt, for x well above the step
    values = np.exp(-(t**2)) / (t**2 + x * x)
    values[0] /= 2
    return float(2 * x / np.pi * step * values.sum())


def test_polynomials_against_other_forms() -> None:
    for x, value in COMPLEMENTS:
        assert float(scaled_complement(np.array(x))) == pytest.approx(value, rel=4e-16)
    for x in np.linspace(0.7, 26.5, 300).tolist():
        if x > 2:  # the rule's own error, exp(-2 pi x / step), is far below the last bit
            assert float(scaled_complement(np.array(x))) == pytest.approx(quadrature(x), rel=2e-15)
    x = np.linspace(-705, 0, 10_001)
    assert np.abs(exponential(x) / np.exp(x) - 1).max() < 4e-16


def case(seed: int, options: int = 400, scenarios: int = 33) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    forward = rng.uniform(1, GREATEST_FORWARD, (options, scenarios))
    strike = forward[:, 0] * np.exp(rng.normal(0, 0.5, options))
    volatility = np.exp(rng.uniform(-7, np.log(GREATEST_VOLATILITY), (options, scenarios)))
    return forward, strike, volatility, rng.random(options) < 0.5


@pytest.mark.parametrize("seed", range(3))
def test_the_bits_are_the_same_with_and_without_compilation(seed: int) -> None:
    arguments = case(seed)
    values = option_values(*arguments, fast=False)
    assert np.array_equal(values, option_values(*arguments, fast=True))
    assert np.array_equal(values, option_values(*arguments, fast=True, workers=3))


@pytest.mark.parametrize("seed", range(3))
def test_values_against_the_normal_distribution(seed: int, fast: bool) -> None:
    forward, strike, volatility, call = case(seed)
    values = option_values(forward, strike, volatility, call, fast=fast)
    k, side = strike[:, None], np.where(call, 1.0, -1.0)[:, None]
    d1 = np.log(forward / k) / volatility + volatility / 2
    plain = side * (forward * ndtr(side * d1) - k * ndtr(side * (d1 - volatility)))
    assert (np.abs(values - plain) <= 2e-15 * np.maximum(forward, k)).all()
    # Far out of the money the plain difference keeps no digit; by logarithms of tails some are left.
    outside = side * (forward - k) < 0
    first, second = np.log(forward) + log_ndtr(side * d1), np.log(k) + log_ndtr(side * (d1 - volatility))
    a, b = np.where(side > 0, first, second), np.where(side > 0, second, first)
    tail = np.exp(a) * -np.expm1(b - a)
    deep = outside & (tail > 1e-270) & (tail < 1e-6 * forward) & (volatility > 0.01)
    assert deep.sum() > 100
    assert (np.abs(values[deep] / tail[deep] - 1) < 1e-9).all()


def test_values_against_the_float_form_of_the_contract_s_rule(fast: bool) -> None:
    forward, strike, volatility, call = case(5)
    calls, puts = float_prices(
        np.asarray(31_536_000.0), np.asarray(1.0), volatility, forward, strike[:, None]
    )
    expected = np.where(call[:, None], calls, puts)
    values = option_values(forward, strike, volatility, call, fast=fast)
    assert (np.abs(values - expected) <= 1e-6 / 1e3 + 2e-15 * np.maximum(forward, strike[:, None])).all()


@settings(deadline=None)  # the first call compiles
@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 40), st.floats(1.0, 1.5), st.booleans())
def test_parity_bounds_and_monotonicity(
    forward: float, strike: float, volatility: float, more: float, fast: bool
) -> None:
    def value(f: float, k: float, v: float, call: bool) -> float:
        return float(option_values([[f]], [k], [[v]], [call], fast=fast)[0, 0])

    call, put = value(forward, strike, volatility, True), value(forward, strike, volatility, False)
    rounding = 1e-14 * (forward + strike)
    assert abs(call - put - (forward - strike)) <= rounding
    assert max(forward - strike, 0.0) <= call + rounding
    assert call <= forward + rounding
    assert max(strike - forward, 0.0) <= put + rounding
    assert put <= strike + rounding
    assert value(forward, strike, volatility * more, True) >= call - rounding
    assert value(forward * more, strike, volatility, True) >= call - rounding
    assert value(forward, strike * more, volatility, False) >= put - rounding


def test_what_is_no_option_is_refused() -> None:
    for arguments in (([[-1.0]], [1.0], [[1.0]]), ([[1.0]], [np.nan], [[1.0]]), ([[1.0]], [1.0], [[-1.0]])):
        with pytest.raises(BookError):
            option_values(*arguments, [True])
    with pytest.raises(BookError):
        Shocks.of([1.0, -0.1], 1.0)


def book(seed: int, accounts: int) -> tuple[Options, np.ndarray, Rows, list[list[tuple[int, float]]]]:
    rng = np.random.default_rng(seed)
    count = 60
    options = Options(
        rng.choice([100.0, 3000.0], count),
        100 * np.exp(rng.normal(0, 0.3, count)),
        rng.uniform(0.4, 1.2, count),
        rng.choice([2, 30, 180], count) / 365,
        rng.random(count) < 0.5,
        np.exp(-rng.uniform(0, 0.1, count)),
    )
    spots = np.array([100.0, 3000.0])
    holdings = [
        [(int(row), float(rng.normal(0, 3))) for row in rng.permutation(count + 2)[: rng.integers(0, 14)]]
        for _ in range(accounts)
    ]
    starts = np.concatenate(([0], np.cumsum([len(one) for one in holdings])))
    flat = [term for one in holdings for term in one]
    rows = Rows.sparse(starts, [row for row, _ in flat], [size for _, size in flat], np.zeros(accounts))
    return options, spots, rows, holdings


def test_worst_losses_are_those_of_revaluing_every_position(fast: bool) -> None:
    options, spots, rows, holdings = book(4, 300)
    shocks = Shocks.of(
        np.concatenate((np.repeat(np.linspace(0.82, 1.18, 11), 3))[None].T.T.reshape(1, -1)),
        np.tile([0.7, 1.0, 1.5], 11),
        np.concatenate((np.ones(31), [0.4, 0.2])),
    )
    assert len(shocks.price) == 33
    now, profits = option_profits(options, shocks, fast=fast)
    table = np.concatenate((profits, linear_profits(spots, shocks)))
    losses = worst_losses(rows, table, fast=fast)
    seconds = options.years * 31_536_000

    def price(row: int, move: float, vol: float) -> float:
        if row >= len(options.strike):
            return float(spots[row - len(options.strike)] * move)
        pair = float_prices(
            *(
                np.asarray(x)
                for x in (
                    seconds[row], np.broadcast_to(options.discount, seconds.shape)[row],
                    options.volatility[row] * vol, options.forward[row] * move, options.strike[row],
                )
            )
        )  # fmt: skip
        return float(pair[0] if options.call[row] else pair[1])

    for account, loss in list(zip(holdings, losses.tolist(), strict=True))[::10]:
        worst = 0.0
        for move, vol, weight in zip(shocks.price, shocks.volatility, shocks.weight, strict=True):
            change = sum(size * (price(row, move, vol) - price(row, 1.0, 1.0)) for row, size in account)
            worst = min(worst, change * weight)
        assert loss == pytest.approx(worst, abs=1e-7)
    assert now == pytest.approx([price(row, 1.0, 1.0) for row in range(60)], abs=1e-9)


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 10**6), st.booleans())
def test_splitting_an_account_never_lowers_its_margin(seed: int, fast: bool) -> None:
    """Worst-of-scenarios is sub-additive, scales, and does not mind the order of positions."""
    rng = np.random.default_rng(seed)
    profits = rng.normal(size=(10, 33))
    a, b = rng.normal(size=(2, 10))

    def loss(units: np.ndarray, order: np.ndarray | None = None) -> float:
        places = np.arange(10) if order is None else order
        return float(worst_losses(Rows.sparse([0, 10], places, units[places], [0.0]), profits, fast=fast)[0])

    assert loss(a + b) >= loss(a) + loss(b) - 1e-12
    assert loss(4 * a) == 4 * loss(a)
    assert loss(a, rng.permutation(10)) == pytest.approx(loss(a), abs=1e-12)
    assert loss(a - a) == 0


@pytest.mark.parametrize("count", [1, 31, 32, 33, 1_200])
@pytest.mark.parametrize("scenarios", [1, 33])
@pytest.mark.parametrize("workers", [1, 2])
def test_shocked_values_are_the_bits_of_the_products(count: int, scenarios: int, workers: int) -> None:
    rng = np.random.default_rng(count + scenarios)
    forward, strike = rng.uniform(50, 200, count), rng.uniform(50, 200, count)
    total, call = rng.uniform(0.01, 1.5, count), rng.random(count) < 0.5
    prices, volatilities = rng.uniform(0, 2, scenarios), rng.uniform(0, 2, scenarios)
    products = forward[:, None] * prices, strike, total[:, None] * volatilities, call
    shocked = forward, strike, total, call, prices, volatilities
    for fast in (False, True):
        values = shocked_values(*shocked, fast=fast, workers=workers)
        assert np.array_equal(values, option_values(*products, fast=fast))
    assert np.array_equal(
        values[-1:], option_values(products[0][-1:], strike[-1:], products[2][-1:], call[-1:], fast=False)
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [(0, -1.0), (0, np.nan), (0, 1e200), (1, np.inf), (2, -0.1), (4, -1.0), (4, 1e307), (5, np.inf)],
)
def test_shocked_values_refuse_what_has_no_value(field: int, value: float) -> None:
    parts = [np.full(3, 100.0) for _ in range(3)]
    inputs = [*parts, np.array([True, False, True]), np.array([1.0, 1e150]), np.array([1.0, 1e150])]
    inputs[field][1] = value
    with pytest.raises(BookError, match=r"forward|strike|volatility"):
        shocked_values(*inputs)
