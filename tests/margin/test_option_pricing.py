"""Black-76: against QuantLib, against the exact plane, and by its bounds."""

from __future__ import annotations

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import OverflowedError, SurfaceError, UndefinedLogarithmError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.fixed_point.float64 import FLOAT64
from protocol.fixed_point.rational import (
    GREATEST_EXPONENT,
    exp_down,
    ln_to_zero,
    normal_cdf,
    sqrt_down,
)
from protocol.pricing.black76 import SECONDS_PER_YEAR, annualise, exact_prices_and_delta, float_prices, prices
from protocol.pricing.volatility_surface import SviSlice

OPTIONS = 20_000
# The sum of two rounded products: a few times 2**-53 of the greater of forward and strike.
CANCELLATION = 4e-15

FORWARDS = st.integers(WAD // 100, 10**6 * WAD)
MONEYNESS = st.floats(-1.5, 1.5)
VOLATILITIES = st.integers(WAD // 50, 3 * WAD)
SECONDS = st.integers(60, 3 * SECONDS_PER_YEAR)
DISCOUNTS = st.integers(WAD // 2, WAD)


def random_options(seed: int) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    forward = 10 ** random.uniform(-2, 5, OPTIONS)
    strike = forward * np.exp(random.uniform(-1.5, 1.5, OPTIONS))
    volatility = random.uniform(0.05, 2.5, OPTIONS)
    seconds = random.integers(3_600, 3 * SECONDS_PER_YEAR, OPTIONS).astype(float)
    return seconds, random.uniform(0.6, 1.0, OPTIONS), volatility, forward, strike


@pytest.mark.parametrize("kind", ["call", "put"])
def test_float_prices_agree_with_quantlib(kind: str) -> None:
    seconds, discount, volatility, forward, strike = random_options(7)
    deviation = volatility * np.sqrt(seconds / SECONDS_PER_YEAR)
    side = QuantLib.Option.Call if kind == "call" else QuantLib.Option.Put
    rows = zip(strike, forward, deviation, discount, strict=True)
    expected = np.array([QuantLib.blackFormula(side, *map(float, row)) for row in rows])
    call, put = float_prices(seconds, discount, volatility, forward, strike)
    got = call if kind == "call" else put
    scale = np.maximum(forward, strike)
    well_conditioned = expected > 1e-3 * scale
    assert well_conditioned.sum() > 0.85 * OPTIONS
    relative = np.abs(got - expected)[well_conditioned] / expected[well_conditioned]
    assert relative.max() < 1e-12
    assert np.max(np.abs(got - expected) / scale) < CANCELLATION


def test_exact_prices_are_near_quantlib_too() -> None:
    for row in zip(*(column[:400] for column in random_options(11)), strict=True):
        seconds, discount, volatility, forward, strike = map(float, row)
        deviation = volatility * (int(seconds) / SECONDS_PER_YEAR) ** 0.5
        expected = QuantLib.blackFormula(QuantLib.Option.Call, strike, forward, deviation, discount)
        wads = [round(x * 1e18) for x in (discount, volatility, forward, strike)]
        call, _, delta = exact_prices_and_delta(int(seconds), *wads)
        # Hart's form on 64 bits is good to about 1e-15 of the greater price.
        assert abs(call / 1e18 - expected) < 2e-14 * max(forward, strike)
        assert 0 <= delta <= wads[0]


@given(FORWARDS, MONEYNESS, VOLATILITIES, SECONDS, DISCOUNTS)
def test_both_planes_agree(forward: int, log: float, volatility: int, seconds: int, discount: int) -> None:
    strike = int(forward * np.exp(log))
    exact = prices(EXACT, seconds, discount, volatility, forward, strike)
    floats = [FLOAT64.of(x) for x in (discount, volatility, forward, strike)]
    array = prices(FLOAT64, FLOAT64.count(seconds), *floats)
    for ours, theirs in zip(exact, array, strict=True):
        assert abs(ours / 1e18 - float(theirs)) <= 1e-14 * max(forward, strike) / 1e18 + 1e-16


@given(FORWARDS, MONEYNESS, VOLATILITIES, SECONDS, DISCOUNTS)
def test_exact_parity_and_bounds(
    forward: int, log: float, volatility: int, seconds: int, discount: int
) -> None:
    strike = max(int(forward * np.exp(log)), 1)
    call, put, _ = exact_prices_and_delta(seconds, discount, volatility, forward, strike)
    f, k = forward * discount // WAD, strike * discount // WAD
    # Prices are per unit of forward: parity holds to a few units of that.
    slack = 10 * (forward // WAD + strike // WAD + 10)
    assert abs(call - put - (f - k)) <= slack
    assert max(f - k - slack, 0) <= call <= f
    assert max(k - f - slack, 0) <= put <= k


@given(st.integers(0, 2**32 - 1))
def test_float_parity_bounds_and_monotonicity(seed: int) -> None:
    random = np.random.default_rng(seed)
    forward, strike = random.uniform(1, 1e5, 2)
    years, volatility, discount = random.uniform(0.01, 3), random.uniform(0.05, 2), random.uniform(0.5, 1)
    seconds = np.asarray(years * SECONDS_PER_YEAR)
    scale = max(forward, strike)

    def price(
        f: float = forward, k: float = strike, v: float = volatility, s: float = float(seconds)
    ) -> tuple[float, float]:
        call, put = float_prices(*map(np.asarray, (s, discount, v, f, k)))
        return float(call), float(put)

    call, put = price()
    assert abs(call - put - discount * (forward - strike)) <= CANCELLATION * scale
    assert max(discount * (forward - strike), 0) <= call + CANCELLATION * scale <= 1.0001 * discount * scale
    assert put >= max(discount * (strike - forward), 0) - CANCELLATION * scale
    slack = CANCELLATION * scale
    assert price(f=forward * 1.01)[0] >= call - slack
    assert price(k=strike * 1.01)[0] <= call + slack
    assert price(k=strike * 1.01)[1] >= put - slack
    assert price(v=volatility * 1.01)[0] >= call - slack
    assert price(s=float(seconds) * 1.01)[1] >= put - slack


@pytest.mark.parametrize("zero", ["seconds", "volatility"])
def test_without_time_or_volatility_an_option_is_worth_its_intrinsic_value(zero: str) -> None:
    seconds = 0 if zero == "seconds" else 86_400
    volatility = 0 if zero == "volatility" else WAD
    call, put, _ = exact_prices_and_delta(seconds, WAD, volatility, 3000 * WAD, 2900 * WAD)
    assert abs(call - 100 * WAD) < 10**6
    assert put == 0
    array = float_prices(*map(np.asarray, (float(seconds), 1.0, volatility / 1e18, 3000.0, 2900.0)))
    assert [float(x) for x in array] == [100.0, 0.0]


def test_zero_strike_and_zero_forward() -> None:
    assert exact_prices_and_delta(86_400, WAD // 2, WAD, 3000 * WAD, 0) == (1500 * WAD, 0, WAD // 2)
    assert exact_prices_and_delta(86_400, WAD // 2, WAD, 0, 3000 * WAD) == (0, 1500 * WAD, 0)
    call, put = float_prices(*map(np.asarray, (86_400.0, 0.5, 1.0, [3000.0, 0.0], [0.0, 3000.0])))
    assert call.tolist() == [1500.0, 0.0]
    assert put.tolist() == [0.0, 1500.0]


@given(st.integers(1, 10**36))
def test_exponential_undoes_the_logarithm(x: int) -> None:
    assert abs(exp_down(ln_to_zero(x)) - x) <= x // 10**17 * 3 + 2 + x // 10**16


@given(st.integers(1, 8 * WAD))
def test_normal_distribution_is_symmetric_and_near_the_float_one(x: int) -> None:
    from scipy.special import ndtr

    assert normal_cdf(x) + normal_cdf(-x) == WAD
    assert abs(normal_cdf(x) / 1e18 - ndtr(x / 1e18)) < 2e-15


@given(st.integers(0, 10**40))
def test_root_is_the_greatest_integer_below(x: int) -> None:
    root = sqrt_down(x)
    assert root * root <= x * WAD < (root + 1) ** 2


def test_refusals() -> None:
    with pytest.raises(UndefinedLogarithmError):
        ln_to_zero(0)
    with pytest.raises(OverflowedError):
        exp_down(GREATEST_EXPONENT)
    slice_ = SviSlice(-WAD, WAD // 10, 0, 0, WAD // 10, 100 * WAD, WAD)
    with pytest.raises(SurfaceError) as caught:
        slice_.volatility(EXACT, 100 * WAD)
    assert caught.value.details["value"] < 0


@given(
    st.integers(WAD // 100, WAD),
    st.integers(0, WAD // 2),
    st.integers(-WAD * 9 // 10, WAD * 9 // 10),
    st.integers(-WAD // 2, WAD // 2),
    st.integers(WAD // 100, WAD),
    st.floats(-1, 1),
)
def test_surface_agrees_in_both_planes(a: int, b: int, rho: int, m: int, sigma: int, log: float) -> None:
    surface = SviSlice(a, b, rho, m, sigma, 1000 * WAD, WAD // 2)
    strike = int(1000 * WAD * np.exp(log))
    exact = surface.volatility(EXACT, strike)
    array = FLOAT64.load(surface).volatility(FLOAT64, FLOAT64.of(strike))
    assert abs(exact / 1e18 - float(array)) < 1e-9


def test_annualise_is_exact_on_whole_years() -> None:
    assert annualise(EXACT, SECONDS_PER_YEAR) == WAD
    assert float(annualise(FLOAT64, FLOAT64.count(SECONDS_PER_YEAR))) == 1.0
