"""Moments, correlations, jump rates and option prices of simulated paths against theory.

Every comparison allows ``SIGMAS`` standard errors (a sound simulator fails one with probability 6e-7), the
error computed from theory or from the sample itself. Seeds are fixed, so a test passes or fails for good.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from market_samples import DAY, garch, recorded, regimes
from scenarios.markets.arithmetic import arithmetic
from scenarios.markets.correlation import uniform_correlation
from scenarios.markets.garch import Garch
from scenarios.markets.heston import Heston, feller_ratio
from scenarios.markets.historical import BlockBootstrap
from scenarios.markets.jump_diffusion import JumpDiffusion, Jumps, poisson_cumulative
from scenarios.markets.market import YEAR_SECONDS, Market, paths
from scenarios.markets.regimes import Regime, RegimeSwitching
from scenarios.seeds import Purpose, Seed, scenario_hash

SIGMAS = 5.0
SEED = Seed(11, scenario_hash("statistics"))


def close(sample: np.ndarray, expected: float, sigmas: float = SIGMAS) -> None:
    """Hold the mean of a sample to its expectation."""
    error = sample.std(ddof=1) / math.sqrt(sample.size)
    assert abs(sample.mean() - expected) <= sigmas * error, (sample.mean(), expected, error)


def terminal(market: Market, runs: int, steps: int) -> np.ndarray:
    """Return prices after ``steps``, by hundreds of steps so that memory stays small."""
    state = market.open(SEED, range(runs))
    while state.step < steps:
        last = market.advance(state, min(20, steps - state.step)).prices[-1]
    return last


# Numbers


def test_normals_are_normal() -> None:
    z = arithmetic().normals(SEED.key(), range(20_000), 0, Purpose.PRICE, 20)
    flat = np.sort(z.ravel())
    n = flat.size
    for power, expected, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10_170)):
        assert abs((flat**power).mean() - expected) <= SIGMAS * math.sqrt(variance / n), power
    exact = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in flat[:: n // 4_000]])
    gap = np.abs(exact - np.arange(0, n, n // 4_000)[: exact.size] / n).max()
    assert gap <= 3.0 / math.sqrt(n)  # Kolmogorov: exceeded with probability 2 exp(-18) = 3e-8
    # No lane and no run knows another
    rows = np.corrcoef(z) - np.eye(20)
    assert np.abs(rows).max() <= SIGMAS / math.sqrt(20_000)
    for lag in (1, 2, 64):
        assert abs((z[:, lag:] * z[:, :-lag]).mean()) <= SIGMAS / math.sqrt(n)
    squares = np.corrcoef(z * z) - np.eye(20)
    assert np.abs(squares).max() <= SIGMAS / math.sqrt(20_000)


def test_uniforms_are_uniform() -> None:
    u = arithmetic().uniforms(SEED.key(), range(20_000), 0, Purpose.REGIME, 10).ravel()
    assert 0.0 <= u.min() < u.max() < 1.0
    counts = np.histogram(u, 64, (0, 1))[0]
    chi = ((counts - u.size / 64) ** 2 / (u.size / 64)).sum()
    assert abs(chi - 63) <= SIGMAS * math.sqrt(2 * 63)


# Brownian motion


def brownian(correlation: float = 0.6) -> JumpDiffusion:
    return JumpDiffusion(
        ("A", "B"), (100.0, 5.0), (0.1, -0.3), (0.8, 0.3), DAY, uniform_correlation(2, correlation)
    )


def test_brownian_moments_and_correlation() -> None:
    market, runs, steps = brownian(), 40_000, 30
    last = terminal(market, runs, steps)
    years = steps * DAY / YEAR_SECONDS
    returns = np.log(last / np.array(market.spot)[:, None])
    for i in range(2):
        volatility = market.volatility[i]
        close(returns[i], (market.drift[i] - volatility**2 / 2) * years)
        close((returns[i] - returns[i].mean()) ** 2, volatility**2 * years)
        close(last[i], market.spot[i] * math.exp(market.drift[i] * years))
    fisher = math.atanh(np.corrcoef(returns)[0, 1]) - math.atanh(0.6)
    assert abs(fisher) <= SIGMAS / math.sqrt(runs - 3)


def test_steps_are_independent() -> None:
    block = paths(brownian(), SEED, range(4_000), 12)
    steps = np.diff(np.log(block.prices[:, 0]), axis=0)
    steps = (steps - steps.mean()) / steps.std()
    for lag in (1, 2, 5):
        products = (steps[lag:] * steps[:-lag]).ravel()
        assert abs(products.mean()) <= SIGMAS / math.sqrt(products.size)


@pytest.mark.parametrize("strike", [80.0, 100.0, 130.0])
def test_call_price_is_that_of_black_and_scholes(strike: float) -> None:
    years = 60 * DAY / YEAR_SECONDS
    market = JumpDiffusion(("A",), (100.0,), (0.1,), (0.8,), DAY)
    last = terminal(market, 60_000, 60)[0]
    close(math.exp(-0.1 * years) * np.maximum(last - strike, 0), black_scholes(100, strike, years, 0.1, 0.8))


# Jumps


def test_poisson_table() -> None:
    table = poisson_cumulative(2.5)
    for n, value in enumerate(table):
        exact = math.fsum(math.exp(-2.5) * 2.5**k / math.factorial(k) for k in range(n + 1))
        assert value == pytest.approx(exact, abs=1e-14)
    assert poisson_cumulative(0.0) == [1.0]


@pytest.mark.parametrize("intensity", [20.0, 500.0])
def test_jump_rate_and_size(intensity: float) -> None:
    """Without diffusion every move is a jump: count the steps that moved, and measure them."""
    jumps = Jumps(intensity, (-0.5, 0.2), (0.1, 0.05), uniform_correlation(2, 0.7))
    market = JumpDiffusion(
        ("A", "B"), (1.0, 1.0), (0.0, 0.0), (0.0, 0.0), DAY, None, (jumps,), compensated=False
    )
    runs, steps = 5_000, 20
    logs = np.log(paths(market, SEED, range(runs), steps).prices)
    moves = np.diff(np.concatenate([np.zeros((1, 2, runs)), logs]), axis=0)
    rate = intensity * DAY / YEAR_SECONDS
    happened = moves[:, 0] != 0
    expected = 1 - math.exp(-rate)
    trials = happened.size
    assert abs(happened.mean() - expected) <= SIGMAS * math.sqrt(expected * (1 - expected) / trials)
    close(moves[:, 0].ravel(), rate * -0.5)
    close(moves[:, 1].ravel(), rate * 0.2)
    close((moves[:, 0] - rate * -0.5).ravel() ** 2, rate * (0.25 + 0.01))
    # Compound Poisson: the covariance is the rate times the mean product of the sizes
    close(((moves[:, 0] + rate * 0.5) * (moves[:, 1] - rate * 0.2)).ravel(), rate * (-0.1 + 0.7 * 0.005))


def test_common_and_own_jumps() -> None:
    common = Jumps(300.0, (-0.1, -0.1), (0.0, 0.0))
    own = Jumps(300.0, (0.3, 0.0), (0.0, 0.0))
    market = JumpDiffusion(
        ("A", "B"), (1.0, 1.0), (0.0, 0.0), (0.0, 0.0), DAY, None, (common, own), compensated=False
    )
    logs = np.log(paths(market, SEED, range(5_000), 1).prices[0])
    jumped = np.round(logs[1] / -0.1)
    alone = np.round((logs[0] - logs[1]) / 0.3)
    rate = 300 * DAY / YEAR_SECONDS
    close(jumped, rate)
    close(alone, rate)
    assert abs(np.corrcoef(jumped, alone)[0, 1]) <= SIGMAS / math.sqrt(5_000)


@pytest.mark.parametrize("strike", [85.0, 100.0, 120.0])
def test_call_price_is_that_of_merton(strike: float) -> None:
    intensity, mean, deviation, rate, volatility = 12.0, -0.06, 0.12, 0.05, 0.4
    market = JumpDiffusion(
        ("A",), (100.0,), (rate,), (volatility,), DAY, None, (Jumps(intensity, (mean,), (deviation,)),)
    )
    years = 45 * DAY / YEAR_SECONDS
    last = terminal(market, 80_000, 45)[0]
    close(last, 100 * math.exp(rate * years))
    price = merton(100, strike, years, rate, volatility, intensity, mean, deviation)
    close(math.exp(-rate * years) * np.maximum(last - strike, 0), price)


# Stochastic volatility

HESTON = {
    "calm": (0.04, 0.04, 1.5, 0.3, -0.7),
    "feller broken": (0.04, 0.04, 0.5, 1.0, -0.9),
    "crypto": (0.6, 0.5, 4.0, 2.0, 0.3),
}


@pytest.mark.parametrize("name", sorted(HESTON))
def test_call_price_is_that_of_heston(name: str) -> None:
    quantlib = pytest.importorskip("QuantLib")
    start, mean, reversion, vol_of_vol, leverage = HESTON[name]
    rate, steps = 0.03, 90
    market = Heston(
        ("A",), (100.0,), (rate,), (start,), (mean,), (reversion,), (vol_of_vol,), (leverage,), DAY
    )
    assert (feller_ratio(market, "A") < 1) == (name == "feller broken")
    last = terminal(market, 60_000, steps)[0]
    years = steps * DAY / YEAR_SECONDS
    close(last, 100 * math.exp(rate * years))
    for strike in (80.0, 100.0, 120.0):
        exact = heston_by_quantlib(
            quantlib, strike, steps, rate, (start, reversion, mean, vol_of_vol, leverage)
        )
        close(math.exp(-rate * years) * np.maximum(last - strike, 0), exact)


def test_heston_variance_reverts_to_its_mean() -> None:
    market = Heston(("A",), (1.0,), (0.0,), (0.09,), (0.04,), (3.0,), (0.5,), (-0.5,), DAY)
    state = market.open(SEED, range(30_000))
    market.advance(state, 60)
    years = 60 * DAY / YEAR_SECONDS
    decay = math.exp(-3.0 * years)
    variance = state.memory["variance"][0]
    close(variance, 0.04 + 0.05 * decay)
    expected = 0.09 * 0.25 / 3 * (decay - decay**2) + 0.04 * 0.25 / 6 * (1 - decay) ** 2
    close((variance - variance.mean()) ** 2, expected)


def test_transition_matrix_of_two_regimes() -> None:
    market = regimes()
    a, b, t = 10.0, 40.0, DAY / YEAR_SECONDS
    stay = math.exp(-(a + b) * t)
    exact = [
        [(b + a * stay) / (a + b), a * (1 - stay) / (a + b)],
        [b * (1 - stay) / (a + b), (a + b * stay) / (a + b)],
    ]
    for row, expected in zip(market.transition(), exact, strict=True):
        assert row == pytest.approx(expected, abs=1e-14)
    assert market.stationary() == pytest.approx([0.8, 0.2], abs=1e-12)


def test_regimes_take_their_share_and_bring_their_moves() -> None:
    still = Regime((0.0,), (0.2,), (0.0, 60.0))
    wild = Regime((0.0,), (2.0,), (120.0, 0.0))
    market = RegimeSwitching(("A",), (1.0,), (still, wild), DAY)
    state = market.open(SEED, range(10_000))
    market.advance(state, 60)  # the start is forgotten: exp(-180 * 60 / 365) = 1e-13
    block = market.advance(state, 1)
    in_storm = block.volatility[0, 0] == 2.0
    share = 60 / 180
    assert abs(in_storm.mean() - share) <= SIGMAS * math.sqrt(share * (1 - share) / in_storm.size)
    later = market.advance(state, 1)
    move = np.log(later.prices[0, 0] / block.prices[0, 0])
    for volatility in (0.2, 2.0):
        here = move[later.volatility[0, 0] == volatility]
        close((here - here.mean()) ** 2, volatility**2 * DAY / YEAR_SECONDS)


def test_garch_variance_and_kurtosis() -> None:
    """Bollerslev 1986: kurtosis 3 (1 - p^2) / (1 - p^2 - 2 alpha^2) with p = alpha + beta."""
    market = Garch(("A",), (1.0,), (0.0,), (0.6,), (0.15,), (0.7,), DAY)
    state = market.open(SEED, range(20_000))
    market.advance(state, 80)
    before = state.logs.copy()
    drift = 0.5 * state.memory["variance"]
    market.advance(state, 1)
    shock = (state.logs - before + drift)[0]
    variance = 0.36 * DAY / YEAR_SECONDS
    close(shock, 0.0)
    close(shock**2, variance)
    p = 0.85
    close((shock**4) / variance**2, 3 * (1 - p * p) / (1 - p * p - 2 * 0.15**2))


def test_garch_leverage_raises_volatility_after_falls() -> None:
    market = Garch(("A",), (1.0,), (0.0,), (0.6,), (0.05,), (0.8,), DAY, (0.2,))
    state = market.open(SEED, range(20_000))
    block = market.advance(state, 1)
    fell = np.log(block.prices[0, 0]) < -0.5 * 0.36 * DAY / YEAR_SECONDS
    variance = state.memory["variance"][0] / (0.36 * DAY / YEAR_SECONDS)
    # omega / h = 1 - 0.05 - 0.8 - 0.1; of z^2 over a half line the mean is 1
    close(variance[fell], 0.05 + (0.05 + 0.2) + 0.8)
    close(variance[~fell], 0.05 + 0.05 + 0.8)


def test_garch_correlation_of_shocks() -> None:
    market = garch()
    returns = np.log(paths(market, SEED, range(20_000), 1).prices[0] / np.array(market.spot)[:, None])
    fisher = math.atanh(np.corrcoef(returns)[0, 1]) - math.atanh(0.7)
    assert abs(fisher) <= SIGMAS / math.sqrt(20_000 - 3)


# Recorded returns


def test_bootstrap_keeps_moments_order_and_company() -> None:
    table = recorded()
    returns = np.diff(np.log(table.prices), axis=0)
    market = BlockBootstrap(table, mean_block=20.0)
    logs = np.log(paths(market, SEED, range(20_000), 2).prices / np.array(market.spot)[None, :, None])
    first, second = logs[0], logs[1] - logs[0]
    close(first[0], returns[:, 0].mean())
    close(first[0] ** 2, (returns[:, 0] ** 2).mean())
    close(first[0] * first[1], (returns[:, 0] * returns[:, 1]).mean())
    # A next row follows with probability 1 - 1/L; otherwise any row does
    follow = (returns[:, 0] * np.roll(returns[:, 0], -1)).mean()
    close(first[0] * second[0], 0.95 * follow + 0.05 * returns[:, 0].mean() ** 2)


# Closed forms


def normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def black_scholes(spot: float, strike: float, years: float, rate: float, volatility: float) -> float:
    deviation = volatility * math.sqrt(years)
    d1 = (math.log(spot / strike) + rate * years) / deviation + deviation / 2
    return spot * normal_cdf(d1) - strike * math.exp(-rate * years) * normal_cdf(d1 - deviation)


def merton(
    spot: float, strike: float, years: float, rate: float, volatility: float,
    intensity: float, mean: float, deviation: float,
) -> float:  # fmt: skip
    """Merton 1976: a Poisson mixture of Black and Scholes prices."""
    growth = math.exp(mean + deviation**2 / 2) - 1
    tilted = intensity * (1 + growth) * years
    total = 0.0
    for n in range(60):
        sigma = math.sqrt(volatility**2 + n * deviation**2 / years)
        r = rate - intensity * growth + n * math.log(1 + growth) / years
        total += (
            math.exp(-tilted) * tilted**n / math.factorial(n) * black_scholes(spot, strike, years, r, sigma)
        )
    return total


def heston_by_quantlib(ql, strike: float, days: int, rate: float, parameters: tuple[float, ...]) -> float:
    """Price by QuantLib's analytic engine; it wants (v0, kappa, theta, sigma, rho)."""
    today = ql.Date(1, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    curve = ql.YieldTermStructureHandle(ql.FlatForward(today, rate, count))
    none = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.0, count))
    process = ql.HestonProcess(curve, none, ql.QuoteHandle(ql.SimpleQuote(100.0)), *parameters)
    option = ql.VanillaOption(
        ql.PlainVanillaPayoff(ql.Option.Call, strike), ql.EuropeanExercise(today + days)
    )
    option.setPricingEngine(ql.AnalyticHestonEngine(ql.HestonModel(process), 1e-10, 100_000))
    return float(option.NPV())
