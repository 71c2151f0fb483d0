"""A variance-covariance margin with concentration, vega and curvature, in the form of ISDA SIMM 2.7+2412.

The method is public; the tables are parameters and none stands here, since their use in production needs a
licence from ISDA. ``CRYPTO`` holds correlations and weights of our own for crypto underlyings, because SIMM's
"other" bucket gives long BTC against short ETH no credit at all and long BTC with long ETH the square root of
the sum of squares: optimistic for whoever holds both. Array plane only: the rule has no contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
Pair: TypeAlias = Callable[[str, str], float]

QUANTILE_99 = 2.3263478740408408
QUANTILE_99_5 = 2.5758293035489004
RESIDUAL = "Residual"


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """One number of a portfolio: a delta of one per cent, or a vega of one tenor, in dollars."""

    qualifier: str
    bucket: str
    amount: float
    tenor_days: float | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """Parameters of one bucket.

    Parameters
    ----------
    risk_weight, vega_weight
        Per qualifier: dollars of margin per dollar of sensitivity; the vega weight is a plain factor.
    delta_threshold, vega_threshold
        Dollars from which concentration is charged, per qualifier; infinite for never.
    correlation
        Between two qualifiers of the bucket.
    curvature
        Whether curvature is charged.
    """

    risk_weight: Callable[[str], float]
    vega_weight: float
    delta_threshold: Callable[[str], float]
    vega_threshold: float
    correlation: Pair
    curvature: bool = True


@dataclass(frozen=True, slots=True)
class RiskClass:
    """Parameters of one risk class.

    Parameters
    ----------
    buckets
        By name. A bucket called ``Residual`` is added without netting.
    between
        Correlation of two buckets.
    historical_ratio
        Of vega: historical to implied volatility.
    horizon_days
        14 for the ten-day margin, 1.4 for one day.
    curvature_scale
        Share of a vega that counts as curvature, by days to expiry.
    """

    buckets: Mapping[str, Bucket]
    between: Pair
    historical_ratio: float
    horizon_days: float
    curvature_scale: Callable[[float], float]

    def volatility(self, bucket: Bucket, qualifier: str) -> float:
        """Return the yearly volatility that the risk weight stands for."""
        return bucket.risk_weight(qualifier) * float(np.sqrt(365 / self.horizon_days)) / QUANTILE_99

    def delta(self, rows: Sequence[Sensitivity]) -> float:
        """Return the delta margin of sensitivities without a tenor."""

        def weighted(bucket: Bucket, qualifier: str, amount: float) -> tuple[float, float]:
            concentration = max(1.0, float(np.sqrt(abs(amount) / bucket.delta_threshold(qualifier))))
            return bucket.risk_weight(qualifier) * amount * concentration, concentration

        totals = _totals(rows, lambda row: row.amount if row.tenor_days is None else None)
        return self._margin(totals, weighted)

    def vega(self, rows: Sequence[Sensitivity]) -> float:
        """Return the vega margin of sensitivities with a tenor."""

        def weighted(bucket: Bucket, qualifier: str, amount: float) -> tuple[float, float]:
            risk = self.historical_ratio * self.volatility(bucket, qualifier) * amount
            concentration = max(1.0, float(np.sqrt(abs(risk) / bucket.vega_threshold)))
            return bucket.vega_weight * risk * concentration, concentration

        totals = _totals(rows, lambda row: None if row.tenor_days is None else row.amount)
        return self._margin(totals, weighted)

    def curvature(self, rows: Sequence[Sensitivity]) -> float:
        """Return the curvature margin of sensitivities with a tenor."""
        risks: dict[str, dict[str, float]] = {}
        for row in rows:
            bucket = self.buckets[row.bucket]
            if row.tenor_days is None or not bucket.curvature:
                continue
            amount = (
                self.curvature_scale(row.tenor_days) * self.volatility(bucket, row.qualifier) * row.amount
            )
            into = risks.setdefault(row.bucket, {})
            into[row.qualifier] = into.get(row.qualifier, 0.0) + amount
        residual = {name: into for name, into in risks.items() if name == RESIDUAL}
        regular = {name: into for name, into in risks.items() if name != RESIDUAL}
        return self._curvature_part(regular) + self._curvature_part(residual)

    def _curvature_part(self, risks: Mapping[str, Mapping[str, float]]) -> float:
        everything = [amount for into in risks.values() for amount in into.values()]
        total, gross = sum(everything), sum(map(abs, everything))
        if gross == 0:
            return 0.0
        share = min(total / gross, 0.0)
        multiple = (QUANTILE_99_5**2 - 1) * (1 + share) - share
        roots: dict[str, float] = {}
        clamped: dict[str, float] = {}
        for name, into in risks.items():
            roots[name] = _root(list(into), list(into.values()), _squared(self.buckets[name].correlation))
            clamped[name] = min(max(sum(into.values()), -roots[name]), roots[name])
        spread = _across(roots, clamped, _squared(self.between))
        return max(total + multiple * spread, 0.0)

    def _margin(
        self,
        totals: Mapping[str, Mapping[str, float]],
        weighted: Callable[[Bucket, str, float], tuple[float, float]],
    ) -> float:
        roots: dict[str, float] = {}
        clamped: dict[str, float] = {}
        residual = 0.0
        for name, into in totals.items():
            bucket = self.buckets[name]
            names = list(into)
            values, concentrations = zip(*(weighted(bucket, q, into[q]) for q in names), strict=True)
            factor = dict(zip(names, concentrations, strict=True))

            def pair(a: str, b: str, bucket: Bucket = bucket, factor: Mapping[str, float] = factor) -> float:
                ratio = min(factor[a], factor[b]) / max(factor[a], factor[b])
                return bucket.correlation(a, b) * ratio

            root = _root(names, values, pair)
            if name == RESIDUAL:
                residual += root
                continue
            roots[name] = root
            clamped[name] = min(max(sum(values), -root), root)
        return _across(roots, clamped, self.between) + residual

    def margin(self, rows: Sequence[Sensitivity]) -> tuple[float, float, float]:
        """Return delta, vega and curvature margin of the risk class."""
        return self.delta(rows), self.vega(rows), self.curvature(rows)


def _totals(
    rows: Sequence[Sensitivity], amount: Callable[[Sensitivity], float | None]
) -> dict[str, dict[str, float]]:
    totals: dict[str, dict[str, float]] = {}
    for row in rows:
        counted = amount(row)
        if counted is not None:
            into = totals.setdefault(row.bucket, {})
            into[row.qualifier] = into.get(row.qualifier, 0.0) + counted
    return totals


def _squared(pair: Pair) -> Pair:
    return lambda a, b: pair(a, b) ** 2


def matrix(names: Sequence[str], pair: Pair) -> FloatArray:
    """Return the matrix of correlations: one on the diagonal, ``pair`` elsewhere."""
    return np.array([[1.0 if a == b else pair(a, b) for b in names] for a in names])


def _root(names: Sequence[str], values: Sequence[float], pair: Pair) -> float:
    vector = np.asarray(values)
    return float(np.sqrt(max(vector @ matrix(names, pair) @ vector, 0.0))) if names else 0.0


def _across(roots: Mapping[str, float], clamped: Mapping[str, float], between: Pair) -> float:
    """Return sqrt(sum of squared bucket margins + correlated clamped sums of different buckets)."""
    names = list(roots)
    if not names:
        return 0.0
    correlations = matrix(names, between)
    np.fill_diagonal(correlations, 0.0)
    sums = np.array([clamped[name] for name in names])
    squares = float(np.sum(np.square([roots[name] for name in names])))
    return float(np.sqrt(max(squares + sums @ correlations @ sums, 0.0)))


def product_margin(classes: Mapping[str, float], between: Pair) -> float:
    """Return the margin of one product class from its risk classes; product classes then add up."""
    names = list(classes)
    return _root(names, [classes[name] for name in names], between)


CRYPTO_VOLATILITY: Mapping[str, float] = {"BTC": 0.60, "ETH": 0.75, "SOL": 0.95}
"""Yearly volatilities assumed for the risk weights: our own starting point, to be replaced by estimates."""

CRYPTO_CORRELATIONS: Mapping[frozenset[str], float] = {
    frozenset({"BTC", "ETH"}): 0.80,
    frozenset({"BTC", "SOL"}): 0.72,
    frozenset({"ETH", "SOL"}): 0.74,
}
"""Assumed correlations of returns, our own as well; a stress sets them to one and to zero."""


def crypto_class(
    volatility: Mapping[str, float] = CRYPTO_VOLATILITY,
    correlations: Mapping[frozenset[str], float] = CRYPTO_CORRELATIONS,
    *,
    concentration_threshold: float = float("inf"),
) -> RiskClass:
    """Return a risk class with one bucket of crypto underlyings: ten days, 99 %, our correlations."""
    bucket = Bucket(
        risk_weight=lambda name: 100 * QUANTILE_99 * volatility[name] * float(np.sqrt(14 / 365)),
        vega_weight=0.37,
        delta_threshold=lambda _: concentration_threshold,
        vega_threshold=concentration_threshold,
        correlation=lambda a, b: correlations[frozenset({a, b})],
    )
    return RiskClass({"crypto": bucket}, lambda *_: 0.0, 0.9, 14.0, ten_day_curvature)


def ten_day_curvature(days: float) -> float:
    """Return the curvature scale of the ten-day margin."""
    return 0.5 * min(1.0, 14 / days)


def one_day_curvature(days: float) -> float:
    """Return the curvature scale of the one-day margin."""
    return 0.5 * 1.4 / days
