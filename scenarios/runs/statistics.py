"""Risk figures over runs, each with its interval, confidence and number of runs.

VaR and LaR by Gauntlet's definitions (risk dashboard FAQ; "VaR Deepdive", January 2022): order the runs by
net insolvent debt (for LaR: by the amount of liquidations) and take the 95th percentile. Net insolvent debt
is debt minus collateral, added over the accounts where it is positive.

Intervals assume nothing about the distribution where that is possible: order statistics for quantiles
(David and Nagaraja, Order Statistics, section 7.1) and Clopper and Pearson for probabilities (Biometrika 26,
1934). Means and tail means use the central limit theorem and say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from scenarios.errors import ParameterError

LEVEL = 0.95
CONFIDENCE = 0.95
_REACH = 12.0  # standard deviations of the binomial beyond which nothing is added up


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and how well it is known.

    Parameters
    ----------
    value
        The estimate.
    low, high
        Interval; None where this many runs give no bound on that side.
    confidence
        Probability that such an interval holds the truth; at least this where ``method`` is exact.
    runs
        Number of runs.
    method
        How the interval was made.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    confidence: float
    runs: int
    method: str


def net_insolvent_debt(accounts: Iterable[tuple[float, float]]) -> float:
    """Return debt minus collateral added over accounts (debt, collateral) that owe more than they hold."""
    return math.fsum(debt - collateral for debt, collateral in accounts if debt > collateral)


def value_at_risk(
    insolvent_debts: Sequence[float], level: float = LEVEL, confidence: float = CONFIDENCE
) -> Estimate:
    """Return VaR: the ``level`` quantile of the runs' net insolvent debt."""
    return quantile(f"VaR {level:.0%}", insolvent_debts, level, confidence)


def liquidations_at_risk(
    liquidations: Sequence[float], level: float = LEVEL, confidence: float = CONFIDENCE
) -> Estimate:
    """Return LaR: the ``level`` quantile of the runs' liquidated amounts."""
    return quantile(f"LaR {level:.0%}", liquidations, level, confidence)


def quantile(name: str, values: Sequence[float], level: float, confidence: float = CONFIDENCE) -> Estimate:
    """Return the smallest value that at least ``level`` of the runs do not exceed.

    The interval runs between two order statistics chosen by the binomial law of the number of runs below the
    true quantile; a side for which there are too few runs is None.

    Raises
    ------
    ParameterError
        Without values, or for a level or confidence that is not between 0 and 1.
    """
    _require(values, confidence)
    if not 0.0 < level < 1.0:
        raise ParameterError("level", level, "between 0 and 1")
    ordered = sorted(values)
    n = len(ordered)
    rank = min(n, max(1, math.ceil(level * n - 1e-9)))
    low, high = _ranks(n, level, confidence)
    return Estimate(
        name,
        ordered[rank - 1],
        None if low is None else ordered[low - 1],
        None if high is None else ordered[high - 1],
        confidence,
        n,
        "order statistics, exact for any distribution",
    )


def probability(name: str, hits: int, runs: int, confidence: float = CONFIDENCE) -> Estimate:
    """Return a share of runs with Clopper and Pearson's interval.

    Raises
    ------
    ParameterError
        Unless 0 <= hits <= runs, with one run at least.
    """
    if not 0 <= hits <= runs or runs < 1:
        raise ParameterError("hits", hits, f"between 0 and the {runs} runs")
    half = _half(confidence)
    low = 0.0 if hits == 0 else _solve(lambda p: 1.0 - binomial_cdf(hits - 1, runs, p), half)
    high = 1.0 if hits == runs else _solve(lambda p: 1.0 - binomial_cdf(hits, runs, p), 1.0 - half)
    return Estimate(name, hits / runs, low, high, confidence, runs, "Clopper and Pearson, exact")


