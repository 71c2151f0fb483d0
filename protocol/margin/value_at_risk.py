"""Margin from a distribution of profits and losses: value at risk, expected shortfall, and what scales them.

Array plane only: the rules have no contract. Profits are arrays with scenarios along the last axis; every
result is a positive number for a loss.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

FloatArray: TypeAlias = npt.NDArray[np.float64]


def historical(profits: FloatArray, confidence: float) -> FloatArray:
    """Return the loss that is not exceeded in ``confidence`` of the scenarios.

    ``profits`` is [..., scenarios] in money, the result [...]. With n scenarios it is the k-th greatest loss,
    k = floor(n * (1 - confidence)) + 1: no interpolation.
    """
    count = profits.shape[-1]
    rank = min(int(np.floor(count * (1 - confidence) + 1e-9)), count - 1)
    return np.asarray(-np.partition(profits, rank, axis=-1)[..., rank])


def expected_shortfall(profits: FloatArray, confidence: float) -> FloatArray:
    """Return the mean loss of the worst (1 - confidence) of the scenarios, at least one of them.

    ``profits`` is [..., scenarios] in money, the result [...].
    """
    count = max(int(np.floor(profits.shape[-1] * (1 - confidence) + 1e-9)), 1)
    return np.asarray(-np.partition(profits, count - 1, axis=-1)[..., :count].mean(axis=-1))


def parametric(exposures: FloatArray, covariance: FloatArray, confidence: float) -> FloatArray:
    """Return the normal value at risk of linear exposures, [...] in money.

    Parameters
    ----------
    exposures
        [..., factors], money per unit return.
    covariance
        [factors, factors] of the returns over the horizon.
    confidence
        Between 0 and 1.
    """
    variance = np.einsum("...i,ij,...j->...", exposures, covariance, exposures)
    return np.asarray(ndtri(confidence) * np.sqrt(np.maximum(variance, 0.0)))


def parametric_shortfall(exposures: FloatArray, covariance: FloatArray, confidence: float) -> FloatArray:
    """Return the normal expected shortfall of linear exposures; arguments as in ``parametric``."""
    variance = np.einsum("...i,ij,...j->...", exposures, covariance, exposures)
    density = np.exp(-(ndtri(confidence) ** 2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray(density / (1 - confidence) * np.sqrt(np.maximum(variance, 0.0)))


def ewma_volatility(returns: FloatArray, decay: float) -> FloatArray:
    """Return the exponentially weighted volatility before each return, seeded by all of them.

    ``returns`` is [times, ...], and so is the result, in units of a return.
    """
    variance = np.empty_like(returns)
    current = np.mean(np.square(returns), axis=0)
    for step, value in enumerate(returns):
        variance[step] = current
        current = decay * current + (1 - decay) * np.square(value)
    return np.asarray(np.sqrt(variance))


def filtered_returns(returns: FloatArray, decay: float) -> FloatArray:
    """Return past returns, [times, ...], scaled to the last volatility: filtered historical simulation."""
    volatility = ewma_volatility(returns, decay)
    last = np.sqrt(decay * volatility[-1] ** 2 + (1 - decay) * np.square(returns[-1]))
    return np.asarray(returns / volatility * last)


def dynamic_rates(
    volatility: FloatArray,
    *,
    multiple: float,
    floor: float,
    stressed: float,
    buffer: float = 0.25,
    greatest_step: float = np.inf,
) -> FloatArray:
    """Return a margin rate through time that follows volatility without swinging with it.

    Three tools against procyclicality. A buffer on top of the model is charged in calm times and used up as
    the model nears its ``stressed`` level: max(model, min(model * (1 + buffer), stressed)). The rate never
    falls below ``floor``. It changes by at most ``greatest_step`` (a share) from one time to the next.

    Parameters
    ----------
    volatility
        [times, ...], per period; the rates have the same shape.
    multiple
        Standard deviations that the model charges.
    floor
        Least rate, for example that of a ten-year look-back.
    stressed
        The model's rate in a stressed period, up to which the buffer is charged.
    buffer
        Share added in calm times; 0.25 is EMIR's (Regulation 153/2013, article 28).
    greatest_step
        Greatest relative change per period.
    """
    model = multiple * volatility
    rates = np.maximum(np.maximum(model, np.minimum(model * (1 + buffer), stressed)), floor)
    for step in range(1, len(rates)):
        before = rates[step - 1]
        rates[step] = np.clip(rates[step], before * (1 - greatest_step), before * (1 + greatest_step))
    return np.asarray(rates)


def procyclicality(rates: FloatArray) -> FloatArray:
    """Return the greatest rate over the least of [times, ...]: the peak-to-trough measure."""
    return np.asarray(rates.max(axis=0) / rates.min(axis=0))