def mean(
    name: str, values: Sequence[float], confidence: float = CONFIDENCE, *, least: float = -math.inf
) -> Estimate:
    """Return the mean with its normal interval; with fewer than two runs there is none.

    Parameters
    ----------
    least
        What no value can be below: neither can the mean. Where all runs came to just that, what is rare has
        not been seen, and they give no bound above.
    """
    _require(values, confidence)
    n = len(values)
    centre = math.fsum(values) / n
    if n < 2:
        return Estimate(name, centre, None, None, confidence, n, "central limit theorem")
    variance = math.fsum((value - centre) * (value - centre) for value in values) / (n - 1)
    if variance == 0.0 and centre == least:
        return Estimate(name, centre, centre, None, confidence, n, "central limit theorem")
    reach = NormalDist().inv_cdf(1.0 - _half(confidence)) * math.sqrt(variance / n)
    low = max(centre - reach, least)
    return Estimate(name, centre, low, centre + reach, confidence, n, "central limit theorem")


def expected_shortfall(
    name: str, values: Sequence[float], level: float = LEVEL, confidence: float = CONFIDENCE
) -> Estimate:
    """Return the mean of the worst 1 - ``level`` of the distribution.

    As q + mean(max(x - q, 0)) / (1 - level) with q the quantile (Rockafellar and Uryasev, Journal of Risk 2,
    2000); the error of q does not matter to first order. Where no run exceeds q there is no bound above.
    """
    q = quantile(name, values, level, confidence).value
    excess = mean(name, [max(value - q, 0.0) for value in values], confidence, least=0.0)

    def place(value: float | None) -> float | None:
        return None if value is None else q + value / (1.0 - level)

    return Estimate(
        name, q + excess.value / (1.0 - level), place(excess.low), place(excess.high), confidence,
        len(values), "central limit theorem of the excess over the quantile",
    )  # fmt: skip


def binomial_cdf(k: int, n: int, p: float) -> float:
    """Return the probability of at most ``k`` successes of ``n``, adding terms from the largest outwards."""
    if k < 0:
        return 0.0
    if k >= n or p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 0.0
    centre = n * p
    if k > centre:
        return 1.0 - _lower_tail(n - k - 1, n, 1.0 - p)
    return _lower_tail(k, n, p)


def _lower_tail(k: int, n: int, p: float) -> float:
    """Return P(X <= k): the term at the largest k that matters, then its ratios downwards."""
    if k < 0:
        return 0.0
    start = min(k, math.floor((n + 1) * p))
    top = math.exp(
        math.lgamma(n + 1)
        - math.lgamma(start + 1)
        - math.lgamma(n - start + 1)
        + start * math.log(p)
        + (n - start) * math.log1p(-p)
    )
    odds = p / (1.0 - p)
    reach = _REACH * math.sqrt(n * p * (1.0 - p)) + 50.0
    terms = [top]
    term, i = top, start
    while i > 0 and start - i < reach:
        term *= i / ((n - i + 1) * odds)
        i -= 1
        terms.append(term)
    term, i = top, start
    while i < k:
        term *= (n - i) / (i + 1) * odds
        i += 1
        terms.append(term)
    return min(1.0, math.fsum(terms))


@lru_cache(maxsize=64)
def _ranks(n: int, level: float, confidence: float) -> tuple[int | None, int | None]:
    """Return ranks (from 1) between which the quantile lies; None where no order statistic reaches."""
    half = _half(confidence)
    # X, the number of runs below the quantile, is binomial: P(value of rank r <= quantile) = P(X >= r).
    low = _largest(lambda r: binomial_cdf(r - 1, n, level) <= half, n)
    high = _largest(lambda r: binomial_cdf(r - 1, n, level) < 1.0 - half, n) + 1
    return low or None, high if high <= n else None


def _largest(holds: Callable[[int], bool], n: int) -> int:
    """Return the largest rank for which a falling condition holds; 0 if for none."""
    low, high = 0, n + 1
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low


def _solve(rising: Callable[[float], float], target: float) -> float:
    """Return where a rising function of [0, 1] meets a target, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if rising(middle) < target:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _half(confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        raise ParameterError("confidence", confidence, "between 0 and 1")
    return 0.5 * (1.0 - confidence)


def _require(values: Sequence[float], confidence: float) -> None:
    _half(confidence)
    if not values:
        raise ParameterError("runs", 0, "at least 1")
    for value in values:
        if not math.isfinite(value):
            raise ParameterError("value of a run", value, "finite")
